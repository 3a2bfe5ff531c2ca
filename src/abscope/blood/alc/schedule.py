"""On which day each draw has how many fractions of each course."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.blood.alc.prior import Draws
from abscope.blood.planned import PlannedDose
from abscope.dose.geometry.grid import Floats

__all__ = ["Schedule", "schedule"]


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The fractions of every draw on a grid of whole days.

    ``fractions`` (courses, n, days) counts the fractions of a day; day j of the grid begins at
    ``first_d`` + j. ``start_d`` and ``end_d`` (n, courses) are the days of first and last fraction.
    """

    first_d: float
    fractions: NDArray[np.uint8]
    start_d: Floats
    end_d: Floats

    @property
    def n_days(self) -> int:
        """The number of days of the grid."""
        return int(self.fractions.shape[2])


def schedule(planned: tuple[PlannedDose, ...], draws: Draws) -> Schedule:
    """Return the days of all fractions.

    Fractions follow each other at the interval of the course; where it runs on weekdays only, one
    that falls on a weekend moves to Monday. Holidays and pauses are neglected.
    """
    days = [_days(item, draws, index) for index, item in enumerate(planned)]
    first_d = float(np.floor(min(np.nanmin(day) for day in days)))
    last_d = float(np.floor(max(np.nanmax(day) for day in days)))
    n, n_days = len(draws.alpha_per_gy), int(last_d - first_d) + 1
    counts = np.zeros((len(planned), n, n_days), dtype=np.uint8)
    for course, day in enumerate(days):
        for column in day.T:
            treated = np.flatnonzero(np.isfinite(column))
            place = (column[treated] - first_d).astype(np.int64)
            counts[course, treated, place] += 1
    starts = np.stack([np.nanmin(day, axis=1) for day in days], axis=1)
    ends = np.stack([np.nanmax(day, axis=1) for day in days], axis=1)
    return Schedule(first_d, counts, starts, ends)


def _days(item: PlannedDose, draws: Draws, index: int) -> Floats:
    """Return the days of the fractions of one course (n, most fractions); NaN beyond the last."""
    n = len(draws.alpha_per_gy)
    if item.exact:
        return np.tile(np.asarray(item.body.days_d, dtype=np.float64), (n, 1))
    most = int(draws.n_fractions[:, index].max())
    day = _on_weekday(draws.start_d[:, index].copy(), draws.weekday, item.weekdays)
    out = np.full((n, most), np.nan)
    for number in range(most):
        treated = number < draws.n_fractions[:, index]
        out[treated, number] = day[treated]
        day = _on_weekday(day + item.interval_d, draws.weekday, item.weekdays)
    return out


def _on_weekday(day: Floats, weekday: NDArray[np.int64], only: bool) -> Floats:
    if not only:
        return day
    today = np.mod(np.floor(day) + weekday, 7.0)
    return day + np.where(today == 5, 2.0, np.where(today == 6, 1.0, 0.0))
