"""``abscope report CASE``: the case as one HTML file, its figures as SVG and PNG."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.dose_source import (
    AcceptOption,
    DoseOption,
    FractionsOption,
    MapOption,
    RegistrationOption,
    Stated,
    refuse_without_dose,
    survey_of,
)
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer
from abscope.cli.progress import told
from abscope.cli.run_option import RunOption
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.report.dose_figures import DoseMaterial
    from abscope.report.figures import Figure
    from abscope.report.fit_material import FitMaterial

__all__ = ["report"]

_Page = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where the report goes; without it, the case's id with .html in this folder.",
        show_default=False,
    ),
]
_Figures = Annotated[
    Path | None,
    typer.Option(
        "--figures",
        metavar="DIR",
        help="Also write each figure to this folder, as SVG and PNG; it is made where missing.",
        show_default=False,
    ),
]


def report(  # noqa: PLR0913 - the options of the command line
    case: CaseArgument,
    output: _Page = None,
    figures: _Figures = None,
    dose: DoseOption = None,
    map_file: MapOption = None,
    fractions: FractionsOption = None,
    registration: RegistrationOption = None,
    accept: AcceptOption = None,
    run: RunOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a case as one HTML file.

    The file holds all it needs: it can be sent, printed and read without internet. With --dose it
    shows the dose of each lesion, and the abscopal call rests on it. With --run it shows what a fit
    found, what the changes were due to, and what other treatments would have done.
    """
    stated = Stated(map_file, fractions, registration, accept)
    refuse_without_dose("abscope report", dose, stated)
    from abscope.case.checks import check_case
    from abscope.case.files import write_files
    from abscope.case.shelf import open_case
    from abscope.report.build import build_report
    from abscope.report.figures import figures as draw

    located = open_case(case)
    fit = _fit(located, run)
    material = None
    if dose is not None:
        located, material = _with_dose(located, dose, stated)
    page = output or Path(f"{located.case.id}.html")
    _keep_the_case(case, page)
    contents: dict[Path, str | bytes] = {
        page: build_report(located, check_case(located.case), dose=material, fit=fit),
    }
    if figures is not None:
        drawn = {**draw(located.case), **(material.figures if material else {})}
        for name, figure in {**drawn, **_drawn_of_fit(located, fit)}.items():
            contents[figures / f"{located.case.id}-{name}.svg"] = figure.svg()
            contents[figures / f"{located.case.id}-{name}.png"] = figure.png()
    write_files(contents, force=force, folder=figures)
    answer(
        {
            "case": located.case.id,
            "report": str(page),
            "figures": [str(path) for path in contents if path != page],
        },
        lambda: [f"{path}: written" for path in contents],
        as_json=as_json,
    )


def _fit(located: "LocatedCase", run: Path | None) -> "FitMaterial | None":
    if run is None:
        return None
    from abscope.report.fit_material import fit_material

    with told("report") as tell:
        return fit_material(located, run, progress=tell)


def _drawn_of_fit(located: "LocatedCase", fit: "FitMaterial | None") -> "dict[str, Figure]":
    if fit is None:
        return {}
    from abscope.report.fit_material import fit_figures

    return fit_figures(located.case, fit)


def _with_dose(
    located: "LocatedCase", source: Path, stated: Stated
) -> "tuple[LocatedCase, DoseMaterial]":
    """Return the case with its computed exposures, and what the report shows of them.

    Doses whose phase is not clear are shown, and are not used for what the model expects.
    """
    from abscope.dose.survey import SurveyOptions
    from abscope.model.plan_of_survey import with_plan_doses
    from abscope.report.dose_figures import dose_material

    survey = survey_of(source, stated=stated, case=located.case, options=SurveyOptions(images=True))
    case, doses = with_plan_doses(located.case, survey)
    return replace(located, case=case), replace(dose_material(survey), planned=doses)


def _keep_the_case(case: str, page: Path) -> None:
    """Refuse to write the report over the file it is made from, with --force too."""
    if os.path.exists(case) and os.path.exists(page) and os.path.samefile(case, page):
        raise UsageError(
            Problem(
                str(page),
                "is the case file itself",
                "another name for the report",
                "Give the report a name that ends in .html.",
            )
        )
