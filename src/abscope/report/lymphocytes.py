"""Lymphocyte counts over time with the bands of CTCAE v5."""

import math
from collections.abc import Iterator
from typing import Literal

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.report.axis import TimeAxis
from abscope.report.curve import curve
from abscope.report.events import lymphocyte_marks
from abscope.report.lettering import wrap
from abscope.report.svg import Element, Scene, group, label, line, rect
from abscope.report.timeline import time_axis
from abscope.report.words import plural
from abscope.response.ctcae import CtcaeBand, lymphocyte_bands

__all__ = ["lymphocyte_figure"]

_PLOT_PX, _HALF_LABEL_PX = 250.0, 20.0
_FLOOR_PER_UL, _TOP_PER_UL = 100.0, 5000.0
_TICKS = (100, 200, 500, 800, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def lymphocyte_figure(case: Case, clock: Clock, *, narrow: bool) -> Scene | None:
    """Return the figure, or None where no count is on record."""
    marks = [mark for mark in lymphocyte_marks(case, clock) if mark.count_per_ul]
    if not marks:
        return None
    width = 330.0 if narrow else 1120.0
    left, right = 46.0, width - (12.0 if narrow else 150.0)
    axis = time_axis(marks, left, right)
    limit = next(
        (lab.lower_limit.value for lab in case.labs if lab.test == "lymphocytes"
         and lab.lower_limit is not None and lab.lower_limit.value is not None),
        None,
    )  # fmt: skip
    top = 34.0
    heights = [mark.count_per_ul or 0.0 for mark in marks]
    low = min(_FLOOR_PER_UL, min(heights) * 0.8)
    high = max(_TOP_PER_UL, max(heights) * 1.3)
    scale = _Scale(low, high, top)
    parts: list[Element] = list(_bands(lymphocyte_bands(limit), scale, axis, narrow=narrow))
    parts += _axes(scale, axis, clock, left)
    parts += curve(tuple(marks), axis, place=scale.y_px)
    y = top + _PLOT_PX + 38
    lost = [mark for mark in marks if mark.span is None]
    for mark in lost[:6]:
        text = f"{mark.label} per µL has no place on the axis ({mark.time})"
        for row in wrap(text, width - left - 8, 11, lines=3):
            parts.append(label((left, y), row, size_px=11, fill="muted"))
            y += 15
    unknown = "" if limit else " The laboratory's lower limit is not known."
    return Scene(
        f"lymphocytes-{'narrow' if narrow else 'wide'}",
        width,
        y,
        "Lymphocyte counts per microliter over time",
        f"{plural(len(marks), 'count')}: {', '.join(m.detail for m in marks[:8])}.{unknown}",
        tuple(parts),
    )


class _Scale:
    """Counts to heights, logarithmic."""

    def __init__(self, low: float, high: float, top_px: float) -> None:
        self.low, self.high, self.top_px = low, high, top_px

    def y_px(self, count: float) -> float:
        share = math.log(self.high / max(count, self.low)) / math.log(self.high / self.low)
        return self.top_px + min(max(share, 0.0), 1.0) * _PLOT_PX


def _bands(
    bands: tuple[CtcaeBand, ...], scale: _Scale, axis: TimeAxis, *, narrow: bool
) -> Iterator[Element]:
    for number, band in enumerate(bands):
        upper = scale.y_px(band.high_per_ul if band.high_per_ul is not None else scale.high)
        lower = scale.y_px(band.low_per_ul)
        text = f"CTCAE {band.label}"
        height = max(lower - upper, 0.0)
        if number % 2 == 0:
            place = (axis.left_px, upper, axis.right_px - axis.left_px, height)
            yield group([rect(place, fill="band")], title=text)
        if number:
            yield line((axis.left_px, lower), (axis.right_px, lower), stroke="rule")
        if height < 13:
            continue
        if narrow:
            short = band.label
            yield label(
                (axis.right_px - 4, lower - 4), short, size_px=11, fill="muted", anchor="end"
            )
        else:
            yield label(
                (axis.right_px + 8, (upper + lower) / 2 + 4), text, size_px=11, fill="muted"
            )


def _axes(scale: _Scale, axis: TimeAxis, clock: Clock, left: float) -> Iterator[Element]:
    bottom = scale.top_px + _PLOT_PX
    yield label((2, 14), "per µL, logarithmic", size_px=11, fill="muted")
    last = math.inf
    for count in _TICKS:
        y = scale.y_px(count)
        if scale.low <= count <= scale.high and last - y >= 13:
            yield label((left - 6, y + 4), f"{count}", size_px=11, fill="muted", anchor="end")
            last = y
    yield line((left, bottom), (axis.right_px, bottom), stroke="rule")
    for tick in axis.ticks(62):
        yield line((tick.x_px, bottom), (tick.x_px, bottom + 4), stroke="rule")
        # a label in the middle of a tick at the right end would be cut off on a narrow screen
        inside = tick.x_px <= axis.right_px - _HALF_LABEL_PX
        anchor: Literal["middle", "end"] = "middle" if inside else "end"
        yield label((tick.x_px, bottom + 17), tick.text, size_px=11, anchor=anchor)
    zero = axis.x_px(0)
    yield line((zero, scale.top_px), (zero, bottom), stroke="ink", stroke_dasharray="2 3")
    title = f"day zero: {clock.zero_label}".replace(".start", " start")
    yield label((axis.right_px, 14), title, size_px=11, fill="muted", anchor="end")
