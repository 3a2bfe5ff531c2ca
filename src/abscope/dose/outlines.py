"""The outline of a region where a plane cuts it, for drawing."""

from collections.abc import Sequence

import numpy as np

from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.planes import Cap, PlaneStack, plane_stack
from abscope.dose.structures import Roi
from abscope.errors import Problem, UsageError

__all__ = ["cut_outlines"]

_PARALLEL = 1e-3


def cut_outlines(
    roi: Roi,
    *,
    grid: Grid,
    point_mm: Sequence[float],
    normal: Sequence[float],
    plane_spacing_mm: float | None = None,
    cap: Cap = "half",
) -> tuple[Floats, ...]:
    """Return the lines (n, 3) in mm along which a plane cuts the surface of a region.

    The cutting plane goes through ``point_mm`` across ``normal`` (LPS; axial is (0, 0, 1), coronal
    (0, 1, 0), sagittal (1, 0, 0)). Parallel to the contours, the lines are the contours of the slab
    that holds the point, each closed (its first point repeated). Otherwise they are the sides of
    the slabs as they are counted in a DVH: steps, each a piece of 2 points. An empty tuple means
    that the plane misses the region. ``grid`` is the dose grid, and the errors are those of
    `geometry.planes.plane_stack`.
    """
    across = np.asarray(normal, float)
    point = np.asarray(point_mm, float)
    length = float(np.linalg.norm(across))
    if across.shape != (3,) or point.shape != (3,) or not np.isfinite(length) or length == 0:
        raise UsageError(
            Problem(
                "cut",
                f"point {list(point_mm)} mm, normal {list(normal)}",
                "three finite numbers each, and a normal that is not 0",
                "Correct them.",
            )
        )
    stack = plane_stack(roi, grid=grid, plane_spacing_mm=plane_spacing_mm)
    if not stack.planes:
        return ()
    along = np.cross(stack.affine[:3, 0], stack.affine[:3, 1])
    along /= np.linalg.norm(along)
    if float(np.linalg.norm(np.cross(across / length, along))) < _PARALLEL:
        return _parallel(stack, point, cap)
    return _steps(stack, point, across / length, cap)


def _placed(stack: PlaneStack, index: Floats) -> Floats:
    placed: Floats = index @ stack.affine[:3, :3].T + stack.affine[:3, 3]
    return placed


def _parallel(stack: PlaneStack, point: Floats, cap: Cap) -> tuple[Floats, ...]:
    offset = float(np.linalg.solve(stack.affine[:3, :3], point - stack.affine[:3, 3])[2])
    for plane in stack.planes:
        low, high = plane.extent_mm(cap)
        if low <= offset <= high:
            return tuple(
                _placed(stack, np.column_stack([closed, np.full(len(closed), plane.offset_mm)]))
                for closed in (np.concatenate([p, p[:1]]) for p in plane.polygons)
            )
    return ()


def _steps(stack: PlaneStack, point: Floats, normal: Floats, cap: Cap) -> tuple[Floats, ...]:
    """Return the sides of the slabs in the cut: walls where contours are crossed, and treads."""
    # In index space the cut is  a . (column, row) + c offset = d.
    coefficients = stack.affine[:3, :3].T @ normal
    constant = float(normal @ (point - stack.affine[:3, 3]))
    in_plane = coefficients[:2]
    size = float(np.linalg.norm(in_plane))
    along = np.array([-in_plane[1], in_plane[0]]) / size
    lines: list[Floats] = []
    ended: tuple[float, list[float]] = (-np.inf, [])
    for plane in stack.planes:
        low, high = plane.extent_mm(cap)
        # tilted cuts are taken in the middle of the slab
        level = constant - float(coefficients[2]) * (low + high) / 2
        foot = in_plane * (level / size**2)
        crossed = _crossings(plane.polygons, in_plane, level, along)
        lines += [_piece(stack, foot + t * along, foot + t * along, low, high) for t in crossed]
        below = ended[1] if abs(ended[0] - low) < 1e-9 else []
        if ended[1] and not below:
            lines += _treads(stack, foot, along, ended[1], ended[0])
        lines += _treads(stack, foot, along, sorted(below + crossed), low)
        ended = (high, crossed)
    foot = in_plane * ((constant - float(coefficients[2]) * ended[0]) / size**2)
    lines += _treads(stack, foot, along, ended[1], ended[0])
    return tuple(lines)


def _crossings(
    polygons: Sequence[Floats], in_plane: Floats, level: float, along: Floats
) -> list[float]:
    """Return where the contours cross the line, ascending along it: inside starts and ends."""
    found: list[Floats] = []
    for polygon in polygons:
        side = polygon @ in_plane - level
        after, stop = np.roll(side, -1), np.roll(polygon, -1, axis=0)
        at = np.flatnonzero((side <= 0) != (after <= 0))
        share = side[at] / (side[at] - after[at])
        found.append((polygon[at] + share[:, None] * (stop[at] - polygon[at])) @ along)
    return [float(v) for v in np.sort(np.concatenate(found))]


def _treads(
    stack: PlaneStack, foot: Floats, along: Floats, ends: list[float], offset: float
) -> list[Floats]:
    """Return pieces across, between pairs of ends: what is in one of two slabs but not in both."""
    return [
        _piece(stack, foot + a * along, foot + b * along, offset, offset)
        for a, b in zip(ends[::2], ends[1::2], strict=False)
        if b - a > 1e-9
    ]


def _piece(stack: PlaneStack, start: Floats, stop: Floats, low: float, high: float) -> Floats:
    return _placed(stack, np.array([[*start, low], [*stop, high]]))
