"""The lymphocyte count over time: bands before and after the counts, the counts, the fractions."""

import math
from collections.abc import Iterator, Sequence

from abscope.blood.alc.prediction import QUANTILES, Band
from abscope.blood.forecast import Forecast
from abscope.catalog.laboratory import ctcae_lymphocyte_floor
from abscope.report.axis import TimeAxis
from abscope.report.lettering import wrap
from abscope.report.svg import Element, Scene, circle, group, label, line, path, polygon

__all__ = ["blood_curve"]

_PLOT_PX, _TOP_PX = 290.0, 40.0
_TICKS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_AFTER_D = 75.0


def blood_curve(found: Forecast, *, narrow: bool) -> Scene:
    """Return the figure: 95 and 50 % bands, the prior's 95 %, counts as measured, fraction days."""
    width = 330.0 if narrow else 1120.0
    left, right = 46.0, width - (12.0 if narrow else 150.0)
    last = max((item.time_d for item in found.posterior_counts), default=0.0)
    ends = [days[-1] for days in found.fraction_days_d.values() if days]
    high_d = max(max(ends, default=0.0) + _AFTER_D, last + 14.0)
    axis = TimeAxis(float(found.band.time_d[0]) - 2.0, high_d, left, right)
    heights = _Heights(found)
    parts: list[Element] = list(_grades(heights, axis, narrow=narrow))
    parts += _band(found.prior_band, heights, axis, prior=True)
    parts += _band(found.band, heights, axis, prior=False)
    parts += _points(found, heights, axis)
    parts += _fractions(found, axis)
    parts += _frame(heights, axis, left)
    y = _TOP_PX + _PLOT_PX + 62
    for text in _legend(found):
        for row in wrap(text, width - 16, 11, lines=4):
            parts.append(label((8, y), row, size_px=11, fill="muted"))
            y += 15
    described = [
        f"{item.count.label}: {' or '.join(f'{x:g}' for x in item.count.values_per_ul)}, predicted "
        f"{item.low_95_per_ul:.0f} to {item.high_95_per_ul:.0f}"
        for item in found.posterior_counts
    ]
    return Scene(
        f"blood-curve-{'narrow' if narrow else 'wide'}",
        width,
        y,
        "Lymphocyte count with prediction bands",
        "; ".join(described) or "No count after radiotherapy began; the bands are the prior.",
        tuple(parts),
    )


class _Heights:
    """Counts to heights, logarithmic, wide enough for the bands and the counts."""

    def __init__(self, found: Forecast) -> None:
        seen = [x for item in found.posterior_counts for x in item.count.values_per_ul]
        seen += list(found.baseline_per_ul)
        bands = (found.band, found.prior_band)
        lows = [float(band.count_per_ul[:, 0].min()) for band in bands]
        highs = [float(band.count_per_ul[:, -1].max()) for band in bands]
        self.low = max(min([*lows, *seen]) * 0.85, 10.0)
        self.high = max([*highs, *seen]) * 1.15

    def y_px(self, count: float) -> float:
        share = math.log(self.high / max(count, self.low)) / math.log(self.high / self.low)
        return _TOP_PX + min(max(share, 0.0), 1.0) * _PLOT_PX


