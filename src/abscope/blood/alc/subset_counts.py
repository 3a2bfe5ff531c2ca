"""The lowest count of each subset, with the range that disagreeing sensitivities give."""

from dataclasses import dataclass, replace

import numpy as np

from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.prior import Draws
from abscope.blood.pools.subsets import subsets

__all__ = ["SubsetFall", "subset_falls"]


@dataclass(frozen=True, slots=True)
class SubsetFall:
    """The lowest count of a subset as a share of its own count before radiotherapy.

    ``low_frac`` and ``high_frac`` are the medians with the most and the least sensitive published
    value; the spread between draws comes on top.
    """

    name: str
    share_frac: float
    lowest_frac: float
    low_frac: float
    high_frac: float


def subset_falls(model: LymphocyteModel, draws: Draws) -> tuple[SubsetFall, ...]:
    """Return the fall of every subset, each as if it recirculated like all lymphocytes."""

    def lowest(factor: float) -> float:
        changed = replace(draws, alpha_per_gy=draws.alpha_per_gy * factor)
        return float(np.median(model.run(changed).count_frac.min(axis=1)))

    return tuple(
        SubsetFall(
            item.name,
            item.share_frac,
            lowest(item.factor_frac),
            lowest(item.high_factor_frac),
            lowest(item.low_factor_frac),
        )
        for item in subsets()
    )
