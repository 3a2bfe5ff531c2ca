"""Lymphocyte counts that the model is compared with: every version, and when they were taken."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from abscope.case.clock import Clock, Span
from abscope.case.observation import Lab
from abscope.case.record import Case
from abscope.case.timing import Relative
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.errors import Problem, UsageError

__all__ = ["CaseCounts", "Count", "counts_of_case", "counts_of_days", "unit_doubts"]

#: One 10^9/L is 1000 per microliter; a step between two counts of this size is a change of unit.
_THOUSANDFOLD = (500.0, 2000.0)
_HIGHEST_PER_UL = 5e5
#: Where no count of a patient is above this, all of them are more likely in 10^9/L.
_LEAST_PER_UL = 20.0
#: A count of 0 is read as below what a counter tells apart from 0.
_SMALLEST_PER_UL = 10.0


@dataclass(frozen=True, slots=True)
class Count:
    """One count with its versions and the days it may have been taken on.

    ``anchor`` is '' for days from day zero; else a course or phase whose own 'start', 'end' or
    'during' (``anchor_part``) the days ``low_d`` to ``high_d`` are counted from.
    """

    label: str
    values_per_ul: tuple[float, ...]
    low_d: float
    high_d: float
    anchor: str = ""
    anchor_part: str = ""


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """The counts after the start of radiotherapy, and the one before it.

    ``baseline_per_ul`` has every version of the last count before; empty where there is none.
    ``notes`` says what was left out and why.
    """

    baseline_per_ul: tuple[float, ...]
    counts: tuple[Count, ...]
    lower_limit_per_ul: float | None
    notes: tuple[str, ...]


def counts_of_case(case: Case, clock: Clock) -> CaseCounts:
    """Return the lymphocyte counts of a case.

    Baseline is the last count that surely precedes the first course. A count without a place in
    time is left out and named. A count of 0 is read as the smallest that can be told from 0.
    """
    labs = [lab for lab in case.labs if lab.test == "lymphocytes" and _values(lab)]
    notes, counts, before = [], [], list[tuple[float, tuple[float, ...]]]()
    starts = [clock.event(f"{course.id}.start") for course in case.rt_courses]
    known = [span.low_d for span in starts if span is not None]
    first_d = min(known) if known and len(known) == len(starts) else None
    for lab in labs:
        values, span = _values(lab), clock.fact(lab.when)
        label = _label(lab)
        if span is not None and first_d is not None and span.high_d <= first_d:
            before.append((span.high_d, values))
        elif (count := _relative(case, lab, label, values)) is not None:
            counts.append(count)
        elif span is None or (placed := _bounded(span)) is None:
            notes.append(f"the count {label} has no place in time and is not used")
        else:
            counts.append(Count(label, values, placed.low_d, placed.high_d))
    baseline = max(before, key=lambda item: item[0])[1] if before else ()
    if len(before) > 1:
        notes.append(f"{len(before) - 1} older count(s) before radiotherapy are not used")
    limits = [lab.lower_limit.value for lab in labs if lab.lower_limit and lab.lower_limit.value]
    return CaseCounts(baseline, tuple(counts), limits[0] if limits else None, tuple(notes))


def unit_doubts(found: CaseCounts) -> tuple[str, ...]:
    """Return what speaks for a wrong unit of the counts of a case, in words; empty is fine.

    A count in 10^9/L that was read per microliter is a thousandfold too small: pairs of counts
    whose ratio is near 1000, and counts that are all below 20 per microliter.
    """
    rows = [("before radiotherapy", value) for value in found.baseline_per_ul]
    rows += [(count.label, value) for count in found.counts for value in count.values_per_ul]
    if rows and all(0 < value < _LEAST_PER_UL and value != _SMALLEST_PER_UL for _, value in rows):
        said = ", ".join(f"{value:g}" for _, value in rows)
        return (f"no count is above {_LEAST_PER_UL:g} per uL ({said})",)
    return tuple(
        f"counts {value:g} ({label}) and {other:g} ({later}) per uL differ "
        f"{max(value, other) / min(value, other):.0f} times"
        for (label, value), (later, other) in combinations(rows, 2)
        if _THOUSANDFOLD[0] <= max(value, other) / min(value, other) <= _THOUSANDFOLD[1]
    )


def counts_of_days(texts: Sequence[str]) -> CaseCounts:
    """Return the counts of ``DAY=COUNT`` texts (days from the first fraction, count per uL).

    The last count at a negative day is the baseline. Raises UsageError with every text that is no
    count, a day given twice, a count below 0, and counts whose ratio is near 1000, which are in
    two units.
    """
    problems, rows = [], list[tuple[float, float]]()
    for text in texts:
        day, _, number = text.partition("=")
        try:
            row = (float(day), float(number))
        except ValueError:
            problems.append(_problem(f"'{text}' is no count", "DAY=COUNT, for example 12=640"))
            continue
        if not all(map(math.isfinite, row)):
            problems.append(_problem(f"'{text}' is not finite", "two finite numbers"))
        elif row[1] < 0:
            problems.append(_problem(f"a count of {row[1]:g} per uL", "0 or more per uL"))
        elif row[1] > _HIGHEST_PER_UL or 0 < row[1] < 1:
            unit = "10^9/L" if row[1] < 1 else "per liter or per ml"
            what = f"a count of {row[1]:g} per uL; is it in {unit}?"
            problems.append(_problem(what, "1 to 500000 per uL"))
        elif row[0] in (other for other, _ in rows):
            problems.append(_problem(f"two counts on day {row[0]:g}", "one count per day"))
        else:
            rows.append(row)
    rows.sort()
    problems += _thousandfold(rows)
    if rows and not problems and all(0 < value < _LEAST_PER_UL for _, value in rows):
        said = ", ".join(f"{value:g}" for _, value in rows)
        what = f"no count is above {_LEAST_PER_UL:g} per uL ({said}); are they in 10^9/L?"
        problems.append(_problem(what, "counts per uL"))
    if problems:
        raise UsageError(problems)
    before = [row for row in rows if row[0] < 0]
    counts = tuple(
        Count(f"day {day:g}", (value if value > 0 else _SMALLEST_PER_UL,), day, day)
        for day, value in rows
        if day >= 0
    )
    return CaseCounts((before[-1][1],) if before else (), counts, None, ())


def _thousandfold(rows: Sequence[tuple[float, float]]) -> list[Problem]:
    out = []
    for (day, value), (later, other) in pairwise(rows):
        if min(value, other) <= 0:
            continue
        ratio = max(value, other) / min(value, other)
        if _THOUSANDFOLD[0] <= ratio <= _THOUSANDFOLD[1]:
            out.append(
                _problem(
                    f"counts {value:g} on day {day:g} and {other:g} on day {later:g} differ "
                    f"{ratio:.0f} times: 10^9/L beside per uL?",
                    "every count per uL",
                )
            )
    return out


def _problem(what: str, expected: str) -> Problem:
    return Problem("--count", what, expected, "Write the day and the count per microliter.")


def _values(lab: Lab) -> tuple[float, ...]:
    if lab.value is None:
        return ()
    found = tuple(lab.value.candidates)
    if not found and lab.value.bounds is not None:
        found = tuple(x for x in lab.value.bounds if x is not None)
    return tuple(x if x > 0 else _SMALLEST_PER_UL for x in found)


def _label(lab: Lab) -> str:
    times = " or ".join(str(x) for x in lab.when.candidates) if lab.when else ""
    return times or lab.id or "without a time"


def _bounded(span: Span) -> Span | None:
    width = lymphocyte_parameter("start_window").value
    if span.bounded:
        return span
    if math.isfinite(span.low_d):
        return Span(span.low_d, span.low_d + width)
    return Span(span.high_d - width, span.high_d) if math.isfinite(span.high_d) else None


def _relative(case: Case, lab: Lab, label: str, values: tuple[float, ...]) -> Count | None:
    """Return a count whose only time is relative to a course or phase, which each draw dates."""
    if lab.when is None or len(lab.when.candidates) != 1:
        return None
    time = lab.when.candidates[0].expression
    if not isinstance(time, Relative):
        return None
    name, _, part = time.event.partition(".")
    phases = {phase.id for course in case.rt_courses for phase in course.phases}
    if name not in phases | {course.id for course in case.rt_courses}:
        return None
    if time.relation == "during":
        return Count(label, values, 0.0, 0.0, name, "during")
    if time.relation == "before":
        return None
    width = lymphocyte_parameter("start_window").value
    high = time.low_d + width if time.high_d is None else time.high_d
    where = part or ("start" if time.relation == "at" else "end")
    return Count(label, values, time.low_d, high, name, where)
