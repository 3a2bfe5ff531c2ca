"""How one mark of the timeline is drawn: its sign, how unsure its time is, where it ends."""

import math
from dataclasses import dataclass

from abscope.case.clock import Span
from abscope.report.axis import TimeAxis
from abscope.report.events import Mark
from abscope.report.palette import Role
from abscope.report.svg import Element, circle, line, path, polygon, rect

__all__ = ["Glyph", "arrow", "glyph", "point_glyph", "sign"]

_REACH_PX = 26.0
_STEP_ASIDE_PX = 9.0
_BAR_PX = 10.0


@dataclass(frozen=True, slots=True)
class Glyph:
    """The drawing of a mark, from ``low_px`` to ``high_px`` along the axis."""

    elements: tuple[Element, ...]
    low_px: float
    high_px: float


def arrow(x_px: float, y_px: float, direction: int, *, role: Role) -> tuple[Element, ...]:
    """Return a dashed line with a head that says: some time before, or after, this point."""
    tip = x_px + direction * _REACH_PX
    head = [(tip, y_px), (tip - direction * 6, y_px - 4), (tip - direction * 6, y_px + 4)]
    return (
        line((x_px, y_px), (tip - direction * 5, y_px), stroke=role, stroke_dasharray="3 2"),
        polygon(head, fill=role),
    )


def sign(shape: str, x_px: float, y_px: float, *, role: Role, hollow: bool = False) -> Element:
    """Return the sign of a kind of event, centered on a point; hollow where its time is unsure."""
    x, y = x_px, y_px
    fill: Role = "panel" if hollow else role
    if shape == "scan":
        return rect((x - 5, y - 5, 10, 10), fill=fill, stroke=role, stroke_width=1.6)
    if shape == "procedure":
        points = [(x, y - 6.5), (x + 6.5, y), (x, y + 6.5), (x - 6.5, y)]
        return polygon(points, fill=fill, stroke=role, stroke_width=1.6)
    if shape == "status":
        points = [(x - 6, y - 5), (x + 2, y - 5), (x + 7, y), (x + 2, y + 5), (x - 6, y + 5)]
        return polygon(points, fill=fill, stroke=role, stroke_width=1.6, stroke_linejoin="round")
    if shape == "death":
        return path(
            f"M{x - 5:.2f},{y - 5:.2f} l10,10 M{x + 5:.2f},{y - 5:.2f} l-10,10",
            stroke=role,
            stroke_width=2.6,
        )
    if shape == "symptom":
        points = [(x, y - 6), (x + 6, y + 5), (x - 6, y + 5)]
        return polygon(points, fill=fill, stroke=role, stroke_width=1.6)
    return circle((x, y), 4.6, fill=fill, stroke=role, stroke_width=1.8)


def glyph(mark: Mark, axis: TimeAxis, y_px: float) -> Glyph:
    """Return the drawing of a placed mark (its span is known) around a height."""
    if mark.span is None:
        raise ValueError("a mark without a span has no place on the axis")
    if mark.shape in ("bar", "fractions"):
        return _bar(mark, mark.span, axis, y_px)
    return point_glyph(mark.shape, mark.span, axis, y_px, role=mark.role)


def point_glyph(shape: str, span: Span, axis: TimeAxis, y_px: float, *, role: Role) -> Glyph:
    """Return a sign with whiskers over its interval, or an arrow where the interval is open."""
    if span.bounded:
        low, high = axis.x_px(span.low_d), axis.x_px(span.high_d)
        middle = (low + high) / 2
        drawn = [sign(shape, middle, y_px, role=role, hollow=not span.exact)]
        if high - low > 3:
            drawn[:0] = _whisker(low, high, y_px, role)
        return Glyph(tuple(drawn), min(low, middle - 6), max(high, middle + 6))
    if math.isinf(span.low_d) and math.isinf(span.high_d):
        x = (axis.left_px + axis.right_px) / 2
        drawn = [*arrow(x, y_px, 1, role=role), *arrow(x, y_px, -1, role=role)]
        drawn.append(sign(shape, x, y_px, role=role, hollow=True))
        return Glyph(tuple(drawn), x - _REACH_PX, x + _REACH_PX)
    direction = -1 if math.isinf(span.low_d) else 1
    edge = axis.x_px(span.high_d if direction < 0 else span.low_d)
    x = edge + direction * _STEP_ASIDE_PX
    drawn = [*arrow(x, y_px, direction, role=role), sign(shape, x, y_px, role=role, hollow=True)]
    ends = sorted((x - direction * 6, x + direction * _REACH_PX))
    return Glyph(tuple(drawn), ends[0], ends[1])


def _whisker(low: float, high: float, y: float, role: Role) -> list[Element]:
    return [
        line((low, y), (high, y), stroke=role, stroke_width=1.4),
        line((low, y - 4), (low, y + 4), stroke=role, stroke_width=1.4),
        line((high, y - 4), (high, y + 4), stroke=role, stroke_width=1.4),
    ]


def _bar(mark: Mark, span: Span, axis: TimeAxis, y: float) -> Glyph:
    """Draw solid what surely lay within, striped what may have, an arrow where an end is open."""
    role, top = mark.role, y - _BAR_PX / 2
    drawn: list[Element] = []
    first = axis.x_px(span.low_d if math.isfinite(span.low_d) else span.high_d)
    sure = axis.x_px(span.high_d if math.isfinite(span.high_d) else span.low_d)
    if math.isinf(span.high_d) and mark.until is not None and math.isfinite(mark.until.high_d):
        sure = axis.x_px(mark.until.high_d)
    low = first
    if math.isinf(span.low_d):
        drawn += arrow(first, y, -1, role=role)
        low = first - _REACH_PX
    end = mark.until
    last_cycle = mark.cycles[-1].span if mark.cycles else None
    if end is None and last_cycle is not None:
        end = last_cycle
    if end is None or math.isinf(end.high_d):
        known = sure if end is None else max(sure, axis.x_px(end.low_d))
        tail = max(known, sure + 12)
        drawn += arrow(tail, y, 1, role=role)
        high, sure_end, last = tail + _REACH_PX, tail, tail
    else:
        last = max(axis.x_px(end.high_d), first + 6)
        sure_end = last if math.isinf(end.low_d) else max(axis.x_px(end.low_d), sure)
        high = last
    if sure_end <= sure:
        sure, sure_end = sure, sure
    if sure - first > 1.5:
        drawn.append(_stretch(first, sure, top, role, unsure=True))
    if sure_end > sure:
        drawn.append(_stretch(sure, sure_end, top, role, unsure=False))
    if last - sure_end > 1.5:
        drawn.append(_stretch(max(sure_end, first), last, top, role, unsure=True))
    for cycle in mark.cycles:
        middle = cycle.span.middle_d
        if middle is not None:
            drawn.append(_cycle(axis.x_px(middle), y, role, derived=cycle.derived))
    return Glyph(tuple(drawn), low, high + 3)


def _stretch(low: float, high: float, top: float, role: Role, *, unsure: bool) -> Element:
    place = (low, top, high - low, _BAR_PX)
    if unsure:
        return rect(
            place, fill=role, stroke=role, hatch=True, stroke_width=1, stroke_dasharray="3 2"
        )
    return rect(place, fill="band", stroke=role, stroke_width=1.2)


def _cycle(x: float, y: float, role: Role, *, derived: bool) -> Element:
    return circle((x, y), 3.2, fill="panel" if derived else role, stroke=role, stroke_width=1.5)
