"""Editing a case as text, with its problems by line, its conflicts and its earlier versions."""

import difflib
import shlex
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi import Path as PathPart
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.errors import AbscopeError
from abscope.web.answers import status_of
from abscope.web.checking import Checked, check_text
from abscope.web.rooms import Rooms, RoomsHere, UserHere
from abscope.web.store.atomic import digest
from abscope.web.store.conflict import ConflictError
from abscope.web.store.drafts import Drafts
from abscope.web.store.project import Shown
from abscope.web.templating import render
from abscope.web.views import case_argument, command, python

__all__ = [
    "drop_draft",
    "edit",
    "history",
    "remove",
    "restore",
    "router",
    "save",
]

router = APIRouter()
_Text = Annotated[str, Form(max_length=10_000_000)]
_Key = Annotated[str, Form(pattern=r"^[0-9a-f]{16}$")]


@router.get("/cases/{name}/edit")
def edit(request: Request, name: str, rooms: RoomsHere, draft: str = "") -> Response:
    """Open the editor; its key stands in the address, so that a link finds the same draft."""
    shown = rooms.project.show("cases", name)
    if not draft:
        return RedirectResponse(f"/cases/{name}/edit?draft={Drafts.new_key()}", 303)
    kept = rooms.project.drafts.get(draft)
    fits = kept is not None and kept.name == name
    text, revision = (kept.text, kept.revision) if kept and fits else (shown.text, shown.revision)
    values = {"key": draft, "text": text, "revision": revision, "kept": kept if fits else None}
    return HTMLResponse(_editor(request, rooms, shown, values, check_text(text, shown.file)))


def _editor(
    request: Request, rooms: Rooms, shown: Shown, values: Mapping[str, object], checked: Checked
) -> str:
    argument = case_argument(shown, str(rooms.project.layout.folder))
    others = [
        draft
        for draft in rooms.project.drafts.every()
        if draft.name == shown.name and draft.key != values["key"]
    ]
    return render(
        request,
        "edit.html",
        {
            **values,
            "shown": shown,
            "checked": checked,
            "others": others,
            "step": "edit",
            "crumbs": shown,
            "command": command("edit", argument, name=shown.name),
            "python": python("edit", argument),
        },
    )


@router.post("/cases/{name}/edit")
def save(  # noqa: PLR0913 - the fields of the form
    request: Request,
    name: str,
    rooms: RoomsHere,
    user: UserHere,
    text: _Text,
    revision: Annotated[str, Form(pattern=r"^([0-9a-f]{64})?$")],
    draft: _Key,
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Save the text as a new version, or show what is wrong; nothing that was typed is lost."""
    plain = text.replace("\r\n", "\n")
    try:
        rooms.project.save(name, plain, revision=revision, who=user, note=note)
    except ConflictError as error:
        rooms.project.drafts.keep(draft, name=name, text=plain, revision=revision, who=user)
        return HTMLResponse(_conflict(request, name, plain, draft, error), 409)
    except AbscopeError as error:
        rooms.project.drafts.keep(draft, name=name, text=plain, revision=revision, who=user)
        shown = rooms.project.show("cases", name)
        values = {"key": draft, "text": plain, "revision": revision, "kept": None}
        checked = Checked(error.problems, ())
        return HTMLResponse(_editor(request, rooms, shown, values, checked), status_of(error))
    rooms.project.drafts.drop(draft)
    if check_text(plain, name).problems:
        return RedirectResponse(f"/cases/{name}/edit?saved=1", 303)
    return RedirectResponse(f"/cases/{name}/timeline", 303)


def _conflict(request: Request, name: str, mine: str, draft: str, error: ConflictError) -> str:
    lines = difflib.unified_diff(
        error.theirs.splitlines(), mine.splitlines(), "on disk now", "yours", lineterm="", n=2
    )
    return render(
        request,
        "conflict.html",
        {
            "problems": error.problems,
            "name": name,
            "mine": mine,
            "draft": draft,
            "revision": error.revision,
            "changes": list(lines)[2:],
        },
    )


@router.post("/drafts/{key}/drop")
def drop_draft(
    key: Annotated[str, PathPart(pattern=r"^[0-9a-f]{16}$")], rooms: RoomsHere
) -> Response:
    """Throw a text away that was typed and not saved."""
    rooms.project.drafts.drop(key)
    return RedirectResponse("/cases", 303)


def _without_browser(rooms: Rooms, name: str) -> dict[str, str]:
    """Return the command and the lines of Python that list the versions of a case."""
    layout = rooms.project.layout
    return {
        "command": f"ls {shlex.quote(str(layout.history / name))}",
        "python": "from pathlib import Path\n\nfrom abscope.web.store.project import Project\n\n"
        f"project = Project(Path({str(layout.folder)!r}))\n"
        f"print(*project.history.versions({name!r}), sep='\\n')\n",
    }


@router.get("/cases/{name}/history")
def history(request: Request, name: str, rooms: RoomsHere, number: int | None = None) -> Response:
    """Show the versions of a case, and one of them beside the text as it is now."""
    versions = rooms.project.history.versions(name)
    try:
        shown: Shown | None = rooms.project.show("cases", name)
    except AbscopeError:
        if not versions:
            raise
        shown = None
    changes: list[str] = []
    if number is not None:
        old = rooms.project.history.text(name, number).splitlines()
        now = shown.text.splitlines() if shown else []
        changes = list(difflib.unified_diff(old, now, "then", "now", lineterm="", n=2))[2:]
    page = render(
        request,
        "history.html",
        {
            "name": name, "versions": tuple(reversed(versions)), "number": number,
            "changes": changes, "shown": shown, "crumbs": shown, "step": "history",
            **_without_browser(rooms, name),
        },
    )  # fmt: skip
    return HTMLResponse(page)


@router.post("/cases/{name}/restore")
def restore(
    name: str, rooms: RoomsHere, user: UserHere, number: Annotated[int, Form(ge=1)]
) -> Response:
    """Make an earlier version the newest one; the one in between stays among the versions."""
    text = rooms.project.history.text(name, number)
    held = rooms.project.files().get(name)
    revision = digest(held.read_bytes()) if held is not None else ""
    note = f"version {number} again"
    rooms.project.save(name, text, revision=revision, who=user, note=note)
    return RedirectResponse(f"/cases/{name}/timeline", 303)


@router.post("/cases/{name}/remove")
def remove(
    name: str, rooms: RoomsHere, user: UserHere, revision: Annotated[str, Form(max_length=64)]
) -> Response:
    """Take a case out of the list; its versions stay and can be restored."""
    rooms.project.remove(name, revision=revision, who=user)
    return RedirectResponse(f"/cases/{name}/history", 303)
