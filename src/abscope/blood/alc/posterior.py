"""The posterior by tempered sequential Monte Carlo: whatever counts exist, none included."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats

__all__ = ["LogLikelihood", "Posterior", "sample_posterior"]

#: Setting: the effective share of draws that a step of the tempering keeps, moves per step.
_KEPT, _MOVES = 0.5, 4
_MOST_STEPS = 60


class LogLikelihood(Protocol):
    """Gives ln p(data | coordinates) of points (n, dimension), as (n,)."""

    def __call__(self, coordinates: Floats) -> Floats:
        """Return the log-likelihood (n,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Equally weighted draws in normal coordinates (n, dimension) with diagnostics.

    ``log_evidence`` is ln p(data) up to the constant of the likelihood. ``effective_frac`` is the
    smallest effective share of the draws before a resampling (1 where nothing was resampled),
    ``accepted_frac`` the share of moves accepted in the last step, ``distinct_frac`` the share of
    draws that differ from each other.
    """

    coordinates: Floats
    log_evidence: float
    n_steps: int
    effective_frac: float
    accepted_frac: float
    distinct_frac: float

    @property
    def trustworthy(self) -> bool:
        """Whether moves were accepted and the draws are not copies of a few."""
        return self.n_steps == 0 or (self.accepted_frac > 0.05 and self.distinct_frac > 0.5)


def sample_posterior(
    log_likelihood: LogLikelihood, *, coordinates: Floats, rng: np.random.Generator
) -> Posterior:
    """Return draws of prior times likelihood, for a standard normal prior.

    From the draws ``coordinates`` of the prior the likelihood enters by powers b from 0 to 1, each
    chosen so that half of the draws stay effective; after each the draws are resampled
    (systematically) and moved by preconditioned Crank-Nicolson steps z' = sqrt(1 - h^2) z + h e,
    which leave the prior as it is and so accept on the likelihood alone; h adapts to 30 %
    acceptance. Versions and other discrete unknowns are quantiles of z and move with it.

    Source: Del Moral, Doucet, Jasra 2006, J R Stat Soc B 68:411; Cotter et al. 2013,
    Stat Sci 28:424.
    """
    z, logl = coordinates.copy(), log_likelihood(coordinates)
    n = len(z)
    power, evidence, smallest, accepted, steps, width = 0.0, 0.0, 1.0, 1.0, 0, 0.5
    while power < 1.0 and steps < _MOST_STEPS:
        following = _next_power(logl, power)
        weight = np.exp((following - power) * (logl - logl.max()))
        evidence += float(np.log(weight.mean()) + (following - power) * logl.max())
        smallest = min(smallest, float(weight.sum() ** 2 / (weight**2).sum() / n))
        power = following
        if smallest >= 1.0 - 1e-12:
            break  # nothing was learned: no data
        chosen = _systematic(weight / weight.sum(), rng)
        z, logl = z[chosen], logl[chosen]
        for _ in range(_MOVES):
            moved = np.sqrt(1.0 - width**2) * z + width * rng.standard_normal(z.shape)
            new = log_likelihood(moved)
            better = np.log(rng.random(n)) < power * (new - logl)
            z[better], logl[better] = moved[better], new[better]
            accepted = float(better.mean())
            width = float(np.clip(width * np.exp(accepted - 0.3), 0.05, 0.99))
        steps += 1
    distinct = len(np.unique(z[:, 0])) / n
    return Posterior(z, evidence, steps, smallest, accepted, distinct)


def _next_power(logl: Floats, power: float) -> float:
    """Return the largest power up to 1 that keeps the wanted share effective (bisection)."""

    def effective(target: float) -> float:
        weight = np.exp((target - power) * (logl - logl.max()))
        return float(weight.sum() ** 2 / (weight**2).sum() / len(logl))

    if effective(1.0) >= _KEPT:
        return 1.0
    low, high = power, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective(middle) >= _KEPT else (low, middle)
    return max(low, power + 1e-9)


def _systematic(weight_frac: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    n = len(weight_frac)
    places = (np.arange(n) + rng.random()) / n
    chosen = np.searchsorted(np.cumsum(weight_frac), places)
    return np.minimum(chosen, n - 1).astype(np.int64)
