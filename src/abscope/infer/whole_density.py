"""The density of a case in every quantity that its data speak of, and the normal one at its top.

A sampler draws from this one: what the data do not carry comes out as wide as its prior, and what
they carry together stays together, however bent the likelihood is. Quantities that no reading
depends on are left out and stay at the prior.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.case_model import CaseModel, Information
from abscope.infer.latents import latent_of
from abscope.infer.posterior import Latent

__all__ = ["WholeDensity"]

#: Settings: Gauss-Newton steps at most, lengths of a step that are tried, and the longest one.
_STEPS, _LENGTHS, _LONGEST = 6, 0.25 ** np.arange(4), 4.0
_SMALL_GAIN = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class WholeDensity:
    """A case as a `Density` in some of its quantities by name.

    ``smooth`` and ``others`` are their places among the names of the model; the latents are those
    in this order. Every deviate is standard normal before the data.
    """

    model: CaseModel
    smooth: NDArray[np.int64]
    others: NDArray[np.int64]

    @property
    def places(self) -> NDArray[np.int64]:
        """Return where the latents are among the names of the model."""
        return np.concatenate([self.smooth, self.others])

    @property
    def latents(self) -> tuple[Latent, ...]:
        """Return the quantities by name."""
        return tuple(latent_of(self.model.names[k]) for k in self.places)

    @property
    def n_directions(self) -> int:
        """Return how many latents have a slope; the first ones."""
        return len(self.smooth)

    def log_likelihood(self, z: Floats) -> Floats:
        """Return the log likelihood of every point, (points,)."""
        if not len(z):
            return np.zeros(0)
        return self.model.log_likelihood(self.model.computed(self._full(z)))

    def with_gradient(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the log likelihood (points,) and its gradient along z, (points, latents)."""
        if not len(z):
            return np.zeros(0), np.zeros(np.shape(z))
        found, gradient = self._known(z), np.zeros(np.shape(z))
        gradient[:, : len(self.smooth)] = found.gradient
        return found.log_likelihood, gradient

    def with_curvature(self, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Return log likelihood, gradient and the information J (points, rows, latents) along z."""
        found, gradient = self._known(z), np.zeros(np.shape(z))
        number = len(self.smooth)
        gradient[:, :number] = found.gradient
        rows = np.zeros((len(gradient), found.newton.shape[1], len(self.places)))
        rows[:, :, :number] = found.newton
        return found.log_likelihood, gradient, rows

    def normal_at(self, z: Floats) -> tuple[Floats, Floats]:
        """Return center and covariance of the normal posterior at the top above a point z.

        A few Gauss-Newton steps go from z (latents,) to the top; there the covariance is
        (I + J^T J)^-1.
        """
        best = np.array(z, float)
        log_l, gradient, rows = self.with_curvature(best[None, :])
        for _ in range(_STEPS):
            j, uphill = rows[0], gradient[0] - best
            uphill[len(self.smooth) :] = 0.0
            step = _shrunk(j, uphill)
            step *= min(1.0, _LONGEST / max(float(np.linalg.norm(step)), 1e-12))
            tried = best + _LENGTHS[:, None] * step
            height = self.log_likelihood(tried) - 0.5 * np.square(tried).sum(axis=1)
            gain = height.max() - (float(log_l[0]) - 0.5 * float(best @ best))
            if not gain > 0.0:
                break
            best = tried[int(np.argmax(height))]
            log_l, gradient, rows = self.with_curvature(best[None, :])
            if gain < _SMALL_GAIN:
                break
        return best, _shrunk(rows[0], np.eye(len(best)))

    def _known(self, z: Floats) -> Information:
        directions = np.eye(len(self.model.names))[self.smooth]
        return self.model.information(self.model.computed_along(self._full(z), directions))

    def _full(self, z: Floats) -> Floats:
        full = np.zeros((len(z), len(self.model.names)))
        full[:, self.places] = z
        return full


def _shrunk(j: Floats, x: Floats) -> Floats:
    """Return (I + J^T J)^-1 x = x - J^T (I + J J^T)^-1 J x."""
    return np.asarray(x - j.T @ np.linalg.solve(np.eye(len(j)) + j @ j.T, j @ x))
