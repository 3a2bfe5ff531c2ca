"""BED and EQD2 of every voxel of a dose, with repopulation, repair and a straight survival curve.

With d = D/n in each voxel (so that a fraction size belongs to a voxel, not to a plan),

    BED  = D (1 + g d / (alpha/beta))  up to d_T, beyond it straight with the slope reached there
    BED  = ... - ln 2 (T - T_k) / (alpha T_d)                    with repopulation after T_k
    EQD2 = BED / (relative effect of 2 Gy fractions)

where g is a factor on the quadratic term (see `abscope.dose.radiobiology.repair`). The mean over a
region is the mean of the voxels: a uniform ramp from 0 to 25 Gy in 5 fractions at alpha/beta 3 Gy
has the mean EQD2 15.833 Gy, while the EQD2 of its mean dose is 13.750 Gy.

For one prescription without these options `abscope.dose.fractionation` is the same without arrays.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.dose.radiobiology.arguments import require

__all__ = ["Repopulation", "voxel_bed_gy", "voxel_eqd2_gy"]

#: The fraction size that gives EQD2 its name.
_REFERENCE_GY = 2.0


@dataclass(frozen=True, slots=True)
class Repopulation:
    """Clonogens that double every ``doubling_time_d`` from day ``kick_off_d`` of the course on.

    ``overall_time_d`` is the time from the first to the last fraction. The doubling time is T_d
    during treatment, or T_pot where that is what is known. Raises ModelError for a time that is
    negative (a doubling time or alpha that is not positive).
    """

    overall_time_d: float
    kick_off_d: float
    doubling_time_d: float
    alpha_per_gy: float

    def __post_init__(self) -> None:
        require(
            "repopulation",
            (
                ("overall_time_d", self.overall_time_d, ">= 0"),
                ("kick_off_d", self.kick_off_d, ">= 0"),
                ("doubling_time_d", self.doubling_time_d, "> 0"),
                ("alpha_per_gy", self.alpha_per_gy, "> 0"),
            ),
        )

    @property
    def lost_bed_gy(self) -> float:
        """BED that growth takes back: ln 2 (T - T_k) / (alpha T_d) Gy, 0 before T_k."""
        grown = max(0.0, self.overall_time_d - self.kick_off_d)
        return math.log(2.0) * grown / (self.alpha_per_gy * self.doubling_time_d)


def voxel_bed_gy(
    dose_gy: ArrayLike,
    *,
    n_fractions: int,
    alpha_beta_gy: float,
    transition_gy: float = math.inf,
    quadratic_factor: float = 1.0,
    repopulation: Repopulation | None = None,
) -> Floats:
    """Return the biologically effective dose (Gy) of each voxel, of the shape of the doses.

    ``dose_gy`` >= 0 is the dose of all ``n_fractions`` equal fractions; ``alpha_beta_gy`` > 0.
    ``transition_gy`` is d_T of the LQ-L curve, ``quadratic_factor`` g >= 0. With repopulation the
    result is negative where growth outran the dose; it is not cut at 0.

    Raises ModelError for doses that are negative or not finite and for wrong parameters.
    Source: Fowler 1989, Br J Radiol 62:679; LQ-L: Astrahan 2008, Med Phys 35:4161,
    doi:10.1118/1.2969065.

    >>> float(voxel_bed_gy(22.5, n_fractions=5, alpha_beta_gy=10.0))
    32.625
    """
    dose, *_ = require(
        "BED",
        (
            ("dose_gy", dose_gy, ">= 0"),
            ("n_fractions", n_fractions, "whole and >= 1"),
            ("alpha_beta_gy", alpha_beta_gy, "> 0"),
            ("transition_gy", transition_gy, "> 0 or infinite"),
            ("quadratic_factor", quadratic_factor, ">= 0"),
        ),
    )
    curvature = quadratic_factor / alpha_beta_gy
    bed = n_fractions * _effect_gy(dose / n_fractions, curvature, transition_gy)
    if repopulation is not None:
        bed = bed - repopulation.lost_bed_gy
    return np.asarray(bed)[()]


def voxel_eqd2_gy(
    dose_gy: ArrayLike,
    *,
    n_fractions: int,
    alpha_beta_gy: float,
    transition_gy: float = math.inf,
    quadratic_factor: float = 1.0,
    repopulation: Repopulation | None = None,
) -> Floats:
    """Return the dose in 2 Gy fractions with the same effect (Gy) of each voxel.

    EQD2 = BED / (1 + 2 / (alpha/beta)): the reference has one acute 2 Gy fraction a day with full
    repair and no repopulation, on the same survival curve. Arguments and errors are those of
    `voxel_bed_gy`. Average it over a region, never take it of the mean dose.

    >>> float(voxel_eqd2_gy([0.0, 25.0], n_fractions=5, alpha_beta_gy=3.0)[1])
    40.0
    """
    bed = voxel_bed_gy(
        dose_gy,
        n_fractions=n_fractions,
        alpha_beta_gy=alpha_beta_gy,
        transition_gy=transition_gy,
        quadratic_factor=quadratic_factor,
        repopulation=repopulation,
    )
    two = _effect_gy(np.asarray(_REFERENCE_GY), 1.0 / alpha_beta_gy, transition_gy)
    return np.asarray(bed * (_REFERENCE_GY / two))[()]


def _effect_gy(each: Floats, curvature: float, transition_gy: float) -> Floats:
    """-ln S / alpha of one fraction, with curvature g / (alpha/beta)."""
    bent = np.minimum(each, transition_gy)
    effect = bent * (1.0 + curvature * bent)
    if math.isfinite(transition_gy):
        effect = effect + (1.0 + 2.0 * curvature * transition_gy) * (each - bent)
    return np.asarray(effect)
