"""Results as rows of tables, in the variables of ADRS, ADTR and ADTTE where these have a place.

Each row is a mapping from variable to value; the tuples of columns give their order. Sizes are mm,
days are whole numbers from the reference date on (ADY as CDISC counts: no day 0).
"""

from collections.abc import Iterator
from typing import Any

from abscope.response.best import BestCall
from abscope.response.consistency import Consistency
from abscope.response.outcome import Outcome, TimeTo
from abscope.response.recist import RecistReading, VisitCall
from abscope.response.records import PatientRecord

__all__ = [
    "ADRS_COLUMNS",
    "ADTR_COLUMNS",
    "ADTTE_COLUMNS",
    "DIFFERENCE_COLUMNS",
    "adrs_rows",
    "adtr_rows",
    "adtte_rows",
    "difference_rows",
]

ADRS_COLUMNS = (
    "USUBJID", "RSEVAL", "PARAMCD", "PARAM", "AVALC", "ADT", "ADY", "AVISIT", "REASON",
)  # fmt: skip
ADTR_COLUMNS = (
    "USUBJID", "TREVAL", "PARAMCD", "PARAM", "AVAL", "AVISIT", "ADT", "ADY", "ABLFL", "BASE",
    "CHG", "PCHG", "NADIR", "CHGNAD", "PCHGNAD", "COMPLFL",
)  # fmt: skip
ADTTE_COLUMNS = (
    "USUBJID", "RSEVAL", "PARAMCD", "PARAM", "AVAL", "AVALU", "CNSR", "STARTDT", "ADT", "EVNTDESC",
)  # fmt: skip
DIFFERENCE_COLUMNS = (
    "kind", "subject", "reader", "visit", "visit_number", "date", "baseline_mm", "nadir_mm",
    "sum_mm", "submitted", "recomputed", "why", "text", "where",
)  # fmt: skip

_Row = dict[str, Any]


def adrs_rows(
    record: PatientRecord, reading: RecistReading, found: Outcome | None
) -> tuple[_Row, ...]:
    """Return target, non-target, new-lesion and overall response of each visit, and the best ones.

    A parameter that does not apply (no target lesions) has no row. ``REASON`` is the trail.
    """
    rows: list[_Row] = []
    for call in reading.visits:
        rows += _visit_rows(record, call)
    if found is not None:
        rows.append(_best_row(record, "BOR", "Best Overall Response", found.best))
        rows.append(
            _best_row(record, "CBOR", "Confirmed Best Overall Response", found.confirmed_best)
        )
    return tuple(rows)


def _visit_rows(record: PatientRecord, call: VisitCall) -> Iterator[_Row]:
    place = {**_place(record, "RSEVAL", call.day_d), "AVISIT": call.visit}
    target = "; ".join(reason.text for reason in call.target.reasons) if call.target else ""
    rest = "; ".join(reason.text for reason in call.nontarget.reasons) if call.nontarget else ""
    values = (
        ("TRGRESP", "Target Response", call.target_response, target),
        ("NTRGRESP", "Non-target Response", call.nontarget_response, rest),
        ("NEWLIND", "New Lesion Indicator", "Y" if call.new_lesions else "N",
         ", ".join(call.new_lesions)),
        ("OVR", "Overall Response", call.overall,
         "; ".join(reason.text for reason in call.reasons)),
    )  # fmt: skip
    for code, name, value, reason in values:
        if value is not None:
            yield {**place, "PARAMCD": code, "PARAM": name, "AVALC": value, "REASON": reason}


def _best_row(record: PatientRecord, code: str, name: str, best: BestCall) -> _Row:
    return {
        **_place(record, "RSEVAL", best.day_d),
        "PARAMCD": code,
        "PARAM": name,
        "AVALC": best.response,
        "AVISIT": best.visit,
        "REASON": "; ".join(reason.text for reason in best.reasons),
    }


