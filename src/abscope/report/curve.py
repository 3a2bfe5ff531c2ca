"""Counts over time inside the timeline: points at their height, each with its value beside it."""

import itertools
import math
from collections.abc import Callable

from abscope.report.axis import TimeAxis
from abscope.report.events import Mark, mark_path
from abscope.report.glyphs import point_glyph
from abscope.report.lettering import text_width_px
from abscope.report.svg import Element, group, label, line

__all__ = ["curve", "log_heights"]

_Box = tuple[float, float, float, float]


def log_heights(
    marks: tuple[Mark, ...], *, top_px: float, height_px: float
) -> Callable[[float], float]:
    """Return the map from a count to its height that fills a strip, logarithmic."""
    logs = [
        math.log(mark.count_per_ul) for mark in marks if mark.count_per_ul and mark.count_per_ul > 0
    ]
    low, high = min(logs, default=0.0), max(logs, default=0.0)

    def place(count: float) -> float:
        share = 0.5 if high == low else (high - math.log(count)) / (high - low)
        return top_px + 12 + share * (height_px - 24)

    return place


def curve(
    marks: tuple[Mark, ...], axis: TimeAxis, *, place: Callable[[float], float]
) -> list[Element]:
    """Return the placed marks as points at their heights, joined in order, with their values."""
    placed = [
        (mark, mark.span, mark.count_per_ul)
        for mark in marks
        if mark.span is not None and mark.count_per_ul is not None and mark.count_per_ul > 0
    ]
    points = [
        (mark, point_glyph("value", span, axis, place(height), role="lymphocytes"), place(height))
        for mark, span, height in placed
    ]
    points.sort(key=lambda point: point[1].low_px + point[1].high_px)
    taken: list[_Box] = [(g.low_px, y - 6, g.high_px, y + 6) for _, g, y in points]
    joints = [((g.low_px + g.high_px) / 2, y) for _, g, y in points]
    parts: list[Element] = [
        line(a, b, stroke="lymphocytes", stroke_width=1, stroke_dasharray="1 3")
        for a, b in itertools.pairwise(joints)
    ]
    for mark, drawn, y in points:
        x, base = _label_place(mark.label, drawn.low_px, drawn.high_px, y, axis, taken)
        written = label((x, base), mark.label, fill="lymphocytes", bold=True)
        parts.append(
            group([*drawn.elements, written], title=mark.detail, data_path=mark_path(mark))
        )
    return parts


def _label_place(
    text: str, low: float, high: float, y: float, axis: TimeAxis, taken: list[_Box]
) -> tuple[float, float]:
    width, middle = text_width_px(text, 12, bold=True), (low + high) / 2
    options = [
        (high + 5, y + 4),
        (low - 5 - width, y + 4),
        (middle - width / 2, y - 8),
        (middle - width / 2, y + 17),
    ]
    for x, base in options:
        box = (x - 2, base - 10, x + width + 2, base + 2)
        inside = x >= axis.left_px - 4 and x + width <= axis.right_px + 4
        if inside and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return x, base
    return options[0]


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
