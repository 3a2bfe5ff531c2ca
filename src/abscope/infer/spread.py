"""What draws say of a number and of an event: median, 90 % interval, probability with its error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats

__all__ = ["Chance", "Spread", "chance_of", "effective_number", "spread_of"]

#: The ends of the 90 % interval, with the median between them.
_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, ends of the 90 % interval and mean of a fraction over draws."""

    low_frac: float
    median_frac: float
    high_frac: float
    mean_frac: float

    @property
    def width_frac(self) -> float:
        """Return the width of the interval."""
        return self.high_frac - self.low_frac


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability, and the 90 % interval that the number of draws leaves it."""

    probability_frac: float
    low_frac: float
    high_frac: float


def effective_number(weights: Floats) -> float:
    """Return how many draws of equal weight say as much, (sum w)^2 / sum w^2 (Kish)."""
    total = float(np.sum(weights))
    return total * total / float(np.sum(np.square(weights))) if total > 0.0 else 0.0


def spread_of(values_frac: Floats, weights: Floats | None = None) -> Spread | None:
    """Return the spread of numbers (draws,), those that are NaN left out; None where all are.

    >>> spread_of(np.linspace(0.0, 1.0, 101)).median_frac
    0.5
    """
    known = np.isfinite(values_frac)
    if weights is not None:
        known &= weights > 0.0
    if not known.any():
        return None
    kept = np.asarray(values_frac, float)[known]
    mine = None if weights is None else np.asarray(weights, float)[known]
    if mine is None or np.ptp(mine) == 0.0:
        low, middle, high = np.quantile(kept, _QUANTILES)
        return Spread(float(low), float(middle), float(high), float(kept.mean()))
    low, middle, high = np.quantile(kept, _QUANTILES, weights=mine, method="inverted_cdf")
    return Spread(float(low), float(middle), float(high), float(np.average(kept, weights=mine)))


def chance_of(
    happened: NDArray[np.bool_],
    weights: Floats | None = None,
    *,
    effective_draws: float | None = None,
) -> Chance | None:
    """Return how probable an event (draws,) is, None without draws.

    The interval is that of Jeffreys, Beta(k + 1/2, n - k + 1/2), with n the effective number of
    draws, at most ``effective_draws``.
    """
    from scipy.stats import beta

    mine = np.ones(len(happened)) if weights is None else np.asarray(weights, float)
    number = effective_number(mine)
    if number == 0.0:
        return None
    share = float(np.average(np.asarray(happened, float), weights=mine))
    number = number if effective_draws is None else min(number, effective_draws)
    hits = share * number
    low, high = beta.ppf((0.05, 0.95), hits + 0.5, number - hits + 0.5)
    return Chance(share, min(float(low), share), max(float(high), share))
