"""Is a posterior as wide as it should be? Simulation-based calibration.

A truth is drawn from the prior, data from the truth, and the posterior from the data. Over many
such data sets the rank of the truth among L independent draws of its posterior is uniform on 0..L,
for each quantity. A posterior that is too narrow puts truths at the ends (a U), one that is too
wide in the middle, one that is shifted on one side.

The ranks are tested against a uniform distribution by the largest distance of their distribution
function (Kolmogorov), by that of their distance from the middle, both with the level divided by
the number of tests (Bonferroni): all of them together raise a false alarm at the stated level.
Coverage counts how often central intervals hold the truth, with the binomial interval of the count.
Source: Talts et al. 2018, arXiv:1804.06788.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, kstest

from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError

__all__ = ["Coverage", "RankTest", "coverage_of", "rank_of", "rank_tests", "ranks_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """What the ranks of a quantity say: smallest p of its tests, and the limit for it."""

    name: str
    p_frac: float
    limit_frac: float

    @property
    def calibrated(self) -> bool:
        """Return whether the ranks could be uniform."""
        return self.p_frac >= self.limit_frac


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of ``total`` central intervals of a width held the truth.

    ``least`` to ``most`` is what a calibrated posterior gives in 99 of 100 repetitions.
    """

    width_frac: float
    inside: int
    total: int
    least: int
    most: int

    @property
    def calibrated(self) -> bool:
        """Return whether the count is one that a calibrated posterior gives."""
        return self.least <= self.inside <= self.most


def rank_of(truth: Floats, z: Floats, *, ranks: int) -> NDArray[np.int64]:
    """Return the rank 0..``ranks`` of a truth (latents,) among evenly taken draws of a posterior.

    ``z`` is (chains, draws, latents); ``ranks`` draws are taken of it. Raises UsageError for more
    than there are.
    """
    flat = z.reshape(-1, z.shape[2])
    if not 1 <= ranks <= len(flat):
        what, hint = f"{ranks} of {len(flat)} draws", "Draw more."
        raise UsageError(Problem("ranks", what, f"1 to {len(flat)}", hint))
    taken = flat[np.linspace(0, len(flat) - 1, ranks).round().astype(np.int64)]
    return np.asarray((taken < truth).sum(axis=0), np.int64)


def ranks_of(
    posterior: Callable[[int], tuple[Floats, Floats]], *, data_sets: Sequence[int], ranks: int
) -> NDArray[np.int64]:
    """Return the ranks (data sets, latents) of truths.

    ``posterior(k)`` gives truth (latents,) and draws (chains, draws, latents) of data set k.
    """
    rows = []
    for k in data_sets:
        truth, z = posterior(k)
        rows.append(rank_of(truth, z, ranks=ranks))
    return np.array(rows, np.int64)


def rank_tests(
    places: NDArray[np.int64], *, names: Sequence[str], ranks: int, level_frac: float = 0.01
) -> tuple[RankTest, ...]:
    """Return the tests of ranks (data sets, latents); together they err once in 1 / ``level_frac``.

    Ties of a rank are spread evenly, which leaves uniform ranks uniform.
    """
    spread = np.random.default_rng(0).random(places.shape)
    share = (places + spread) / (ranks + 1.0)
    limit = level_frac / (2.0 * places.shape[1])
    out = []
    for k, name in enumerate(names):
        place = float(kstest(share[:, k], "uniform").pvalue)
        width = float(kstest(2.0 * np.abs(share[:, k] - 0.5), "uniform").pvalue)
        out.append(RankTest(name=name, p_frac=min(place, width), limit_frac=limit))
    return tuple(out)


def coverage_of(places: NDArray[np.int64], *, ranks: int, width_frac: float) -> Coverage:
    """Return how many central intervals of a width hold the truth, by ranks of one quantity.

    ``places`` is (data sets,): quantities of one patient are not independent, so that each is
    counted by itself.
    """
    share = (places + 0.5) / (ranks + 1.0)
    inside = int((np.abs(share - 0.5) <= 0.5 * width_frac).sum())
    low, high = binom.ppf([0.005, 0.995], len(places), width_frac)
    return Coverage(
        width_frac=width_frac, inside=inside, total=len(places), least=int(low), most=int(high)
    )
