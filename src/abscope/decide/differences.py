"""Two treatments of the same draws compared: numbers with their interval, shares with their error.

A difference is taken draw by draw, so what the draws have in common cancels. Its interval holds
the middle 90 % of the draws. A share of draws has no interval of that kind; its error is that of a
finite number n of draws: with e_i in (-1, 0, 1) for a draw that loses, keeps or gains,

    mean(e) +- 1.645 sd(e) / sqrt(n).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats

__all__ = ["LEVEL", "Difference", "ShareDifference", "difference_of", "differences_of",
    "share_difference_of", "share_differences_of", "share_error_frac",
]  # fmt: skip

#: Share of the draws inside an interval.
LEVEL = 0.90
_ENDS = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
#: Standard normal deviate of the ends of the middle 90 %.
_Z90 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Difference:
    """A quantity under two treatments: low end, median and high end of the middle 90 % of draws.

    ``difference`` is scenario minus delivered, draw by draw; ``better_frac`` the share of draws in
    which the scenario is better, ``equal_frac`` in which both are the same but for what nobody
    could measure. ``draws`` have the quantity.
    """

    delivered: tuple[float, float, float]
    scenario: tuple[float, float, float]
    difference: tuple[float, float, float]
    better_frac: float
    equal_frac: float
    draws: int

    @property
    def width(self) -> float:
        """Return the width of the interval of the difference."""
        return self.difference[2] - self.difference[0]


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """The share of draws in which something happens under two treatments.

    ``gained_frac`` and ``lost_frac`` are the draws in which it happens with the scenario only, and
    as delivered only. ``error_frac`` is half the 90 % interval of the difference that comes from
    the finite number of ``draws``.
    """

    delivered_frac: float
    scenario_frac: float
    gained_frac: float
    lost_frac: float
    error_frac: float
    draws: int

    @property
    def difference_frac(self) -> float:
        """Return the difference of the shares."""
        return self.scenario_frac - self.delivered_frac

    @property
    def kept_frac(self) -> float | None:
        """Return in which share of these draws it happens again; None where it never did."""
        if self.delivered_frac <= 0.0:
            return None
        return 1.0 - self.lost_frac / self.delivered_frac


def difference_of(
    delivered: Floats, scenario: Floats, *, lower_is_better: bool, tolerance_frac: float = 0.01
) -> Difference | None:
    """Return the difference of a quantity (draws,); None where no draw has it.

    Two values count as equal within ``tolerance_frac`` of 1 or of the delivered value, the greater:
    1 % of the size at the start, or of a count, which nobody could measure.
    """
    return differences_of(
        delivered[None], scenario[None], lower_is_better=lower_is_better,
        tolerance_frac=tolerance_frac,
    )[0]  # fmt: skip


def differences_of(
    delivered: Floats, scenario: Floats, *, lower_is_better: bool, tolerance_frac: float = 0.01
) -> tuple[Difference | None, ...]:
    """Return the difference of each of some quantities (quantities, draws), as `difference_of`.

    A what-if asks for that of every lesion at every visit; one pass serves all.
    """
    known = np.isfinite(delivered) & np.isfinite(scenario)
    number = known.sum(axis=1)
    with np.errstate(invalid="ignore"):
        change = scenario - delivered
        equal = np.abs(change) <= tolerance_frac * np.maximum(1.0, np.abs(delivered))
        better = (change < 0.0 if lower_is_better else change > 0.0) & ~equal & known
    three = np.where(known, np.stack([delivered, scenario, change]), np.inf)
    ends = _quantiles(three, number)
    more, same = better.sum(axis=1), (equal & known).sum(axis=1)
    return tuple(
        _difference(ends[:, k].tolist(), int(more[k]), int(same[k]), int(n))
        for k, n in enumerate(number)
    )


def _difference(ends: list[list[float]], more: int, same: int, n: int) -> Difference | None:
    if not n:
        return None
    one, two, change = ((low, middle, high) for low, middle, high in ends)
    return Difference(one, two, change, more / n, same / n, n)


def share_difference_of(delivered: Floats, scenario: Floats) -> ShareDifference | None:
    """Return the difference of what happens (1), or does not (0), in draws; None without any."""
    return share_differences_of(delivered[None], scenario[None])[0]


def share_differences_of(delivered: Floats, scenario: Floats) -> tuple[ShareDifference | None, ...]:
    """Return the difference of each of some events (events, draws), as `share_difference_of`."""
    known = np.isfinite(delivered) & np.isfinite(scenario)
    with np.errstate(invalid="ignore"):
        one, two = known & (delivered > 0.0), known & (scenario > 0.0)
    every = [known, one, two, two & ~one, one & ~two]
    return tuple(map(_share_difference, *(each.sum(axis=1).tolist() for each in every)))


def _share_difference(n: int, one: int, two: int, gained: int, lost: int) -> ShareDifference | None:
    if not n:
        return None
    spread = gained + lost - (gained - lost) ** 2 / n  # of changes that are -1, 0 or 1
    error = _Z90 * math.sqrt(spread / (n - 1) / n) if n > 1 else math.nan
    return ShareDifference(one / n, two / n, gained / n, lost / n, error, n)


def share_error_frac(share_frac: float, draws: int) -> float:
    """Return half the 90 % interval of a share that comes from the finite number of draws.

    The interval of Agresti and Coull (1998, Am Stat 52:119), which a share of 0 or 1 has, too.

    >>> round(share_error_frac(0.5, 200), 3)
    0.058
    """
    n = draws + _Z90**2
    p = (share_frac * draws + _Z90**2 / 2) / n
    return float(_Z90 * np.sqrt(p * (1 - p) / n))


def _quantiles(rows: Floats, number: NDArray[np.int64]) -> Floats:
    """Return the ends and the middle of rows (..., quantities, draws) on a last axis of three.

    ``number`` (quantities,) values of a row are finite. Between the order statistics as numpy does:
    a comparison asks for hundreds of them, and `numpy.quantile` takes ten times as long.
    """
    ordered = np.sort(rows, axis=-1)
    last = np.maximum(number - 1, 0)[:, None]
    place = np.asarray(_ENDS) * last
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, last)
    shape = (*rows.shape[:-1], len(_ENDS))
    low = np.take_along_axis(ordered, np.broadcast_to(below, shape), -1)
    high = np.take_along_axis(ordered, np.broadcast_to(above, shape), -1)
    with np.errstate(invalid="ignore"):
        return np.asarray(low + (high - low) * (place - below))
