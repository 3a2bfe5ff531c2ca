"""Plain doubles as the numbers of a kernel: one member at a time, on any machine.

The names are those that every number type of a kernel has: ``vec`` and ``put`` load and store a
row, ``get`` and ``set_`` one lane of it, ``store`` a result; ``splat`` makes a row of a number,
``one`` a lane, ``val`` gives what the error is measured on. None checks an index: kernels are
printed, not written.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "LANES", "ROW", "SIZE", "address", "get", "one", "pick", "put", "same", "set_", "splat",
    "store", "val", "vec",
]  # fmt: skip

#: doubles in a row of memory, members side by side, doubles of a result
ROW = 1
LANES = 1
SIZE = 1

_DOUBLE = ir.DoubleType()


def address(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
    """Return the address of an element of an array; kinds and values are (array, index, ...)."""
    array = context.make_array(kinds[0])(context, builder, values[0])
    place = array.data
    for kind, value in zip(kinds[1:], values[1:], strict=True):
        place = builder.gep(place, [context.cast(builder, value, kind, types.intp)])
    return place


def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(address(context, builder, sig.args, args))


def _store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = address(context, builder, sig.args[:-1], args[:-1])
    builder.store(context.cast(builder, args[-1], sig.args[-1], types.float64), place)
    return context.get_dummy_value()


def _first(_context: Any, _builder: Any, _sig: Any, args: Any) -> Any:
    return args[0]


def _vec(typing, array, at):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    return types.float64(array, at), _load


def _put(typing, array, at, x):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    return types.void(array, at, x), _store


def _get(typing, array, at, lane):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    return types.float64(array, at, lane), _load


def _set(typing, array, at, lane, x):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    return types.void(array, at, lane, x), _store


def _same(typing, x):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    return x(x), _first


def _double(typing, x):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[0], sig.args[0], types.float64)

    return types.float64(x), build


def _pick(typing, condition, x, y):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
    def build(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.select(*args)

    return types.float64(types.boolean, types.float64, types.float64), build


vec, put, get, set_ = intrinsic(_vec), intrinsic(_put), intrinsic(_get), intrinsic(_set)
same, pick, store = intrinsic(_same), intrinsic(_pick), put
one = splat = val = intrinsic(_double)
