"""Contours sorted into planes, and the slab of tissue that each plane stands for."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.contours import Drawn, closed_contours, common_normal
from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.nesting import nesting_signs
from abscope.dose.structures import Roi
from abscope.errors import DicomError, Problem

__all__ = ["GAP_FACTOR", "PLANE_TOLERANCE_MM", "Cap", "Plane", "PlaneStack", "Slab", "plane_stack"]

#: ``half``: the region ends on its outer contours; ``full``: half a spacing beyond them.
Cap = Literal["half", "full"]

PLANE_TOLERANCE_MM = 0.01
GAP_FACTOR = 1.5


@dataclass(frozen=True, slots=True)
class Slab:
    """From ``low_mm`` to ``high_mm`` along the normal; ``outer`` counts only with full caps."""

    low_mm: float
    high_mm: float
    outer: bool


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The contours of one plane in (column, row) of the stack's grid, with their signs."""

    offset_mm: float
    polygons: tuple[Floats, ...]
    signs: tuple[int, ...]
    slabs: tuple[Slab, ...]
    exclusive: bool = False

    def extent_mm(self, cap: Cap) -> tuple[float, float]:
        """Return from where to where along the normal the plane stands for tissue."""
        counted = [slab for slab in self.slabs if cap == "full" or not slab.outer]
        return min(slab.low_mm for slab in counted), max(slab.high_mm for slab in counted)


@dataclass(frozen=True, slots=True, eq=False)
class PlaneStack:
    """A region as planes of polygons in the index space of a grid.

    ``affine`` (4, 4) places (column, row, offset in mm, 1) in the patient. With ``aligned`` it is
    the affine of the dose grid, and the cells are those of the dose; else the planes lie oblique to
    the dose, and the cells are squares in the planes of the region. ``spacing_mm`` is the median
    distance of neighboring planes, None where there is one plane without a known thickness.
    """

    name: str
    affine: Floats
    aligned: bool
    planes: tuple[Plane, ...]
    spacing_mm: float | None
    findings: tuple[DoseFinding, ...]

    @property
    def cell_mm2(self) -> float:
        """Area of one cell of the stack's grid."""
        along, down = self.affine[:3, 0], self.affine[:3, 1]
        return float(np.linalg.norm(np.cross(along, down)))


def plane_stack(roi: Roi, *, grid: Grid, plane_spacing_mm: float | None = None) -> PlaneStack:
    """Return the planes of a region, in the index space of ``grid`` where they are parallel to it.

    Contours within 0.01 mm along the normal are one plane. Each plane stands for the tissue up to
    the middle between it and its neighbors; a gap of more than 1.5 times the median spacing is not
    bridged: both sides end there as at an end of the region. An end slab reaches from the contour
    inward; its outer half is a slab of its own (``outer``). A plane without neighbors stands for
    one full spacing, which has to be known: from other planes of the region, or from
    ``plane_spacing_mm`` of the image it was drawn on.

    Raises DicomError where contours of the region are not parallel to each other, where a single
    plane has no known thickness, or where there are more contours than any region has.
    What was left out is in ``findings``; a region without any usable
    contour has no planes.
    """
    drawn, findings = closed_contours(roi)
    if not drawn:
        return PlaneStack(roi.name, grid.affine, True, (), None, tuple(findings))
    affine, aligned = _frame_of(roi, drawn, grid)
    inverse = np.linalg.inv(affine[:3, :3])
    index = [(item.points_mm - affine[:3, 3]) @ inverse.T for item in drawn]
    offsets = np.array([float(points[:, 2].mean()) for points in index])
    groups = _grouped(offsets)
    levels = np.array([float(offsets[members].mean()) for members in groups])
    spacing = _spacing(levels, plane_spacing_mm)
    if spacing is None:
        raise DicomError(
            Problem(
                f"region {roi.name}",
                "has contours on one plane only, and the thickness of its slice is not known",
                "two planes or more, or the image it was drawn on",
                "Add the CT of the structure set, or give the slice thickness in mm.",
            )
        )
    gaps = np.diff(levels)
    bridged: NDArray[np.bool_] = gaps <= GAP_FACTOR * spacing * (1 + 1e-9)
    findings += _gap_findings(roi, levels, bridged, spacing)
    planes = []
    for n, members in enumerate(groups):
        below = float(gaps[n - 1]) if n > 0 and bridged[n - 1] else None
        above = float(gaps[n]) if n < len(gaps) and bridged[n] else None
        kept, dropped = _distinct([index[m][:, :2] for m in members])
        if dropped:
            findings.append(_duplicate(roi.name, dropped, levels[n]))
        planes.append(
            Plane(
                float(levels[n]),
                tuple(kept),
                nesting_signs(kept),
                _slabs(float(levels[n]), below, above, spacing),
                any(drawn[m].exclusive for m in members),
            )
        )
    return PlaneStack(roi.name, affine, aligned, tuple(planes), spacing, tuple(findings))


