"""Where a region meets a plane of samples, as closed lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.nesting import inside_polygon
from abscope.dose.geometry.planes import PLANE_TOLERANCE_MM, PlaneStack, plane_stack
from abscope.dose.isolines import isolines
from abscope.dose.structures import Roi

__all__ = ["Lattice", "outline_lines"]


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Samples (rows, columns, 3) of a plane in the patient (mm), at a fixed value of one axis.

    ``corner_mm`` is the first sample in mm across and down, ``pixel_mm`` the step.
    """

    points_mm: Floats
    corner_mm: Floats
    pixel_mm: float
    fixed_axis: int


def outline_lines(
    roi: Roi, lattice: Lattice, *, grid: Grid, plane_spacing_mm: float | None = None
) -> tuple[Floats, ...]:
    """Return the closed lines (n, 2) in mm across and down where a region meets a plane.

    A region ends on its outer contours (half end slabs), as in a DVH. On a plane parallel to its
    contours these are the contours of the slab that the plane lies in; on any other plane the
    region is sampled on the lattice, and its lines are right to half a pixel. Raises DicomError
    like `plane_stack`, whose
    ``grid`` and ``plane_spacing_mm`` they are.
    """
    stack = plane_stack(roi, grid=grid, plane_spacing_mm=plane_spacing_mm)
    offsets = _index(stack, lattice.points_mm[[0, 0, -1], [0, -1, 0]])[:, 2]
    if float(np.ptp(offsets)) <= PLANE_TOLERANCE_MM:
        return _contours_at(stack, float(offsets[0]), lattice)
    held = np.zeros(np.add(lattice.points_mm.shape[:2], 2))
    held[1:-1, 1:-1] = _inside(stack, lattice)
    if not held.any():
        return ()
    return tuple(lattice.corner_mm + (line - 1) * lattice.pixel_mm for line in isolines(held, 0.5))


def _index(stack: PlaneStack, points_mm: Floats) -> Floats:
    inverse = np.linalg.inv(stack.affine[:3, :3])
    found: Floats = (points_mm - stack.affine[:3, 3]) @ inverse.T
    return found


def _contours_at(stack: PlaneStack, offset_mm: float, lattice: Lattice) -> tuple[Floats, ...]:
    axes = [axis for axis in range(3) if axis != lattice.fixed_axis]
    signs = [
        1.0 if lattice.points_mm[-1, -1, axis] > lattice.points_mm[0, 0, axis] else -1.0
        for axis in axes
    ]
    lines = []
    for plane in stack.planes:
        if not any(s.low_mm <= offset_mm < s.high_mm for s in plane.slabs if not s.outer):
            continue
        for polygon in plane.polygons:
            index = np.column_stack(
                (
                    polygon,
                    np.full(len(polygon), plane.offset_mm),
                )
            )
            points = index @ stack.affine[:3, :3].T + stack.affine[:3, 3]
            flat = points[:, axes] * signs
            lines.append(np.concatenate((flat, flat[:1])))
    return tuple(lines)


def _inside(stack: PlaneStack, lattice: Lattice) -> NDArray[np.bool_]:
    """Return which samples lie in the region."""
    shape = lattice.points_mm.shape[:2]
    index = _index(stack, lattice.points_mm.reshape(-1, 3))
    count = np.zeros(len(index), dtype=int)
    for plane in stack.planes:
        slabs = [slab for slab in plane.slabs if not slab.outer]
        low, high = min(s.low_mm for s in slabs), max(s.high_mm for s in slabs)
        near = np.flatnonzero((index[:, 2] >= low) & (index[:, 2] < high))
        if not near.size:
            continue
        for polygon, sign in zip(plane.polygons, plane.signs, strict=True):
            count[near] += sign * inside_polygon(index[near, :2], polygon=polygon)
    return (count > 0).reshape(shape)
