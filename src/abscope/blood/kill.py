"""Surviving fraction of blood cells after a dose, and the transforms that its mean needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Kill", "LinearQuadratic", "Saturating"]

#: The Poisson series ends where less than this is left.
_POISSON_TAIL = 1e-12
_POISSON_TERMS = (12, 20, 40, 80)
_HERMITE_NODES = (16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class LinearQuadratic:
    """S(D) = exp(-alpha D - beta D^2); beta 0 is purely exponential survival."""

    alpha_per_gy: float
    beta_per_gy2: float = 0.0

    def surviving_frac(self, dose_gy: ArrayLike) -> NDArray[np.float64]:
        """Surviving fraction of cells that got a dose (Gy), same shape."""
        dose = np.asarray(dose_gy, dtype=float)
        return np.exp(-dose * (self.alpha_per_gy + self.beta_per_gy2 * dose))

    def transform_terms(
        self, largest_gy: float
    ) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        """Weights w and points s (1/Gy) with mean S = sum of w Re E[exp(-s D)].

        exp(-beta D^2) is the mean of exp(i sqrt(2 beta) z D) over a standard normal z, here by
        Gauss-Hermite quadrature with 16 nodes (more where the largest dose needs them).
        """
        if self.beta_per_gy2 == 0:
            return np.ones(1), np.array([self.alpha_per_gy], dtype=complex)
        frequency = np.sqrt(2 * self.beta_per_gy2)
        # n nodes integrate cos(c z) to 1e-7 while c <= 0.8 sqrt(n); beyond the last count
        # exp(-beta D^2) itself is below 1e-22
        needed = (frequency * largest_gy / 0.8) ** 2
        count = next((n for n in _HERMITE_NODES if n >= needed), _HERMITE_NODES[-1])
        nodes, weights = np.polynomial.hermite_e.hermegauss(count)
        positive = nodes > 0
        points = self.alpha_per_gy + 1j * frequency * nodes[positive]
        return 2 * weights[positive] / np.sqrt(2 * np.pi), points


@dataclass(frozen=True, slots=True)
class Saturating:
    """S(D) = plateau^(1 - exp(-mu D)): at high dose the fraction ``plateau_frac`` survives."""

    mu_per_gy: float
    plateau_frac: float

    def surviving_frac(self, dose_gy: ArrayLike) -> NDArray[np.float64]:
        """Surviving fraction of cells that got a dose (Gy), same shape."""
        dose = np.asarray(dose_gy, dtype=float)
        return np.asarray(self.plateau_frac ** (1 - np.exp(-self.mu_per_gy * dose)))

    def transform_terms(
        self,
        largest_gy: float,  # noqa: ARG002
    ) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        """Weights w and points s (1/Gy) with mean S = sum of w Re E[exp(-s D)].

        S = exp(-L) exp(L exp(-mu D)) with L = -ln plateau, a Poisson-weighted sum of
        exp(-n mu D); the weight that is cut off is put on the last term.
        """
        loss = -np.log(self.plateau_frac)
        order = np.arange(_POISSON_TERMS[-1])
        weights = np.exp(-loss) * np.cumprod(np.append(1.0, loss / order[1:]))
        tail = 1 - np.cumsum(weights)
        count = next((n for n in _POISSON_TERMS if tail[n - 1] < _POISSON_TAIL), order.size)
        weights[count - 1] += tail[count - 1]
        return weights[:count], (order[:count] * self.mu_per_gy).astype(complex)


Kill = LinearQuadratic | Saturating
