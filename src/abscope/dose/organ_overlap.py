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

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.interpolate import plane_edges_mm
from abscope.dose.regions import Covered

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
    """The volume (voxels of the grid,) in ml of each voxel that no organ has yet."""

    volume_ml: Floats

    @classmethod
    def of(cls, body: Covered | None, *, grid: Grid) -> "Unclaimed":
        """Return the body as unclaimed; every voxel of the grid where there is no body."""
        in_plane = grid.rows * grid.columns
        if body is None:
            return cls(np.repeat(voxel_volumes_ml(grid), in_plane))
        volume = np.zeros(grid.shape[0] * in_plane)
        volume[body.voxel] = body.volume_ml
        return cls(volume)

    def claim(self, region: Covered) -> Covered:
        """Return what the region gets: at most what is left of each voxel; it is taken away.

        Parts outside the body, and parts that an earlier region has, are not in the result. The
        sum of all that is claimed and what is left is the body, exactly.
        """
        taken = np.minimum(region.volume_ml, self.volume_ml[region.voxel])
        self.volume_ml[region.voxel] -= taken
        kept = taken > 0
        return Covered(region.voxel[kept], taken[kept], region.outside_ml)

    def rest(self, outside_ml: float) -> Covered:
        """Return what no region has claimed."""
        left = np.flatnonzero(self.volume_ml > 0)
        return Covered(left, self.volume_ml[left], outside_ml)
