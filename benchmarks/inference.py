"""What a fit of a founding case costs: density, best fit, draws that meet the rule of convergence.

    python benchmarks/inference.py kim2021-breast fong2025-melanoma

Prints a Markdown row per case, in seconds by the clock and of processor time. emcee draws from the
same density with as many points as ours needed (``--peer``), and its worst quantity is compared.
"""

import argparse
import time

import numpy as np

from abscope.case.shelf import open_case
from abscope.infer.case_density import density_of
from abscope.infer.density import Density
from abscope.infer.diagnostics import ess_bulk, r_hat
from abscope.infer.fit import map_fit
from abscope.infer.sampling import SamplingProgress, Start, sample

__all__ = ["by_emcee", "measured"]

#: A proposal this many standard deviations of the prior away is refused without a simulation.
_FAR = 8.0


class Watch:
    """Seconds by the clock and of processor time since the last look."""

    def __init__(self) -> None:
        self._last = (time.perf_counter(), time.process_time())

    def text(self) -> str:
        """Return the seconds since the last look as 'clock (processor)'."""
        now = (time.perf_counter(), time.process_time())
        clock, processor = (b - a for a, b in zip(self._last, now, strict=True))
        self._last = now
        return f"{clock:.1f} ({processor:.1f})"


def measured(name: str, *, peer: bool) -> list[str]:
    """Return the row of a case; the kernels are compiled before."""
    case = open_case(name).case
    density_of(case)
    watch = Watch()
    density = density_of(case)
    prepared = watch.text()
    best = map_fit(density, seed=1, begin=list(density.starts))
    center, covariance = density.start_of(best.z)
    found = watch.text()
    tried: list[int] = []

    def count(step: SamplingProgress) -> None:
        tried.append(step.tried)

    start = Start(center=center, covariance=covariance)
    posterior = sample(density.whole, case_id=name, start=start, progress=count)
    drawn, said = watch.text(), posterior.diagnosis
    rows = [
        f"| {name} | {len(posterior.latents)} | {prepared} | {found} | {drawn} | {tried[-1]:,} "
        f"| {said.r_hat:.4f} | {min(said.ess_bulk, said.ess_tail):.0f} of {posterior.size:,} |"
    ]
    if peer:
        rows.append(by_emcee(density.whole, start, points=tried[-1]))
    return rows


def by_emcee(density: Density, start: Start, *, points: int) -> str:
    """Return what as many points of emcee (DE, snooker and stretch moves) give."""
    import emcee

    watch, generator = Watch(), np.random.default_rng(1)
    latents = len(density.latents)
    walkers = 2 * latents + 2
    factor = np.linalg.cholesky(start.covariance)
    first = start.center + generator.standard_normal((walkers, latents)) @ factor.T
    moves = [(emcee.moves.DEMove(), 0.6), (emcee.moves.DESnookerMove(), 0.1),
             (emcee.moves.StretchMove(), 0.3)]  # fmt: skip

    def log_posterior(z: np.ndarray) -> np.ndarray:
        near = np.abs(z).max(axis=1) < _FAR
        height = np.full(len(z), -np.inf)
        height[near] = density.log_likelihood(z[near]) - 0.5 * np.square(z[near]).sum(axis=1)
        return height

    sampler = emcee.EnsembleSampler(walkers, latents, log_posterior, vectorize=True, moves=moves)
    sampler.random_state = np.random.RandomState(1).get_state()
    sampler.run_mcmc(first, max(30, points // walkers))
    z = sampler.get_chain()
    z = z[len(z) // 3 :].transpose(1, 0, 2)
    sizes = [ess_bulk(z[:, :, k]) for k in range(latents)]
    hats = [r_hat(z[:, :, k]) for k in range(latents)]
    return f"emcee: {watch.text()}, R-hat {max(hats):.3f}, effective {min(sizes):.0f}"


def main() -> None:
    """Print the rows of the cases that are named."""
    columns = (
        "case", "quantities", "density, s (CPU)", "best fit, s (CPU)", "draws, s (CPU)", "points",
        "R-hat", "effective",
    )  # fmt: skip
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--peer", action="store_true")
    asked = parser.parse_args()
    for name in asked.cases:
        print("\n".join(measured(name, peer=asked.peer)), flush=True)


if __name__ == "__main__":
    main()
