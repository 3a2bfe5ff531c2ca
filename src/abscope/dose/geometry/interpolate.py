"""Dose between the centers of the voxels, and where the grid ends.

The grid ends half a voxel beyond its outermost centers, where the outermost voxels end: a dose
voxel stands for the dose in its volume, and only with this choice does the volume of a region split
exactly into voxels and a rest outside. In that last half voxel the dose is the one of the nearest
centers, never extrapolated. Beyond it there is no dose: NaN here, a volume apart in a DVH.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import DoseGrid, Floats, Grid
from abscope.dose.geometry.splines import spline_weights
from abscope.errors import DicomError, Problem

__all__ = ["DoseWindow", "Method", "dose_at", "inside_grid", "plane_edges_mm"]

#: ``cubic`` is a spline through the centers, held at 0 or above.
Method = Literal["linear", "cubic"]

_MARGIN = 8  # voxels around a window: a cubic spline forgets its ends by 0.27 per voxel
_UNIFORM = 1e-4


def plane_edges_mm(grid: Grid) -> Floats:
    """Return the offsets (planes + 1,) in mm at which the voxels of the planes meet and end.

    Raises DicomError where the grid has fewer than 2 planes, rows or columns: a single plane does
    not tell how thick it is.
    """
    if min(grid.shape) < 2:
        raise DicomError(
            Problem(
                "dose grid",
                f"has {' x '.join(map(str, grid.shape))} planes x rows x columns",
                "2 or more of each",
                "Export the dose as a volume.",
            )
        )
    at = grid.offsets_mm
    middle = (at[1:] + at[:-1]) / 2
    edges: Floats = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return edges


def inside_grid(index: Floats, *, grid: Grid) -> NDArray[np.bool_]:
    """Return whether each (column, row, offset in mm) (n, 3) lies in a voxel of the grid."""
    edges = plane_edges_mm(grid)
    column, row, offset = index.T
    inside: NDArray[np.bool_] = (
        (column >= -0.5)
        & (column <= grid.columns - 0.5)
        & (row >= -0.5)
        & (row <= grid.rows - 0.5)
        & (offset >= edges[0])
        & (offset <= edges[-1])
    )
    return inside


def dose_at(points_mm: Floats, *, dose: DoseGrid, method: Method = "linear") -> Floats:
    """Return the dose (Gy) at points (n, 3) in the patient; NaN outside the grid: not known there.

    ``linear`` interpolates between the 8 nearest centers, ``cubic`` is a tensor spline held at 0 or
    above. Linear interpolation of a curved dose is off by about h^2 |f''| / 8 per axis.
    """
    index = dose.grid.index_of(np.asarray(points_mm, float))
    result = np.full(len(index), np.nan)
    inside = inside_grid(index, grid=dose.grid)
    if not inside.any():
        return result
    held = index[inside]
    if method == "cubic":
        result[inside] = _cubic_points(held, dose)
    else:
        result[inside] = _linear_points(held, dose)
    return result


def _bracket(position: Floats, size: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the lower index and the fraction towards the next, held inside 0 .. size - 1."""
    held = np.clip(position, 0.0, size - 1.0)
    low = np.minimum(held.astype(np.intp), size - 2)
    return low, held - low


def _plane_position(offset: Floats, grid: Grid) -> Floats:
    """Return continuous plane numbers of offsets in mm."""
    position: Floats = np.interp(offset, grid.offsets_mm, np.arange(len(grid.offsets_mm)))
    return position


def _linear_points(index: Floats, dose: DoseGrid) -> Floats:
    grid = dose.grid
    k, fk = _bracket(_plane_position(index[:, 2], grid), grid.shape[0])
    j, fj = _bracket(index[:, 1], grid.rows)
    i, fi = _bracket(index[:, 0], grid.columns)
    total = np.zeros(len(index))
    for dk in (0, 1):
        for dj in (0, 1):
            for di in (0, 1):
                weight = (fk if dk else 1 - fk) * (fj if dj else 1 - fj) * (fi if di else 1 - fi)
                total += weight * dose.dose_gy[k + dk, j + dj, i + di]
    return total


