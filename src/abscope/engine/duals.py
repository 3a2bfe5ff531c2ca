"""A dual number for Numba: a value and T slopes, so that a kernel carries exact derivatives.

The slopes are those of the computed solution along T directions, with the steps of the integrator
taken as fixed: step sizes and stop times carry no slope.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import math
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from abscope.engine.elementary import IMPLEMENTATIONS, bare
from abscope.engine.floats import address

__all__ = ["DualType", "duals_of", "pick", "scaled", "val"]

_DOUBLE, _NEXT = ir.DoubleType(), ir.IntType(64)(1)
#: (value, slopes or None where all are zero)
_Pair = tuple[Any, Any]

#: what the compiler may do with each operation: fuse a*b + c, divide once, ignore the sign of zero
_FLAGS = ("contract", "arcp", "nsz", "reassoc")


def _spread(builder: Any, width: int, value: Any) -> Any:
    """Return the vector whose elements are all the value."""
    kind = ir.VectorType(ir.DoubleType(), width)
    if isinstance(value, ir.Constant):
        return ir.Constant(kind, [value.constant] * width)
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, value, ir.IntType(32)(0))
    return builder.shuffle_vector(
        first, empty, ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    )


class DualType(types.Type):
    """A value and T slopes."""

    def __init__(self, slopes: int) -> None:
        self.slopes = slopes
        super().__init__(f"dual{slopes}")


def _parts(slopes: int) -> tuple[Any, Any]:
    vector = ir.VectorType(_DOUBLE, slopes)
    return vector, ir.LiteralStructType([_DOUBLE, vector])


def _model(manager: Any, kind: Any) -> Any:
    return models.PrimitiveModel(manager, kind, _parts(kind.slopes)[1])


register_model(DualType)(_model)


def _pair(context: Any, builder: Any, kind: Any, value: Any) -> _Pair:
    if isinstance(kind, DualType):
        return builder.extract_value(value, 0), builder.extract_value(value, 1)
    return context.cast(builder, value, kind, types.float64), None


def _filled(slopes: int, pair: _Pair) -> tuple[Any, Any]:
    zero = ir.Constant(_parts(slopes)[0], [0.0] * slopes)
    return pair[0], zero if pair[1] is None else pair[1]


def _made(builder: Any, slopes: int, pair: _Pair) -> Any:
    value, slope = _filled(slopes, pair)
    empty = ir.Constant(_parts(slopes)[1], ir.Undefined)
    return builder.insert_value(builder.insert_value(empty, value, 0), slope, 1)


def _times(builder: Any, slope: Any, factor: Any) -> Any:
    width = slope.type.count
    return builder.fmul(slope, _spread(builder, width, factor), flags=_FLAGS)


def _add(builder: Any, x: _Pair, y: _Pair) -> _Pair:
    value = builder.fadd(x[0], y[0], flags=_FLAGS)
    if x[1] is None or y[1] is None:
        return value, x[1] if y[1] is None else y[1]
    return value, builder.fadd(x[1], y[1], flags=_FLAGS)


def _subtract(builder: Any, x: _Pair, y: _Pair) -> _Pair:
    value = builder.fsub(x[0], y[0], flags=_FLAGS)
    if y[1] is None:
        return value, x[1]
    return value, builder.fneg(y[1]) if x[1] is None else builder.fsub(x[1], y[1], flags=_FLAGS)


def _multiply(builder: Any, x: _Pair, y: _Pair) -> _Pair:
    value = builder.fmul(x[0], y[0], flags=_FLAGS)
    if y[1] is None:
        return value, _times(builder, x[1], y[0])
    right = _times(builder, y[1], x[0])
    if x[1] is None:
        return value, right
    return value, builder.fadd(_times(builder, x[1], y[0]), right, flags=_FLAGS)


def _divide(builder: Any, x: _Pair, y: _Pair) -> _Pair:
    inverse = builder.fdiv(_DOUBLE(1.0), y[0], flags=_FLAGS)
    value = builder.fmul(x[0], inverse, flags=_FLAGS)
    if y[1] is None:
        return value, _times(builder, x[1], inverse)
    falls = _times(builder, y[1], value)
    slope = builder.fneg(falls) if x[1] is None else builder.fsub(x[1], falls, flags=_FLAGS)
    return value, _times(builder, slope, inverse)


def _slopes(kinds: Any) -> int | None:
    """Return the number of slopes of the duals among the types, None where they are not ours."""
    counts = {kind.slopes for kind in kinds if isinstance(kind, DualType)}
    numbers = all(isinstance(kind, DualType | types.Number) for kind in kinds)
    return counts.pop() if len(counts) == 1 and numbers else None


def _binary(operation: Any, emit: Callable[..., _Pair]) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            count = _slopes(args)
            return None if count is None else signature(DualType(count), *args)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pairs = [_pair(context, builder, *item) for item in zip(sig.args, args, strict=True)]
        return _made(builder, sig.return_type.slopes, emit(builder, *pairs))

    infer_global(operation)(Template)
    for kinds in ((DualType, DualType), (DualType, types.Number), (types.Number, DualType)):
        lower_builtin(operation, *kinds)(lower)


for _operation, _emit in (
    (operator.add, _add), (operator.iadd, _add), (operator.sub, _subtract),
    (operator.isub, _subtract), (operator.mul, _multiply), (operator.imul, _multiply),
    (operator.truediv, _divide),
):  # fmt: skip
    _binary(_operation, _emit)


class _Negative(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
        return signature(args[0], args[0]) if isinstance(args[0], DualType) else None


def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    value, slope = _pair(context, builder, sig.args[0], args[0])
    return _made(builder, sig.args[0].slopes, (builder.fneg(value), builder.fneg(slope)))


infer_global(operator.neg)(_Negative)
lower_builtin(operator.neg, DualType)(_negate)


def duals_of(count: int) -> tuple[int, int, int, Any, Any, Any, Any, Any]:
    """Return ROW, LANES, SIZE, vec, put, splat, get and set_ for a number of slopes."""
    kind = DualType(count)
    vector = _parts(count)[0]

    def load(builder: Any, place: Any) -> Any:
        after = builder.bitcast(builder.gep(place, [_NEXT]), vector.as_pointer())
        slope = builder.load(after)
        slope.align = 8
        return _made(builder, count, (builder.load(place), slope))

    def writer(last: int) -> Any:
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            value, slope = _filled(count, _pair(context, builder, sig.args[last], args[last]))
            place = address(context, builder, sig, args, count + 1)
            builder.store(value, place)
            after = builder.bitcast(builder.gep(place, [_NEXT]), vector.as_pointer())
            builder.store(slope, after).align = 8
            return context.get_dummy_value()

        return build

    def reader(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return load(builder, address(context, builder, sig, args, count + 1))

    def _vec(_typing, array, first, k):
        return kind(array, first, k), reader

    def _get(_typing, array, first, k, lane):
        return kind(array, first, k, lane), reader

    def _put(_typing, array, first, k, x):
        return types.void(array, first, k, x), writer(3)

    def _set(_typing, array, first, k, lane, x):
        return types.void(array, first, k, lane, x), writer(4)

    def _splat(_typing, x):
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return _made(builder, count, _pair(context, builder, sig.args[0], args[0]))

        return kind(x), build

    made: Any = (intrinsic(made) for made in (_vec, _put, _splat, _get, _set))
    vec, put, splat, get, set_ = made
    return (count + 1, 1, count + 1, vec, put, splat, get, set_)


def _pick(_typing, condition, x, y):
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        count = sig.return_type.slopes
        pairs = [
            _filled(count, _pair(context, builder, *item))
            for item in zip(sig.args[1:], args[1:], strict=True)
        ]
        chosen = (builder.select(args[0], *parts) for parts in zip(*pairs, strict=True))
        return _made(builder, count, tuple(chosen))

    count = _slopes((x, y))
    return None if count is None else (DualType(count)(condition, x, y), build)


def _val(_typing, x):
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _pair(context, builder, sig.args[0], args[0])[0]

    return types.float64(x), build


def _scaled(_typing, x, _value, _slope):
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pair = _pair(context, builder, sig.args[0], args[0])
        return _made(builder, x.slopes, (args[1], _times(builder, pair[1], args[2])))

    return x(x, types.float64, types.float64), build


pick: Any = intrinsic(_pick)
val: Any = intrinsic(_val)
#: the chain rule: a value, and the slopes of x times a number
scaled: Any = intrinsic(_scaled)


def _exp(x: Any) -> Any:
    value = math.exp(val(x))
    return scaled(x, value, value)


def _log(x: Any) -> Any:
    v = val(x)
    if v > 0.0:
        return scaled(x, math.log(v), 1.0 / v)
    return scaled(x, -math.inf if v == 0.0 else math.nan, math.nan)


def _absolute(x: Any) -> Any:
    return x if val(x) >= 0.0 else -x


def _step(x: Any) -> Any:
    return scaled(x, 1.0 if val(x) > 0.0 else 0.0, 0.0)


def _power(x: Any, y: Any) -> Any:
    v, w = val(x), val(y)
    if v <= 1e-300:
        return 0.0 * (x + y)
    value = v**w
    return (x - v) * (w * value / v) + (y - w) * (value * math.log(v)) + value


def _power_of_dual(x: Any, y: Any) -> Any:
    v = val(x)
    return scaled(x, v**y, y * v ** (y - 1.0)) if v > 1e-300 else scaled(x, 0.0, 0.0)


def _maximum(x: Any, y: Any) -> Any:
    return pick(val(x) > val(y), x, y)


def _minimum(x: Any, y: Any) -> Any:
    return pick(val(x) < val(y), x, y)


def _on_duals(name: str, function: Callable[..., Any]) -> None:
    bare(function)

    def choose(*kinds: Any) -> Any:
        ours = any(isinstance(kind, DualType) for kind in kinds)
        if name == "power" and ours and not isinstance(kinds[1], DualType):
            return _power_of_dual
        return function if ours else None

    IMPLEMENTATIONS[name].append(choose)


bare(_power_of_dual)
for _name, _function in (
    ("exp", _exp), ("log", _log), ("absolute", _absolute), ("step", _step), ("power", _power),
    ("maximum", _maximum), ("minimum", _minimum),
):  # fmt: skip
    _on_duals(_name, _function)
