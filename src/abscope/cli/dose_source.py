"""The options that every command with a source of dose shares, and what is read with them."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.dose.dicom.stated_registration import StatedMatrix
    from abscope.dose.results import OrganDose
    from abscope.dose.survey import DoseSurvey, SurveyOptions
    from abscope.model.plan_doses import PlanDoses

__all__ = [
    "AcceptOption", "DoseOption", "FractionsOption", "MapOption", "OrgansOption",
    "RegistrationOption", "Stated", "doses_of_case", "read_pairs", "refuse_without_dose",
    "survey_of",
]  # fmt: skip

DoseOption = Annotated[
    Path | None,
    typer.Option(
        "--dose", metavar="DIR", help="Take the doses from these DICOM objects.",
        show_default=False,
    ),
]  # fmt: skip
OrgansOption = Annotated[
    Path | None,
    typer.Option(
        "--organs", metavar="FILE", help="Take the organ doses of a case from this table (.csv).",
        show_default=False,
    ),
]  # fmt: skip

MapOption = Annotated[
    Path | None,
    typer.Option(
        "--map", metavar="FILE", help="Which region is which lesion, course or organ.",
        show_default=False,
    ),
]  # fmt: skip
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accept", metavar="CODE=REASON", show_default=False,
        help="Accept a refused finding; the reason stays with the result. May be repeated.",
    ),
]  # fmt: skip
FractionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fractions", metavar="COURSE=N", show_default=False,
        help="Delivered fractions of a course of the doses, such as C1=4, or a CSV table of them "
        "with the columns course and fraction. May be repeated.",
    ),
]  # fmt: skip

RegistrationOption = Annotated[
    list[str] | None,
    typer.Option(
        "--registration", metavar="FROM:TO=FILE", show_default=False,
        help="A file with 4 x 4 numbers that carry points of one dose or structure set to another "
        "one; both are named by their files. May be repeated.",
    ),
]  # fmt: skip

_T = TypeVar("_T")
_COUNT = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a person states about a source of dose, as written on the command line."""

    map_file: Path | None = None
    fractions: Sequence[str] | None = None
    registrations: Sequence[str] | None = None
    accept: Sequence[str] | None = None

    def __bool__(self) -> bool:
        """Return whether anything is stated."""
        return any((self.map_file, self.fractions, self.registrations, self.accept))


def survey_of(
    source: Path,
    *,
    stated: Stated,
    case: "Case | None" = None,
    options: "SurveyOptions | None" = None,
) -> "DoseSurvey":
    """Return the survey of a folder, zip or file of DICOM objects.

    ``options`` has what else was chosen; what a person stated is added to it.
    """
    _one_thread_per_product()
    from abscope.dose.lesion_map import read_lesion_map
    from abscope.dose.survey import SurveyOptions, survey_dose

    reasons = read_pairs("--accept", stated.accept or (), "CODE=REASON", str)
    counts = _delivered(stated.fractions or ())
    matrices = _matrices(stated.registrations or ())
    chosen = read_lesion_map(stated.map_file) if stated.map_file is not None else None
    asked = replace(
        options or SurveyOptions(),
        accepted=reasons,
        delivered=counts,
        matrices=matrices,
        organs=chosen.organs if chosen else {},
    )
    return survey_dose(source, case=case, chosen=chosen, options=asked)


def refuse_without_dose(command: str, dose: Path | None, stated: Stated) -> None:
    """Raise UsageError where something is stated about doses that are not named."""
    if dose is None and stated:
        raise UsageError(
            Problem(
                command,
                "--map, --fractions, --registration or --accept without a dose",
                "--dose DIR",
                "Name the folder with the DICOM objects.",
            )
        )


def doses_of_case(
    case: "Case", *, dose: Path | None, organs: Path | None, stated: Stated
) -> "tuple[Case, PlanDoses]":
    """Return the case with its computed exposures, and the doses that stand in place of guesses.

    Organ doses of a table go before those of the plan. Raises DicomError where it is not clear
    which phase of the case a dose is.
    """
    from abscope.errors import DicomError
    from abscope.model.plan_doses import PlanDoses

    rows = _organ_rows(organs) if organs is not None else ()
    if dose is None:
        return case, PlanDoses(organs=rows)
    from abscope.model.plan_of_survey import with_plan_doses  # only here: a second of imports

    survey = survey_of(dose, stated=stated, case=case)
    case, doses = with_plan_doses(case, survey, organs=rows)
    if doses.problems:
        raise DicomError(doses.problems)
    return case, doses


def _organ_rows(path: Path) -> "tuple[OrganDose, ...]":
    from abscope.dose.organ_csv import read_organ_table

    return tuple(read_organ_table(path))


def _one_thread_per_product() -> None:
    """Keep products of small matrices on one thread, where numpy is not loaded yet.

    Regions have threads of their own; more of them inside each product double the time. What a
    person set stays.
    """
    if "numpy" not in sys.modules:
        for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")


def read_pairs(
    option: str, given: Sequence[str], expected: str, read: Callable[[str], _T]
) -> dict[str, _T]:
    """Return NAME=VALUE options as a mapping; UsageError with every one that is no such pair."""
    found: dict[str, _T] = {}
    problems = []
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        try:
            if not (name and sign and value):
                raise ValueError
            if name in found:
                what = f"{name} is given twice"
                problems.append(Problem(option, what, "each name once", "Remove one of them."))
            found[name] = read(value)
        except ValueError:
            problems.append(Problem(option, f"'{text}' is no pair", expected, "Write it so."))
    if problems:
        raise UsageError(problems)
    return found


def _delivered(given: Sequence[str]) -> dict[str, int]:
    """Return delivered fractions by course, from pairs and from tables of fractions."""
    from abscope.dose.delivery import read_fractions

    pairs = [text for text in given if "=" in text or not text.lower().endswith(".csv")]
    counts = read_pairs("--fractions", pairs, "COURSE=N, N a whole number, or a CSV file", _count)
    for name in given:
        if name in pairs:
            continue
        table = read_fractions(name)
        twice = sorted(counts.keys() & table.keys())
        if twice:
            what = f"{', '.join(twice)} is also stated by another --fractions"
            raise UsageError(Problem(name, what, "each course once", "Leave one of them out."))
        counts.update(table)
    return counts


def _matrices(given: Sequence[str]) -> "tuple[StatedMatrix, ...]":
    """Return the matrices of FROM:TO=FILE options."""
    if not given:
        return ()
    from abscope.dose.dicom.stated_registration import StatedMatrix
    from abscope.dose.matrix_file import read_registration

    expected = "FROM:TO=FILE, such as RD2.dcm:RS1.dcm=matrix.txt"
    files = read_pairs("--registration", given, expected, str)
    wrong = [name for name in files if len([part for part in name.split(":") if part]) != 2]
    if wrong:
        raise UsageError(
            Problem("--registration", f"'{name}' is no pair of files", expected, "Write it so.")
            for name in wrong
        )
    found = []
    for name, path in files.items():
        source, target = name.split(":")
        read = read_registration(path, source_frame_uid=source, target_frame_uid=target)
        found.append(StatedMatrix(source, target, read.to_target))
    return tuple(found)


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError
    return int(text)
