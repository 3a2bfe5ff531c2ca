"""Steps of generalized elliptical slice sampling for many walkers, each with its own random bits.

The target p is compared with the reference t (`abscope.infer.ensemble`), a Student t along a few
directions, which is a mixture of normal distributions over a scale s. For a point x of center m:

    s given x,   y ~ N(m, s C) along the directions, N(0, I) across,   level = ln p/t (x) + ln u
    x' = m + (x - m) cos a + (y - m) sin a,       the first angle a with ln p/t (x') > level

with a uniform on a full turn that shrinks toward 0 after every refusal. Every third step moves only
quantities that the data hardly tell, about their prior, by ln L alone: most of those are new after
it, since their prior is their posterior but for a little. Nothing is tuned, no slope
is needed, and p may jump (a version, a number of lesions). A walker that has found its next point
goes on to its next step while others still look for theirs: every batch has a point of each.
Sources: Murray 2010, AISTATS 9:541; Nishihara 2014, JMLR 15:2087.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.ensemble import Ensemble, Reference

__all__ = ["SliceSteps", "slice_steps"]

#: After this many refusals the angle is 1e-15 of a turn: the point stays.
_MOST_ANGLES = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSteps:
    """Steps ``first`` to ``last``; ``generator`` gives the random bits of a walker and step.

    ``keep`` takes walkers, their steps, and is called when they have ended those. ``untold`` says
    which quantities the data hardly tell.
    """

    first: int
    last: int
    generator: Callable[[int, int], np.random.Generator]
    keep: Callable[[NDArray[np.int64], NDArray[np.int64]], None]
    batch: int
    untold: NDArray[np.bool_]


def slice_steps(
    walkers: Ensemble,
    *,
    log_likelihood: Callable[[Floats], Floats],
    reference: Reference,
    steps: SliceSteps,
) -> None:
    """Move every walker by its steps; up to ``steps.batch`` points are computed together.

    The steps of a walker depend on its point and its generators only.
    """
    moving = _Moving(walkers, reference, steps)
    while moving.active.size:
        for asked in np.array_split(moving.active, -(-moving.active.size // steps.batch)):
            points = moving.points(asked)
            found = walkers.tried_at(points[:, None, :], log_likelihood)[:, 0]
            moving.judge(asked, points, found)
        moving.go_on()


class _Moving:
    """The ellipse and the angle of every walker, and which of its steps it is at."""

    def __init__(self, walkers: Ensemble, reference: Reference, steps: SliceSteps) -> None:
        self.walkers, self.reference, self.steps = walkers, reference, steps
        number = len(walkers.z)
        self._here, self._there = np.zeros_like(walkers.z), np.zeros_like(walkers.z)
        self._center = np.zeros_like(walkers.z)
        self._untold = np.zeros(number, bool)
        self._level, self._angle = np.zeros(number), np.zeros(number)
        self._low, self._high = np.zeros(number), np.zeros(number)
        self._used, self._step = np.zeros(number, np.int64), np.full(number, steps.first - 1)
        self._random: list[np.random.Generator] = [steps.generator(0, steps.first)] * number
        self._ended = np.arange(number)
        self.active = np.zeros(0, np.int64)
        self.go_on()

    def go_on(self) -> None:
        """Begin the next step of the walkers that have ended one."""
        self._step[self._ended] += 1
        begin = self._ended[self._step[self._ended] <= self.steps.last]
        if begin.size:
            self._begin(begin)
        self._ended = np.zeros(0, np.int64)
        self.active = np.flatnonzero(self._step <= self.steps.last)

    def _begin(self, who: NDArray[np.int64]) -> None:
        reference, z = self.reference, self.walkers.z[who]
        white = np.empty_like(z)
        scale, angle, log_u = np.empty(len(who)), np.empty(len(who)), np.empty(len(who))
        rates = reference.rates_of(z)
        for row, k in enumerate(who):
            one = self._random[k] = self.steps.generator(int(k), int(self._step[k]))
            scale[row] = reference.scale_by(rates[row], one)
            white[row] = one.standard_normal(z.shape[1])
            log_u[row], angle[row] = np.log1p(-one.random()), 2.0 * np.pi * one.random()
        few = self._untold[who] = (self._step[who] % 3 == 0) & self.steps.untold.any()
        part = self.steps.untold & few[:, None]
        self._center[who] = np.where(few[:, None], np.where(part, 0.0, z), reference.middle())
        self._here[who] = z - self._center[who]
        there = np.where(part, white, 0.0)
        there[~few] = reference.spread(white[~few], scale[~few, None])
        self._there[who] = there
        self._level[who] = self._height(who, z, self.walkers.log_likelihood[who]) + log_u
        self._angle[who], self._high[who], self._low[who] = angle, angle, angle - 2.0 * np.pi
        self._used[who] = 1

    def points(self, who: NDArray[np.int64]) -> Floats:
        """Return the point at the angle of each walker."""
        angle = self._angle[who, None]
        there = self._here[who] * np.cos(angle) + self._there[who] * np.sin(angle)
        return np.asarray(self._center[who] + there)

    def _height(self, who: NDArray[np.int64], z: Floats, log_likelihood: Floats) -> Floats:
        """Return ln p/t of points, ln L where a walker moves what the data hardly tell."""
        ratio = self.reference.log_ratio(z, log_likelihood)
        return np.where(self._untold[who], log_likelihood, ratio)

    def judge(self, who: NDArray[np.int64], points: Floats, found: Floats) -> None:
        """Move those above their level, and turn the others by a smaller angle."""
        above = self._height(who, points, found) > self._level[who]
        moved = who[above]
        self.walkers.z[moved], self.walkers.log_likelihood[moved] = points[above], found[above]
        refused = who[~above]
        spent = refused[self._used[refused] >= _MOST_ANGLES]
        refused = refused[self._used[refused] < _MOST_ANGLES]
        angle = self._angle[refused]
        self._low[refused] = np.where(angle < 0.0, angle, self._low[refused])
        self._high[refused] = np.where(angle < 0.0, self._high[refused], angle)
        uniform = np.array([self._random[k].random() for k in refused])
        width = self._high[refused] - self._low[refused]
        self._angle[refused] = self._low[refused] + width * uniform
        self._used[refused] += 1
        ended = np.concatenate([moved, spent])
        self.steps.keep(ended, self._step[ended])
        self._ended = np.concatenate([self._ended, ended])
