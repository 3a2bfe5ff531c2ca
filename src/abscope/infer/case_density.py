"""The density of a case: how well the combinations of quantities that data carry explain them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.case.record import Case
from abscope.dose.geometry.grid import Floats
from abscope.infer.case_model import CaseModel, FitOptions, case_model
from abscope.infer.latents import choice_names, latent_of, smooth_names
from abscope.infer.posterior import Diagnosis, Latent, Posterior
from abscope.infer.subspace import Subspace, directions_of, words_of

__all__ = ["CaseDensity", "density_of"]

#: Setting: a choice counts where it moves a reading by this many standard deviations.
_CHOICE_COUNTS = 0.5
#: Setting: how many choices are estimated at most.
_MOST_CHOICES = 6
#: Setting: quantities with less than this share of the information are left out after a first look.
_SLIGHT = 1e-4


@dataclass(frozen=True, eq=False)
class CaseDensity:
    """A case as a `Density`; coordinates (points, latents) are directions, then choices.

    Every coordinate is standard normal before the data. What is not a coordinate is at the middle
    of its prior here, and drawn from it in `named`.
    """

    model: CaseModel
    subspace: Subspace

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
        number = len(self.subspace.directions)
        gradient = np.zeros(z.shape)
        if not len(z):
            return np.zeros(0), gradient
        found = self.model.computed_along(self.subspace.points(z), self.subspace.directions)
        known = self.model.information(found)
        gradient[:, :number] = known.gradient
        return known.log_likelihood, gradient

    def log_likelihood_of_all(self, z: Floats) -> Floats:
        """Return the log likelihood of deviates of all quantities, (points, names)."""
        return self.model.log_likelihood(self.model.computed(np.asarray(z, float)))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all quantities, in the order of the deviates of `points`."""
        return self.subspace.names

    def points(self, z: Floats, *, seed: int) -> Floats:
        """Return deviates of all quantities (points, names) of coordinates, the rest drawn."""
        rest = np.random.default_rng(seed).standard_normal((len(z), len(self.names)))
        return self.subspace.points(np.asarray(z, float), rest)

    def named(self, posterior: Posterior) -> Posterior:
        """Return a posterior of the coordinates as one of all quantities by name.

        The rest is drawn from the prior by the seed of the posterior.
        """
        chains, draws, _ = posterior.z.shape
        flat = self.points(posterior.z.reshape(chains * draws, -1), seed=posterior.seed)
        return Posterior(
            case_id=posterior.case_id,
            latents=tuple(latent_of(name) for name in self.names),
            z=flat.reshape(chains, draws, -1),
            log_density=posterior.log_density,
            seed=posterior.seed,
            method=posterior.method,
            diagnosis=Diagnosis(
                r_hat=posterior.diagnosis.r_hat, ess_bulk=posterior.diagnosis.ess_bulk,
                ess_tail=posterior.diagnosis.ess_tail, why=posterior.diagnosis.why,
            ),
        )  # fmt: skip


def density_of(case: Case, options: FitOptions | None = None) -> CaseDensity:
    """Return the density of a case.

    The directions are those of the information at the middle of the prior and at the best point
    found from there. Raises CaseError where there is nothing to simulate or to compare with.
    """
    options = options or FitOptions()
    model = case_model(case, options)
    middle = np.zeros(len(model.names))
    smooth = smooth_names(model, middle)
    choices = _choices(model, middle, smooth)
    rows = [_rows(model, middle, np.flatnonzero(smooth))]
    size = np.square(rows[0]).sum(axis=0)
    places = np.flatnonzero(smooth & (size > _SLIGHT * size.max(initial=0.0)))
    best = middle
    for _ in range(2):
        best = _toward(model, best, places)
        rows.append(_rows(model, best, places))
    most = max(1, options.most_directions - len(choices))
    directions, ratio = directions_of(
        np.concatenate(rows), most=most, informative=options.informative
    )
    return CaseDensity(model, Subspace(model.names, directions, choices, ratio))


def _rows(model: CaseModel, z: Floats, places: NDArray[np.int64]) -> Floats:
    """Return the rows of information (rows, names) at a point z (names,)."""
    found = model.information(model.computed_along(z[None, :], np.eye(len(z))[places]))
    rows = np.zeros((found.sharp.shape[1], len(z)))
    rows[:, places] = found.sharp[0]
    return rows


def _toward(model: CaseModel, z: Floats, places: NDArray[np.int64]) -> Floats:
    """Return the point after a Gauss-Newton step from z, shortened until it is better."""
    found = model.information(model.computed_along(z[None, :], np.eye(len(z))[places]))
    j, gradient = found.newton[0], found.gradient[0] - z[places]
    # (I + J^T J)^-1 g = g - J^T (I + J J^T)^-1 J g
    step = gradient - j.T @ np.linalg.solve(np.eye(len(j)) + j @ j.T, j @ gradient)
    before = float(found.log_likelihood[0]) - 0.5 * float(z @ z)
    lengths = 0.5 ** np.arange(6)
    tried = np.repeat(z[None, :], len(lengths), axis=0)
    tried[:, places] += lengths[:, None] * step
    after = model.log_likelihood(model.computed(tried)) - 0.5 * np.square(tried).sum(axis=1)
    chosen = int(np.argmax(after))
    return np.asarray(tried[chosen]) if after[chosen] > before else z


def _choices(model: CaseModel, z: Floats, smooth: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the choices and times that move a reading, the strongest first."""
    places = choice_names(model, z, smooth)
    levels = (-1.0, -0.1, 0.1, 1.0)
    if not len(places):
        return places
    points = np.repeat(z[None, :], len(levels) * len(places), axis=0)
    for k, place in enumerate(places):
        points[len(levels) * k : len(levels) * (k + 1), place] = levels
    readings = model.readings(model.computed(points))
    moved = np.zeros(len(places))
    for _, _, likely, number in readings:
        known = number.reshape(len(places), len(levels))
        spread = (known.max(axis=1) - known.min(axis=1)) / 2.0
        moved = np.maximum(moved, spread * np.sqrt(likely.sharpness[0]))
    order = np.argsort(-moved)
    kept = [places[k] for k in order[:_MOST_CHOICES] if moved[k] > _CHOICE_COUNTS]
    return np.asarray(kept, np.int64)
