"""``abscope blood CASE|ORGANS.csv``: what radiation does to the blood and the lymphocytes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.options import ForceOption, JsonOption
from abscope.cli.output import answer, table
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.blood.alc.prediction import CountPrediction, GradeChances
    from abscope.blood.alc.what_if import Scenario
    from abscope.blood.doses import Tier
    from abscope.blood.forecast import Forecast, ForecastOptions
    from abscope.blood.planned import PlannedDose
    from abscope.dose.results import OrganDose

__all__ = ["blood"]

_Target = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="A library name, a case file, or a table of organ doses (.csv).",
        show_default=False,
    ),
]
_DoseOption = Annotated[
    Path | None,
    typer.Option(
        "--dose", metavar="DIR", help="Take the organ doses from this DICOM folder.",
        show_default=False,
    ),
]  # fmt: skip
_OrgansOption = Annotated[
    Path | None,
    typer.Option(
        "--organs", metavar="FILE", help="Take the organ doses of a case from this table (.csv).",
        show_default=False,
    ),
]  # fmt: skip
_CountOption = Annotated[
    list[str] | None,
    typer.Option(
        "--count", metavar="DAY=COUNT",
        help="For a table: a count per microliter, days from the first fraction; may be repeated.",
        show_default=False,
    ),
]  # fmt: skip
_FiguresOption = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR",
        help="Draw the count over time and the blood dose there, as SVG and PNG.",
        show_default=False,
    ),
]  # fmt: skip
_BeamOption = Annotated[
    float | None,
    typer.Option("--beam-time-s", help="What if the beam was on so long.", show_default=False),
]
_FractionsOption = Annotated[
    int | None,
    typer.Option(
        "--fractions", help="What if every course had so many at equal dose.", show_default=False
    ),
]
_SitesOption = Annotated[
    str | None,
    typer.Option("--sites", help="What if courses ran together or apart.", show_default=False),
]
_SpareOption = Annotated[
    list[str] | None,
    typer.Option(
        "--spare", metavar="ORGAN=FACTOR",
        help="What if an organ had this share of its dose, for example spleen=0.5; repeatable.",
        show_default=False,
    ),
]  # fmt: skip
_SexOption = Annotated[
    str, typer.Option("--sex", help="For a table: circulation of the reference female or male.")
]
_SubsetsOption = Annotated[
    bool, typer.Option("--subsets", help="Also CD4, CD8, B and NK cells, with their range.")
]
_DrawsOption = Annotated[int, typer.Option("--draws", help="Draws of the sampler.")]
_SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the sampler.")]


def blood(  # noqa: PLR0913 - the options of the command line
    case: _Target,
    dose: _DoseOption = None,
    organs: _OrgansOption = None,
    count: _CountOption = None,
    sex: _SexOption = "female",
    figures: _FiguresOption = None,
    beam_time_s: _BeamOption = None,
    fractions: _FractionsOption = None,
    sites: _SitesOption = None,
    spare: _SpareOption = None,
    subsets: _SubsetsOption = False,
    draws: _DrawsOption = 2000,
    seed: _SeedOption = 1,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute blood dose and lymphocytes over time, with bands and what the counts cannot tell.

    A case without a plan gets organ doses guessed from its sites, and says so. Every what-if
    option is compared with the treatment as it was.
    """
    from abscope.blood.forecast import ForecastOptions
    from abscope.blood.result_rows import plain_forecast

    options = ForecastOptions(
        n_draws=_in_range("--draws", draws, 500, 50_000),
        seed=_in_range("--seed", seed, 0, 2**31),
        scenarios=_scenarios(beam_time_s, fractions, sites, spare or ()),
        subsets=subsets,
    )
    _check_sources(case, (dose, organs), count, sex)
    name, planned, found = _forecast(case, (dose, organs), (count or (), sex), options)
    written = _draw(name, planned, found, folder=figures, force=force, seed=options.seed)
    answer(
        {"case": name, **plain_forecast(found), "written": written},
        lambda: (*_lines(name, found), *(f"{path}: written" for path in written)),
        as_json=as_json,
    )


def _check_sources(
    case: str, sources: tuple[Path | None, Path | None], count: Sequence[str] | None, sex: str
) -> None:
    dose, organs = sources
    is_table = case.lower().endswith(".csv")
    wrong = None
    if dose is not None and organs is not None:
        wrong = ("both --dose and --organs are given", "one source of organ doses")
    elif is_table and (dose is not None or organs is not None):
        wrong = ("a table of organ doses and another source of them", "one source")
    elif sex not in ("female", "male"):
        wrong = (f"--sex {sex}", "female or male")
    elif count and not is_table:
        wrong = ("--count beside a case", "the counts under labs of the case")
    if wrong is not None:
        raise UsageError(Problem("abscope blood", *wrong, "Leave one out."))


