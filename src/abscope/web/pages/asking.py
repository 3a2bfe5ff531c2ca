"""The page that asks what another treatment would have done."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from abscope.errors import AbscopeError
from abscope.web.changes import changes_command, changes_python
from abscope.web.fits import Source, kept_fit
from abscope.web.pages.frame import argument_of, frame, run_of, subject_of
from abscope.web.rooms import CaseHere
from abscope.web.subject import Subject
from abscope.web.templating import render
from abscope.web.what_if import Prepared, prepared_job, standard_job

__all__ = ["router", "what_if"]

router = APIRouter()
_Change = Annotated[str, Query(max_length=300)]


@router.get("/{shelf}/{name}/what-if")
def what_if(
    here: Annotated[CaseHere, Depends()],
    change: Annotated[list[_Change] | None, Query(max_length=20)] = None,
    standard: bool = False,
    draws: Source = "prior",
) -> Response:
    """Show the controls, and what the changes in the address would have done."""
    subject = subject_of(here)
    job = prepared_job(subject, draws)
    job.ended.wait(0.2)
    job = job.now()
    changes = [line for line in change or [] if line.strip()]
    prepared = job.result if isinstance(job.result, Prepared) else None
    values: dict[str, Any] = {"found": None, "problems": job.problems, "usual": None, "parts": ()}
    if prepared is not None and changes:
        try:
            values["found"] = prepared.ask(changes)
        except AbscopeError as error:
            values["problems"] = error.problems
    if prepared is not None and standard:
        values["usual"] = standard_job(subject, job).now()
        values["parts"] = _standard_parts(subject, values["usual"].result)
    argument, run = argument_of(here), run_of(subject, draws)
    page = render(
        here.request,
        "what-if.html",
        {
            **frame(here, subject, "what-if"), **values,
            "job": job, "changes": changes, "standard": standard, "draws": draws,
            "fit": kept_fit(subject), "prepared": prepared,
            "controls": prepared.controls() if prepared is not None else None,
            "query": urlencode([*(("change", line) for line in changes), ("draws", draws)]),
            "command": changes_command(argument, changes, run),
            "python": changes_python(argument, changes, run),
        },
    )  # fmt: skip
    return HTMLResponse(page)


def _standard_parts(subject: Subject, answers: Any) -> Any:
    from abscope.report.parts import parts
    from abscope.report.sections.whatif import whatif_section
    from abscope.report.whatif_figure import whatif_figure

    if answers is None or not answers.comparisons:
        return ()
    figures = {"what-if": whatif_figure(answers)}
    return parts(subject.material, [lambda _: whatif_section(answers)], figures=figures)
