"""The functions that a rate may use; they run on floats, NumPy arrays, probes and SymPy symbols.

A rate does not branch on a state and does not raise a state to a power with ``**`` unless the power
is a whole number: ``power`` says what happens at and below zero, where rounding may put a state.
"""

import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

__all__ = [
    "FLOAT_FUNCTIONS",
    "NAMED",
    "exp",
    "log",
    "maximum",
    "minimum",
    "named",
    "power",
    "sqrt",
    "step",
]

#: Set while equations are printed: takes (name, expression), gives the symbol that stands for it.
NAMED: ContextVar[Callable[[str, Any], Any] | None] = ContextVar("NAMED", default=None)


def exp(x: Any) -> Any:
    """Return e to the power of a plain number."""
    return _apply("exp", x)


def log(x: Any) -> Any:
    """Return the natural logarithm of a plain number above zero (NaN below)."""
    return _apply("log", x)


def power(x: Any, exponent: Any) -> Any:
    """Return x to the power of a plain number where x > 0, and 0 where x <= 0."""
    return _apply("power", x, exponent)


def sqrt(x: Any) -> Any:
    """Return the square root where x > 0, and 0 where x <= 0."""
    return power(x, 0.5)


def maximum(x: Any, y: Any) -> Any:
    """Return the larger of two quantities of one unit."""
    return _apply("maximum", x, y)


def minimum(x: Any, y: Any) -> Any:
    """Return the smaller of two quantities of one unit."""
    return _apply("minimum", x, y)


def step(x: Any) -> Any:
    """Return 1 where x > 0 and 0 elsewhere; its derivative counts as 0."""
    return _apply("step", x)


def named(name: str, value: Any) -> Any:
    """Return the value; the printed equations show it as a quantity of this name (LaTeX)."""
    collect = NAMED.get()
    return value if collect is None else collect(name, value)


def _apply(function: str, *arguments: Any) -> Any:
    if all(isinstance(argument, int | float) for argument in arguments):
        return FLOAT_FUNCTIONS[function](*arguments)
    for argument in arguments:
        if hasattr(argument, "apply_function"):
            return argument.apply_function(function, *arguments)
    if any(hasattr(argument, "free_symbols") for argument in arguments):
        from abscope.engine import symbols

        return symbols.apply(function, *arguments)
    return _on_arrays(function, *arguments)


def _log(x: float) -> float:
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


def _exp(x: float) -> float:
    return math.exp(x) if x < 709.0 else math.inf


#: name -> the function of plain numbers
FLOAT_FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": _exp,
    "log": _log,
    "power": lambda x, exponent: float(x) ** exponent if x > 0 else 0.0,
    "maximum": lambda x, y: max(x, y),
    "minimum": lambda x, y: min(x, y),
    "step": lambda x: 1.0 if x > 0 else 0.0,
}


def _on_arrays(function: str, *arguments: Any) -> Any:
    import numpy as np

    x = np.asarray(arguments[0], float)
    with np.errstate(all="ignore"):
        match function:
            case "exp":
                return np.exp(x)
            case "log":
                return np.log(x)
            case "power":
                return np.where(x > 0, np.power(np.maximum(x, 1e-300), arguments[1]), 0.0)
            case "maximum":
                return np.maximum(x, arguments[1])
            case "minimum":
                return np.minimum(x, arguments[1])
    return np.where(x > 0, 1.0, 0.0)
