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

__all__ = ["Covered", "VoxelSum", "Window", "covered_voxels", "window_voxels"]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """The voxels (n,) that a region covers, ascending, with the volume (n,) in ml it has in each.

    ``voxel`` counts along columns, then rows, then planes: it indexes ``dose_gy.reshape(-1)`` of
    any array on the same grid. ``outside_ml`` of the region lies in no voxel.
    """

    voxel: NDArray[np.intp]
    volume_ml: Floats
    outside_ml: float

    @property
    def covered_frac(self) -> float:
        """Share of the region that lies in voxels of the grid; 0 for an empty one."""
        inside = float(self.volume_ml.sum())
        whole = inside + self.outside_ml
        return inside / whole if whole else 0.0


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


@dataclass(slots=True, eq=False)
class Window:
    """The volume (rows, columns) in ml in each voxel of a part of one plane of a grid."""

    row: int
    column: int
    volume_ml: Floats


class VoxelSum:
    """The voxels that the planes of a region cover, added up plane by plane of its contours.

    For contours parallel to the planes of the grid only (``stack.aligned``). ``windows`` has the
    touched planes of the grid; it needs no more memory than the region is large.
    """

    def __init__(self, stack: PlaneStack, *, grid: Grid, cap: Cap) -> None:
        self.windows: dict[int, Window] = {}
        self._grid, self._cap = grid, cap
        self._edges = plane_edges_mm(grid)
        self._ml_per_mm = stack.cell_mm2 * ML_PER_MM3
        self._inside_ml = self._outside_ml = 0.0

    @property
    def outside_ml(self) -> float:
        """What lies in no voxel of the grid; 0 where it is rounding."""
        return self._outside_ml if self._outside_ml > 1e-9 * self._inside_ml else 0.0

    @property
    def covered_frac(self) -> float:
        """Share of the region that lies in voxels of the grid; 0 for an empty one."""
        whole = self._inside_ml + self.outside_ml
        return self._inside_ml / whole if whole else 0.0

    def add(self, plane: Plane, cover: Coverage, *, k: int = 1) -> None:
        """Add a plane whose coverage is given on k x k cells per voxel."""
        whole = cover if k == 1 else pooled(cover, k=k)
        low, high = plane.extent_mm(self._cap)
        edges = self._edges
        shared = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None)
        inside = float(whole.share_frac.sum()) * float(shared.sum())
        self._inside_ml += self._ml_per_mm * inside
        self._outside_ml += self._ml_per_mm * (whole.total_cells * (high - low) - inside)
        for at in np.flatnonzero(shared).tolist():
            volume = whole.share_frac * (self._ml_per_mm * float(shared[at]))
            self.windows[at] = _joined(self.windows.get(at), whole, volume)

    def total(self) -> Covered:
        """Return what all planes cover together."""
        parts = [
            window_voxels(self.windows[at], at, grid=self._grid) for at in sorted(self.windows)
        ]
        return Covered(
            np.concatenate([np.zeros(0, np.intp), *(voxel for voxel, _ in parts)]),
            np.concatenate([np.zeros(0), *(volume for _, volume in parts)]),
            self.outside_ml,
        )


def window_voxels(window: Window, plane: int, *, grid: Grid) -> tuple[NDArray[np.intp], Floats]:
    """Return the voxels (n,) of a window with a volume above 0, ascending, and that volume (ml)."""
    row, column = np.nonzero(window.volume_ml > 0)
    voxel = (plane * grid.rows + window.row + row) * grid.columns + window.column + column
    return voxel, window.volume_ml[row, column]


def _joined(known: Window | None, cover: Coverage, volume_ml: Floats) -> Window:
    """Return a window with a volume added at the place of its coverage."""
    height, width = volume_ml.shape
    if known is None or not known.volume_ml.size:
        return Window(cover.row, cover.column, volume_ml)
    if not volume_ml.size:
        return known
    row, column = min(known.row, cover.row), min(known.column, cover.column)
    rows = max(known.row + known.volume_ml.shape[0], cover.row + height) - row
    columns = max(known.column + known.volume_ml.shape[1], cover.column + width) - column
    if (rows, columns) != known.volume_ml.shape:
        wider = np.zeros((rows, columns))
        top, left = known.row - row, known.column - column
        old = known.volume_ml.shape
        wider[top : top + old[0], left : left + old[1]] = known.volume_ml
        known = Window(row, column, wider)
    top, left = cover.row - row, cover.column - column
    known.volume_ml[top : top + height, left : left + width] += volume_ml
    return known


def _aligned(stack: PlaneStack, grid: Grid, cap: Cap) -> Covered:
    found = VoxelSum(stack, grid=grid, cap=cap)
    for plane in stack.planes:
        found.add(plane, plane_coverage(plane, k=1, rows=grid.rows, columns=grid.columns))
    return found.total()


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
