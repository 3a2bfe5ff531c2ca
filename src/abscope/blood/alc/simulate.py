"""The count over time: kill on the days of fractions, traffic, removal and recovery between."""

from dataclasses import dataclass

import numpy as np

from abscope.blood.alc.prior import Draws
from abscope.blood.alc.schedule import Schedule
from abscope.blood.pools.traffic import traffic
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["Trajectory", "recovered", "simulate"]

#: Days after the last fraction until the pools have evened out (slowest rate 2 per day).
_SETTLING_DAYS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """The count of every draw relative to the count before radiotherapy.

    ``count_frac`` (n, days) is the count at the start of day ``first_d`` + j, before that day's
    fraction. Beyond the grid the pools are even and the course is a closed form.
    """

    first_d: float
    count_frac: Floats
    viable_frac: Floats
    dying_frac: Floats
    draws: Draws

    def at(self, time_d: Floats) -> Floats:
        """Return the count relative to before at days (n, k) or (k,), as (n, k)."""
        n, days = self.count_frac.shape
        t = np.broadcast_to(time_d, (n, np.shape(time_d)[-1])) - self.first_d
        inside = np.clip(t, 0.0, days - 1.0)
        low = np.minimum(inside.astype(np.int64), max(days - 2, 0))
        share = inside - low
        rows = np.arange(n)[:, None]
        a = np.log(self.count_frac[rows, low])
        b = np.log(self.count_frac[rows, np.minimum(low + 1, days - 1)])
        out = np.exp(a * (1 - share) + b * share)
        later = t > days - 1.0
        return np.where(later, self._later(np.maximum(t - (days - 1.0), 0.0)), out)

    def _later(self, after_d: Floats) -> Floats:
        d = self.draws
        alive = recovered(self.viable_frac[:, None], d.plateau_frac[:, None],
                          d.recovery_per_d[:, None] * after_d)  # fmt: skip
        dying = self.dying_frac[:, None] * 0.5 ** (after_d / d.removal_half_life_d[:, None])
        return np.asarray(alive + dying)


def recovered(count_frac: Floats, plateau_frac: Floats, progress: Floats) -> Floats:
    """Return p - (p - N) exp(-progress) where N is below the plateau p, else N unchanged.

    ``progress`` is recovery rate times time. A count above the plateau does not move: what the
    fit calls the plateau is how far a count recovers, not a set point.
    """
    gap = np.maximum(plateau_frac - count_frac, 0.0)
    return np.asarray(count_frac + gap * (-np.expm1(-progress)))


def simulate(draws: Draws, *, days: Schedule, losses: list[Floats]) -> Trajectory:
    """Return the trajectories; ``losses`` holds -ln S (n, pools) of a fraction of each course.

    On a day with k fractions N <- N S^k in every pool; of the cells lost a share leaves at the
    fast, the rest at the slow half-life, and they move and are counted until then. Over a day
    N <- exp(Q) N + w R(sum N) with the traffic Q, its resting shares w and the recovery
    R(T) = (p - T)(1 - exp(-s)) below the plateau. New cells enter in the resting shares, for
    which the step is exact.
    """
    move = traffic()
    weight, step = move.weight_frac, move.step(1.0).T
    fast_share = lymphocyte_parameter("doomed_fast_share").value
    fast_stays = 0.5 ** (1.0 / lymphocyte_parameter("doomed_fast_half_life").value)
    slow_stays = 0.5 ** (1.0 / draws.removal_half_life_d)[:, None]
    n, n_days = len(draws.alpha_per_gy), days.n_days + _SETTLING_DAYS
    alive = np.tile(weight, (n, 1))
    fast, slow = np.zeros_like(alive), np.zeros_like(alive)
    out = np.empty((n, n_days + 1))
    for day in range(n_days):
        out[:, day] = (alive[:, 0] + fast[:, 0] + slow[:, 0]) / weight[0]
        if day < days.n_days and (loss := _loss_of_day(days, losses, day)) is not None:
            lost = alive * (-np.expm1(-loss))
            alive -= lost
            fast += fast_share * lost
            slow += (1.0 - fast_share) * lost
        total = alive.sum(axis=1)
        gained = recovered(total, draws.plateau_frac, draws.recovery_per_d) - total
        alive = alive @ step + gained[:, None] * weight
        fast = fast @ step * fast_stays
        slow = slow @ step * slow_stays
    out[:, n_days] = (alive[:, 0] + fast[:, 0] + slow[:, 0]) / weight[0]
    viable, dying = alive.sum(axis=1), slow.sum(axis=1)
    return Trajectory(days.first_d, out, viable, dying, draws)


def _loss_of_day(days: Schedule, losses: list[Floats], day: int) -> Floats | None:
    """Return -ln S (n, pools) of all fractions of a day; None where no draw has one."""
    total = None
    for course, loss in enumerate(losses):
        number = days.fractions[course, :, day]
        if number.any():
            part = loss * number[:, None]
            total = part if total is None else total + part
    return total
