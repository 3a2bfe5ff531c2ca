"""Blood dose of the reference adults against exact values.

Closed forms (means), and values that were computed independently, by matrix exponentials and by
another inversion of the Laplace transform, for one fraction of 2 Gy to one organ or of a thoracic
field; tolerance half a unit of the last digit where not stated.
"""

import numpy as np
import pytest

from abscope.blood.engines.inversion import volume_above_frac
from abscope.blood.engines.mean import contributions_gy, mean_gy
from abscope.blood.engines.transform import mean_survival_frac, sd_gy, unirradiated_frac
from abscope.blood.kill import LinearQuadratic, Saturating
from abscope.blood.sojourn import Transit
from blood_cases import FOUR_BEAMS, THORAX, fraction

RAYLEIGH, EXPONENTIAL = Transit(), Transit(shape=1.0)


@pytest.mark.parametrize(
    ("sex", "doses", "mean"),
    [
        ("male", "liver", 0.200000),
        ("female", "liver", 0.200040),
        ("male", "lung", 0.210000),
        ("female", "lung", 0.210042),
        ("male", THORAX, 0.196500),
        ("female", THORAX, 0.193039),
    ],
)
@pytest.mark.parametrize("windows", [(10,), (120,), FOUR_BEAMS])
def test_mean_is_the_volume_weighted_organ_dose(sex, doses, mean, windows):
    given = fraction(sex, doses, *windows)

    assert mean_gy(given) == pytest.approx(mean, abs=1e-6)
    assert sum(contributions_gy(given).values()) == pytest.approx(mean_gy(given), abs=1e-15)


@pytest.mark.parametrize(
    ("sex", "organ", "transit", "sd"),
    [
        ("male", "liver", RAYLEIGH, 0.23640),
        ("male", "liver", EXPONENTIAL, 0.29321),
        ("female", "liver", RAYLEIGH, 0.20703),
        ("male", "lung", RAYLEIGH, 0.10256),
        ("male", "lung", EXPONENTIAL, 0.15770),
        ("female", "lung", RAYLEIGH, 0.09136),
    ],
)
def test_standard_deviation(sex, organ, transit, sd):
    assert sd_gy(fraction(sex, organ, 120), transit=transit) == pytest.approx(sd, abs=1e-4)


@pytest.mark.parametrize(
    ("sex", "organ", "seconds", "transit", "share"),
    [
        ("male", "liver", 120, RAYLEIGH, 0.429673),
        ("male", "liver", 120, EXPONENTIAL, 0.441128),
        ("female", "liver", 120, RAYLEIGH, 0.338403),
        ("male", "liver", 10, RAYLEIGH, 0.847881),
        ("female", "liver", 10, RAYLEIGH, 0.830651),
        ("male", "lung", 120, RAYLEIGH, 0.009037),
        ("female", "lung", 120, RAYLEIGH, 0.002486),
        ("male", "lung", 10, RAYLEIGH, 0.695873),
        ("female", "lung", 10, RAYLEIGH, 0.649991),
        ("male", "spleen", 120, RAYLEIGH, 0.914601),
        ("male", "red_marrow", 120, RAYLEIGH, 0.889445),
    ],
)
def test_share_of_the_blood_without_dose(sex, organ, seconds, transit, share):
    given = fraction(sex, organ, seconds)

    assert unirradiated_frac(given, transit=transit) == pytest.approx(share, abs=1e-5)


def test_share_of_the_blood_that_passes_the_brain():
    """V>0 after 1 s and 120 s; published (old chain, patient fields): 1.2 % and 20.9 %."""
    for seconds, share in ((1, 0.0145), (120, 0.2622)):
        given = fraction("male", "brain", seconds)
        assert 1 - unirradiated_frac(given, transit=RAYLEIGH) == pytest.approx(share, abs=2e-4)


@pytest.mark.parametrize(
    ("transit", "survivals"),
    [
        (RAYLEIGH, {0.3: 0.944075, 0.5: 0.910910, 1.0: 0.839971, 2.0: 0.736338}),
        (EXPONENTIAL, {0.3: 0.945221, 0.5: 0.913770, 1.0: 0.848838, 2.0: 0.758690}),
    ],
)
def test_survival_after_a_liver_fraction(transit, survivals):
    given = fraction("male", "liver", 120)
    for alpha, survival in survivals.items():
        found = mean_survival_frac(given, LinearQuadratic(alpha), transit=transit)
        assert found == pytest.approx(survival, abs=1e-5)


