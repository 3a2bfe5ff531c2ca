"""Lines of one value on a plane of samples (marching squares), and pieces joined to lines."""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from abscope.dose.geometry.grid import Floats

__all__ = ["isolines", "joined_lines"]

Point = TypeVar("Point", bound=tuple[float, ...])

#: Corners at or above the level (1 top left, 2 top right, 4 bottom right, 8 bottom left) -> the
#: edges that the line joins (0 top, 1 right, 2 bottom, 3 left); 5 and 10 are saddles.
_JOINS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip
_SADDLES = {
    (5, True): ((0, 1), (2, 3)), (5, False): ((3, 0), (1, 2)),
    (10, True): ((3, 0), (1, 2)), (10, False): ((0, 1), (2, 3)),
}  # fmt: skip

#: An edge of the lattice: 0 along a row or 1 along a column, then row and column of its start.
_Edge = tuple[int, int, int]
#: Ends of pieces closer than this (1e-3 of the unit) are one point.
_DIGITS = 3


def isolines(index: Floats, value: float) -> list[Floats]:
    """Return the lines (n, 2) of (column, row) on which samples (rows, columns) reach a value.

    ``index`` holds the samples, ``value`` is in their unit. Samples are joined linearly along the
    edges of the lattice; at a saddle the mean of the four corners decides. Lines end at the border
    and where a sample is NaN; a closed line repeats its first point.
    """
    above = index >= value
    kind = (
        above[:-1, :-1] * 1 + above[:-1, 1:] * 2 + above[1:, 1:] * 4 + above[1:, :-1] * 8
    )  # fmt: skip
    hollow = np.isnan(index)
    known = ~(hollow[:-1, :-1] | hollow[:-1, 1:] | hollow[1:, 1:] | hollow[1:, :-1])
    links: dict[_Edge, list[_Edge]] = {}
    for row, column in np.argwhere((kind > 0) & (kind < 15) & known).tolist():
        cell = int(kind[row, column])
        if cell in _JOINS:
            joins = _JOINS[cell]
        else:
            mean = float(index[row : row + 2, column : column + 2].mean())
            joins = _SADDLES[cell, mean >= value]
        edges = ((0, row, column), (1, row, column + 1), (0, row + 1, column), (1, row, column))
        for first, second in joins:
            links.setdefault(edges[first], []).append(edges[second])
            links.setdefault(edges[second], []).append(edges[first])
    return [np.array([_place(index, value, edge) for edge in line]) for line in _chains(links)]


def joined_lines(lines_mm: Iterable[Floats]) -> list[Floats]:
    """Return lines (n, 2) in mm with those of two points joined where their ends meet."""
    joined: list[Floats] = []
    links: dict[tuple[float, ...], list[tuple[float, ...]]] = {}
    for one in lines_mm:
        if len(one) != 2:
            joined.append(one)
            continue
        start, stop = (tuple((np.round(end, _DIGITS) + 0.0).tolist()) for end in one)
        if start != stop:
            links.setdefault(start, []).append(stop)
            links.setdefault(stop, []).append(start)
    return joined + [np.array(line) for line in _chains(links)]


def _chains(links: dict[Point, list[Point]]) -> list[list[Point]]:
    """Return the links as lines; those with ends first, then the closed ones."""
    ends = [point for point, others in links.items() if len(others) == 1]
    left = {point: list(others) for point, others in links.items()}
    lines = []
    for start in (*ends, *links):
        line = [start]
        while left[line[-1]]:
            following = left[line[-1]].pop()
            left[following].remove(line[-1])
            line.append(following)
        if len(line) > 1:
            lines.append(line)
    return lines


def _place(index: Floats, value: float, edge: _Edge) -> tuple[float, float]:
    along, row, column = edge
    a = float(index[row, column])
    b = float(index[row + along, column + 1 - along])
    share = (value - a) / (b - a)
    return column + share * (1 - along), row + share * along
