"""The combinations of quantities that the data of a case carry, and those that they do not.

With the information J^T J of the data at a point, in deviates whose prior is N(0, I), the posterior
standard deviation along an eigenvector is 1 / sqrt(1 + lambda) of the prior's. Along all but a few
it is 1: the data say nothing. The likelihood is taken along the others (directions U), and what is
orthogonal to them stays at the prior:

    z = U x + sum over choices e_c y_c + rest,   rest ~ N(0, I) orthogonal to both

Source: Cui et al. 2014, Inverse Problems 30:114015 (likelihood-informed subspace).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.posterior import Latent

__all__ = ["Subspace", "directions_of", "ratios_of", "words_of"]

_SHOWN = 4


@dataclass(frozen=True, slots=True, eq=False)
class Subspace:
    """Directions (directions, names), orthonormal, and the places of choices, among ``names``.

    ``ratio_frac`` (directions,) is the posterior over prior standard deviation along each, where
    it was found.
    """

    names: tuple[str, ...]
    directions: Floats
    choices: NDArray[np.int64]
    ratio_frac: Floats

    @property
    def size(self) -> int:
        """Return how many coordinates there are."""
        return len(self.directions) + len(self.choices)

    @property
    def basis(self) -> Floats:
        """Return directions and choices together, (coordinates, names); orthonormal."""
        return np.concatenate([self.directions, np.eye(len(self.names))[self.choices]])

    def points(self, coordinates: Floats, rest: Floats | None = None) -> Floats:
        """Return deviates (n, names) of coordinates (n, coordinates).

        ``rest`` (n, names) are deviates of the prior, of which the part orthogonal to the
        coordinates is added.
        """
        basis = self.basis
        z = coordinates @ basis
        if rest is not None:
            z = z + rest - (rest @ basis.T) @ basis
        return np.asarray(z)

    def coordinates(self, z: Floats) -> Floats:
        """Return the coordinates (n, coordinates) of deviates (n, names)."""
        return np.asarray(z @ self.basis.T)


def ratios_of(rows: Floats, basis: Floats | None = None) -> Floats:
    """Return the posterior over prior standard deviation of every deviate by itself, (names,).

    ``rows`` (rows, names) are J; the covariance is (I + J^T J)^-1, by a singular value
    decomposition. With a ``basis`` (coordinates, names) the same of its coordinates.
    """
    found = rows if basis is None else rows @ basis.T
    _, sizes, vectors = np.linalg.svd(found, full_matrices=False)
    gone = (sizes**2 / (1.0 + sizes**2)) @ vectors**2
    return np.asarray(np.sqrt(np.clip(1.0 - gone, 0.0, 1.0)))


def directions_of(rows: Floats, *, most: int, informative_frac: float) -> tuple[Floats, Floats]:
    """Return the directions with ratios below ``informative_frac``, best first, and the ratios."""
    told = np.flatnonzero(rows.any(axis=0))
    values, columns = np.linalg.eigh(rows[:, told].T @ rows[:, told])
    order = np.argsort(-values)[: len(rows)]
    ratio = 1.0 / np.sqrt(1.0 + np.maximum(values[order], 0.0))
    number = min(most, int((ratio < informative_frac).sum()))
    number = max(number, min(1, len(ratio)))
    found = np.zeros((number, rows.shape[1]))
    found[:, told] = columns[:, order[:number]].T
    # a direction and its opposite are the same: the largest part is positive
    signs = np.sign(found[np.arange(number), np.abs(found).argmax(axis=1)])
    return found * signs[:, None], ratio[:number]


def words_of(direction: Floats, latents: dict[str, Latent], names: tuple[str, ...]) -> str:
    """Return what a direction changes most, in words."""
    order = np.argsort(-np.abs(direction))[:_SHOWN]
    parts = [f"{direction[k]:+.2f} {names[k]}" for k in order if abs(direction[k]) > 0.1]
    return ", ".join(parts) or f"{direction[order[0]]:+.2f} {latents[names[order[0]]].meaning}"
