"""The exact area of closed polygons in each cell of a grid, without sampling.

Every edge is split where it crosses a grid line, so that each piece lies in one cell. A piece that
rises by dy at the mean column x inside its cell covers dy (1 - x) of that cell and dy of every cell
to its right: the first goes to the cell, the rest to its right neighbor, and a running sum along
the row carries it on. The cost is edges + cells; holes, keyholes and islands need no special case.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats

__all__ = ["Coverage", "combined_coverage", "polygon_area", "polygon_coverage", "pooled"]

_NOISE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The covered share (rows, columns) of the cells from ``row``, ``column`` on, k x k per voxel.

    ``total_cells`` is the area of the polygons in cells, also of what lies outside the grid;
    ``overlap_cells`` is the area that more than one contour (or one contour twice) covers.
    """

    row: int
    column: int
    share_frac: Floats
    total_cells: float
    overlap_cells: float = 0.0


def polygon_area(polygon: Floats) -> float:
    """Return the signed area of a polygon (n, 2), in the square of its unit.

    A = sum(x_i y_(i+1) - x_(i+1) y_i) / 2, from the first point so that far away costs no digits.
    """
    x, y = np.ascontiguousarray((polygon - polygon[0]).T)
    # the first point is the origin now: the edge that closes the line spans no area
    return float(x[:-1] @ y[1:] - x[1:] @ y[:-1]) / 2


def polygon_coverage(polygon: Floats, *, k: int, rows: int, columns: int) -> Coverage:
    """Return the share of each cell that a closed polygon covers, inside the grid only.

    ``polygon`` (n, 2) has columns and rows of voxel centers; voxel j reaches from j - 1/2 to
    j + 1/2 and is cut into k x k cells. Where the line overlaps itself, coverage c counts as
    1 - |1 - (c mod 2)|: inside is what a ray leaves an odd number of times.
    """
    line = (polygon + 0.5) * k
    low = np.floor(line.min(axis=0)).astype(int)
    high = np.ceil(line.max(axis=0)).astype(int)
    column0, row0 = (int(v) for v in np.maximum(low, 0))
    width = max(min(int(high[0]), columns * k) - column0, 0)
    height = max(min(int(high[1]), rows * k) - row0, 0)
    area = polygon_area(line)
    if not width or not height:
        return Coverage(row0, column0, np.zeros((height, width)), abs(area))
    line = line - (column0, row0)
    share = _signed_cells(line, height=height, width=width)
    if area > 0:  # it has its rising edges on the right, whose cells are counted off
        share *= -1
    overlap = 0.0
    if share.max() > 1 + 1e-9 or share.min() < -1e-9:
        inside = bool((low >= 0).all() and high[0] <= columns * k and high[1] <= rows * k)
        folded = 1 - np.abs(1 - np.mod(share, 2))
        overlap = float(np.abs(share - folded).sum())
        area = float(folded.sum()) if inside else area
        share = folded
    share[np.abs(share) < _NOISE] = 0.0
    return Coverage(row0, column0, share, abs(area), overlap)


def _signed_cells(line: Floats, *, height: int, width: int) -> Floats:
    """Return the signed coverage (height, width) of a line in cells of size 1 from 0, 0 on."""
    start, stop = line, np.concatenate([line[1:], line[:1]])
    # what lies above or below the window adds nothing; right of it neither
    x0, y0, x1, y1 = _split(start[:, 1], stop[:, 1], start[:, 0], stop[:, 0], height)
    kept = (y0 != y1) & (np.minimum(x0, x1) < width)
    y0, x0, y1, x1 = _split(x0[kept], x1[kept], y0[kept], y1[kept], width)
    x_mid = (x0 + x1) / 2
    y_mid = (y0 + y1) / 2
    kept = (y_mid > 0) & (y_mid < height) & (x_mid < width)
    rise = (y1 - y0)[kept]
    x_mid = np.maximum(x_mid[kept], 0.0)  # left of the window: the whole row is to its right
    column = x_mid.astype(np.intp)
    cell = y_mid[kept].astype(np.intp) * (width + 1) + column
    right = rise * (x_mid - column)
    n = height * (width + 1)
    cells = np.bincount(cell, rise - right, n)
    # the last column takes what would flow out of the window and is cut off below
    cells[1:] += np.bincount(cell, right, n)[:-1]
    return np.cumsum(cells.reshape(height, width + 1)[:, :-1], axis=1)


