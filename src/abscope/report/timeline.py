"""The timeline: every track of a case on one shared axis, in a wide and a narrow drawing."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from abscope.case.clock import Clock, Span
from abscope.case.record import Case
from abscope.report.axis import Tick, TimeAxis
from abscope.report.closeup import closeup
from abscope.report.curve import curve, log_heights
from abscope.report.events import Lane, Mark, Track, mark_path, tracks
from abscope.report.glyphs import Glyph, arrow, glyph, sign
from abscope.report.lettering import shorten, text_width_px, wrap
from abscope.report.svg import Element, Scene, group, label, line, rect
from abscope.report.words import plural

__all__ = ["NARROW", "WIDE", "Layout", "time_axis", "timeline"]

_ROW_PX = 22.0
_TEXT_PX = 12.0
_SMALL_PX = 11.0
_LINE_PX = 15.0
#: Courses that are drawn enlarged; more are listed in the table only.
_MOST_CLOSEUPS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of one drawing: names stand in a gutter (wide) or above their row (narrow)."""

    name: str
    width_px: float
    gutter_px: float
    side_px: float
    label_px: float
    spacing_px: float

    @property
    def narrow(self) -> bool:
        """Whether names and undated items stand in the column of the plot itself."""
        return self.gutter_px == 0


WIDE = Layout("wide", 1120, 168, 176, 310, 74)
NARROW = Layout("narrow", 330, 0, 0, 176, 60)


def timeline(case: Case, clock: Clock, layout: Layout) -> Scene:
    """Return the timeline of a case; what nothing ties to the axis is listed beside it."""
    rooms = tracks(case, clock)
    lost = any(mark.span is None for track in rooms for mark in track.marks)
    side = layout.side_px if lost else 0.0
    left = layout.gutter_px + (8 if layout.narrow else 0)
    right = layout.width_px - side - 8
    axis = time_axis([mark for track in rooms for mark in track.marks], left, right)
    body: list[Element] = []
    y = _header_height(clock, axis, layout)
    top = y
    for track in rooms:
        drawn, y = _track(track, axis, layout, y, side)
        body += drawn
        body.append(line((0, y), (layout.width_px, y), stroke="rule"))
    back = [*_bands(case, clock, axis, top, y), *_header(clock, axis, layout, (top, y), side)]
    y += 18
    drawn_part, y = _closeups(case, clock, layout, (layout.gutter_px or 8, y))
    body += drawn_part
    legend, y = _legend(left, layout.width_px - 8, y + 6)
    marks = sum(len(track.marks) for track in rooms)
    return Scene(
        name=f"timeline-{layout.name}",
        width_px=layout.width_px,
        height_px=y + 4,
        title=f"Timeline of {shorten(case.title, 900, 12)}",
        desc=(
            f"{plural(marks, 'event')} on {plural(len(rooms), 'track')}; day zero is "
            f"{clock.zero_label}. The tables below the figure hold the same in words."
        ),
        elements=(*back, *body, *legend),
        axis=axis,
    )


def time_axis(marks: list[Mark], left_px: float, right_px: float) -> TimeAxis:
    """Return an axis that holds every finite end of the marks, with room for open ends."""
    days = [0.0]
    for mark in marks:
        spans = [mark.span, mark.until, *(cycle.span for cycle in mark.cycles)]
        for span in spans:
            if span is not None:
                days += [day for day in (span.low_d, span.high_d) if math.isfinite(day)]
    low, high = min(days), max(days)
    if high - low < 7:
        low, high = low - 3, high + 7
    inset = 38.0
    day_px = (right_px - left_px - 2 * inset) / (high - low)
    return TimeAxis(low - inset / day_px, high + inset / day_px, left_px, right_px)


def _header_height(clock: Clock, axis: TimeAxis, layout: Layout) -> float:
    rows = 2 if axis.calendar(clock, layout.spacing_px) else 1
    lines = len(wrap(_zero_words(clock), layout.width_px - 16, _SMALL_PX, lines=2))
    return 8 + lines * _LINE_PX + rows * 16 + 8


def _zero_words(clock: Clock) -> str:
    return f"Time from day zero: {clock.zero_label}".replace(".start", " start")


