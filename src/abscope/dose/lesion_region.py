"""Where a lesion is: a contoured region, or a sphere around a center point, in one frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.planes import Cap, plane_stack
from abscope.dose.sampling import ML_PER_MM3, Sampling, plane_coverage
from abscope.dose.structures import Contour, Roi
from abscope.errors import Problem, UsageError

__all__ = ["LesionRegion", "Match", "region_points", "sphere_roi"]

Match = str  # 'roi', 'expansion' of a center point, or 'manual': a region that a map file names

#: Sides of the circles and planes across the diameter of a sphere around a center point.
_SIDES = 72
_PLANES = 24


@dataclass(frozen=True, slots=True, eq=False)
class LesionRegion:
    """A region that stands for a lesion in one frame of reference.

    ``match`` says how it was found: 'roi' (same name), 'manual' (named by a person) or 'expansion'
    (a sphere around a center point). ``plane_spacing_mm`` is that of the image it was drawn on.
    """

    roi: Roi
    frame_uid: str
    match: Match
    structure_set_uid: str | None = None
    plane_spacing_mm: float | None = None


def sphere_roi(name: str, *, center_mm: Sequence[float], diameter_mm: float) -> Roi:
    """Return a sphere as circles on planes across z, each with the mean area of its slab.

    The circles lie in the middle of slabs of equal thickness, so that the volume is pi d^3 / 6 with
    full end slabs. Raises UsageError for a center that is not three finite numbers or a diameter
    that is not finite and positive.
    """
    center = np.asarray(center_mm, dtype=float)
    if center.shape != (3,) or not np.isfinite(center).all() or not 0 < diameter_mm < math.inf:
        what = f"center {list(center_mm)} mm, diameter {diameter_mm} mm"
        expected = "three finite coordinates and a diameter > 0 mm"
        raise UsageError(Problem(name, what, expected, "Correct them."))
    radius = diameter_mm / 2
    edges = np.linspace(-radius, radius, _PLANES + 1)
    below = edges * radius**2 - edges**3 / 3  # antiderivative of R^2 - z^2
    mean_square = np.diff(below) / np.diff(edges)
    angle = np.linspace(0, 2 * math.pi, _SIDES, endpoint=False)
    # A polygon of n sides has the area n/2 sin(2 pi / n) r^2 instead of pi r^2.
    widened = math.pi / (_SIDES / 2 * math.sin(2 * math.pi / _SIDES))
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(_SIDES)])
    contours = []
    for z_mm, square in zip((edges[1:] + edges[:-1]) / 2, mean_square, strict=True):
        points = center + math.sqrt(square * widened) * circle + (0.0, 0.0, z_mm)
        contours.append(Contour(points))
    return Roi(0, name, tuple(contours))


def region_points(
    region: LesionRegion, *, grid: Grid, sampling: Sampling, cap: Cap
) -> tuple[Floats, Floats]:
    """Return points (n, 3) in mm that fill a region, and the volume (n,) in ml of each.

    The cells are those of `abscope.dose.sampling`: exact areas on a lattice of k cells per voxel
    of ``grid``, kz slices per slab.
    """
    stack = plane_stack(region.roi, grid=grid, plane_spacing_mm=region.plane_spacing_mm)
    k = sampling.k
    found: list[Floats] = [np.zeros((0, 3))]
    volumes: list[Floats] = [np.zeros(0)]
    for plane in stack.planes:
        corner = np.floor(np.min([p.min(axis=0) for p in plane.polygons], axis=0))
        size = np.ceil(np.max([p.max(axis=0) for p in plane.polygons], axis=0)) - corner + 1
        shifted = type(plane)(
            plane.offset_mm,
            tuple(p - corner for p in plane.polygons),
            plane.signs,
            plane.slabs,
            plane.exclusive,
        )
        cover = plane_coverage(shifted, k=k, rows=int(size[1]), columns=int(size[0]))
        row, column = np.nonzero(cover.share_frac > 0)
        area = cover.share_frac[row, column] * stack.cell_mm2 / (k * k)
        cells = np.empty((len(row), 3))
        cells[:, 0] = (column + cover.column + 0.5) / k - 0.5 + corner[0]
        cells[:, 1] = (row + cover.row + 0.5) / k - 0.5 + corner[1]
        for slab in plane.slabs:
            if slab.outer and cap == "half":
                continue
            thickness = (slab.high_mm - slab.low_mm) / sampling.kz
            for place in range(sampling.kz):
                cells[:, 2] = slab.low_mm + (place + 0.5) * thickness
                found.append(cells @ stack.affine[:3, :3].T + stack.affine[:3, 3])
                volumes.append(area * (thickness * ML_PER_MM3))
    return np.concatenate(found), np.concatenate(volumes)
