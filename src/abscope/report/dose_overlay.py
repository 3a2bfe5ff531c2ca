"""What lies on the raster of a dose picture: lines, names, scale, and what is not known."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.dose.slices import DoseSlice
from abscope.report.lettering import text_width_px
from abscope.report.svg import Element, group, polygon

__all__ = [
    "Box", "Frame", "cut_marks", "focus_boxes", "isodose_labels", "outline_parts", "overlay_text",
    "scale_bar", "unknown_parts",
]  # fmt: skip

#: Left, upper, right and lower side in pixels of a panel.
Box = tuple[float, float, float, float]

_SIZE = 11.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel lies on the page, and how mm across and down become its pixels."""

    left_px: float
    top_px: float
    width_px: float
    height_px: float
    corner_mm: tuple[float, float]
    px_per_mm: float

    @property
    def right_px(self) -> float:
        """The right side on the page."""
        return self.left_px + self.width_px

    @property
    def bottom_px(self) -> float:
        """The lower side on the page."""
        return self.top_px + self.height_px

    def inside_px(self, line_mm: Floats) -> Floats:
        """Return points (n, 2) of mm as pixels of the panel."""
        placed: Floats = (line_mm - np.array(self.corner_mm)) * self.px_per_mm
        return placed

    def commands(self, lines_mm: Iterable[Floats], *, least_px: float = 0.8) -> str:
        """Return lines as commands of an SVG path in tenths of a pixel.

        A point closer than ``least_px`` to the one before falls away; corners and ends stay.
        """
        parts = []
        for one in lines_mm:
            points = self.inside_px(one).tolist()
            kept = points[:1]
            for point in points[1:-1]:
                if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= least_px:
                    kept.append(point)
            kept.append(points[-1])
            tenths = _straight([(round(10 * x), round(10 * y)) for x, y in kept])
            steps = [
                f"{_tenth(x1 - x0)},{_tenth(y1 - y0)}"
                for (x0, y0), (x1, y1) in itertools.pairwise(tenths)
                if (x0, y0) != (x1, y1)
            ]
            start = f"M{_tenth(tenths[0][0])},{_tenth(tenths[0][1])}"
            parts.append(f"{start}l{' '.join(steps)}" if steps else f"{start}h.1")
        return "".join(parts)

    def fits(self, box: Box, taken: Iterable[Box]) -> bool:
        """Whether a box lies in the panel and on none that is taken."""
        inside = box[0] >= 1 and box[1] >= 1
        inside = inside and box[2] <= self.width_px - 1 and box[3] <= self.height_px - 1
        return inside and not any(
            box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken
        )


