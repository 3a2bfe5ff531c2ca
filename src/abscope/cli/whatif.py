"""``abscope whatif CASE``: what another treatment would have done, on the same draws."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.draw_options import DrawsOption, SeedOption, draws_of
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer, table
from abscope.cli.run_option import (
    OutRunOption,
    PriorOption,
    RunOption,
    begin_command,
    finish_command,
)
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.decide.answers import Answers, Draws, Sessions
    from abscope.decide.compare import Comparison, Row
    from abscope.decide.differences import Difference, ShareDifference
    from abscope.decide.scenario import Scenario

__all__ = ["SHIFT", "joined_pairs", "whatif"]

SHIFT = "--shift"

_SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="TEXT", show_default=False,
        help="Change a course, its targets or an organ dose: 'rt.RT2: 3 x 8 Gy', "
        "'rt.RT2.targets: L03', 'blood.spleen_dose: x0.5'; may be repeated.",
    ),
]  # fmt: skip
_DropOption = Annotated[
    list[str] | None,
    typer.Option(
        "--drop", metavar="NAME", show_default=False,
        help="Leave out a course, a phase, a therapy or a drug; may be repeated.",
    ),
]  # fmt: skip
_AddOption = Annotated[
    list[str] | None,
    typer.Option(
        "--add", metavar="TEXT", show_default=False,
        help="Add a course: 'rt liver 0.5 Gy x 4', 'rt L03 3 x 8 Gy from day 14', "
        "'rt others 4 x 1 Gy'; may be repeated.",
    ),
]  # fmt: skip
_ShiftOption = Annotated[
    list[str] | None,
    typer.Option(
        SHIFT, metavar="NAME DELTA", show_default=False,
        help="Move a drug, a therapy or a course in time: pembrolizumab -21d; may be repeated.",
    ),
]  # fmt: skip
_NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="TEXT", help="A name for the scenario.", show_default=False),
]
_StandardOption = Annotated[
    bool, typer.Option("--standard", help="Ask the standard set of alternatives, too.")
]
_HomingOption = Annotated[
    bool, typer.Option("--all-homing", help="Show the range over the four modes of homing, too.")
]
_FiguresOption = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", help="Draw the differences there, as SVG and PNG.",
        show_default=False,
    ),
]  # fmt: skip


def whatif(  # noqa: PLR0913 - the options of the command line
    context: typer.Context,
    case: CaseArgument,
    sets: _SetOption = None,
    drop: _DropOption = None,
    add: _AddOption = None,
    shift: _ShiftOption = None,
    name: _NameOption = None,
    standard: _StandardOption = False,
    run: RunOption = None,
    prior: PriorOption = False,
    draws: DrawsOption = 200,
    seed: SeedOption = 1,
    all_homing: _HomingOption = False,
    figures: _FiguresOption = None,
    out: OutRunOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Ask what another treatment would have done, draw by draw against the delivered one.

    The changes on one command line are made together. Every difference comes with the interval of
    90 % of the draws and with how much of it is prior knowledge.
    """
    from abscope.case.shelf import open_case
    from abscope.decide.answers import sessions_of
    from abscope.decide.plain import plain_answers
    from abscope.decide.session import check_scenario

    asked = _scenario(sets, drop, add, shift, name)
    if asked is None and not standard:
        expected = "--set, --drop, --add, --shift or --standard"
        hint = 'For example --set "rt.RT2: 3 x 8 Gy".'
        raise UsageError(Problem("abscope whatif", "no change is asked for", expected, hint))
    located = open_case(case)
    if asked is not None:
        check_scenario(located.case, asked)
    put_to, options, kept = draws_of(located, run=run, prior=prior, number=draws, seed=seed)
    folder = begin_command(context, located, out, force=force, fit=kept)
    sessions = sessions_of(located.case, put_to, options=options, all_homing=all_homing)
    found = _answers(located.case, put_to, sessions, asked, standard)
    drawn = _figures(found) if figures is not None or folder is not None else {}
    written = _write(drawn, figures, force=force)
    results = {"case": found.case_id, "file": located.name, "written": written,
               **plain_answers(found)}  # fmt: skip
    written += finish_command(folder, results, drawn)
    answer(
        results,
        lambda: (
            *_lines(found, asked=asked is not None),
            *(f"{path}: written" for path in written),
        ),
        as_json=as_json,
    )


def joined_pairs(arguments: Sequence[str]) -> list[str]:
    """Return command-line arguments with the two words after ``--shift`` as one.

    >>> joined_pairs(["--shift", "pembrolizumab", "-21d", "--json"])
    ['--shift', 'pembrolizumab -21d', '--json']
    """
    out: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        out.append(word)
        if word == SHIFT and len(left) >= 2 and " " not in left[0].strip():
            out.append(f"{left.pop(0)} {left.pop(0)}")
    return out


def _scenario(
    sets: list[str] | None,
    drop: list[str] | None,
    add: list[str] | None,
    shift: list[str] | None,
    name: str | None,
) -> "Scenario | None":
    """Return what the options change together, None where they change nothing."""
    from abscope.decide.scenario_text import parse_scenario

    pairs = []
    for text in shift or ():
        target, _, delta = text.strip().partition(" ")
        pairs.append((target, delta.strip()))
    if not (sets or drop or add or pairs):
        return None
    return parse_scenario(
        sets=sets or (), drops=drop or (), adds=add or (), shifts=pairs, name=name
    )


