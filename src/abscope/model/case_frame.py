"""When the simulation of a case begins, from which scan, after which course, and until when."""

import math
from dataclasses import dataclass

from abscope.case.clock import Clock, Span
from abscope.case.observation import Imaging
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.lymphocytes import lymphocyte_parameter

__all__ = ["CaseFrame", "case_frame"]


@dataclass(frozen=True, slots=True)
class CaseFrame:
    """The part of a record that is simulated.

    ``courses`` are those that are simulated, ``scan`` the last examination with findings before
    them (None where there is none), ``start`` the days on which the simulation may begin.
    """

    courses: tuple[RTCourse, ...]
    scan: Imaging | None
    start: Span
    end_d: float
    unknowns: tuple[str, ...]


def case_frame(case: Case, clock: Clock) -> CaseFrame:
    """Return the frame around the course of day zero and those after it."""
    courses, told = _courses(case, clock)
    begin = _begin(courses, clock)
    scan = _scan(case, clock, begin)
    start, more = _start(scan, clock, begin)
    return CaseFrame(courses, scan, start, _end(case, clock, start), (*told, *more))


def _courses(case: Case, clock: Clock) -> tuple[tuple[RTCourse, ...], list[str]]:
    named = (case.day_zero or "").partition(".")[0]
    zero = next(
        (c for c in case.rt_courses if named in (c.id, *(phase.id for phase in c.phases))), None
    )
    if zero is None:
        return case.rt_courses, []
    begin = clock.event(f"{zero.id}.start")
    kept: list[RTCourse] = []
    out: list[RTCourse] = []
    for course in case.rt_courses:
        span = clock.event(f"{course.id}.start")
        before = span is not None and begin is not None and span.high_d < begin.low_d
        (out if before and course is not zero else kept).append(course)
    told = [f"{course.id} was given before day zero and is not simulated" for course in out]
    return tuple(kept), told


def _begin(courses: tuple[RTCourse, ...], clock: Clock) -> Span | None:
    spans = [clock.event(f"{course.id}.start") for course in courses]
    known = [span for span in spans if span is not None and span.bounded]
    return min(known, key=lambda span: span.low_d) if known else None


def _scan(case: Case, clock: Clock, begin: Span | None) -> Imaging | None:
    found = [scan for scan in case.imaging if scan.findings and scan.role != "follow_up"]
    found = [
        scan for scan in found if not (scan.modalities and scan.modalities.value == ("pathology",))
    ]
    marked = [scan for scan in found if scan.role == "baseline"]
    spans = {scan.id: clock.fact(scan.when) for scan in found}
    if begin is not None:
        early = [scan for scan in found if _before(spans[scan.id], begin)]
        near = [scan for scan in marked if scan in early or spans[scan.id] is None]
        choose = near or early
        return max(choose, key=lambda scan: _middle(spans[scan.id]), default=None)
    return next(iter(marked or found), None)


def _before(span: Span | None, begin: Span) -> bool:
    return span is not None and span.low_d < begin.high_d and _middle(span) <= begin.high_d


def _middle(span: Span | None) -> float:
    if span is None:
        return -math.inf
    low = span.low_d if math.isfinite(span.low_d) else span.high_d
    high = span.high_d if math.isfinite(span.high_d) else low
    return (low + high) / 2


def _start(scan: Imaging | None, clock: Clock, begin: Span | None) -> tuple[Span, list[str]]:
    latest = begin.low_d if begin is not None else math.inf
    span = clock.fact(scan.when) if scan is not None else None
    if scan is None:
        day = 0.0 if begin is None else begin.low_d
        return Span(day, day), ["no examination before radiotherapy tells what there was"]
    width = lymphocyte_parameter("start_window").value
    if span is None or not (math.isfinite(span.low_d) or math.isfinite(span.high_d)):
        day = 0.0 if begin is None else latest
        text = f"the day of {scan.id} is not known; within {width:g} days before day {day:g}"
        return Span(day - width, day), [text]
    high = min(span.high_d, latest)
    high = min(span.low_d + width, latest) if not math.isfinite(high) else high
    low = min(max(span.low_d, high - width) if not math.isfinite(span.low_d) else span.low_d, high)
    old = case_prior("scan_within").value
    told = []
    if begin is not None and high < latest - old:
        told.append(
            f"{scan.id} is older than {old:g} days; its sizes are taken {old:g} days before"
        )
        low = high = latest - old
    if low < high:
        told.append(f"{scan.id} was taken between day {low:g} and {high:g}")
    return Span(low, high), told


def _end(case: Case, clock: Clock, start: Span) -> float:
    """Return the last day that scans, counts or the plan of the record speak of, with a margin."""
    spans = [clock.fact(scan.when) for scan in case.imaging]
    spans += [clock.fact(lab.when) for lab in case.labs]
    days = [span.high_d for span in spans if span is not None and math.isfinite(span.high_d)]
    days += [span.low_d for span in spans if span is not None and math.isfinite(span.low_d)]
    follow = case_prior("follow_on").value
    last = max([start.high_d, *days]) + follow / 4
    return min(max(last, start.high_d + follow), start.low_d + case_prior("longest").value)
