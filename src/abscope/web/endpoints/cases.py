"""Cases, their texts, drafts and versions."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathPart
from fastapi.responses import JSONResponse

from abscope.case.shelf import library_names
from abscope.web.answers import fine, problem_body
from abscope.web.checking import check_text
from abscope.web.rooms import OpenedHere, RoomsHere, ShelfName, UserHere
from abscope.web.shapes import ERRORS, Answer, DraftText, NewCase, SavedText, Text
from abscope.web.store.conflict import ConflictError
from abscope.web.store.paths import check_name

__all__ = [
    "check",
    "create_case",
    "drop_draft",
    "get_case",
    "get_version",
    "keep_draft",
    "list_cases",
    "list_drafts",
    "list_versions",
    "router",
    "save_case",
]

router = APIRouter(responses=ERRORS, tags=["cases"])
_Name = Annotated[str, PathPart(max_length=80)]
_Key = Annotated[str, PathPart(pattern=r"^[0-9a-f]{16}$")]


@router.get("/cases", response_model=Answer)
def list_cases(rooms: RoomsHere) -> JSONResponse:
    """List the cases of the project, with `problems` above 0 where a file is no case."""
    own = [asdict(entry) for entry in rooms.project.entries()]
    return fine({"cases": own, "library": list(library_names())})


@router.post("/cases", status_code=201, response_model=Answer)
def create_case(body: NewCase, rooms: RoomsHere, user: UserHere) -> JSONResponse:
    """Make a case; its text may have problems, which `/check` lists."""
    version = rooms.project.create(check_name(body.name), body.text, who=user, note=body.note)
    return fine({"name": body.name, "version": version.to_dict()}, status=201)


@router.post("/check", response_model=Answer)
def check(body: Text) -> JSONResponse:
    """Check a text: problems that make it no case, and findings, each with its line."""
    return fine(check_text(body.text, body.name).to_dict())


@router.get("/cases/{name}/drafts", response_model=Answer)
def list_drafts(name: _Name, rooms: RoomsHere) -> JSONResponse:
    """List the texts of a case that were typed and not saved, the newest first."""
    check_name(name)
    every = [item.to_dict() for item in rooms.project.drafts.every() if item.name == name]
    return fine({"drafts": every})


@router.put("/cases/{name}/drafts/{key}", response_model=Answer)
def keep_draft(
    name: _Name, key: _Key, body: DraftText, rooms: RoomsHere, user: UserHere
) -> JSONResponse:
    """Keep a text that is being typed."""
    check_name(name)
    kept = rooms.project.drafts.keep(
        key, name=name, text=body.text, revision=body.revision, who=user
    )
    return fine({"when": kept.when})


@router.delete("/cases/{name}/drafts/{key}", response_model=Answer)
def drop_draft(name: _Name, key: _Key, rooms: RoomsHere) -> JSONResponse:
    """Throw a draft away."""
    check_name(name)
    rooms.project.drafts.drop(key)
    return fine({})


@router.get("/cases/{name}/history", response_model=Answer)
def list_versions(name: _Name, rooms: RoomsHere) -> JSONResponse:
    """List the versions of a case, oldest first: number, digest, who, when, note, state."""
    found = rooms.project.history.versions(check_name(name))
    return fine({"versions": [version.to_dict() for version in found]})


@router.get("/cases/{name}/history/{number}", response_model=Answer)
def get_version(
    name: _Name, number: Annotated[int, PathPart(ge=1, le=999_999)], rooms: RoomsHere
) -> JSONResponse:
    """Return the text of one version."""
    return fine({"text": rooms.project.history.text(check_name(name), number)})


@router.put("/cases/{name}", response_model=Answer)
def save_case(name: _Name, body: SavedText, rooms: RoomsHere, user: UserHere) -> JSONResponse:
    """Save a text over the revision it was begun from; 409 with `theirs` where that is gone."""
    try:
        version = rooms.project.save(
            name, body.text, revision=body.revision, who=user, note=body.note
        )
    except ConflictError as error:
        more = {"theirs": error.theirs, "revision": error.revision}
        return JSONResponse({**problem_body(error.problems, 409), **more}, 409)
    return fine({"version": version.to_dict(), "revision": version.sha256})


@router.get("/{shelf}/{name}", response_model=Answer)
def get_case(shelf: ShelfName, opened: OpenedHere) -> JSONResponse:
    """Return a case: its text, the digest to save over, and the record."""
    return fine(
        {
            "shelf": shelf,
            "name": opened.shown.name,
            "file": opened.shown.file,
            "revision": opened.shown.revision,
            "text": opened.shown.text,
            "case": opened.case.to_plain(),
        }
    )
