"""Lymphocyte counts of a case against the count before radiotherapy, with their CTCAE grades."""

from dataclasses import dataclass

from abscope.case.clock import Clock, Span
from abscope.case.observation import Lab
from abscope.case.record import Case
from abscope.response.ctcae import CtcaeGrade, lymphocyte_grade

__all__ = ["LymphocyteReading", "lymphocyte_readings"]


@dataclass(frozen=True, slots=True)
class LymphocyteReading:
    """One count with its place in time, its change from baseline and its grade.

    ``change_frac`` is (count - baseline) / baseline; None for the baseline itself and where either
    is not one number. ``grade`` is None where the count is not one number.
    """

    lab: Lab
    span: Span | None
    baseline: bool
    change_frac: float | None
    grade: CtcaeGrade | None


def lymphocyte_readings(case: Case, clock: Clock) -> tuple[LymphocyteReading, ...]:
    """Return the lymphocyte counts in the order of the record.

    Baseline is the last count that surely preceded the first radiotherapy course (its span ends
    at or before the earliest possible start); without such a count no change is given.
    """
    labs = [lab for lab in case.labs if lab.test == "lymphocytes"]
    spans = [clock.fact(lab.when) for lab in labs]
    index = _baseline(labs, spans, _first_start_d(case, clock))
    base = _count(labs[index]) if index is not None else None
    readings = []
    for number, (lab, span) in enumerate(zip(labs, spans, strict=True)):
        count = _count(lab)
        change = None
        if number != index and base and count is not None:
            change = (count - base) / base
        limit = lab.lower_limit.value if lab.lower_limit else None
        grade = None if count is None else lymphocyte_grade(count, lower_limit_per_ul=limit)
        readings.append(LymphocyteReading(lab, span, number == index, change, grade))
    return tuple(readings)


def _count(lab: Lab) -> float | None:
    return lab.value.value if lab.value is not None else None


def _first_start_d(case: Case, clock: Clock) -> float | None:
    starts = [clock.event(f"{course.id}.start") for course in case.rt_courses]
    known = [span.low_d for span in starts if span is not None]
    return min(known) if known and len(known) == len(starts) else None


def _baseline(labs: list[Lab], spans: list[Span | None], start_d: float | None) -> int | None:
    if start_d is None:
        return None
    before = [
        (span.high_d, index)
        for index, span in enumerate(spans)
        if span is not None and span.high_d <= start_d and _count(labs[index]) is not None
    ]
    return max(before)[1] if before else None
