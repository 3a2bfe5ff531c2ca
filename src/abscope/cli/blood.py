"""``abscope blood CASE|ORGANS.csv``: what radiation does to the blood and the lymphocytes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.blood_text import blood_lines
from abscope.cli.dose_source import DoseOption, OrgansOption
from abscope.cli.options import ForceOption, JsonOption
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.blood.alc.what_if import Scenario
    from abscope.blood.doses import Tier
    from abscope.blood.forecast import Forecast, ForecastOptions
    from abscope.blood.planned import PlannedDose
    from abscope.catalog.circulation import Sex
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
    str | None,
    typer.Option(
        "--sex", help="For a table: circulation of the reference female or male.",
        show_default=False,
    ),
]  # fmt: skip
_SubsetsOption = Annotated[
    bool, typer.Option("--subsets", help="Also CD4, CD8, B and NK cells, with their range.")
]
_MixOption = Annotated[
    float | None,
    typer.Option(
        "--tau-mix-s", metavar="SECONDS",
        help="Time after which blood is at a new place of its organ: 0 mixes at once, inf never. "
        "Without it every draw lies between the two.",
        show_default=False,
    ),
]  # fmt: skip
_PlateauOption = Annotated[
    bool,
    typer.Option("--plateau-by-dose", help="Lower the plateau with dose of marrow and thymus."),
]
_CirculationOption = Annotated[
    Path | None,
    typer.Option(
        "--circulation", metavar="FILE",
        help="Entries (.toml) that differ from the circulation of the reference adult.",
        show_default=False,
    ),
]  # fmt: skip
_OutputOption = Annotated[
    float | None,
    typer.Option(
        "--cardiac-output-l-per-min", help="Cardiac output of the patient.", show_default=False
    ),
]
_VolumeOption = Annotated[
    float | None,
    typer.Option("--blood-volume-l", help="Blood volume of the patient.", show_default=False),
]
_DrawsOption = Annotated[int, typer.Option("--draws", help="Draws of the sampler.")]
_SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the sampler.")]


_NO_SEX = "sex is not told (--sex): the circulation of the reference woman is used"


def blood(  # noqa: PLR0913 - the options of the command line
    case: _Target,
    dose: DoseOption = None,
    organs: OrgansOption = None,
    count: _CountOption = None,
    sex: _SexOption = None,
    figures: _FiguresOption = None,
    beam_time_s: _BeamOption = None,
    fractions: _FractionsOption = None,
    sites: _SitesOption = None,
    spare: _SpareOption = None,
    subsets: _SubsetsOption = False,
    tau_mix_s: _MixOption = None,
    plateau_by_dose: _PlateauOption = False,
    circulation: _CirculationOption = None,
    blood_volume_l: _VolumeOption = None,
    cardiac_output_l_per_min: _OutputOption = None,
    draws: _DrawsOption = 2000,
    seed: _SeedOption = 1,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute blood dose and lymphocytes over time, with bands and what the counts cannot tell.

    A case without a plan gets organ doses guessed from its sites, and says so. Every what-if
    option is compared with the treatment as it was.
    """
    from abscope.blood.circulation import patient_network
    from abscope.blood.forecast import ForecastOptions
    from abscope.blood.result_rows import plain_forecast

    options = ForecastOptions(
        n_draws=_in_range("--draws", draws, 500, 50_000),
        seed=_in_range("--seed", seed, 0, 2**31),
        scenarios=_scenarios(beam_time_s, fractions, sites, spare or ()),
        subsets=subsets,
        tau_mix_s=tau_mix_s,
        plateau_by_dose=plateau_by_dose,
    )
    _check_sources(case, (dose, organs), count, sex)
    if tau_mix_s is not None and not tau_mix_s >= 0:
        raise UsageError(Problem("--tau-mix-s", f"{tau_mix_s:g}", "0 to inf", "Choose another."))
    if circulation or blood_volume_l is not None or cardiac_output_l_per_min is not None:
        body = patient_network(
            _sex_of(case, sex),
            blood_volume_l=blood_volume_l,
            cardiac_output_l_per_min=cardiac_output_l_per_min,
            edits=circulation,
        )
        options = replace(options, network=body)
    name, planned, found = _forecast(case, (dose, organs), (count or (), sex), options)
    written = _draw(name, planned, found, folder=figures, force=force, options=options)
    answer(
        {"case": name, **plain_forecast(found), "written": written},
        lambda: (*blood_lines(name, found), *(f"{path}: written" for path in written)),
        as_json=as_json,
    )


