"""Points of several chains, and the distribution about which they move.

The reference is a Student t of center m, scale C = L L^T, nu degrees of freedom, d dimensions:

    ln t(z) = -(nu + d)/2 ln(1 + q/nu) + constant,   q = |L^-1 (z - m)|^2
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
    """A Student t distribution: ``center`` (latents,), ``factor`` the Cholesky factor L of C."""

    center: Floats
    factor: Floats

    def distance(self, z: Floats) -> Floats:
        """Return q of points (..., latents)."""
        # by the inverse and not by a solver: the same bits for a point alone and among others
        inverse = np.linalg.inv(self.factor)
        return np.asarray(np.einsum("...j,ij->...i", z - self.center, inverse) ** 2).sum(axis=-1)

    def log_ratio(self, z: Floats, log_likelihood: Floats) -> Floats:
        """Return ln p - ln t of points (..., latents), up to a constant."""
        half = 0.5 * (_NU + len(self.center))
        log_t = -half * np.log1p(self.distance(z) / _NU)
        return np.asarray(log_likelihood - 0.5 * np.square(z).sum(axis=-1) - log_t)

    def draws(self, number: int, generator: np.random.Generator) -> Floats:
        """Return independent draws (number, latents)."""
        scale = np.sqrt(0.5 * _NU / generator.standard_gamma(0.5 * _NU, number))
        white = generator.standard_normal((number, len(self.center)))
        return self.center + scale[:, None] * np.einsum("ij,kj->ki", self.factor, white)

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

    def tried_at(self, z: Floats, log_likelihood: Callable[[Floats], Floats]) -> Floats:
        """Return the log likelihood of points z (chains, number, latents), counted."""
        found = log_likelihood(z.reshape(-1, z.shape[-1])).reshape(z.shape[:-1])
        found = np.where(np.isnan(found), -np.inf, found)
        self.tried += found.size
        self.failed += int(np.isneginf(found).sum())
        return found
