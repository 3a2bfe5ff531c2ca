"""The options that every command with a source of dose shares, and what is read with them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.dose.survey import DoseSurvey, SurveyOptions

__all__ = ["AcceptOption", "FractionsOption", "MapOption", "read_pairs", "survey_of"]

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
        help="Delivered fractions of a course of the doses, such as C1=4. May be repeated.",
    ),
]  # fmt: skip

_T = TypeVar("_T")
_COUNT = re.compile(r"\d{1,3}")


def survey_of(
    source: Path,
    *,
    case: "Case | None" = None,
    map_file: Path | None = None,
    accept: Sequence[str] | None = None,
    fractions: Sequence[str] | None = None,
    options: "SurveyOptions | None" = None,
) -> "DoseSurvey":
    """Return the survey of a folder, zip or file of DICOM objects.

    ``options`` has what else was chosen; what a person accepted, stated or mapped is added to it.
    """
    from abscope.dose.lesion_map import read_lesion_map
    from abscope.dose.survey import SurveyOptions, survey_dose

    reasons = read_pairs("--accept", accept or (), "CODE=REASON", str)
    counts = read_pairs("--fractions", fractions or (), "COURSE=N, N a whole number", _count)
    chosen = read_lesion_map(map_file) if map_file is not None else None
    asked = replace(
        options or SurveyOptions(),
        accepted=reasons,
        delivered=counts,
        organs=chosen.organs if chosen else {},
    )
    return survey_dose(source, case=case, chosen=chosen, options=asked)


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


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError
    return int(text)
