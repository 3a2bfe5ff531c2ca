"""``abscope export CASE``: the model of a case as SBML, with measurements and priors as PEtab."""

from pathlib import Path
from typing import Annotated, Any

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
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

__all__ = ["export"]

_SbmlOption = Annotated[
    Path | None,
    typer.Option(
        "--sbml", metavar="FILE", help="Write the model to this file, in SBML Level 3.",
        show_default=False,
    ),
]  # fmt: skip
_PetabOption = Annotated[
    Path | None,
    typer.Option(
        "--petab", metavar="DIR",
        help="Write model, measurements and priors to this folder, in PEtab 2.",
        show_default=False,
    ),
]  # fmt: skip
_SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed", help="Draw what is not known; without it, the middle of every prior.",
        show_default=False,
    ),
]  # fmt: skip
_DrawOption = Annotated[int, typer.Option("--draw", help="Which draw of the seed, from 1.")]


def export(  # noqa: PLR0913 - the options of the command line
    case: CaseArgument,
    sbml: _SbmlOption = None,
    petab: _PetabOption = None,
    model: ModelOption = CORE,
    homing: HomingOption = "lesion",
    seed: _SeedOption = None,
    draw: _DrawOption = 1,
    without: WithoutOption = None,
    drop: DropOption = None,
    dose: DoseOption = None,
    map_file: MapOption = None,
    organs: OrgansOption = None,
    fractions: FractionsOption = None,
    registration: RegistrationOption = None,
    accept: AcceptOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the model of a case for other tools: SBML to simulate it, PEtab to fit it.

    Every fraction and infusion is an event at its time. Research use only.
    """
    from abscope.case.files import write_files
    from abscope.case.shelf import open_case
    from abscope.io.petab import petab_files
    from abscope.model.expectation_rows import switches_without
    from abscope.model.export import ExportOptions, export_case, petab_of

    _check(sbml, petab, model)
    stated = Stated(map_file, fractions, registration, accept)
    refuse_without_dose("abscope export", dose, stated)
    located = open_case(case)
    options = ExportOptions(
        seed=seed,
        draw=draw,
        homing=homing,  # type: ignore[arg-type]
        switches=switches_without(tuple(without or ())),
        without=tuple(drop or ()),
    )
    planned, doses = doses_of_case(located.case, dose=dose, organs=organs, stated=stated)
    found = export_case(planned, options=options, doses=doses)
    contents: dict[Path, str | bytes] = {}
    if petab is not None:
        contents |= {petab / name: text for name, text in petab_files(petab_of(found)).items()}
    if sbml is not None:
        contents[sbml] = found.sbml.text
    write_files(contents, force=force, folder=petab)
    written = [str(path) for path in contents]
    facts: dict[str, Any] = {
        "case": located.case.id,
        "file": located.name,
        "model": model,
        "time_zero_d": found.sbml.start,
        "lesions": [lesion.id for lesion in found.patient.lesions],
        "written": written,
        "unknowns": list(found.patient.unknowns),
    }
    answer(facts, lambda: _lines(facts), as_json=as_json)


def _check(sbml: Path | None, petab: Path | None, model: str) -> None:
    if sbml is None and petab is None:
        raise UsageError(
            Problem(
                "abscope export", "nothing to write", "--sbml FILE or --petab DIR, or both",
                "Name a file or a folder.",
            )
        )  # fmt: skip
    check_model(model)


def _lines(facts: dict[str, Any]) -> list[str]:
    lesions = len(facts["lesions"])
    return [
        f"{facts['case']}: {facts['model']}, {lesions} lesions; research use only",
        f"time 0 of the model is day {facts['time_zero_d']:g} of the case",
        *(f"{path}: written" for path in facts["written"]),
        f"{len(facts['unknowns'])} things are not known; the notes of the model list them",
    ]
