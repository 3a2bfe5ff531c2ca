"""The table of time points that somebody has already adjudicated: one row per visit."""

import datetime
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from abscope.io.columns import (
    Column,
    choice,
    iso_date,
    match_header,
    read_cells,
    text,
)
from abscope.io.delimited import MAX_LINES, open_delimited, refuse_file
from abscope.io.faults import Faults

__all__ = [
    "CRITERIA", "RESPONSES", "TimepointRow", "TimepointTable", "read_timepoint_table",
    "timepoint_columns",
]  # fmt: skip

#: Criteria of a row and the overall responses that they have.
RESPONSES: dict[str, tuple[str, ...]] = {
    "RECIST": ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "NED", "ND"),
    "iRECIST": ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iUPD", "iCPD", "NE", "NED", "ND"),
}
CRITERIA = tuple(RESPONSES)
_SYNONYMS = {"recist_1.1": "RECIST", "recist1.1": "RECIST"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimepointRow:
    """The overall response of one visit.

    ``reference`` is the start of treatment or randomization, from which SD counts; ``death`` and
    ``new_therapy`` are the events of the subject. None where the table does not say.
    """

    file: str
    row: int
    subject: str
    reader: str
    criteria: str
    visit: str
    date: datetime.date
    response: str
    reference: datetime.date | None
    death: datetime.date | None
    new_therapy: datetime.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimepointTable:
    """All rows of a table of time points; ``ignored_columns`` were not read."""

    file: str
    rows: tuple[TimepointRow, ...]
    ignored_columns: tuple[str, ...]


def timepoint_columns(*, readers: Iterable[str] | None = None) -> tuple[Column, ...]:
    """Return the columns of a table of time points; ``readers`` limits the names of readers."""
    words = dict.fromkeys(word for words in RESPONSES.values() for word in words)
    return (
        Column("subject", text, declared=True, filled=True),
        Column("date", iso_date, declared=True, filled=True),
        Column("response", choice(*words), declared=True, filled=True),
        Column("visit", text),
        Column("reader", text if readers is None else choice(*readers)),
        Column("criteria", choice(*CRITERIA, synonyms=_SYNONYMS)),
        Column("reference", iso_date),
        Column("death", iso_date),
        Column("new_therapy", iso_date),
    )


def read_timepoint_table(
    path: str | os.PathLike[str],
    *,
    readers: Iterable[str] | None = None,
    max_rows: int = MAX_LINES,
) -> TimepointTable:
    """Return the rows of a table of adjudicated time points (CSV in UTF-8, plain or gzipped).

    A row without ``criteria`` belongs to iRECIST where its response exists only there, else to
    RECIST; one without ``visit`` is named by its date. ``readers`` limits the names of readers.
    Rows need not be sorted; two responses on one date are a choice of whoever derives from them.

    Raises:
        UsageError: There is no readable file of this name.
        TableError: Every bad cell, row and column of the table, each at file:row:column.
    """
    file = os.fspath(path)
    faults = Faults(file)
    rows: list[TimepointRow] = []
    n_rows = 0
    with open_delimited(path, max_lines=max_rows) as table:
        wanted = timepoint_columns(readers=readers)
        columns, ignored = match_header(table, wanted, faults=faults)
        faults.refuse(n_rows=0)
        for line, values, sound in read_cells(table, columns, faults=faults):
            n_rows += 1
            if sound:
                rows.append(_row(file, line, values))
    if not n_rows:
        raise refuse_file(
            file, "the table has a header but no rows", "at least one row", "Export it again."
        )
    _check(rows, faults)
    faults.refuse(n_rows=n_rows)
    return TimepointTable(file=file, rows=tuple(rows), ignored_columns=ignored)


def _row(file: str, line: int, values: dict[str, Any]) -> TimepointRow:
    get = values.get
    only_immune = get("response") not in RESPONSES["RECIST"]
    return TimepointRow(
        file=file,
        row=line,
        subject=values["subject"],
        reader=get("reader") or "investigator",
        criteria=get("criteria") or ("iRECIST" if only_immune else "RECIST"),
        visit=get("visit") or values["date"].isoformat(),
        date=values["date"],
        response=values["response"],
        reference=get("reference"),
        death=get("death"),
        new_therapy=get("new_therapy"),
    )


def _check(rows: Sequence[TimepointRow], faults: Faults) -> None:
    spelled: dict[str, TimepointRow] = {}
    told: set[str] = set()
    for row in rows:
        first = spelled.setdefault(row.subject.casefold(), row)
        if first.subject != row.subject and row.subject not in told:
            told.add(row.subject)
            faults.add(
                row.row, "subject", what=f"'{row.subject}' differs from '{first.subject}' (row "
                f"{first.row}) only in case", expected="one spelling of each subject",
                action="Write both alike.",
            )  # fmt: skip
        if row.response not in RESPONSES[row.criteria]:
            faults.add(
                row.row, "response", what=f"'{row.response}' is no response of {row.criteria}",
                expected="one of " + ", ".join(RESPONSES[row.criteria]),
                action="Correct the response or the criteria.",
            )  # fmt: skip
    subjects: dict[str, dict[str, TimepointRow]] = {}
    for row in rows:
        _check_events(row, subjects.setdefault(row.subject, {}), faults)


def _check_events(row: TimepointRow, known: dict[str, TimepointRow], faults: Faults) -> None:
    """Add dates of the subject that contradict an earlier row, and a visit after death."""
    for event in ("reference", "death", "new_therapy"):
        value = getattr(row, event)
        first = known.setdefault(event, row) if value is not None else None
        if first is not None and (before := getattr(first, event)) != value:
            faults.add(
                row.row, event, what=f"{value}, but row {first.row} of the same subject says "
                f"{before}", expected="one value per subject", action="Correct one of the two.",
            )  # fmt: skip
    if row.death is not None and row.date > row.death:
        faults.add(
            row.row, "date", what=f"{row.date} is after death ({row.death})",
            expected="no time point after death", action="Correct one of the two.",
        )  # fmt: skip