def adtr_rows(record: PatientRecord, reading: RecistReading) -> tuple[_Row, ...]:
    """Return the sum of diameters (mm) of each visit with its references and changes.

    ``NADIR`` is the smallest complete sum before the visit. ``COMPLFL`` is Y where every target
    counts; another sum is a lower bound and has no change. No rows without target lesions.
    """
    if not record.targets:
        return ()
    fixed = {"PARAMCD": "SDIAM", "PARAM": "Sum of Diameters (mm)"}
    first = reading.visits[0].target if reading.visits else None
    base = first.baseline_mm if first else sum(x.size_mm or 0 for x in record.targets)
    rows: list[_Row] = [
        {
            **_place(record, "TREVAL", record.baseline_d), **fixed, "AVISIT": "BASELINE",
            "AVAL": base, "BASE": base, "ABLFL": True, "COMPLFL": True,
        }
    ]  # fmt: skip
    for call in reading.visits:
        target = call.target
        if target is None:
            continue
        row: _Row = {
            **_place(record, "TREVAL", call.day_d), **fixed, "AVISIT": call.visit,
            "AVAL": target.sum_mm, "BASE": target.baseline_mm, "NADIR": target.nadir_mm,
            "COMPLFL": target.complete,
        }  # fmt: skip
        if target.complete:
            row |= {
                "CHG": target.sum_mm - target.baseline_mm,
                "PCHG": target.change_from_baseline_percent,
                "CHGNAD": target.change_from_nadir_mm,
                "PCHGNAD": target.change_from_nadir_percent,
            }
        rows.append(row)
    return tuple(_rounded(row) for row in rows)


def _rounded(row: _Row) -> _Row:
    """Give percentages with four decimals, which tables and printed numbers share."""
    return {
        name: round(value, 4) if name.startswith("PCHG") and value is not None else value
        for name, value in row.items()
    }


def adtte_rows(record: PatientRecord, found: Outcome) -> tuple[_Row, ...]:
    """Return progression-free survival and, after a response, its duration and the time to it (d).

    ``CNSR`` is 0 for an event and 1 for a censored time.
    """
    rows = [_time_row(record, "PFS", "Progression-Free Survival (d)", found.pfs)]
    if found.dor is not None:
        rows.append(_time_row(record, "RSD", "Duration of Response (d)", found.dor))
    if found.ttr_d is not None:
        start = record.reference_d
        rows.append(
            {
                "USUBJID": record.subject, "RSEVAL": record.reader, "PARAMCD": "TTR",
                "PARAM": "Time to Response (d)", "AVAL": found.ttr_d, "AVALU": "DAYS", "CNSR": 0,
                "STARTDT": record.date_of(start), "EVNTDESC": "response",
                "ADT": record.date_of(found.dor.start_d) if found.dor else None,
            }
        )  # fmt: skip
    return tuple(rows)


def _time_row(record: PatientRecord, code: str, name: str, time: TimeTo) -> _Row:
    return {
        "USUBJID": record.subject,
        "RSEVAL": record.reader,
        "PARAMCD": code,
        "PARAM": name,
        "AVAL": time.duration_d,
        "AVALU": "DAYS",
        "CNSR": int(time.event == "censored"),
        "STARTDT": record.date_of(time.start_d),
        "ADT": record.date_of(time.end_d),
        "EVNTDESC": f"{time.event}: {time.reason.text}",
    }


def _place(record: PatientRecord, evaluator: str, day_d: float | None) -> _Row:
    return {
        "USUBJID": record.subject,
        evaluator: record.reader,
        "ADT": record.date_of(day_d),
        "ADY": None if day_d is None else _ady(day_d - record.reference_d),
    }


def _ady(since_d: float) -> int:
    """Return the study day: 1 on the reference date, -1 the day before it."""
    whole = int(since_d // 1)
    return whole + 1 if whole >= 0 else whole


def difference_rows(found: Consistency) -> tuple[_Row, ...]:
    """Return the differences of a submission as rows, one field per column."""
    return tuple(
        {name: getattr(item, name) for name in DIFFERENCE_COLUMNS} for item in found.differences
    )
