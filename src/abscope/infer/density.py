"""What a sampler and an optimizer need to know of a fit: how well deviates explain the data.

The prior of every deviate is standard normal (`abscope.infer.posterior`), so that

    log posterior(z) = log likelihood(z) - |z|^2 / 2 + constant
"""

from typing import Protocol

from abscope.dose.geometry.grid import Floats
from abscope.infer.posterior import Latent

__all__ = ["Density"]


class Density(Protocol):
    """A likelihood of many points at once; points z are (points, latents).

    Where a point cannot be simulated its log likelihood is minus infinity and its gradient 0.
    """

    @property
    def latents(self) -> tuple[Latent, ...]:
        """Return what the columns of z are."""
        ...

    def log_likelihood(self, z: Floats) -> Floats:
        """Return the log likelihood of every point, (points,)."""
        ...

    def with_gradient(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the log likelihood (points,) and its gradient along z, (points, latents)."""
        ...
