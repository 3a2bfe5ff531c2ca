"""The blood dose by particles that are followed from compartment to compartment, event by event."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abscope.blood.delivery import Delivery
from abscope.blood.network import Network
from abscope.blood.sojourn import Transit
from abscope.errors import ModelError, Problem

__all__ = ["Particles", "occupancy_frac", "simulate"]

#: Particles that share one stream of random numbers; results do not depend on who runs them.
_CHUNK = 4096
_MOST_PARTICLES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Particles:
    """How many particles are followed, from which seed, on how many threads (None: all cores)."""

    count: int = 1_000_000
    seed: int = 1
    n_threads: int | None = None

    def __post_init__(self) -> None:
        problems = []
        if not 1 <= self.count <= _MOST_PARTICLES:
            rule = f"1 to {_MOST_PARTICLES}"
            problems.append(Problem("particles", f"count is {self.count}", rule, "Correct it."))
        if not 0 <= self.seed < 2**63:
            problems.append(
                Problem("particles", f"seed is {self.seed}", "0 to 2^63 - 1", "Choose.")
            )
        if self.n_threads is not None and self.n_threads < 1:
            what = f"n_threads is {self.n_threads}"
            problems.append(Problem("particles", what, "1 or more", "Correct it."))
        if problems:
            raise ModelError(problems)


def simulate(delivery: Delivery, *, transit: Transit, particles: Particles) -> NDArray[np.float64]:
    """Return the dose of each particle (count,) in one fraction (Gy).

    Continuous time, no time step: a particle starts in equilibrium, stays for its remaining
    Weibull time, moves on along the flow, draws the next stay. The same seed gives the same
    particles on any number of threads.
    """
    return _run(delivery, transit, particles)[0]


def occupancy_frac(
    network: Network, after_s: float, *, transit: Transit, particles: Particles
) -> NDArray[np.float64]:
    """Return the share of particles in each compartment (n,) some seconds after the start.

    In equilibrium it is the share of the blood volume at any time, but for Monte Carlo noise.
    """
    count = len(network.names)
    still = Delivery(
        network,
        np.zeros(1),
        np.array([after_s]),
        np.arange(count),
        np.ones(count),
        np.zeros((1, count)),
    )
    last = _run(still, transit, particles)[1]
    return np.bincount(last, minlength=count) / particles.count


def _run(
    delivery: Delivery, transit: Transit, particles: Particles
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    from abscope.blood.engines.event_kernel import Tables, follow

    used = delivery.mixed if transit.tau_mix_s == 0 else delivery
    network = used.network
    count = len(network.names)
    edges, rates = _timeline(used)
    accept, other = _alias_tables(network.routing)
    start_accept, start_other = _alias_tables(network.volume_frac[None])
    starts = np.searchsorted(used.part_compartment, np.arange(count + 1))
    share = np.cumsum(used.part_frac)
    before = np.concatenate([[0.0], share])[starts[:-1]][used.part_compartment]
    tables = Tables(
        edges,
        rates,
        starts,
        share - before,
        network.mean_transit_s / math.gamma(1 + 1 / transit.shape),
        float(transit.shape),
        0.0 if transit.tau_mix_s == 0 else 1.0 / transit.tau_mix_s,
        accept,
        other,
        start_accept[0],
        start_other[0],
    )
    dose = np.empty(particles.count)
    last = np.empty(particles.count, dtype=np.int16)
    chunks = -(-particles.count // _CHUNK)
    threads = min(particles.n_threads or os.cpu_count() or 1, chunks)
    bounds = [chunks * thread // threads for thread in range(threads + 1)]
    seed = np.uint64(particles.seed)
    with ThreadPoolExecutor(threads) as pool:
        jobs = [
            pool.submit(follow, chunk_range, _CHUNK, seed, dose, last, tables)
            for chunk_range in pairwise(bounds)
        ]
        for job in jobs:
            job.result()
    return dose, last


def _timeline(delivery: Delivery) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # edges (k + 1,) of beams and pauses from 0, and the dose rates (k, parts) in between
    edges, rates = [0.0], []
    zero = delivery.start_s[0]
    for start, duration, dose in zip(
        delivery.start_s - zero, delivery.duration_s, delivery.dose_gy, strict=True
    ):
        if start > edges[-1]:
            edges.append(start)
            rates.append(np.zeros_like(dose))
        edges.append(start + duration)
        rates.append(dose / duration)
    return np.array(edges), np.array(rates)


def _alias_tables(
    probability: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    # Walker's method: one uniform number draws from a row of any length
    rows, n = probability.shape
    accept = np.ones((rows, n))
    other = np.tile(np.arange(n, dtype=np.int16), (rows, 1))
    for row in range(rows):
        scaled = probability[row] * n
        # the smallest first: what is never reached is settled before rounding can matter
        small = [i for i in np.argsort(-scaled, kind="stable") if scaled[i] < 1]
        large = [i for i in range(n) if scaled[i] >= 1]
        while small and large:
            little, much = small.pop(), large[-1]
            accept[row, little], other[row, little] = scaled[little], much
            scaled[much] -= 1 - scaled[little]
            if scaled[much] < 1:
                small.insert(0, large.pop())
    return accept, other