def _sex_of(case: str, sex: str | None) -> "Sex":
    """Return the sex of the circulation: of the case, or as told for a table."""
    from abscope.blood.case_forecast import circulation_sex
    from abscope.case.shelf import open_case

    if not case.lower().endswith(".csv"):
        return circulation_sex(open_case(case).case)[0]
    return "male" if sex == "male" else "female"


def _check_sources(
    case: str,
    sources: tuple[Path | None, Path | None],
    count: Sequence[str] | None,
    sex: str | None,
) -> None:
    dose, organs = sources
    is_table = case.lower().endswith(".csv")
    wrong = None
    if dose is not None and organs is not None:
        wrong = ("both --dose and --organs are given", "one source of organ doses")
    elif is_table and (dose is not None or organs is not None):
        wrong = ("a table of organ doses and another source of them", "one source")
    elif sex is not None and sex not in ("female", "male"):
        wrong = (f"--sex {sex}", "female or male")
    elif sex is not None and not is_table:
        wrong = ("--sex beside a case", "the sex under patient of the case")
    elif count and not is_table:
        wrong = ("--count beside a case", "the counts under labs of the case")
    if wrong is not None:
        raise UsageError(Problem("abscope blood", *wrong, "Leave one out."))


def _forecast(
    case: str,
    sources: tuple[Path | None, Path | None],
    of_table: tuple[Sequence[str], str | None],
    options: "ForecastOptions",
) -> tuple[str, "tuple[PlannedDose, ...]", "Forecast"]:
    from abscope.blood.alc.counts import counts_of_days
    from abscope.blood.case_forecast import forecast_case, planned_of_table
    from abscope.blood.forecast import forecast
    from abscope.case.shelf import open_case
    from abscope.dose.organ_csv import read_organ_table

    if case.lower().endswith(".csv"):
        planned = planned_of_table(read_organ_table(Path(case)))
        found = forecast(
            planned,
            counts=counts_of_days(of_table[0]),
            sex="male" if of_table[1] == "male" else "female",
            options=options,
            notes=(
                "courses follow each other on weekdays from day 0",
                *([] if of_table[1] else [_NO_SEX]),
            ),
        )
        return Path(case).stem, planned, found
    located = open_case(case)
    rows: Sequence[OrganDose] = ()
    tier: Tier | None = None
    if sources[1] is not None:
        rows = read_organ_table(sources[1])
    elif sources[0] is not None:
        from abscope.blood.study_organs import organs_of_study  # only here: a second of imports

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
    options: "ForecastOptions",
) -> list[str]:
    """Write both figures, all or none; return the names of the files."""
    if folder is None:
        return []
    from abscope.blood.histogram_of_plan import blood_histograms
    from abscope.case.files import write_files
    from abscope.report.blood_curve import blood_curve
    from abscope.report.blood_histogram import blood_histogram

    numbers = [item.n_fractions for item in found.courses]
    flow = options.network or found.sex
    doses = blood_histograms(
        planned, sex=flow, n_fractions=numbers, seed=options.seed, tau_mix_s=options.tau_mix_s or 0
    )
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
        plural = "" if fractions == 1 else "s"
        out.append(Scenario(f"{fractions} fraction{plural} at equal dose", n_fractions=fractions))
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
