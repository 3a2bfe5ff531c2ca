"""Densities of deviates whose posterior is known, or that are hard, and cost nothing."""

from dataclasses import dataclass, field

import numpy as np

from abscope.infer.posterior import Latent
from abscope.infer.sampling import Start

__all__ = ["Bent", "Curve", "Linear", "start_of"]


@dataclass
class Linear:
    """y = A z + noise of 1: the posterior is normal, with covariance (I + A^T A)^-1."""

    slopes: np.ndarray
    y: np.ndarray

    @property
    def latents(self):
        return tuple(Latent(name=f"z{k}", meaning=f"z{k}") for k in range(self.slopes.shape[1]))

    @property
    def covariance(self):
        return np.linalg.inv(np.eye(self.slopes.shape[1]) + self.slopes.T @ self.slopes)

    @property
    def mean(self):
        return self.covariance @ self.slopes.T @ self.y

    def log_likelihood(self, z):
        return -0.5 * np.square(z @ self.slopes.T - self.y).sum(axis=1)

    def with_gradient(self, z):
        rest = self.y - z @ self.slopes.T
        return -0.5 * np.square(rest).sum(axis=1), rest @ self.slopes


@dataclass
class Bent:
    """z1 lies along a parabola of z0; z2 is known to be above 1; z3 is a choice of three.

    Beyond |z0| = 2.5 nothing can be simulated. ``seen`` has the sizes of all calls.
    """

    seen: list = field(default_factory=list)
    latents = tuple(Latent(name=f"z{k}", meaning=f"z{k}") for k in range(5))

    def log_likelihood(self, z):
        self.seen.append(len(z))
        parabola = -0.5 * np.square((z[:, 1] + 0.5 * z[:, 0] ** 2 - 0.5) / 0.3)
        choice = np.where(z[:, 3] < -0.43, -1.0, np.where(z[:, 3] < 0.43, 0.5, 0.0))
        inside = (np.abs(z[:, 0]) < 2.5) & (z[:, 2] > 1.0)
        return np.where(inside, parabola + choice, -np.inf)


def start_of(density, spread=1.0):
    """Return a start about the posterior mean of a `Linear`, wider by a factor."""
    return Start(center=density.mean, covariance=spread**2 * density.covariance)


@dataclass
class Curve:
    """Four measurements with an error of 0.3 of a curve with three parameters."""

    y: np.ndarray
    latents = tuple(Latent(name=name, meaning=name) for name in "abc")

    @staticmethod
    def mean(z):
        """Return the curve at four times, (points, 4)."""
        t = np.array([0.0, 0.5, 1.0, 2.0])
        return z[:, :1] + np.exp(0.5 * z[:, 1:2]) * t - np.exp(0.5 * z[:, 2:]) * (1 - np.exp(-t))

    def log_likelihood(self, z):
        return -0.5 * np.square((self.y - self.mean(z)) / 0.3).sum(axis=1)
