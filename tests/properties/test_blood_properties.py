"""What holds for the blood dose of every circulation, not only of the reference adults."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.blood.blood_dose import blood_dose
from abscope.blood.circulation import reference_network
from abscope.blood.delivery import deliver
from abscope.blood.doses import CompartmentDose
from abscope.blood.engines.events import Particles, simulate
from abscope.blood.engines.mean import mean_gy
from abscope.blood.engines.phases import phase_transform
from abscope.blood.engines.renewal import renewal_transform
from abscope.blood.engines.transform import (
    dose_transform,
    mean_survival_frac,
    sd_gy,
    unirradiated_frac,
)
from abscope.blood.kill import LinearQuadratic
from abscope.blood.network import TumorCompartment, with_tumors
from abscope.blood.sojourn import Transit
from blood_cases import THORAX, fraction, random_network, uniform_delivery

SEEDS = st.integers(0, 10_000)
KILL = LinearQuadratic(0.5)
RAYLEIGH = Transit()


@settings(max_examples=12, derandomize=True, deadline=None)
@given(seed=SEEDS, exponential=st.booleans())
def test_particles_and_transforms_agree_on_random_circulations(seed, exponential):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    doses = np.where(rng.random(6) < 0.5, rng.gamma(1.0, 1.5, 6), 0.0)
    given_dose = uniform_delivery(network, doses, rng.uniform(5, 200))
    transit = Transit(shape=1.0 if exponential else 2.0)
    kills = [KILL, LinearQuadratic(0.3, 0.05)]
    exact = blood_dose(given_dose, engine="transform", kills=kills, transit=transit)
    found = blood_dose(
        given_dose,
        engine="events",
        kills=kills,
        transit=transit,
        particles=Particles(100_000, seed=seed),
    )

    # 12 circulations x 4 looks at 4 standard errors: a false alarm in 0.3 % of seeds
    near = 1e-9
    assert abs(found.simulated_mean_gy - exact.mean_gy) <= 4 * found.simulated_mean_se_gy + near
    wide = max(4 * found.unirradiated_se_frac, 1e-4)
    assert abs(found.unirradiated_frac - exact.unirradiated_frac) <= wide
    for ours, theirs in zip(found.survival, exact.survival, strict=True):
        assert abs(ours.surviving_frac - theirs.surviving_frac) <= 4 * ours.se_frac + 1e-7


@settings(max_examples=6, derandomize=True, deadline=None)
@given(seed=SEEDS)
def test_beams_of_different_dose_agree_with_particles(seed):
    """Exponential stays are exact for any beams; Rayleigh ones have the error of their phases."""
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    from abscope.blood.delivery import Beam, deliver_beams

    starts = np.cumsum(rng.uniform(10, 40, 3))
    beams = [
        Beam(start, 8.0, dict(zip(network.names, rng.gamma(0.5, 1.0, 6).tolist(), strict=True)))
        for start in starts
    ]
    given_dose = deliver_beams(network, beams)
    for shape, slack in ((1.0, 1e-9), (2.0, 2e-4)):
        transit = Transit(shape=shape, n_phases=8)
        exact = mean_survival_frac(given_dose, KILL, transit=transit)
        sample = simulate(given_dose, transit=transit, particles=Particles(100_000, seed=seed))
        survival = KILL.surviving_frac(sample)
        error = survival.std() / np.sqrt(sample.size)
        assert abs(survival.mean() - exact) <= 4 * error + slack


@settings(max_examples=10, derandomize=True, deadline=None)
@given(seed=SEEDS)
def test_a_compartment_cut_into_equal_parts_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    network = reference_network("male")
    parts = int(rng.integers(2, 6))
    shares = rng.dirichlet(np.ones(parts))
    whole = fraction("male", "liver", 120)
    cut = deliver(
        network,
        [CompartmentDose("liver", np.full(parts, 2.0), shares)],
        windows_s=[(0.0, 120.0)],
        unlisted_gy=0.0,
    )
    split = with_tumors(network, [TumorCompartment("lesion", "liver", float(shares[0]), 1.0, 1.0)])
    parallel = deliver(
        split, {"liver": 2.0, "lesion": 2.0}, windows_s=[(0.0, 120.0)], unlisted_gy=0.0
    )
    for shape in (1.0, 2.0):
        for tau in (0.0, 30.0, np.inf):
            transit = Transit(shape=shape, tau_mix_s=tau)
            points = np.array([0.5, 2.0, np.inf], dtype=complex)
            expected = dose_transform(whole, points, transit=transit)
            for other in (cut, parallel):
                found = dose_transform(other, points, transit=transit)
                assert found == pytest.approx(expected, abs=1e-8)


def test_mixing_between_its_limits_moves_survival_monotonously():
    hot = CompartmentDose("lung", np.array([0.0, 20.0]), np.array([0.9, 0.1]))
    given_dose = deliver(
        reference_network("male"), [hot], windows_s=[(0.0, 120.0)], unlisted_gy=0.0
    )
    taus = [0.0, 1e-6, 0.1, 1.0, 10.0, 100.0, 1e9, np.inf]
    found = [mean_survival_frac(given_dose, KILL, transit=Transit(tau_mix_s=t)) for t in taus]

    assert found == sorted(found)
    assert found[1] == pytest.approx(found[0], abs=1e-6)
    assert found[-2] == pytest.approx(found[-1], abs=1e-6)
    # both ways to compute it, and particles, agree in between
    between = Transit(tau_mix_s=2.0, n_phases=8)
    points = np.array([0.5, 1j, np.inf], dtype=complex)
    exact = renewal_transform(given_dose, points, transit=between)
    assert phase_transform(given_dose, points, transit=between) == pytest.approx(exact, abs=2e-4)
    sample = simulate(given_dose, transit=between, particles=Particles(200_000, seed=3))
    survival = KILL.surviving_frac(sample)
    assert survival.mean() == pytest.approx(
        exact[0].real, abs=4 * survival.std() / np.sqrt(sample.size)
    )
    assert (sample == 0).mean() == pytest.approx(exact[2].real, abs=4 * 0.5 / np.sqrt(sample.size))


def test_a_beam_without_duration_meets_the_blood_of_the_organ():
    network = reference_network("male")
    for organ in ("liver", "lung", "brain"):
        share = network.volume_frac[network.position(organ)]
        for shape in (1.0, 2.0):
            for seconds in (1e-9, 1e-7):
                found = unirradiated_frac(
                    fraction("male", organ, seconds), transit=Transit(shape=shape)
                )
                assert 1 - found == pytest.approx(share, abs=1e-7)
    # exact in the limit: the rest is flow times time
    tiny = fraction("male", "liver", 1e-10)
    assert 1 - unirradiated_frac(tiny, transit=Transit(shape=1.0)) == pytest.approx(0.1, abs=1e-8)


def test_a_very_long_beam_gives_every_cell_the_mean_dose():
    spread = [
        sd_gy(fraction("male", "liver", seconds), transit=Transit(shape=1.0)) * np.sqrt(seconds)
        for seconds in (3600.0, 10800.0)
    ]
    assert spread[1] == pytest.approx(spread[0], rel=0.01)
    long = fraction("male", "liver", 14400.0)
    assert sd_gy(long, transit=RAYLEIGH) < 0.03
    assert mean_survival_frac(long, KILL, transit=RAYLEIGH) == pytest.approx(np.exp(-0.1), abs=1e-4)


def test_no_dose_kills_nothing():
    given_dose = fraction("female", {"liver": 0.0}, 120)
    for shape in (1.0, 2.0, 3.0):
        transit = Transit(shape=shape)
        assert mean_survival_frac(given_dose, KILL, transit=transit) == pytest.approx(1, abs=1e-8)
        assert sd_gy(given_dose, transit=transit) == 0
        assert unirradiated_frac(given_dose, transit=transit) == pytest.approx(1, abs=1e-8)
    # a transform at 0 is 1 whatever the dose
    at_zero = dose_transform(fraction("male", THORAX, 80), 0.0, transit=RAYLEIGH)
    assert at_zero[0] == pytest.approx(1, abs=1e-8)


def test_one_phase_is_the_matrix_exponential():
    from scipy.linalg import expm

    given_dose = fraction("male", THORAX, (0.0, 20.0), (35.0, 10.0))
    network = given_dose.network
    rate = 1 / network.mean_transit_s
    generator = rate[:, None] * (network.routing - np.eye(rate.size))
    for s in (0.5, 2.0, 1.5j):
        product = np.ones(rate.size, dtype=complex)
        for seconds, dose in (
            (10.0, given_dose.dose_gy[1]),
            (15.0, 0.0),
            (20.0, given_dose.dose_gy[0]),
        ):
            kill = np.diag(s * np.broadcast_to(dose, rate.shape) / seconds)
            product = expm((generator - kill) * seconds) @ product
        expected = network.volume_frac @ product
        found = dose_transform(given_dose, s, transit=Transit(shape=1.0))[0]
        assert found == pytest.approx(expected, abs=1e-12)


@settings(max_examples=8, derandomize=True, deadline=None)
@given(seed=SEEDS)
def test_one_beam_cut_in_two_is_still_one_beam(seed):
    cut = float(np.random.default_rng(seed).uniform(1, 119))
    one = fraction("male", THORAX, 120)
    two = fraction("male", THORAX, (0.0, cut), (cut, 120 - cut))
    points = np.array([0.5, 1j, np.inf], dtype=complex)
    for transit in (Transit(shape=1.0), Transit(n_phases=4)):
        found = phase_transform(two, points, transit=transit)
        assert found == pytest.approx(phase_transform(one, points, transit=transit), abs=1e-10)
    assert mean_gy(two) == pytest.approx(mean_gy(one), abs=1e-12)


def test_a_pause_lets_the_blood_mix():
    """The mean stays, the spread falls, more blood gets some dose (four beams against one)."""
    together = fraction("male", THORAX, 80)
    apart = fraction("male", THORAX, (0.0, 20.0), (30.0, 20.0), (60.0, 20.0), (90.0, 20.0))
    transit = Transit(n_phases=8)

    assert mean_gy(apart) == pytest.approx(mean_gy(together), abs=1e-12)
    assert sd_gy(apart, transit=transit) == pytest.approx(0.0772, abs=3e-4)
    assert sd_gy(together, transit=transit) == pytest.approx(0.0814, abs=3e-4)
    assert unirradiated_frac(apart, transit=transit) == pytest.approx(0.0040, abs=2e-4)
    assert unirradiated_frac(together, transit=transit) == pytest.approx(0.0136, abs=2e-4)
