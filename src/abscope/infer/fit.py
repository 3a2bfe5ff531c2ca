"""The best fit of a case from many starts at once, and the normal posterior around it (Laplace).

Levenberg-Marquardt on the log posterior ln p(x) = ln L(x) - |x|^2 / 2, every start with its own
damping m:

    (J^T J + (1 + m) I) step = gradient

J^T J is the information of the data (`case_model.Information.newton`). All starts are members of
one batch. Choices have no slope: each start keeps those it began with, moved as near to the middle
of their prior as the data allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem, UsageError
from abscope.infer.posterior import Latent

__all__ = ["CurvedDensity", "Laplace", "MapFit", "laplace", "map_fit"]

#: Settings of the search: steps at most, and what ends it (step, gain of the log posterior).
_MOST_STEPS = 40
_SMALL_STEP, _SMALL_GAIN = 2e-3, 1e-4
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1.0, 1e-3, 1e6
#: Starts agree that end within this much of the best log posterior, and this near (deviates), apart
#: from what choices cost.
_SAME_HEIGHT, _SAME_PLACE = 0.1, 0.3
#: Setting: parts of the way from the middle of the prior at which a choice is tried.
_NEARER = (0.0, 0.02, 0.1, 0.3, 0.6)


class CurvedDensity(Protocol):
    """A `Density` that knows its information."""

    @property
    def latents(self) -> tuple[Latent, ...]:
        """Return what the columns of z are."""
        ...

    def log_likelihood(self, z: Floats) -> Floats:
        """Return the log likelihood of every point, (points,)."""
        ...

    def with_curvature(self, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Return log likelihood (points,), gradient (points, latents), J (points, rows, latents).

        A latent without a slope has columns of 0.
        """
        ...

    @property
    def n_directions(self) -> int:
        """Return how many latents have a slope; the first ones."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapFit:
    """The most probable point found.

    ``z`` (latents,), its ``log_posterior`` up to a constant of the prior, ``covariance`` (latents,
    latents) by Laplace. ``ends`` has the log posterior of every start, best first; ``agreeing`` how
    many ended at the best point. ``why`` has a sentence for each thing that is wrong.
    """

    latents: tuple[Latent, ...]
    z: Floats
    log_posterior: float
    log_likelihood: float
    covariance: Floats
    ends: tuple[float, ...]
    end_points: Floats
    agreeing: int
    steps: int
    why: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Return whether nothing speaks against it."""
        return not self.why

    @property
    def ratio_frac(self) -> Floats:
        """Return the posterior over prior standard deviation of every latent."""
        return np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))


@dataclass(frozen=True, slots=True, eq=False)
class Laplace:
    """The normal distribution around a best fit."""

    mean: Floats
    covariance: Floats

    def draws(self, number: int, *, seed: int) -> Floats:
        """Return draws (number, latents)."""
        root = np.linalg.cholesky(self.covariance)
        white = np.random.default_rng(seed).standard_normal((number, len(self.mean)))
        return np.asarray(self.mean + white @ root.T)

    def log_density(self, z: Floats) -> Floats:
        """Return the logarithm of its probability density at points (n, latents)."""
        root = np.linalg.cholesky(self.covariance)
        white = np.linalg.solve(root, (z - self.mean).T)
        size = len(self.mean) * np.log(2.0 * np.pi) + 2.0 * np.log(np.diag(root)).sum()
        return np.asarray(-0.5 * (np.square(white).sum(axis=0) + size))


def laplace(found: MapFit) -> Laplace:
    """Return the normal distribution around a best fit, in the latents."""
    return Laplace(found.z, found.covariance)


def map_fit(
    density: CurvedDensity,
    *,
    starts: int = 8,
    seed: int = 1,
    begin: Sequence[Floats] = (),
) -> MapFit:
    """Return the best fit from the middle of the prior, from draws of it and from ``begin``.

    Raises UsageError for a number of starts below 1, ModelError where no start can be simulated.
    """
    if starts < 1:
        raise UsageError(Problem("starts", f"{starts}", "1 or more", "Choose another number."))
    number = len(density.latents)
    x = np.random.default_rng(seed).standard_normal((starts, number))
    x[0] = 0.0
    if len(begin):
        x = np.concatenate([np.asarray(begin, float).reshape(-1, number), x])
    search = _Search(density, x)
    search.run()
    search.settle_choices()
    return search.result()


