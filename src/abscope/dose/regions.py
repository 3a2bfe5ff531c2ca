"""Which voxels of a grid a region covers, and how much of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.interpolate import inside_grid, plane_edges_mm
from abscope.dose.geometry.planes import Cap, Plane, PlaneStack, plane_stack
from abscope.dose.geometry.raster import Coverage, pooled
from abscope.dose.sampling import (
    ML_PER_MM3,
    oblique_cells,
    plane_coverage,
    resolved,
    rough_volume_ml,
    sub_slices,
    voxel_ml,
)
from abscope.dose.structures import Roi

__all__ = ["Covered", "VoxelSum", "covered_voxels"]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """The voxels (n,) that a region covers, ascending, with the volume (n,) in ml it has in each.

    ``voxel`` counts along columns, then rows, then planes: it indexes ``dose_gy.reshape(-1)`` of
    any array on the same grid. ``outside_ml`` of the region lies in no voxel.
    """

    voxel: NDArray[np.intp]
    volume_ml: Floats
    outside_ml: float


def covered_voxels(
    roi: Roi, *, grid: Grid, plane_spacing_mm: float | None = None, cap: Cap = "half"
) -> Covered:
    """Return the voxels of a grid that a region covers, with the covered volume of each (ml).

    The volumes are exact (area of the contours in the voxel times the overlap of slab and voxel
    along the normal) where the contours are parallel to the planes of the grid; else the region is
    split into fine cells, each counted to the voxel that holds its center. Findings about the
    contours are those of `geometry.planes.plane_stack`, and so are the errors.
    """
    stack = plane_stack(roi, grid=grid, plane_spacing_mm=plane_spacing_mm)
    if stack.aligned:
        return _aligned(stack, grid, cap)
    return _oblique(stack, grid, plane_edges_mm(grid), cap)


class VoxelSum:
    """The voxels that the planes of a region cover, added up plane by plane in their order.

    For planes parallel to those of the grid only (``stack.aligned``).
    """

    def __init__(self, stack: PlaneStack, *, grid: Grid, cap: Cap) -> None:
        self._grid, self._cap = grid, cap
        self._edges = plane_edges_mm(grid)
        self._ml_per_mm = stack.cell_mm2 * ML_PER_MM3
        self._open: dict[int, Floats] = {}
        self._finished: list[tuple[NDArray[np.intp], Floats]] = []
        self._outside_ml = 0.0

    def add(self, plane: Plane, cover: Coverage, *, k: int = 1) -> None:
        """Add a plane whose coverage is given on k x k cells per voxel."""
        whole = cover if k == 1 else pooled(cover, k=k)
        low, high = plane.extent_mm(self._cap)
        height, width = whole.share_frac.shape
        edges = self._edges
        shared = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None)
        inside = float(whole.share_frac.sum()) * float(shared.sum())
        self._outside_ml += self._ml_per_mm * (whole.total_cells * (high - low) - inside)
        touched = np.flatnonzero(shared)
        done = [n for n in self._open if not len(touched) or n < touched[0]]
        self._finished += [_sparse(n, self._open.pop(n), self._grid) for n in done]
        shape = self._grid.rows, self._grid.columns
        for at in touched:
            volume = self._open.setdefault(int(at), np.zeros(shape))
            window = volume[whole.row : whole.row + height, whole.column : whole.column + width]
            window += whole.share_frac * (self._ml_per_mm * shared[at])

    def total(self) -> Covered:
        """Return what all planes cover together; nothing can be added afterwards."""
        self._finished += [_sparse(n, volume, self._grid) for n, volume in self._open.items()]
        parts = sorted(self._finished, key=lambda part: part[0][0] if len(part[0]) else -1)
        self._open, self._finished = {}, []
        volume = np.concatenate([np.zeros(0), *(each for _, each in parts)])
        return Covered(
            np.concatenate([np.zeros(0, np.intp), *(voxel for voxel, _ in parts)]),
            volume,
            self._outside_ml if self._outside_ml > 1e-9 * float(volume.sum()) else 0.0,
        )


def _aligned(stack: PlaneStack, grid: Grid, cap: Cap) -> Covered:
    found = VoxelSum(stack, grid=grid, cap=cap)
    for plane in stack.planes:
        found.add(plane, plane_coverage(plane, k=1, rows=grid.rows, columns=grid.columns))
    return found.total()


def _sparse(at: int, volume: Floats, grid: Grid) -> tuple[NDArray[np.intp], Floats]:
    flat = volume.reshape(-1)
    kept = np.flatnonzero(flat > 0)
    return kept + at * grid.rows * grid.columns, flat[kept]


def _oblique(stack: PlaneStack, grid: Grid, edges: Floats, cap: Cap) -> Covered:
    n_voxels = max(round(rough_volume_ml(stack) / voxel_ml(grid)), 1)
    sampling = resolved(n_voxels)
    voxels: list[NDArray[np.intp]] = []
    volumes: list[Floats] = []
    outside = 0.0
    for plane in stack.planes:
        index, ml_per_mm, beyond = oblique_cells(stack, plane=plane, grid=grid, k=sampling.k)
        low, high = plane.extent_mm(cap)
        outside += beyond * (high - low)
        kz = 2 * sampling.kz
        at, thickness = sub_slices(low, high, kz)
        for offset in at:
            index[:, 2] = offset
            points = index @ stack.affine[:3, :3].T + stack.affine[:3, 3]
            place = grid.index_of(points)
            inside = inside_grid(place, grid=grid)
            outside += float(ml_per_mm[~inside].sum()) * thickness
            voxels.append(_voxel_of(place[inside], grid, edges))
            volumes.append(ml_per_mm[inside] * thickness)
    if not voxels:
        return Covered(np.zeros(0, np.intp), np.zeros(0), outside)
    found, which = np.unique(np.concatenate(voxels), return_inverse=True)
    volume: Floats = np.bincount(which, np.concatenate(volumes)).astype(float)
    return Covered(found, volume, outside)


def _voxel_of(place: Floats, grid: Grid, edges: Floats) -> NDArray[np.intp]:
    column = np.clip(np.rint(place[:, 0]), 0, grid.columns - 1).astype(np.intp)
    row = np.clip(np.rint(place[:, 1]), 0, grid.rows - 1).astype(np.intp)
    plane = np.clip(np.searchsorted(edges, place[:, 2], side="right") - 1, 0, grid.shape[0] - 1)
    voxel: NDArray[np.intp] = (plane * grid.rows + row) * grid.columns + column
    return voxel
