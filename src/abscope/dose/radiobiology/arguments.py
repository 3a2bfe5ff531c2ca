"""Refusing wrong input of the radiobiology functions: every fault at once, with its value."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem

__all__ = ["Rule", "Test", "require"]

Rule = Literal["> 0", ">= 0", "> 0 or infinite", "finite", "0 to 1", "whole and >= 1"]

#: The name of an argument, its value, and the rule it has to keep.
Test = tuple[str, ArrayLike, Rule]

_ACTIONS = {
    "dose_gy": "A dose that is not known has no effect to compute; leave those voxels out.",
    "n_fractions": "Give the number of fractions that the dose was given in.",
}


def require(where: str, tests: Iterable[Test]) -> list[Floats]:
    """Return the values as arrays of floats.

    Raises ModelError at ``where`` with one problem for each name whose values break its rule.
    """
    arrays, problems = [], []
    for name, value, rule in tests:
        array = np.asarray(value, dtype=np.float64)
        arrays.append(array)
        broken = ~_kept(array, rule)
        if broken.any():
            first, count = array[broken][0], int(broken.sum())
            more = f" (and {count - 1} more)" if count > 1 else ""
            action = _ACTIONS.get(name, "Check the value and its unit.")
            problems.append(Problem(where, f"{name} is {first:g}{more}", rule, action, name))
    if problems:
        raise ModelError(problems)
    return arrays


def _kept(array: Floats, rule: Rule) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    with np.errstate(invalid="ignore"):
        match rule:
            case "> 0":
                kept = np.isfinite(array) & (array > 0)
            case ">= 0":
                kept = np.isfinite(array) & (array >= 0)
            case "> 0 or infinite":
                kept = array > 0
            case "0 to 1":
                kept = (array >= 0) & (array <= 1)
            case "whole and >= 1":
                kept = np.isfinite(array) & (array >= 1) & (array == np.floor(array))
            case _:
                kept = np.isfinite(array)
    return np.asarray(kept)
