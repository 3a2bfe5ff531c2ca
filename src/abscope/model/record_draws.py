"""A number of the record in every draw: its versions, its interval, or its one value."""

import numpy as np

from abscope.case.facts import Quantity, QuantityVersion
from abscope.dose.geometry.grid import Floats
from abscope.model.prior_draws import PriorDraws

__all__ = ["drawn_value", "has_positive", "has_value", "versions_in_words"]

_LEAST_FRAC = 0.1  # of the upper bound, where zero is no answer and the record has no lower bound
_MOST_FRAC = 2.0  # of the lower bound, where the record has no upper one


def has_value(quantity: Quantity | None) -> bool:
    """Return whether the record gives a number: one, an interval or versions."""
    return quantity is not None and bool(_given(quantity, zero=True))


def has_positive(quantity: Quantity | None) -> bool:
    """Return whether the record gives a number above zero: one, an interval or versions."""
    return quantity is not None and bool(_given(quantity, zero=False))


def drawn_value(quantity: Quantity, name: str, prior: PriorDraws, *, zero: bool = False) -> Floats:
    """Return the number in every draw (n,), in the unit of the quantity.

    Every version is as likely as another, and an interval is even within its bounds. An upper bound
    that is missing is twice the lower one. ``zero`` says that the number may be 0: else a lower
    bound that is missing or 0 is a tenth of the upper one, and versions of 0 are left out.

    Raises ValueError where the quantity has no such number (`has_value`, `has_positive`).
    """
    found = _given(quantity, zero=zero)
    if not found:
        raise ValueError(f"{name}: the record has no number for it")
    values = [item.value for item in found if item.value is not None]
    if len(values) == len(found):
        return np.asarray(values, float)[prior.choice(name, values)]
    if len(found) == 1:
        return _within(found[0], name, prior, zero=zero)
    each = [
        _within(item, f"{name} version {number}", prior, zero=zero)
        if item.value is None
        else np.full(prior.n, item.value)
        for number, item in enumerate(found, start=1)
    ]
    return np.asarray(np.choose(prior.choice(name, found), each))


def versions_in_words(quantity: Quantity | None, unit: str) -> str:
    """Return the versions that differ, such as ``22 or 25 mm``; empty where there is only one."""
    found = _given(quantity, zero=True) if quantity is not None else ()
    said = list(dict.fromkeys(map(_written, found)))
    return f"{' or '.join(said)} {unit}" if len(said) > 1 else ""


def _given(quantity: Quantity, *, zero: bool) -> tuple[Quantity | QuantityVersion, ...]:
    items: tuple[Quantity | QuantityVersion, ...] = quantity.versions or (quantity,)
    return tuple(item for item in items if any(x > 0 or zero for x in _numbers(item)))


def _numbers(item: Quantity | QuantityVersion) -> tuple[float, ...]:
    given = (item.low, item.high) if item.value is None else (item.value,)
    return tuple(x for x in given if x is not None)


def _within(
    item: Quantity | QuantityVersion, name: str, prior: PriorDraws, *, zero: bool
) -> Floats:
    low = item.low or 0.0
    high = item.high if item.high is not None else _MOST_FRAC * low
    return prior.between(name, low=low if low > 0 or zero else _LEAST_FRAC * high, high=high)


def _written(item: Quantity | QuantityVersion) -> str:
    if item.value is not None:
        return f"{item.value:g}"
    if item.high is None:
        return f"above {item.low:g}"
    return f"{item.low or 0:g} to {item.high:g}"
