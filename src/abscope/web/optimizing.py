"""Searches for the page: what is varied, wanted and kept, as lines; the search is a long job."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query

from abscope.errors import AbscopeError, Problem, UsageError
from abscope.web.changes import DRAWS, SEED, change_lines, draws_argument, draws_python
from abscope.web.fits import Source
from abscope.web.jobs import Job, Progress
from abscope.web.subject import Subject
from abscope.web.what_if import Prepared, prepared_job

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.decide.optimize import Optimum, Question

__all__ = [
    "EVALUATIONS", "AskedHere", "Found", "SearchAsked", "asked_of", "check_search", "find_search",
    "plain_search", "search_command", "search_job", "search_python", "suggestions",
]  # fmt: skip

#: Treatments that are tried where nobody says otherwise, and the bounds of the page.
EVALUATIONS = 240
_LEAST, _MOST = 8, 4000
#: A search on few draws finds the front; what it finds is judged on all.
_SEARCH_DRAWS = 64
_PREPARED_FRAC = 0.1
_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class SearchAsked:
    """What is asked of a search, as lines; the same lines are the arguments of the command."""

    goals: tuple[str, ...]
    vary: tuple[str, ...]
    limits: tuple[str, ...] = ()
    evaluations: int = EVALUATIONS
    draws: Source = "prior"

    @property
    def address(self) -> list[tuple[str, str]]:
        """What stands in the link."""
        rows = [("goal", x) for x in self.goals] + [("vary", x) for x in self.vary]
        rows += [("limit", x) for x in self.limits]
        return [*rows, ("evaluations", str(self.evaluations)), ("draws", self.draws)]


_Line = Annotated[str, Query(max_length=300)]


def _from_address(
    goal: Annotated[list[_Line] | None, Query(max_length=5)] = None,
    vary: Annotated[list[_Line] | None, Query(max_length=20)] = None,
    limit: Annotated[list[_Line] | None, Query(max_length=20)] = None,
    evaluations: Annotated[int, Query(ge=_LEAST, le=_MOST)] = EVALUATIONS,
    draws: Source = "prior",
) -> SearchAsked:
    return asked_of(goal or (), (vary or (), limit or ()), evaluations=evaluations, draws=draws)


AskedHere = Annotated[SearchAsked, Depends(_from_address)]


def asked_of(
    goals: Sequence[str],
    lines: tuple[Sequence[str], Sequence[str]],
    *,
    evaluations: int = EVALUATIONS,
    draws: Source = "prior",
) -> SearchAsked:
    """Return a question; ``lines`` are what is varied, and the limits.

    Goals stand in one order, whoever asks, so that a question is searched once.
    """
    from abscope.decide.goals import GOALS

    known = list(GOALS)

    def place(text: str) -> tuple[int, str]:
        name = text.partition("@")[0]
        return (known.index(name) if name in known else len(known), text)

    filled = [tuple(x for line in some if (x := line.strip())) for some in (goals, *lines)]
    return SearchAsked(
        tuple(sorted(filled[0], key=place)), filled[1], filled[2], evaluations, draws
    )


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found, with the draws that it was judged on."""

    optimum: "Optimum"
    prepared: Prepared


def check_search(case: "Case", asked: SearchAsked) -> "Question":
    """Return the question; raise UsageError with everything that is wrong with its lines."""
    from abscope.decide.goals import parse_goals
    from abscope.decide.limits import parse_limits
    from abscope.decide.optimize import Question
    from abscope.decide.session import names_of
    from abscope.decide.variables import parse_variables

    names = names_of(case)
    problems: list[Problem] = []
    read: list[Any] = []
    for parse in (
        lambda: parse_variables(asked.vary, names),
        lambda: parse_goals(asked.goals),
        lambda: parse_limits(asked.limits, names),
    ):
        try:
            read.append(parse())
        except AbscopeError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return Question(*read)


def search_job(subject: Subject, asked: SearchAsked) -> Job:
    """Return the work that searches, started where it was not; UsageError for wrong lines."""
    question = check_search(subject.case, asked)
    ready = prepared_job(subject, asked.draws)
    title = f"Searching treatments for {subject.opened.shown.name}"
    return subject.rooms.jobs.start(
        _key(subject, asked), title, lambda progress: _search(ready, question, asked, progress)
    )


def find_search(subject: Subject, asked: SearchAsked) -> Job | None:
    """Return the work for this question; None where it was not asked."""
    return subject.rooms.jobs.find(_key(subject, asked))


def _key(subject: Subject, asked: SearchAsked) -> tuple[object, ...]:
    return ("optimize", asked, *subject.key)


