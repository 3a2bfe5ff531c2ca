"""One step of generalized elliptical slice sampling for many chains, each with its own random bits.

The target p is compared with a Student t reference of center m, scale C = L L^T, nu degrees of
freedom and d dimensions, written as a mixture of normal distributions. For a point x:

    s  ~ inverse gamma((nu + d)/2, (nu + q)/2),   q = |L^-1 (x - m)|^2
    y  ~ N(m, s C),   level = ln p(x) - ln t(x) + ln u
    x' = m + (x - m) cos a + (y - m) sin a,       the first angle a with ln p(x') - ln t(x') > level

with a uniform on a full turn that shrinks toward 0 after every refusal. Nothing is tuned, no slope
is needed, and p may jump (a version, a number of lesions). The next angles are known before a
refusal, so several are tried at once: a batch costs less than its members one by one.
Sources: Murray 2010, AISTATS 9:541; Nishihara 2014, JMLR 15:2087.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats

__all__ = ["Ensemble", "Reference", "advance"]

#: Setting: degrees of freedom of the reference; tails wider than those of any posterior here.
_NU = 5.0
#: After this many refusals the angle is 1e-15 of a turn: the point stays.
_MOST_ANGLES = 160


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A Student t distribution: ``center`` (latents,), ``factor`` the Cholesky factor L of C."""

    center: Floats
    factor: Floats

    def distance(self, z: Floats) -> Floats:
        """Return q of points (..., latents)."""
        # by the inverse and not by a solver: the same bits for a point alone and among others
        inverse = np.linalg.inv(self.factor)
        return np.asarray(np.einsum("...j,ij->...i", z - self.center, inverse) ** 2).sum(axis=-1)

    def log_density(self, z: Floats) -> Floats:
        """Return ln t of points (..., latents), up to a constant."""
        half = 0.5 * (_NU + len(self.center))
        return np.asarray(-half * np.log1p(self.distance(z) / _NU))

    def scale_of(self, z: Floats, generator: np.random.Generator) -> float:
        """Return the root of a draw of s for one point."""
        shape = 0.5 * (_NU + len(self.center))
        rate = 0.5 * (_NU + float(self.distance(z)))
        return float(np.sqrt(rate / generator.standard_gamma(shape)))


@dataclass(slots=True, eq=False)
class Ensemble:
    """Chains at ``z`` (chains, latents) with their log likelihood (chains,)."""

    z: Floats
    log_likelihood: Floats
    tried: int = 0
    failed: int = 0

    def log_posterior(self) -> Floats:
        """Return the log posterior density of every chain, up to a constant."""
        return np.asarray(self.log_likelihood - 0.5 * np.square(self.z).sum(axis=1))


def advance(
    chains: Ensemble,
    *,
    log_likelihood: Callable[[Floats], Floats],
    reference: Reference,
    generators: list[np.random.Generator],
    batch: int,
) -> None:
    """Move every chain by one step; about ``batch`` points are computed together.

    The step of a chain depends on its point and its generator only, not on ``batch``.
    """
    ellipses = [_Ellipse(z, reference, one) for z, one in zip(chains.z, generators, strict=True)]
    levels = chains.log_posterior() - reference.log_density(chains.z)
    levels += np.array([ellipse.log_u for ellipse in ellipses])
    waiting = np.arange(len(chains.z))
    while waiting.size:
        each = max(1, batch // len(waiting))
        points = np.stack([ellipses[k].points(each) for k in waiting])
        found = log_likelihood(points.reshape(-1, points.shape[2])).reshape(points.shape[:2])
        found = np.where(np.isnan(found), -np.inf, found)
        chains.tried += found.size
        chains.failed += int(np.isneginf(found).sum())
        height = found - 0.5 * np.square(points).sum(axis=2) - reference.log_density(points)
        good = height > levels[waiting, None]
        first = good.argmax(axis=1)
        done = good.any(axis=1)
        moved = waiting[done]
        chains.z[moved] = points[done, first[done]]
        chains.log_likelihood[moved] = found[done, first[done]]
        spent = np.array([ellipses[k].used >= _MOST_ANGLES for k in waiting])
        waiting = waiting[~done & ~spent]


class _Ellipse:
    """The ellipse of one chain, and its angles in the order in which they would be tried."""

    def __init__(self, z: Floats, reference: Reference, generator: np.random.Generator) -> None:
        self._generator, self._center = generator, reference.center
        scale = reference.scale_of(z, generator)
        other = np.einsum("ij,j->i", reference.factor, generator.standard_normal(len(z)))
        self._here, self._there = z - reference.center, scale * other
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
