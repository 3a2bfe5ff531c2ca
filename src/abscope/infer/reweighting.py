"""Draws of one posterior as draws of a near one: importance weights with a Pareto-smoothed tail.

Draws z of a density p count for q with w = q(z) / p(z). The M largest weights are replaced by the
expected order statistics of the generalized Pareto distribution fitted to them, so that a few draws
do not rule; its shape k says how far the result can be trusted: below 0.7 it can, above the two
densities are too far apart and q needs draws of its own.
Sources: Vehtari 2024, arXiv:1507.02646 (smoothing, k); Zhang and Stephens 2009,
doi:10.1198/tech.2009.08017 (the fit of k and scale).
"""

from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.infer.spread import effective_number

__all__ = ["MOST_K", "Reweighted", "pareto_smoothed"]

#: Above this shape the weights say too little.
MOST_K = 0.7
_LEAST_TAIL = 5


@dataclass(frozen=True, slots=True, eq=False)
class Reweighted:
    """Weights (draws,) that add up to 1, the shape k of their tail, the effective number."""

    weights: Floats
    pareto_k: float
    effective_draws: float

    @property
    def usable(self) -> bool:
        """Return whether the weights can be trusted."""
        return self.pareto_k < MOST_K and self.effective_draws >= _LEAST_TAIL


def pareto_smoothed(log_weights: Floats) -> Reweighted:
    """Return smoothed weights of the logarithms of raw ones (draws,); minus infinity counts as 0.

    With fewer than 25 draws, or weights that are all alike, nothing is smoothed; k is then infinite
    or minus infinity.
    """
    raw = np.asarray(log_weights, float)
    raw = np.where(np.isnan(raw), -np.inf, raw)
    if not np.isfinite(raw).any():
        return Reweighted(np.zeros(len(raw)), np.inf, 0.0)
    weights = np.exp(raw - raw.max())
    shape = -np.inf
    tail = int(np.ceil(min(0.2 * len(raw), 3.0 * np.sqrt(len(raw)))))
    if np.ptp(weights) > 1e-12:
        shape = np.inf
        if tail >= _LEAST_TAIL:
            order = np.argsort(weights)
            cut = weights[order[-tail - 1]]
            above = weights[order[-tail:]] - cut
            if above[0] > 0.0:
                shape, scale = _pareto(above)
                places = (np.arange(tail) + 0.5) / tail
                weights[order[-tail:]] = np.minimum(cut + _quantile(places, shape, scale), 1.0)
    weights /= weights.sum()
    return Reweighted(weights, float(shape), effective_number(weights))


def _quantile(places: Floats, shape: float, scale: float) -> Floats:
    if abs(shape) < 1e-9:
        return -scale * np.log1p(-places)
    return np.asarray(scale * np.expm1(-shape * np.log1p(-places)) / shape)


def _pareto(above: Floats) -> tuple[float, float]:
    """Return shape and scale of a generalized Pareto distribution of exceedances, sorted."""
    n = len(above)
    points = 30 + int(np.sqrt(n))
    quartile = above[int(n / 4 + 0.5) - 1]
    grid = 1.0 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))
    grid = grid / (3.0 * quartile) + 1.0 / above[-1]
    shapes = np.log1p(-grid[:, None] * above).mean(axis=1)
    likelihood = n * (np.log(-grid / shapes) - shapes - 1.0)
    mass = np.exp(likelihood - likelihood.max())
    best = float(np.sum(grid * mass) / mass.sum())
    shape = float(np.log1p(-best * above).mean())
    # a weak prior of 10 observations around 1/2 steadies the shape of short tails
    return (n * shape + 5.0) / (n + 10.0), -shape / best
