"""Two treatments of the same draws compared: numbers with their interval, shares with their error.

A difference is taken draw by draw, so what the draws have in common cancels. Its interval holds
the middle 90 % of the draws. A share of draws has no interval of that kind; its error is that of a
finite number n of draws: with e_i in (-1, 0, 1) for a draw that loses, keeps or gains,

    mean(e) +- 1.645 sd(e) / sqrt(n).
"""

from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats

__all__ = ["LEVEL", "Difference", "ShareDifference", "difference_of", "share_difference_of",
    "share_error_frac",
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
    known = np.isfinite(delivered) & np.isfinite(scenario)
    if not known.any():
        return None
    one, two = delivered[known], scenario[known]
    change = two - one
    equal = np.abs(change) <= tolerance_frac * np.maximum(1.0, np.abs(one))
    better = (change < 0.0 if lower_is_better else change > 0.0) & ~equal
    delivered_, scenario_, difference = _quantiles(np.stack([one, two, change]))
    return Difference(
        delivered=delivered_,
        scenario=scenario_,
        difference=difference,
        better_frac=float(better.mean()),
        equal_frac=float(equal.mean()),
        draws=int(known.sum()),
    )


def share_difference_of(delivered: Floats, scenario: Floats) -> ShareDifference | None:
    """Return the difference of what happens (1), or does not (0), in draws; None without any."""
    known = np.isfinite(delivered) & np.isfinite(scenario)
    n = int(np.count_nonzero(known))
    if not n:
        return None
    one, two = delivered[known] > 0.0, scenario[known] > 0.0
    gained, lost = int(np.count_nonzero(two & ~one)), int(np.count_nonzero(one & ~two))
    spread = gained + lost - (gained - lost) ** 2 / n  # of changes that are -1, 0 or 1
    return ShareDifference(
        delivered_frac=int(np.count_nonzero(one)) / n,
        scenario_frac=int(np.count_nonzero(two)) / n,
        gained_frac=gained / n,
        lost_frac=lost / n,
        error_frac=float(_Z90 * np.sqrt(spread / (n - 1) / n)) if n > 1 else float("nan"),
        draws=n,
    )


def share_error_frac(share_frac: float, draws: int) -> float:
    """Return half the 90 % interval of a share that comes from the finite number of draws.

    The interval of Agresti and Coull (1998, Am Stat 52:119), which a share of 0 or 1 has, too.

    >>> round(share_error_frac(0.5, 200), 3)
    0.058
    """
    n = draws + _Z90**2
    p = (share_frac * draws + _Z90**2 / 2) / n
    return float(_Z90 * np.sqrt(p * (1 - p) / n))


def _quantiles(rows: Floats) -> list[tuple[float, float, float]]:
    """Return the ends and the middle of each row, between the order statistics as numpy does.

    A comparison asks for hundreds of them, and `numpy.quantile` takes ten times as long.
    """
    ordered = np.sort(rows, axis=1)
    place = np.asarray(_ENDS) * (ordered.shape[1] - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    low = ordered[:, below]
    found = low + (ordered[:, above] - low) * (place - below)
    return [(a, b, c) for a, b, c in found.tolist()]
