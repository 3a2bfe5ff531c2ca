"""The flat lesion table: one row per lesion, visit and reader, as a clinic keeps it.

`docs/reference/tables.md` describes the columns. The table is taken as a whole or not at all; with
``bad_rows="leave_out"`` the patients with a faulty row are left out, counted and listed.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from abscope.errors import Problem
from abscope.io.columns import (
    Column,
    choice,
    iso_date,
    match_header,
    number_of_days,
    read_cells,
    size_mm,
    sizes_mm,
    text,
    yes_or_no,
)
from abscope.io.delimited import MAX_LINES, open_delimited, refuse_file, unify
from abscope.io.faults import CellError, Faults
from abscope.io.lesion_order import check_order
from abscope.io.lesion_rows import KINDS, ROLES, STATES, LesionRow, build_row, contradictions

__all__ = ["READERS", "LesionTable", "lesion_columns", "read_lesion_table"]

#: Whose reading a row can be, where the caller names no other readers.
READERS = ("investigator", "R1", "R2", "adjudicator")

_METHODS = ("CT", "MRI", "PET/CT", "chest_x_ray", "caliper", "other")
_OVERALL = ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "NED")


def _certainty(cell: str) -> str:
    if cell.casefold() == "dismissed":
        return "dismissed"
    try:
        return "unequivocal" if yes_or_no(cell) else "equivocal"
    except CellError as error:
        raise CellError(
            error.what, "yes, no or dismissed", "Say how sure the reader was."
        ) from None


def lesion_columns(*, readers: Iterable[str] = READERS, by_date: bool) -> tuple[Column, ...]:
    """Return the columns of a lesion table; its visits have dates, or days if not ``by_date``."""
    when = iso_date if by_date else number_of_days
    return (
        Column("subject", text, declared=True, filled=True),
        Column("visit", text, declared=True, filled=True),
        Column("date" if by_date else "day", when, declared=True, filled=True),
        Column("lesion", text, declared=True, filled=True),
        Column("role", choice(*ROLES), declared=True, filled=True),
        Column("reader", choice(*readers)),
        Column("baseline", yes_or_no),
        Column("site", text),
        Column("organ", text),
        Column("kind", choice(*KINDS)),
        Column("state", choice(*STATES)),
        Column("diameter_mm", size_mm),
        Column("short_axis_mm", size_mm),
        Column("soft_tissue_mm", size_mm),
        Column("fragments_mm", sizes_mm),
        Column("slice_mm", size_mm),
        Column("merged_with", text),
        Column("unequivocal", _certainty),
        Column("increased", yes_or_no),
        Column("method", choice(*_METHODS)),
        Column("treated_locally", yes_or_no),
        Column("previously_irradiated", yes_or_no),
        Column("progressed_since", yes_or_no),
        Column("markers_normal", yes_or_no),
        Column("for_symptoms", yes_or_no),
        Column("clinically_stable", yes_or_no),
        Column("stated_target", choice("CR", "PR", "SD", "PD", "NE")),
        Column("stated_nontarget", choice("CR", "NON-CR/NON-PD", "PD", "NE")),
        Column("stated_overall", choice(*_OVERALL)),
        Column("reference", when),
        Column("death", when),
        Column("new_therapy", when),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionTable:
    """The rows of a table, and what was not taken.

    ``n_rows`` rows were read; it is always the number of ``rows`` plus that of ``left_out`` (their
    lines). ``problems`` says why rows were left out; ``ignored_columns`` were not read.
    """

    file: str
    rows: tuple[LesionRow, ...]
    n_rows: int
    left_out: tuple[int, ...]
    problems: tuple[Problem, ...]
    ignored_columns: tuple[str, ...]


def read_lesion_table(
    path: str | os.PathLike[str],
    *,
    readers: Iterable[str] = READERS,
    bad_rows: Literal["refuse", "leave_out"] = "refuse",
    sizes_checked: bool = False,
    max_rows: int = MAX_LINES,
) -> LesionTable:
    """Return the rows of a flat lesion table (CSV in UTF-8, plain or gzipped).

    ``readers`` are the names that the column ``reader`` may hold; without the column every row is
    the investigator's. ``bad_rows="leave_out"`` leaves out every row of a subject with a faulty
    row, because the rest of that patient would be judged wrongly. ``sizes_checked`` takes a tenfold
    step between two sizes of a lesion as it is, instead of asking whether one is in cm.

    Raises:
        UsageError: There is no readable file of this name.
        TableError: Every bad cell, row and column of the table, each at file:row:column.
    """
    file = os.fspath(path)
    faults = Faults(file)
    kept: list[LesionRow] = []
    subjects: dict[int, str | None] = {}
    with open_delimited(path, max_lines=max_rows) as table:
        names = set(unify(table.header))
        by_date = "day" not in names
        _one_time_column(names, faults)
        wanted = lesion_columns(readers=readers, by_date=by_date)
        columns, ignored = match_header(table, wanted, faults=faults)
        faults.refuse(n_rows=0)
        for line, values, sound in read_cells(table, columns, faults=faults):
            subjects[line] = values.get("subject")
            if not sound:
                continue
            row = build_row(file, line, values)
            kept.append(row)
            for column, what, expected, action in contradictions(row):
                faults.add(line, column, what=what, expected=expected, action=action)
    if not subjects:
        raise refuse_file(
            file, "the table has a header but no rows", "at least one row", "Export it again."
        )
    check_order(kept, faults=faults, sizes_checked=sizes_checked)
    out = _left_out(subjects, faults) if bad_rows == "leave_out" else frozenset()
    if None in {subjects[line] for line in faults.rows} or not out:
        faults.refuse(n_rows=len(subjects))
    return LesionTable(
        file=file,
        rows=tuple(row for row in kept if row.row not in out),
        n_rows=len(subjects),
        left_out=tuple(sorted(out)),
        problems=faults.problems(n_rows=len(subjects)),
        ignored_columns=ignored,
    )


def _one_time_column(names: set[str], faults: Faults) -> None:
    if {"date", "day"} <= names:
        faults.add(
            1, "day", what="the table has both a date and a day", expected="one of the two",
            action="Remove one column.",
        )  # fmt: skip


def _left_out(subjects: dict[int, str | None], faults: Faults) -> frozenset[int]:
    """Return every row of each subject, in whatever spelling, that has a faulty row."""
    bad = {(subjects[line] or "").casefold() for line in faults.rows}
    return frozenset(
        line for line, name in subjects.items() if name is not None and name.casefold() in bad
    )