def _frame_of(roi: Roi, drawn: list[Drawn], grid: Grid) -> tuple[Floats, bool]:
    """Return the affine of the grid where the contours are parallel to it, else their own."""
    column = np.linalg.inv(grid.affine[:3, :3])[2]
    tilt = max(float(np.ptp(item.points_mm @ column)) for item in drawn)
    if tilt <= 2 * PLANE_TOLERANCE_MM:
        return grid.affine, True
    normal = common_normal(roi.name, drawn)
    along = grid.affine[:3, 0] - normal * float(grid.affine[:3, 0] @ normal)
    if np.linalg.norm(along) < 0.5 * np.linalg.norm(grid.affine[:3, 0]):
        along = grid.affine[:3, 1] - normal * float(grid.affine[:3, 1] @ normal)
    along = along / np.linalg.norm(along)
    size = float(np.linalg.norm(grid.affine[:3, :2], axis=0).min())
    affine = np.eye(4)
    affine[:3, 0] = along * size
    affine[:3, 1] = np.cross(normal, along) * size
    affine[:3, 2] = normal
    # from a voxel center, so that cells do not straddle voxels along an axis both share
    nearest = np.round(grid.index_of(drawn[0].points_mm[:1]))
    affine[:3, 3] = grid.points_mm(nearest)[0]
    return affine, False


def _grouped(offsets: Floats) -> list[list[int]]:
    """Return the contours of each plane, ascending along the normal."""
    order = np.argsort(offsets, kind="stable")
    groups: list[list[int]] = []
    for at in order:
        if groups and offsets[at] - offsets[groups[-1][0]] <= PLANE_TOLERANCE_MM:
            groups[-1].append(int(at))
        else:
            groups.append([int(at)])
    return groups


def _spacing(levels: Floats, plane_spacing_mm: float | None) -> float | None:
    if len(levels) > 1:
        return float(np.median(np.diff(levels)))
    return plane_spacing_mm


def _slabs(
    level: float, below: float | None, above: float | None, spacing: float
) -> tuple[Slab, ...]:
    """Return what a plane stands for, from its distances to the neighbors it is joined with."""
    if below is None and above is None:
        return (Slab(level - spacing / 2, level + spacing / 2, False),)
    low = level if below is None else level - below / 2
    high = level if above is None else level + above / 2
    slabs = [Slab(low, high, False)]
    if below is None:
        slabs.append(Slab(level - spacing / 2, level, True))
    if above is None:
        slabs.append(Slab(level, level + spacing / 2, True))
    return tuple(slabs)


def _distinct(polygons: list[Floats]) -> tuple[list[Floats], int]:
    """Return the polygons without repeats (any start, any turn), and how many were repeats."""
    if len(polygons) == 1:
        return polygons, 0
    seen, kept = set(), []
    for polygon in polygons:
        rounded = np.round(polygon, 4) + 0.0
        key = rounded[np.lexsort(rounded.T)].tobytes()
        if key not in seen:
            seen.add(key)
            kept.append(polygon)
    return kept, len(polygons) - len(kept)


def _duplicate(name: str, dropped: int, level: float) -> DoseFinding:
    return DoseFinding(
        "repeated-contour",
        "warning",
        f"region {name}",
        f"{dropped} contours at {level:.2f} mm repeat another one",
        "each contour once",
        "They were counted once.",
    )


def _gap_findings(
    roi: Roi, levels: Floats, bridged: NDArray[np.bool_], spacing: float
) -> list[DoseFinding]:
    found = []
    gaps = np.diff(levels)[~bridged]
    if len(gaps):
        least, most = float(gaps.min()), float(gaps.max())
        several = f"{len(gaps)} gaps of {least:.2f} to {most:.2f} mm"
        where = several if len(gaps) > 1 else f"a gap of {most:.2f} mm"
        found.append(
            DoseFinding(
                "gap-in-planes",
                "warning",
                f"region {roi.name}",
                f"{where} between planes with contours",
                f"at most {GAP_FACTOR:g} times the median spacing of {spacing:.2f} mm",
                "A gap is not part of the region. Is a contour missing?",
                brief=f"{len(gaps)}",
            )
        )
    if len(levels) < 5:
        found.append(
            DoseFinding(
                "few-planes",
                "warning",
                f"region {roi.name}",
                f"is drawn on {len(levels)} planes",
                "5 or more",
                "Volume and D98 depend on the rule for the end planes; see their spread.",
                brief=f"{len(levels)}",
            )
        )
    return found
