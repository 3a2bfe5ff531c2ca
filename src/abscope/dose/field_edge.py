"""How far a lesion lies from the edge of a field: the surface of half the prescription."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import DoseGrid, Floats
from abscope.dose.geometry.interpolate import dose_at

__all__ = ["FieldEdge", "field_edge"]

#: Points of a lesion that are looked at; more would not change the distance.
_MOST_POINTS = 4000


@dataclass(frozen=True, slots=True, eq=False)
class FieldEdge:
    """The surface of the dose ``edge_gy`` as points (n, 3) in the frame of ``dose``.

    ``cut`` says that it reaches the border of the grid: the field may go on beyond it, and a
    distance to it be too large.
    """

    dose: DoseGrid
    edge_gy: float
    surface_mm: Floats
    cut: bool

    def distance_mm(self, points_mm: Floats) -> float | None:
        """Return the distance (mm) from points (n, 3) to the surface.

        Positive where every point lies outside it: the gap between the two. Negative where every
        point lies inside: the least depth. 0 where they lie on both sides. None without points, or
        where a point inside has no surface to go to.
        """
        from scipy.spatial import KDTree

        chosen = points_mm[:: max(len(points_mm) // _MOST_POINTS, 1)]
        if not len(chosen) or not len(self.surface_mm):
            return None
        inside = np.nan_to_num(dose_at(chosen, dose=self.dose), nan=0.0) >= self.edge_gy
        if inside.any() and not inside.all():
            return 0.0
        nearest = float(KDTree(chosen).query(self.surface_mm)[0].min())
        return -nearest if inside.all() else nearest


def field_edge(dose: DoseGrid, *, edge_gy: float) -> FieldEdge | None:
    """Return the surface of ``edge_gy`` in a dose; None where no voxel has that dose.

    Its points lie where it crosses the lines between neighboring centers, found to second order.
    Between these lines it is missed by at most half a voxel's diagonal, and by much less where it
    is smooth.
    """
    high = dose.dose_gy >= edge_gy
    if not high.any():
        return None
    border = (high[[0, -1]], high[:, [0, -1]], high[:, :, [0, -1]])
    cut = any(bool(side.any()) for side in border)
    return FieldEdge(dose, edge_gy, _crossings(dose, high, edge_gy), cut)


def _crossings(dose: DoseGrid, high: NDArray[np.bool_], edge_gy: float) -> Floats:
    grid = dose.grid
    found = [np.zeros((0, 3))]
    for axis in range(3):
        here = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        there = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        at = np.nonzero(high[here] != high[there])
        first = dose.dose_gy[here][at].astype(float)
        second = dose.dose_gy[there][at].astype(float)
        place = [part.astype(float) for part in at]
        place[axis] += (edge_gy - first) / (second - first)
        offset = np.interp(place[0], np.arange(grid.shape[0]), grid.offsets_mm)
        found.append(grid.points_mm(np.column_stack([place[2], place[1], offset])))
    return np.concatenate(found)