def _header(
    clock: Clock, axis: TimeAxis, layout: Layout, ends: tuple[float, float], side: float
) -> Iterator[Element]:
    top, bottom = ends
    y = 8 + 11.0
    for row in wrap(_zero_words(clock), layout.width_px - 16, _SMALL_PX, lines=2):
        yield label((axis.left_px, y), row, size_px=_SMALL_PX, fill="muted")
        y += _LINE_PX
    if side:
        yield label(
            (layout.width_px - side + 8, 19),
            "No place on the axis",
            size_px=_SMALL_PX,
            fill="muted",
        )
    calendar = axis.calendar(clock, layout.spacing_px)
    for tick in calendar:
        if _fits(tick, layout, side):
            yield label((tick.x_px, y), tick.text, size_px=_SMALL_PX, fill="muted", anchor="middle")
    y += 16 if calendar else 0
    zero = axis.x_px(0.0)
    for tick in axis.ticks(layout.spacing_px):
        home = abs(tick.x_px - zero) < 0.5
        yield line((tick.x_px, top - 4), (tick.x_px, bottom), stroke="rule", stroke_width=0.8)
        if _fits(tick, layout, side):
            yield label((tick.x_px, y), tick.text, size_px=_SMALL_PX, anchor="middle", bold=home)
    yield line((0, top), (layout.width_px, top), stroke="rule")
    yield line((zero, top - 4), (zero, bottom), stroke="ink", stroke_dasharray="2 3")


def _fits(tick: Tick, layout: Layout, side: float) -> bool:
    half = text_width_px(tick.text, _SMALL_PX) / 2
    return half <= tick.x_px <= layout.width_px - side - half


def _bands(
    case: Case, clock: Clock, axis: TimeAxis, top: float, bottom: float
) -> Iterator[Element]:
    for course in case.rt_courses:
        start, end = clock.event(f"{course.id}.start"), clock.event(f"{course.id}.end")
        spans = [span for span in (start, end) if span is not None and span.bounded]
        if spans:
            low, high = axis.x_px(spans[0].low_d), axis.x_px(spans[-1].high_d)
            yield rect((low, top, max(high - low, 3), bottom - top), fill="band")


def _track(
    track: Track, axis: TimeAxis, layout: Layout, top: float, side: float
) -> tuple[list[Element], float]:
    parts: list[Element] = []
    y = top + 6
    named = any(lane.name for lane in track.lanes)
    parts.append(label((0 if not layout.narrow else 8, y + 12), track.title, bold=True))
    if layout.narrow or named:
        y += 18
    if track.id == "labs":
        heights = log_heights(track.marks, top_px=y, height_px=70)
        parts += curve(track.marks, axis, place=heights)
        y += 70 if any(mark.span is not None and mark.count_per_ul for mark in track.marks) else 4
    else:
        for lane in track.lanes:
            drawn, y = _lane(lane, axis, layout, y)
            parts += drawn
    if track.omitted:
        text = f"{plural(track.omitted, 'more event')} not drawn"
        parts.append(label((axis.left_px, y + 12), text, size_px=_SMALL_PX, fill="muted"))
        y += _LINE_PX + 2
    lost = [mark for mark in track.marks if mark.span is None]
    if lost:
        x = axis.left_px if layout.narrow else layout.width_px - side + 8
        width = axis.right_px - x if layout.narrow else side - 12
        drawn, low = _lost(lost, (x, y if layout.narrow else top + 6), width, narrow=layout.narrow)
        parts += drawn
        y = max(y, low)
    return [group(parts)], max(y + 6, top + 32)


def _lost(
    marks: list[Mark], place: tuple[float, float], width: float, *, narrow: bool
) -> tuple[list[Element], float]:
    """List marks that have no place on the axis, with what is known of their time."""
    x, y = place
    parts: list[Element] = []
    shown = marks[:8]
    for mark in shown:
        why = f"{mark.time}, not tied to day zero" if mark.timed else "time not reported"
        if narrow and mark is shown[0]:
            parts.append(
                label((x, y + 12), "No place on the axis:", size_px=_SMALL_PX, fill="muted")
            )
            y += _LINE_PX
        rows: list[Element] = [sign(mark.shape, x + 6, y + 8, role=mark.role, hollow=True)]
        lines = wrap(mark.label, width - 18, _SMALL_PX, lines=2)
        for row in lines:
            rows.append(label((x + 17, y + 12), row, size_px=_SMALL_PX))
            y += _LINE_PX - 1
        for row in wrap(why, width - 18, _SMALL_PX, lines=2):
            rows.append(label((x + 17, y + 12), row, size_px=_SMALL_PX, fill="muted"))
            y += _LINE_PX - 1
        parts.append(group(rows, title=mark.detail, data_path=mark_path(mark)))
        y += 4
    if len(marks) > len(shown):
        text = f"and {len(marks) - len(shown)} more, see the table"
        parts.append(label((x, y + 12), text, size_px=_SMALL_PX, fill="muted"))
        y += _LINE_PX
    return parts, y


