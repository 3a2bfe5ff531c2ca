"""Survival in a region whose dose is not uniform, and the uniform dose that would do the same."""

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.dose.radiobiology.arguments import require
from abscope.dose.radiobiology.survival import (
    CellSurvival,
    dose_of_log_survival_gy,
    log_survival,
)
from abscope.dose.results import Dvh
from abscope.errors import ModelError, Problem

__all__ = [
    "effective_uniform_dose_gy",
    "known_histogram",
    "log_region_survival",
    "region_survival_frac",
    "volume_shares",
]

#: A region may lie outside the dose grid by this share of its volume before it is refused.
_OUTSIDE_FRAC = 1e-3


def known_histogram(dvh: Dvh) -> tuple[Floats, Floats]:
    """Return doses (Gy, all fractions) and volumes (ml) of a region that lies in the dose grid.

    Raises ModelError where more than 0.1 % of the volume is outside the grid: that dose is not
    known, and every effect below would be computed as if it were like the rest.
    """
    inside = float(dvh.volume_ml.sum())
    outside = dvh.outside_ml / (inside + dvh.outside_ml) if inside else 1.0
    if outside > _OUTSIDE_FRAC:
        raise ModelError(
            Problem(
                "dose of a region",
                f"{outside:.1%} of the volume is outside the dose grid",
                f"at most {_OUTSIDE_FRAC:.1%}",
                "Use a larger dose grid, or cut the region and say so.",
            )
        )
    return dvh.dose_gy, dvh.volume_ml


def volume_shares(dose_gy: ArrayLike, volume_ml: ArrayLike) -> tuple[Floats, Floats]:
    """Return the doses (n,) and the share of the volume at each, which add up to 1.

    Raises ModelError where the two differ in shape, a dose or volume is negative or not finite,
    or there is no volume.
    """
    dose, volume = require(
        "dose of a region", (("dose_gy", dose_gy, ">= 0"), ("volume_ml", volume_ml, ">= 0"))
    )
    total = float(volume.sum())
    if dose.shape != volume.shape or dose.ndim != 1 or total <= 0:
        what = f"{dose.size} doses, {volume.size} volumes of {total:g} ml together"
        expected = "as many volumes as doses, and some volume"
        raise ModelError(Problem("dose of a region", what, expected, "Check the histogram."))
    return dose, volume / total


def log_region_survival(
    dose_gy: ArrayLike,
    *,
    volume_ml: ArrayLike,
    cell: CellSurvival,
    n_fractions: int,
    quadratic_factor: float = 1.0,
) -> float:
    """Return ln of the surviving share of cells spread evenly over a region.

    S = sum_i v_i S(D_i / n)^n, summed as logarithms so that survival below 1e-300 stays a number.
    ``dose_gy`` (n,) are doses of all fractions together, ``volume_ml`` (n,) their volumes.
    """
    require("dose of a region", (("n_fractions", n_fractions, "whole and >= 1"),))
    dose, shares = volume_shares(dose_gy, volume_ml)
    filled = shares > 0
    each = log_survival(dose[filled] / n_fractions, cell=cell, quadratic_factor=quadratic_factor)
    logs = n_fractions * each + np.log(shares[filled])
    top = logs.max()
    return min(0.0, float(top + np.log(np.exp(logs - top).sum())))


def region_survival_frac(
    dose_gy: ArrayLike,
    *,
    volume_ml: ArrayLike,
    cell: CellSurvival,
    n_fractions: int,
    quadratic_factor: float = 1.0,
) -> float:
    """Return the surviving share of cells spread evenly over a region, 0..1.

    See `log_region_survival`. A cold spot decides: half the volume at no dose leaves half.

    >>> cell = CellSurvival(0.3, 0.03)
    >>> round(region_survival_frac([0, 60], volume_ml=[1, 1], cell=cell, n_fractions=30), 6)
    0.5
    """
    return float(
        np.exp(
            log_region_survival(
                dose_gy,
                volume_ml=volume_ml,
                cell=cell,
                n_fractions=n_fractions,
                quadratic_factor=quadratic_factor,
            )
        )
    )


def effective_uniform_dose_gy(
    dose_gy: ArrayLike,
    *,
    volume_ml: ArrayLike,
    cell: CellSurvival,
    n_fractions: int,
    quadratic_factor: float = 1.0,
) -> float:
    """Return the uniform dose (Gy, all fractions) that leaves as many cells as the given doses.

    The survival-based EUD: n d with S(d)^n = sum_i v_i S(D_i / n)^n, solved in closed form. It
    lies between the lowest and the highest dose; below the mean wherever cell kill is not all
    within the shoulder of the curve, always where beta is 0.
    Source: Niemierko 1997, Med Phys 24:103, doi:10.1118/1.598063.
    """
    logs = log_region_survival(
        dose_gy,
        volume_ml=volume_ml,
        cell=cell,
        n_fractions=n_fractions,
        quadratic_factor=quadratic_factor,
    )
    each = dose_of_log_survival_gy(logs / n_fractions, cell=cell, quadratic_factor=quadratic_factor)
    return float(n_fractions * each)