def _forecast(
    case: str,
    sources: tuple[Path | None, Path | None],
    of_table: tuple[Sequence[str], str],
    options: "ForecastOptions",
) -> tuple[str, "tuple[PlannedDose, ...]", "Forecast"]:
    from abscope.blood.alc.counts import counts_of_days
    from abscope.blood.case_forecast import forecast_case, planned_of_table
    from abscope.blood.forecast import forecast
    from abscope.blood.study_organs import organs_of_study
    from abscope.case.shelf import open_case
    from abscope.dose.organ_csv import read_organ_table

    if case.lower().endswith(".csv"):
        planned = planned_of_table(read_organ_table(Path(case)))
        found = forecast(
            planned,
            counts=counts_of_days(of_table[0]),
            sex="male" if of_table[1] == "male" else "female",
            options=options,
            notes=("courses follow each other on weekdays from day 0",),
        )
        return Path(case).stem, planned, found
    located = open_case(case)
    rows: Sequence[OrganDose] = ()
    tier: Tier | None = None
    if sources[1] is not None:
        rows = read_organ_table(sources[1])
    elif sources[0] is not None:
        rows, tier = organs_of_study(sources[0], case=located.case), "dicom"
    whole = forecast_case(located.case, organs=rows, tier=tier, options=options)
    return located.case.id, whole.plan.planned, whole.forecast


def _draw(
    name: str,
    planned: "tuple[PlannedDose, ...]",
    found: "Forecast",
    *,
    folder: Path | None,
    force: bool,
    seed: int,
) -> list[str]:
    """Write both figures, all or none; return the names of the files."""
    if folder is None:
        return []
    from abscope.blood.histogram_of_plan import blood_histograms
    from abscope.case.files import write_files
    from abscope.report.blood_curve import blood_curve
    from abscope.report.blood_histogram import blood_histogram

    numbers = [item.n_fractions for item in found.courses]
    doses = blood_histograms(planned, sex=found.sex, n_fractions=numbers, seed=seed)
    contents: dict[Path, str | bytes] = {}
    for title, scene in (
        ("lymphocyte-bands", blood_curve(found, narrow=False)),
        ("blood-dose", blood_histogram(doses)),
    ):
        contents[folder / f"{name}-{title}.svg"] = scene.svg("auto")
        contents[folder / f"{name}-{title}.png"] = scene.png(1600)
    write_files(contents, force=force, folder=folder)
    return [str(path) for path in contents]


