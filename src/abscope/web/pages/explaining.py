"""The page that explains what each lesion did."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.web.dosing import dose_read
from abscope.web.explaining import Source, explain_job, find_explanation
from abscope.web.rooms import CaseHere
from abscope.web.templating import render
from abscope.web.views import STEPS, case_argument, command, python

__all__ = ["explain", "router", "start"]

router = APIRouter()
_Here = Annotated[CaseHere, Depends()]


@router.get("/{shelf}/{name}/explain")
def explain(here: _Here, source: Source = "prior") -> Response:
    """Show the explanation that was asked for, how far it is, or how to ask."""
    read = dose_read(here.rooms.jobs, here.rooms.project.layout, here.opened)
    variant = read.key if read is not None else ""
    job = find_explanation(here.rooms.jobs, here.opened, source, variant)
    material = read.material if read is not None else here.opened.material
    figures: Any = {}
    parts: Any = ()
    if job is not None and job.state == "done":
        figures, parts = here.opened.keep(("explain", job.id), lambda: _made(material, job.result))
    argument = case_argument(here.shown, str(here.rooms.project.layout.folder))
    page = render(
        here.request,
        "explain.html",
        {
            "here": here, "case": here.opened.case, "shown": here.shown, "step": "explain",
            "steps": STEPS, "figures": {}, "drawn": figures, "parts": parts, "problems": (),
            "with_dose": read is not None, "personal": [], "job": job, "source": source,
            "command": command("explain", argument, name=here.opened.case.id)
            + (" --prior" if source == "prior" else ""),
            "python": python("explain", argument),
        },
    )  # fmt: skip
    return HTMLResponse(page)


@router.post("/{shelf}/{name}/explain")
def start(here: _Here, source: Annotated[Source, Form()]) -> Response:
    """Begin to explain; the page shows how far it is."""
    read = dose_read(here.rooms.jobs, here.rooms.project.layout, here.opened)
    case = read.material.case if read is not None else here.opened.case
    variant = read.key if read is not None else ""
    explain_job(here.rooms.jobs, here.opened, case, source, variant)
    here.rooms.project.audit.add(who=here.user, what=f"explain from {source}", of=here.shown.name)
    address = f"/{here.shown.shelf}/{here.shown.name}/explain?source={source}"
    return RedirectResponse(address, 303)


def _made(material: Any, found: Any) -> Any:
    from abscope.report.explain_figure import explain_figure
    from abscope.report.parts import parts
    from abscope.report.sections.explain import explain_section

    figure = explain_figure(found)
    figures = {figure.name: figure}
    return figures, parts(material, [lambda whole: explain_section(whole, found)], figures=figures)