def _lane(lane: Lane, axis: TimeAxis, layout: Layout, top: float) -> tuple[list[Element], float]:
    parts: list[Element] = []
    y = top
    name_lines = 0
    if lane.name and layout.narrow:
        text = shorten(lane.name, layout.width_px - 16, _SMALL_PX)
        parts.append(
            group([label((8, y + 11), text, size_px=_SMALL_PX, fill="muted")], title=lane.name)
        )
        y += 16
    elif lane.name:
        rows = wrap(lane.name, layout.gutter_px - 12, _SMALL_PX, lines=2)
        name_lines = len(rows)
        written = [
            label((0, y + 13 + 13 * n), row, size_px=_SMALL_PX, fill="muted")
            for n, row in enumerate(rows)
        ]
        parts.append(group(written, title=lane.name))
    placed = [mark for mark in lane.marks if mark.span is not None]
    placed.sort(key=lambda mark: _order(mark.span))
    rows_used: list[list[tuple[float, float]]] = []
    for mark in placed:
        drawn = glyph(mark, axis, 0.0)
        text, x, span = _label_place(mark, drawn, axis, layout)
        row = next((n for n, taken in enumerate(rows_used) if _free(taken, span)), len(rows_used))
        if row == len(rows_used):
            rows_used.append([])
        rows_used[row].append(span)
        height = y + row * _ROW_PX + _ROW_PX / 2
        inside = [*glyph(mark, axis, height).elements, label((x, height + 4), text)]
        parts.append(group(inside, title=mark.detail, data_path=mark_path(mark)))
    used = max(len(rows_used) * _ROW_PX, name_lines * 13 + 5, 0)
    return parts, y + used


def _order(span: Span | None) -> tuple[float, float]:
    if span is None:
        return (math.inf, math.inf)
    finite = [day for day in (span.low_d, span.high_d) if math.isfinite(day)]
    return (min(finite, default=0.0), max(finite, default=0.0))


def _free(taken: list[tuple[float, float]], span: tuple[float, float]) -> bool:
    return all(span[1] <= low or span[0] >= high for low, high in taken)


def _label_place(
    mark: Mark, drawn: Glyph, axis: TimeAxis, layout: Layout
) -> tuple[str, float, tuple[float, float]]:
    """Return the label text, where it starts and the stretch that mark and label take."""
    text = shorten(mark.label, layout.label_px, _TEXT_PX)
    width = text_width_px(text, _TEXT_PX)
    after, before = axis.right_px - drawn.high_px - 5, drawn.low_px - 5 - axis.left_px
    if width > after and width <= before:
        x = drawn.low_px - 5 - width
        return text, x, (x - 6, drawn.high_px + 6)
    if width > after:
        text = shorten(mark.label, max(after, 24), _TEXT_PX)
        width = text_width_px(text, _TEXT_PX)
    x = drawn.high_px + 5
    return text, x, (drawn.low_px - 4, x + width + 8)


def _closeups(
    case: Case, clock: Clock, layout: Layout, place: tuple[float, float]
) -> tuple[list[Element], float]:
    """Draw the courses enlarged: one below the other, or two side by side where there is room."""
    left, y = place
    gap, columns = 40.0, 1 if layout.narrow or len(case.rt_courses) == 1 else 2
    width = (layout.width_px - 8 - left - gap * (columns - 1)) / columns
    parts: list[Element] = []
    courses = case.rt_courses[:_MOST_CLOSEUPS]
    for first in range(0, len(courses), columns):
        bottoms = [y]
        for column, course in enumerate(courses[first : first + columns]):
            x = left + column * (width + gap)
            drawn, low = closeup(clock, course, left_px=x, right_px=x + width, top_px=y)
            parts += drawn
            bottoms.append(low + 8)
        y = max(bottoms)
    if len(case.rt_courses) > len(courses):
        text = f"{plural(len(case.rt_courses) - len(courses), 'more course')} in the table only"
        parts.append(label((left, y + 8), text, size_px=_SMALL_PX, fill="muted"))
        y += 20
    return parts, y


def _legend(left: float, right: float, top: float) -> tuple[list[Element], float]:
    """Return the key to the signs; it wraps to the width of the drawing."""
    entries: list[tuple[list[Element], str]] = [
        ([sign("scan", 13, 0, role="ink")], "day known"),
        (
            [line((2, 0), (24, 0), stroke="ink"), sign("scan", 13, 0, role="ink", hollow=True)],
            "some time in the interval",
        ),
        ([*arrow(2, 0, 1, role="ink")], "open: before or after"),
        (
            [rect((2, -5, 22, 10), fill="in_field", stroke="in_field", hatch=True)],
            "striped: may have been, or day not known",
        ),
        ([sign("value", 13, 0, role="drug", hollow=True)], "hollow: derived or unsure"),
        ([rect((2, -6, 22, 12), fill="band")], "shaded: course of radiotherapy, weekend"),
    ]
    x, y = left, top + 8
    parts: list[Element] = []
    for elements, text in entries:
        width = 32 + text_width_px(text, _SMALL_PX) + 14
        if x + width > right and x > left:
            x, y = left, y + 18
        parts.append(group(elements, transform=f"translate({x:.1f} {y:.1f})"))
        parts.append(label((x + 32, y + 4), text, size_px=_SMALL_PX, fill="muted"))
        x += width
    return parts, y + 12
