"""The table that a kernel is given: where each array and number of its arguments stands in it.

Every array has its address and its shape in the table, every number its bits. One description makes
both the table of a call and what the names of the kernel's text stand for.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.engine.native.values import Array, Record, Slot
from abscope.engine.tables import Clock, Limits, Members, Memory, Results, Stops

__all__ = ["ARGUMENTS", "SIZE", "Table"]

#: record -> how many axes each array has; "i" whole numbers, "d" doubles, 0 a single number
_CASE = (
    (Members, "i1 i1 d1 d3 d3 d3"),
    (Stops, "i1 d1 i1 i1 d1 d1"),
    (Limits, "d2 d0 d0 i0 i0 i0 i0"),
    (Results, "d4 d5 d3 d2 d2"),
)
_MEMORY = (Memory, "d1 d1 d1 d1")
_CLOCK = (Clock, "d2 i2")
_SCRATCH = ("trial", "miss", "work", "lu", "ls"), "d1 d1 d2 d1 d1"
_KINDS = {"d": "double", "i": "i64"}


def _record(names: Any, marks: str, at: int) -> tuple[Record, int]:
    values: list[Any] = []
    for mark in marks.split():
        kind, axes = _KINDS[mark[0]], int(mark[1])
        values.append(Array(at, kind, axes) if axes else Slot(at, kind))
        at += 1 + axes
    return Record(tuple(names), tuple(values)), at


def _arguments() -> tuple[tuple[Record, ...], int]:
    at, case = 0, []
    for kind, marks in _CASE:
        record, at = _record(kind._fields, marks, at)
        case.append(record)
    memory, at = _record(_MEMORY[0]._fields, _MEMORY[1], at)
    clock, at = _record(_CLOCK[0]._fields, _CLOCK[1], at)
    scratch, at = _record(*_SCRATCH, at)
    whole = Record(tuple(str(k) for k in range(len(case))), tuple(case))
    return (whole, memory, clock, scratch), at


#: case, memory, clock and scratch as the function ``chunk`` has them
ARGUMENTS = _arguments()[0]
#: entries of the table
SIZE = _arguments()[1]


class Table:
    """The table of one call; it keeps the arrays alive that it points to."""

    def __init__(self, *given: Any) -> None:
        self.bits: NDArray[np.int64] = np.zeros(SIZE, np.int64)
        self._doubles = self.bits.view(np.float64)
        self._kept: list[Any] = []
        case, *rest = given
        held, *others = ARGUMENTS
        for record, values in zip((*held.values, *others), (*case, *rest), strict=True):
            for place, value in zip(record.values, values, strict=True):
                self._fill(place, value)

    def _fill(self, place: Any, value: Any) -> None:
        doubles = place.kind == "double"
        if isinstance(place, Slot):
            (self._doubles if doubles else self.bits)[place.slot] = value
            return
        wanted = np.float64 if doubles else np.int64
        if value.dtype != wanted or not value.flags.c_contiguous:
            raise TypeError(f"an array of {value.dtype} where {wanted.__name__} in rows belong")
        if value.ndim != place.dimensions:
            raise TypeError(f"an array of {value.ndim} axes where {place.dimensions} belong")
        self.bits[place.slot] = value.ctypes.data
        self.bits[place.slot + 1 : place.slot + 1 + value.ndim] = value.shape
        self._kept.append(value)

    @property
    def address(self) -> ctypes.c_void_p:
        """Return where the table is."""
        return ctypes.c_void_p(self.bits.ctypes.data)