def _cubic_points(index: Floats, dose: DoseGrid) -> Floats:
    """Return spline values at scattered points, from the voxels around them only."""
    from scipy.ndimage import map_coordinates

    grid = dose.grid
    k = _plane_position(index[:, 2], grid)
    position = np.column_stack([k, index[:, 1], index[:, 0]])
    low = np.clip(np.floor(position.min(axis=0)).astype(int) - _MARGIN, 0, None)
    high = np.minimum(np.ceil(position.max(axis=0)).astype(int) + _MARGIN + 1, grid.shape)
    voxels = dose.dose_gy[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    block: Floats = voxels.astype(np.float64)
    offsets: Floats = grid.offsets_mm[low[0] : high[0]]
    at = np.clip(index[:, 2], offsets[0], offsets[-1])
    steps = np.diff(offsets)
    if np.ptp(steps) > _UNIFORM * steps.mean():
        # the spline of map_coordinates needs even steps: put planes at the smallest one first
        n = int(np.ceil((offsets[-1] - offsets[0]) / steps.min())) + 1
        even: Floats = np.linspace(offsets[0], offsets[-1], n, dtype=float)
        block = np.tensordot(spline_weights(offsets, at_mm=even), block, axes=1)
        offsets = even
    plane = (at - offsets[0]) / (offsets[-1] - offsets[0]) * (len(offsets) - 1)
    row = np.clip(index[:, 1], 0, grid.rows - 1) - low[1]
    column = np.clip(index[:, 0], 0, grid.columns - 1) - low[2]
    # map_coordinates flattens the dose at the ends; the slope goes on in an odd reflection
    pad = min(_MARGIN, *(size - 1 for size in block.shape))
    block = np.pad(block, pad, mode="reflect", reflect_type="odd")
    place = np.stack([plane, row, column]) + pad
    values = map_coordinates(block, place, order=3, mode="mirror")
    held: Floats = np.maximum(values, 0.0)
    return held


class DoseWindow:
    """Dose on a lattice of k x k cells per voxel, plane by plane, in a window of a dose grid.

    ``row`` and ``column`` are the first cell of the window, counted from the edge of the grid, and
    ``cells`` its (rows, columns); the lattice is as in `raster.polygon_coverage`.
    """

    def __init__(
        self, dose: DoseGrid, *, k: int, row: int, column: int, cells: tuple[int, int]
    ) -> None:
        self._dose = dose
        grid = dose.grid
        rows = (np.arange(row, row + cells[0]) + 0.5) / k - 0.5
        columns = (np.arange(column, column + cells[1]) + 0.5) / k - 0.5
        self._rows = np.clip(rows, 0.0, grid.rows - 1.0)
        self._columns = np.clip(columns, 0.0, grid.columns - 1.0)
        self._single = k == 1

    def linear(self, offsets_mm: Floats) -> Floats:
        """Return trilinear dose (Gy) at the cell centers (offsets, rows, columns)."""
        grid = self._dose.grid
        plane, fraction = _bracket(_plane_position(offsets_mm, grid), grid.shape[0])
        j, fj = _bracket(self._rows, grid.rows)
        i, fi = _bracket(self._columns, grid.columns)
        top, left = int(j[0]), int(i[0])
        window = (slice(top, int(j[-1]) + 2), slice(left, int(i[-1]) + 2))
        result = np.empty((len(offsets_mm), len(j), len(i)))
        for n, (k, fk) in enumerate(zip(plane, fraction, strict=True)):
            level = self._dose.dose_gy[(k, *window)].astype(np.float64)
            if fk > 0:
                level *= 1 - fk
                level += fk * self._dose.dose_gy[(k + 1, *window)]
            if self._single:
                at = np.rint(self._rows).astype(np.intp) - top
                across = np.rint(self._columns).astype(np.intp) - left
                result[n] = level[at[0] : at[-1] + 1, across[0] : across[-1] + 1]
                continue
            level = level[j - top] * (1 - fj[:, None]) + level[j - top + 1] * fj[:, None]
            result[n] = level[:, i - left] * (1 - fi) + level[:, i - left + 1] * fi
        return result

    def cubic(self, offsets_mm: Floats) -> Floats:
        """Return the dose (Gy) of a spline, held at 0 or above, at (offsets, rows, columns)."""
        grid = self._dose.grid
        at = np.clip(offsets_mm, grid.offsets_mm[0], grid.offsets_mm[-1])
        position = _plane_position(at, grid)
        planes = _around(position, grid.shape[0])
        rows = _around(self._rows, grid.rows)
        columns = _around(self._columns, grid.columns)
        block = self._dose.dose_gy[planes, rows, columns].astype(np.float64)
        along = spline_weights(grid.offsets_mm[planes], at_mm=at)
        down = spline_weights(np.arange(rows.start, rows.stop, dtype=float), at_mm=self._rows)
        across = spline_weights(
            np.arange(columns.start, columns.stop, dtype=float), at_mm=self._columns
        )
        held: Floats = np.maximum(down @ np.tensordot(along, block, axes=1) @ across.T, 0.0)
        return held


def _around(position: Floats, size: int) -> slice:
    low = max(int(np.floor(position.min())) - _MARGIN, 0)
    return slice(low, min(int(np.ceil(position.max())) + _MARGIN + 1, size))
