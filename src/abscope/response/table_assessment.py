"""Many patients by one set of criteria: visits, best responses and times as rows of tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from abscope.errors import Problem, ProtocolError
from abscope.response.best import span_d
from abscope.response.imrecist import assess_imrecist, imrecist_outcome
from abscope.response.irecist import assess_irecist, irecist_outcome
from abscope.response.outcome import Outcome, outcome
from abscope.response.policy import Policy
from abscope.response.recist import assess
from abscope.response.records import PatientRecord
from abscope.response.result_tables import adrs_rows, adtr_rows, adtte_rows

__all__ = ["CRITERIA", "Criteria", "SubjectResult", "TableAssessment", "assess_records"]

Criteria = Literal["recist", "irecist", "imrecist"]
CRITERIA: tuple[Criteria, ...] = get_args(Criteria)


@dataclass(frozen=True, slots=True)
class SubjectResult:
    """One subject as one reader saw it: the overall response of each visit and the best ones.

    ``visit_d`` are the days of the visits from the reference day on; ``best_change_frac`` is the
    deepest change of a complete sum of diameters from baseline, None without sums.
    """

    subject: str
    reader: str
    visits: tuple[tuple[str, str], ...]
    visit_d: tuple[float, ...]
    best_change_frac: float | None
    death_d: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TableAssessment:
    """All subjects of a table with the rows for ADRS, ADTR and ADTTE and the policy.

    ``subjects`` are as many as records came in. ``adtr`` is empty for iRECIST and imRECIST, whose
    sums do not fit its columns.
    """

    criteria: Criteria
    policy: Policy
    subjects: tuple[SubjectResult, ...]
    adrs: tuple[dict[str, Any], ...]
    adtr: tuple[dict[str, Any], ...]
    adtte: tuple[dict[str, Any], ...]


def assess_records(
    records: Iterable[PatientRecord], *, criteria: Criteria, policy: Policy | None = None
) -> TableAssessment:
    """Return the result of every record.

    Raises:
        ProtocolError: Every problem of every record that cannot be judged, all at once.
    """
    rules = policy or Policy()
    subjects: list[SubjectResult] = []
    adrs: list[dict[str, Any]] = []
    adtr: list[dict[str, Any]] = []
    adtte: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for record in records:
        try:
            result, rows, sums = _one(record, criteria, rules)
        except ProtocolError as error:
            problems += error.problems
            continue
        subjects.append(result)
        adrs += rows
        adtr += sums
        adtte += adtte_rows(record, result.outcome)
    if problems:
        raise ProtocolError(problems)
    return TableAssessment(criteria, rules, tuple(subjects), tuple(adrs), tuple(adtr), tuple(adtte))


_Rows = tuple[dict[str, Any], ...]


def _one(
    record: PatientRecord, criteria: Criteria, policy: Policy
) -> tuple[SubjectResult, _Rows, _Rows]:
    if criteria == "recist":
        reading = assess(record, policy)
        found = outcome(record, reading)
        visits = tuple((call.visit, str(call.overall)) for call in reading.visits)
        rows, sums = adrs_rows(record, reading, found), adtr_rows(record, reading)
        days = [call.day_d for call in reading.visits]
        return _result(record, visits, days, found, sums), rows, sums
    if criteria == "irecist":
        immune = assess_irecist(record, policy)
        found = irecist_outcome(record, immune)
        calls = [(v.visit, v.day_d, str(v.overall), v.reasons) for v in immune.visits if v.overall]
    else:
        modified = assess_imrecist(record, policy)
        found = imrecist_outcome(record, modified)
        calls = [(v.visit, v.day_d, str(v.overall), v.reasons) for v in modified.visits]
    rows = tuple(
        {
            "USUBJID": record.subject,
            "RSEVAL": record.reader,
            "PARAMCD": "OVR",
            "PARAM": "Overall Response",
            "AVALC": overall,
            "ADT": record.date_of(day_d),
            "AVISIT": visit,
            "REASON": "; ".join(reason.text for reason in reasons),
        }
        for visit, day_d, overall, reasons in calls
    )
    rows += tuple(
        {
            "USUBJID": record.subject,
            "RSEVAL": record.reader,
            "PARAMCD": code,
            "PARAM": name,
            "AVALC": best.response,
            "ADT": record.date_of(best.day_d),
            "AVISIT": best.visit,
        }
        for code, name, best in (
            ("BOR", "Best Overall Response", found.best),
            ("CBOR", "Confirmed Best Overall Response", found.confirmed_best),
        )
    )
    visits = tuple((visit, overall) for visit, _, overall, _ in calls)
    return _result(record, visits, [day_d for _, day_d, _, _ in calls], found, ()), rows, ()


def _result(
    record: PatientRecord,
    visits: tuple[tuple[str, str], ...],
    days: list[float],
    found: Outcome,
    sums: _Rows,
) -> SubjectResult:
    changes = [
        row["PCHG"] / 100
        for row in sums
        if row.get("PCHG") is not None and row["COMPLFL"] and not row.get("ABLFL")
    ]
    start, death = record.reference_d, record.death_d
    return SubjectResult(
        subject=record.subject,
        reader=record.reader,
        visits=visits,
        visit_d=tuple(span_d(day, start) for day in days),
        best_change_frac=float(min(changes)) if changes else None,
        death_d=None if death is None else span_d(death, start),
        outcome=found,
    )
