"""The simulated distribution against exact values of the reference adults.

Fixed seeds; every tolerance of a simulated value is at least four standard errors.
"""

import numpy as np
import pytest

from abscope.blood.blood_dose import blood_dose
from abscope.blood.circulation import reference_network
from abscope.blood.delivery import deliver
from abscope.blood.doses import CompartmentDose
from abscope.blood.engines.events import Particles, simulate
from abscope.blood.kill import LinearQuadratic, Saturating
from abscope.blood.sojourn import Transit
from blood_cases import THORAX, fraction

PARTICLES = Particles(4_000_000, seed=20240101)


def test_volumes_after_one_and_five_liver_fractions():
    given = blood_dose(fraction("male", "liver", 120), engine="events", particles=PARTICLES)

    volumes = given.histogram.volume_above_frac([0.1, 0.5])

    assert volumes == pytest.approx([0.51349, 0.12689], abs=1e-3)
    five = given.repeated(5)
    assert float(five.histogram.volume_above_frac(1.0)) == pytest.approx(0.46719, abs=2e-3)
    assert five.histogram.mean_gy == pytest.approx(5 * given.simulated_mean_gy, rel=1e-5)
    assert five.histogram.sd_gy == pytest.approx(np.sqrt(5) * given.sd_gy, rel=1e-3)


def test_volume_after_five_lung_fractions():
    given = blood_dose(fraction("male", "lung", 120), engine="events", particles=PARTICLES)
    five = given.repeated(5).histogram

    assert float(five.volume_above_frac(1.0)) == pytest.approx(0.57317, abs=2e-3)
    assert float(five.dose_at_volume_gy(0.1)) == pytest.approx(1.349, abs=3e-3)
    assert float(five.dose_at_volume_gy(0.02)) == pytest.approx(1.545, abs=3e-3)


@pytest.mark.parametrize("shape", [1.0, 2.0])
@pytest.mark.parametrize("doses", ["liver", "lung", "spleen", THORAX])
def test_both_engines_agree_on_the_reference_adult(doses, shape):
    given = fraction("male", doses, 120)
    kills = [LinearQuadratic(0.5), LinearQuadratic(0.4, 0.1), Saturating(2.18, 0.57)]
    transit = Transit(shape=shape)
    exact = blood_dose(given, engine="transform", kills=kills, transit=transit)
    simulated = blood_dose(
        given, engine="events", kills=kills, transit=transit, particles=Particles(500_000, seed=5)
    )

    error = simulated.simulated_mean_se_gy
    assert simulated.simulated_mean_gy == pytest.approx(exact.mean_gy, abs=4 * error)
    assert simulated.sd_gy == pytest.approx(exact.sd_gy, rel=0.01)
    assert simulated.unirradiated_frac == pytest.approx(
        exact.unirradiated_frac, abs=4 * simulated.unirradiated_se_frac
    )
    for ours, theirs in zip(simulated.survival, exact.survival, strict=True):
        assert ours.surviving_frac == pytest.approx(theirs.surviving_frac, abs=4 * ours.se_frac)


def test_frozen_streamlines_keep_a_hot_tenth_of_the_lung_hot():
    """10 % of the lung at 20 Gy, mean 2 Gy, in 120 s: every cell stays where it entered."""
    hot = CompartmentDose("lung", np.array([0.0, 20.0]), np.array([0.9, 0.1]))
    given = deliver(reference_network("male"), [hot], windows_s=[(0, 120)], unlisted_gy=0.0)
    frozen = blood_dose(
        given,
        engine="events",
        kills=[LinearQuadratic(0.5)],
        transit=Transit(tau_mix_s=np.inf),
        particles=PARTICLES,
    )
    exact = blood_dose(
        given,
        engine="transform",
        kills=[LinearQuadratic(0.5)],
        transit=Transit(tau_mix_s=np.inf),
    )

    for result in (frozen, exact):
        assert result.sd_gy == pytest.approx(0.4658, abs=2e-3)
        assert result.unirradiated_frac == pytest.approx(0.7723, abs=2e-3)
        (survival,) = result.survival
        assert survival.surviving_frac == pytest.approx(0.9208, abs=2e-3)
        assert survival.frozen_frac == survival.surviving_frac
        assert survival.mixed_frac == pytest.approx(0.9015, abs=1e-3)
    assert float(frozen.histogram.volume_above_frac(1.0)) == pytest.approx(0.0875, abs=2e-3)


def test_a_hot_hundredth_of_the_lung_spares_more_blood():
    """1 % of the lung at 200 Gy: survival 0.977 at alpha 0.5 /Gy, frozen."""
    hot = CompartmentDose("lung", np.array([0.0, 200.0]), np.array([0.99, 0.01]))
    given = deliver(reference_network("male"), [hot], windows_s=[(0, 120)], unlisted_gy=0.0)
    result = blood_dose(given, engine="transform", kills=[LinearQuadratic(0.5)])

    assert result.survival[0].frozen_frac == pytest.approx(0.977, abs=1e-3)
    assert result.survival[0].mixed_frac == pytest.approx(0.9015, abs=1e-4)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_compartments_keep_their_share_of_the_blood(sex):
    from abscope.blood.engines.events import occupancy_frac

    network = reference_network(sex)
    count = 400_000
    for after_s in (0.5, 20.0, 300.0):
        found = occupancy_frac(
            network, after_s, transit=Transit(), particles=Particles(count, seed=int(after_s) + 3)
        )
        error = np.sqrt(network.volume_frac * (1 - network.volume_frac) / count)
        # 28 compartments x 6 looks at 4 standard errors: a false alarm in 1 % of seeds
        assert np.all(np.abs(found - network.volume_frac) < 4 * error)


def test_mean_does_not_drift_with_the_seed():
    means = [
        simulate(
            fraction("male", "liver", 120), transit=Transit(), particles=Particles(500_000, seed=s)
        ).mean()
        for s in range(8)
    ]
    assert np.mean(means) == pytest.approx(0.2, abs=4 * 0.2364 / np.sqrt(4e6))
