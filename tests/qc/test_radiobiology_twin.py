"""Independent twin: cells are simulated one hit at a time, and integrals done by brute force.

The twin knows no formula of the code under test: survival is counted over cells with Poisson
lethal hits, G is summed over pairs of small doses, gEUD and TCP are products voxel by voxel.
Seeds are fixed; statistical limits are 4 standard errors (a false alarm in 16 000 per comparison).
"""

import math

import numpy as np
import pytest

from abscope.dose.radiobiology.bed import voxel_bed_gy
from abscope.dose.radiobiology.geud import generalized_eud_gy
from abscope.dose.radiobiology.region import region_survival_frac
from abscope.dose.radiobiology.repair import lea_catcheside_factor, pulse_train_factor
from abscope.dose.radiobiology.survival import CellSurvival
from abscope.dose.radiobiology.tcp import region_tcp_frac

N_CELLS = 200_000


def hits_slope(dose, alpha, beta, bend):
    """Lethal hits per Gy at a dose within one fraction: rises until the bend, then constant."""
    return alpha + 2 * beta * min(dose, bend)


def mean_hits(dose, alpha, beta, bend, steps=2000):
    """Hits of one fraction, its slope integrated by the midpoint rule."""
    width = dose / steps
    return sum(hits_slope((i + 0.5) * width, alpha, beta, bend) * width for i in range(steps))


@pytest.mark.parametrize("bend", [math.inf, 3.0])
def test_survival_over_a_histogram_by_counting_cells(bend):
    rng = np.random.default_rng(8)
    alpha, beta, n = 0.15, 0.02, 3
    dose, volume = [2.0, 9.0, 15.0], [1.0, 3.0, 2.0]
    where = rng.choice(3, size=N_CELLS, p=np.array(volume) / 6)
    alive = np.ones(N_CELLS, dtype=bool)
    for _ in range(n):
        per_voxel = np.array([mean_hits(d / n, alpha, beta, bend) for d in dose])
        alive &= rng.poisson(per_voxel[where]) == 0
    found = region_survival_frac(
        dose, volume_ml=volume, cell=CellSurvival(alpha, beta, bend), n_fractions=n
    )
    error = math.sqrt(found * (1 - found) / N_CELLS)
    assert alive.mean() == pytest.approx(found, abs=4 * error)


def brute_g(starts, durations, doses, half_time, pieces=400):
    """G summed over all pairs of small pieces of dose."""
    times, parts = [], []
    for start, length, dose in zip(starts, durations, doses, strict=True):
        times += [start + length * (i + 0.5) / pieces for i in range(pieces)]
        parts += [dose / pieces] * pieces
    times, parts = np.array(times), np.array(parts)
    weight = 0.5 ** (np.abs(times[:, None] - times[None, :]) / half_time)
    return float(parts @ weight @ parts) / parts.sum() ** 2


@pytest.mark.parametrize("seed", range(6))
def test_repair_factor_of_random_pulses(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    durations = rng.uniform(0, 60, n)
    starts = np.cumsum(np.r_[0.0, durations[:-1] + rng.uniform(0, 300, n - 1)])
    doses = rng.uniform(0.2, 5, n)
    half_time = float(rng.uniform(10, 300))
    found = pulse_train_factor(
        starts, durations_min=durations, doses_gy=doses, half_time_min=half_time
    )
    assert found == pytest.approx(brute_g(starts, durations, doses, half_time), rel=1e-4)


@pytest.mark.parametrize("length", [1e-3, 1.0, 45.0, 900.0])
def test_repair_factor_of_one_fraction(length):
    found = lea_catcheside_factor(length, half_time_min=30.0)
    assert found == pytest.approx(brute_g([0.0], [length], [1.0], 30.0), rel=1e-3)


@pytest.mark.parametrize("exponent", [-12.0, -1.0, 0.3, 1.0, 3.7])
def test_geud_voxel_by_voxel(exponent):
    """Each volume is written out as so many equal voxels."""
    dose, counts = [3.0, 17.5, 42.0], [5, 30, 2]
    voxels = [d for d, count in zip(dose, counts, strict=True) for _ in range(count)]
    mean = math.fsum(d**exponent for d in voxels) / len(voxels)
    found = generalized_eud_gy(dose, volume_ml=counts, exponent=exponent)
    assert found == pytest.approx(mean ** (1 / exponent), rel=1e-12)


def test_tumor_control_by_counting_tumors():
    """20 000 tumors of 400 clonogens each: cured when none survives."""
    rng = np.random.default_rng(21)
    alpha, beta, n = 0.25, 0.02, 10
    dose, volume, density = [16.0, 20.0], [1.0, 3.0], 100.0
    alive = np.zeros(20_000, dtype=int)
    for d, v in zip(dose, volume, strict=True):
        kill = n * mean_hits(d / n, alpha, beta, math.inf)
        cells = rng.poisson(density * v, size=alive.size)
        alive += rng.binomial(cells, math.exp(-kill))
    found = region_tcp_frac(
        dose, volume_ml=volume, cell=CellSurvival(alpha, beta), n_fractions=n,
        density_per_ml=density,
    )  # fmt: skip
    assert 0.05 < found < 0.95
    error = math.sqrt(found * (1 - found) / alive.size)
    assert (alive == 0).mean() == pytest.approx(found, abs=4 * error)


def test_bed_is_the_dose_in_infinitely_many_fractions():
    """BED by its meaning: the total dose in 10^6 fractions that kills as much (relative 1e-5)."""
    n, d, ratio = 5, 4.5, 3.0
    kill = n * mean_hits(d, 1.0, 1.0 / ratio, math.inf)
    low, high = 0.0, 1000.0
    for _ in range(80):
        middle = (low + high) / 2
        each = middle / 1e6
        low, high = (middle, high) if 1e6 * each * (1 + each / ratio) < kill else (low, middle)
    assert voxel_bed_gy(22.5, n_fractions=5, alpha_beta_gy=3.0) == pytest.approx(low, rel=1e-4)
