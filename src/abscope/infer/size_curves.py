"""How the diameter of one lesion under treatment may go on: the tumor block and simpler curves.

Every curve gives y(t) = ln d(t) / d(0), with the diameter d in proportion to the cube root of the
volume, of deviates x_1..x_k that a population gives a mean and a covariance:

    constant            y = 0
    exponential         y = x_1 t
    Gompertz            y = x_1 (1 - exp(-a t)) / a,                     a = exp x_2
    regression-growth   y = ln(exp(-d t) + exp(g t) - 1),                d, g = exp x_1, exp x_2
    fading effect       y = g t - k (1 - exp(-w t)) / w,                 g, k, w = exp x_1..x_3
    tumor block         y = ln(V / V_0) / 3

The tumor block is what the core model has of a lesion without immunity: a part r of the viable
tumor that treatment does not touch and that grows with g, the other part that dies with k and
becomes debris, which is cleared with mu:

    V / V_0 = (1 - r) (e^(s t) + k (e^(s t) - e^(-mu t)) / (s + mu)) + r e^(g t),    s = g - k
    g, k, mu = exp x_1..x_3,    r = Phi(x_4)

Neglected: slower growth of larger lesions, treatment that begins late or stops. Sources:
regression-growth, Stein 2008, doi:10.1634/theoncologist.2008-0075; fading effect, Claret 2009,
doi:10.1200/JCO.2008.21.0807.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from abscope.dose.geometry.grid import Floats

__all__ = ["CURVES", "SizeCurve"]

#: Exponents beyond this are not of tumors; they would overflow.
_MOST = 40.0


@dataclass(frozen=True, slots=True)
class SizeCurve:
    """A curve: ``log_ratio(x, days)`` of deviates (draws, k) and days (n,) gives (draws, n).

    ``center`` and ``spread`` (k,) are where a fit of the population begins.
    """

    name: str
    parameters: tuple[str, ...]
    center: tuple[float, ...]
    spread: tuple[float, ...]
    log_ratio: Callable[[Floats, Floats], Floats]


def _constant(x: Floats, days: Floats) -> Floats:
    return np.zeros((len(x), len(days)))


def _exponential(x: Floats, days: Floats) -> Floats:
    return x[:, :1] * days


def _gompertz(x: Floats, days: Floats) -> Floats:
    slowing = np.exp(x[:, 1:2])
    return -x[:, :1] * np.expm1(-slowing * days) / slowing


def _regression_growth(x: Floats, days: Floats) -> Floats:
    decay, growth = np.exp(x[:, :1]) * days, np.exp(x[:, 1:2]) * days
    return np.asarray(np.log(np.exp(-decay) + np.expm1(np.minimum(growth, _MOST))))


def _fading_effect(x: Floats, days: Floats) -> Floats:
    growth, kill, waning = (np.exp(x[:, k : k + 1]) for k in range(3))
    return growth * days + kill * np.expm1(-waning * days) / waning


def _tumor_block(x: Floats, days: Floats) -> Floats:
    growth, kill, clearance = (np.exp(x[:, k : k + 1]) for k in range(3))
    resistant = ndtr(x[:, 3:4])
    net = growth - kill
    both = net + clearance
    viable = np.exp(np.minimum(net * days, _MOST))
    # k (e^(s t) - e^(-mu t)) / (s + mu), whose limit at s = -mu is k t e^(-mu t)
    apart = np.where(np.abs(both) < 1e-9, 1e-9, both)
    debris = kill * np.exp(-clearance * days) * np.expm1(np.minimum(apart * days, _MOST)) / apart
    grown = np.exp(np.minimum(growth * days, _MOST))
    volume = (1.0 - resistant) * (viable + debris) + resistant * grown
    return np.asarray(np.log(volume) / 3.0)


#: The curves by name; rates are of the diameter, of the tumor block of the volume (1/d).
CURVES: Mapping[str, SizeCurve] = {
    curve.name: curve
    for curve in (
        SizeCurve("constant", (), (), (), _constant),
        SizeCurve("exponential", ("growth_per_d",), (0.0,), (0.003,), _exponential),
        SizeCurve(
            "gompertz", ("first_growth_per_d", "log_slowing_per_d"), (0.0, -4.5), (0.004, 1.0),
            _gompertz,
        ),
        SizeCurve(
            "regression_growth", ("log_decay_per_d", "log_growth_per_d"), (-6.5, -7.0), (1.2, 1.2),
            _regression_growth,
        ),
        SizeCurve(
            "fading_effect", ("log_growth_per_d", "log_kill_per_d", "log_waning_per_d"),
            (-7.0, -6.0, -4.5), (1.2, 1.2, 1.0), _fading_effect,
        ),
        SizeCurve(
            "tumor_block",
            ("log_growth_per_d", "log_kill_per_d", "log_clearance_per_d", "resistant_z"),
            (-6.0, -4.0, -4.0, 0.0), (1.2, 1.2, 1.0, 1.0), _tumor_block,
        ),
    )
}  # fmt: skip
