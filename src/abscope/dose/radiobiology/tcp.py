"""Tumor control probability: from surviving clonogens, or from a dose-response curve."""

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.dose.radiobiology.arguments import require
from abscope.dose.radiobiology.region import log_region_survival
from abscope.dose.radiobiology.survival import CellSurvival

__all__ = ["logistic_response_frac", "poisson_tcp_frac", "region_tcp_frac"]


def poisson_tcp_frac(clonogens_cells: ArrayLike, *, surviving_frac: ArrayLike) -> Floats:
    """Return exp(-N S), the probability that no clonogen survives, 0..1, by broadcasting.

    ``clonogens_cells`` N >= 0 before treatment, ``surviving_frac`` S 0..1. Cells are taken as
    independent; repopulation during treatment makes the true value differ from Poisson.

    Raises ModelError for values outside these ranges.
    Source: Munro and Gilbert 1961, Br J Radiol 34:246.

    >>> f"{poisson_tcp_frac(1e7, surviving_frac=1e-7):.4f}"
    '0.3679'
    """
    cells, survival = require(
        "tumor control",
        (
            ("clonogens_cells", clonogens_cells, ">= 0"),
            ("surviving_frac", surviving_frac, "0 to 1"),
        ),
    )
    return np.asarray(np.exp(-cells * survival))[()]


def region_tcp_frac(
    dose_gy: ArrayLike,
    *,
    volume_ml: ArrayLike,
    cell: CellSurvival,
    n_fractions: int,
    density_per_ml: float,
) -> float:
    """Return the Poisson tumor control of clonogens spread evenly over a region.

    TCP = exp(-rho V sum_i v_i S(D_i / n)^n): the product over voxels of their own control, so a
    cold spot lowers it as it should. ``density_per_ml`` rho > 0 is clonogens per ml, which is less
    than cells per ml by orders of magnitude and rarely known.

    Raises ModelError for a histogram that is none or a density not positive.
    """
    volume, density = require(
        "tumor control",
        (("volume_ml", volume_ml, ">= 0"), ("density_per_ml", density_per_ml, "> 0")),
    )
    logs = log_region_survival(dose_gy, volume_ml=volume_ml, cell=cell, n_fractions=n_fractions)
    return float(np.exp(-np.exp(logs + np.log(float(density) * float(volume.sum())))))


def logistic_response_frac(dose_gy: ArrayLike, *, d50_gy: float, gamma50: float) -> Floats:
    """Return 1 / (1 + (D50 / D)^(4 gamma50)), 0..1, of the shape of the doses; 0 at no dose.

    Tumor control, or a complication, of a uniform dose. ``d50_gy`` is the dose of 50 %, ``gamma50``
    the normalized slope there: a dose higher by 1 % raises the probability by gamma50 percentage
    points. Doses are of the schedule that D50 is of (often EQD2).

    Raises ModelError for negative doses or parameters that are not positive.
    Source: Niemierko 1999, Med Phys 26:1100 (abstract); Bentzen and Tucker 1997, Int J Radiat Biol
    71:531.

    >>> float(logistic_response_frac(50.0, d50_gy=50.0, gamma50=2.0))
    0.5
    """
    dose, middle, slope = require(
        "tumor control",
        (("dose_gy", dose_gy, ">= 0"), ("d50_gy", d50_gy, "> 0"), ("gamma50", gamma50, "> 0")),
    )
    logs = np.log(np.where(dose > 0, dose, 1.0)) - np.log(middle)
    power = 4.0 * float(slope) * logs
    control = np.where(power >= 0, 1.0, np.exp(np.minimum(power, 0.0)))
    control = control / (1.0 + np.exp(-np.abs(power)))
    return np.asarray(np.where(dose > 0, control, 0.0))[()]
