"""Biologically effective dose and the equivalent dose in 2 Gy fractions, linear-quadratic.

With S = exp(-alpha D - beta d D) for n fractions of d Gy and D = n d, the effect -ln(S)/alpha is

    BED  = D (1 + d / (alpha/beta))
    EQD2 = D (d + alpha/beta) / (2 + alpha/beta) = BED / (1 + 2 / (alpha/beta))

Neglected: repopulation and the overall time, incomplete repair between fractions less than about
6 h apart and within long fractions, the spread of sensitivity between patients, and every effect
of vessels and immunity. The linear-quadratic form is supported by data up to about 10 Gy per
fraction, taken as reasonable up to about 18 Gy (Brenner 2008, PMC2750078), and disputed above:
survival curves measured at high dose are straighter, so BED and EQD2 of one or few large
fractions overstate the cell kill. Neither quantity says anything about a distant lesion.
"""

import math
from collections.abc import Mapping

from abscope.errors import ModelError, Problem

__all__ = ["bed_gy", "eqd2_gy"]

#: The fraction size that gives EQD2 its name.
_REFERENCE_GY = 2.0

#: Allowed excess of one fraction over the total that is only binary rounding.
_ROUNDING = 1e-9


def bed_gy(total_dose_gy: float, *, dose_per_fraction_gy: float, alpha_beta_gy: float) -> float:
    """Return the biologically effective dose in Gy: D (1 + d / (alpha/beta)).

    ``total_dose_gy`` D > 0 is the sum of all fractions, ``dose_per_fraction_gy`` 0 < d <= D,
    ``alpha_beta_gy`` > 0; see `abscope.catalog.alpha_beta`. The result belongs to its alpha/beta
    and is only comparable with another BED at the same one. Valid for equal fractions; for unequal
    ones sum the BED of each part. Its limits at large fractions are told in the module docstring.

    Raises ModelError when a number is not positive and finite, or d exceeds D.
    Source: Fowler 1989, Br J Radiol 62:679.

    >>> bed_gy(22.5, dose_per_fraction_gy=4.5, alpha_beta_gy=10.0)
    32.625
    """
    _check(total_dose_gy, dose_per_fraction_gy, alpha_beta_gy)
    return total_dose_gy * (1.0 + dose_per_fraction_gy / alpha_beta_gy)


def eqd2_gy(total_dose_gy: float, *, dose_per_fraction_gy: float, alpha_beta_gy: float) -> float:
    """Return the dose in 2 Gy fractions with the same effect, in Gy: D (d + a/b) / (2 + a/b).

    ``total_dose_gy`` D > 0 is the sum of all fractions, ``dose_per_fraction_gy`` 0 < d <= D,
    ``alpha_beta_gy`` > 0. At d = 2 Gy the result is D for every alpha/beta. Of a dose
    distribution, take the mean of the voxel EQD2, not the EQD2 of the mean dose.

    Raises ModelError when a number is not positive and finite, or d exceeds D.
    Source: Withers, Thames and Peters 1983, Radiother Oncol 1:187.

    >>> eqd2_gy(22.5, dose_per_fraction_gy=4.5, alpha_beta_gy=10.0)
    27.1875
    """
    _check(total_dose_gy, dose_per_fraction_gy, alpha_beta_gy)
    ratio = (dose_per_fraction_gy + alpha_beta_gy) / (_REFERENCE_GY + alpha_beta_gy)
    return total_dose_gy * ratio


def _check(total_gy: float, fraction_gy: float, alpha_beta_gy: float) -> None:
    values: Mapping[str, float] = {
        "total_dose_gy": total_gy,
        "dose_per_fraction_gy": fraction_gy,
        "alpha_beta_gy": alpha_beta_gy,
    }
    problems = [
        Problem(
            "fractionation",
            f"{name} is {value:g} Gy",
            "a finite number > 0 Gy",
            "Check the value; an unknown dose has no BED.",
            name,
        )
        for name, value in values.items()
        if not (math.isfinite(value) and value > 0)
    ]
    if not problems and fraction_gy > total_gy * (1.0 + _ROUNDING):
        problems.append(
            Problem(
                "fractionation",
                f"dose_per_fraction_gy is {fraction_gy:g} Gy, total_dose_gy only {total_gy:g} Gy",
                "a dose per fraction up to the total dose",
                "Are the two swapped, or one in cGy?",
                "dose_per_fraction_gy",
            )
        )
    if problems:
        raise ModelError(problems)
