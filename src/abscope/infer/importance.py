"""Draws from the posterior of a case by adaptive importance sampling: independent, in rounds.

Draws are proposed from the prior in every quantity but the few directions that the data carry, and
there from a mixture of the prior and a Student t distribution that is learned from round to round.
With x the part of a draw z along the directions, N the standard normal density and q the mean of
the proposals of all rounds, weighted by their draws, every draw of every round has the weight

    w = L(z) N(x) / q(x)

L is the likelihood of the whole draw, so nothing about the directions has to be exact: they only
decide how many draws are effective. Choices need no slope. The largest weights are smoothed
(`reweighting`), then the draws are resampled so that each counts the same.
Sources: Cornuet 2012, doi:10.1111/j.1467-9469.2011.00756.x (weights over all rounds); Cui 2014,
doi:10.1088/0266-5611/30/11/114015 (directions); Vehtari 2024, arXiv:1507.02646 (smoothing).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem, UsageError
from abscope.infer.case_density import CaseDensity
from abscope.infer.diagnostics import r_hat
from abscope.infer.posterior import Diagnosis, Posterior
from abscope.infer.reweighting import MOST_K, Reweighted, pareto_smoothed

__all__ = ["ImportanceSettings", "importance_sample"]

_METHOD = "adaptive importance sampling along the directions that the data carry"
#: Settings: degrees of freedom of a proposal, its widening, and the share of the prior in it.
_NU, _WIDER, _PRIOR_FRAC = 5.0, 1.3, 0.25
#: Limits: of R-hat between parts of so few effective draws, and of the effective draws.
_MOST_R_HAT, _LEAST_ESS = 1.05, 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceSettings:
    """Rounds of draws at most, until ``enough`` are effective; then ``chains`` of ``draws``.

    The chains are independent parts of the draws, so that parts can be compared with each other.
    """

    rounds: int = 12
    draws_per_round: int = 1000
    enough: float = 600.0
    chains: int = 4
    draws: int = 250
    seed: int = 1

    def __post_init__(self) -> None:
        least = {"rounds": 1, "draws_per_round": 50, "chains": 2, "draws": 20, "seed": 0}
        problems = [
            Problem(name, f"{getattr(self, name)}", f"{low} or more", "Choose another number.")
            for name, low in least.items()
            if getattr(self, name) < low
        ]
        if problems:
            raise UsageError(problems)


@dataclass(frozen=True, slots=True, eq=False)
class _Proposal:
    """The prior with a share, else a Student t of center and Cholesky factor, along directions."""

    center: Floats
    factor: Floats
    prior_frac: float

    def draws(self, number: int, rng: np.random.Generator) -> Floats:
        white = rng.standard_normal((number, len(self.center)))
        scale = np.sqrt(_NU / rng.chisquare(_NU, number))[:, None]
        own = self.center + scale * white @ self.factor.T
        return np.where(rng.random(number)[:, None] < self.prior_frac, white, own)

    def log_density(self, x: Floats) -> Floats:
        """Return the logarithm of its density over that of the prior."""
        from scipy.special import gammaln

        d = x.shape[1]
        normal = -0.5 * np.square(x).sum(axis=1) - 0.5 * d * np.log(2.0 * np.pi)
        q = np.square(np.linalg.solve(self.factor, (x - self.center).T)).sum(axis=0)
        student = (
            gammaln(0.5 * (_NU + d)) - gammaln(0.5 * _NU) - 0.5 * d * np.log(_NU * np.pi)
            - np.log(np.diag(self.factor)).sum() - 0.5 * (_NU + d) * np.log1p(q / _NU)
        )  # fmt: skip
        with np.errstate(divide="ignore"):
            share = np.log([self.prior_frac, 1.0 - self.prior_frac])
        return np.asarray(np.logaddexp(share[0], share[1] + student - normal))


def importance_sample(
    density: CaseDensity,
    *,
    case_id: str,
    center: Floats,
    covariance: Floats,
    settings: ImportanceSettings | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Posterior:
    """Return draws of every quantity that a reading depends on.

    ``center`` and ``covariance`` are those of the best fit in the latents of ``density``;
    ``progress`` is told after each round: rounds done, rounds at most, draws that are effective.
    Raises ModelError where no draw can be simulated.
    """
    settings = settings or ImportanceSettings()
    pool = _Pool(density, settings.seed)
    free = density.n_directions
    proposal = _Proposal(
        np.array(center[:free], float),
        np.asarray(np.linalg.cholesky(_WIDER**2 * covariance[:free, :free]), float),
        0.5,
    )
    for done in range(1, settings.rounds + 1):
        pool.add(proposal, settings.draws_per_round)
        found = pool.weighted()
        if progress is not None:
            progress(done, settings.rounds, found.effective_draws)
        if found.effective_draws >= settings.enough:
            break
        proposal = pool.learned(found)
    return _posterior(pool, found, case_id, settings)


class _Pool:
    """All draws of all rounds."""

    def __init__(self, density: CaseDensity, seed: int) -> None:
        self.density, self.rng = density, np.random.default_rng(seed)
        whole = density.whole
        self.basis = density.subspace.directions[:, whole.places]
        self.z = np.zeros((0, len(whole.places)))
        self.log_l = np.zeros(0)
        self.proposals: list[tuple[int, _Proposal]] = []
        self.failed = 0

    def add(self, proposal: _Proposal, number: int) -> None:
        """Simulate draws of a proposal."""
        x = proposal.draws(number, self.rng)
        rest = self.rng.standard_normal((number, self.z.shape[1]))
        z = rest + (x - rest @ self.basis.T) @ self.basis
        log_l = self.density.whole.log_likelihood(z)
        self.failed += int((~np.isfinite(log_l)).sum())
        self.z = np.concatenate([self.z, z])
        self.log_l = np.concatenate([self.log_l, log_l])
        self.proposals.append((number, proposal))
        if not np.isfinite(self.log_l).any():
            what = f"none of {len(self.z)} draws could be simulated"
            raise ModelError(Problem("sampling", what, "a trajectory", "Check doses and sizes."))

    def log_weights(self) -> Floats:
        """Return the logarithm of the weight of every draw."""
        x, total = self.z @ self.basis.T, len(self.z)
        parts = [np.log(n / total) + p.log_density(x) for n, p in self.proposals]
        return np.asarray(self.log_l - np.logaddexp.reduce(parts, axis=0))

    def weighted(self) -> Reweighted:
        """Return the smoothed weights."""
        return pareto_smoothed(self.log_weights())

    def learned(self, found: Reweighted) -> _Proposal:
        """Return the proposal that the draws so far suggest, as wide as the best fit at least."""
        x = self.z @ self.basis.T
        # no draw rules: a weight counts at most as much as ten of equal ones
        weights = np.minimum(found.weights, 10.0 / len(x))
        weights = weights / weights.sum()
        center = weights @ x
        off = x - center
        d, worth = x.shape[1], 1.0 / float(np.square(weights).sum())
        own = (weights[:, None] * off).T @ off
        # as if the prior had been seen as often as there are directions
        mixed = (worth * own + d * np.eye(d)) / (worth + d)
        factor = np.linalg.cholesky(_WIDER**2 * mixed)
        return _Proposal(center, np.asarray(factor, float), _PRIOR_FRAC)


def _posterior(
    pool: _Pool, found: Reweighted, case_id: str, settings: ImportanceSettings
) -> Posterior:
    """Return draws that count the same: each chain is resampled from a part of its own."""
    parts = [np.arange(k, len(pool.z), settings.chains) for k in range(settings.chains)]
    chosen = np.stack(
        [part[_resampled(found.weights[part], settings.draws, pool.rng)] for part in parts]
    )
    z = pool.z[chosen]
    height = pool.log_l - 0.5 * np.square(pool.z).sum(axis=1)
    return Posterior(
        case_id=case_id,
        latents=pool.density.whole.latents,
        z=z,
        log_density=height[chosen],
        seed=settings.seed,
        method=_METHOD,
        diagnosis=_diagnosis(pool, found, parts),
    )


def _resampled(weights: Floats, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return places drawn systematically by weight, in random order."""
    ends = np.cumsum(weights / weights.sum())
    places = np.searchsorted(ends, (np.arange(number) + rng.random()) / number)
    return rng.permutation(np.minimum(places, len(weights) - 1))


