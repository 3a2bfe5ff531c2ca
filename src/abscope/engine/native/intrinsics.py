"""What a kernel's text calls that is no function of it: loads, stores, choices, bits."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from abscope.engine.native.values import Number, double, whole

if TYPE_CHECKING:
    from abscope.engine.native.expressions import Expressions

__all__ = ["INTRINSICS"]

_Made = Callable[..., Any]

#: a number so large that the last bit of its sum with another counts ones
_WHOLE = 2.0**52 + 2.0**51
#: the bits of 1 and of the root of 1/2
_ONE, _ROOT = 0x3FF0000000000000, 0x3FE6A09E667F3BCD


def _vec(f: "Expressions", array: Any, first: Number, k: Number) -> Number:
    place = f.row(array, first, k)
    return f.make("vector", f"load {f.type_of('vector')}, ptr {place}, align 8")


def _put(f: "Expressions", array: Any, first: Number, k: Number, x: Number) -> None:
    wide = f.lift(x, "vector")
    place = f.row(array, first, k)
    f.lines.append(f"  store {f.type_of('vector')} {wide.text}, ptr {place}, align 8")


def _in_lane(f: "Expressions", array: Any, first: Number, k: Number, lane: Number) -> str:
    place = f.row(array, first, k)
    return f.emit(f"getelementptr inbounds double, ptr {place}, i64 {lane.text}")


def _get(f: "Expressions", array: Any, first: Number, k: Number, lane: Number) -> Number:
    return f.make("double", f"load double, ptr {_in_lane(f, array, first, k, lane)}")


def _set(f: "Expressions", array: Any, first: Number, k: Number, lane: Number, x: Number) -> None:
    value = f.lift(x, "double")
    place = _in_lane(f, array, first, k, lane)
    f.lines.append(f"  store double {value.text}, ptr {place}")


def _place(f: "Expressions", array: Any, first: Number, k: Number) -> str:
    at = f.arithmetic(ast.Add(), first, k)
    return f.element(f.pointer(array), [at], ast.Pass())[0]


def _number(f: "Expressions", array: Any, first: Number, k: Number) -> Number:
    return f.make("double", f"load double, ptr {_place(f, array, first, k)}")


def _store(f: "Expressions", array: Any, first: Number, k: Number, x: Number) -> None:
    value = f.lift(x, "double")
    f.lines.append(f"  store double {value.text}, ptr {_place(f, array, first, k)}")


def _function(name: str) -> _Made:
    def build(f: "Expressions", x: Number) -> Number:
        x = f.lift(x, "double") if x.kind == "i64" else x
        suffix = f"v{f.width}f64" if x.kind == "vector" else "f64"
        of = f.type_of(x.kind)
        f.program.declare(f"declare {of} @llvm.{name}.{suffix}({of})")
        return f.make(x.kind, f"call {of} @llvm.{name}.{suffix}({of} {x.text})")

    return build


def _absolute(f: "Expressions", x: Number) -> Number:
    if x.kind != "i64":
        return _function("fabs")(f, x)  # type: ignore[no-any-return]
    return f.chosen(f.compared(ast.Lt(), x, whole(0)), f.arithmetic(ast.Sub(), whole(0), x), x)


def _extreme(sign: ast.cmpop) -> _Made:
    def build(f: "Expressions", x: Number, y: Number) -> Number:
        return f.chosen(f.compared(sign, x, y), x, y)

    return build


def _step(f: "Expressions", x: Number) -> Number:
    return f.chosen(f.compared(ast.Gt(), x, double(0.0)), double(1.0), double(0.0))


def _strict(name: str) -> _Made:
    """Return an operation that is not reordered: the parts of log 2 depend on it."""

    def build(f: "Expressions", x: Number, y: Number) -> Number:
        kind, (x, y) = f.common(x, y)
        return f.make(kind, f"{name} {f.type_of(kind)} {x.text}, {y.text}")

    return build


def _bits(f: "Expressions", x: Number) -> tuple[str, Callable[[int], str]]:
    """Return the type of whole numbers as wide as x, and a constant of it."""
    if x.kind != "vector":
        return "i64", str
    return f"<{f.width} x i64>", lambda n: f"<{', '.join([f'i64 {n}'] * f.width)}>"


def _fused(f: "Expressions", x: Number, y: Number, z: Number) -> Number:
    """x y + z in one rounding where the processor can, in two elsewhere; never reordered."""
    kind, (x, y, z) = f.common(x, y, z)
    suffix, of = f"v{f.width}f64" if kind == "vector" else "f64", f.type_of(kind)
    f.program.declare(f"declare {of} @llvm.fmuladd.{suffix}({of}, {of}, {of})")
    given = ", ".join(f"{of} {number.text}" for number in (x, y, z))
    return f.make(kind, f"call {of} @llvm.fmuladd.{suffix}({given})")


def _two_to(f: "Expressions", x: Number) -> Number:
    """2^n for whole n in the range of normal numbers; 0 for -1023.

    After 2^52 + 2^51 + 1023 is added, the last bits are those of the exponent.
    """
    kind, (of, number) = f.type_of(x.kind), _bits(f, x)
    n = f.emit(f"bitcast {kind} {_strict('fadd')(f, x, double(_WHOLE + 1023.0)).text} to {of}")
    n = f.emit(f"shl {of} {n}, {number(52)}")
    return f.make(x.kind, f"bitcast {of} {n} to {kind}")


def _from_root(f: "Expressions", x: Number) -> str:
    """Return the bits of x, counted so that the exponent changes at the root of 1/2."""
    of, number = _bits(f, x)
    n = f.emit(f"bitcast {f.type_of(x.kind)} {x.text} to {of}")
    return f.emit(f"add {of} {n}, {number(_ONE - _ROOT)}")


def _exponent(f: "Expressions", x: Number) -> Number:
    """The power of two that is left beside the mantissa."""
    kind, (of, number) = f.type_of(x.kind), _bits(f, x)
    n = f.emit(f"lshr {of} {_from_root(f, x)}, {number(52)}")
    n = f.emit(f"or {of} {n}, {number(0x4330000000000000)}")
    n = f.emit(f"bitcast {of} {n} to {kind}")
    return _strict("fsub")(f, Number(x.kind, n), double(2.0**52 + 1023.0))  # type: ignore[no-any-return]


def _mantissa(f: "Expressions", x: Number) -> Number:
    """The mantissa between the roots of 1/2 and 2."""
    kind, (of, number) = f.type_of(x.kind), _bits(f, x)
    n = f.emit(f"and {of} {_from_root(f, x)}, {number(0x000FFFFFFFFFFFFF)}")
    n = f.emit(f"add {of} {n}, {number(_ROOT)}")
    return f.make(x.kind, f"bitcast {of} {n} to {kind}")


def _finite(f: "Expressions", x: Number) -> Number:
    return f.compared(ast.Lt(), _absolute(f, x), double(float("inf")))


#: name in a text -> what it becomes
INTRINSICS: dict[str, _Made] = {
    "vec": _vec,
    "put": _put,
    "get": _get,
    "set_": _set,
    "number": _number,
    "brought": _number,
    "store": _store,
    "splat": lambda f, x: f.lift(x, "vector"),
    "one": lambda f, x: f.lift(x, "double"),
    "val": lambda _f, x: x,
    "pick": lambda f, condition, x, y: f.chosen(condition, x, y),
    "absolute": _absolute,
    "abs": _absolute,
    "maximum": _extreme(ast.Gt()),
    "minimum": _extreme(ast.Lt()),
    "max": _extreme(ast.Gt()),
    "min": _extreme(ast.Lt()),
    "step": _step,
    "float": lambda f, x: f.lift(x, "double"),
    "np.sqrt": _function("sqrt"),
    "np.isfinite": _finite,
    "nearest": _function("rint"),
    "fused": _fused,
    "strict_sum": _strict("fadd"),
    "strict_difference": _strict("fsub"),
    "two_to": _two_to,
    "exponent_of": _exponent,
    "mantissa_of": _mantissa,
}
