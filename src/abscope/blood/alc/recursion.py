"""The two simple models of the count that the pool model stands beside."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from abscope.errors import ModelError, Problem

__all__ = ["daily_recursion_frac", "relaxed_count_per_ul"]


def daily_recursion_frac(
    fraction_days_d: Sequence[int], *, survival_frac: float, recovery_per_d: float, n_days: int
) -> NDArray[np.float64]:
    """Return the count over the count before, at the start of each day 0..n_days (n_days + 1,).

    Over a day with a fraction a <- 1 - (1 - a K) exp(-r), over another a <- 1 - (1 - a) exp(-r).
    The recovery to the full count is that of a public HEDOS extension; patients do not show it.

    Raises ModelError where a share is outside 0..1 or a day lies outside the range.
    """
    problems = [
        Problem("ALC recursion", f"{name} is {share:g}", "0 to 1", "Correct it.")
        for name, share in (("survival", survival_frac), ("recovery", recovery_per_d))
        if not 0 <= share <= 1
    ]
    problems += [
        Problem("ALC recursion", f"a fraction on day {day}", f"0 to {n_days - 1}", "Correct it.")
        for day in fraction_days_d
        if not 0 <= day < n_days
    ]
    if problems:
        raise ModelError(problems)
    treated = np.bincount(np.asarray(fraction_days_d, dtype=np.int64), minlength=n_days)
    out = np.ones(n_days + 1)
    stays = math.exp(-recovery_per_d)
    for day in range(n_days):
        after = out[day] * survival_frac ** int(treated[day])
        out[day + 1] = 1.0 - (1.0 - after) * stays
    return out


def relaxed_count_per_ul(
    count_per_ul: float, *, plateau_per_ul: float, recovery_per_d: float, time_d: float
) -> float:
    """Return the count per microliter after a time of relaxation to a plateau.

    A(t) = P + (A0 - P) exp(-s t). Returns to P from above as well.

    >>> round(relaxed_count_per_ul(640, plateau_per_ul=2211, recovery_per_d=0.0186, time_d=30), 1)
    1311.8
    """
    return plateau_per_ul + (count_per_ul - plateau_per_ul) * math.exp(-recovery_per_d * time_d)
