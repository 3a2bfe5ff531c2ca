"""The page that explains what each lesion did."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.web.changes import draws_argument
from abscope.web.explaining import explain_job, explained, find_explanation
from abscope.web.fits import Source, kept_fit
from abscope.web.pages.frame import argument_of, frame, run_of, subject_of
from abscope.web.rooms import CaseHere
from abscope.web.templating import render
from abscope.web.views import command, python

__all__ = ["explain", "router", "start"]

router = APIRouter()
_Here = Annotated[CaseHere, Depends()]


@router.get("/{shelf}/{name}/explain")
def explain(here: _Here, source: Source = "prior") -> Response:
    """Show the explanation that was asked for, how far it is, or how to ask."""
    subject = subject_of(here)
    begun = find_explanation(subject, source)
    job = begun.now() if begun is not None else None
    figures: Any = {}
    parts: Any = ()
    if job is not None and job.state == "done":
        figures, parts = explained(subject, job)
    argument, run = argument_of(here), run_of(subject, source)
    values = {
        **frame(here, subject, "explain"),
        "drawn": figures, "parts": parts, "job": job, "source": source,
        "fit": kept_fit(subject), "run": run,
        "command": f"{command('explain', argument, name=here.opened.case.id)} "
        + draws_argument(run),
        "python": python("explain-fit" if run else "explain", argument, run=str(run)),
    }  # fmt: skip
    return HTMLResponse(render(here.request, "explain.html", values))


@router.post("/{shelf}/{name}/explain")
def start(here: _Here, source: Annotated[Source, Form()]) -> Response:
    """Begin to explain; the page shows how far it is."""
    explain_job(subject_of(here), source)
    here.rooms.project.audit.add(who=here.user, what=f"explain from {source}", of=here.shown.name)
    address = f"/{here.shown.shelf}/{here.shown.name}/explain?source={source}"
    return RedirectResponse(address, 303)
