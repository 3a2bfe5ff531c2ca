"""``abscope optimize CASE``: the best treatments within limits, over all draws."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.draw_options import DrawsOption, SeedOption, check_draws, draws_of
from abscope.cli.fitted import kept_fit
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer, table
from abscope.cli.progress import told
from abscope.cli.run_option import (
    OutRunOption,
    PriorOption,
    RunOption,
    begin_command,
    finish_command,
)

if TYPE_CHECKING:
    from abscope.decide.answers import Draws
    from abscope.decide.optimize import Chosen, Optimum

__all__ = ["optimize"]

_GoalOption = Annotated[
    list[str] | None,
    typer.Option(
        "--goal", metavar="NAME", show_default=False,
        help="control, response, outside, size or lymphocytes; the last two with a quantile, "
        "lymphocytes@0.1; several give a front. Default: control.",
    ),
]  # fmt: skip
_VaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vary", metavar="TEXT", show_default=False,
        help="'rt.RT2.dose: 1 to 12 Gy', '.fractions', '.spacing', '.shift', "
        "'rt.RT2.targets: M12, M13', 'others.dose: 0 to 2 Gy', 'pembrolizumab.shift: -42 to 42 d'.",
    ),
]  # fmt: skip
_LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", metavar="TEXT", show_default=False,
        help="'total RT2 <= 40 Gy', 'bed3 lung <= 8 Gy', 'lymphocytes >= 500'; may be repeated.",
    ),
]  # fmt: skip
_EvaluationsOption = Annotated[
    int, typer.Option("--evaluations", help="How many treatments are tried.")
]
#: A search on few draws finds the front; what it finds is judged on all.
_SEARCH_DRAWS = 64


def optimize(  # noqa: PLR0913 - the options of the command line
    context: typer.Context,
    case: CaseArgument,
    goal: _GoalOption = None,
    vary: _VaryOption = None,
    limit: _LimitOption = None,
    evaluations: _EvaluationsOption = 240,
    run: RunOption = None,
    prior: PriorOption = False,
    draws: DrawsOption = 200,
    seed: SeedOption = 1,
    out: OutRunOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Search treatments that no other beats in every goal, within the limits.

    Every treatment is judged over the same draws, never at one set of parameters. Needs the extra
    abscope[optimize].
    """
    from abscope.case.shelf import open_case
    from abscope.decide.goals import parse_goals
    from abscope.decide.limits import parse_limits
    from abscope.decide.optimize import Question, SearchSettings
    from abscope.decide.optimize import optimize as search
    from abscope.decide.plain import plain_optimum
    from abscope.decide.session import WhatIf, names_of
    from abscope.decide.variables import parse_variables

    goals = parse_goals(tuple(goal or ("control",)))
    settings = SearchSettings(evaluations=evaluations, seed=seed)
    check_draws(draws, seed=seed)
    located = open_case(case)
    names = names_of(located.case)
    question = Question(
        parse_variables(tuple(vary or ()), names), goals, parse_limits(tuple(limit or ()), names)
    )
    kept = kept_fit(located, run=run, prior=prior)
    folder = begin_command(context, located, out, force=force, fit=kept)
    put_to, options, files = draws_of(located, kept, prior=prior, number=draws, seed=seed)
    session = WhatIf(located.case, put_to.prior, options=options)
    few = WhatIf(located.case, put_to.make(min(draws, _SEARCH_DRAWS)), options=options)
    with told("search") as tell:
        found = search(session, question, settings=settings, search=few, progress=_going_on(tell))
    results = {"case": located.case.id, "file": located.name, **plain_optimum(found, put_to)}
    drawn = {} if folder is None else _drawn(found, located.case.id)
    written = finish_command(folder, results, {**files, **drawn})
    answer(
        {**results, "written": written},
        lambda: (*_lines(found, put_to, located.case.id), *(f"{x}: written" for x in written)),
        as_json=as_json,
    )


def _going_on(tell: Callable[[int, int], None]) -> Callable[[int, int], bool]:
    """Return what tells of the search and lets it go on."""

    def going_on(done: int, of: int) -> bool:
        tell(done, of)
        return True

    return going_on


def _drawn(found: "Optimum", case: str) -> dict[str, bytes]:
    """Return the figure of the front as files by name; none where there is no front."""
    from abscope.report.front_figure import front_figure

    if not found.chosen:
        return {}
    figure = front_figure(found)
    stem = f"figures/{case}-{figure.name}"
    return {f"{stem}.svg": figure.svg().encode("utf-8"), f"{stem}.png": figure.png()}


def _lines(found: "Optimum", draws: "Draws", case: str) -> Iterator[str]:
    from abscope.report.whatif_lines import source_lines, wrapped

    yield from source_lines(case, draws, model="abscope-core")
    tried = (
        f"{found.evaluated} treatments tried on {found.search_draws} draws, {found.kept} within "
        f"the limits, {found.refused} that cannot be given; those shown are judged on {found.draws}"
    )
    yield from wrapped([tried])
    if found.cancelled:
        yield "! The search was ended early; these are the best so far."
    yield ""
    goals, limits = found.question.goals, found.question.limits
    yield from (f"goal {goal}: {goal.words}" for goal in goals)
    if not found.chosen:
        yield "No treatment that was tried keeps the limits:"
        for limit, value in zip(limits, found.delivered_limits, strict=True):
            yield f"- {limit.text}; as delivered {value:.4g}"
        return
    head = ("treatment", *map(str, goals), *(limit.text for limit in limits), "chosen as")
    rows = [("as delivered", *_written(found, found.delivered),
             *(f"{x:.4g}" for x in found.delivered_limits), "")]  # fmt: skip
    rows += [_row(found, item) for item in found.chosen]
    yield from (f"  {line}" for line in table(rows, head=head))
    yield ""
    yield from wrapped(_reasons(found, draws))


def _written(found: "Optimum", values: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(g.written(v) for g, v in zip(found.question.goals, values, strict=True))


def _row(found: "Optimum", item: "Chosen") -> tuple[str, ...]:
    limits = (f"{value:.4g}" for value in item.limits)
    return (item.scenario.name, *_written(found, item.values), *limits, item.why)


def _reasons(found: "Optimum", draws: "Draws") -> Iterator[str]:
    """Return a sentence for each point, and where nobody has seen what it says."""
    from abscope.decide.statement import prior_words, sentence

    for item in found.chosen:
        yield f"- {sentence(item.comparison)}"
    unseen: dict[str, list[str]] = {}
    for item in found.chosen:
        for text in item.comparison.never_seen:
            what, _, why = text.partition(": ")
            unseen.setdefault(why, []).append(what)
    if unseen:
        yield "Never seen:"
    for why, names in unseen.items():
        yield f"- {', '.join(dict.fromkeys(names))}: {why}"
    if not draws.fitted:
        yield prior_words(found.chosen[0].comparison, draws)