def _straight(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return points without those in the middle of a straight stretch."""
    kept = points[:1]
    for here, following in itertools.pairwise(points[1:]):
        a = (here[0] - kept[-1][0], here[1] - kept[-1][1])
        b = (following[0] - here[0], following[1] - here[1])
        if a[0] * b[1] != a[1] * b[0] or a[0] * b[0] + a[1] * b[1] < 0:
            kept.append(here)
    return [*kept, points[-1]]


def _tenth(number: int) -> str:
    return f"{number / 10:g}"


def overlay_text(point_px: tuple[float, float], text: str, *, bold: bool = False) -> Element:
    """Return white text with a dark rim, from a point in pixels of the panel."""
    style = (
        "fill:#fff;stroke:#000;stroke-width:2.6;stroke-linejoin:round;paint-order:stroke;"
        f"font-size:{_SIZE:g}px" + (";font-weight:700" if bold else "")
    )
    place = (("x", f"{point_px[0]:.1f}"), ("y", f"{point_px[1]:.1f}"))
    return Element("text", (*place, ("font-size", f"{_SIZE:g}"), ("style", style)), text=text)


def _text_box(x: float, y: float, text: str, *, bold: bool = False) -> Box:
    return (x - 2, y - 10, x + text_width_px(text, _SIZE, bold=bold) + 2, y + 3)


def focus_boxes(item: DoseSlice, frame: Frame, focus: tuple[str, ...]) -> list[Box]:
    """Return the places of the outlines in focus, which no text may cover."""
    boxes = []
    for outline in item.outlines:
        for one in outline.lines_mm if outline.name in focus else ():
            points = frame.inside_px(one)
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            boxes.append((float(x0) - 3, float(y0) - 3, float(x1) + 3, float(y1) + 3))
    return boxes


def unknown_parts(item: DoseSlice, frame: Frame, taken: list[Box]) -> list[Element]:
    """Return the hatching where no dose is known, with words where there is room for them."""
    unknown = ~np.isfinite(item.dose_gy)
    if not unknown.any():
        return []
    wide, high = frame.width_px + 2, frame.height_px + 2
    whole = f"M-2,-2L{wide:.1f},-2L{wide:.1f},{high:.1f}L-2,{high:.1f}Z"
    commands = whole + "".join(frame.commands([one]) + "Z" for one in item.known_mm)
    shape = (("d", commands), ("fill-rule", "evenodd"))
    light = Element("path", (*shape, ("style", "fill:#fff;fill-opacity:.22")))
    striped = Element("path", shape, fill="muted", hatch=True)
    edge = Element(
        "path",
        (
            ("d", frame.commands(item.known_mm)),
            ("style", "fill:none;stroke:#fff;stroke-width:1.2;stroke-dasharray:6 3"),
        ),
    )
    parts = [group((light, striped, edge), title="outside the dose grid: no dose known")]
    for text in ("no dose known", "unknown"):
        place = _room(unknown, frame, text, taken)
        if place is not None:
            taken.append(_text_box(*place, text))
            return [*parts, overlay_text(place, text)]
    return parts


def _room(
    unknown: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]",
    frame: Frame,
    text: str,
    taken: list[Box],
) -> tuple[float, float] | None:
    """Return where a text lies wholly on unknown dose, nearest to the middle of the panel."""
    rows, columns = unknown.shape
    step_x, step_y = frame.width_px / columns, frame.height_px / rows
    summed = np.pad(np.cumsum(np.cumsum(unknown, axis=0), axis=1), ((1, 0), (1, 0)))
    wide = int(np.ceil((text_width_px(text, _SIZE) + 6) / step_x))
    high = int(np.ceil(15 / step_y))
    if wide >= columns or high >= rows:
        return None
    count = (
        summed[high:, wide:]
        - summed[:-high, wide:]
        - summed[high:, :-wide]
        + summed[:-high, :-wide]
    )
    row, column = np.nonzero(count == wide * high)
    x, y = column * step_x + 3, row * step_y + 12
    off = np.abs(x + wide * step_x / 2 - frame.width_px / 2) + np.abs(y - frame.height_px / 2)
    for n in np.argsort(off, kind="stable")[:: max(len(off) // 200, 1)]:
        place = (float(x[n]), float(y[n]))
        if frame.fits(_text_box(*place, text), taken):
            return place
    return None


def outline_parts(
    item: DoseSlice,
    frame: Frame,
    focus: tuple[str, ...],
    tags: Mapping[str, str],
    taken: list[Box],
) -> list[Element]:
    """Return the outlines, those in focus last and thick, with their names beside them."""
    parts = []
    for outline in sorted(item.outlines, key=lambda one: one.name in focus):
        thick = outline.name in focus
        named = thick or outline.name in tags
        dash = "" if thick else ";stroke-dasharray:4 2.5" if named else ";stroke-dasharray:1 2.5"
        widths = (4.4, 2.4) if thick else (2.8, 1.3) if named else (0.0, 1.0)
        commands = frame.commands(outline.lines_mm)
        drawn = [
            Element("path", (("d", commands), ("style", f"fill:none;stroke:{color};"
                                               f"stroke-width:{width}{dash if n else ''}")))
            for n, (color, width) in enumerate(zip(("#000", "#fff"), widths, strict=True))
            if width
        ]  # fmt: skip
        parts.append(group(drawn, title=outline.name))
    for outline in sorted(item.outlines, key=lambda one: one.name not in focus):
        text = tags.get(outline.name, outline.name if outline.name in focus else "")
        if text:
            parts += _name(outline.lines_mm, frame, text, taken, bold=outline.name in focus)
    return parts


def _name(
    lines_mm: tuple[Floats, ...], frame: Frame, text: str, taken: list[Box], *, bold: bool
) -> list[Element]:
    """Return a name beside the largest part of an outline; left out where there is no room."""
    points = frame.inside_px(max(lines_mm, key=len))
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    wide = text_width_px(text, _SIZE, bold=bold)
    places = (
        (high[0] + 5, middle[1] + 4), (low[0] - 5 - wide, middle[1] + 4),
        (middle[0] - wide / 2, low[1] - 5), (middle[0] - wide / 2, high[1] + 13),
        (high[0] + 3, low[1] - 3), (high[0] + 3, high[1] + 10),
        (low[0] - 3 - wide, low[1] - 3), (low[0] - 3 - wide, high[1] + 10),
    )  # fmt: skip
    for x, y in places:
        box = _text_box(x, y, text, bold=bold)
        if frame.fits(box, taken):
            taken.append(box)
            return [overlay_text((x, y), text, bold=bold)]
    return []


def isodose_labels(item: DoseSlice, frame: Frame, taken: list[Box]) -> list[Element]:
    """Return one dose per line of equal dose, on the longest part, where there is room."""
    parts = []
    for level, lines in reversed(item.isolines_mm):
        text = f"{level:g} Gy"
        half = text_width_px(text, _SIZE) / 2
        for one in sorted(lines, key=len, reverse=True)[:3]:
            points = frame.inside_px(one)
            if float(np.ptp(points, axis=0).max()) < 24:
                continue
            order = range(0, len(points), max(len(points) // 24, 1))
            place = next(
                (
                    (float(points[n, 0]) - half, float(points[n, 1]) + 4)
                    for n in order
                    if frame.fits(_text_box(points[n, 0] - half, points[n, 1] + 4, text), taken)
                ),
                None,
            )
            if place is not None:
                taken.append(_text_box(*place, text))
                parts.append(overlay_text(place, text))
                break
    return parts


def scale_bar(frame: Frame, taken: list[Box]) -> list[Element]:
    """Return a bar of 5 cm in the lower left corner, in the lower right one where that is taken."""
    length = 50 * frame.px_per_mm
    y = frame.height_px - 8
    for x in (8.0, frame.width_px - 8 - length - 34):
        box = (x - 2, y - 8, x + length + 34, y + 6)
        if frame.fits(box, taken):
            break
    taken.append((x - 2, y - 8, x + length + 34, y + 6))
    bar = [(x, y - 2), (x + length, y - 2), (x + length, y + 2), (x, y + 2)]
    style = "fill:#fff;stroke:#000;stroke-width:1"
    drawn = polygon(bar)
    return [
        Element("polygon", (*drawn.attributes, ("style", style))),
        overlay_text((x + length + 4, y + 4), "5 cm"),
    ]


def cut_marks(item: DoseSlice, frame: Frame) -> list[Element]:
    """Return ticks at the edges that say where the other two planes cut this one."""
    x, y = frame.inside_px(np.array(item.center_mm))
    wide, high = frame.width_px, frame.height_px
    commands = f"M{x:.1f},0v9M{x:.1f},{high:.1f}v-9M0,{y:.1f}h9M{wide:.1f},{y:.1f}h-9"
    return [
        Element("path", (("d", commands), ("style", f"fill:none;stroke:{color};stroke-width:{w}")))
        for color, w in (("#000", 3.0), ("#fff", 1.4))
    ]