def _search(ready: Job, question: "Question", asked: SearchAsked, progress: Progress) -> Found:
    from abscope.decide.optimize import SearchSettings, optimize
    from abscope.decide.session import WhatIf

    while not ready.ended.wait(_WAIT_S):
        progress(0.0, ready.words)
    prepared = ready.result
    if not isinstance(prepared, Prepared):
        stopped = Problem("what-if", "preparing the case was stopped", "a case that is ready",
                          "Search again.")  # fmt: skip
        raise UsageError(ready.problems or stopped)
    progress(0.0, "simulating the delivered treatment on fewer draws")
    few: WhatIf = WhatIf(
        prepared.case, prepared.draws.make(_SEARCH_DRAWS), options=prepared.options
    )
    part = progress.part(_PREPARED_FRAC, 1.0)

    def going_on(done: int, of: int) -> bool:
        part(done / of, f"{done} of {of} treatments tried")
        return True

    settings = SearchSettings(evaluations=asked.evaluations, seed=SEED)
    found = optimize(prepared.session, question, settings=settings, search=few, progress=going_on)
    return Found(found, prepared)


def plain_search(found: Found) -> dict[str, Any]:
    """Return what a search found as `abscope optimize --json` does, with lines for *What if*."""
    from abscope.decide.plain import plain_optimum

    out = plain_optimum(found.optimum, found.prepared.draws)
    for row, item in zip(out["chosen"], found.optimum.chosen, strict=True):
        row["change"] = list(change_lines(item.scenario))
    return out


def search_command(case: str, asked: SearchAsked, run: Path | None) -> str:
    """Return the command that searches the same; ``run`` is a kept fit, None the prior."""
    words = ["abscope", "optimize", shlex.quote(case)]
    for option, lines in (
        ("--goal", asked.goals),
        ("--vary", asked.vary),
        ("--limit", asked.limits),
    ):
        for line in lines:
            words += [option, shlex.quote(line)]
    if asked.evaluations != EVALUATIONS:
        words += ["--evaluations", str(asked.evaluations)]
    return " ".join([*words, draws_argument(run)])


def search_python(case: str, asked: SearchAsked, run: Path | None) -> str:
    """Return the lines of Python that search the same; ``run`` is a kept fit or None."""
    options = "" if run is None else ", options=options"
    return (
        "from abscope.decide.goals import parse_goals\n"
        "from abscope.decide.limits import parse_limits\n"
        "from abscope.decide.optimize import Question, SearchSettings, optimize\n"
        "from abscope.decide.session import WhatIf, names_of\n"
        "from abscope.decide.variables import parse_variables\n"
        f"{draws_python(case, run)}"
        "names = names_of(located.case)\n"
        "question = Question(\n"
        f"    parse_variables({asked.vary!r}, names),\n"
        f"    parse_goals({asked.goals!r}),\n"
        f"    parse_limits({asked.limits!r}, names),\n"
        ")\n"
        f"few = WhatIf(located.case, draws.make({min(DRAWS, _SEARCH_DRAWS)}){options})\n"
        f"settings = SearchSettings(evaluations={asked.evaluations}, seed={SEED})\n"
        "found = optimize(sessions.main, question, settings=settings, search=few)\n"
        "for item in found.chosen:\n"
        "    print(item.scenario.name, item.values, item.why)\n"
    )


def suggestions(case: "Case") -> dict[str, tuple[tuple[str, str], ...]]:
    """Return lines that the form offers: what can be varied, and what can be kept, with words."""
    from abscope.decide.session import names_of

    names = names_of(case)
    phases = [name for course in names.courses for name in names.of(course)]
    vary = [
        row
        for name in dict.fromkeys(phases)
        for row in (
            (f"dose per fraction of {name}", f"rt.{name}.dose: 1 to 12 Gy"),
            (f"fractions of {name}", f"rt.{name}.fractions: 1 to 10"),
            (f"days between fractions of {name}", f"rt.{name}.spacing: 1 to 7 d"),
            (f"start of {name}, later", f"rt.{name}.shift: 0 to 42 d"),
        )
    ]
    if len(names.lesions) > 1:
        every = ", ".join(names.lesions)
        vary += [(f"lesions of {name}", f"rt.{name}.targets: {every}")
                 for name in dict.fromkeys(phases)]  # fmt: skip
    if names.others:
        vary.append(("low dose to all others", "others.dose: 0 to 2 Gy"))
    vary += [(f"start of {name}", f"{name}.shift: -42 to 42 d") for name in names.agents]
    keep = [(f"total dose of {name}", f"total {name} <= 40 Gy") for name in dict.fromkeys(phases)]
    keep += [(f"BED10 of {name}", f"bed10 {name} <= 100 Gy") for name in dict.fromkeys(phases)]
    keep += [("lymphocytes, in 90 % of the draws", "lymphocytes >= 500")]
    return {"vary": tuple(vary), "limits": tuple(keep)}
