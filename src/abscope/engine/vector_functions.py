"""exp, log, power and their kin on SIMD numbers.

Largest errors seen over their range (tests hold them): exp 1.5e-15 relative, log 4.5e-16 relative
or absolute where the result is below 1, power 1.5e-15 times (1 + |e log x|) relative. exp is 0
below -708 and infinite above 709.78; log is NaN below 0.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from collections.abc import Callable
from math import factorial
from typing import Any

from llvmlite import ir
from numba import njit
from numba.core import cgutils
from numba.extending import intrinsic

from abscope.engine.elementary import IMPLEMENTATIONS, bare
from abscope.engine.lanes import VectorType, pick

__all__ = ["vector_exp", "vector_log", "vector_power"]

_C = tuple(1.0 / factorial(k) for k in range(14))
#: log 2 in two parts, the first with trailing zeros, so that n times it is exact
_LOG2_HIGH, _LOG2_LOW, _INVERSE_LOG2 = (
    6.93145751953125e-1,
    1.42860682030941723212e-6,
    1.4426950408889634,
)


def _longs(width: int, number: int | None = None) -> Any:
    kind = ir.VectorType(ir.IntType(64), width)
    return kind if number is None else ir.Constant(kind, [number] * width)


def _doubles(width: int) -> Any:
    return ir.VectorType(ir.DoubleType(), width)


def _llvm_function(name: str) -> Callable[..., Any]:
    def build(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        width = sig.args[0].width
        kind = _doubles(width)
        function = ir.FunctionType(kind, [kind])
        full = f"llvm.{name}.v{width}f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, function, full), args)

    return build


def _power_of_two(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """2^n for whole n in the range of normal numbers."""
    width = sig.args[0].width
    whole = builder.fptosi(args[0], _longs(width))
    bits = builder.shl(builder.add(whole, _longs(width, 1023)), _longs(width, 52))
    return builder.bitcast(bits, _doubles(width))


def _exponent(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    width = sig.args[0].width
    bits = builder.lshr(builder.bitcast(args[0], _longs(width)), _longs(width, 52))
    return builder.sitofp(builder.sub(bits, _longs(width, 1022)), _doubles(width))


def _mantissa(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """The mantissa in [0.5, 1)."""
    width = sig.args[0].width
    bits = builder.and_(builder.bitcast(args[0], _longs(width)), _longs(width, 0x000FFFFFFFFFFFFF))
    bits = builder.or_(bits, _longs(width, 0x3FE0000000000000))
    return builder.bitcast(bits, _doubles(width))


def _unary(build: Callable[..., Any]) -> Any:
    def typed(_typing, x):
        return (x(x), build) if isinstance(x, VectorType) else None

    return intrinsic(typed)


def _strict(name: str) -> Any:
    """Return an operation that the compiler does not reorder: the parts of log 2 depend on it."""

    def build(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return getattr(builder, name)(*args)

    def typed(_typing, x, _y):
        return (x(x, x), build) if isinstance(x, VectorType) else None

    return intrinsic(typed)


_minus, _plus = _strict("fsub"), _strict("fadd")
_round = _unary(_llvm_function("rint"))
_two_to, _exponent_of, _mantissa_of = _unary(_power_of_two), _unary(_exponent), _unary(_mantissa)
_absolute = _unary(_llvm_function("fabs"))
_compiled = njit(nogil=True, error_model="numpy", fastmath={"contract"})


def _exp(x: Any) -> Any:
    y = pick(x < 709.782712893384, x, 709.782712893384)
    y = pick(y > -708.0, y, -708.0)
    n = _round(y * _INVERSE_LOG2)
    r = _minus(_minus(y, n * _LOG2_HIGH), n * _LOG2_LOW)
    p = r * _C[13] + _C[12]
    p = p * r + _C[11]
    p = p * r + _C[10]
    p = p * r + _C[9]
    p = p * r + _C[8]
    p = p * r + _C[7]
    p = p * r + _C[6]
    p = p * r + _C[5]
    p = p * r + _C[4]
    p = p * r + _C[3]
    p = p * r + _C[2]
    p = p * r + 1.0
    p = p * r + 1.0
    half = _round(n * 0.5)  # 2^1024 is no number, 2^512 times 2^512 is infinite as it should be
    result = p * _two_to(half) * _two_to(n - half)
    result = pick(x > 709.782712893384, _INFINITE, result)
    result = pick(x < -708.0, 0.0, result)
    return pick(_absolute(x) >= 0.0, result, x)  # NaN stays NaN


def _log(x: Any) -> Any:
    e, m = _exponent_of(x), _mantissa_of(x)
    small = m < 0.7071067811865476
    m = pick(small, m + m, m)
    e = pick(small, e - 1.0, e)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = z * (1.0 / 21) + 1.0 / 19
    p = p * z + 1.0 / 17
    p = p * z + 1.0 / 15
    p = p * z + 1.0 / 13
    p = p * z + 1.0 / 11
    p = p * z + 1.0 / 9
    p = p * z + 1.0 / 7
    p = p * z + 1.0 / 5
    p = p * z + 1.0 / 3
    low = _plus(2.0 * s * z * p, e * _LOG2_LOW)
    result = _plus(e * _LOG2_HIGH, _plus(2.0 * s, low))
    return pick(x > 0.0, result, pick(x < 0.0, _NAN, pick(x > -1.0, -_INFINITE, _NAN)))


def _power(x: Any, y: Any) -> Any:
    positive = pick(x > 1e-300, x, 1.0)
    return pick(x > 1e-300, vector_exp(y * vector_log(positive)), 0.0)


_INFINITE, _NAN = float("inf"), float("nan")
vector_exp: Any = _compiled(bare(_exp))
vector_log: Any = _compiled(bare(_log))
vector_power: Any = _compiled(bare(_power))


def _on_vectors(name: str, function: Callable[..., Any]) -> None:
    def choose(*kinds: Any) -> Any:
        return function if any(isinstance(kind, VectorType) for kind in kinds) else None

    IMPLEMENTATIONS[name].append(choose)


_on_vectors("exp", lambda x: vector_exp(x))
_on_vectors("log", lambda x: vector_log(x))
_on_vectors("power", lambda x, y: vector_power(x, y))
_on_vectors("absolute", lambda x: _absolute(x))
_on_vectors("step", lambda x: pick(x > 0.0, 1.0, 0.0))
_on_vectors("maximum", lambda x, y: pick(x > y, x, y))
_on_vectors("minimum", lambda x, y: pick(x < y, x, y))
