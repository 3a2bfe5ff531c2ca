"""Points of many walkers, and the distribution about which they move.

The data carry a few directions B (rows, orthonormal) of z; along all others a posterior is nearly
its prior. The reference is a Student t of center m, scale C = L L^T, nu degrees of freedom along
the k directions, and the prior N(0, I) across them. With u = B z:

    ln t(z) = -(nu + k)/2 ln(1 + q/nu) - (|z|^2 - |u|^2)/2 + constant,   q = |L^-1 (u - m)|^2
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats

__all__ = ["Ensemble", "Reference"]

#: Setting: degrees of freedom; tails wider than those of a posterior with a normal prior.
_NU = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A distribution of points z (..., latents) that is near a posterior.

    ``basis`` (k, latents) are directions, ``center`` (k,) and ``factor`` (k, k), the lower Cholesky
    factor of C, belong to the Student t along them.
    """

    basis: Floats
    center: Floats
    factor: Floats

    def along(self, z: Floats) -> Floats:
        """Return the coordinates u (..., k) of points."""
        # not by a matrix product: the same bits for a point alone and among others
        return np.asarray(np.einsum("...j,kj->...k", z, self.basis))

    def middle(self) -> Floats:
        """Return the center in all latents."""
        return np.asarray(self.center @ self.basis)

    def log_ratio(self, z: Floats, log_likelihood: Floats) -> Floats:
        """Return ln p - ln t of points, up to a constant."""
        u = self.along(z)
        half = 0.5 * (_NU + len(self.center))
        kept = half * np.log1p(self._distance(u) / _NU) - 0.5 * np.square(u).sum(axis=-1)
        return np.asarray(log_likelihood + kept)

    def log_weight(self, z: Floats, log_likelihood: Floats, prior_frac: float) -> Floats:
        """Return ln p of points over their mixture with a share of the prior, up to a constant.

        ln p - ln((1 - c) t + c n), with t and the normal density n along the directions.
        """
        from scipy.special import gammaln

        u, k = self.along(z), len(self.center)
        t = gammaln(0.5 * (_NU + k)) - gammaln(0.5 * _NU) - 0.5 * k * np.log(0.5 * _NU)
        t = t - np.log(np.diag(self.factor)).sum()
        t = t - 0.5 * (_NU + k) * np.log1p(self._distance(u) / _NU)
        normal = -0.5 * np.square(u).sum(axis=-1)
        both = np.logaddexp(np.log1p(-prior_frac) + t, np.log(prior_frac) + normal)
        return np.asarray(log_likelihood + normal - both)

    def rates_of(self, z: Floats) -> Floats:
        """Return (nu + q)/2 of points z (..., latents), the rate of the scale of each."""
        return np.asarray(0.5 * (_NU + self._distance(self.along(z))))

    def scale_by(self, x: float, generator: np.random.Generator) -> float:
        """Return the root of the scale s of the normal distribution that a point came from.

        s ~ inverse gamma((nu + k)/2, x), with the rate x of the point (`rates_of`).
        """
        shape = 0.5 * (_NU + len(self.center))
        return float(np.sqrt(x / generator.standard_gamma(shape)))

    def spread(self, z: Floats, scale: Floats | float) -> Floats:
        """Return deviations from the center (..., latents) of standard normal ones.

        ``scale`` (..., 1) is the root of s.
        """
        u = self.along(z)
        moved = scale * np.einsum("...j,kj->...k", u, self.factor) - u
        return np.asarray(z + np.einsum("...k,kj->...j", moved, self.basis))

    def draws(self, number: int, generator: np.random.Generator) -> Floats:
        """Return independent draws (number, latents)."""
        scale = np.sqrt(0.5 * _NU / generator.standard_gamma(0.5 * _NU, number))
        white = generator.standard_normal((number, self.basis.shape[1]))
        return self.middle() + self.spread(white, scale[:, None])

    def _distance(self, u: Floats) -> Floats:
        inverse = np.linalg.inv(self.factor)
        white = np.einsum("...j,kj->...k", u - self.center, inverse)
        return np.asarray(np.square(white).sum(axis=-1))


@dataclass(slots=True, eq=False)
class Ensemble:
    """Walkers at ``z`` (walkers, latents) with their log likelihood (walkers,)."""

    z: Floats
    log_likelihood: Floats
    tried: int = 0
    failed: int = 0

    def log_posterior(self) -> Floats:
        """Return the log posterior density of every walker, up to a constant."""
        return np.asarray(self.log_likelihood - 0.5 * np.square(self.z).sum(axis=1))

    def tried_at(self, z: Floats, log_likelihood: Callable[[Floats], Floats]) -> Floats:
        """Return the log likelihood of points z (chains, number, latents), counted."""
        found = self.found_at(z, log_likelihood)
        self.count(found)
        return found

    def found_at(self, z: Floats, log_likelihood: Callable[[Floats], Floats]) -> Floats:
        """Return the log likelihood of points z (chains, number, latents); -inf: it has none."""
        found = log_likelihood(z.reshape(-1, z.shape[-1])).reshape(z.shape[:-1])
        return np.where(np.isnan(found), -np.inf, found)

    def count(self, log_likelihood: Floats) -> None:
        """Count points that were tried by their log likelihood."""
        self.tried += log_likelihood.size
        self.failed += int(np.isneginf(log_likelihood).sum())
