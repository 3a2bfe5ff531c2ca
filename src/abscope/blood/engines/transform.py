"""What the transform E[exp(-s D)] of the blood dose says: survival, spread, blood without dose."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.blood.delivery import Delivery
from abscope.blood.engines.mean import mean_gy
from abscope.blood.engines.phases import phase_gradient, phase_transform
from abscope.blood.engines.renewal import renewal_gradient, renewal_transform
from abscope.blood.kill import Kill
from abscope.blood.sojourn import Transit

__all__ = [
    "dose_transform",
    "mean_survival_frac",
    "sd_gy",
    "survival_gradient",
    "unirradiated_frac",
]

#: Steps of the even differences for the second moment, in parts of 1 / largest dose, and their
#: weights: the terms of order 4 to 8 cancel.
_STEP = 0.25
_EVEN_STEPS = np.array([1.0, 2.0, 3.0, 4.0])
_EVEN_WEIGHTS = np.array([8 / 5, -1 / 5, 8 / 315, -1 / 560])


def dose_transform(
    delivery: Delivery, s_per_gy: ArrayLike, *, transit: Transit
) -> NDArray[np.complex128]:
    """Return E[exp(-s D)] of the dose of one fraction for each s (1/Gy, real or complex).

    ``inf`` gives the share of blood without dose, an imaginary s the characteristic function.
    Exact (1e-7) for shape 2 with one beam and for shape 1 with any beams; otherwise by phases.
    """
    points = np.atleast_1d(np.asarray(s_per_gy, dtype=complex))
    if transit.shape == 2.0 and delivery.duration_s.size == 1:
        return renewal_transform(delivery, points, transit=transit)
    return phase_transform(delivery, points, transit=transit)


def mean_survival_frac(delivery: Delivery, kill: Kill, *, transit: Transit) -> float:
    """Return the mean surviving fraction of the cells in blood after one fraction.

    >>> from abscope.blood.circulation import reference_network
    >>> from abscope.blood.delivery import deliver
    >>> from abscope.blood.kill import LinearQuadratic
    >>> body = reference_network("male")
    >>> fraction = deliver(body, {"liver": 2.0}, windows_s=[(0, 120)], unlisted_gy=0)
    >>> round(mean_survival_frac(fraction, LinearQuadratic(0.5), transit=Transit()), 5)
    0.91091
    """
    weights, points = kill.transform_terms(_largest_gy(delivery))
    return float(weights @ dose_transform(delivery, points, transit=transit).real)


def unirradiated_frac(delivery: Delivery, *, transit: Transit) -> float:
    """Return the share of the blood that is never where there is dose while there is dose."""
    value = dose_transform(delivery, np.inf, transit=transit)[0].real
    return float(min(max(value, 0.0), 1.0))


def sd_gy(delivery: Delivery, *, transit: Transit) -> float:
    """Return the standard deviation of the blood dose of one fraction (Gy).

    Var D = d2/ds2 of E[exp(-s (D - mean))] at 0, by even differences of order 8.
    """
    largest = _largest_gy(delivery)
    if largest == 0:
        return 0.0
    steps = _STEP / largest * _EVEN_STEPS
    values = dose_transform(delivery, np.concatenate([steps, -steps]), transit=transit).real
    shift = np.exp(mean_gy(delivery) * steps)
    even = values[: steps.size] * shift + values[steps.size :] / shift - 2
    return float(np.sqrt(max(float(_EVEN_WEIGHTS @ even), 0.0))) * largest / _STEP


def survival_gradient(
    delivery: Delivery, alpha_per_gy: float, *, transit: Transit
) -> tuple[float, dict[str, float], float]:
    """Return S = E[exp(-alpha D)], dS / d mean dose of each compartment (1/Gy), dS / d alpha (Gy).

    A compartment's dose is scaled as a whole, in all its parts and beams. Adjoint solves for one
    beam with Rayleigh stays, complex steps of the matrix exponential otherwise.
    """
    means = delivery.organ_mean_gy.sum(axis=0)
    exact = transit.shape == 2.0 and delivery.duration_s.size == 1
    if exact and (transit.tau_mix_s in (0, np.inf) or delivery.uniform):
        survival, per_part = renewal_gradient(delivery, alpha_per_gy, transit=transit)
        scaled, flat = np.zeros(means.size), np.zeros(means.size)
        np.add.at(scaled, delivery.part_compartment, per_part * delivery.dose_gy[0])
        np.add.at(flat, delivery.part_compartment, per_part)
    else:
        survival, slopes = phase_gradient(delivery, alpha_per_gy, transit=transit)
        scaled, flat = np.where(means > 0, slopes, 0.0), slopes
    per_gy = np.where(means > 0, scaled / np.where(means > 0, means, 1.0), flat)
    by_name = {
        name: float(slope) for name, slope in zip(delivery.network.names, per_gy, strict=True)
    }
    by_alpha_gy = float(scaled.sum()) / alpha_per_gy if alpha_per_gy else -mean_gy(delivery)
    return survival, by_name, by_alpha_gy


def _largest_gy(delivery: Delivery) -> float:
    return float(delivery.dose_gy.max(axis=1).sum())
