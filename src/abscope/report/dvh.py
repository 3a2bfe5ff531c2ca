"""Dose-volume curves of lesions and regions, one panel per course, each curve named on itself.

The dose axis is a square root, so that 1 Gy and 25 Gy can be told apart on the same axis. A curve
counts the volume inside the dose grid only; what lies outside has no dose and is said beside it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from abscope.dose.dvh import cumulative_curve, dose_at_volume, max_dose, total_volume
from abscope.dose.results import DoseClass, Dvh
from abscope.report.exposure_marks import Look, exposure_key, look
from abscope.report.lettering import shorten, text_width_px, wrap
from abscope.report.svg import Element, Scene, group, label, line, path, polygon
from abscope.report.words import plural

__all__ = ["DvhCurve", "DvhPanel", "dvh_scene"]

#: Curves drawn per panel, and panels; the rest is counted in words.
MOST_CURVES, MOST_PANELS = 24, 8
_TICKS_GY = (0, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 100, 120, 150, 200)
_ROW_PX, _SAMPLES, _TICK_PX = 18.0, 240, 30.0
_PLAIN = Look("region", "ink", "value", "none")

_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class DvhCurve:
    """One lesion or organ in one course; ``tag`` is the short name that stands on the curve.

    ``other`` is the same region with the other rule for its end planes; the band between both is
    drawn where it can be seen. ``exposure`` is None for what is not a lesion.
    """

    tag: str
    name: str
    curve: Dvh = field(repr=False)
    other: Dvh | None = field(default=None, repr=False)
    exposure: DoseClass | None = None


@dataclass(frozen=True, slots=True)
class DvhPanel:
    """The curves of one course; ``prescribed_dose_gy`` is drawn where it is known."""

    title: str
    curves: tuple[DvhCurve, ...]
    prescribed_dose_gy: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plot:
    left_px: float
    right_px: float
    top_px: float
    bottom_px: float
    top_dose_gy: float

    def x_px(self, dose_gy: float) -> float:
        share = math.sqrt(min(max(dose_gy, 0.0), self.top_dose_gy) / self.top_dose_gy)
        return self.left_px + share * (self.right_px - self.left_px)

    def y_px(self, volume_frac: float) -> float:
        return self.bottom_px + volume_frac * (self.top_px - self.bottom_px)


def dvh_scene(panels: tuple[DvhPanel, ...], *, narrow: bool, name: str = "dvh") -> Scene:
    """Return the panels below each other, with the key to the exposure classes."""
    width = 330.0 if narrow else 1120.0
    parts: list[Element] = []
    y = 0.0
    for panel in panels[:MOST_PANELS]:
        drawn, y = _panel(panel, width, y, narrow=narrow)
        parts += drawn
        y += 14
    if len(panels) > MOST_PANELS:
        text = f"{plural(len(panels) - MOST_PANELS, 'more course')} in the table only"
        parts.append(label((8, y + 8), text, size_px=11, fill="muted"))
        y += 18
    curves = [curve for panel in panels for curve in panel.curves]
    used = {curve.exposure for curve in curves if curve.exposure is not None}
    key, y = exposure_key(used, place_px=(8, y + 8), right_px=width - 8)
    return Scene(
        f"{name}-{'narrow' if narrow else 'wide'}",
        width,
        y + 4,
        "Dose-volume curves of the lesions",
        _description(panels),
        (*parts, *key),
    )


def _description(panels: tuple[DvhPanel, ...]) -> str:
    texts = []
    for panel in panels[:MOST_PANELS]:
        known = [(c, dose_at_volume(c.curve, volume_frac=0.5)) for c in panel.curves]
        ends = ", ".join(f"{c.name} {_gy(d50)}" for c, d50 in known[:12] if d50 is not None)
        texts.append(f"{panel.title}: median dose {ends}" if ends else f"{panel.title}: no dose")
    return f"{'; '.join(texts)}. The exposure table holds the numbers of every lesion."


def _panel(
    panel: DvhPanel, width: float, top: float, *, narrow: bool
) -> tuple[list[Element], float]:
    curves = sorted(panel.curves, key=_order)[:MOST_CURVES]
    title = shorten(panel.title, width - 16, 12, bold=True)
    parts: list[Element] = [label((8, top + 14), title, bold=True)]
    y = top + 20
    left_out = len(panel.curves) - len(curves)
    if left_out:
        text = f"{plural(left_out, 'curve')} of lower median dose in the table only"
        parts.append(label((8, y + 9), text, size_px=11, fill="muted"))
        y += 14
    height = 230.0 if narrow else max(290.0, _ROW_PX * (len(curves) + 1))
    highest = max((max_dose(c.curve) or 0.0 for c in curves), default=0.0)
    highest = max(highest, *panel.prescribed_dose_gy, 1.0)
    right = width - 16 if narrow else width - 480
    if narrow and panel.prescribed_dose_gy:
        y += 14
    plot = _Plot(52, right, y + 18, y + 18 + height, highest * 1.04)
    parts += _ground(plot)
    parts += _prescribed(plot, panel, below=narrow)
    taken: list[_Box] = []
    drawn = [_curve(curve, plot) for curve in curves]
    parts += [part for part in drawn if part is not None]
    for curve in curves:
        parts += _tag(curve, plot, taken)
    if narrow:
        key, y = _names(curves, (8.0, plot.bottom_px + 48), width - 16)
    else:
        key, low = _names(curves, (right + 30, plot.top_px + 2), width - right - 38)
        y = max(low, plot.bottom_px + 42)
    return [*parts, *key], y


def _order(curve: DvhCurve) -> tuple[bool, float, str]:
    """Highest median dose first; regions without a dose last."""
    d50 = dose_at_volume(curve.curve, volume_frac=0.5)
    return d50 is None, -(d50 or 0.0), curve.name


def _ground(plot: _Plot) -> list[Element]:
    parts: list[Element] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = plot.y_px(share)
        parts.append(line((plot.left_px, y), (plot.right_px, y), stroke="rule",
                          stroke_width=0.8))  # fmt: skip
        parts.append(label((plot.left_px - 6, y + 4), f"{share:.0%}".replace("%", " %"),
                           size_px=11, fill="muted", anchor="end"))  # fmt: skip
    last = -1e9
    for tick in _TICKS_GY:
        x = plot.x_px(tick)
        if tick > plot.top_dose_gy or x - last < _TICK_PX:
            continue
        last = x
        parts.append(line((x, plot.bottom_px), (x, plot.bottom_px + 4), stroke="muted"))
        text = f"{tick:g}"
        parts.append(label((x, plot.bottom_px + 16), text, size_px=11, fill="muted",
                           anchor="middle"))  # fmt: skip
    parts.append(label((plot.left_px, plot.top_px - 6), "volume inside the dose grid",
                       size_px=11, fill="muted"))  # fmt: skip
    parts.append(label((plot.right_px, plot.bottom_px + 32), "at least this dose, Gy (square root)",
                       size_px=11, fill="muted", anchor="end"))  # fmt: skip
    return parts


def _prescribed(plot: _Plot, panel: DvhPanel, *, below: bool) -> list[Element]:
    """Return the prescribed doses as lines, in words above the plot or under its title."""
    doses = list(dict.fromkeys(panel.prescribed_dose_gy))
    if not doses:
        return []
    parts: list[Element] = []
    for dose in doses:
        x = plot.x_px(dose)
        drawn = line((x, plot.top_px), (x, plot.bottom_px), stroke="ink", stroke_dasharray="1 4")
        parts.append(group((drawn,), title=f"prescribed {dose:g} Gy"))
    text = f"dotted: prescribed {', '.join(f'{dose:g}' for dose in doses)} Gy"
    if below:
        return [*parts, label((8, plot.top_px - 21), text, size_px=11)]
    place = (plot.right_px, plot.top_px - 6)
    return [*parts, label(place, text, size_px=11, anchor="end")]


def _points(curve: Dvh, plot: _Plot) -> list[tuple[float, float]]:
    """Return the cumulative curve in pixels, from zero dose to the largest."""
    inside = float(curve.volume_ml.sum())
    if inside <= 0:
        return []
    top = max_dose(curve) or 0.0
    doses = np.unique(np.append(np.linspace(0.0, 1.0, _SAMPLES) ** 2 * plot.top_dose_gy, top))
    doses = doses[doses <= top]
    shares = cumulative_curve(curve, dose_gy=doses) / inside
    points = [
        (plot.x_px(float(d)), plot.y_px(float(v))) for d, v in zip(doses, shares, strict=True)
    ]
    return [*points, (plot.x_px(top), plot.y_px(0.0))]


def _curve(item: DvhCurve, plot: _Plot) -> Element | None:
    points = _points(item.curve, plot)
    if not points:
        return None
    mark = look(item.exposure) if item.exposure else _PLAIN
    parts: list[Element] = []
    other = _points(item.other, plot) if item.other is not None else []
    if other and _apart(points, other):
        parts.append(polygon([*points, *reversed(other)], fill=mark.role, fill_opacity=0.25))
    kept = [points[0]]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        straight = before[1] == point[1] == after[1]
        if not straight:
            kept.append(point)
    commands = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in (*kept, points[-1]))
    parts.append(
        path(commands, stroke=mark.role, stroke_width=1.9, stroke_dasharray=mark.dash,
             stroke_linejoin="round")
    )  # fmt: skip
    words = f"{item.name}: {mark.words}; {_numbers(item.curve)}"
    return group(parts, title=words)


def _apart(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> bool:
    """Whether two curves can be told apart: 1.5 pixels somewhere at the same dose."""
    one, two = np.array(a), np.array(b)
    gap = np.interp(one[:, 0], one[:, 0], one[:, 1]) - np.interp(one[:, 0], two[:, 0], two[:, 1])
    return bool(np.abs(gap).max() > 1.5)


def _tag(item: DvhCurve, plot: _Plot, taken: list[_Box]) -> list[Element]:
    """Return the short name on its curve, where it covers no other name."""
    mark = look(item.exposure) if item.exposure else _PLAIN
    half = text_width_px(item.tag, 11, bold=True) / 2
    for share in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9, 0.05, 0.95):
        dose = dose_at_volume(item.curve, volume_frac=share)
        if dose is None:
            return []
        x = min(max(plot.x_px(dose), plot.left_px + half + 2), plot.right_px - half)
        y = plot.y_px(share) + 4
        box = (x - half - 1, y - 10, x + half + 1, y + 2)
        if not any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3]
                   for o in taken):  # fmt: skip
            taken.append(box)
            return [label((x, y), item.tag, size_px=11, fill=mark.role, anchor="middle",
                          bold=True)]  # fmt: skip
    return []


def _names(
    curves: Iterable[DvhCurve], place: tuple[float, float], width: float
) -> tuple[list[Element], float]:
    """Return the key: line, short name, full name and median dose of each curve."""
    left, y = place
    parts: list[Element] = []
    listed = list(curves)
    column = max((text_width_px(c.tag, 11, bold=True) for c in listed), default=0.0) + 8
    for item in listed:
        mark = look(item.exposure) if item.exposure else _PLAIN
        known = item.curve.dose_gy.size > 0
        if known:
            parts.append(line((left, y + 5), (left + 26, y + 5), stroke=mark.role,
                              stroke_width=1.9, stroke_dasharray=mark.dash))  # fmt: skip
        parts.append(label((left + 32, y + 9), item.tag, size_px=11, fill=mark.role, bold=True))
        room = width - 32 - column
        text = f"{item.name}, {_numbers(item.curve)}"
        for row in wrap(text, room, 11, lines=3):
            parts.append(label((left + 32 + column, y + 9), row, size_px=11, fill="muted"))
            y += 14
        y += _ROW_PX - 14
    return parts, y


def _numbers(curve: Dvh) -> str:
    d50 = dose_at_volume(curve, volume_frac=0.5)
    if d50 is None:
        return "no dose known: outside the dose grid"
    whole = total_volume(curve)
    share = curve.outside_ml / whole if whole > 0 else 0.0
    outside = f"; {share:.0%} of it outside the grid".replace("%", " %") if share > 0.001 else ""
    return f"D50 {_gy(d50)}{outside}"


def _gy(dose_gy: float | None) -> str:
    if dose_gy is None:
        return "not known"
    return f"{dose_gy:.2f} Gy" if dose_gy < 10 else f"{dose_gy:.1f} Gy"
