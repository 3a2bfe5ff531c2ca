"""Each course of radiotherapy enlarged: every fraction, on its day where the record gives it."""

import itertools
import math
from collections.abc import Iterable

from abscope.case.clock import Clock, Span
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.report.axis import TimeAxis
from abscope.report.events import dose_words
from abscope.report.fractions import Fraction, Fractions, fractions_of, phase_span
from abscope.report.lettering import shorten, wrap
from abscope.report.svg import Element, group, label, line, rect
from abscope.report.words import MONTHS, day_month_year, plural

__all__ = ["closeup"]

_BOX_PX = 18.0
_GAP_PX = 3.0
_ROW_PX = 44.0
#: Widest drawing of one day.
_DAY_PX = 64.0
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def closeup(
    clock: Clock, course: RTCourse, *, left_px: float, right_px: float, top_px: float
) -> tuple[tuple[Element, ...], float]:
    """Return the drawing of one course and the height at which it ends.

    Days count from the first fraction of the course. Fractions whose days do not follow from the
    record stand side by side, in order, on no day.
    """
    start = clock.event(f"{course.id}.start")
    parts: list[Element] = [
        label((left_px, top_px + 12), f"{course.id} enlarged", bold=True),
    ]
    width = right_px - left_px
    text = _note(clock, start)
    y = top_px + 27
    for row in wrap(text, width, 11, lines=3):
        parts.append(label((left_px, y), row, size_px=11, fill="muted"))
        y += 14
    axis = _axis(clock, course, start, left_px, right_px)
    top = y + 6
    if axis is not None:
        parts += _days(clock, axis, start, top, top + 16 + _ROW_PX * len(course.phases))
        top += 20
    for phase in course.phases:
        parts.append(_phase(clock, course, phase, axis, start, (left_px, right_px, top)))
        top += _ROW_PX
    return tuple(parts), top + 4


def _note(clock: Clock, start: Span | None) -> str:
    if start is None:
        return "Its time is not tied to day zero."
    first = clock.date_of(start.low_d) if start.exact else None
    if first is not None:
        return f"Days from {day_month_year(first)}; shaded days are weekends."
    if start.exact:
        return "Days from its start, which has no calendar date."
    return "Days from its first fraction, whose own date is known only as an interval."


def _axis(
    clock: Clock, course: RTCourse, start: Span | None, left: float, right: float
) -> TimeAxis | None:
    """Return an axis of days from the first fraction, or None where no day is known at all."""
    if start is None or not start.bounded:
        return None
    last = 0.0
    for phase in course.phases:
        first, end = phase_span(clock, course, phase)
        shift = _shift(first, start)
        for item in fractions_of(clock, course, phase).items:
            if item.offset_d is not None and shift is not None:
                last = max(last, shift + item.offset_d)
        if start.exact:
            ends = [s.high_d - start.low_d for s in (first, end) if s is not None and s.bounded]
            last = max([last, *ends])
    if last <= 0:
        return None
    low, high = -0.5, last + 0.5
    return TimeAxis(low, high, left, min(right, left + _DAY_PX * (high - low)))


def _shift(first: Span | None, start: Span) -> float | None:
    if first is None or not first.bounded:
        return None
    if first == start:
        return 0.0
    return first.low_d - start.low_d if first.exact and start.exact else None


def _days(
    clock: Clock, axis: TimeAxis, start: Span | None, top: float, bottom: float
) -> Iterable[Element]:
    first = clock.date_of(start.low_d) if start is not None and start.exact else None

    step = next(n for n in (1, 2, 5, 7, 14, 28, 56, 9999) if n * axis.px_per_d >= 34)
    for day in range(math.floor(axis.high_d) + 1):
        x = axis.x_px(day)
        date = clock.date_of(start.low_d + day) if first and start else None
        if date is not None and date.weekday() >= 5:
            half = axis.px_per_d / 2
            yield rect((x - half, top + 16, 2 * half, bottom - top - 12), fill="band")
        if day % step == 0:
            text = f"d {day}"
            if date is not None and step == 1:
                month = f" {MONTHS[date.month - 1]}" if axis.px_per_d >= 58 else ""
                text = f"{_DAYS[date.weekday()]} {date.day}{month}"
            yield label((x, top + 10), text, size_px=11, fill="muted", anchor="middle")
            yield line((x, top + 14), (x, top + 18), stroke="rule")


def _phase(
    clock: Clock,
    course: RTCourse,
    phase: RTPhase,
    axis: TimeAxis | None,
    start: Span | None,
    place: tuple[float, float, float],
) -> Element:
    left, right, top = place
    found = fractions_of(clock, course, phase)
    first, end = phase_span(clock, course, phase)
    shift = _shift(first, start) if start is not None else None
    name = f"{phase.id}: {dose_words(phase)}"
    parts: list[Element] = []
    dated = axis is not None and found.dated and shift is not None
    if dated and axis is not None and shift is not None:
        places = [axis.x_px(shift + (item.offset_d or 0.0)) for item in found.items]
    else:
        places = _in_order(found, axis, first, end, start, (left, right))
    small = min((b - a for a, b in itertools.pairwise(places)), default=_BOX_PX)
    box = min(_BOX_PX, max(small - 1, 2.0))
    y = top + 16
    for x, item in zip(places, found.items, strict=True):
        parts.append(_box(x, y, item, box, dated=dated))
    text = f"{name} — {found.note}" if found.note else name
    parts.append(label((left, top + 11), shorten(text, right - left, 11), size_px=11))
    return group(parts, title=f"{name}; {plural(len(found.items), 'fraction')}. {found.note}")


def _in_order(
    found: Fractions,
    axis: TimeAxis | None,
    first: Span | None,
    end: Span | None,
    start: Span | None,
    sides: tuple[float, float],
) -> list[float]:
    """Return places side by side, or spread between two stated dates."""
    left, right = sides
    number = len(found.items)
    pitch = min(_BOX_PX + _GAP_PX, (right - left) / max(number, 1))
    begin = left + pitch / 2
    if axis is not None and start is not None and start.exact and first is not None:
        low = first.low_d - start.low_d
        if math.isfinite(low):
            begin = axis.x_px(low)
            if first.exact and end is not None and end.exact and number > 1:
                reach = axis.x_px(end.low_d - start.low_d) - begin
                return [begin + reach * index / (number - 1) for index in range(number)]
    begin = max(min(begin, right - pitch * (number - 0.5)), left + pitch / 2)
    return [begin + pitch * index for index in range(number)]


def _box(x: float, y: float, item: Fraction, size: float, *, dated: bool) -> Element:
    place = (x - size / 2, y, size, _BOX_PX)
    given = {True: "delivered", None: "delivery not certain", False: "not delivered"}
    title = f"fraction {item.number}, {given[item.delivered]}" + (
        "" if dated else ", day not known"
    )
    if item.delivered and dated:
        box = rect(place, fill="in_field", stroke="in_field", stroke_width=1.2, rx=2)
    elif item.delivered:
        box = rect(place, fill="in_field", stroke="in_field", stroke_width=1.2, hatch=True, rx=2)
    else:
        box = rect(
            place, fill="panel", stroke="in_field", stroke_width=1.4, stroke_dasharray="3 2", rx=2
        )
    parts = [box]
    if size >= 15:
        surely = bool(item.delivered and dated)
        parts.append(
            label(
                (x, y + 13),
                str(item.number),
                size_px=11,
                fill="panel" if surely else "ink",
                anchor="middle",
                bold=True,
            )
        )
    return group(parts, title=title)
