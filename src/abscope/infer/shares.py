"""A fair split of an effect among causes that act together: the Shapley value.

With v(S) what happens when the causes in S act, and k causes in all, the share of cause i is its
mean contribution over all orders in which the causes can be added:

    share_i = sum over S without i of |S|! (k - |S| - 1)! / k! (v(S + i) - v(S))

The shares add up to v(all) - v(none), whatever the order. A cause that changes nothing gets 0; two
causes of which each would have been enough get half each. Source: Shapley 1953,
doi:10.1515/9781400881970-018.
"""

from math import factorial

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError

__all__ = ["shapley_shares"]


def shapley_shares(outcome_frac: Floats) -> Floats:
    """Return the shares (causes, ...) in the unit of ``outcome_frac`` (2^causes, ...).

    Bit i of the first index says whether cause i acts. Raises UsageError where the
    number of combinations is no power of two.

    >>> shapley_shares(np.array([0.0, -1.0, -1.0, -1.0])).tolist()
    [-0.5, -0.5]
    """
    values = np.asarray(outcome_frac, float)
    causes = len(values).bit_length() - 1
    if len(values) != 1 << causes:
        what, expected = f"{len(values)} combinations of causes", "a power of two"
        raise UsageError(Problem("shares", what, expected, "Give every combination once."))
    shares = np.zeros((causes, *values.shape[1:]))
    for cause in range(causes):
        bit = 1 << cause
        for acting in range(len(values)):
            if acting & bit:
                continue
            size = acting.bit_count()
            weight = factorial(size) * factorial(causes - size - 1) / factorial(causes)
            shares[cause] += weight * (values[acting | bit] - values[acting])
    return shares
