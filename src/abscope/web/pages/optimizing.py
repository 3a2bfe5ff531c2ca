"""The page that searches treatments: what is varied and wanted, the front, and a way to each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.errors import AbscopeError, Problem
from abscope.web.answers import status_of
from abscope.web.changes import change_lines
from abscope.web.fits import Source, kept_fit
from abscope.web.optimizing import (
    EVALUATIONS,
    AskedHere,
    Found,
    SearchAsked,
    asked_of,
    find_search,
    search_command,
    search_job,
    search_python,
    suggestions,
)
from abscope.web.pages.frame import argument_of, frame, run_of, subject_of
from abscope.web.rooms import CaseHere
from abscope.web.templating import render

if TYPE_CHECKING:
    from abscope.decide.goals import Goal

__all__ = ["optimize", "router", "start"]

router = APIRouter()
_Here = Annotated[CaseHere, Depends()]
_Lines = Annotated[str, Form(max_length=6000)]


@router.get("/{shelf}/{name}/optimize")
def optimize(here: _Here, asked: AskedHere) -> Response:
    """Show the question in the address, how far its search is, and what it found."""
    return _page(here, asked)


@router.post("/{shelf}/{name}/optimize")
def start(
    here: _Here,
    goal: Annotated[list[str] | None, Form(max_length=10)] = None,
    vary: _Lines = "",
    limit: _Lines = "",
    evaluations: Annotated[int, Form(ge=8, le=4000)] = EVALUATIONS,
    draws: Annotated[Source, Form()] = "prior",
) -> Response:
    """Begin to search, or show what is wrong with the question."""
    lines = (_lines(vary), _lines(limit))
    asked = asked_of(goal or (), lines, evaluations=evaluations, draws=draws)
    try:
        search_job(subject_of(here), asked)
    except AbscopeError as error:
        return _page(here, asked, problems=error.problems, status=status_of(error))
    here.rooms.project.audit.add(who=here.user, what="optimize", of=here.shown.name)
    link = f"/{here.shown.shelf}/{here.shown.name}/optimize?{urlencode(asked.address)}"
    return RedirectResponse(link, 303)


def _lines(text: str) -> list[str]:
    return [line.strip()[:300] for line in text.splitlines() if line.strip()][:20]


def _page(
    here: CaseHere, asked: SearchAsked, *, problems: tuple[Problem, ...] = (), status: int = 200
) -> Response:
    subject = subject_of(here)
    begun = find_search(subject, asked)
    job = begun.now() if begun is not None else None
    found = job.result if job is not None and isinstance(job.result, Found) else None
    offered: dict[str, Any] = {"vary": (), "limits": ()}
    fit = None
    try:
        offered, fit = suggestions(subject.case), kept_fit(subject)
    except AbscopeError as error:
        problems, status = error.problems, status_of(error)
    if not asked.goals and not asked.vary:
        first = tuple(line for _, line in offered["vary"][:2])
        asked = SearchAsked(("control", "lymphocytes"), first, draws="fit" if fit else "prior")
    run = run_of(subject, asked.draws)
    values = {
        **frame(here, subject, "optimize"),
        "asked": asked, "goals": _goals(asked), "offered": offered, "fit": fit, "job": job,
        "problems": problems, "found": None,
        "query": urlencode(asked.address),
        "command": search_command(argument_of(here), asked, run),
        "python": search_python(argument_of(here), asked, run),
    }  # fmt: skip
    if found is not None:
        values |= _shown(here, asked, found)
    return HTMLResponse(render(here.request, "optimize.html", values), status)


def _goals(asked: SearchAsked) -> list[tuple[str, str, bool]]:
    """Return the goals to choose from: as text, in words, and whether they are wanted."""
    from abscope.decide.goals import GOALS

    names = {name: ("less: " if not GOALS[name][1] else "") + GOALS[name][0] for name in GOALS}
    for text in asked.goals:
        if text not in names:
            names[text] = _goal_words(text)
    return [(name, words, name in asked.goals) for name, words in names.items()]


def _goal_words(text: str) -> str:
    from abscope.decide.goals import parse_goals

    try:
        return parse_goals((text,))[0].words
    except AbscopeError:
        return "is no goal"


def _shown(here: CaseHere, asked: SearchAsked, found: Found) -> dict[str, Any]:
    """Return the figure, the table and the sentences of a search that is over."""
    from abscope.decide.statement import percent, prior_words, sentence, verdict
    from abscope.report.front_figure import front_figure
    from abscope.report.parts import drawings

    optimum = found.optimum
    goals, limits = optimum.question.goals, optimum.question.limits
    rows = []
    for number, item in enumerate(optimum.chosen, 1):
        end = item.comparison.whole.change[-1]
        words = [("change", line) for line in change_lines(item.scenario)]
        rows.append(
            {
                "number": number,
                "name": item.scenario.name,
                "goals": _written(goals, item.values),
                "limits": [f"{value:.4g}" for value in item.limits],
                "difference": "" if end is None else "{} ({} to {})".format(
                    *(percent(end.difference[k]) for k in (1, 0, 2))
                ),
                "verdict": "" if end is None else verdict(end),
                "why": item.why,
                "sentence": sentence(item.comparison),
                "link": f"/{here.shown.shelf}/{here.shown.name}/what-if?"
                + urlencode([("draws", asked.draws), *words]),
            }
        )  # fmt: skip
    draws = found.prepared.draws
    unseen = {text for item in optimum.chosen for text in item.comparison.never_seen}
    return {
        "found": optimum,
        "draws": draws,
        "rows": rows,
        "delivered": _written(goals, optimum.delivered),
        "delivered_limits": [f"{value:.4g}" for value in optimum.delivered_limits],
        "heads": [str(goal) for goal in goals],
        "limit_heads": [limit.text for limit in limits],
        "picture": drawings({"front": front_figure(optimum)})["front"],
        "unseen": sorted(unseen),
        "prior": prior_words(optimum.chosen[0].comparison, draws) if optimum.chosen else "",
    }


def _written(goals: Sequence["Goal"], values: Sequence[float]) -> list[str]:
    """Return the values of goals with their units."""
    return [g.written(v).replace(" uL", " µL") for g, v in zip(goals, values, strict=True)]
