"""``abscope whatif CASE``: what another treatment would have done, on the same draws."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.draw_options import DrawsOption, SeedOption, check_draws, draws_of
from abscope.cli.fitted import kept_fit
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer
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
    from abscope.report.whatif_lines import answer_lines

    asked = _scenario(sets, drop, add, shift, name)
    if asked is None and not standard:
        expected = "--set, --drop, --add, --shift or --standard"
        hint = 'For example --set "rt.RT2: 3 x 8 Gy".'
        raise UsageError(Problem("abscope whatif", "no change is asked for", expected, hint))
    check_draws(draws, seed=seed)
    located = open_case(case)
    if asked is not None:
        check_scenario(located.case, asked)
    kept = kept_fit(located, run=run, prior=prior)
    folder = begin_command(context, located, out, force=force, fit=kept)
    put_to, options, files = draws_of(located, kept, prior=prior, number=draws, seed=seed)
    sessions = sessions_of(located.case, put_to, options=options, all_homing=all_homing)
    found = _answers(located.case, put_to, sessions, asked, standard)
    drawn = _figures(found) if figures is not None or folder is not None else {}
    written = _write(drawn, figures, force=force)
    results = {"case": found.case_id, "file": located.name, "written": written,
               **plain_answers(found)}  # fmt: skip
    in_folder = {f"figures/{name}": data for name, data in drawn.items()}
    written += finish_command(folder, results, {**files, **in_folder})
    answer(
        results,
        lambda: (
            *answer_lines(found, asked=asked is not None),
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
