"""Dose, image and outlines on the axial, coronal and sagittal planes through a point."""

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from abscope.dose.geometry.grid import DoseGrid, Floats, Grid, ImageGrid
from abscope.dose.geometry.interpolate import dose_at
from abscope.dose.isolines import isolines, joined_lines
from abscope.dose.outlines import cut_outlines
from abscope.dose.structures import Roi, StructureSet
from abscope.errors import DicomError, Problem

__all__ = [
    "DoseSlice", "Orientation", "Outline", "SliceSource", "dose_levels", "dose_slice",
    "dose_slices", "inner_point", "shown_span",
]  # fmt: skip

Orientation = Literal["axial", "coronal", "sagittal"]

#: Per orientation: the axis (0 x, 1 y, 2 z) and sign across and down, the fixed axis, the letters
#: at the left, right, upper and lower side. DICOM counts to the left, the back and the head.
_AXES: dict[Orientation, tuple[tuple[int, int], tuple[int, int], int, str]] = {
    "axial": ((0, 1), (1, 1), 2, "RLAP"),
    "coronal": ((0, 1), (2, -1), 1, "RLHF"),
    "sagittal": ((1, 1), (2, -1), 0, "APHF"),
}
_STEPS_GY = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
_MOST_LEVELS = 8
_REACH_MM, _RIM_MM = 210.0, 8.0
#: Further from its points than this a region has no slab, unless its slices are very thick.
_NEAR_MM = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Where a region meets a plane: closed lines (n, 2) of mm across and down."""

    name: str
    lines_mm: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DoseSlice:
    """One plane of samples, seen from the feet (axial), from before, or from the left.

    ``dose_gy`` (rows, columns) is NaN outside the dose grid, where no dose is known; ``ct_hu`` is
    None without an image of the same frame of reference, and NaN outside it. Sample (0, 0) lies at
    ``corner_mm`` (across, down), its neighbors ``pixel_mm`` further. ``at_mm`` is where the plane
    lies on its fixed axis, ``center_mm`` where the point is. ``letters`` name the four sides.
    """

    orientation: Orientation
    at_mm: float
    center_mm: tuple[float, float]
    corner_mm: tuple[float, float]
    pixel_mm: float
    dose_gy: Floats
    ct_hu: Floats | None
    outlines: tuple[Outline, ...]
    isolines_mm: tuple[tuple[float, tuple[Floats, ...]], ...]
    known_mm: tuple[Floats, ...]
    letters: str


def dose_levels(max_dose_gy: float) -> tuple[float, ...]:
    """Return up to 8 round doses (Gy) below the maximum, closer together where dose is low.

    1 Gy, the threshold between no dose and low dose, is always among them where it is reached.
    """
    found = [step for step in _STEPS_GY if step < max_dose_gy]
    while len(found) > _MOST_LEVELS:
        drop = next((step for step in (15.0, 25.0, 5.0, 30.0, 0.5, 50.0) if step in found), None)
        found.remove(drop if drop is not None else found[-2])
    return tuple(found)


def inner_point(roi: Roi) -> tuple[float, float, float] | None:
    """Return a point (mm) well inside a region: the middle of its largest contour.

    Of that contour it is the middle of the widest chord through its center of area, so that it
    lies inside a bent region too. None where the region has no closed contour.
    """
    best: tuple[float, Floats] | None = None
    for contour in roi.contours:
        points = np.asarray(contour.points_mm, float)
        if contour.kind not in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR") or points.shape[0] < 3:
            continue
        shifted = points - points[0]
        area = float(
            np.linalg.norm(np.cross(shifted, np.roll(shifted, -1, axis=0)).sum(axis=0)) / 2
        )
        if np.isfinite(area) and area > 0 and (best is None or area > best[0]):
            best = area, points
    if best is None:
        return None
    points = best[1]
    middle = points.mean(axis=0)
    a, b = points, np.roll(points, -1, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (middle[1] - a[:, 1]) / (b[:, 1] - a[:, 1])
    hit = (share >= 0) & (share < 1)
    crossed = np.sort((a[:, 0] + share * (b[:, 0] - a[:, 0]))[hit])
    if crossed.size >= 2:
        pairs = crossed[: crossed.size // 2 * 2].reshape(-1, 2)
        widest = pairs[np.argmax(pairs[:, 1] - pairs[:, 0])]
        middle[0] = float(widest.mean())
    return float(middle[0]), float(middle[1]), float(middle[2])


def dose_slices(
    center_mm: tuple[float, float, float],
    *,
    dose: DoseGrid,
    structures: StructureSet | None = None,
    image: ImageGrid | None = None,
    pixel_mm: float = 1.25,
    levels_gy: tuple[float, ...] | None = None,
) -> tuple[DoseSlice, DoseSlice, DoseSlice]:
    """Return the axial, coronal and sagittal plane through a point in the patient.

    They show what dose grid, outer contour (the region of role EXTERNAL) and the point span, at
    most 21 cm up and down. ``structures`` holds the regions to outline; ``levels_gy`` are the doses
    of the lines, by default `dose_levels` of the maximum. Raises DicomError where image or regions
    have another frame of reference than the dose.
    """
    levels = levels_gy if levels_gy is not None else dose_levels(float(np.max(dose.dose_gy)))
    source = SliceSource(dose, structures, image, pixel_mm, levels)
    made = [dose_slice(source, center_mm=center_mm, orientation=name) for name in _AXES]
    return made[0], made[1], made[2]


@dataclass(frozen=True, slots=True, eq=False)
class SliceSource:
    """What slices are made from; the regions to outline, and the doses (Gy) of the lines."""

    dose: DoseGrid
    structures: StructureSet | None
    image: ImageGrid | None
    pixel_mm: float
    levels_gy: tuple[float, ...]


def dose_slice(
    source: SliceSource, *, center_mm: tuple[float, float, float], orientation: Orientation
) -> DoseSlice:
    """Return one plane through a point in the patient; see `dose_slices`.

    Raises DicomError where image or regions have another frame of reference than the dose.
    """
    strange = [
        Problem(
            "dose picture",
            f"{name} and dose have different frames of reference",
            "one frame",
            "Leave it out, or register first.",
        )
        for name, item in (("image", source.image), ("regions", source.structures))
        if item is not None and item.frame_uid != source.dose.frame_uid
    ]
    if strange:
        raise DicomError(strange)
    center = np.array(center_mm, float)
    low_mm, high_mm = shown_span(source, center_mm=center_mm)
    return _slice(orientation, center, (np.array(low_mm), np.array(high_mm)), source)


def shown_span(
    source: SliceSource, *, center_mm: tuple[float, float, float]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return the lower and upper corner (mm) of what planes through a point show."""
    rois = source.structures.rois if source.structures is not None else ()
    low, high = _span(np.array(center_mm, float), source.dose.grid, rois)
    return (
        (float(low[0]), float(low[1]), float(low[2])),
        (float(high[0]), float(high[1]), float(high[2])),
    )


