"""Regimens in one line: ``5 x 4.5 Gy daily from 2018-04-20 skip weekends``, ``200 mg q21d x 6``.

A regimen is one or more segments. ``then`` starts the next segment one interval after the last
dose of the one before (plus ``after 14 d``); ``&`` starts it independently. What the text does not
say is not invented: without a frequency or a start the doses have no times.
"""

import math
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from abscope.case.facts import complain
from abscope.case.units import UNITS, canonical_unit

__all__ = [
    "MAX_DOSES", "Dose", "Segment", "Total", "expand_regimen", "parse_regimen", "regimen_totals",
]  # fmt: skip

#: Most doses of one segment, and the longest text that is taken for a regimen.
MAX_DOSES = 10_000
_LONGEST = 300
#: Three times eight hours are a day, whatever the last binary digit says.
_ROUNDING = 1e-9

#: unit -> highest plausible single amount and the question to ask above it
_LIMITS = {
    "Gy": (40.0, "Is the value in cGy?"),
    "mg/kg": (60.0, "Is it {value} mg?"),
    "mg": (50_000.0, "Is it in micrograms?"),
    "mg/m2": (20_000.0, "Is it in micrograms?"),
}

_NAMED_INTERVAL_D = {
    "daily": 1.0, "qd": 1.0, "once daily": 1.0, "bid": 0.5, "twice daily": 0.5, "tid": 1 / 3,
    "alternate days": 2.0, "every other day": 2.0, "qod": 2.0, "weekly": 7.0, "qw": 7.0,
    "once weekly": 7.0, "twice weekly": 3.5, "biw": 3.5,
}  # fmt: skip

_N = r"(\d+(?:[.,]\d+)?)(?![.,]?\d)"
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
_LABEL = re.compile(r"^(?!(?:from|then|after|skip|every|for)\b)\d*-?[A-Za-z][\w+-]*", re.IGNORECASE)


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
    """One fraction or infusion: its number, label, amount and, where known, its time.

    ``day_d`` counts from the case's day zero, ``offset_d`` from the first dose of the regimen.
    """

    number: int
    label: str
    amount: float
    unit: str
    day_d: float | None
    date: date | None
    offset_d: float | None = None


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
    if len(text) > _LONGEST:
        raise complain(
            f"a regimen of {len(text)} characters", f"at most {_LONGEST}", "Write it in parts."
        )
    pieces = re.split(r"\s+(then|&)\s+", text.strip(), flags=re.IGNORECASE)
    segments = []
    for joint, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        segment = _segment(piece, text)
        if segment.delay_d and joint.lower() != "then":
            raise complain(
                f"'after' in '{text}' follows nothing", "'... then ... after 14 d'", "Use 'from'."
            )
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
    limit, question = _LIMITS.get(unit, (1e6, "Check the value and its unit."))
    if not 0 < amount <= limit:
        raise complain(
            f"a single dose is {amount:g} {unit} in '{text}'",
            f"0 < dose <= {limit:g} {unit}",
            question.format(value=f"{amount:g}") if amount > limit else "Correct the dose.",
        )
    if n is not None and not 1 <= n <= MAX_DOSES:
        raise complain(f"{n} doses in '{text}'", f"1 to {MAX_DOSES}", "Check the number.")
    if found.get("start_d") is not None and found.get("start_date") is not None:
        raise complain(f"'{text}' starts twice", "a date or a day", "Remove one of the two.")


def _amount(value: str, unit: str) -> tuple[float, str]:
    spelled = canonical_unit(unit)
    for name in ("Gy", "mg/kg", "mg/m2", "mg", "MBq"):
        if spelled in UNITS[name]:
            factor = UNITS[name][spelled]
            number = float(value.replace(",", "."))
            return number if factor == 1.0 else float(f"{number * factor:.12g}"), name
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
    if n < 1 or unit != "Gy":
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


def _read_weekdays(m: re.Match[str], found: dict[str, Any]) -> bool:
    if not m.group().lower().startswith("skip"):
        found.setdefault("interval_d", 1.0)
    return _set(found, skip_weekends=True)


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
    (_SKIP, _read_weekdays),
    (_LABEL, _read_label),
)


def expand_regimen(segments: tuple[Segment, ...]) -> tuple[Dose, ...]:
    """Return every dose of a regimen in order; days and dates are None where not said.

    Days count from the case's day zero where a segment starts ``from d0``; a segment that starts
    on a date has dates only. What is known without any start is the time since the first dose; a
    segment joined by ``&`` without a start has none. Weekends are skipped by the calendar, which
    needs a start date; a start on a weekend moves to the Monday.
    """
    doses: list[Dose] = []
    cursor_d: float | None = None
    cursor_date: date | None = None
    interval: float | None = None
    for segment in segments:
        start_d, start_date = segment.start_d, segment.start_date
        if segment.follows and start_d is None and start_date is None:
            start_d = None if cursor_d is None else cursor_d + segment.delay_d
            if cursor_date is not None:
                start_date = _later(cursor_date, math.floor(segment.delay_d))
        if segment.skip_weekends and start_d is not None and start_date is None:
            raise complain(
                "weekends cannot be skipped without a start date",
                "'from YYYY-MM-DD'",
                "Add the date of the first dose, or leave out 'skip weekends'.",
            )
        origin_d = _origin(segment, doses, interval)
        for dose in _doses(segment, start_d, start_date):
            number = len(doses) + 1
            placed = _since_first(doses[0] if doses else dose, dose, origin_d)
            doses.append(replace(dose, number=number, offset_d=placed))
        interval = segment.interval_d
        last = doses[-1]
        cursor_d = None if last.day_d is None or interval is None else last.day_d + interval
        cursor_date = None
        if last.date is not None and interval is not None:
            cursor_date = _later(last.date, max(1, math.floor(interval)))
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


def _later(day: date, days: float) -> date:
    try:
        return day + timedelta(days=math.floor(days + _ROUNDING))
    except OverflowError:
        raise complain(
            f"doses run beyond the calendar, {days:g} days after {day.isoformat()}",
            "dates up to the year 9999",
            "Check the number of doses and the interval.",
        ) from None


def _origin(segment: Segment, doses: list[Dose], interval_d: float | None) -> float | None:
    """Days from the first dose of the regimen to the first of this segment, by the text alone."""
    if not doses:
        return 0.0
    last = doses[-1].offset_d
    if not segment.follows or last is None or interval_d is None:
        return None
    return last + interval_d + segment.delay_d


def _since_first(first: Dose, dose: Dose, origin_d: float | None) -> float | None:
    if first.date is not None and dose.date is not None:
        return float((dose.date - first.date).days)
    if first.day_d is not None and dose.day_d is not None:
        return round(dose.day_d - first.day_d, 9)
    if origin_d is None or dose.offset_d is None:
        return None
    return round(origin_d + dose.offset_d, 9)


def _doses(segment: Segment, start_d: float | None, start_date: date | None) -> list[Dose]:
    out: list[Dose] = []
    skipped = 0
    for index in range(segment.n_doses or 1):
        day, when = start_d, start_date
        if index and segment.interval_d is None:
            day = when = None
        offset = index * (segment.interval_d or 0.0) + skipped
        if when is not None:
            when = _later(when, offset)
            while segment.skip_weekends and when.weekday() >= 5:
                when = _later(when, 1)
                skipped += 1
                offset += 1
        if day is not None:
            day = round(day + offset, 9)
        known = index == 0 or (segment.interval_d is not None and not segment.skip_weekends)
        since = float(offset) if known else None
        out.append(Dose(index + 1, segment.label, segment.amount, segment.unit, day, when, since))
    return out
