"""How far chains of draws can be trusted: R-hat, effective sample sizes, standard errors.

Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021 (doi:10.1214/20-BA1221). With chains cut in
halves (m halves of n draws), W the mean of their variances and B/n the variance of their means:

    R-hat = sqrt(((n - 1)/n W + B/n) / W)
    ESS   = m n / tau,    tau = -1 + 2 sum of rho(2k) + rho(2k + 1)   while positive and falling

of the ranks turned into normal scores (bulk), of the distance from the median as well (R-hat), and
of being below the 5 % and 95 % quantile (tail).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from abscope.dose.geometry.grid import Floats
from abscope.infer.posterior import Diagnosis, Latent

__all__ = [
    "MOST_R_HAT", "diagnose", "ess_bulk", "ess_mean", "ess_tail", "mcse_mean", "r_hat",
]  # fmt: skip

#: Vehtari 2021, section 4: limits for R-hat and for the effective number of draws.
MOST_R_HAT = 1.01
_LEAST_ESS = 400.0
_TAILS = (0.05, 0.95)
#: Above this share of simulations that broke off, the support itself is in doubt.
_MOST_FAILED_FRAC = 0.05
_NAMED = 3
#: Half a chain has to hold two pairs of lags.
_LEAST_DRAWS = 14


def r_hat(z: Floats) -> float:
    """Return the rank-normalized R-hat of one quantity, the worse of location and spread.

    ``z`` is (chains, draws). NaN where a draw is not finite or all draws are the same.
    """
    if not _usable(z):
        return float("nan")
    halves = _halves(z)
    folded = np.abs(halves - np.median(halves))
    return max(_plain_r_hat(_scores(halves)), _plain_r_hat(_scores(folded)))


def ess_bulk(z: Floats) -> float:
    """Return the effective number of draws for the middle of a quantity; ``z`` as in `r_hat`."""
    return _ess(_scores(_halves(z))) if _usable(z) else float("nan")


def ess_tail(z: Floats) -> float:
    """Return the effective number of draws for the 5 % and 95 % quantile, the smaller of both."""
    if not _usable(z):
        return float("nan")
    sizes = [_ess(_halves((z <= np.quantile(z, tail)).astype(float))) for tail in _TAILS]
    return min(sizes)


def ess_mean(z: Floats) -> float:
    """Return the effective number of draws for the mean of a quantity."""
    return _ess(_halves(z)) if _usable(z) else float("nan")


def mcse_mean(z: Floats) -> float:
    """Return the standard error of the mean of ``z`` (chains, draws) by its finite number."""
    return float(np.std(z, ddof=1) / np.sqrt(ess_mean(z)))


def diagnose(
    z: Floats,
    *,
    latents: Sequence[Latent],
    failed_frac: float = 0.0,
    again: Floats | None = None,
    kept: int | None = None,
) -> Diagnosis:
    """Return the worst R-hat and effective sizes over all latents, and what is wrong in words.

    ``z`` is (chains, draws, latents). ``failed_frac`` is the share of simulations that broke off
    while sampling. ``again`` are the same draws in another order, for which R-hat has to hold as
    well; only ``kept`` of them stay, evenly chosen, and no more can be effective.
    """
    columns = [z[:, :, k] for k in range(z.shape[2])]
    hats = np.array([r_hat(column) for column in columns])
    if again is not None:
        hats = np.maximum(hats, [r_hat(again[:, :, k]) for k in range(again.shape[2])])
    bulk = _of_kept(np.array([ess_bulk(column) for column in columns]), z, kept)
    tail = _of_kept(np.array([ess_tail(column) for column in columns]), z, kept)
    why = list(_stuck(z))
    why += _beyond(hats, MOST_R_HAT, "R-hat", latents)
    why += _below(bulk, _LEAST_ESS, "effective draws", latents)
    why += _below(tail, _LEAST_ESS, "effective draws in the tails", latents)
    if failed_frac > _MOST_FAILED_FRAC:
        why.append(
            f"{failed_frac:.0%} of the simulations broke off (limit {_MOST_FAILED_FRAC:.0%}): the "
            "draws avoid patients that could not be simulated"
        )
    return Diagnosis(
        r_hat=float(np.max(np.where(np.isnan(hats), np.inf, hats), initial=1.0)),
        ess_bulk=float(np.min(np.nan_to_num(bulk), initial=z[:, :, 0].size)),
        ess_tail=float(np.min(np.nan_to_num(tail), initial=z[:, :, 0].size)),
        why=tuple(why),
    )


def _of_kept(effective: Floats, z: Floats, kept: int | None) -> Floats:
    """Return what some of the draws are worth: 1 / (1/kept + 1/effective - 1/draws)."""
    draws = z[:, :, 0].size
    if kept is None or kept >= draws:
        return effective
    lost = 1.0 / np.minimum(effective, draws) - 1.0 / draws
    return np.asarray(1.0 / (1.0 / kept + lost))


def _usable(z: Floats) -> bool:
    return bool(np.isfinite(z).all() and np.ptp(z) > 0.0 and z.shape[1] >= _LEAST_DRAWS)


def _halves(z: Floats) -> Floats:
    """Return (2 chains, draws // 2); the middle draw of an odd number is left out."""
    half = z.shape[1] // 2
    return np.concatenate([z[:, :half], z[:, z.shape[1] - half :]])


def _scores(z: Floats) -> Floats:
    """Return normal scores of the ranks over all chains (Blom)."""
    return np.asarray(ndtri((rankdata(z).reshape(z.shape) - 0.375) / (z.size + 0.25)))


def _plain_r_hat(z: Floats) -> float:
    n = z.shape[1]
    within = z.var(axis=1, ddof=1).mean()
    if within == 0.0:
        return float("inf")
    between = z.mean(axis=1).var(ddof=1)
    return float(np.sqrt((n - 1) / n + between / within))


def _autocovariance(z: Floats) -> Floats:
    """Return the autocovariance of every chain at all lags, (chains, draws)."""
    n = z.shape[1]
    centered = z - z.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centered, n=2 * n, axis=1)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, n=2 * n, axis=1)[:, :n] / n)


