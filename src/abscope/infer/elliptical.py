"""One step of generalized elliptical slice sampling for many chains, each with its own random bits.

The target p is compared with the reference t (`abscope.infer.ensemble`), a Student t along a few
directions, which is a mixture of normal distributions over a scale s. For a point x of center m:

    s given x,   y ~ N(m, s C) along the directions, N(0, I) across,   level = ln p/t (x) + ln u
    x' = m + (x - m) cos a + (y - m) sin a,       the first angle a with ln p/t (x') > level

with a uniform on a full turn that shrinks toward 0 after every refusal. Nothing is tuned, no slope
is needed, and p may jump (a version, a number of lesions). The next angles are known before a
refusal, so several are tried at once: a batch costs less than its members one by one.
Sources: Murray 2010, AISTATS 9:541; Nishihara 2014, JMLR 15:2087.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.ensemble import Ensemble, Reference

__all__ = ["Part", "slice_step"]

Part = Literal["all", "along", "across"]

#: After this many refusals the angle is 1e-15 of a turn: the point stays.
_MOST_ANGLES = 160


def slice_step(
    chains: Ensemble,
    *,
    log_likelihood: Callable[[Floats], Floats],
    reference: Reference,
    generators: list[np.random.Generator],
    batch: int,
    part: Part = "all",
) -> None:
    """Move every chain by one step; about ``batch`` points are computed together.

    A step moves along the directions of the reference only, across them only, or both (``part``).
    The step of a chain depends on its point and its generator only, not on ``batch``.
    """
    ellipses = [
        _Ellipse(z, reference, one, part) for z, one in zip(chains.z, generators, strict=True)
    ]
    levels = reference.log_ratio(chains.z, chains.log_likelihood)
    levels += np.array([ellipse.log_u for ellipse in ellipses])
    waiting = np.arange(len(chains.z))
    while waiting.size:
        each = max(1, batch // len(waiting))
        points = np.stack([ellipses[k].points(each) for k in waiting])
        found = chains.tried_at(points, log_likelihood)
        good = reference.log_ratio(points, found) > levels[waiting, None]
        first = good.argmax(axis=1)
        done = good.any(axis=1)
        moved = waiting[done]
        chains.z[moved] = points[done, first[done]]
        chains.log_likelihood[moved] = found[done, first[done]]
        spent = np.array([ellipses[k].used >= _MOST_ANGLES for k in waiting])
        waiting = waiting[~done & ~spent]


class _Ellipse:
    """The ellipse of one chain, and its angles in the order in which they would be tried."""

    def __init__(
        self, z: Floats, reference: Reference, generator: np.random.Generator, part: Part
    ) -> None:
        self._generator = generator
        scale = reference.scale_of(z, generator)
        there = reference.spread(generator.standard_normal(len(z)), scale)
        self._center, self._there = reference.middle(), there
        if part == "along":
            self._center = self._center + z - reference.projected(z)
            self._there = reference.projected(there)
        elif part == "across":
            self._center = reference.projected(z)
            self._there = there - reference.projected(there)
        self._here = z - self._center
        self.log_u = float(np.log1p(-generator.random()))
        self._low, self._high, self.used = -2.0 * np.pi, 0.0, 0

    def points(self, number: int) -> Floats:
        """Return the next ``number`` points, each as if those before were refused."""
        angles: NDArray[np.float64] = np.array([self._angle() for _ in range(number)])[:, None]
        return np.asarray(self._center + self._here * np.cos(angles) + self._there * np.sin(angles))

    def _angle(self) -> float:
        uniform = self._generator.random()
        if self.used == 0:
            angle = 2.0 * np.pi * uniform
            self._low, self._high = angle - 2.0 * np.pi, angle
        else:
            angle = self._low + (self._high - self._low) * uniform
            if angle < 0.0:
                self._low = angle
            else:
                self._high = angle
        self.used += 1
        return float(angle)
