"""Survival curves, histograms, gradients and cohorts of the blood dose."""

import numpy as np
import pytest

from abscope.blood.blood_dose import blood_dose
from abscope.blood.circulation import reference_network
from abscope.blood.delivery import Delivery, deliver
from abscope.blood.doses import CompartmentDose
from abscope.blood.engines.cohort import cohort_survival_frac
from abscope.blood.engines.events import Particles
from abscope.blood.engines.transform import (
    dose_transform,
    mean_survival_frac,
    survival_gradient,
)
from abscope.blood.histogram import DoseHistogram
from abscope.blood.kill import LinearQuadratic, Saturating
from abscope.blood.sojourn import Transit, phase_times
from abscope.errors import ModelError
from blood_cases import THORAX, fraction

MALE = reference_network("male")


@pytest.mark.parametrize(
    "kill",
    [
        LinearQuadratic(0.5),
        LinearQuadratic(0.4, 0.1),
        LinearQuadratic(0.05, 0.14),
        Saturating(2.18, 0.57),
        Saturating(1.0, 0.02),
    ],
)
def test_transform_terms_rebuild_the_survival_curve(kill):
    for largest in (1.0, 5.0, 12.0):
        weights, points = kill.transform_terms(largest)
        doses = np.linspace(0, largest, 25)
        rebuilt = (np.exp(-np.outer(doses, points)) @ weights).real
        assert rebuilt == pytest.approx(kill.surviving_frac(doses), abs=2e-6)


def test_survival_curves_by_hand():
    """exp(-0.4 x 2 - 0.1 x 4) = 0.3012; 0.57^(1 - exp(-4.36)) = 0.5741."""
    assert float(LinearQuadratic(0.4, 0.1).surviving_frac(2.0)) == pytest.approx(0.30119, abs=1e-5)
    assert float(Saturating(2.18, 0.57).surviving_frac(2.0)) == pytest.approx(0.57410, abs=1e-5)


def test_phases_have_mean_one_and_an_equilibrium():
    """4 phases: rate 3.809, weights .064, 0, 0, .936, error .014; 6: .004; 8: .0012."""
    four = phase_times(2.0, 4)
    assert four.relative_rate == pytest.approx(3.809, abs=1e-3)
    assert four.entry_frac == pytest.approx([0.936, 0.0, 0.0, 0.064], abs=1e-3)
    for count, error in ((4, 0.014), (6, 0.004), (8, 0.0013)):
        found = phase_times(2.0, count)
        steps = np.arange(count, 0, -1)
        assert found.worst_cdf_error_frac == pytest.approx(error, rel=0.05)
        assert found.entry_frac @ steps / found.relative_rate == pytest.approx(1)
        assert found.stationary_frac.sum() == pytest.approx(1)


def test_impossible_transits_are_refused():
    with pytest.raises(ModelError) as caught:
        Transit(shape=0.0, tau_mix_s=-1.0, n_phases=0)
    assert len(caught.value.problems) == 3
    with pytest.raises(ModelError, match=r"shape 0.8 with 6 phase\(s\)"):
        blood_dose(fraction("male", "liver", 60), engine="transform", transit=Transit(shape=0.8))


def test_events_take_the_shapes_that_phases_cannot():
    for shape in (0.8, 3.0):
        result = blood_dose(
            fraction("male", "liver", 60),
            engine="events",
            transit=Transit(shape=shape),
            particles=Particles(200_000, seed=2),
        )
        near = 4 * result.simulated_mean_se_gy
        assert result.simulated_mean_gy == pytest.approx(0.2, abs=near)


def test_a_shape_between_is_close_to_its_particles():
    transit = Transit(shape=3.0, n_phases=12)
    kills = [LinearQuadratic(0.5)]
    given = fraction("male", THORAX, 80)
    near = blood_dose(given, engine="transform", kills=kills, transit=transit)
    found = blood_dose(
        given, engine="events", kills=kills, transit=transit, particles=Particles(300_000, seed=2)
    )
    error = found.survival[0].se_frac
    assert near.survival[0].surviving_frac == pytest.approx(
        found.survival[0].surviving_frac, abs=4 * error + 3e-4
    )


def frozen_lung(scale=1.0, other=0.3):
    lung = CompartmentDose("lung", scale * np.array([0.0, 3.0, 8.0]), np.array([0.5, 0.3, 0.2]))
    rest = CompartmentDose("liver", np.array([other]), np.ones(1))
    return deliver(MALE, [lung, rest], windows_s=[(0.0, 90.0)], unlisted_gy=0.0)