def _split(
    a0: Floats, a1: Floats, b0: Floats, b1: Floats, size: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return pieces (b0, a0, b1, a1) of segments, cut where a crosses 0, 1, ... or ``size``."""
    low, high = np.minimum(a0, a1), np.maximum(a0, a1)
    first = np.clip(np.floor(low) + 1, 0, size + 1)
    last = np.clip(np.ceil(high) - 1, -1, size)
    cuts = np.maximum(last - first + 1, 0).astype(np.intp)
    pieces = cuts + 1
    end = np.cumsum(pieces)
    begin = end - pieces
    edge = np.repeat(np.arange(len(a0)), pieces)
    nth = np.arange(len(edge)) - begin[edge]
    rising = a1 > a0
    # the line that each piece ends on; its neighbor starts on the same one
    a_end = np.where(rising, first, last)[edge] + np.where(rising, 1.0, -1.0)[edge] * nth
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (b1 - b0) / (a1 - a0)
        b_end = b0[edge] + (a_end - a0[edge]) * slope[edge]
    a_end[end - 1], b_end[end - 1] = a1, b1
    a_start, b_start = np.empty_like(a_end), np.empty_like(b_end)
    a_start[1:], b_start[1:] = a_end[:-1], b_end[:-1]
    a_start[begin], b_start[begin] = a0, b0
    return b_start, a_start, b_end, a_end


def combined_coverage(
    polygons: Sequence[Floats],
    *,
    signs: Sequence[int],
    k: int,
    grid_rows_columns: tuple[int, int],
    exclusive: bool = False,
) -> Coverage:
    """Return the share of each cell that the contours of one plane cover together.

    Contours add with sign +1 and are taken away with -1 (holes, see `nesting`). Those that cross
    each other are united: the sum is held between 0 and 1; with ``exclusive`` (the DICOM kind
    CLOSEDPLANAR_XOR) what two of them cover is left out instead.
    """
    rows, columns = grid_rows_columns
    parts = [polygon_coverage(p, k=k, rows=rows, columns=columns) for p in polygons]
    if len(parts) == 1:
        return parts[0]
    total = sum(s * p.total_cells for s, p in zip(signs, parts, strict=True))
    overlap = sum(p.overlap_cells for p in parts)
    row = min(p.row for p in parts)
    column = min(p.column for p in parts)
    height = max(p.row + p.share_frac.shape[0] for p in parts) - row
    width = max(p.column + p.share_frac.shape[1] for p in parts) - column
    share: NDArray[np.float64] = np.zeros((height, width))
    for sign, part in zip(signs, parts, strict=True):
        h, w = part.share_frac.shape
        top, left = part.row - row, part.column - column
        share[top : top + h, left : left + w] += sign * part.share_frac
    if share.size and (share.max() > 1 + 1e-9 or share.min() < -1e-9):
        before = float(share.sum())
        held = 1 - np.abs(1 - np.mod(share, 2)) if exclusive else np.clip(share, 0.0, 1.0)
        overlap += float(np.abs(share - held).sum())
        total += float(held.sum()) - before
        share = held
    share[np.abs(share) < _NOISE] = 0.0
    return Coverage(row, column, share, total, overlap)


def pooled(cover: Coverage, *, k: int) -> Coverage:
    """Return the coverage of whole voxels from that of their k x k cells; areas stay exact."""
    top, left = cover.row % k, cover.column % k
    height, width = cover.share_frac.shape
    below, right = -(top + height) % k, -(left + width) % k
    cells = np.pad(cover.share_frac, ((top, below), (left, right)))
    blocks = cells.reshape(cells.shape[0] // k, k, cells.shape[1] // k, k)
    return Coverage(
        cover.row // k,
        cover.column // k,
        blocks.sum(axis=(1, 3)) / (k * k),
        cover.total_cells / (k * k),
        cover.overlap_cells / (k * k),
    )
