"""``abscope simulate CASE``: what the model expects of a case, over draws from the prior."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.dose_source import (
    AcceptOption,
    DoseOption,
    FractionsOption,
    MapOption,
    OrgansOption,
    RegistrationOption,
    Stated,
    doses_of_case,
    refuse_without_dose,
)
from abscope.cli.model_options import (
    CORE,
    DropOption,
    HomingOption,
    ModelOption,
    WithoutOption,
    check_model,
)
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer, table
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.case.record import Case
    from abscope.model.expectation import Expectation, LesionExpectation
    from abscope.model.plan_doses import PlanDoses

__all__ = ["simulate"]

_DrawsOption = Annotated[int, typer.Option("--draws", help="Draws from the prior.")]
_SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the draws.")]
_TableOption = Annotated[
    Path | None,
    typer.Option(
        "--parquet", metavar="FILE",
        help="Write the volumes of every draw to this file (.parquet or .csv).",
        show_default=False,
    ),
]  # fmt: skip
_FiguresOption = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", help="Draw the bands there, as SVG and PNG.",
        show_default=False,
    ),
]  # fmt: skip


def simulate(  # noqa: PLR0913 - the options of the command line
    case: CaseArgument,
    model: ModelOption = CORE,
    homing: HomingOption = "lesion",
    draws: _DrawsOption = 100,
    seed: _SeedOption = 1,
    without: WithoutOption = None,
    drop: DropOption = None,
    dose: DoseOption = None,
    map_file: MapOption = None,
    organs: OrgansOption = None,
    fractions: FractionsOption = None,
    registration: RegistrationOption = None,
    accept: AcceptOption = None,
    parquet: _TableOption = None,
    figures: _FiguresOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate a case: lesions and lymphocytes with bands, and what was not known.

    Everything that the record does not tell is drawn from a stated prior and listed; with --dose
    and --organs doses come from a plan. The first run on a machine compiles the model, which takes
    some seconds.
    """
    from abscope.case.shelf import open_case
    from abscope.model.expectation import ExpectationOptions, expect_case
    from abscope.model.expectation_rows import plain_expectation, switches_without

    check_model(model, published=True)
    stated = Stated(map_file, fractions, registration, accept)
    refuse_without_dose("abscope simulate", dose, stated)
    located = open_case(case)
    if model != CORE:
        unused = {
            "--homing": homing != "lesion",
            "--without": bool(without),
            "--parquet": parquet is not None,
            "--figures": figures is not None,
        }
        _only_ours(model, unused)
        located, doses = _with_doses(located, dose, organs, stated)
        _published(located, doses, model, how=(draws, seed, tuple(drop or ())), as_json=as_json)
        return
    options = ExpectationOptions(
        draws=draws,
        seed=seed,
        homing=homing,  # type: ignore[arg-type]
        switches=switches_without(tuple(without or ())),
        without=tuple(drop or ()),
    )
    located, doses = _with_doses(located, dose, organs, stated)
    found = expect_case(located.case, options=options, doses=doses)
    written = _write(located.case, found, parquet=parquet, figures=figures, force=force)
    answer(
        {"case": found.case_id, "file": located.name, "written": written,
         **plain_expectation(found)},
        lambda: (*_lines(found), *(f"{path}: written" for path in written)),
        as_json=as_json,
    )  # fmt: skip


def _only_ours(model: str, given: dict[str, bool]) -> None:
    """Raise UsageError with every option that a published model has no use for."""
    problems = [
        Problem(name, f"{model} has no use for it", CORE, "Leave it or --model out.")
        for name, is_given in given.items()
        if is_given
    ]
    if problems:
        raise UsageError(problems)


def _with_doses(
    located: "LocatedCase", dose: Path | None, organs: Path | None, stated: Stated
) -> "tuple[LocatedCase, PlanDoses]":
    case, doses = doses_of_case(located.case, dose=dose, organs=organs, stated=stated)
    return replace(located, case=case), doses


def _published(
    located: "LocatedCase",
    doses: "PlanDoses",
    model: str,
    *,
    how: tuple[int, int, tuple[str, ...]],
    as_json: bool,
) -> None:
    """Answer with what a model of another group says of a case."""
    from abscope.cli.family_text import family_lines
    from abscope.model.expectation import check_draws
    from abscope.model.families.family_rows import plain_family
    from abscope.model.families.side_by_side import families
    from abscope.model.prior_draws import PriorDraws

    case, (draws, seed, dropped) = located.case, how
    check_draws(draws, seed=seed)
    prior = PriorDraws(draws, seed=seed)
    found = families(case, prior, names=(model,), doses=doses, without=dropped)[model]
    answer(
        {"case": case.id, "file": located.name, "written": [], "seed": seed,
         "dropped": list(dropped), **plain_family(found)},
        lambda: family_lines(case.id, found),
        as_json=as_json,
    )  # fmt: skip


