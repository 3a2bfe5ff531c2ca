"""The density of a case: how well the combinations of quantities that data carry explain them."""

from dataclasses import dataclass, replace

import numpy as np

from abscope.case.record import Case
from abscope.dose.geometry.grid import Floats
from abscope.infer.case_model import CaseModel, FitOptions, case_model
from abscope.infer.latents import latent_of
from abscope.infer.posterior import Latent, Posterior
from abscope.infer.scouting import scouted
from abscope.infer.subspace import Subspace, directions_of, words_of
from abscope.infer.whole_density import WholeDensity

__all__ = ["CaseDensity", "density_of"]

#: Seed of the draws from which the directions are found: the same case has the same directions.
_SEED = 1


@dataclass(frozen=True, eq=False)
class CaseDensity:
    """A case as a `Density`; coordinates (points, latents) are directions, then choices.

    Every coordinate is standard normal before the data. What is not a coordinate is at the middle
    of its prior here. ``starts`` are coordinates from which a search
    can begin, ``whole`` is the density of all quantities that a reading depends on.
    """

    model: CaseModel
    subspace: Subspace
    starts: Floats
    whole: WholeDensity

    @property
    def latents(self) -> tuple[Latent, ...]:
        """Return the coordinates: 'direction k' with what it changes most, then choices by name."""
        names = self.subspace.names
        every = {name: latent_of(name) for name in names}
        found = [
            Latent(name=f"direction {k + 1}", meaning=words_of(row, every, names))
            for k, row in enumerate(self.subspace.directions)
        ]
        return (*found, *(every[names[k]] for k in self.subspace.choices))

    def log_likelihood(self, z: Floats) -> Floats:
        """Return the log likelihood of every point, (points,)."""
        z = np.asarray(z, float)
        if not len(z):
            return np.zeros(0)
        return self.model.log_likelihood(self.model.computed(self.subspace.points(z)))

    def with_gradient(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the log likelihood (points,) and its gradient along z, (points, latents).

        A choice has no slope: its column is 0.
        """
        z = np.asarray(z, float)
        if not len(z):
            return np.zeros(0), np.zeros(z.shape)
        log_likelihood, gradient, _ = self.with_curvature(z)
        return log_likelihood, gradient

    @property
    def n_directions(self) -> int:
        """Return how many latents have a slope; the others are choices."""
        return len(self.subspace.directions)

    def with_curvature(self, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Return log likelihood, gradient and the information J (points, rows, latents) along z."""
        z = np.asarray(z, float)
        number = self.n_directions
        found = self.model.computed_along(self.subspace.points(z), self.subspace.directions)
        known = self.model.information(found)
        gradient = np.zeros(z.shape)
        gradient[:, :number] = known.gradient
        rows = np.zeros((*known.newton.shape[:2], z.shape[1]))
        rows[:, :, :number] = known.newton
        return known.log_likelihood, gradient, rows

    def start_of(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the normal posterior, in the latents of ``whole``, at the top above a point z.

        ``z`` (latents,) are coordinates, such as those of the best fit.
        """
        return self.whole.normal_at(self.subspace.points(z[None, :])[0, self.whole.places])

    def coordinates_of(self, posterior: Posterior) -> Posterior:
        """Return the draws of ``whole`` in the coordinates of this density."""
        full = np.zeros((*posterior.z.shape[:2], len(self.subspace.names)))
        full[..., self.whole.places] = posterior.z
        return replace(posterior, latents=self.latents, z=full @ self.subspace.basis.T)


def density_of(case: Case, options: FitOptions | None = None) -> CaseDensity:
    """Return the density of a case.

    The directions are those of the information at the best points found (`scouting`). Raises
    CaseError where there is nothing to simulate or to compare with.
    """
    options = options or FitOptions()
    model = case_model(case, options)
    found = scouted(model, seed=_SEED)
    most = max(1, options.most_directions - len(found.choices))
    directions, ratio = directions_of(
        found.rows, most=most, informative_frac=options.informative_frac
    )
    subspace = Subspace(model.names, directions, found.choices, ratio)
    whole = WholeDensity(model, found.smooth, found.others)
    return CaseDensity(model, subspace, subspace.coordinates(found.starts), whole)