def _diagnosis(pool: _Pool, found: Reweighted, parts: list[NDArray[np.int64]]) -> Diagnosis:
    """Return how far the draws can be trusted.

    R-hat compares the parts, as normal scores of as many draws as are effective in each.
    """
    effective = found.effective_draws
    each = max(8, int(effective / len(parts)))
    rng = np.random.default_rng(len(pool.z))
    chosen = [part[_resampled(found.weights[part], each, rng)] for part in parts]
    z = np.stack([pool.z[places] for places in chosen])
    hats = [r_hat(z[:, :, k]) for k in range(z.shape[2])]
    largest = float(np.max(np.where(np.isnan(hats), np.inf, hats), initial=1.0))
    why = []
    if effective < _LEAST_ESS:
        why.append(f"{effective:.0f} of {len(pool.z)} draws are effective (limit {_LEAST_ESS:g})")
    if not found.pareto_k < MOST_K:
        why.append(f"the weights have a tail of shape {found.pareto_k:.2f} (limit {MOST_K:g})")
    if largest > _MOST_R_HAT:
        why.append(f"R-hat between parts of the draws is {largest:.3f} (limit {_MOST_R_HAT:g})")
    failed = pool.failed / len(pool.z)
    if failed > 0.05:
        why.append(f"{failed:.0%} of the simulations broke off (limit 5%)")
    return Diagnosis(r_hat=largest, ess_bulk=effective, ess_tail=effective, why=tuple(why))