@pytest.mark.parametrize(
    ("sex", "doses", "seconds", "alpha", "survival"),
    [
        ("male", "lung", 120, 0.5, 0.901500),
        ("female", "lung", 120, 0.5, 0.901239),
        ("male", THORAX, 80, 0.5, 0.907172),
        ("male", THORAX, 80, 1.0, 0.824315),
    ],
)
def test_survival_after_other_fractions(sex, doses, seconds, alpha, survival):
    given = fraction(sex, doses, seconds)
    found = mean_survival_frac(given, LinearQuadratic(alpha), transit=RAYLEIGH)

    assert found == pytest.approx(survival, abs=1e-5)
    assert found**5 == pytest.approx(survival**5, abs=5e-5)


@pytest.mark.parametrize(
    ("organ", "seconds", "linear_quadratic", "saturating"),
    [
        ("liver", 120, 0.919627, 0.866139),
        ("liver", 10, 0.927199, 0.943674),
        ("lung", 120, 0.915375, 0.823070),
    ],
)
def test_other_survival_curves(organ, seconds, linear_quadratic, saturating):
    """alpha 0.4 /Gy, beta 0.1 /Gy2; plateau 0.57, mu 2.18 /Gy."""
    given = fraction("male", organ, seconds)
    kills = {LinearQuadratic(0.4, 0.1): linear_quadratic, Saturating(2.18, 0.57): saturating}
    for kill, survival in kills.items():
        found = mean_survival_frac(given, kill, transit=RAYLEIGH)
        assert found == pytest.approx(survival, abs=2e-5)


@pytest.mark.parametrize(
    ("kill", "single"),
    [(LinearQuadratic(0.5), 0.910910)],
)
def test_survival_of_five_fractions_is_the_fifth_power(kill, single):
    from abscope.blood.blood_dose import blood_dose

    given = blood_dose(fraction("male", "liver", 120), engine="transform", kills=[kill])

    assert given.survival[0].surviving_frac == pytest.approx(single, abs=1e-5)
    assert given.repeated(5).survival[0].surviving_frac == pytest.approx(0.627157, abs=1e-5)
    assert given.repeated(5).mean_gy == pytest.approx(1.0, abs=1e-9)
    assert given.repeated(5).sd_gy == pytest.approx(given.sd_gy * np.sqrt(5))
    assert given.repeated(5).unirradiated_frac == pytest.approx(0.429673**5, abs=1e-5)


@pytest.mark.parametrize(("n_phases", "worst"), [(4, 4.5e-4), (6, 2.5e-4), (8, 1.5e-4)])
def test_phases_come_close_to_rayleigh_times(n_phases, worst):
    """Published errors of the survival: 4e-4 for 4 phases, 1.5e-4 for 8."""
    from abscope.blood.engines.phases import phase_transform
    from abscope.blood.engines.renewal import renewal_transform

    points = np.array([0.3, 0.5, 1.0], dtype=complex)
    transit = Transit(n_phases=n_phases)
    for doses in ("liver", "lung", THORAX):
        for seconds in (10, 120):
            given = fraction("male", doses, seconds)
            exact = renewal_transform(given, points, transit=transit)
            near = phase_transform(given, points, transit=transit)
            assert np.abs(exact - near).max() < worst


@pytest.mark.parametrize(
    ("organ", "n_fractions", "volumes"),
    [
        ("liver", 1, {0.1: 0.51349, 0.5: 0.12689}),
        ("liver", 5, {1.0: 0.46719}),
        ("lung", 5, {1.0: 0.57317}),
    ],
)
def test_volumes_without_noise(organ, n_fractions, volumes):
    """HEDOS at 0.05 s: .5131, .1266; .4674; .5821 (its bias of the lung grows with fractions)."""
    given = fraction("male", organ, 120)
    found = volume_above_frac(given, list(volumes), n_fractions=n_fractions, transit=RAYLEIGH)

    assert found == pytest.approx(list(volumes.values()), abs=1e-5)


def test_volumes_of_no_dose_and_at_the_ends():
    nothing = volume_above_frac(
        fraction("male", {"liver": 0.0}, 60), [-1, 0, 1], n_fractions=3, transit=RAYLEIGH
    )
    assert list(nothing) == [1, 0, 0]
    given = fraction("male", "lung", 120)
    ends = volume_above_frac(given, [-1.0, 0.0, 40.0], n_fractions=5, transit=RAYLEIGH)
    assert ends == pytest.approx([1.0, 1 - 0.009037**5, 0.0], abs=1e-6)