def _span(center: Floats, grid: Grid, rois: tuple[Roi, ...]) -> tuple[Floats, Floats]:
    """Return the lower and upper corner of what is shown."""
    corners = [
        (i, j, k)
        for i in (-0.5, grid.columns - 0.5)
        for j in (-0.5, grid.rows - 0.5)
        for k in (grid.offsets_mm[0], grid.offsets_mm[-1])
    ]
    points = [grid.points_mm(np.array(corners)), center[None, :]]
    points += [
        np.asarray(contour.points_mm, float)
        for roi in rois
        if roi.role == "EXTERNAL"
        for contour in roi.contours
        if np.isfinite(contour.points_mm).all()
    ]
    held = np.concatenate(points)
    low, high = held.min(axis=0) - _RIM_MM, held.max(axis=0) + _RIM_MM
    middle = np.clip(center[2], low[2] + _REACH_MM, max(high[2] - _REACH_MM, low[2] + _REACH_MM))
    low[2], high[2] = max(low[2], middle - _REACH_MM), min(high[2], middle + _REACH_MM)
    return low, high


def _slice(
    name: Orientation, center: Floats, span: tuple[Floats, Floats], drawn: SliceSource
) -> DoseSlice:
    (across, sign_a), (down, sign_d), fixed, letters = _AXES[name]
    low, high = span
    step = drawn.pixel_mm
    sides = ((across, sign_a), (down, sign_d))
    corner = np.array([low[axis] if sign > 0 else -high[axis] for axis, sign in sides])
    columns, rows = (max(int(np.ceil((high[axis] - low[axis]) / step)), 2) for axis, _ in sides)
    points = np.empty((rows, columns, 3))
    points[..., fixed] = center[fixed]
    points[..., across] = sign_a * (corner[0] + step * np.arange(columns))[None, :]
    points[..., down] = sign_d * (corner[1] + step * np.arange(rows))[:, None]
    dose_gy = dose_at(points.reshape(-1, 3), dose=drawn.dose).reshape(rows, columns)
    known = np.zeros((rows + 2, columns + 2))
    known[1:-1, 1:-1] = np.isfinite(dose_gy)
    return DoseSlice(
        orientation=name,
        at_mm=float(center[fixed]),
        center_mm=(float(sign_a * center[across]), float(sign_d * center[down])),
        corner_mm=(float(corner[0]), float(corner[1])),
        pixel_mm=step,
        dose_gy=dose_gy,
        ct_hu=_image(drawn, points),
        outlines=_outlines(name, center, span, drawn),
        isolines_mm=tuple(
            (level, tuple(corner + line * step for line in isolines(dose_gy, level)))
            for level in drawn.levels_gy
        ),
        known_mm=tuple(corner + (line - 1) * step for line in isolines(known, 0.5)),
        letters=letters,
    )


