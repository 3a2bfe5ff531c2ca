"""Regimens in one line: ``5 x 4.5 Gy daily from 2018-04-20 skip weekends``, ``200 mg q21d x 6``.

A regimen is one or more segments. ``then`` starts the next segment one interval after the last
dose of the one before (plus ``after 14 d``); ``&`` starts it independently. What the text does not
say is not invented: without a frequency or a start the doses have no times.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from abscope.case.facts import complain
from abscope.case.units import UNITS, canonical_unit

__all__ = [
    "Dose", "Segment", "Total", "expand_regimen", "parse_regimen", "read_drug",
    "read_radiotherapy", "regimen_totals",
]  # fmt: skip

MAX_DOSES = 10_000

#: unit as written -> (canonical unit, factor, highest plausible single amount, question above it)
_LIMITS = {
    "Gy": (40.0, "cGy"),
    "mg/kg": (60.0, "mg"),
    "mg": (50_000.0, "micrograms"),
    "mg/m2": (20_000.0, "micrograms"),
}

_NAMED_INTERVAL_D = {
    "daily": 1.0, "qd": 1.0, "once daily": 1.0, "bid": 0.5, "twice daily": 0.5, "tid": 1 / 3,
    "alternate days": 2.0, "every other day": 2.0, "qod": 2.0, "weekly": 7.0, "qw": 7.0,
    "once weekly": 7.0, "twice weekly": 3.5, "biw": 3.5,
}  # fmt: skip
_FRACTIONATION = {
    1.0: "daily", 0.5: "twice_daily", 2.0: "alternate_days", 7.0: "weekly", 3.5: "twice_weekly",
}  # fmt: skip

_N = r"(\d+(?:\.\d+)?)"
_UNIT = r"(cGy|Gy(?:\s*\(RBE\))?|mg/kg|mg/m2|mg/m²|ug/kg|mg|g|ug|mcg|MBq|GBq)\b"
_COUNT_FIRST = re.compile(rf"^(?P<n>\d+)\s*(?:x|×|\*)\s*{_N}\s*{_UNIT}", re.IGNORECASE)
_TOTAL_IN = re.compile(
    rf"^{_N}\s*{_UNIT}\s*(?:in|/)\s*(?P<n>\d+)(?:\s*(?:fx|fractions?|#)\b)?", re.IGNORECASE
)
_AMOUNT = re.compile(rf"^{_N}\s*{_UNIT}", re.IGNORECASE)
_EVERY = re.compile(r"^(?:q\s*|every\s+)(\d+)\s*(h|d|w|hours?|days?|weeks?)\b", re.IGNORECASE)
_TIMES = re.compile(
    r"^(?:x|×|for)\s*(\d+)(?:\s*(?:cycles?|doses?|fractions?|fx)\b)?", re.IGNORECASE
)
_FROM_DATE = re.compile(r"^from\s+(\d{4}-\d{2}-\d{2})\b", re.IGNORECASE)
_FROM_DAY = re.compile(r"^from\s+(?:day\s+|d)([+-]?\d+(?:\.\d+)?)\b", re.IGNORECASE)
_AFTER = re.compile(r"^after\s+(\d+(?:\.\d+)?)\s*(d|days?|w|weeks?)\b", re.IGNORECASE)
_SKIP = re.compile(r"^(?:skip(?:ping)?\s+weekends?|weekdays(?:\s+only)?)\b", re.IGNORECASE)
_NAMED = re.compile(
    r"^(" + "|".join(sorted(map(re.escape, _NAMED_INTERVAL_D), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[A-Za-z][\w+-]*")


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a regimen as read; None is what the text does not say."""

    label: str
    amount: float
    unit: str
    n_doses: int | None = None
    interval_d: float | None = None
    start_date: date | None = None
    start_d: float | None = None
    delay_d: float = 0.0
    skip_weekends: bool = False
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Dose:
    """One fraction or infusion: its number, label, amount and, where known, its time."""

    number: int
    label: str
    amount: float
    unit: str
    day: float | None
    date: date | None


@dataclass(frozen=True, slots=True)
class Total:
    """Sum over the doses of one label and unit; None where the text leaves the number open."""

    label: str
    unit: str
    n_doses: int | None
    amount: float | None


def parse_regimen(text: str) -> tuple[Segment, ...]:
    """Return the segments of a regimen text. Raises PydanticCustomError where it cannot be read.

    >>> parse_regimen("22.5 Gy in 5")[0].amount
    4.5
    """
    pieces = re.split(r"\s+(then|&)\s+", text.strip(), flags=re.IGNORECASE)
    segments = [_segment(pieces[0], text)]
    for joint, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        segment = _segment(piece, text)
        segments.append(replace(segment, follows=joint.lower() == "then"))
    return tuple(segments)


