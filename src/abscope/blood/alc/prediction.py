"""Bands of the count over time, at the measured days, and the grade by day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.blood.alc.counts import Count
from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.prior import Draws
from abscope.blood.alc.schedule import schedule
from abscope.catalog.laboratory import ctcae_lymphocyte_floor
from abscope.dose.geometry.grid import Floats

__all__ = [
    "QUANTILES", "Band", "CountPrediction", "GradeChances", "band_of", "count_predictions",
    "curve_days_d", "grade_chances", "replicates_per_ul",
]  # fmt: skip

#: Quantiles of a band: the ends of 95, 90 and 50 % and the median.
QUANTILES = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Quantiles of the count at ``time_d`` (k,); ``count_per_ul`` is (k, quantiles)."""

    time_d: Floats
    count_per_ul: Floats


@dataclass(frozen=True, slots=True)
class CountPrediction:
    """A measured count beside what was predicted for it, error of counting included.

    ``place_frac`` is the share of the draws below the count (of its first version).
    """

    count: Count
    time_d: float
    low_95_per_ul: float
    low_90_per_ul: float
    median_per_ul: float
    high_90_per_ul: float
    high_95_per_ul: float
    place_frac: float

    @property
    def in_90(self) -> bool:
        """Whether every version lies inside the 90 % band."""
        return all(self.low_90_per_ul <= x <= self.high_90_per_ul for x in self.count.values_per_ul)

    @property
    def in_95(self) -> bool:
        """Whether every version lies inside the 95 % band."""
        return all(self.low_95_per_ul <= x <= self.high_95_per_ul for x in self.count.values_per_ul)


@dataclass(frozen=True, slots=True)
class GradeChances:
    """The probability of each CTCAE v5 grade on one day.

    Without the laboratory's lower limit of normal ``no_or_first_frac`` holds grades 0 and 1
    together and the two single ones are None.
    """

    time_d: float
    none_frac: float | None
    first_frac: float | None
    no_or_first_frac: float
    second_frac: float
    third_frac: float
    fourth_frac: float


def band_of(time_d: Floats, counts_per_ul: Floats) -> Band:
    """Return the band of draws of the count (n, k) at days (k,)."""
    return Band(time_d, np.quantile(counts_per_ul, QUANTILES, axis=0).T)


def replicates_per_ul(
    model: LymphocyteModel, draws: Draws, *, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return counts as they would be measured again (n, counts), and their days (n, counts)."""
    days = schedule(model.planned, draws)
    time_d = model.count_days_d(draws, days)
    expected = model.counts_per_ul(model.run(draws), time_d)
    error = rng.standard_normal(expected.shape) * draws.observation_sd_log[:, None]
    return expected * np.exp(error), time_d


def count_predictions(
    counts: Sequence[Count], *, replicate_per_ul: Floats, time_d: Floats
) -> tuple[CountPrediction, ...]:
    """Return each measured count beside the quantiles of its replicates (n, counts)."""
    out = []
    for index, count in enumerate(counts):
        column = replicate_per_ul[:, index]
        q = dict(zip(QUANTILES, np.quantile(column, QUANTILES).tolist(), strict=True))
        below = float((column < count.values_per_ul[0]).mean())
        day = float(np.median(time_d[:, index]))
        out.append(CountPrediction(count, day, q[0.025], q[0.05], q[0.5], q[0.95], q[0.975], below))
    return tuple(out)


def curve_days_d(first_d: float, last_d: float) -> Floats:
    """Return the days of a curve: every half day through the course, then wider (k,)."""
    dense = np.arange(first_d - 2.0, last_d + 10.0, 0.5)
    sparse = dense[-1] + np.geomspace(1.0, 110.0, 40)
    return np.concatenate([dense, sparse])


def grade_chances(
    counts_per_ul: Floats, *, time_d: Floats, lower_limit_per_ul: float | None
) -> tuple[GradeChances, ...]:
    """Return the probability of each grade for draws of the count (n, k) at days (k,).

    Grade 1 begins below the laboratory's lower limit of normal; where it is None, grades 0 and 1
    cannot be told apart. A limit below 800 per uL leaves no room for grade 1.
    """
    floors = [ctcae_lymphocyte_floor(grade).value for grade in (1, 2, 3)]
    out = []
    for index, day in enumerate(time_d):
        x = counts_per_ul[:, index]
        above = float((x >= floors[0]).mean())
        normal = None
        if lower_limit_per_ul is not None:
            normal = float((x >= max(lower_limit_per_ul, floors[0])).mean())
        out.append(
            GradeChances(
                float(day),
                normal,
                None if normal is None else above - normal,
                above,
                float(((x < floors[0]) & (x >= floors[1])).mean()),
                float(((x < floors[1]) & (x >= floors[2])).mean()),
                float((x < floors[2]).mean()),
            )
        )
    return tuple(out)