def _outlines(
    name: Orientation, center: Floats, span: tuple[Floats, Floats], drawn: SliceSource
) -> tuple[Outline, ...]:
    (across, sign_a), (down, sign_d), fixed, _ = _AXES[name]
    found = []
    regions = drawn.structures
    for roi in regions.rois if regions else ():
        if not _near(roi, center, span, fixed):
            continue
        lines = cut_outlines(
            roi,
            grid=drawn.dose.grid,
            point_mm=center.tolist(),
            normal=np.eye(3)[fixed].tolist(),
            plane_spacing_mm=regions.plane_spacing_mm if regions else None,
        )
        flat = [one[:, (across, down)] * (sign_a, sign_d) for one in lines]
        if flat:
            found.append(Outline(roi.name, tuple(joined_lines(flat))))
    return tuple(found)


def _near(roi: Roi, center: Floats, span: tuple[Floats, Floats], fixed: int) -> bool:
    """Return whether a plane can meet a region: cutting every region would take seconds."""
    found = [contour.points_mm for contour in roi.contours if contour.points_mm.size]
    if not found:
        return False
    points = np.concatenate(found)
    low, high = np.nanmin(points, axis=0) - _NEAR_MM, np.nanmax(points, axis=0) + _NEAR_MM
    shown = bool((low <= span[1]).all() and (high >= span[0]).all())
    return shown and bool(low[fixed] <= center[fixed] <= high[fixed])


def _image(drawn: SliceSource, points_mm: Floats) -> Floats | None:
    if drawn.image is None:
        return None
    # interpolation is the same for any number; only the name of the array says dose
    volume = DoseGrid(drawn.image.grid, cast(Floats, drawn.image.ct_hu), drawn.image.frame_uid)
    found: Floats = dose_at(points_mm.reshape(-1, 3), dose=volume).reshape(points_mm.shape[:2])
    return found
