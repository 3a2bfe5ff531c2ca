"""A SIMD number for Numba: one value holds W members, every operation is one vector instruction.

Numba cannot promise that two arrays do not overlap, so loops over several arrays stay scalar;
arithmetic on this type is vector code by construction. The width is part of the type: any width
runs on any processor that LLVM serves.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from abscope.engine.floats import address, doubles_of, same

__all__ = [
    "FLAGS", "MaskType", "VectorType", "lanes_of", "one", "pick", "spread", "val",
]  # fmt: skip

#: what the compiler may do with each operation: fuse a*b + c, divide once, ignore the sign of zero
FLAGS = ("contract", "arcp", "nsz", "reassoc")

_DOUBLE, _LONG = ir.DoubleType(), ir.IntType(64)


class VectorType(types.Type):
    """W doubles."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(f"vector{width}")


class MaskType(types.Type):
    """W truth values."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(f"mask{width}")


def _llvm(width: int) -> Any:
    return ir.VectorType(_DOUBLE, width)


def _vector_model(manager: Any, kind: Any) -> Any:
    return models.PrimitiveModel(manager, kind, _llvm(kind.width))


def _mask_model(manager: Any, kind: Any) -> Any:
    return models.PrimitiveModel(manager, kind, ir.VectorType(ir.IntType(1), kind.width))


register_model(VectorType)(_vector_model)
register_model(MaskType)(_mask_model)


def spread(builder: Any, width: int, value: Any) -> Any:
    """Return the vector whose elements are all the value."""
    kind = _llvm(width)
    if isinstance(value, ir.Constant):
        return ir.Constant(kind, [value.constant] * width)
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, value, ir.IntType(32)(0))
    return builder.shuffle_vector(
        first, empty, ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    )


def _lift(context: Any, builder: Any, kind: Any, value: Any, width: int) -> Any:
    if isinstance(kind, VectorType):
        return value
    return spread(builder, width, context.cast(builder, value, kind, types.float64))


def _width(kinds: Any) -> int | None:
    """Return the width of the vectors among the types, None where they are not ours."""
    widths = {kind.width for kind in kinds if isinstance(kind, VectorType)}
    numbers = all(isinstance(kind, VectorType | types.Number) for kind in kinds)
    return widths.pop() if len(widths) == 1 and numbers else None


def _binary(operation: Any, emit: Callable[..., Any], result: Any) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            width = _width(args)
            return None if width is None else signature(result(width), *args)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        width = _width(sig.args)
        pairs = zip(sig.args, args, strict=True)
        lifted = [_lift(context, builder, kind, value, width or 1) for kind, value in pairs]
        return emit(builder, *lifted)

    infer_global(operation)(Template)
    for pair in ((VectorType, VectorType), (VectorType, types.Number), (types.Number, VectorType)):
        lower_builtin(operation, *pair)(lower)


def _arithmetic(name: str) -> Callable[..., Any]:
    return lambda builder, x, y: getattr(builder, name)(x, y, flags=FLAGS)


def _comparison(sign: str) -> Callable[..., Any]:
    return lambda builder, x, y: builder.fcmp_ordered(sign, x, y)


for _operation, _name in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"),
    (operator.truediv, "fdiv"), (operator.iadd, "fadd"), (operator.isub, "fsub"),
    (operator.imul, "fmul"),
):  # fmt: skip
    _binary(_operation, _arithmetic(_name), VectorType)
for _operation, _name in (
    (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="),
):  # fmt: skip
    _binary(_operation, _comparison(_name), MaskType)


class _Negative(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
        return signature(args[0], args[0]) if isinstance(args[0], VectorType) else None


infer_global(operator.neg)(_Negative)
lower_builtin(operator.neg, VectorType)(lambda _c, builder, _s, args: builder.fneg(args[0]))


def lanes_of(width: int) -> tuple[int, int, int, Any, Any, Any, Any, Any]:
    """Return ROW, LANES, SIZE, vec, put, splat, get and set_ for a width."""
    kind, llvm = VectorType(width), _llvm(width)

    def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = address(context, builder, sig, args, width)
        value = builder.load(builder.bitcast(place, llvm.as_pointer()))
        value.align = 8
        return value

    def _vec(_typing, array, first, k):
        return kind(array, first, k), _load

    def _put(_typing, array, first, k, x):
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            value = _lift(context, builder, sig.args[3], args[3], width)
            place = address(context, builder, sig, args, width)
            builder.store(value, builder.bitcast(place, llvm.as_pointer())).align = 8
            return context.get_dummy_value()

        return types.void(array, first, k, x), build

    def _splat(_typing, x):
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return _lift(context, builder, sig.args[0], args[0], width)

        return kind(x), build

    made: Any = (intrinsic(made) for made in (_vec, _put, _splat))
    vec, put, splat = made
    return (width, width, 1, vec, put, splat, *doubles_of(width))


def _pick(_typing, condition, x, y):
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        width = sig.args[0].width
        pairs = zip(sig.args[1:], args[1:], strict=True)
        lifted = [_lift(context, builder, kind, value, width) for kind, value in pairs]
        return builder.select(args[0], *lifted)

    return VectorType(condition.width)(condition, x, y), build


pick: Any = intrinsic(_pick)
val: Any = same
one: Any = same