def _segment(piece: str, text: str) -> Segment:
    rest, found = piece.strip(), dict[str, Any](label="")
    while rest:
        for pattern, read in _READERS:
            if (match := pattern.match(rest)) and read(match, found):
                rest = rest[match.end() :].lstrip(" ,;")
                break
        else:
            raise complain(
                f"'{rest}' in regimen '{text}' cannot be read",
                "for example '5 x 4.5 Gy daily from 2018-04-20 skip weekends' or '200 mg q21d x 6'",
                "Rewrite the regimen in this form.",
            )
    if "amount" not in found:
        raise complain(
            f"regimen '{text}' names no dose", "an amount with Gy, mg, mg/kg or mg/m2", "Add it."
        )
    _check(found, text)
    return Segment(**found)


def _check(found: dict[str, Any], text: str) -> None:
    amount, unit, n = found["amount"], found["unit"], found.get("n_doses")
    limit, question = _LIMITS.get(unit, (float("inf"), ""))
    if not 0 < amount <= limit:
        raise complain(
            f"a single dose is {amount:g} {unit} in '{text}'",
            f"0 < dose <= {limit:g} {unit}",
            f"Is it {amount:g} {question}?",
        )
    if n is not None and not 1 <= n <= MAX_DOSES:
        raise complain(f"{n} doses in '{text}'", f"1 to {MAX_DOSES}", "Check the number.")
    if found.get("skip_weekends") and (found.get("interval_d") or 1.0) < 0.3:
        raise complain(f"'{text}' skips weekends within a day", "an interval of hours or days", "")


def _amount(value: str, unit: str) -> tuple[float, str]:
    spelled = canonical_unit(unit)
    for name in ("Gy", "mg/kg", "mg/m2", "mg", "MBq"):
        if spelled in UNITS[name]:
            return float(value) * UNITS[name][spelled], name
    raise complain(f"unit '{unit}' is not known", "Gy, mg, mg/kg, mg/m2 or MBq", "Correct it.")


def _set(found: dict[str, Any], **values: Any) -> bool:
    if any(key in found for key in values):
        return False
    found.update(values)
    return True


def _read_count_first(m: re.Match[str], found: dict[str, Any]) -> bool:
    amount, unit = _amount(m.group(2), m.group(3))
    return _set(found, amount=amount, unit=unit, n_doses=int(m["n"]))


def _read_total_in(m: re.Match[str], found: dict[str, Any]) -> bool:
    amount, unit = _amount(m.group(1), m.group(2))
    n = int(m["n"])
    if n < 1:
        return False
    return _set(found, amount=amount / n, unit=unit, n_doses=n)


def _read_amount(m: re.Match[str], found: dict[str, Any]) -> bool:
    amount, unit = _amount(m.group(1), m.group(2))
    return _set(found, amount=amount, unit=unit)


def _read_every(m: re.Match[str], found: dict[str, Any]) -> bool:
    factor = {"h": 1 / 24, "d": 1.0, "w": 7.0}[m.group(2)[0].lower()]
    return int(m.group(1)) > 0 and _set(found, interval_d=int(m.group(1)) * factor)


def _read_label(m: re.Match[str], found: dict[str, Any]) -> bool:
    if "amount" in found:
        return False
    found["label"] = f"{found['label']} {m.group()}".strip()
    return True


def _read_date(m: re.Match[str], found: dict[str, Any]) -> bool:
    try:
        return _set(found, start_date=date.fromisoformat(m.group(1)))
    except ValueError as error:
        raise complain(
            f"'{m.group(1)}' is no date ({error})", "YYYY-MM-DD", "Correct it."
        ) from None


_READERS = (
    (_COUNT_FIRST, _read_count_first),
    (_TOTAL_IN, _read_total_in),
    (_AMOUNT, _read_amount),
    (_TIMES, lambda m, f: _set(f, n_doses=int(m.group(1)))),
    (_EVERY, _read_every),
    (_NAMED, lambda m, f: _set(f, interval_d=_NAMED_INTERVAL_D[m.group(1).lower()])),
    (_FROM_DATE, _read_date),
    (_FROM_DAY, lambda m, f: _set(f, start_d=float(m.group(1)))),
    (
        _AFTER,
        lambda m, f: _set(
            f, delay_d=float(m.group(1)) * (7.0 if m.group(2)[0].lower() == "w" else 1.0)
        ),
    ),
    (_SKIP, lambda _, f: _set(f, skip_weekends=True)),
    (_LABEL, _read_label),
)


def expand_regimen(segments: tuple[Segment, ...]) -> tuple[Dose, ...]:
    """Return every dose of a regimen in order; days and dates are None where not said.

    Days count from the case's day zero where a segment starts ``from d0``, else from the first
    dose. Weekends are skipped by the calendar, which needs a start date.
    """
    doses: list[Dose] = []
    cursor_d: float | None = None
    cursor_date: date | None = None
    for segment in segments:
        start_d, start_date = segment.start_d, segment.start_date
        if segment.follows and start_d is None and start_date is None:
            start_d = None if cursor_d is None else cursor_d + segment.delay_d
            if cursor_date is not None:
                start_date = cursor_date + timedelta(days=round(segment.delay_d))
        if segment.skip_weekends and start_date is None:
            raise complain(
                "weekends cannot be skipped without a start date",
                "'from YYYY-MM-DD'",
                "Add the date of the first dose, or leave out 'skip weekends'.",
            )
        for dose in _doses(segment, start_d, start_date):
            doses.append(replace(dose, number=len(doses) + 1))
        interval = segment.interval_d
        last = doses[-1]
        cursor_d = None if last.day is None or interval is None else last.day + interval
        cursor_date = None
        if last.date is not None and interval is not None:
            cursor_date = last.date + timedelta(days=max(1, round(interval)))
    return tuple(doses)


