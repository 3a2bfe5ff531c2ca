"""The functions that a kernel calls: on doubles here, on vectors and duals where those are made.

A number type adds itself to ``IMPLEMENTATIONS``: a function from the Numba types of the arguments
to an implementation, or None where the type is not concerned.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import math
from collections.abc import Callable
from typing import Any

from numba.extending import overload

__all__ = [
    "IMPLEMENTATIONS", "absolute", "bare", "exp", "log", "maximum", "minimum", "power", "step",
]  # fmt: skip

#: name of a function -> the number types that implement it, each asked in turn
IMPLEMENTATIONS: dict[str, list[Callable[..., Any]]] = {
    name: [] for name in ("absolute", "bare", "exp", "log", "maximum", "minimum", "power", "step")
}


def exp(x: Any) -> Any:
    """Return e^x."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x!r}")


def log(x: Any) -> Any:
    """Return the natural logarithm; NaN below zero."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x!r}")


def absolute(x: Any) -> Any:
    """Return the absolute value."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x!r}")


def step(x: Any) -> Any:
    """Return 1 where x > 0, else 0."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x!r}")


def power(x: Any, y: Any) -> Any:
    """Return x^y where x > 0, else 0."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x, y!r}")


def maximum(x: Any, y: Any) -> Any:
    """Return the larger; y where either is NaN."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x, y!r}")


def minimum(x: Any, y: Any) -> Any:
    """Return the smaller; y where either is NaN."""
    raise NotImplementedError(f"only compiled code calls this, not Python with {x, y!r}")


def bare(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function without annotations: Numba compares them between choice and choice."""
    function.__annotations__.clear()
    return function


def _log(x: Any) -> Any:
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


_ON_DOUBLES: dict[str, Callable[..., Any]] = {
    "exp": lambda x: math.exp(x),
    "log": bare(_log),
    "absolute": lambda x: abs(x),
    "step": lambda x: 1.0 if x > 0.0 else 0.0,
    "power": lambda x, y: x**y if x > 0.0 else 0.0,
    "maximum": lambda x, y: x if x > y else y,
    "minimum": lambda x, y: x if x < y else y,
}


def _chosen(name: str, *types: Any) -> Any:
    for candidate in IMPLEMENTATIONS[name]:
        if (found := candidate(*types)) is not None:
            return found
    return _ON_DOUBLES[name]


def _unary(name: str) -> Callable[..., Any]:
    def choose(x: Any) -> Any:
        return _chosen(name, x)

    return bare(choose)


def _binary(name: str) -> Callable[..., Any]:
    def choose(x: Any, y: Any) -> Any:
        return _chosen(name, x, y)

    return bare(choose)


for _function in (exp, log, absolute, step):
    overload(bare(_function))(_unary(_function.__name__))
for _of_two in (power, maximum, minimum):
    overload(bare(_of_two))(_binary(_of_two.__name__))