def _ess(z: Floats) -> float:
    """Return m n / tau by the initial monotone sequence of Geyer 1992."""
    m, n = z.shape
    covariance = _autocovariance(z).mean(axis=0)
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + (z.mean(axis=1).var(ddof=1) if m > 1 else 0.0)
    if total == 0.0:
        return float("nan")
    rho = 1.0 - (within - covariance) / total
    rho[0] = 1.0
    most = (n - 3) // 2
    pairs = rho[: 2 * most].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0.0)
    stop = int(negative[0]) if negative.size else most
    after = max(float(rho[2 * stop]), 0.0)
    tau = -1.0 + 2.0 * float(np.minimum.accumulate(pairs[:stop]).sum()) + after
    return float(m * n / max(tau, 1.0 / np.log10(m * n)))


def _stuck(z: Floats) -> list[str]:
    """Return a sentence for chains that hardly ever moved."""
    moved = np.any(np.diff(z, axis=1) != 0.0, axis=2).mean(axis=1)
    stuck = [str(k + 1) for k in np.flatnonzero(moved < 0.05)]
    return (
        [f"stuck, moved in less than 5 % of its steps: chain {', '.join(stuck)}"] if stuck else []
    )


def _beyond(found: Floats, limit: float, what: str, latents: Sequence[Latent]) -> list[str]:
    wrong = np.flatnonzero(~(found <= limit))
    worst = wrong[np.argsort(-np.nan_to_num(found[wrong], nan=np.inf))]
    return _sentence(worst, found, f"{what} above {limit:g}", latents)


def _below(found: Floats, limit: float, what: str, latents: Sequence[Latent]) -> list[str]:
    wrong = np.flatnonzero(~(found >= limit))
    worst = wrong[np.argsort(np.nan_to_num(found[wrong], nan=-np.inf))]
    return _sentence(worst, found, f"{what} below {limit:g}", latents)


def _sentence(worst: np.ndarray, found: Floats, what: str, latents: Sequence[Latent]) -> list[str]:
    if not worst.size:
        return []
    named = ", ".join(f"{latents[k].name} ({found[k]:.4g})" for k in worst[:_NAMED])
    more = f" and {len(worst) - _NAMED} more" if len(worst) > _NAMED else ""
    return [f"{what} for {named}{more}"]