def regimen_totals(segments: tuple[Segment, ...]) -> tuple[Total, ...]:
    """Return the number of doses and the total amount (n x amount, summed) per label and unit.

    >>> regimen_totals(parse_regimen("5 x 4.5 Gy then 2 x 5 Gy"))
    (Total(label='', unit='Gy', n_doses=7, amount=32.5),)
    """
    kinds: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        kinds.setdefault((segment.label, segment.unit), []).append(segment)
    totals = []
    for (label, unit), parts in kinds.items():
        counts = [part.n_doses for part in parts if part.n_doses is not None]
        open_end = len(counts) < len(parts)
        amount = round(sum(part.amount * (part.n_doses or 0) for part in parts), 10)
        totals.append(
            Total(label, unit, None if open_end else sum(counts), None if open_end else amount)
        )
    return tuple(totals)


def _doses(segment: Segment, start_d: float | None, start_date: date | None) -> list[Dose]:
    out: list[Dose] = []
    day, when = start_d, start_date
    offset_d = 0.0
    for index in range(segment.n_doses or 1):
        if index:
            if segment.interval_d is None:
                day = when = None
            else:
                offset_d += segment.interval_d
                day = None if start_d is None else start_d + offset_d
                when = None if start_date is None else start_date + timedelta(days=int(offset_d))
        if segment.skip_weekends and when is not None:
            while when.weekday() >= 5:
                when += timedelta(days=1)
                offset_d += 1.0
            day = None if start_d is None else start_d + offset_d
        out.append(Dose(index + 1, segment.label, segment.amount, segment.unit, day, when))
    return out


def _merge(data: dict[str, Any], key: str, fields: dict[str, Any], text: str) -> dict[str, Any]:
    out = {name: value for name, value in data.items() if name != key}
    twice = sorted(name for name, value in fields.items() if value is not None and name in out)
    if twice:
        raise complain(
            f"{', '.join(twice)} is given twice: as a field and in {key} '{text}'",
            "each fact once",
            f"Remove the field or the {key}.",
        )
    return {**{name: value for name, value in fields.items() if value is not None}, **out}


def _single(text: Any, key: str) -> Segment:
    if not isinstance(text, str):
        raise complain(f"{key} is {text!r}", "one line of text", "Write it as text.")
    segments = parse_regimen(text)
    if len(segments) != 1:
        raise complain(
            f"{key} '{text}' has {len(segments)} parts", "one part", "Write one record per part."
        )
    return segments[0]


def read_radiotherapy(data: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping of a phase with its ``schedule`` text expanded into facts."""
    text = data["schedule"]
    segment = _single(text, "schedule")
    if segment.unit != "Gy":
        raise complain(f"schedule '{text}' is in {segment.unit}", "Gy", "Correct the unit.")
    doses = expand_regimen((segment,))
    n = segment.n_doses
    stated_total = re.match(rf"^{_N}\s*{_UNIT}\s*(?:in|/)", text.strip(), re.IGNORECASE)
    total = None if n is None else round(segment.amount * n, 10)
    fractionation = _FRACTIONATION.get(segment.interval_d or 0.0, "other")
    if segment.skip_weekends and fractionation == "daily":
        fractionation = "weekdays"
    per_fraction, derived = round(segment.amount, 10), {"status": "derived"}
    fields = {
        "dose_per_fraction_gy": {"value": per_fraction, **derived}
        if stated_total
        else per_fraction,
        "n_fractions_planned": n,
        "total_dose_gy": None
        if total is None
        else total
        if stated_total
        else {"value": total, **derived},
        "fractionation": None if segment.interval_d is None else fractionation,
        "start": segment.start_date and segment.start_date.isoformat(),
        "end": None,
    }
    if segment.start_d is not None:
        fields["start"] = f"day {segment.start_d:g}"
    if doses[-1].date and n and n > 1:
        fields["end"] = {"value": doses[-1].date.isoformat(), **derived}
    return _merge(data, "schedule", fields, text)


def read_drug(data: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping of an agent with its ``regimen`` text expanded into facts."""
    text = data["regimen"]
    segment = _single(text, "regimen")
    field = {"mg": "dose_mg", "mg/kg": "dose_mg_per_kg", "mg/m2": "dose_mg_per_m2"}.get(
        segment.unit
    )
    if field is None:
        raise complain(
            f"regimen '{text}' is in {segment.unit}", "mg, mg/kg or mg/m2", "Correct it."
        )
    start = segment.start_date.isoformat() if segment.start_date else None
    if segment.start_d is not None:
        start = f"day {segment.start_d:g}"
    fields = {
        field: round(segment.amount, 10),
        "interval_d": segment.interval_d,
        "n_cycles": segment.n_doses,
        "start": start,
        "name": segment.label or None,
    }
    return _merge(data, "regimen", fields, text)
