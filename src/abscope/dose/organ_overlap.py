"""Regions that are parts of one organ put together, and organs that overlap told apart.

Both work on how much of each voxel a region covers, which does not tell where in the voxel. At a
boundary two parts either lie side by side (lobes of a lung) or one holds the other (both lungs and
the left one). Which it is, is decided once per pair from the voxels that both must share:

    shared = sum max(0, a + b - V)   over voxels of volume V
    nested if shared > half of the smaller region:  union = max(a, b), else min(V, a + b)

Organs claim volume one after the other, each at most what is left of a voxel. That is exact where
one of two covers a voxel wholly, and keeps the sum of all exact everywhere; at a boundary that two
overlapping organs share it is off by a part of a voxel.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.interpolate import plane_edges_mm
from abscope.dose.regions import Covered, VoxelSum, Window, window_voxels

__all__ = ["Unclaimed", "united", "voxel_volumes_ml"]

_NESTED_FRAC = 0.5
_ML_PER_MM3 = 1e-3


def voxel_volumes_ml(grid: Grid) -> Floats:
    """Return the volume (planes,) in ml of one voxel of each plane of a grid."""
    column, row = grid.affine[:3, 0], grid.affine[:3, 1]
    area = float(np.linalg.norm(np.cross(column, row)))
    volumes: Floats = np.diff(plane_edges_mm(grid)) * area * _ML_PER_MM3
    return volumes


def united(parts: Iterable[Covered], *, grid: Grid) -> Covered:
    """Return the union of regions on one grid; an empty one where there is no part.

    What lies outside the grid adds up for parts side by side, and is that of the larger part for
    nested ones.
    """
    per_plane = voxel_volumes_ml(grid)
    in_plane = grid.rows * grid.columns
    whole: Covered | None = None
    for part in parts:
        whole = part if whole is None else _pair(whole, part, per_plane, in_plane)
    return whole or Covered(np.zeros(0, np.intp), np.zeros(0), 0.0)


def _pair(one: Covered, other: Covered, per_plane: Floats, in_plane: int) -> Covered:
    voxel = _merged(one.voxel, other.voxel)
    a, b = np.zeros(voxel.size), np.zeros(voxel.size)
    a[np.searchsorted(voxel, one.voxel)] = one.volume_ml
    b[np.searchsorted(voxel, other.voxel)] = other.volume_ml
    full = per_plane[voxel // in_plane]
    shared = float(np.maximum(0.0, a + b - full).sum())
    if shared > _NESTED_FRAC * min(float(a.sum()), float(b.sum())):
        return Covered(voxel, np.maximum(a, b), max(one.outside_ml, other.outside_ml))
    return Covered(voxel, np.minimum(full, a + b), one.outside_ml + other.outside_ml)


def _merged(one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the values of two ascending arrays, each once, ascending."""
    both = np.concatenate([one, other])
    both.sort(kind="stable")  # merges the two runs; numpy's union hashes and is 20 times slower
    first = np.ones(both.size, dtype=bool)
    first[1:] = both[1:] != both[:-1]
    return both[first]


@dataclass(slots=True)
class Unclaimed:
    """The volume (ml) of each voxel that no organ has yet, by plane of the grid."""

    grid: Grid
    windows: dict[int, Window]

    @classmethod
    def of(cls, body: Covered | VoxelSum | None, *, grid: Grid) -> "Unclaimed":
        """Return the body as unclaimed; every voxel of the grid where there is no body.

        A `VoxelSum` is taken over, not copied.
        """
        if isinstance(body, VoxelSum):
            return cls(grid, body.windows)
        if body is None:
            shape = grid.rows, grid.columns
            volumes = enumerate(voxel_volumes_ml(grid).tolist())
            return cls(grid, {n: Window(0, 0, np.full(shape, volume)) for n, volume in volumes})
        return cls(grid, {n: _window(grid, at, volume) for n, at, volume in _by_plane(body, grid)})

    def claim(self, region: Covered) -> Covered:
        """Return what the region gets: at most what is left of each voxel; it is taken away.

        Parts outside the body, and parts that an earlier region has, are not in the result. The
        sum of all that is claimed and what is left is the body, exactly.
        """
        voxels, volumes = [np.zeros(0, np.intp)], [np.zeros(0)]
        for plane, at, volume in _by_plane(region, self.grid):
            window = self.windows.get(plane)
            if window is None:
                continue
            row, column = np.divmod(at, self.grid.columns)
            row, column = row - window.row, column - window.column
            height, width = window.volume_ml.shape
            held = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            row, column = row[held], column[held]
            taken = np.minimum(volume[held], window.volume_ml[row, column])
            window.volume_ml[row, column] -= taken
            kept = taken > 0
            voxels.append(at[held][kept] + plane * self.grid.rows * self.grid.columns)
            volumes.append(taken[kept])
        return Covered(np.concatenate(voxels), np.concatenate(volumes), region.outside_ml)

    def rest(self) -> Iterator[tuple[NDArray[np.intp], Floats]]:
        """Yield what no region has claimed, plane by plane: the voxels and their volume (ml)."""
        for plane in sorted(self.windows):
            yield window_voxels(self.windows[plane], plane, grid=self.grid)


def _by_plane(region: Covered, grid: Grid) -> Iterator[tuple[int, NDArray[np.intp], Floats]]:
    """Yield the planes of a region with the places (n,) in the plane and the volumes (n,) in ml."""
    in_plane = grid.rows * grid.columns
    if not region.voxel.size:
        return
    first, last = int(region.voxel[0] // in_plane), int(region.voxel[-1] // in_plane)
    ends = np.searchsorted(region.voxel, np.arange(first, last + 2) * in_plane)
    for n, (low, high) in enumerate(pairwise(ends), start=first):
        if low < high:
            yield n, region.voxel[low:high] - n * in_plane, region.volume_ml[low:high]


def _window(grid: Grid, at: NDArray[np.intp], volume_ml: Floats) -> Window:
    plane = np.zeros(grid.rows * grid.columns)
    plane[at] = volume_ml
    return Window(0, 0, plane.reshape(grid.rows, grid.columns))
