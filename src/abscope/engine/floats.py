"""Plain doubles as the numbers of a kernel: one member at a time, on any machine.

The names are those that every number type of a kernel has: ``vec(array, first, k)`` and ``put``
load and store row first + k, ``get`` and ``set_`` one lane of it, ``number`` loads a plain number,
``brought`` a field of an event, ``store`` keeps a result; ``splat`` makes a row of a number,
``one`` a lane, ``val`` gives what the error is measured on. None checks an index: kernels are
printed, not written.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "LANES", "ROW", "SIZE", "address", "brought", "doubles_of", "get", "number", "one", "pick",
    "put", "same", "set_", "splat", "store", "val", "vec",
]  # fmt: skip

#: doubles in a row of memory, members side by side, doubles of a result
ROW = 1
LANES = 1
SIZE = 1

_LONG = ir.IntType(64)


def address(context: Any, builder: Any, sig: Any, args: Any, row: int) -> Any:
    """Return the address of row ``first + k`` of an array, in its lane where there is one.

    The arguments are (array, first, k), then the lane in ``get`` and ``set_``.
    """
    array = context.make_array(sig.args[0])(context, builder, args[0])
    first, k = (
        context.cast(builder, value, kind, types.intp)
        for value, kind in zip(args[1:3], sig.args[1:3], strict=True)
    )
    wide = builder.mul(builder.add(first, k), _LONG(row)) if row > 1 else builder.add(first, k)
    return builder.gep(array.data, [wide])


def _in_lane(context: Any, builder: Any, sig: Any, args: Any, row: int) -> Any:
    """Return the address of a lane of a row; the arguments are (array, first, k, lane, ...)."""
    lane = context.cast(builder, args[3], sig.args[3], types.intp)
    return builder.gep(address(context, builder, sig, args, row), [lane])


def doubles_of(row: int) -> tuple[Any, Any]:
    """Return get and set_ for rows of a width."""

    def _get(_typing, array, first, k, lane):
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.load(_in_lane(context, builder, sig, args, row))

        return types.float64(array, first, k, lane), build

    def _set(_typing, array, first, k, lane, x):
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = _in_lane(context, builder, sig, args, row)
            builder.store(context.cast(builder, args[4], sig.args[4], types.float64), place)
            return context.get_dummy_value()

        return types.void(array, first, k, lane, x), build

    return intrinsic(_get), intrinsic(_set)


def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(address(context, builder, sig, args, 1))


def _store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = address(context, builder, sig, args, 1)
    builder.store(context.cast(builder, args[3], sig.args[3], types.float64), place)
    return context.get_dummy_value()


def _first(_context: Any, _builder: Any, _sig: Any, args: Any) -> Any:
    return args[0]


def _vec(_typing, array, first, k):
    return types.float64(array, first, k), _load


def _put(_typing, array, first, k, x):
    return types.void(array, first, k, x), _store


def _same(_typing, x):
    return x(x), _first


def _double(_typing, x):
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[0], sig.args[0], types.float64)

    return types.float64(x), build


def _pick(_typing, _condition, _x, _y):
    def build(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.select(*args)

    return types.float64(types.boolean, types.float64, types.float64), build


vec: Any = intrinsic(_vec)
put: Any = intrinsic(_put)
get: Any = doubles_of(1)[0]
set_: Any = doubles_of(1)[1]
same: Any = intrinsic(_same)
pick: Any = intrinsic(_pick)
splat: Any = intrinsic(_double)
one: Any = splat
val: Any = splat
number: Any = vec
brought: Any = vec
store: Any = put
