"""What is asked of a case and takes the model: what-ifs, searches, explanations."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from abscope.errors import Problem, UsageError
from abscope.web.answers import as_file, fine
from abscope.web.changes import changes_command, changes_python
from abscope.web.explaining import explain_job, explained, find_explanation
from abscope.web.fits import Source, fit_place
from abscope.web.jobs import Job
from abscope.web.optimizing import AskedHere, Found, asked_of, find_search, plain_search
from abscope.web.optimizing import search_job as begin_search
from abscope.web.rooms import OpenedHere, RoomsHere, ShelfName, UserHere
from abscope.web.shapes import ERRORS, Answer, Search
from abscope.web.subject import Subject
from abscope.web.views import case_argument
from abscope.web.what_if import Prepared, prepared_job

__all__ = [
    "begin_explain", "begin_optimize", "explain", "explain_figure", "front_figure", "optimize",
    "router", "what_if", "what_if_figure",
]  # fmt: skip

router = APIRouter(responses=ERRORS, tags=["questions"])
_Change = Annotated[str, Query(max_length=300)]
_Changes = Annotated[list[_Change] | None, Query(max_length=20)]
_Kind = Literal["svg", "png"]

#: A prepared case answers in a tenth of a second; the first question waits this long.
_PATIENCE_S = 20.0


@router.get("/{shelf}/{name}/what-if", response_model=Answer)
def what_if(
    shelf: ShelfName,
    opened: OpenedHere,
    rooms: RoomsHere,
    change: _Changes = None,
    draws: Source = "prior",
) -> JSONResponse:
    """Return what changes would have done, as `abscope whatif --json` does for each scenario.

    `change` is a line such as `set rt.RT2: 3 x 8 Gy`, `drop RT1b`, `add rt liver 0.5 Gy x 4` or
    `shift pembrolizumab -21d`; it may be repeated. Without one, only the controls are returned.
    `draws` are of the prior, or of the fit that the project keeps. `job` is there while the case is
    being prepared; `found` is null until it is ready.
    """
    subject = Subject(rooms, opened)
    asked = [line for line in change or [] if line.strip()]
    prepared, job = _prepared(subject, draws)
    if prepared is None:
        return fine({"shelf": shelf, "found": None, "controls": None, "job": job.to_dict()})
    found = prepared.ask(asked) if asked else None
    argument = case_argument(opened.shown, str(rooms.project.layout.folder))
    run = fit_place(subject) if draws == "fit" else None
    return fine(
        {
            "shelf": shelf,
            "found": found,
            "command": changes_command(argument, asked, run),
            "python": changes_python(argument, asked, run),
            "controls": None if found else prepared.controls(),
            "job": None,
        }
    )


@router.get("/{shelf}/{name}/what-if/figure.{kind}", response_class=Response)
def what_if_figure(
    shelf: ShelfName,
    kind: _Kind,
    opened: OpenedHere,
    rooms: RoomsHere,
    change: _Changes = None,
    draws: Source = "prior",
) -> Response:
    """Return the differences that changes make, as a figure."""
    from abscope.decide.answers import Answers
    from abscope.report.whatif_figure import whatif_figure

    asked = [line for line in change or [] if line.strip()]
    prepared, job = _prepared(Subject(rooms, opened), draws)
    if prepared is None or not asked:
        raise UsageError(_nothing("what-if", job.words if asked else "there is no change"))
    homing = prepared.options.homing
    found = Answers(opened.case.id, prepared.draws, homing, (prepared.compare(asked),))
    return _figure(shelf, opened.case.id, whatif_figure(found), kind)


@router.get("/{shelf}/{name}/optimize", response_model=Answer)
def optimize(
    shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere, asked: AskedHere
) -> JSONResponse:
    """Return what a search found, as `abscope optimize --json` does; null while it is not over.

    `change` of each treatment holds the lines that ask the same of what-if.
    """
    begun = find_search(Subject(rooms, opened), asked)
    job = begun.now() if begun is not None else None
    found = job.result if job is not None and isinstance(job.result, Found) else None
    return fine(
        {
            "shelf": shelf,
            "found": None if found is None else plain_search(found),
            "job": None if job is None else job.to_dict(),
        }
    )


@router.post("/{shelf}/{name}/optimize", response_model=Answer, status_code=202)
def begin_optimize(
    shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere, user: UserHere, asked: Search
) -> JSONResponse:
    """Begin to search treatments; the job says how far it is."""
    question = asked_of(
        asked.goals,
        (asked.vary, asked.limits),
        evaluations=asked.evaluations,
        draws=asked.draws,
    )
    job = begin_search(Subject(rooms, opened), question)
    rooms.project.audit.add(who=user, what="optimize", of=opened.shown.name)
    return fine({"shelf": shelf, "job": job.to_dict()}, status=202)


@router.get("/{shelf}/{name}/optimize/front.{kind}", response_class=Response)
def front_figure(
    shelf: ShelfName, kind: _Kind, opened: OpenedHere, rooms: RoomsHere, asked: AskedHere
) -> Response:
    """Return the front of a search as a figure."""
    from abscope.report.front_figure import front_figure as drawn

    job = find_search(Subject(rooms, opened), asked)
    if job is None or not isinstance(job.result, Found):
        raise UsageError(_nothing("optimize", "this search is not over"))
    return _figure(shelf, opened.case.id, drawn(job.result.optimum), kind)


@router.get("/{shelf}/{name}/explain", response_model=Answer)
def explain(
    shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere, source: Source = "prior"
) -> JSONResponse:
    """Return the explanation, as `abscope explain --json` does; null while it is not over."""
    from abscope.infer.explanation_rows import plain_explanation

    begun = find_explanation(Subject(rooms, opened), source)
    job = begun.now() if begun is not None else None
    done = job is not None and job.state == "done"
    found = plain_explanation(job.result) if job is not None and done else None
    return fine({"shelf": shelf, "found": found, "job": None if job is None else job.to_dict()})


@router.post("/{shelf}/{name}/explain", response_model=Answer, status_code=202)
def begin_explain(
    shelf: ShelfName,
    opened: OpenedHere,
    rooms: RoomsHere,
    user: UserHere,
    source: Source = "prior",
) -> JSONResponse:
    """Begin to explain, from the prior or after a fit; the job says how far it is."""
    job = explain_job(Subject(rooms, opened), source)
    rooms.project.audit.add(who=user, what=f"explain from {source}", of=opened.shown.name)
    return fine({"shelf": shelf, "job": job.to_dict()}, status=202)


@router.get("/{shelf}/{name}/explain/figure.{kind}", response_class=Response)
def explain_figure(
    shelf: ShelfName,
    kind: _Kind,
    opened: OpenedHere,
    rooms: RoomsHere,
    source: Source = "prior",
) -> Response:
    """Return the shares of an explanation as a figure."""
    subject = Subject(rooms, opened)
    job = find_explanation(subject, source)
    if job is None or job.state != "done":
        raise UsageError(_nothing("explain", "this explanation is not over"))
    figures, _ = explained(subject, job)
    return _figure(shelf, opened.case.id, next(iter(figures.values())), kind)


def _prepared(subject: Subject, draws: Source) -> tuple[Prepared | None, Job]:
    begun = prepared_job(subject, draws)
    begun.ended.wait(_PATIENCE_S)
    job = begun.now()
    if job.problems:
        raise UsageError(job.problems)
    return (job.result if isinstance(job.result, Prepared) else None), job


def _nothing(where: str, what: str) -> Problem:
    return Problem(where, what, "a result that is there", "Start it, or wait until it is over.")


def _figure(shelf: str, case: str, drawn: Any, kind: _Kind) -> Response:
    name = f"{case}-{drawn.name}.{kind}"
    if kind == "png":
        return as_file(drawn.png(), "image/png", name, shelf)
    return as_file(drawn.svg(), "image/svg+xml", name, shelf)