@pytest.mark.parametrize(
    ("transit", "windows"),
    [
        (Transit(), [(0.0, 90.0)]),
        (Transit(shape=1.0), [(0.0, 90.0)]),
        (Transit(n_phases=4), [(0.0, 40.0), (60.0, 50.0)]),
    ],
)
def test_gradients_by_differences(transit, windows):
    doses = {"liver": 1.5, "lung": 0.4, "spleen": 0.0}
    alpha, step = 0.6, 1e-4

    def survival(changed, at=alpha):
        given = deliver(MALE, changed, windows_s=windows, unlisted_gy=0.0)
        return mean_survival_frac(given, LinearQuadratic(at), transit=transit)

    given = deliver(MALE, doses, windows_s=windows, unlisted_gy=0.0)
    value, by_dose, by_alpha = survival_gradient(given, alpha, transit=transit)

    assert value == pytest.approx(survival(doses), abs=1e-10)
    assert set(by_dose) == set(MALE.names)
    for name in ("liver", "lung"):
        up, down = ({**doses, name: doses[name] + sign * step} for sign in (1, -1))
        slope = (survival(up) - survival(down)) / (2 * step)
        assert by_dose[name] == pytest.approx(slope, rel=1e-5)
    from_zero = (survival({**doses, "spleen": step}) - survival(doses)) / step
    assert by_dose["spleen"] == pytest.approx(from_zero, rel=1e-3)
    slope = (survival(doses, alpha + step) - survival(doses, alpha - step)) / (2 * step)
    assert by_alpha == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("tau", [0.0, 3.0, np.inf])
def test_gradients_of_compartments_with_parts(tau):
    transit = Transit(tau_mix_s=tau, n_phases=4)
    step = 1e-4
    value, by_dose, by_alpha = survival_gradient(frozen_lung(), 0.5, transit=transit)
    mean_lung = 2.5

    def survival(given, at=0.5):
        if 0 < tau < np.inf:
            from abscope.blood.engines.phases import phase_transform

            return phase_transform(given, np.array([at + 0j]), transit=transit)[0].real
        return mean_survival_frac(given, LinearQuadratic(at), transit=transit)

    up, down = frozen_lung(1 + step), frozen_lung(1 - step)
    assert value == pytest.approx(survival(frozen_lung()), abs=1e-9)
    slope = (survival(up) - survival(down)) / (2 * step * mean_lung)
    assert by_dose["lung"] == pytest.approx(slope, rel=1e-4)
    slope = (survival(frozen_lung(), 0.5 + step) - survival(frozen_lung(), 0.5 - step)) / (2 * step)
    assert by_alpha == pytest.approx(slope, rel=1e-4)


def test_a_slope_at_alpha_zero_is_the_mean_dose():
    _, by_dose, by_alpha = survival_gradient(fraction("male", "liver", 60), 0.0, transit=Transit())
    assert by_alpha == pytest.approx(-0.2)
    assert by_dose["liver"] == 0


@pytest.mark.parametrize("shape", [1.0, 2.0])
def test_a_cohort_is_its_plans_one_by_one(shape):
    rng = np.random.default_rng(7)
    doses = rng.gamma(0.3, 1.0, (70, 28)) * (rng.random((70, 28)) < 0.4)
    doses[35:] = doses[:35]
    seconds = np.tile(rng.uniform(20, 300, 35), 2)
    alpha = np.tile(rng.uniform(0.2, 0.9, 35), 2)
    transit = Transit(shape=shape)
    found = cohort_survival_frac(
        MALE, doses, beam_on_time_s=seconds, alpha_per_gy=alpha, transit=transit
    )

    assert np.array_equal(found[35:], found[:35])
    for row in (0, 3, 34):
        given = deliver(
            MALE,
            dict(zip(MALE.names, doses[row].tolist(), strict=True)),
            windows_s=[(0.0, float(seconds[row]))],
        )
        one = mean_survival_frac(given, LinearQuadratic(float(alpha[row])), transit=transit)
        assert found[row] == pytest.approx(one, abs=1e-8)