class _Search:
    """All starts of a search at once."""

    def __init__(self, density: CurvedDensity, x: Floats) -> None:
        self.density, self.x, self.steps = density, x, 0
        self.free = density.n_directions
        self.damping = np.full(len(x), _FIRST_DAMPING)
        self.log_l, self.gradient, self.rows = density.with_curvature(x)
        if not np.isfinite(self.log_l).any():
            what = f"none of {len(x)} starts could be simulated"
            hint = "Check doses and sizes of the record."
            raise ModelError(Problem("fit", what, "a trajectory", hint))
        self.done = ~np.isfinite(self.log_l)
        self.height = self._height(x, self.log_l)

    @staticmethod
    def _height(x: Floats, log_l: Floats) -> Floats:
        return np.asarray(log_l - 0.5 * np.square(x).sum(axis=1))

    def run(self) -> None:
        """Step until every start has come to rest."""
        while not self.done.all() and self.steps < _MOST_STEPS:
            self.steps += 1
            self._step(np.flatnonzero(~self.done))

    def _step(self, active: NDArray[np.int64]) -> None:
        r = self.free
        j = self.rows[active][:, :, :r]
        uphill = self.gradient[active][:, :r] - self.x[active][:, :r]
        matrix = np.einsum("nkr,nks->nrs", j, j)
        matrix += (1.0 + self.damping[active])[:, None, None] * np.eye(r)
        step = np.linalg.solve(matrix, uphill[..., None])[..., 0]
        tried = self.x[active].copy()
        tried[:, :r] += step
        log_l, gradient, rows = self.density.with_curvature(tried)
        height = self._height(tried, log_l)
        gain = np.where(np.isfinite(height), height, -np.inf) - self.height[active]
        better = gain > 0.0
        small = np.abs(step).max(axis=1) < _SMALL_STEP
        hopeless = self.damping[active] >= _MOST_DAMPING
        self.done[active] = small | (better & (gain < _SMALL_GAIN)) | hopeless
        self.damping[active] = np.clip(
            np.where(better, self.damping[active] / 6.0, self.damping[active] * 4.0),
            _LEAST_DAMPING, _MOST_DAMPING,
        )  # fmt: skip
        moved = active[better]
        self.x[moved], self.height[moved] = tried[better], height[better]
        self.log_l[moved], self.gradient[moved] = log_l[better], gradient[better]
        self.rows[moved] = rows[better]

    def settle_choices(self) -> None:
        """Move the choices of the best start as near to 0 as the likelihood stays the same."""
        best = int(np.argmax(self.height))
        for k in range(self.free, self.x.shape[1]):
            tried = np.repeat(self.x[best][None, :], len(_NEARER), axis=0)
            tried[:, k] *= _NEARER
            log_l = self.density.log_likelihood(tried)
            height = self._height(tried, log_l)
            chosen = int(np.argmax(height))
            if height[chosen] > self.height[best]:
                self.x[best], self.height[best] = tried[chosen], height[chosen]
                self.log_l[best] = log_l[chosen]

    def result(self) -> MapFit:
        """Return the best start with the covariance there."""
        order = np.argsort(-self.height)
        best = order[0]
        r, number = self.free, self.x.shape[1]
        log_l, gradient, rows = self.density.with_curvature(self.x[best][None, :])
        j = rows[0][:, :r]
        covariance = np.eye(number)
        covariance[:r, :r] = np.linalg.inv(np.eye(r) + j.T @ j)
        near = np.abs(self.x[:, :r] - self.x[best, :r]).max(axis=1, initial=0.0) < _SAME_PLACE
        free_height = self._height(self.x[:, :r], self.log_l)
        same = near & (np.abs(free_height - free_height[best]) < _SAME_HEIGHT)
        # how far the best point of the quadratic at the end is above the end
        uphill = gradient[0, :r] - self.x[best, :r]
        left = 0.5 * float(uphill @ covariance[:r, :r] @ uphill)
        why = []
        if left > 0.01:
            why.append(
                f"the search stopped {left:.2g} below the top of the log posterior "
                f"after {self.steps} steps"
            )
        return MapFit(
            latents=self.density.latents,
            z=self.x[best].copy(),
            log_posterior=float(self.height[best]),
            log_likelihood=float(log_l[0]),
            covariance=covariance,
            ends=tuple(float(height) for height in self.height[order]),
            end_points=self.x[order],
            agreeing=int(same.sum()),
            steps=self.steps,
            why=tuple(why),
        )
