"""The project as a whole, long jobs, and the words of the glossary."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from fastapi import Path as PathPart
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask

from abscope.web.answers import fine
from abscope.web.glossary import glossary
from abscope.web.rooms import RoomsHere, UserHere
from abscope.web.shapes import ERRORS, Answer
from abscope.web.store.archive import export_project, import_project

__all__ = [
    "audit",
    "cancel",
    "export",
    "job",
    "router",
    "take",
    "words",
]

router = APIRouter(responses=ERRORS, tags=["project"])
_JobId = Annotated[str, PathPart(pattern=r"^[0-9a-f]{16}$")]


@router.get("/project.zip", response_class=Response)
def export(rooms: RoomsHere, user: UserHere) -> Response:
    """Return the whole project as one zip with the SHA-256 of every file."""
    handle, name = tempfile.mkstemp(prefix=".export.", suffix=".zip", dir=rooms.project.layout.own)
    os.close(handle)
    path = Path(name)
    try:
        export_project(rooms.project, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    rooms.project.audit.add(who=user, what="export", of="project")
    return FileResponse(
        path,
        media_type="application/zip",
        filename="abscope-project.zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.post("/project", response_model=Answer)
def take(file: Annotated[UploadFile, File()], rooms: RoomsHere, user: UserHere) -> JSONResponse:
    """Take the cases of an exported project in; a name that is taken gets a number."""
    taken = import_project(rooms.project, file.file, who=user)
    return fine({"cases": taken.cases, "same": list(taken.same)})


@router.get("/jobs/{job_id}", response_model=Answer)
def job(job_id: _JobId, rooms: RoomsHere) -> JSONResponse:
    """Return how far a long job is: state, share done, words, problems."""
    return fine({"job": rooms.jobs.get(job_id).to_dict()})


@router.post("/jobs/{job_id}/cancel", response_model=Answer)
def cancel(job_id: _JobId, rooms: RoomsHere, user: UserHere) -> JSONResponse:
    """Ask a long job to stop; what it had not finished is thrown away."""
    found = rooms.jobs.get(job_id)
    found.cancel()
    rooms.project.audit.add(who=user, what="cancel", of=found.title)
    return fine({"job": found.to_dict()})


@router.get("/glossary", response_model=Answer)
def words() -> JSONResponse:
    """Return the terms of the glossary with their meaning."""
    return fine({"terms": glossary()})


@router.get("/audit", response_model=Answer)
def audit(rooms: RoomsHere, count: Annotated[int, Query(ge=1, le=1000)] = 100) -> JSONResponse:
    """Return the newest lines of the audit log, and where its chain breaks (null: nowhere)."""
    return fine(
        {"entries": rooms.project.audit.last(count), "broken_at": rooms.project.audit.broken_at()}
    )