def test_an_impossible_cohort_is_refused():
    with pytest.raises(ModelError) as caught:
        cohort_survival_frac(
            MALE, -np.ones((2, 27)), beam_on_time_s=0.0, alpha_per_gy=0.5, transit=Transit()
        )
    assert len(caught.value.problems) == 3


def test_a_histogram_by_hand():
    histogram = DoseHistogram(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.3, 0.2]))

    assert histogram.mean_gy == pytest.approx(0.7)
    assert histogram.sd_gy == pytest.approx(np.sqrt(0.3 + 0.8 - 0.49))
    assert histogram.unirradiated_frac == 0.5
    assert histogram.volume_above_frac([-1, 0, 0.5, 1, 2]) == pytest.approx([1, 0.5, 0.5, 0.2, 0])
    assert histogram.dose_at_volume_gy([0.1, 0.4, 0.9]) == pytest.approx([2, 1, 0])
    assert histogram.binned([0, 0.5, 2.0]) == pytest.approx([0.5, 0.5])
    assert histogram.survival_frac(LinearQuadratic(1.0)) == pytest.approx(
        0.5 + 0.3 * np.exp(-1) + 0.2 * np.exp(-2)
    )


def test_two_fractions_by_hand():
    """Two draws of 0 or 1 Gy: 0, 1 or 2 Gy with 1/4, 1/2, 1/4."""
    histogram = DoseHistogram(np.array([0.0, 1.0]), np.array([0.5, 0.5])).repeated(2)

    assert histogram.unirradiated_frac == pytest.approx(0.25)
    assert histogram.mean_gy == pytest.approx(1.0)
    assert histogram.volume_above_frac([0.5, 1.5]) == pytest.approx([0.75, 0.25])
    other = DoseHistogram(np.array([0.0, 3.0]), np.array([0.9, 0.1]))
    both = histogram.added(other)
    assert both.mean_gy == pytest.approx(1.3)
    assert both.volume_above_frac([2.5]) == pytest.approx([0.1])


def test_a_histogram_of_nothing_stays_nothing():
    nothing = DoseHistogram(np.zeros(3), np.full(3, 1 / 3))
    assert nothing.repeated(4).mean_gy == 0
    assert nothing.repeated(1) is nothing


def test_what_cannot_be_joined_or_chosen():
    mean = blood_dose(fraction("male", "liver", 60), engine="mean")
    exact = blood_dose(fraction("male", "liver", 60), engine="transform")
    with pytest.raises(ModelError, match="engines mean and transform"):
        mean.followed_by(exact)
    with pytest.raises(ModelError, match="0 fractions"):
        mean.repeated(0)
    with pytest.raises(ModelError, match="engine 'magic'"):
        blood_dose(fraction("male", "liver", 60), engine="magic")
    with pytest.raises(ModelError) as caught:
        Particles(0, seed=-1, n_threads=0)
    assert len(caught.value.problems) == 3
    assert mean.sd_gy is None
    assert mean.repeated(2).unirradiated_frac is None


def test_simulated_fractions_repeat_with_their_errors():
    result = blood_dose(
        fraction("male", "liver", 60),
        engine="events",
        kills=[LinearQuadratic(0.5)],
        particles=Particles(20_000, seed=1),
    )
    five = result.repeated(5)
    assert five.survival[0].se_frac == pytest.approx(
        5 * result.survival[0].surviving_frac ** 4 * result.survival[0].se_frac
    )
    both = result.followed_by(result)
    assert both.histogram.mean_gy == pytest.approx(2 * result.simulated_mean_gy, rel=1e-6)
    assert both.simulated_mean_se_gy == pytest.approx(np.sqrt(2) * result.simulated_mean_se_gy)


def test_frozen_and_mixed_limits_stand_beside_any_mixing():
    for engine in ("transform", "events"):
        result = blood_dose(
            frozen_lung(),
            engine=engine,
            kills=[LinearQuadratic(0.5)],
            transit=Transit(tau_mix_s=1.0),
            particles=Particles(50_000, seed=1),
        )
        (survival,) = result.survival
        assert survival.mixed_frac < survival.surviving_frac < survival.frozen_frac


def test_a_characteristic_function_has_modulus_below_one():
    values = dose_transform(
        fraction("male", THORAX, 80), 1j * np.linspace(0, 5, 11), transit=Transit()
    )
    assert values[0] == pytest.approx(1)
    assert np.all(np.abs(values) <= 1 + 1e-9)
    assert isinstance(fraction("male", THORAX, 80), Delivery)