def _write(
    case: "Case", found: "Expectation", *, parquet: Path | None, figures: Path | None, force: bool
) -> list[str]:
    """Write the table of draws and the figures, all or none; return the names of the files."""
    from abscope.case.files import write_files

    contents: dict[Path, str | bytes] = {}
    if figures is not None:
        from abscope.report.expectation_figure import expectation_figure

        figure = expectation_figure(case, found)
        name = f"{found.case_id}-{figure.name}"
        contents[figures / f"{name}.svg"] = figure.svg()
        contents[figures / f"{name}.png"] = figure.png()
    if parquet is not None:
        contents[parquet] = _table(parquet, found)
    write_files(contents, force=force, folder=figures)
    return [str(path) for path in contents]


def _table(path: Path, found: "Expectation") -> bytes:
    """Return the table of draws as the file of this name would hold it."""
    from tempfile import TemporaryDirectory

    from abscope.io.table_files import write_table
    from abscope.model.expectation_rows import DRAW_COLUMNS, draw_rows

    if path.suffix.lower() not in (".csv", ".parquet"):
        hint = "Rename the file."
        raise UsageError(Problem(str(path), "the ending is not known", ".csv or .parquet", hint))
    with TemporaryDirectory() as folder:
        made = Path(folder) / f"draws{path.suffix}"
        write_table(made, DRAW_COLUMNS, list(draw_rows(found)), force=False)
        return made.read_bytes()


def _lines(found: "Expectation") -> Iterator[str]:
    from abscope.model.expectation_rows import switched_off

    options = found.options
    yield f"{found.case_id}: research use only"
    yield f"! {found.scope}"
    out = ", ".join((*options.without, *switched_off(options.switches)))
    yield (
        f"abscope-core, homing by {options.homing}, {options.draws} draws, seed {options.seed}"
        + (f", without {out}" if out else "")
    )
    yield f"Doses: {found.doses_from}"
    if found.failed:
        yield f"! {found.failed} of {options.draws} draws could not be finished and are left out"
    yield ""
    yield "Volume of each lesion (ml): median, 90 % of the draws in brackets"
    head = ("lesion", "dose Gy", *(f"{v.label} (day {v.day_d:g})" for v in found.visits))
    rows = [
        (
            f"{item.lesion} {item.label}{_times(item.members)}",
            _dose(item),
            *(_range(item.volume_ml.at(visit.place)) for visit in found.visits),
        )
        for item in found.lesions
    ]
    yield from (f"  {line}" for line in table(rows, head=head))
    yield ""
    yield "Change of the diameter since the start"
    rows = [
        (item.lesion, *(_percents(item.change_frac.at(visit.place)) for visit in found.visits))
        for item in found.lesions
    ]
    yield from (f"  {line}" for line in table(rows, head=("lesion", *head[2:])))
    if out:
        yield ""
        yield f"Without {out}: the volume as a multiple of that with everything, draw by draw"
        rows = [
            (item.lesion, *(_range(item.ratio_frac.at(visit.place)) for visit in found.visits))
            for item in found.lesions
            if item.ratio_frac is not None
        ]
        yield from (f"  {line}" for line in table(rows, head=("lesion", *head[2:])))
    yield ""
    yield "Lymphocytes per microliter"
    rows = [tuple(_counts(found.alc_per_ul.at(visit.place)) for visit in found.visits)]
    yield from (f"  {line}" for line in table(rows, head=head[2:]))
    yield ""
    yield "Share of the T cells that reach lesions, at the start, by mode of homing"
    modes = list(found.lesions[0].share_frac)
    rows = [
        (name, *(f"{share[mode]:.1%}" for mode in modes))
        for item in found.lesions
        for name, share in _with_members(item, options.draws)
    ]
    yield from (f"  {line}" for line in table(rows, head=("lesion", *modes)))
    yield ""
    yield "Not known, and what stands in for it"
    yield from (f"- {text}" for text in found.unknowns)


def _with_members(
    item: "LesionExpectation", draws: int
) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Return the shares of a lesion, then those of each member of a group."""
    yield item.lesion, item.share_frac
    for one in item.shares_of_members:
        few = "" if one.n_draws == draws else f" in {one.n_draws} of {draws} draws"
        yield f"  {one.member}{few}", one.share_frac


def _times(members: tuple[int, int]) -> str:
    low, high = members
    return "" if high == 1 else f" x {high}" if low == high else f" x {low}-{high}"


def _dose(item: "LesionExpectation") -> str:
    """Return the dose, and the courses that are not in it."""
    missing = [f"{course} not simulated" for course in item.not_simulated]
    nothing = missing and item.dose_gy[2] == 0.0
    return "; ".join(missing if nothing else [_range(item.dose_gy), *missing])


def _range(values: tuple[float, float, float]) -> str:
    low, median, high = values
    return f"{median:.3g} ({low:.3g} to {high:.3g})"


def _percents(values: tuple[float, float, float]) -> str:
    low, median, high = values
    return f"{median:+.0%} ({low:+.0%} to {high:+.0%})"


def _counts(values: tuple[float, float, float]) -> str:
    low, median, high = values
    return f"{median:.0f} ({low:.0f} to {high:.0f})"
