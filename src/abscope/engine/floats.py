"""Plain doubles as the numbers of a kernel: one member at a time, on any machine.

The names are those that every number type of a kernel has: ``vec`` and ``put`` load and store one
row, ``get`` and ``set_`` one lane of it, ``fill`` a starting value, ``store`` a result.
"""

from typing import Any

from numba import njit

__all__ = [
    "LANES", "ROW", "SIZE", "fill", "get", "one", "pick", "put", "set_", "splat", "store", "val",
    "vec",
]  # fmt: skip

#: doubles in a row of memory, members side by side, doubles of a result
ROW, LANES, SIZE = 1, 1, 1

_inline = njit(inline="always", error_model="numpy")


def _vec(array: Any, at: Any) -> Any:
    return array[at]


def _put(array: Any, at: Any, value: Any) -> None:
    array[at] = value


def _get(array: Any, at: Any, lane: Any) -> Any:  # noqa: ARG001
    return array[at]


def _set(array: Any, at: Any, lane: Any, value: Any) -> None:  # noqa: ARG001
    array[at] = value


def _same(x: Any) -> Any:
    return x


def _pick(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


def _fill(array: Any, row: Any, lane: Any, value: Any, slopes: Any) -> None:  # noqa: ARG001
    array[row] = value


vec, put, get, set_ = _inline(_vec), _inline(_put), _inline(_get), _inline(_set)
one = splat = val = _inline(_same)
pick, fill, store = _inline(_pick), _inline(_fill), _inline(_put)
