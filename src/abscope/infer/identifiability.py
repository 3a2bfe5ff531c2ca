"""What the data of a case can tell at all: combinations that they carry, pairs they cannot part.

With J the information of the data at a point (rows of slopes over errors), in deviates of the
prior, the posterior covariance is (I + J^T J)^-1 (Laplace). A combination is carried where its
posterior standard deviation is well below that of the prior. Two quantities are confounded where
the data tell something of both only as one: their columns of J are parallel, so that raising one
and lowering (or raising) the other changes nothing that was measured.
"""

from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.infer.posterior import Latent
from abscope.infer.subspace import directions_of, ratios_of

__all__ = ["Confounded", "Identifiability", "identifiability"]

#: Columns of J count as parallel above this cosine; exactly so above the second.
_PARALLEL, _EXACTLY = 0.95, 0.9999
#: A column counts where the data alone would halve the variance of its quantity.
_TOLD = 0.25
_MOST_PAIRS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Confounded:
    """Two quantities that the data tell apart badly or not at all; ``correlation`` after the data.

    A ``cosine`` above 0: only their product (sum of logarithms) is told, below 0: their ratio.
    """

    first: str
    second: str
    cosine: float
    correlation: float

    @property
    def exactly(self) -> bool:
        """Return whether no data of this kind could ever tell them apart."""
        return abs(self.cosine) > _EXACTLY

    @property
    def words(self) -> str:
        """Return the finding as a sentence."""
        what = "their product" if self.cosine > 0.0 else "their ratio"
        how = "exactly confounded" if self.exactly else "hardly told apart"
        return f"{self.first} and {self.second} are {how}: the data speak of {what} only"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identifiability:
    """The analysis of one point.

    ``ratio_frac`` (latents,) is the posterior over prior standard deviation of each quantity alone,
    ``direction_ratio_frac`` that of the best combinations, best first, with their ``directions``.
    """

    latents: tuple[Latent, ...]
    ratio_frac: Floats
    directions: Floats
    direction_ratio_frac: Floats
    confounded: tuple[Confounded, ...]

    def carried(self, below_frac: float = 0.5) -> int:
        """Return how many combinations have a ratio below a limit."""
        return int((self.direction_ratio_frac < below_frac).sum())

    def alone(self, below_frac: float = 0.5) -> tuple[str, ...]:
        """Return the quantities that are told by themselves, the best first."""
        order = np.argsort(self.ratio_frac)
        return tuple(self.latents[k].name for k in order if self.ratio_frac[k] < below_frac)


def identifiability(rows: Floats, latents: tuple[Latent, ...]) -> Identifiability:
    """Return what rows of information J (rows, latents) tell."""
    found = np.asarray(rows, float)
    directions, ratio = directions_of(found, most=min(found.shape), informative_frac=2.0)
    return Identifiability(
        latents=latents,
        ratio_frac=ratios_of(found),
        directions=directions,
        direction_ratio_frac=ratio,
        confounded=_confounded(found, latents),
    )


def _confounded(j: Floats, latents: tuple[Latent, ...]) -> tuple[Confounded, ...]:
    sizes = np.linalg.norm(j, axis=0)
    places = np.flatnonzero(sizes > _TOLD)
    if len(places) < 2:
        return ()
    unit = j[:, places] / sizes[places]
    cosine = unit.T @ unit
    k = j[:, places]
    covariance = np.linalg.inv(np.eye(len(places)) + k.T @ k)
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    rows, columns = np.triu_indices(len(places), 1)
    values = np.abs(cosine[rows, columns])
    order = np.argsort(-values)
    return tuple(
        Confounded(
            first=latents[places[rows[n]]].name,
            second=latents[places[columns[n]]].name,
            cosine=float(cosine[rows[n], columns[n]]),
            correlation=float(correlation[rows[n], columns[n]]),
        )
        for n in order[:_MOST_PAIRS]
        if values[n] > _PARALLEL
    )
