"""The interval of a proportion."""

import math
from statistics import NormalDist

from abscope.errors import ModelError, Problem

__all__ = ["wilson_interval"]


def wilson_interval(events: int, *, n: int, level_frac: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, as (low, high) in 0..1.

    With p = events/n and z the normal quantile of the level:
    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). It stays inside 0..1 and is usable
    at 0 and n events, where the normal interval has no width.

    Raises ModelError unless 0 <= events <= n, n >= 1 and 0 < level < 1.
    Source: Wilson 1927, J Am Stat Assoc 22:209.

    >>> low, high = wilson_interval(11, n=41)
    >>> f"{low:.3f} {high:.3f}"
    '0.157 0.419'
    """
    if n < 1 or not 0 <= events <= n or not 0 < level_frac < 1:
        raise ModelError(
            Problem(
                "interval of a proportion",
                f"{events} events of {n} at level {level_frac:g}",
                "0 <= events <= n, n >= 1, level between 0 and 1",
                "Correct the counts.",
            )
        )
    z = NormalDist().inv_cdf(0.5 + level_frac / 2)
    p = events / n
    center = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if events == 0 else (center - half) / scale
    high = 1.0 if events == n else (center + half) / scale
    return low, high
