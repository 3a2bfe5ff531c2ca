"""The time stepping of HEDOS, written again from its description, without random numbers.

HEDOS (Beekman et al., Phys Med Biol 2023;68:22NT01) moves particles in steps dt: compartment after
compartment, each particle leaves with probability hazard(age) dt, its age grows by dt, and a
particle that moved has age 0. A particle that went to a compartment later in the list is met again
in the same step. Instead of particles, this twin carries the expected number of particles of each
age, so its result has no Monte Carlo noise: what is left is the bias of the stepping.
"""

import math

import numba
import numpy as np

#: The compartments in the order of HEDOS's workbook; the order decides who is met twice.
ORDER = (
    "brain", "thyroid", "lymph_nodes", "large_veins", "other", "fat", "muscle", "adrenals", "skin",
    "red_marrow", "spongy_bone", "compact_bone", "other_skeleton", "bronchial", "lung",
    "right_heart", "left_heart", "coronary", "liver", "kidneys", "bladder", "gonads",
    "large_arteries", "pancreas", "spleen", "stomach_esophagus", "small_intestine",
    "large_intestine",
)  # fmt: skip

_SHAPE = 2.0
_START_AGES = 1000


def expected_occupancy(network, *, dt_s, duration_s):
    """Expected share of the particles in each compartment at the start of each step (steps, n)."""
    rows = [network.position(name) for name in ORDER]
    volume = network.volume_frac[rows]
    routing = network.routing[np.ix_(rows, rows)]
    scale = network.mean_transit_s[rows] / math.gamma(1 + 1 / _SHAPE)
    steps = round(duration_s / dt_s)
    first_age = np.array([np.linspace(0, x * np.sqrt(-np.log(0.01)), _START_AGES) for x in scale])
    start = np.exp(-((first_age / scale[:, None]) ** 2))
    start *= (volume / start.sum(axis=1))[:, None]
    return _steps(routing, scale, first_age, start, dt_s, steps)


@numba.njit
def _steps(routing, scale, first_age, start, dt_s, steps):
    # start: those that have not moved yet, by first age; moved: the others, by age in steps
    count = scale.size
    moved = np.zeros((count, steps + 2))
    out = np.empty((steps, count))
    for step in range(steps):
        for place in range(count):
            out[step, place] = moved[place, : step + 1].sum() + start[place].sum()
        for place in range(count):
            slope = _SHAPE / scale[place] ** _SHAPE * dt_s
            gone = 0.0
            for row in range(first_age.shape[1]):
                leaving = (
                    min(1.0, (first_age[place, row] + step * dt_s) * slope) * start[place, row]
                )
                start[place, row] -= leaving
                gone += leaving
            for age in range(step, -1, -1):
                leaving = min(1.0, age * dt_s * slope) * moved[place, age]
                gone += leaving
                moved[place, age + 1] = moved[place, age] - leaving
            moved[place, 0] = 0.0
            for target in range(count):
                moved[target, 0] += gone * routing[place, target]
    return out


def mean_gy(network, organ, dose_gy, *, dt_s, duration_s):
    """Mean blood dose of HEDOS's stepping for one organ and one beam (Gy)."""
    occupancy = expected_occupancy(network, dt_s=dt_s, duration_s=duration_s)
    return float(occupancy[:, ORDER.index(organ)].mean()) * dose_gy
