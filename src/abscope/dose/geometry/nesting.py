"""Which contours of a plane lie inside which: even depth adds, odd depth is a hole."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.dose.geometry.raster import polygon_area

__all__ = ["inside_polygon", "nesting_signs"]

_CHUNK = 4_000_000
_TOLERANCE = 1e-3  # of a cell


def inside_polygon(index: Floats, *, polygon: Floats) -> NDArray[np.bool_]:
    """Return whether each (column, row) (n, 2) lies in a polygon (m, 2), by crossings of a ray.

    A point exactly on the line may count either way.
    """
    x0, y0 = polygon.T
    x1, y1 = np.roll(polygon, -1, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (x1 - x0) / (y1 - y0)
    inside = np.zeros(len(index), bool)
    step = max(1, _CHUNK // len(polygon))
    for at in range(0, len(index), step):
        x, y = index[at : at + step, 0, None], index[at : at + step, 1, None]
        spans = (y0 <= y) != (y1 <= y)
        with np.errstate(invalid="ignore"):
            crossed = spans & (x < x0 + (y - y0) * slope)
        inside[at : at + step] = crossed.sum(axis=1) % 2 == 1
    return inside


def _off_the_line(points: Floats, polygon: Floats) -> NDArray[np.bool_]:
    """Return whether each point is farther from every edge than the tolerance."""
    start, along = polygon, np.roll(polygon, -1, axis=0) - polygon
    length2 = np.maximum((along**2).sum(axis=1), 1e-300)
    off = np.ones(len(points), bool)
    step = max(1, _CHUNK // len(polygon))
    for at in range(0, len(points), step):
        rel = points[at : at + step, None, :] - start
        t = np.clip((rel * along).sum(axis=2) / length2, 0.0, 1.0)
        away = rel - t[..., None] * along
        off[at : at + step] = ((away**2).sum(axis=2) > _TOLERANCE**2).all(axis=1)
    return off


def _is_inside(inner: Floats, outer: Floats) -> bool:
    """Return whether every point of ``inner`` that is not on the line of ``outer`` is inside it."""
    doubtful = inner[~inside_polygon(inner, polygon=outer)]
    # one point that is plainly outside settles it, without looking at all of them
    if len(doubtful) and _off_the_line(doubtful[:1], outer)[0]:
        return False
    return not _off_the_line(doubtful, outer).any()


def nesting_signs(polygons: Sequence[Floats]) -> tuple[int, ...]:
    """Return +1 for each polygon that adds area and -1 for each that is a hole.

    The depth of a polygon is the number of larger ones that hold all its points, whichever way
    either of them turns; points within a thousandth of a cell of the larger
    one's line do not count against it. Polygons that only cross have no depth from each other.
    """
    if len(polygons) == 1:
        return (1,)
    areas = np.array([abs(polygon_area(p)) for p in polygons])
    low = np.array([p.min(axis=0) for p in polygons]) - _TOLERANCE
    high = np.array([p.max(axis=0) for p in polygons]) + _TOLERANCE
    signs = []
    for i, inner in enumerate(polygons):
        # only a larger one whose box holds this one's box can hold it
        within = (areas > areas[i]) & (low <= low[i] + _TOLERANCE).all(axis=1)
        within &= (high >= high[i] - _TOLERANCE).all(axis=1)
        depth = sum(_is_inside(inner, polygons[int(j)]) for j in np.flatnonzero(within))
        signs.append(1 if depth % 2 == 0 else -1)
    return tuple(signs)
