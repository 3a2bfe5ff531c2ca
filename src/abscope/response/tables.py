"""Rows of flat tables as the records that the criteria read.

A row is any object with the attributes of `_LesionRow` or `TimepointLike`; this module knows
no file. Day 0 of a subject is the earliest baseline date of any reader, or the day 0 of the table.
"""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from abscope.errors import Problem, ProtocolError
from abscope.response.records import LesionBaseline, Measurement, NewLesion, PatientRecord, Visit
from abscope.response.timepoint_rows import Assessment

__all__ = ["TimepointLike", "assessments", "dates_by_subject", "patient_records"]


class _LesionRow(Protocol):
    """One lesion at one visit; None where the table says nothing.

    Words are those of `abscope.response.records`; ``certainty`` is unequivocal, equivocal or
    dismissed, for a non-target lesion unequivocal growth.
    """

    @property
    def file(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def reader(self) -> str: ...
    @property
    def visit(self) -> str: ...
    @property
    def lesion(self) -> str: ...
    @property
    def role(self) -> Any: ...
    @property
    def date(self) -> datetime.date | None: ...
    @property
    def day_d(self) -> float | None: ...
    @property
    def baseline(self) -> bool | None: ...
    @property
    def organ(self) -> str | None: ...
    @property
    def kind(self) -> Any: ...
    @property
    def state(self) -> Any: ...
    @property
    def diameter_mm(self) -> Decimal | None: ...
    @property
    def short_axis_mm(self) -> Decimal | None: ...
    @property
    def soft_tissue_mm(self) -> Decimal | None: ...
    @property
    def fragments_mm(self) -> tuple[Decimal, ...]: ...
    @property
    def slice_mm(self) -> Decimal | None: ...
    @property
    def merged_with(self) -> str | None: ...
    @property
    def certainty(self) -> Any: ...
    @property
    def increased(self) -> bool | None: ...
    @property
    def method(self) -> Any: ...
    @property
    def treated_locally(self) -> bool | None: ...
    @property
    def previously_irradiated(self) -> bool | None: ...
    @property
    def progressed_since(self) -> bool | None: ...
    @property
    def markers_normal(self) -> bool | None: ...
    @property
    def for_symptoms(self) -> bool | None: ...
    @property
    def clinically_stable(self) -> bool | None: ...
    @property
    def stated_target(self) -> str | None: ...
    @property
    def stated_nontarget(self) -> Any: ...
    @property
    def stated_overall(self) -> str | None: ...
    @property
    def reference(self) -> Any: ...
    @property
    def death(self) -> Any: ...
    @property
    def new_therapy(self) -> Any: ...


class TimepointLike(Protocol):
    """The adjudicated response of one visit, as a table gives it."""

    @property
    def file(self) -> str:
        """The name of the file."""

    @property
    def row(self) -> int:
        """The row in the file."""

    @property
    def subject(self) -> str:
        """The subject."""

    @property
    def reader(self) -> str:
        """Whose reading it is."""

    @property
    def criteria(self) -> str:
        """RECIST or iRECIST."""

    @property
    def date(self) -> datetime.date:
        """The date of the assessment."""

    @property
    def response(self) -> str:
        """The response."""

    @property
    def reference(self) -> datetime.date | None:
        """The day from which stable disease counts."""

    @property
    def death(self) -> datetime.date | None:
        """The date of death."""

    @property
    def new_therapy(self) -> datetime.date | None:
        """The start of a new anticancer therapy."""


def patient_records(
    rows: Iterable[_LesionRow], *, sizes_checked: bool = False
) -> tuple[PatientRecord, ...]:
    """Return one record per subject and reader, in the order of their first rows.

    The baseline is the visit flagged as such, else the first one. Without a reference date times
    run from the baseline. ``sizes_checked`` says that a tenfold step between two sizes is real.
    """
    groups: dict[tuple[str, str], list[_LesionRow]] = {}
    events: dict[str, dict[str, Any]] = {}
    for row in rows:
        groups.setdefault((row.subject, row.reader), []).append(row)
        known = events.setdefault(row.subject, {})
        for name in ("reference", "death", "new_therapy"):
            if getattr(row, name) is not None:
                known[name] = getattr(row, name)
    zeros: dict[str, datetime.date] = {}
    for (subject, _), found in groups.items():
        start = found[0] if (flagged := _flagged(found)) is None else flagged
        if start.date is not None:
            zeros[subject] = min(zeros.get(subject, start.date), start.date)
    return tuple(
        _record(found, zeros.get(subject), events[subject], sizes_checked)
        for (subject, _), found in groups.items()
    )


def _flagged(rows: Sequence[_LesionRow]) -> _LesionRow | None:
    return next((row for row in rows if row.baseline), None)


def _record(
    rows: Sequence[_LesionRow],
    zero: datetime.date | None,
    events: dict[str, Any],
    sizes_checked: bool,
) -> PatientRecord:
    visits: dict[str, list[_LesionRow]] = {}
    for row in rows:
        visits.setdefault(row.visit, []).append(row)
    start = (_flagged(rows) or rows[0]).visit
    baseline = visits.pop(start)
    days = {name: _day(value, zero) for name, value in events.items()}
    first_seen: set[str] = set()
    baseline_d = _row_day(baseline[0], zero)
    return PatientRecord(
        subject=rows[0].subject,
        reader=rows[0].reader,
        lesions=tuple(_lesion(row) for row in baseline),
        visits=tuple(_visit(found, zero, first_seen) for found in visits.values()),
        baseline_d=baseline_d,
        reference_d=days.get("reference", baseline_d),
        death_d=days.get("death"),
        new_therapy_d=days.get("new_therapy"),
        markers_elevated=_said(baseline, "markers_normal") is False,
        day_zero=zero,
        sizes_checked=sizes_checked,
        source=f"{rows[0].file}:{rows[0].row}",
    )


def _day(value: Any, zero: datetime.date | None) -> float:
    if isinstance(value, datetime.date):
        assert zero is not None
        return float((value - zero).days)
    return float(value)


def _row_day(row: _LesionRow, zero: datetime.date | None) -> float:
    return _day(row.day_d if row.date is None else row.date, zero)


def _said(rows: Iterable[_LesionRow], name: str) -> Any:
    """Return the first value that a row of the visit gives, None where none does."""
    return next((v for v in (getattr(row, name) for row in rows) if v is not None), None)


def _lesion(row: _LesionRow) -> LesionBaseline:
    return LesionBaseline(
        id=row.lesion,
        role=row.role,
        organ=row.organ or "",
        kind=row.kind,
        diameter_mm=row.diameter_mm,
        short_axis_mm=row.short_axis_mm,
        soft_tissue_mm=row.soft_tissue_mm,
        slice_mm=row.slice_mm,
        method=row.method or "CT",
        previously_irradiated=row.previously_irradiated,
        progressed_since=row.progressed_since,
    )


def _visit(rows: Sequence[_LesionRow], zero: datetime.date | None, first_seen: set[str]) -> Visit:
    new = []
    for row in rows:
        if row.role != "new" or (row.lesion in first_seen and row.certainty is None):
            continue
        first_seen.add(row.lesion)
        new.append(
            NewLesion(
                id=row.lesion,
                certainty=row.certainty or "unequivocal",
                measured=row.state == "measured",
                organ=row.organ or "",
                kind=row.kind or "other",
            )
        )
    return Visit(
        id=rows[0].visit,
        day_d=_row_day(rows[0], zero),
        measurements=tuple(_measurement(row) for row in rows),
        new_lesions=tuple(new),
        for_symptoms=bool(_said(rows, "for_symptoms")),
        clinically_stable=_said(rows, "clinically_stable"),
        markers_normal=_said(rows, "markers_normal"),
        stated_target=_said(rows, "stated_target"),
        stated_nontarget=_said(rows, "stated_nontarget"),
        stated_overall=_said(rows, "stated_overall"),
    )


def _measurement(row: _LesionRow) -> Measurement:
    grown = row.role != "target" and row.certainty == "unequivocal" and row.role != "new"
    return Measurement(
        lesion=row.lesion,
        state=row.state,
        diameter_mm=row.diameter_mm,
        short_axis_mm=row.short_axis_mm,
        fragments_mm=row.fragments_mm,
        merged_with=row.merged_with,
        slice_mm=row.slice_mm,
        unequivocal_growth=grown,
        increased=bool(row.increased),
        treated_locally=bool(row.treated_locally),
    )


def assessments(
    rows: Iterable[TimepointLike], *, criteria: str, reader: str
) -> tuple[Assessment, ...]:
    """Return the time points of one reader by one set of criteria, for `best_table`."""
    return tuple(
        Assessment(row.subject, row.date, row.response, f"{row.file}:{row.row}")
        for row in rows
        if row.criteria == criteria and row.reader == reader
    )


def dates_by_subject(rows: Iterable[TimepointLike], *, event: str) -> dict[str, datetime.date]:
    """Return the date of reference, death or new_therapy of each subject that has one.

    Raises:
        ProtocolError: A subject has two dates for the event; each is named with its row.
    """
    found: dict[str, datetime.date] = {}
    problems = []
    for row in rows:
        value = getattr(row, event)
        if value is None:
            continue
        if found.setdefault(row.subject, value) != value:
            problems.append(
                Problem(
                    f"{row.file}:{row.row}", f"{event} of {row.subject} is {value}, before it was "
                    f"{found[row.subject]}", "one date per subject", "Correct one of the two.",
                )
            )  # fmt: skip
    if problems:
        raise ProtocolError(problems)
    return found
