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
    that falls on a weekend moves to Monday. Recorded pauses are kept. Where the last day is on
    record and the days miss it, the start moves inside its own span, and what is still missing
    spreads over the fractions. Holidays are neglected.
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
    out = _from_start(item, draws, index, draws.start_d[:, index].copy())
    if item.end_d is None or most < 1:
        return out
    last = np.nanmax(out, axis=1)
    off = np.clip(last, *item.end_d) - last
    moved = np.clip(draws.start_d[:, index] + off, *item.start_d)
    out = _from_start(item, draws, index, moved)
    first, last = out[:, 0], np.nanmax(out, axis=1)
    length = last - first
    wanted = np.clip(last, *item.end_d) - first
    # an end before the start contradicts it: the start and the interval hold then
    usable = (length > 0) & (wanted > 0)
    stretch = np.where(usable, wanted / np.where(length > 0, length, 1.0), 1.0)
    return np.asarray(first[:, None] + (out - first[:, None]) * stretch[:, None])


def _from_start(item: PlannedDose, draws: Draws, index: int, start_d: Floats) -> Floats:
    """Return the days of the fractions (n, most fractions) from a first day, with the pauses."""
    number = draws.n_fractions[:, index]
    most, pauses = int(number.max()), dict(item.pauses_d)
    day = _on_weekday(start_d, draws.weekday, item.weekdays)
    out = np.full((len(number), most), np.nan)
    for done in range(most):
        treated = done < number
        out[treated, done] = day[treated]
        step = max(item.interval_d, pauses.get(done + 1, 0.0))
        day = _on_weekday(day + step, draws.weekday, item.weekdays)
    return out


def _on_weekday(day: Floats, weekday: NDArray[np.int64], only: bool) -> Floats:
    if not only:
        return day
    today = np.mod(np.floor(day) + weekday, 7.0)
    return day + np.where(today == 5, 2.0, np.where(today == 6, 1.0, 0.0))