def _in_range(option: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise UsageError(Problem(option, f"{value}", f"{low} to {high}", "Choose another."))
    return value


def _scenarios(
    beam_time_s: float | None,
    fractions: int | None,
    sites: str | None,
    spare: Sequence[str],
) -> "tuple[Scenario, ...]":
    from abscope.blood.alc.what_if import Scenario

    out, problems, factors = [], [], {}
    if beam_time_s is not None:
        out.append(Scenario(f"beam on for {beam_time_s:g} s", beam_on_time_s=beam_time_s))
    if fractions is not None:
        out.append(Scenario(f"{fractions} fractions at equal dose", n_fractions=fractions))
    if sites is not None:
        if sites == "together":
            out.append(Scenario("courses together", sites="together"))
        elif sites == "apart":
            out.append(Scenario("courses apart", sites="apart"))
        else:
            rule = "together or apart"
            problems.append(Problem("--sites", f"'{sites}'", rule, "Choose one."))
    for text in spare:
        organ, _, number = text.partition("=")
        try:
            factors[organ.strip()] = float(number)
        except ValueError:
            rule = "ORGAN=FACTOR, for example spleen=0.5"
            problems.append(Problem("--spare", f"'{text}'", rule, "Write it so."))
    if problems:
        raise UsageError(problems)
    if factors:
        said = ", ".join(f"{organ} x {factor:g}" for organ, factor in factors.items())
        out.append(Scenario(said, spare_frac=tuple(factors.items())))
    return tuple(out)


def _lines(name: str, found: "Forecast") -> Iterator[str]:
    yield f"{name}: research use only"
    yield from (f"! {text}" for text in found.warnings)
    yield ""
    yield f"Dose of one fraction (Gy), reference {'woman' if found.sex == 'female' else 'man'}"
    rows = [
        (
            item.name,
            f"{item.n_fractions:g}",
            f"{item.blood_mean_gy:.3f}",
            f"{item.undosed_frac:.0%}",
            f"{item.weighted_mean_gy:.3f}",
            *(f"{item.pool_mean_gy[pool]:.2f}" for pool in ("spleen", "marrow")),
            f"{item.beam_on_time_s:g}" + ("" if item.beam_time_known else " (not known)"),
            item.tier,
        )
        for item in found.courses
    ]
    head = ("course", "fractions", "blood", "without", "lymphocytes", "spleen", "marrow",
            "beam s", "source")  # fmt: skip
    yield from (f"  {line}" for line in table(rows, head=head))
    yield ""
    yield from _counts(found)
    yield from _grades(found.grades, known=found.lower_limit_per_ul is not None)
    yield from _drivers(found)
    rules, edic = found.edic.rules, found.edic
    yield (
        f"EDIC {rules.edic_gy:.2f} Gy (lung {edic.lung_mean_gy:.1f}, heart {edic.heart_mean_gy:.1f}"
        f" Gy; integral dose estimated): breast rule predicts {rules.ratio_frac:.2f} of the count "
        "before"
    )
    yield ""
    yield "What the counts tell"
    yield from (f"  {text}" for text in found.identifiability.sentences)
    learned = [
        (x.name, f"{x.median:.3g}", f"{x.low:.3g} to {x.high:.3g} {x.unit}", f"{x.ratio_frac:.0%}")
        for x in found.identifiability.parameters
    ]
    names = ("parameter", "median", "95 % interval", "spread left")
    yield from (f"  {line}" for line in table(learned, head=names))
    sampler = found.posterior
    yield (
        f"  {len(sampler.coordinates)} draws, {sampler.n_steps} steps, effective "
        f"{sampler.effective_frac:.0%}, moves accepted {sampler.accepted_frac:.0%}"
    )
    yield from (f"- {text}" for text in found.notes)


def _counts(found: "Forecast") -> Iterator[str]:
    before = " or ".join(f"{x:g}" for x in found.baseline_per_ul) or "not known"
    yield f"Lymphocytes per microliter, before radiotherapy: {before}"
    for prior, after in zip(found.prior_counts, found.posterior_counts, strict=True):
        seen = " or ".join(f"{x:g}" for x in after.count.values_per_ul)
        yield f"  {after.count.label}: {seen}, about day {after.time_d:.0f}"
        yield f"    before the counts: {_band(prior, ninety=True)}"
        yield f"    after them:        {_band(after, ninety=False)}"
    low, middle, high = found.lowest_per_ul
    yield (
        f"  lowest: {middle:.0f} (95 % {low:.0f} to {high:.0f}), median curve lowest on day "
        f"{found.lowest_day_d:.0f}"
    )


def _band(item: "CountPrediction", *, ninety: bool) -> str:
    low, high = item.low_95_per_ul, item.high_95_per_ul
    inside, level = item.in_95, "95"
    if ninety:
        low, high, inside, level = item.low_90_per_ul, item.high_90_per_ul, item.in_90, "90"
    where = "inside" if inside else "OUTSIDE"
    return f"{item.median_per_ul:.0f} ({level} % {low:.0f} to {high:.0f}); the count is {where}"


def _grades(grades: "tuple[GradeChances, ...]", *, known: bool) -> Iterator[str]:
    yield "Chance of each CTCAE v5 grade by day"
    if not known:
        yield "  the lower limit of normal is not known, so grades 0 and 1 cannot be told apart"
    rows = [
        (
            f"{item.time_d:.0f}",
            f"{item.no_or_first_frac:.0%}"
            if item.none_frac is None or item.first_frac is None
            else f"{item.none_frac:.0%} / {item.first_frac:.0%}",
            f"{item.second_frac:.0%}",
            f"{item.third_frac:.0%}",
            f"{item.fourth_frac:.0%}",
        )
        for item in grades
    ]
    head = ("day", "0 or 1" if not known else "0 / 1", "2", "3", "4")
    yield from (f"  {line}" for line in table(rows, head=head))


def _drivers(found: "Forecast") -> Iterator[str]:
    yield ""
    yield "What drives it"
    rows = [
        (
            item.organ,
            f"{item.mean_dose_gy:.1f}",
            f"{item.blood_share_frac:.0%}",
            f"{item.weighted_share_frac:.0%}",
            f"{item.left_out_frac:.0%}",
            "" if item.slope_per_gy is None else f"{item.slope_per_gy:+.1f}",
        )
        for item in found.shares[:8]
    ]
    head = ("organ", "Gy in all", "of blood dose", "of lymphocyte dose", "of the fall if left out",
            "cells/uL per Gy")  # fmt: skip
    yield from (f"  {line}" for line in table(rows, head=head))
    for fall in found.subsets:
        yield (
            f"  {fall.name}: falls to {fall.lowest_frac:.0%} of its count before (sources: "
            f"{fall.low_frac:.0%} to {fall.high_frac:.0%})"
        )
    for result in found.scenarios:
        low, middle, high = result.lowest_ratio_frac
        yield (
            f"  {result.name}: lowest {result.lowest_per_ul:.0f} (x {middle:.2f}, {low:.2f} to "
            f"{high:.2f}), 30 days after the end {result.later_per_ul:.0f} "
            f"(x {result.later_ratio_frac[1]:.2f})"
        )
