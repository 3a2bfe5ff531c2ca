"""The page that asks what another treatment would have done."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from abscope.errors import AbscopeError
from abscope.web.dosing import dose_read
from abscope.web.rooms import CaseHere
from abscope.web.templating import render
from abscope.web.views import STEPS, case_argument
from abscope.web.what_if import (
    Prepared,
    changes_command,
    changes_python,
    prepared_job,
    standard_job,
)

__all__ = ["router", "what_if"]

router = APIRouter()
_Change = Annotated[str, Query(max_length=300)]


@router.get("/{shelf}/{name}/what-if")
def what_if(
    here: Annotated[CaseHere, Depends()],
    change: Annotated[list[_Change] | None, Query(max_length=20)] = None,
    standard: bool = False,
) -> Response:
    """Show the controls, and what the changes in the address would have done."""
    read = dose_read(here.rooms.jobs, here.rooms.project.layout, here.opened)
    case = read.material.case if read is not None else here.opened.case
    job = prepared_job(here.rooms.jobs, here.opened, case, read.key if read is not None else "")
    job.ended.wait(0.2)
    changes = [line for line in change or [] if line.strip()]
    prepared = job.result if isinstance(job.result, Prepared) else None
    values: dict[str, Any] = {"found": None, "problems": job.problems, "usual": None, "parts": ()}
    if prepared is not None and changes:
        try:
            values["found"] = prepared.ask(changes)
        except AbscopeError as error:
            values["problems"] = error.problems
    if prepared is not None and standard:
        values["usual"] = standard_job(here.rooms.jobs, job)
        values["parts"] = _standard_parts(here, values["usual"].result)
    argument = case_argument(here.shown, str(here.rooms.project.layout.folder))
    page = render(
        here.request,
        "what-if.html",
        {
            **values,
            "here": here, "case": here.opened.case, "shown": here.shown, "step": "what-if",
            "steps": STEPS, "figures": {}, "with_dose": read is not None, "personal": [],
            "job": job, "changes": changes, "standard": standard,
            "controls": prepared.controls() if prepared is not None else None,
            "command": changes_command(argument, changes),
            "python": changes_python(argument, changes),
        },
    )  # fmt: skip
    return HTMLResponse(page)


def _standard_parts(here: CaseHere, answers: Any) -> Any:
    from abscope.report.parts import parts
    from abscope.report.sections.whatif import whatif_section
    from abscope.report.whatif_figure import whatif_figure

    if answers is None or not answers.comparisons:
        return ()
    figures = {"what-if": whatif_figure(answers)}
    return parts(here.opened.material, [lambda _: whatif_section(answers)], figures=figures)
