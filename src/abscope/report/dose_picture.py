"""Dose over the image on three planes through a lesion: classes of dose, outlines, isodose lines.

The raster has the same colors on light and dark pages, so whatever lies on it has a fixed color
with a rim of the opposite lightness. Where no dose is known the picture is hatched and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abscope.dose.slices import DoseSlice
from abscope.report.dose_colors import Rgb, class_colors, data_uri, hex_color, indexed_png
from abscope.report.dose_overlay import (
    Frame,
    cut_marks,
    focus_boxes,
    isodose_labels,
    outline_parts,
    scale_bar,
    unknown_parts,
)
from abscope.report.lettering import wrap
from abscope.report.svg import Element, Scene, group, label, line, rect

__all__ = ["WINDOW_HU", "DosePicture", "dose_picture", "plane_scene"]

_GRAYS, _ALPHA = 24, 0.58
#: The usual window of the image: from lung to bone.
WINDOW_HU = (-950.0, 300.0)
_PLAIN_GRAY = 70
_NAMES = {"axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal"}
_AXIS = {"axial": "z", "coronal": "y", "sagittal": "x"}
_EDGE, _HEAD = 20.0, 36.0
#: Width of a drawing with one plane, and height of the plane.
_PLANE_PX = 760.0, 600.0


@dataclass(frozen=True, slots=True)
class DosePicture:
    """The planes through one lesion in one dose; ``focus`` names its regions.

    ``tags`` gives the short names that are written beside outlines; regions without one are drawn
    without a name.
    """

    name: str
    title: str
    focus: tuple[str, ...]
    slices: tuple[DoseSlice, ...] = field(repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    window_hu: tuple[float, float] = WINDOW_HU


def dose_picture(picture: DosePicture, *, narrow: bool) -> Scene:
    """Return the three planes beside each other, or for a narrow column below each other."""
    axial, coronal, sagittal = picture.slices
    width = 330.0 if narrow else 1120.0
    bold = 1.15  # how much wider bold letters run
    title_rows = wrap(picture.title, (width - 16) / bold, 12 if narrow else 14, lines=3)
    size = 12.0 if narrow else 14.0
    parts = [
        label((8, 18 + 17 * n), row, size_px=size, bold=True) for n, row in enumerate(title_rows)
    ]
    top = 18 + 17.0 * len(title_rows)
    shown = (axial, coronal, sagittal)
    widths = [item.dose_gy.shape[1] * item.pixel_mm for item in shown]
    room = width - 2 * _EDGE if narrow else width - 6 * _EDGE
    scale = room / (max(widths) if narrow else sum(widths))
    frames, bottom = _places(shown, scale, top, narrow=narrow)
    for item, frame in zip(shown, frames, strict=True):
        parts += _panel(item, frame, picture)
    below = bottom + 8 if narrow else frames[0].bottom_px + 30
    span = (8.0, width - 8) if narrow else (frames[0].left_px, frames[0].right_px)
    drawn, low = _key(axial, span, below, picture)
    return Scene(
        f"{picture.name}-{'narrow' if narrow else 'wide'}",
        width,
        max(low, bottom) + 8,
        picture.title,
        _description(picture),
        (*parts, *drawn),
    )


def plane_scene(picture: DosePicture) -> Scene:
    """Return the first plane of a picture alone, as large as a page takes it."""
    item = picture.slices[0]
    rows, columns = item.dose_gy.shape
    size = columns * item.pixel_mm, rows * item.pixel_mm
    scale = min((_PLANE_PX[0] - 2 * _EDGE) / size[0], _PLANE_PX[1] / size[1])
    left, half = (_PLANE_PX[0] - size[0] * scale) / 2, item.pixel_mm / 2
    corner = (item.corner_mm[0] - half, item.corner_mm[1] - half)
    frame = Frame(left, _HEAD, size[0] * scale, size[1] * scale, corner, scale)
    drawn, low = _key(item, (_EDGE, _PLANE_PX[0] - _EDGE), frame.bottom_px + 24, picture)
    parts = (*_panel(item, frame, picture), *drawn)
    name = f"{picture.name}-{item.orientation}"
    return Scene(name, _PLANE_PX[0], low + 8, picture.title, _description(picture), parts)


def _places(
    shown: tuple[DoseSlice, ...], scale: float, top: float, *, narrow: bool
) -> tuple[list[Frame], float]:
    frames = []
    x, y, bottom = _EDGE, top + _HEAD, 0.0
    for item in shown:
        rows, columns = item.dose_gy.shape
        wide, high = columns * item.pixel_mm * scale, rows * item.pixel_mm * scale
        half = item.pixel_mm / 2
        corner = (item.corner_mm[0] - half, item.corner_mm[1] - half)
        frames.append(Frame(x, y, wide, high, corner, scale))
        bottom = max(bottom, y + high + 14)
        if narrow:
            y += high + 20 + _HEAD
        else:
            x += wide + 2 * _EDGE
    return frames, bottom


def _panel(item: DoseSlice, frame: Frame, picture: DosePicture) -> list[Element]:
    taken = focus_boxes(item, frame, picture.focus)
    held: list[Element] = [_raster(item, frame, picture.window_hu)]
    held += unknown_parts(item, frame, taken)
    held += _isolines(item, frame)
    held += outline_parts(item, frame, picture.focus, picture.tags, taken)
    held += scale_bar(frame, taken)
    held += isodose_labels(item, frame, taken)
    held += cut_marks(item, frame)
    inner = Element(
        "svg",
        (
            ("x", f"{frame.left_px:.2f}"), ("y", f"{frame.top_px:.2f}"),
            ("width", f"{frame.width_px:.2f}"), ("height", f"{frame.height_px:.2f}"),
            ("viewBox", f"0 0 {frame.width_px:.2f} {frame.height_px:.2f}"),
        ),
        tuple(held),
    )  # fmt: skip
    return [inner, *_letters(item, frame)]


def _raster(item: DoseSlice, frame: Frame, window_hu: tuple[float, float]) -> Element:
    levels = [level for level, _ in item.isolines_mm]
    gray: NDArray[np.float64] = np.full(item.dose_gy.shape, _PLAIN_GRAY / 255)
    if item.ct_hu is not None:
        low, high = window_hu
        gray = np.nan_to_num((item.ct_hu - low) / (high - low), nan=0.0).clip(0, 1)
    steps = np.rint(gray * (_GRAYS - 1)).astype(np.uint8)
    known = np.nan_to_num(item.dose_gy, nan=-1.0)
    kind = np.searchsorted(np.array(levels), known, side="right").astype(np.uint8)
    colors = tuple(_blend(n, g, len(levels)) for n in range(len(levels) + 1) for g in range(_GRAYS))
    png = indexed_png(kind * _GRAYS + steps, colors)
    return Element(
        "image",
        (
            ("x", "0"), ("y", "0"), ("width", f"{frame.width_px:.2f}"),
            ("height", f"{frame.height_px:.2f}"), ("preserveAspectRatio", "none"),
            ("href", data_uri(png)),
        ),
    )  # fmt: skip


def _blend(kind: int, gray: int, number: int) -> Rgb:
    """Return the color of a dose class over a step of gray; class 0 shows the image alone."""
    under = round(255 * gray / (_GRAYS - 1))
    if kind == 0:
        return under, under, under
    red, green, blue = class_colors(number)[kind - 1]
    mixed = [round(_ALPHA * part + (1 - _ALPHA) * under) for part in (red, green, blue)]
    return mixed[0], mixed[1], mixed[2]


def _isolines(item: DoseSlice, frame: Frame) -> list[Element]:
    found = []
    for level, lines in item.isolines_mm:
        commands = frame.commands(lines, least_px=2.2)
        if commands:
            style = "fill:none;stroke:#fff;stroke-opacity:.75;stroke-width:.8"
            drawn = Element("path", (("d", commands), ("style", style)))
            found.append(group((drawn,), title=f"{level:g} Gy"))
    return found


def _letters(item: DoseSlice, frame: Frame) -> list[Element]:
    left, right, up, down = tuple(item.letters)
    middle_x, middle_y = frame.left_px + frame.width_px / 2, frame.top_px + frame.height_px / 2
    where = f"{_NAMES[item.orientation]}, {_AXIS[item.orientation]} = {_signed(item.at_mm)} mm"
    return [
        label((frame.left_px, frame.top_px - 21), where, size_px=11, fill="muted"),
        label((frame.left_px - 6, middle_y + 4), left, bold=True, anchor="end"),
        label((frame.right_px + 6, middle_y + 4), right, bold=True),
        label((middle_x, frame.top_px - 5), up, bold=True, anchor="middle"),
        label((middle_x, frame.bottom_px + 13), down, bold=True, anchor="middle"),
    ]


def _key(
    item: DoseSlice, span: tuple[float, float], top: float, picture: DosePicture
) -> tuple[list[Element], float]:
    """Return the color bar with its doses, and the signs in words."""
    left, right = span
    levels = [level for level, _ in item.isolines_mm]
    parts: list[Element] = []
    y = top
    if levels:
        parts.append(label((left, y + 10), "Dose of the plan, Gy", size_px=11, bold=True))
        y += 18
        box = min((right - left - 30) / (len(levels) + 1), 58.0)
        for kind in range(len(levels) + 1):
            for n, gray in enumerate((2, 12, 21)):
                style = f"fill:{hex_color(_blend(kind, gray, len(levels)))}"
                place = (left + kind * box, y + 6.0 * n, box, 6.2)
                parts.append(Element("rect", (*rect(place).attributes, ("style", style))))
            if kind:
                x = left + kind * box
                parts.append(line((x, y + 18), (x, y + 22), stroke="muted"))
                text = f"{levels[kind - 1]:g}"
                parts.append(label((x, y + 33), text, size_px=11, anchor="middle"))
        y += 44
    names = ", ".join(dict.fromkeys(picture.tags.get(n, n) for n in picture.focus))
    words = [f"Thick line: {names}. Dashed: other lesions. White lines: isodoses."]
    if any(not np.isfinite(one.dose_gy).all() for one in picture.slices):
        words.append("Hatched: outside the dose grid, where no dose is known; that is not zero.")
    words.append("Ticks at the edges: where the other planes cut.")
    if picture.note:
        words.append(picture.note)
    for text in words:
        for row in wrap(text, right - left, 11, lines=4):
            parts.append(label((left, y + 10), row, size_px=11, fill="muted"))
            y += 15
    return parts, y


def _signed(value: float) -> str:
    return f"{'−' if value < -0.5 else ''}{abs(round(value))}"


def _description(picture: DosePicture) -> str:
    axial = picture.slices[0]
    levels = ", ".join(f"{level:g}" for level, _ in axial.isolines_mm)
    known = [float(np.isfinite(item.dose_gy).mean()) for item in picture.slices]
    at = [
        f"{_NAMES[item.orientation].lower()} at {_AXIS[item.orientation]} {_signed(item.at_mm)} mm"
        for item in picture.slices
    ]
    unknown = "" if min(known) == 1 else " Outside the dose grid no dose is known; it is hatched."
    image = "over the CT" if axial.ct_hu is not None else "without an image"
    planes = f"Dose {image} on three planes: {', '.join(at)}."
    return f"{planes} Dose classes begin at {levels} Gy.{unknown}"
