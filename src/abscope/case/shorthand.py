"""One-line schedules and regimens of a case file, expanded into the facts that they say."""

import re
from typing import Any

from abscope.case.facts import complain
from abscope.case.regimen import Segment, expand_regimen, parse_regimen

__all__ = ["read_drug", "read_radiotherapy"]

_FRACTIONATION = {
    1.0: "daily", 0.5: "twice_daily", 2.0: "alternate_days", 7.0: "weekly", 3.5: "twice_weekly",
}  # fmt: skip
_DRUG_FIELDS = {"mg": "dose_mg", "mg/kg": "dose_mg_per_kg", "mg/m2": "dose_mg_per_m2"}
_IN_FRACTIONS = re.compile(r"Gy\S*\s*(?:in|/)\s*\d", re.IGNORECASE)
_DERIVED = {"status": "derived"}


def read_radiotherapy(data: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping of a phase with its ``schedule`` text expanded into facts.

    Where the text gives fractions x dose the total is derived; where it gives a total in n
    fractions the dose per fraction is.
    """
    text = data["schedule"]
    segment = _single(text, "schedule")
    if segment.unit != "Gy":
        raise _wrong("schedule", f"'{text}' is in {segment.unit}", "Gy", "Correct the unit.")
    if segment.label:
        raise _wrong(
            "schedule", f"'{segment.label}' in '{text}'", "only doses and times", "Use 'name'."
        )
    n, start, end = segment.n_doses, _start(segment), _end(segment)
    total = None if n is None else round(segment.amount * n, 10)
    interval = segment.interval_d
    fractionation = "other" if interval is None else _FRACTIONATION.get(interval, "other")
    if segment.skip_weekends and fractionation == "daily":
        fractionation = "weekdays"
    by_total = bool(_IN_FRACTIONS.search(text))
    per_fraction = round(segment.amount, 10)
    fields: dict[str, Any] = {
        "dose_per_fraction_gy": {"value": per_fraction, **_DERIVED} if by_total else per_fraction,
        "n_fractions_planned": n,
        "total_dose_gy": total if by_total or total is None else {"value": total, **_DERIVED},
        "fractionation": None if interval is None else fractionation,
        "start": start,
        "end": None if end is None else {"value": end, **_DERIVED},
    }
    return _merged(data, "schedule", fields)


def read_drug(data: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping of an agent with its ``regimen`` text expanded into facts."""
    text = data["regimen"]
    segment = _single(text, "regimen")
    field = _DRUG_FIELDS.get(segment.unit)
    if field is None:
        raise _wrong(
            "regimen", f"'{text}' is in {segment.unit}", "mg, mg/kg or mg/m2", "Correct the unit."
        )
    if segment.skip_weekends:
        raise _wrong("regimen", f"'{text}' skips weekends", "a drug's interval", "Leave it out.")
    name = segment.label or None
    given = data.get("name")
    if isinstance(given, str) and name is not None and given.strip().lower() == name.lower():
        name = None
    fields = {
        field: round(segment.amount, 10),
        "interval_d": segment.interval_d,
        "n_cycles": segment.n_doses,
        "start": _start(segment),
        "name": name,
    }
    return _merged(data, "regimen", fields)


def _start(segment: Segment) -> str | None:
    if segment.start_date is not None:
        return segment.start_date.isoformat()
    return None if segment.start_d is None else f"day {segment.start_d:g}"


def _end(segment: Segment) -> str | None:
    """Return the time of the last of several doses, where the text settles it."""
    if segment.n_doses is None or segment.n_doses < 2:
        return None
    last = expand_regimen((segment,))[-1]
    if last.date is not None:
        return last.date.isoformat()
    return None if last.day_d is None else f"day {last.day_d:g}"


def _merged(data: dict[str, Any], key: str, fields: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in data.items() if name != key}
    said = {name: value for name, value in fields.items() if value is not None}
    derived = {name for name, value in said.items() if isinstance(value, dict)}
    twice = sorted(name for name in said if name in out and name not in derived)
    if twice:
        raise _wrong(
            key,
            f"{', '.join(twice)} is given twice: as a field and in '{data[key]}'",
            "each fact once",
            f"Remove the field or the {key}.",
        )
    return {**said, **out}


def _single(text: Any, key: str) -> Segment:
    if not isinstance(text, str):
        kind = "nothing" if text is None else type(text).__name__
        raise _wrong(key, f"{key} is {kind}", "one line of text", "Write it as text.")
    try:
        segments = parse_regimen(text)
        expand_regimen(segments)
    except ValueError as error:
        parts = getattr(error, "context", None) or {}
        raise _wrong(key, parts["what"], parts["expected"], parts["action"]) from None
    if len(segments) != 1:
        raise _wrong(
            key, f"'{text}' has {len(segments)} parts", "one part", "Write one record per part."
        )
    return segments[0]


def _wrong(key: str, what: str, expected: str, action: str) -> Exception:
    return complain(what, expected, action, path=(key,))
