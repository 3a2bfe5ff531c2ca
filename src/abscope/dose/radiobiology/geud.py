"""The generalized equivalent uniform dose."""

import math

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.radiobiology.arguments import require
from abscope.dose.radiobiology.region import volume_shares
from abscope.errors import ModelError, Problem

__all__ = ["generalized_eud_gy"]


def generalized_eud_gy(dose_gy: ArrayLike, *, volume_ml: ArrayLike, exponent: float) -> float:
    """Return gEUD = (sum_i v_i D_i^a)^(1/a) in Gy, with a the ``exponent``, not 0.

    a = 1 is the mean, a -> infinity the maximum, a -> -infinity the minimum; both infinities are
    taken. Tumors have a < 0 (cold spots decide, and a volume without dose gives 0), serial organs
    a large a; LKB has a = 1/n. Only volumes above 0 count.

    Raises ModelError for a = 0 or NaN and for a histogram that is none.
    Source: Niemierko 1999, Med Phys 26:1100 (abstract); Wu 2002, Int J Radiat Oncol Biol Phys
    52:224, doi:10.1016/S0360-3016(01)02585-8.

    >>> generalized_eud_gy([10.0, 30.0], volume_ml=[1.0, 1.0], exponent=1.0)
    20.0
    """
    if exponent == 0 or math.isnan(exponent):
        what = f"exponent is {exponent:g}"
        raise ModelError(Problem("gEUD", what, "a number other than 0", "Use a = 1/n.", "exponent"))
    dose, shares = volume_shares(dose_gy, volume_ml)
    dose, shares = dose[shares > 0], shares[shares > 0]
    if math.isinf(exponent):
        return float(dose.max() if exponent > 0 else dose.min())
    require("gEUD", (("exponent", exponent, "finite"),))
    scale = float(dose.max() if exponent > 0 else dose.min())
    if scale == 0:
        return 0.0
    logs = np.log(np.where(dose > 0, dose, scale)) - np.log(scale)
    powers = shares * np.exp(exponent * logs)
    mean: float = float(powers[dose > 0].sum()) ** (1.0 / exponent)
    return scale * mean
