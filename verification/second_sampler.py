"""Does another sampler find the same posterior?

    python verification/second_sampler.py kim2021-breast fong2025-melanoma hori2020-rcc

Both draw from the density of a case along the directions and choices that its data carry, all else
at the middle of its prior: ours, and the affine-invariant ensemble of emcee (MIT) with
differential evolution, which shares no line and no idea with it. Means have to agree within 0.1
posterior standard deviations. Beside how far they are apart stands the standard error of that
distance by the finite number of draws, sqrt(1/n + 1/m) for n and m effective ones.
"""

import argparse
import time

import emcee
import numpy as np

from abscope.case.shelf import open_case
from abscope.infer.case_density import CaseDensity, density_of
from abscope.infer.diagnostics import ess_mean
from abscope.infer.fit import map_fit
from abscope.infer.sampling import SamplerSettings, Start, sample

__all__ = ["by_emcee", "compare"]

_MOST_APART_SD = 0.1
_WALKERS = 128
#: A proposal this many standard deviations of the prior away is refused without a simulation.
_FAR = 8.0


def by_emcee(
    density: CaseDensity, start: Start, *, walkers: int, steps: int, seed: int
) -> np.ndarray:
    """Return draws (walkers, steps, latents), the first third left out."""
    generator = np.random.default_rng(seed)
    latents = len(density.latents)
    factor = np.linalg.cholesky(start.covariance)
    first = start.center + generator.standard_normal((walkers, latents)) @ factor.T

    def log_posterior(z: np.ndarray) -> np.ndarray:
        near = np.abs(z).max(axis=1) < _FAR
        found = np.full(len(z), -np.inf)
        found[near] = density.log_likelihood(z[near]) - 0.5 * np.square(z[near]).sum(axis=1)
        return found

    moves = [(emcee.moves.DEMove(), 0.6), (emcee.moves.DESnookerMove(), 0.1),
             (emcee.moves.StretchMove(), 0.3)]  # fmt: skip
    sampler = emcee.EnsembleSampler(walkers, latents, log_posterior, vectorize=True, moves=moves)
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(first, steps)
    return sampler.get_chain()[steps // 3 :].transpose(1, 0, 2)


def compare(name: str, *, draws: int, steps: int) -> list[str]:
    """Return a Markdown row for each coordinate: mean and sd of both, how far apart."""
    density = density_of(open_case(name).case)
    best = map_fit(density, seed=1, begin=list(density.starts))
    start = Start(center=best.z, covariance=best.covariance)
    began = time.perf_counter()
    ours = sample(
        density, case_id=name, start=start,
        settings=SamplerSettings(draws=draws),
    )  # fmt: skip
    between = time.perf_counter()
    theirs = by_emcee(density, start, walkers=_WALKERS, steps=steps, seed=1)
    ended = time.perf_counter()
    rows = [f"{name}: ours {between - began:.0f} s, emcee {ended - between:.0f} s"]
    apart = []
    for k, latent in enumerate(density.latents):
        a, b = ours.z[:, :, k], theirs[:, :, k]
        apart.append(abs(a.mean() - b.mean()) / a.std())
        n, m = min(ess_mean(a), a.size), min(ess_mean(b), b.size)
        rows.append(
            f"| {latent.name} | {a.mean():+.2f} ({a.std():.2f}) | {b.mean():+.2f} ({b.std():.2f}) "
            f"| {apart[-1]:.3f} | {np.sqrt(1.0 / n + 1.0 / m):.3f} | {n:.0f} | {m:.0f} |"
        )
    told = "agree" if max(apart) <= _MOST_APART_SD else "do not agree"
    rows.append(f"the two {told}: at most {max(apart):.2f} sd apart")
    return rows


def main() -> None:
    """Print the comparison of the cases that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--steps", type=int, default=1500)
    asked = parser.parse_args()
    for name in asked.cases:
        print("\n".join(compare(name, draws=asked.draws, steps=asked.steps)), flush=True)


if __name__ == "__main__":
    main()
