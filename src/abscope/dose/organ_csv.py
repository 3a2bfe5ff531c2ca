"""Organ doses from a CSV table, and back: mean doses or histograms, every wrong row told at once.

One row per organ and course (``organ,mean_gy,n_fractions,...``), or one row per dose level of an
organ (``organ,dose_gy,volume_ml,n_fractions,...``). The columns:

======================== ==========================================================================
organ                    a name of the catalog, one of its spellings, or ``remainder``
mean_gy                  mean dose of the organ, all fractions of the course together
mean_per_fraction_gy     the same, one fraction
dose_gy                  a dose level of the organ, all fractions together; needs volume_ml
dose_per_fraction_gy     the same, one fraction; needs volume_ml
volume_ml                volume at that dose level; beside a mean: volume of the organ, may be empty
n_fractions              number of fractions of the course
course                   name of the course; empty for a single one
beam_on_time_s           beam-on time of one fraction, empty where it is not known
covered_frac             share of the organ that the dose is known of; 1 where it is not given
sides                    both, left or right; both where it is not given
roi_name                 region that the organ was in the plan
integral_dose_gy_ml      compared with the other columns where it is given
======================== ==========================================================================

Exactly one of the four dose columns is there. A mean without a volume has NaN as volume and as
integral dose; `abscope.dose.organ_rows.volume_shares_frac` gives shares that need no volume.
"""

import csv
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

import numpy as np

from abscope.case.files import read_text
from abscope.dose.organ_cells import (
    CellFault,
    dose_cell,
    fractions_cell,
    number_cell,
    organ_cell,
    shown,
    sides_cell,
    text_cell,
)
from abscope.dose.results import OrganDose, Sides
from abscope.errors import CaseError, Problem, TableError

__all__ = ["DOSE_COLUMNS", "OTHER_COLUMNS", "read_organ_table"]

#: One of these has the dose; whether it is of one fraction, and whether it is a mean.
DOSE_COLUMNS = {
    "mean_gy": (False, True),
    "mean_per_fraction_gy": (True, True),
    "dose_gy": (False, False),
    "dose_per_fraction_gy": (True, False),
}
OTHER_COLUMNS = (
    "organ", "volume_ml", "n_fractions", "course", "beam_on_time_s", "covered_frac", "sides",
    "roi_name", "integral_dose_gy_ml",
)  # fmt: skip

