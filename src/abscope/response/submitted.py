"""Patient records from submitted tumor tables (SDTM TU, TR, RS), one per subject and reader.

The rows come as plain objects (`TumorLike`, `ResultLike`, `ResponseLike`); this module knows no
file. Dates may be partial: a visit dated 2014-02 stands at the first day of that month, or one day
after the visit before it, so that order and intervals stay possible.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, Protocol

from abscope.errors import Problem, ProtocolError
from abscope.response.records import (
    LesionBaseline,
    Measurement,
    NewLesion,
    PatientRecord,
    Role,
    State,
    Visit,
)

__all__ = [
    "Reading",
    "ResponseLike",
    "ResultLike",
    "SubmittedVisit",
    "TumorLike",
    "counted_mm",
    "earliest_day",
    "is_node",
    "readings",
    "submitted_records",
]


class _RowLike(Protocol):
    @property
    def file(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def reader(self) -> str: ...
    @property
    def visit_number(self) -> Decimal | None: ...
    @property
    def visit(self) -> str: ...
    @property
    def date(self) -> str: ...


class TumorLike(_RowLike, Protocol):
    """A row of TU; ``role`` is TARGET, NON-TARGET or NEW."""

    @property
    def lesion(self) -> str:
        """The identifier of the tumor."""

    @property
    def role(self) -> str:
        """TARGET, NON-TARGET or NEW."""

    @property
    def location(self) -> str:
        """Where the tumor is, in the words of the source."""


class ResultLike(_RowLike, Protocol):
    """A row of TR; ``lesion`` is empty for a sum, ``size_mm`` None where there is no size."""

    @property
    def lesion(self) -> str:
        """The identifier of the tumor, empty for a sum over tumors."""

    @property
    def test(self) -> str:
        """LDIAM, LPERP, DIAMETER, SUMDIAM or TUMSTATE."""

    @property
    def text(self) -> str:
        """The result as submitted."""

    @property
    def size_mm(self) -> Decimal | None:
        """The size (mm)."""

    @property
    def not_done(self) -> bool:
        """Whether the test was not done."""


class ResponseLike(_RowLike, Protocol):
    """A row of RS."""

    @property
    def test(self) -> str:
        """TRGRESP, NTRGRESP, OVRLRESP and others."""

    @property
    def criteria(self) -> str:
        """The criteria that the response belongs to, empty where not submitted."""

    @property
    def response(self) -> str:
        """The category as submitted."""


@dataclass(slots=True)
class SubmittedVisit:
    """All results of one visit number on one date; ``day`` is where it stands in time."""

    number: Decimal
    name: str
    date: str
    day: datetime.date
    results: list[ResultLike]
    responses: list[ResponseLike]

    def of(self, lesion: str) -> dict[str, ResultLike]:
        """Return the results of a tumor by test."""
        return {row.test: row for row in self.results if row.lesion == lesion}

    @property
    def sum_mm(self) -> Decimal | None:
        """The submitted sum of diameters (mm), None where there is none."""
        return next((r.size_mm for r in self.results if r.test == "SUMDIAM"), None)


@dataclass(slots=True)
class Reading:
    """What one reader submitted on one subject; the visits in time order, baseline first."""

    subject: str
    reader: str
    tumors: list[TumorLike]
    visits: list[SubmittedVisit]

    @property
    def baseline(self) -> SubmittedVisit:
        """The first visit."""
        return self.visits[0]

    def tumors_of(self, role: str) -> list[TumorLike]:
        """Return the tumors of a role (TARGET, NON-TARGET, NEW)."""
        return [tumor for tumor in self.tumors if tumor.role == role]


def is_node(location: str) -> bool:
    """Return whether a location says lymph node, whose short axis counts."""
    return "NODE" in location.upper().replace("-", " ").split()


def counted_mm(results: dict[str, ResultLike], *, node: bool) -> Decimal | None:
    """Return the size that counts (mm): DIAMETER where submitted, else LPERP of a node or LDIAM."""
    for test in ("DIAMETER", "LPERP" if node else "LDIAM"):
        if test in results:
            return results[test].size_mm
    return None


def earliest_day(text: str) -> datetime.date | None:
    """Return the first day that a date, partial or not, can mean; None for an empty one.

    >>> earliest_day("2014-02")
    datetime.date(2014, 2, 1)
    """
    parts = [int(part) for part in text.partition("T")[0].split("-") if part]
    if not parts:
        return None
    return datetime.date(parts[0], *[*parts[1:], 1, 1][:2])


def readings(
    tumors: Iterable[TumorLike],
    results: Iterable[ResultLike],
    responses: Iterable[ResponseLike] = (),
) -> tuple[Reading, ...]:
    """Return what each reader submitted, in the order of the results.

    A visit is a visit number on a date. A row without a date, or with a part of it (2014-02),
    belongs to the visit of its number whose date agrees, where there is just one.

    Raises:
        ProtocolError: A visit has no date at all, or a date that is not in the calendar.
    """
    found: dict[tuple[str, str], Reading] = {}
    slots: dict[tuple[str, str], dict[tuple[Decimal, str], SubmittedVisit]] = {}

    def slot(row: _RowLike) -> SubmittedVisit:
        key = (row.subject, row.reader)
        found.setdefault(key, Reading(*key, [], []))
        number = Decimal(-1) if row.visit_number is None else row.visit_number
        new = SubmittedVisit(number, row.visit, row.date, datetime.date.min, [], [])
        return slots.setdefault(key, {}).setdefault((number, row.date), new)

    for result in results:
        slot(result).results.append(result)
    for response in responses:
        slot(response).responses.append(response)
    for tumor in tumors:
        reading = found.get((tumor.subject, tumor.reader))
        if reading is not None and all(known.lesion != tumor.lesion for known in reading.tumors):
            reading.tumors.append(tumor)
    problems: list[Problem] = []
    for key, reading in found.items():
        reading.visits = _in_time(_dated(list(slots[key].values())), problems)
    if problems:
        raise ProtocolError(problems)
    return tuple(found.values())


def _dated(visits: list[SubmittedVisit]) -> list[SubmittedVisit]:
    """Join rows without a date, or with a part of it, to the one visit that they can belong to."""
    full = max((len(visit.date) for visit in visits), default=0)
    kept: list[SubmittedVisit] = []
    for visit in sorted(visits, key=lambda visit: -len(visit.date)):
        homes = [
            home for home in kept
            if home.number == visit.number and home.date.startswith(visit.date)
        ]  # fmt: skip
        if len(visit.date) < full and len(homes) == 1:
            homes[0].results += visit.results
            homes[0].responses += visit.responses
        else:
            kept.append(visit)
    return kept


def _in_time(visits: list[SubmittedVisit], problems: list[Problem]) -> list[SubmittedVisit]:
    """Sort the visits by date, then number, and place partial dates between their neighbors."""
    ordered = sorted(visits, key=lambda visit: (visit.date, visit.number))
    before: datetime.date | None = None
    for visit in ordered:
        row = (visit.results or visit.responses)[0]
        where = f"{row.file}:{row.row}"
        try:
            day = earliest_day(visit.date)
        except ValueError:
            what = f"'{visit.date}' is not in the calendar"
            problems.append(Problem(where, what, "a date", "Correct it."))
            continue
        if day is None:
            what = f"visit {visit.number} of {row.subject} has no date"
            problems.append(Problem(where, what, "a date, which may be partial", "Add it."))
            continue
        partial = len(visit.date) < len("2014-02-12")
        if partial and before is not None and day <= before:
            day = before + datetime.timedelta(days=1)
        visit.day = before = day
    return ordered


_STATES: dict[str, State] = {
    "PRESENT": "present", "UNEQUIVOCAL": "present", "EQUIVOCAL": "present", "INCREASED": "present",
    "UNEQUIVOCAL INCREASE": "present", "ABSENT": "absent", "RESOLVED": "absent",
    "TOO SMALL TO MEASURE": "too_small", "NOT EVALUABLE": "not_evaluable", "NE": "not_evaluable",
    "NOT ASSESSED": "not_imaged", "NOT IMAGED": "not_imaged",
}  # fmt: skip
_GROWTH = ("UNEQUIVOCAL", "UNEQUIVOCAL INCREASE")
_ROLES: dict[str, Role] = {"TARGET": "target", "NON-TARGET": "non_target"}


def submitted_records(
    tumors: Iterable[TumorLike],
    results: Iterable[ResultLike],
    responses: Iterable[ResponseLike] = (),
) -> tuple[PatientRecord, ...]:
    """Return one record per subject and reader, day 0 at the day of the baseline visit.

    A result that was not done is not evaluable; a tumor without any result at a visit is not
    mentioned there. Submitted responses are no part of a record: they are compared with it.

    Raises:
        ProtocolError: A role, a state or a date that has no meaning, each with its file and row.
    """
    problems: list[Problem] = []
    records = tuple(_record(reading, problems) for reading in readings(tumors, results, responses))
    if problems:
        raise ProtocolError(problems)
    return records


def _record(reading: Reading, problems: list[Problem]) -> PatientRecord:
    nodes = {tumor.lesion: is_node(tumor.location) for tumor in reading.tumors}
    problems += [
        Problem(
            f"{tumor.file}:{tumor.row}", f"the role of a tumor is '{tumor.role}'",
            "TARGET, NON-TARGET or NEW", "Correct it.",
        )
        for tumor in reading.tumors
        if tumor.role not in (*_ROLES, "NEW")
    ]  # fmt: skip
    lesions = [_lesion(t, reading.baseline, nodes) for t in reading.tumors if t.role in _ROLES]
    zero = reading.baseline.day
    names = [visit.name or f"visit {visit.number}" for visit in reading.visits]
    follow_ups = []
    for visit, name in zip(reading.visits[1:], names[1:], strict=True):
        called = f"{name} ({visit.date})" if names.count(name) > 1 else name
        follow_ups.append(_visit(reading, visit, called, nodes, problems))
    first = reading.baseline.results or reading.baseline.responses
    return PatientRecord(
        subject=reading.subject,
        reader=reading.reader,
        lesions=tuple(lesions),
        visits=tuple(replace(v, day_d=v.day_d - zero.toordinal()) for v in follow_ups),
        day_zero=zero,
        sizes_checked=True,
        source=f"{first[0].file}:{first[0].row}",
    )


def _lesion(tumor: TumorLike, baseline: SubmittedVisit, nodes: dict[str, bool]) -> LesionBaseline:
    node = nodes[tumor.lesion]
    size = counted_mm(baseline.of(tumor.lesion), node=node)
    return LesionBaseline(
        id=tumor.lesion,
        role=_ROLES[tumor.role],
        organ=tumor.location.lower(),
        kind="node" if node else "soft_tissue",
        diameter_mm=None if node else size,
        short_axis_mm=size if node else None,
    )


def _visit(
    reading: Reading,
    visit: SubmittedVisit,
    name: str,
    nodes: dict[str, bool],
    problems: list[Problem],
) -> Visit:
    measurements, new = [], []
    for tumor in reading.tumors:
        found = visit.of(tumor.lesion)
        if not found:
            continue
        measured = _measurement(tumor, found, nodes[tumor.lesion], problems)
        if tumor.role == "NEW":
            unsure = any(row.text.upper() == "EQUIVOCAL" for row in found.values())
            certainty: Literal["unequivocal", "equivocal"] = (
                "equivocal" if unsure else "unequivocal"
            )
            new.append(NewLesion(id=tumor.lesion, certainty=certainty))
        measurements.append(measured)
    return Visit(
        id=name,
        day_d=float(visit.day.toordinal()),
        measurements=tuple(measurements),
        new_lesions=tuple(new),
    )


def _measurement(
    tumor: TumorLike, found: dict[str, ResultLike], node: bool, problems: list[Problem]
) -> Measurement:
    word = found["TUMSTATE"].text.upper() if "TUMSTATE" in found else ""
    size = counted_mm(found, node=node)
    state = _STATES.get(word)
    if state is None and word and size is None:
        row = found["TUMSTATE"]
        problems.append(
            Problem(
                f"{row.file}:{row.row}", f"the state of a tumor is '{row.text}'",
                "one of " + ", ".join(_STATES), "Correct it.",
            )
        )  # fmt: skip
    if size is not None:
        state = "measured"
    return Measurement(
        lesion=tumor.lesion,
        state=state or "not_evaluable",
        diameter_mm=None if node else size,
        short_axis_mm=size if node else None,
        unequivocal_growth=word in _GROWTH and tumor.role == "NON-TARGET",
    )
