"""Steps of generalized elliptical slice sampling for many walkers, each with its own random bits.

The target p is compared with the reference t (`abscope.infer.ensemble`), a Student t along a few
directions, which is a mixture of normal distributions over a scale s. For a point x of center m:

    s given x,   y ~ N(m, s C) along the directions, N(0, I) across,   level = ln p/t (x) + ln u
    x' = m + (x - m) cos a + (y - m) sin a,       the first angle a with ln p/t (x') > level

with a uniform on a full turn that shrinks toward 0 after every refusal. Every third step moves only
quantities that the data hardly tell, about their prior, by ln L alone: most of those are new after
it, since their prior is their posterior but for a little. Nothing is tuned, no slope
is needed, and p may jump (a version, a number of lesions). A walker that has found its next point
goes on to its next step while others still look for theirs: every batch has a point of each. Where
fewer walkers are left than points fit into a batch, it also has the points of each that follow if
the first ones are refused; what comes after the first one above the level is not looked at.
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
#: Setting: points of a walker in one batch at most.
_MOST_AHEAD = 16


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
            points = moving.points(asked, steps.batch // asked.size)
            moving.judge(asked, points, log_likelihood)
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

    def points(self, who: NDArray[np.int64], number: int) -> Floats:
        """Return the next points (walkers, number, latents), should every one be refused.

        No walker tries more than it may: there can be fewer of them.
        """
        number = min(number, _MOST_AHEAD, 1 + _MOST_ANGLES - int(self._used[who].max()))
        points = np.empty((len(who), number, self.walkers.z.shape[1]))
        for k in range(number):
            if k:
                self._turn(who)
            angle = self._angle[who, None]
            there = self._here[who] * np.cos(angle) + self._there[who] * np.sin(angle)
            points[:, k] = self._center[who] + there
        return points

    def _turn(self, who: NDArray[np.int64]) -> None:
        """Turn walkers by a smaller angle than the one that is refused."""
        angle = self._angle[who]
        self._low[who] = np.where(angle < 0.0, angle, self._low[who])
        self._high[who] = np.where(angle < 0.0, self._high[who], angle)
        uniform = np.array([self._random[k].random() for k in who])
        self._angle[who] = self._low[who] + (self._high[who] - self._low[who]) * uniform
        self._used[who] += 1

    def _height(self, who: NDArray[np.int64], z: Floats, log_likelihood: Floats) -> Floats:
        """Return ln p/t of points, ln L where a walker moves what the data hardly tell."""
        ratio = self.reference.log_ratio(z, log_likelihood)
        return np.where(self._untold[who], log_likelihood, ratio)

    def judge(
        self,
        who: NDArray[np.int64],
        points: Floats,
        log_likelihood: Callable[[Floats], Floats],
    ) -> None:
        """Move each walker to the first of its points above its level, and turn the others."""
        walkers, number = self.walkers, points.shape[1]
        found = walkers.found_at(points, log_likelihood)
        every = np.repeat(who, number)
        height = self._height(every, points.reshape(len(every), -1), found.ravel())
        above = height.reshape(found.shape) > self._level[who, None]
        moves, first = above.any(axis=1), above.argmax(axis=1)
        rows = np.arange(len(who))
        looked_at = np.arange(number) <= np.where(moves, first, number - 1)[:, None]
        walkers.count(found[looked_at])
        moved, taken = who[moves], (rows[moves], first[moves])
        walkers.z[moved], walkers.log_likelihood[moved] = points[taken], found[taken]
        refused = who[~moves]
        spent = refused[self._used[refused] >= _MOST_ANGLES]
        self._turn(refused[self._used[refused] < _MOST_ANGLES])
        ended = np.concatenate([moved, spent])
        self.steps.keep(ended, self._step[ended])
        self._ended = np.concatenate([self._ended, ended])