#: Above these the number is a wrong unit or column, in Gy per fraction, s and ml.
_HIGHEST_MEAN_GY = 40.0
_HIGHEST_DOSE_GY = 200.0
_LONGEST_S = 14_400.0
_LARGEST_ML = 300_000.0
_SHOWN = 50
_ROUNDING = 5e-3


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    organ: str
    course: str
    roi_name: str
    n_fractions: int
    per_fraction_gy: float
    volume_ml: float
    time_s: float | None
    covered: float
    sides: Sides
    integral: float | None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns are, which one has the dose, and the number of fractions from outside."""

    place: dict[str, int]
    dose: str
    n_fractions: int | None

    @property
    def each(self) -> bool:
        """Whether the dose is that of one fraction."""
        return DOSE_COLUMNS[self.dose][0]

    @property
    def mean(self) -> bool:
        """Whether the dose is the mean of the organ."""
        return DOSE_COLUMNS[self.dose][1]


def read_organ_table(path: str | Path, *, n_fractions: int | None = None) -> tuple[OrganDose, ...]:
    """Return the organ doses of a CSV file in its order, one per organ and course.

    The columns are told in the module docstring; comma, semicolon or tab separate them.
    ``n_fractions`` serves where the table has no such column. Doses are per fraction in the
    result, whatever the table has. The same organ twice in a course, a name that is no organ (the
    nearest are named, never taken), a dose below 0 or of more than 200 Gy per fraction (40 Gy as
    a mean of an organ), a beam-on time of 0, and courses that contradict themselves are refused.

    Raises UsageError where there is no such file, TableError with every wrong row (the first 50
    are shown).
    """
    name = os.fspath(path)
    try:
        lines = list(StringIO(read_text(path), newline=""))
    except CaseError as error:
        raise TableError(error.problems) from None
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        what = "the table is empty"
        raise TableError(Problem(name, what, "a header and at least one row", "Export it again."))
    delimiter = max(",;\t", key=lines[start].count)
    layout = _layout(name, start + 1, lines[start], delimiter, n_fractions)
    problems: list[Problem] = []
    rows: list[_Row] = []
    for line, cells in _cells(name, lines, start, delimiter):
        try:
            rows.append(_row(line, cells, layout))
        except CellFault as wrong:
            problems.append(Problem(f"{name}:{line}", *wrong.parts, path=wrong.column))
    groups = _groups(name, rows, layout, problems)
    if not rows and not problems:
        what = "the table has a header and no rows"
        problems.append(Problem(name, what, "at least one row", "Export it again."))
    if problems:
        raise TableError(_first(name, problems))
    return tuple(_organ(group) for group in groups)


def _cells(
    name: str, lines: list[str], start: int, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that is not blank with the line it ends on."""
    reader = csv.reader(lines[start + 1 :], delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            place = f"{name}:{start + 1 + reader.line_num}"
            what = f"the row cannot be split ({error})"
            raise TableError(
                Problem(place, what, "evenly quoted rows", "Close the quotation mark.")
            ) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield start + 1 + reader.line_num, cells


def _layout(name: str, line: int, header: str, delimiter: str, n_fractions: int | None) -> _Layout:
    words = [
        "_".join(cell.strip().strip('"').casefold().replace("-", " ").split())
        for cell in header.split(delimiter)
    ]
    known = (*DOSE_COLUMNS, *OTHER_COLUMNS)
    where = f"{name}:{line}"
    problems = []
    for word in words:
        if word not in known:
            close = get_close_matches(word, known, n=1, cutoff=0.5)
            action = f"Did you mean {close[0]}?" if close else "Remove the column."
            what = f"column '{shown(word)}' is not known"
            problems.append(Problem(where, what, f"columns of {', '.join(known)}", action))
    if twice := sorted({word for word in words if words.count(word) > 1 and word in known}):
        what = f"column {', '.join(twice)} is there twice"
        problems.append(Problem(where, what, "each column once", "Remove one."))
    doses = [word for word in dict.fromkeys(words) if word in DOSE_COLUMNS]
    if "organ" not in words:
        problems.append(Problem(where, "there is no column organ", "organ", "Add it."))
    if len(doses) != 1:
        what = f"{' and '.join(doses)} are both there" if doses else "there is no column of doses"
        expected = f"exactly one of {', '.join(DOSE_COLUMNS)}"
        problems.append(Problem(where, what, expected, "Keep the one that was computed."))
    elif not DOSE_COLUMNS[doses[0]][1] and "volume_ml" not in words:
        what = f"{doses[0]} has no volume_ml beside it"
        action = "Add it, or name the column mean_gy if it is the mean of the organ."
        problems.append(Problem(where, what, "the volume at each dose", action))
    if "n_fractions" not in words and n_fractions is None:
        what = "the number of fractions is not told"
        action = "Add n_fractions; it is 1 where the doses are of one single fraction."
        problems.append(Problem(where, what, "a column n_fractions", action))
    if problems:
        raise TableError(problems)
    return _Layout({word: i for i, word in enumerate(words)}, doses[0], n_fractions)


def _row(line: int, cells: list[str], layout: _Layout) -> _Row:
    if len(cells) != len(layout.place):
        what, expected = f"{len(cells)} cells", f"{len(layout.place)} as in the header"
        raise CellFault("", what, expected, "Quote a name with the separator in it.")
    found = {column: cells[i].strip() for column, i in layout.place.items()}
    n = fractions_cell(found.get("n_fractions", ""), layout.n_fractions)
    top = _HIGHEST_MEAN_GY if layout.mean else _HIGHEST_DOSE_GY
    dose = dose_cell(layout.dose, found[layout.dose], n=1 if layout.each else n, top_gy=top)
    volume = number_cell("volume_ml", found.get("volume_ml", ""), low=0.0, high=_LARGEST_ML)
    if volume is None and not layout.mean:
        raise CellFault("volume_ml", "no volume", "the volume at this dose", "Fill the cell.")
    covered = number_cell("covered_frac", found.get("covered_frac", ""), low=0.0, high=1.0)
    return _Row(
        line,
        organ_cell(found["organ"]),
        text_cell("course", found.get("course", "")),
        text_cell("roi_name", found.get("roi_name", "")),
        n,
        dose,
        math.nan if volume is None else volume,
        number_cell("beam_on_time_s", found.get("beam_on_time_s", ""), low=0.0, high=_LONGEST_S),
        1.0 if covered is None else covered,
        sides_cell(found.get("sides", "")),
        number_cell("integral_dose_gy_ml", found.get("integral_dose_gy_ml", ""), low=-1.0),
    )


def _groups(
    name: str, rows: list[_Row], layout: _Layout, problems: list[Problem]
) -> list[list[_Row]]:
    """Return the rows of each organ and course; add what contradicts itself to the problems."""
    groups: dict[tuple[str, str], list[_Row]] = {}
    last: tuple[str, str] | None = None
    for row in rows:
        key = (row.course, row.organ)
        if key in groups and (layout.mean or key != last):
            first = groups[key][0].line
            what = f"{row.organ} is there again (first in line {first})"
            action = "Merge left and right or parts into one dose, weighted by volume."
            problems.append(
                Problem(f"{name}:{row.line}", what, "each organ once per course", action, "organ")
            )
            continue
        groups.setdefault(key, []).append(row)
        last = key
    _compare(name, rows, problems)
    for group in groups.values():
        problems += _integral_problems(name, group)
    return list(groups.values())


def _compare(name: str, rows: list[_Row], problems: list[Problem]) -> None:
    """A course has one number of fractions and one beam-on time, an organ one covered share."""
    seen: dict[tuple[str, ...], tuple[float | None, int]] = {}
    for row in rows:
        told: dict[tuple[str, ...], float | None] = {
            ("n_fractions", row.course): row.n_fractions,
            ("beam_on_time_s", row.course): row.time_s,
            ("covered_frac", row.course, row.organ): row.covered,
        }
        for key, value in told.items():
            first, line = seen.setdefault(key, (value, row.line))
            if value != first:
                what = f"{key[0]} is {_said(value)}, but {_said(first)} in line {line}"
                expected = "one value for the organ" if len(key) > 2 else "one for the course"
                place = f"{name}:{row.line}"
                problems.append(Problem(place, what, expected, "Correct one of them.", key[0]))


def _said(value: float | None) -> str:
    return "empty" if value is None else f"{value:g}"


def _integral_problems(name: str, group: list[_Row]) -> list[Problem]:
    told = group[0].integral
    volume = sum(row.volume_ml for row in group)
    found = sum(row.volume_ml * row.per_fraction_gy for row in group) * group[0].n_fractions
    if told is None or math.isnan(found) or abs(told - found) <= _ROUNDING * max(found, volume):
        return []
    what = f"integral_dose_gy_ml is {told:g}, but dose times volume {found:g} Gy ml"
    where = f"{name}:{group[0].line}"
    action = "Is the volume in mm3, or the dose in cGy?"
    return [Problem(where, what, "their product", action, "integral_dose_gy_ml")]


def _organ(rows: list[_Row]) -> OrganDose:
    ordered = sorted(rows, key=lambda row: row.per_fraction_gy)
    dose = np.array([row.per_fraction_gy for row in ordered])
    volume = np.array([row.volume_ml for row in ordered])
    first = rows[0]
    return OrganDose(
        organ=first.organ,
        roi_name=first.roi_name,
        course=first.course,
        n_fractions=first.n_fractions,
        beam_on_time_s=first.time_s,
        dose_per_fraction_gy=dose,
        volume_ml=volume,
        covered_frac=first.covered,
        integral_dose_gy_ml=float(dose @ volume) * first.n_fractions,
        sides=first.sides,
    )


def _first(name: str, problems: list[Problem]) -> list[Problem]:
    """Return the first problems in the order of the lines, and how many more there are."""
    problems = sorted(problems, key=_line)
    more = len(problems) - _SHOWN
    if more <= 0:
        return problems
    what = f"and {more:,} more problems"
    action = "Correct these first; a wrong column often explains them all."
    return [*problems[:_SHOWN], Problem(name, what, "a table without problems", action)]


def _line(problem: Problem) -> int:
    end = problem.where.rpartition(":")[2]
    return int(end) if end.isdigit() else 0
