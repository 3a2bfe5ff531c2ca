"""Survival of blood cells for many plans at once, each pattern computed once."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.blood.engines.phases import uniform_transform
from abscope.blood.engines.renewal import uniform_transforms
from abscope.blood.network import Network
from abscope.blood.sojourn import Transit
from abscope.errors import ModelError, Problem

__all__ = ["cohort_survival_frac"]

#: Plans that are computed together: their arrays stay in the cache of a core.
_CHUNK = 64


def cohort_survival_frac(
    network: Network,
    dose_gy: NDArray[np.float64],
    *,
    beam_on_time_s: ArrayLike,
    alpha_per_gy: ArrayLike,
    transit: Transit,
    n_threads: int | None = None,
) -> NDArray[np.float64]:
    """Return E[exp(-alpha D)] of one fraction for each plan (plans,).

    ``dose_gy`` (plans, n) is the mean dose per fraction of every compartment of the network, given
    at a constant rate over ``beam_on_time_s``; that and ``alpha_per_gy`` are one number or one per
    plan (perfect mixing inside compartments). Plans with the same alpha times dose and beam time
    are computed once. Raises ModelError for doses, times or alphas that cannot be.
    """
    doses = np.atleast_2d(np.asarray(dose_gy, dtype=float))
    times = np.broadcast_to(np.asarray(beam_on_time_s, dtype=float), doses.shape[:1])
    alphas = np.broadcast_to(np.asarray(alpha_per_gy, dtype=float), doses.shape[:1])
    problems = []
    if doses.shape[1] != len(network.names):
        what, rule = (
            f"{doses.shape[1]} doses per plan",
            f"{len(network.names)}, one per compartment",
        )
        problems.append(Problem("cohort", what, rule, "Follow the order of network.names."))
    for name, values, least in (("dose", doses, 0.0), ("alpha", alphas, 0.0)):
        if not (np.all(np.isfinite(values)) and values.min(initial=0.0) >= least):
            what = f"a {name} is below 0 or no number"
            problems.append(Problem("cohort", what, "0 or more", "Correct it."))
    if not (np.all(np.isfinite(times)) and times.min(initial=1.0) > 0):
        what = "a beam-on time is 0, below 0 or no number"
        problems.append(Problem("cohort", what, "above 0 s", "State the beam-on times."))
    if problems:
        raise ModelError(problems)
    patterns, place = np.unique(
        np.column_stack([times, doses * alphas[:, None]]), axis=0, return_inverse=True
    )
    starts = range(0, patterns.shape[0], _CHUNK)
    values = np.empty(patterns.shape[0])

    def compute(start: int) -> None:
        chunk = patterns[start : start + _CHUNK]
        if transit.shape == 2.0:
            values[start : start + _CHUNK] = uniform_transforms(network, chunk[:, 1:], chunk[:, 0])
        else:
            values[start : start + _CHUNK] = [
                uniform_transform(network, row[1:], row[0], transit=transit) for row in chunk
            ]

    with ThreadPoolExecutor(n_threads or os.cpu_count() or 1) as pool:
        list(pool.map(compute, starts))
    return values[place.reshape(-1)]
