"""Which fractions of a plan were delivered, from treatment records or a table of fractions."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from abscope.case.files import read_text
from abscope.dose.findings import DoseFinding
from abscope.dose.plans import FractionGroup, Plan, TreatmentRecord
from abscope.errors import Problem, TableError

__all__ = ["delivered_fractions", "read_fractions"]

_COLUMNS = ("course", "fraction")


def delivered_fractions(
    plan: Plan | None, *, group: FractionGroup | None, treatments: Sequence[TreatmentRecord]
) -> tuple[int | None, tuple[DoseFinding, ...]]:
    """Return how many fractions of a group were delivered, and what is wrong with the records.

    A fraction counts once, by its number, else by its day; with neither, each session counts. None
    where nothing is recorded. A fraction that lacks a beam of the group is counted and reported.
    """
    if plan is None:
        return None, ()
    beams = set(group.beams) if group else set[int]()
    alone = len(plan.groups) <= 1
    mine = [
        item
        for item in treatments
        if item.plan_uid == plan.uid and (item.beam in beams if item.beam is not None else alone)
    ]
    if not mine:
        return None, ()
    given: dict[tuple[str, int], set[int]] = {}
    for place, item in enumerate(mine):
        key = (
            ("fraction", item.fraction)
            if item.fraction is not None
            else ("day", item.day)
            if item.day is not None
            else ("session", place)
        )
        given.setdefault(key, set()).update(() if item.beam is None else (item.beam,))
    short = [
        f"{kind} {number} lacks beam {', '.join(map(str, sorted(beams - had)))}"
        for (kind, number), had in sorted(given.items())
        if had and beams - had
    ]
    if not short:
        return len(given), ()
    finding = DoseFinding(
        "beams-not-delivered", "warning", "", "; ".join(short[:5]), "every beam in every fraction",
        "These fractions are counted whole; the delivered dose is lower.",
    )  # fmt: skip
    return len(given), (finding,)


def read_fractions(path: str | Path) -> dict[str, int]:
    """Return delivered fractions by course from a CSV table with columns course and fraction.

    One row per delivered fraction; further columns are not read. Raises UsageError where there is
    no file to read, TableError with every row that is wrong.
    """
    return _fractions(read_text(path), name=str(path))


def _fractions(text: str, *, name: str) -> dict[str, int]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    problems: list[Problem] = []
    seen: dict[tuple[str, int], int] = {}
    lacking = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
    if lacking:
        what = f"there is no column {' and no column '.join(lacking)}"
        raise TableError(Problem(f"{name}:1", what, ", ".join(_COLUMNS), "Add it."))
    for row in rows:
        place = f"{name}:{rows.line_num}"
        course, number = (row["course"] or "").strip(), (row["fraction"] or "").strip()
        if not course:
            problems.append(Problem(place, "course is empty", "a course, such as C1", "Name it."))
        if not number.isascii() or not number.isdigit() or int(number) < 1:
            what = f"fraction is '{number}'"
            problems.append(Problem(place, what, "a whole number from 1", "Correct the row."))
        elif course and (course, int(number)) in seen:
            what = f"fraction {number} of {course} stands in line {seen[course, int(number)]} too"
            problems.append(Problem(place, what, "each fraction once", "Remove one of the rows."))
        else:
            seen[course, int(number)] = rows.line_num
    if problems:
        raise TableError(problems)
    if not seen:
        raise TableError(Problem(name, "no fractions", "at least one row", "Add the fractions."))
    return _count(seen)


def _count(seen: Mapping[tuple[str, int], int]) -> dict[str, int]:
    out: dict[str, int] = {}
    for course, _ in seen:
        out[course] = out.get(course, 0) + 1
    return out
