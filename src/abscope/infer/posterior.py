"""Draws from the posterior of a case, in standard normal deviates by quantity.

`abscope.model.prior_draws.PriorDraws` turns a deviate z of a name into the quantity of that name;
before the data every z is standard normal. A posterior holds draws of the z that were sampled. All
others stay at their prior, drawn by ``seed`` and the number of the draw, so that every patient of
the posterior can be made again, with or without a course, by `Posterior.prior`.
"""

from dataclasses import dataclass, field

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError
from abscope.model.prior_draws import PriorDraws

__all__ = ["Diagnosis", "Latent", "Posterior"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """A quantity that is sampled: its name in `PriorDraws`, its meaning, the lesion it is of."""

    name: str
    meaning: str
    lesion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How far the chains can be trusted; ``why`` has one sentence for each thing that is wrong."""

    r_hat: float
    ess_bulk: float
    ess_tail: float
    why: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Return whether nothing speaks against the chains."""
        return not self.why


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """Draws ``z`` (chains, draws, latents) with their log posterior density (chains, draws).

    ``method`` names the sampler; every draw counts the same.
    """

    case_id: str
    latents: tuple[Latent, ...]
    z: Floats = field(repr=False)
    log_density: Floats = field(repr=False)
    seed: int
    method: str
    diagnosis: Diagnosis

    def __post_init__(self) -> None:
        expected = (*self.log_density.shape, len(self.latents))
        if self.log_density.ndim != 2 or self.z.shape != expected:
            what = f"draws of shape {self.z.shape}"
            raise UsageError(Problem("posterior", what, f"{expected}", "Give a row per draw."))

    @property
    def size(self) -> int:
        """Return how many draws there are in all chains."""
        return int(self.log_density.size)

    def deviates(self) -> dict[str, Floats]:
        """Return the deviates by name, (draws of all chains,)."""
        flat = self.z.reshape(-1, len(self.latents))
        return {latent.name: flat[:, k] for k, latent in enumerate(self.latents)}

    def prior(self, draws: int | None = None) -> PriorDraws:
        """Return ``draws`` of the posterior, evenly taken from all chains, as patients are made.

        Draw k is the same for the same number of draws, whatever is simulated with it. Raises
        UsageError for more draws than there are.
        """
        number = self.size if draws is None else draws
        if not 1 <= number <= self.size:
            raise UsageError(
                Problem("draws", f"{number}", f"1 to {self.size}", "Choose another number.")
            )
        chosen = np.linspace(0, self.size - 1, number).round().astype(np.int64)
        given = {name: column[chosen] for name, column in self.deviates().items()}
        return PriorDraws(number, seed=self.seed, given=given)
