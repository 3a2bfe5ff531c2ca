"""Log likelihoods of a reading x with normal error: a value, or an interval with soft edges.

    value v:            ln p = -(v - x)^2 / (2 sd^2) - ln(sd sqrt(2 pi))
    interval [l, h]:    ln p = ln(Phi((x - l) / sd) - Phi((x - h) / sd))

x is what the model computes, on the scale on which the error is normal (here a logarithm). An end
that is infinite makes the interval one-sided: a censored reading. Both are log-concave in x.
"""

from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats

__all__ = ["Likely", "interval_sharpness", "likely_interval", "likely_value", "mixed"]

_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
#: An interval is no sharper than one of this width (ln) where an end of it is open.
_OPEN = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Likely:
    """A log likelihood (n,) with its derivative along x and its curvature, -d2/dx2.

    ``sharpness`` is how well such a reading could tell x at best, 1 / variance.
    """

    log_density: Floats
    slope: Floats
    curvature: Floats
    sharpness: Floats

    def along(self, scale: Floats, sharpness: float | None = None) -> "Likely":
        """Return it along what x moves with, by the slope ``scale`` of x.

        Second derivatives of x are left out of the curvature, which then stays positive.
        """
        sharp = self.sharpness * scale**2 if sharpness is None else np.full(scale.shape, sharpness)
        return Likely(self.log_density, self.slope * scale, self.curvature * scale**2, sharp)


def likely_value(x: Floats, *, value: float, sd_log: float) -> Likely:
    """Return the log likelihood of a measured value."""
    off = (value - x) / sd_log
    sharp = np.full(x.shape, 1.0 / sd_log**2)
    return Likely(-0.5 * off**2 - np.log(sd_log) - _LOG_SQRT_2PI, off / sd_log, sharp, sharp)


def likely_interval(
    x: Floats, *, low: float, high: float, sd_log: float, bent: bool = True
) -> Likely:
    """Return the log likelihood of a reading that is only known to lie between two ends.

    Without ``bent`` its derivatives stay 0: a walker asks for the height alone.
    """
    from scipy.special import log_ndtr

    a, b = (x - low) / sd_log, (x - high) / sd_log
    # where both are in the upper tail the difference is taken in the lower one
    flip = (a + b) > 0.0
    near, far = np.where(flip, -b, a), np.where(flip, -a, b)
    top, rest = log_ndtr(near), log_ndtr(far)
    with np.errstate(divide="ignore"):
        log_p = top + np.log(-np.expm1(np.minimum(rest - top, -1e-300)))
    sharp = np.full(x.shape, interval_sharpness(low=low, high=high, sd_log=sd_log))
    if not bent:
        flat = np.zeros(x.shape)
        return Likely(log_p, flat, flat, sharp)
    ratio_a, ratio_b = _over(a, log_p), _over(b, log_p)
    slope = (ratio_a - ratio_b) / sd_log
    curved = (_times(a, ratio_a) - _times(b, ratio_b)) / sd_log**2
    return Likely(log_p, slope, np.maximum(slope**2 + curved, 0.0), sharp)


def interval_sharpness(*, low: float, high: float, sd_log: float) -> float:
    """Return 1 / variance of the best that an interval (ln) with soft edges could tell."""
    width = min(high - low, _OPEN) if np.isfinite(high - low) else _OPEN
    return 1.0 / (sd_log**2 + width**2 / 12.0)


def _over(u: Floats, log_p: Floats) -> Floats:
    """Return phi(u) / p."""
    with np.errstate(over="ignore"):
        return np.where(np.isfinite(u), np.exp(-0.5 * u**2 - _LOG_SQRT_2PI - log_p), 0.0)


def _times(u: Floats, ratio: Floats) -> Floats:
    return np.where(np.isfinite(u), u, 0.0) * ratio


def mixed(parts: list[Likely], weights_frac: list[float]) -> Likely:
    """Return the log likelihood of a reading of which several versions exist.

    Its curvature is the mean of theirs by how likely each is: never negative, exact for one.
    """
    if len(parts) == 1:
        return parts[0]
    logs = np.stack([part.log_density for part in parts]) + np.log(weights_frac)[:, None]
    top = logs.max(axis=0)
    shares = np.exp(logs - top)
    total = shares.sum(axis=0)
    shares = shares / total

    def mean(name: str) -> Floats:
        return np.asarray((shares * np.stack([getattr(part, name) for part in parts])).sum(axis=0))

    return Likely(top + np.log(total), mean("slope"), mean("curvature"), mean("sharpness"))
