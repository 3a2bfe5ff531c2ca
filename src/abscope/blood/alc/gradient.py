"""How the count changes with the dose of each organ: d count / d dose by forward sensitivities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.blood.alc.prior import Draws
from abscope.blood.alc.schedule import Schedule
from abscope.blood.doses import BodyDose
from abscope.blood.pools.doses import pool_doses, static_survival_frac
from abscope.blood.pools.flowing import BloodSlopes
from abscope.blood.pools.traffic import POOLS, traffic
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["CountGradient", "PoolSlopes", "count_gradient", "pool_slopes"]

#: Setting: days after the grid in which the pools even out, as in `simulate`.
_SETTLING_DAYS = 5


@dataclass(frozen=True, slots=True, eq=False)
class PoolSlopes:
    """Survival of every pool in one fraction (pools,) and its slope with each organ's dose.

    ``slope_frac`` (organs, pools) is d S for an organ's dose times (1 + e), per e.
    """

    organs: tuple[str, ...]
    survival_frac: Floats
    slope_frac: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CountGradient:
    """The slope of the count (relative to before) at one day with the dose of each organ.

    ``per_gy`` (organs,) is the change of the count, as a share of the count before, per Gy of the
    organ's mean dose over all fractions (``doses_gy``), every course scaled alike.
    """

    organs: tuple[str, ...]
    time_d: float
    count_frac: float
    per_gy: Floats
    doses_gy: Floats

    def of_group(self, organs: Sequence[str]) -> float | None:
        """Return the slope with the highest mean dose of several organs that are scaled alike.

        None where none of them has dose.
        """
        rows = [i for i, name in enumerate(self.organs) if name in organs]
        if not rows:
            return None
        return float(self.per_gy[rows] @ self.doses_gy[rows] / self.doses_gy[rows].max())


def pool_slopes(
    body: BodyDose, *, sensitivity_per_gy: float, beam_on_time_s: float, blood: BloodSlopes
) -> PoolSlopes:
    """Return survival and slopes of the pools of a body.

    Static pools: S = sum v_i exp(-a d_i), dS/de = -a sum over the organ of v_i d_i exp(-a d_i).
    Blood: the slopes of its survival, as ``blood`` gives them.
    """
    organs = tuple(item.compartment for item in body.compartments if item.mean_gy > 0)
    place = {name: index for index, name in enumerate(organs)}
    slope, survival = np.zeros((len(organs), len(POOLS))), np.ones(len(POOLS))
    a = np.array([sensitivity_per_gy])
    for pool in pool_doses(body):
        column = POOLS.index(pool.pool)
        total = 0.0
        for part, share in pool.parts:
            total += share * float(static_survival_frac(part, sensitivity_per_gy=a)[0])
            if part.compartment in place:
                d, v = part.dose_per_fraction_gy, part.volume_frac
                change = -share * sensitivity_per_gy * float(v @ (d * np.exp(-a[0] * d)))
                slope[place[part.compartment], column] += change
        survival[column] = total
    survival[0], in_blood = blood(body, sensitivity_per_gy, beam_on_time_s)
    for name, change in in_blood.items():
        if name in place:
            slope[place[name], 0] = change
    return PoolSlopes(organs, survival, slope)


def count_gradient(
    slopes: list[PoolSlopes], *, draws: Draws, days: Schedule, time_d: float, doses_gy: Floats
) -> CountGradient:
    """Return the gradient of the count at one day for one draw.

    Forward sensitivities: with N the living cells of each pool and U = dN/de for each organ, a
    fraction maps U <- U S + N dS, and a day U <- exp(Q) U + w dR/dN sum U, as in
    `abscope.blood.alc.simulate`. ``slopes`` has one entry per course, over the same organs;
    ``doses_gy`` (organs,) are their mean doses over all fractions. Days after the grid use the
    closed form of the recovery.
    """
    state = _Tangent(draws, n_organs=len(doses_gy))
    n_days = days.n_days + _SETTLING_DAYS
    whole = int(np.floor(time_d - days.first_d))
    here, there = (1.0, np.zeros(len(doses_gy))), (1.0, np.zeros(len(doses_gy)))
    for day in range(n_days + 1):
        if day == min(whole, n_days):
            here = state.count()
        if day == min(whole + 1, n_days):
            there = state.count()
        if day < n_days:
            for index, slope in enumerate(slopes):
                for _ in range(int(days.fractions[index, 0, day]) if day < days.n_days else 0):
                    state.fraction(slope)
            state.day()
    if whole >= n_days:
        count, change = state.later(time_d - days.first_d - n_days)
    else:
        share = time_d - days.first_d - whole
        count = float(np.exp((1 - share) * np.log(here[0]) + share * np.log(there[0])))
        change = count * ((1 - share) * here[1] / here[0] + share * there[1] / there[0])
    return CountGradient(slopes[0].organs, time_d, count, change / doses_gy, doses_gy)


class _Tangent:
    """State of one draw with its derivative by organ: living, fast and slow dying cells."""

    def __init__(self, draws: Draws, *, n_organs: int) -> None:
        move = traffic()
        self.weight, self.step = move.weight_frac, move.step(1.0).T
        self.cells = np.stack([self.weight, 0 * self.weight, 0 * self.weight])
        self.slopes = np.zeros((3, n_organs, len(POOLS)))
        self.plateau = float(draws.plateau_frac[0])
        self.rate = float(draws.recovery_per_d[0])
        self.half_life_d = float(draws.removal_half_life_d[0])
        fast = lymphocyte_parameter("doomed_fast_half_life").value
        self.share = lymphocyte_parameter("doomed_fast_share").value
        self.stays = np.array([0.5 ** (1.0 / fast), 0.5 ** (1.0 / self.half_life_d)])

    def fraction(self, slope: PoolSlopes) -> None:
        """Apply one fraction."""
        s = slope.survival_frac
        lost = self.cells[0] * (1.0 - s)
        change = self.slopes[0] * (1.0 - s) - self.cells[0] * slope.slope_frac
        for row, part in ((1, self.share), (2, 1.0 - self.share)):
            self.cells[row] += part * lost
            self.slopes[row] += part * change
        self.cells[0] -= lost
        self.slopes[0] -= change

    def day(self) -> None:
        """Move, remove and recover over one day."""
        total = self.cells[0].sum()
        gain = -np.expm1(-self.rate)
        missing = max(self.plateau - total, 0.0)
        gained = missing * gain
        change = -self.slopes[0].sum(axis=1) * gain if missing > 0 else 0.0 * self.slopes[0, :, 0]
        self.cells, self.slopes = self.cells @ self.step, self.slopes @ self.step
        self.cells[0] += gained * self.weight
        self.slopes[0] += change[:, None] * self.weight
        for row in (1, 2):
            self.cells[row] *= self.stays[row - 1]
            self.slopes[row] *= self.stays[row - 1]

    def count(self) -> tuple[float, Floats]:
        """Return the count relative to before, and its slopes."""
        return (
            float(self.cells[:, 0].sum() / self.weight[0]),
            self.slopes[:, :, 0].sum(axis=0) / self.weight[0],
        )

    def later(self, after_d: float) -> tuple[float, Floats]:
        """Return count and slopes so many days after the pools have evened out."""
        total, change = self.cells[0].sum(), self.slopes[0].sum(axis=1)
        missing = max(self.plateau - total, 0.0)
        gain = -np.expm1(-self.rate * after_d)
        left = 0.5 ** (after_d / self.half_life_d)
        count = total + missing * gain + self.cells[2].sum() * left
        if missing > 0:
            change = change * (1.0 - gain)
        return float(count), change + self.slopes[2].sum(axis=1) * left