def _band(band: Band, heights: _Heights, axis: TimeAxis, *, prior: bool) -> Iterator[Element]:
    shown = [i for i, day in enumerate(band.time_d) if axis.low_d <= day <= axis.high_d]
    xs = [axis.x_px(float(band.time_d[i])) for i in shown]

    def edge(quantile: float) -> list[tuple[float, float]]:
        column = QUANTILES.index(quantile)
        return [
            (x, heights.y_px(float(band.count_per_ul[i, column])))
            for x, i in zip(xs, shown, strict=True)
        ]

    if prior:
        for quantile in (0.025, 0.975):
            yield path(_line(edge(quantile)), stroke="muted", stroke_width=1,
                       stroke_dasharray="4 3")  # fmt: skip
        return
    outer = polygon([*edge(0.025), *reversed(edge(0.975))], fill="band", stroke="rule")
    inner = polygon([*edge(0.25), *reversed(edge(0.75))], fill="rule")
    yield group([outer], title="95 % of the draws")
    yield group([inner], title="50 % of the draws")
    yield path(_line(edge(0.5)), stroke="lymphocytes", stroke_width=2)


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _points(found: Forecast, heights: _Heights, axis: TimeAxis) -> Iterator[Element]:
    for value in found.baseline_per_ul:
        y, x = heights.y_px(value), axis.x_px(min(0.0, found.band.time_d[0] + 1.0))
        mark = circle((x, y), 4.5, fill="panel", stroke="ink", stroke_width=2)
        text = label((x + 9, y - 6), f"{value:g}", fill="ink", bold=True)
        yield group([mark, text], title=f"before radiotherapy: {value:g} per µL")
    for item in found.posterior_counts:
        x = axis.x_px(item.time_d)
        low, high = heights.y_px(item.high_95_per_ul), heights.y_px(item.low_95_per_ul)
        bar = line((x, low), (x, high), stroke="ink", stroke_width=1, stroke_dasharray="2 2")
        parts = [bar]
        for value in item.count.values_per_ul:
            y = heights.y_px(value)
            parts.append(circle((x, y), 4.5, fill="ink"))
            parts.append(label((x + 8, y + 18), f"{value:g}", fill="ink", bold=True))
        title = f"{item.count.label}: at about day {item.time_d:.0f}; bar: 95 % of replicates"
        yield group(parts, title=title)


def _fractions(found: Forecast, axis: TimeAxis) -> Iterator[Element]:
    bottom = _TOP_PX + _PLOT_PX
    for name, days in found.fraction_days_d.items():
        marks = [
            line((axis.x_px(day), bottom - 12), (axis.x_px(day), bottom), stroke="in_field",
                 stroke_width=2)
            for day in days
        ]  # fmt: skip
        yield group(marks, title=f"{name}: {len(days)} fractions")


def _grades(heights: _Heights, axis: TimeAxis, *, narrow: bool) -> Iterator[Element]:
    for grade in (1, 2, 3):
        y = heights.y_px(ctcae_lymphocyte_floor(grade).value)
        if not _TOP_PX < y < _TOP_PX + _PLOT_PX:
            continue
        yield line((axis.left_px, y), (axis.right_px, y), stroke="rule", stroke_dasharray="6 4")
        text = f"below: grade {grade + 1}" if narrow else f"below: CTCAE grade {grade + 1}"
        if narrow:
            # below its line, above it where the axis is near
            text_y = y + 12 if y + 16 < _TOP_PX + _PLOT_PX else y - 4
            yield label((axis.right_px - 2, text_y), text, size_px=11, fill="muted", anchor="end")
        else:
            yield label((axis.right_px + 8, y + 4), text, size_px=11, fill="muted")


def _frame(heights: _Heights, axis: TimeAxis, left: float) -> Iterator[Element]:
    bottom = _TOP_PX + _PLOT_PX
    yield label((2, 14), "per µL, logarithmic", size_px=11, fill="muted")
    last = math.inf
    for count in _TICKS:
        y = heights.y_px(count)
        if heights.low <= count <= heights.high and last - y >= 13:
            yield label((left - 6, y + 4), f"{count}", size_px=11, fill="muted", anchor="end")
            last = y
    yield line((left, bottom), (axis.right_px, bottom), stroke="rule")
    for tick in axis.ticks(62):
        yield line((tick.x_px, bottom), (tick.x_px, bottom + 4), stroke="rule")
        yield label((tick.x_px, bottom + 17), tick.text, size_px=11, anchor="middle")


def _legend(found: Forecast) -> Iterator[str]:
    yield (
        "Line: median; dark and light band: 50 and 95 % after the counts; dashed: 95 % before "
        "them. Points: counts; dotted bars: 95 % of repeated counts; short red lines: fractions in "
        "one likely course."
    )
    if found.tier == "guess":
        yield "Organ doses are a guess from sites and prescription."