def _answers(
    case: "Case",
    draws: "Draws",
    sessions: "Sessions",
    asked: "Scenario | None",
    standard: bool,
) -> "Answers":
    """Return the answers to the scenario that was asked and to the standard set."""
    from dataclasses import replace

    from abscope.decide.answers import ask
    from abscope.decide.standard import standard_scenarios

    own = ask(case, [asked] if asked else [], draws=draws, sessions=sessions)
    if not standard:
        return own
    usual = ask(
        case, standard_scenarios(sessions.main), draws=draws, sessions=sessions, standard=True
    )
    return replace(usual, comparisons=(*own.comparisons, *usual.comparisons), refused=usual.refused)


def _figures(found: "Answers") -> dict[str, str | bytes]:
    """Return the figure as files by name."""
    from abscope.report.whatif_figure import whatif_figure

    figure = whatif_figure(found)
    stem = f"{found.case_id}-{figure.name}"
    return {f"{stem}.svg": figure.svg(), f"{stem}.png": figure.png()}


def _write(drawn: "dict[str, str | bytes]", folder: Path | None, *, force: bool) -> list[str]:
    from abscope.case.files import write_files

    if folder is None:
        return []
    contents = {folder / name: content for name, content in drawn.items()}
    write_files(contents, force=force, folder=folder)
    return [str(path) for path in contents]


def _lines(found: "Answers", *, asked: bool) -> Iterator[str]:
    """Return the lines: the scenario that was asked in full, the standard set as a table."""
    from abscope.decide.statement import prior_words

    yield from (f"! {text}" for text in found.draws.warnings)
    yield f"{found.case_id}: research use only"
    if not found.draws.fitted:
        yield "! The draws are of the prior: nothing was learned from the course of this patient."
    yield f"abscope-core, homing by {found.homing}, {found.draws.words}"
    if asked:
        yield ""
        yield from _full(found.comparisons[0], found)
    if len(found.comparisons) > asked:
        yield ""
        yield from _overview(found)
        yield prior_words(found.comparisons[0], found.draws)
    for name, why in found.refused:
        yield f"- left out: {name}: {why}"


def _full(item: "Comparison", found: "Answers") -> Iterator[str]:
    from abscope.decide.statement import kept, prior_words, sentence

    yield sentence(item)
    same = kept(item.whole)
    if same is not None:
        yield same
    yield prior_words(item, found.draws)
    if item.failed:
        yield f"! {item.failed} of {item.draws} draws could not be finished and are left out"
    if item.by_homing:
        said = [f"{mode} {_signed(end)}" for mode, end in item.by_homing.items()]
        yield f"By mode of homing, the difference at the end: {'; '.join(said)}."
    yield ""
    label, day = item.visits_d[-1]
    head = ("", f"delivered, {label} (day {day:g})", "scenario", "difference", "smaller",
            "response", "control")  # fmt: skip
    rows = [_cells(row) for row in item.rows]
    yield from (f"  {line}" for line in table(rows, head=head))
    nadir = item.nadir
    yield (
        f"  lowest lymphocytes per uL: {_counts(nadir.delivered)} as delivered, "
        f"{_counts(nadir.scenario)} with the scenario, "
        f"difference {_counts(nadir.difference, change=True)}"
    )
    grades = [f"{x.label} {x.delivered_frac:.0%} -> {x.scenario_frac:.0%}" for x in item.grades]
    yield f"  CTCAE lymphocytes: {', '.join(grades)}"
    yield "  Medians of the draws, the middle 90 % in brackets; shares are of the draws."
    for title, lines in (("Assumed", item.assumed), ("Never seen", item.never_seen)):
        if lines:
            yield f"{title}:"
            yield from (f"- {line}" for line in lines)


def _cells(row: "Row") -> tuple[str, ...]:
    end = row.change[-1]
    name = f"{row.name} {row.label}".strip()
    shares = tuple(_share(x) for x in (row.response, row.control))
    if end is None:
        return (name, "-", "-", "-", "-", *shares)
    return (
        name,
        _percents(end.delivered),
        _percents(end.scenario),
        _percents(end.difference),
        f"{end.better_frac:.0%}",
        *shares,
    )


def _overview(found: "Answers") -> Iterator[str]:
    from abscope.decide.statement import verdict

    label, day = found.comparisons[0].visits_d[-1]
    yield f"Against the delivered treatment, at {label} (day {day:g})"
    head = ("scenario", "sum of diameters", "smaller", "response", "outside", "lymphocytes",
            "sizes in words")  # fmt: skip
    rows = []
    for item in found.comparisons:
        end, outside = item.whole.change[-1], item.outside
        rows.append(
            (
                item.scenario.name,
                "-" if end is None else _signed(end),
                "-" if end is None else f"{end.better_frac:.0%}",
                _share(item.whole.response),
                "-" if outside is None else _share(outside.response),
                _counts(item.nadir.difference, change=True),
                "-" if end is None else verdict(end),
            )
        )
    yield from (f"  {line}" for line in table(rows, head=head))


def _percents(values: tuple[float, float, float]) -> str:
    from abscope.decide.statement import percent

    low, median, high = (percent(value) for value in values)
    return f"{median} ({low} to {high})"


def _signed(item: "Difference") -> str:
    return _percents(item.difference)


def _share(item: "ShareDifference") -> str:
    return f"{item.delivered_frac:.0%} -> {item.scenario_frac:.0%}"


def _counts(values: tuple[float, float, float], *, change: bool = False) -> str:
    from abscope.decide.statement import signed

    low, median, high = (signed(x) if change else f"{x:.0f}" for x in values)
    return f"{median} ({low} to {high})"
