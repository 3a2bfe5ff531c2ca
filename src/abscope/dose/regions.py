"""Which voxels of a grid a region covers, and how much of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.interpolate import inside_grid, plane_edges_mm
from abscope.dose.geometry.planes import Cap, PlaneStack, plane_stack
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

__all__ = ["Covered", "covered_voxels"]


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
    edges = plane_edges_mm(grid)
    if stack.aligned:
        return _aligned(stack, grid, edges, cap)
    return _oblique(stack, grid, edges, cap)


def _aligned(stack: PlaneStack, grid: Grid, edges: Floats, cap: Cap) -> Covered:
    per_plane: dict[int, Floats] = {}
    ml_per_mm = stack.cell_mm2 * ML_PER_MM3
    outside = 0.0
    finished: list[tuple[NDArray[np.intp], Floats]] = []
    for plane in stack.planes:
        low, high = plane.extent_mm(cap)
        cover = plane_coverage(plane, k=1, rows=grid.rows, columns=grid.columns)
        height, width = cover.share_frac.shape
        shared = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None)
        within = float(shared.sum())
        inside = float(cover.share_frac.sum())
        outside += ml_per_mm * (cover.total_cells * (high - low) - inside * within)
        touched = np.flatnonzero(shared)
        done = [n for n in per_plane if not len(touched) or n < touched[0]]
        finished += [_sparse(n, per_plane.pop(n), grid) for n in done]
        for at in touched:
            volume = per_plane.setdefault(int(at), np.zeros((grid.rows, grid.columns)))
            window = volume[cover.row : cover.row + height, cover.column : cover.column + width]
            window += cover.share_frac * (ml_per_mm * shared[at])
    finished += [_sparse(n, volume, grid) for n, volume in per_plane.items()]
    finished.sort(key=lambda part: part[0][0] if len(part[0]) else -1)
    whole = sum(float(volume.sum()) for _, volume in finished)
    return Covered(
        np.concatenate([np.zeros(0, np.intp), *(voxel for voxel, _ in finished)]),
        np.concatenate([np.zeros(0), *(volume for _, volume in finished)]),
        outside if outside > 1e-9 * whole else 0.0,
    )


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
