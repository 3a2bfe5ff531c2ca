"""Incomplete repair: limits, and the general sum over pulses against the special cases."""

import math

import numpy as np
import pytest

from abscope.dose.radiobiology.repair import (
    lea_catcheside_factor,
    pulse_train_factor,
    thames_factor,
)
from abscope.errors import ModelError


def test_an_acute_fraction_keeps_its_quadratic_term():
    assert lea_catcheside_factor(0.0, half_time_min=30.0) == 1.0
    assert thames_factor(1, interval_min=0.0, half_time_min=30.0) == 0.0


def test_long_exposure_falls_as_two_over_mu_t():
    rate = math.log(2) / 60.0
    assert lea_catcheside_factor(1e7, half_time_min=60.0) == pytest.approx(
        2 / (rate * 1e7), rel=1e-4
    )


def test_series_and_closed_form_meet():
    """At mu T = 0.01 both are within rounding; the values are decreasing across the seam."""
    times = np.array([0.9999, 1.0001]) * 0.01 * 60.0 / math.log(2)
    left, right = lea_catcheside_factor(times, half_time_min=60.0)
    assert left > right
    assert left - right == pytest.approx(2e-6 / 3, rel=1e-2)


@pytest.mark.parametrize("duration", [0.5, 20.0, 300.0])
def test_one_pulse_is_the_lea_catcheside_factor(duration):
    train = pulse_train_factor([5.0], durations_min=[duration], doses_gy=[2.0], half_time_min=40.0)
    single = lea_catcheside_factor(duration, half_time_min=40.0)
    assert train == pytest.approx(float(single), rel=1e-12)


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_acute_pulses_are_the_thames_factor(m):
    """m fractions of d: beta (m d)^2 G = m beta d^2 (1 + h)."""
    starts = 360.0 * np.arange(m)
    train = pulse_train_factor(
        starts, durations_min=np.zeros(m), doses_gy=np.full(m, 1.2), half_time_min=240.0
    )
    h = thames_factor(m, interval_min=360.0, half_time_min=240.0)
    assert train == pytest.approx((1 + h) / m, rel=1e-12)


def test_thames_table_closed_form():
    """h = 2 p / (m (1 - p)) (m - (1 - p^m) / (1 - p)) with p = 2^(-6/4)."""
    p, m = 2 ** (-6 / 4), 3
    expected = 2 * p / (m * (1 - p)) * (m - (1 - p**m) / (1 - p))
    found = thames_factor(3, interval_min=360.0, half_time_min=240.0)
    assert found == pytest.approx(expected, rel=1e-12)


def test_no_interval_makes_one_fraction_of_them():
    assert thames_factor(3, interval_min=0.0, half_time_min=60.0) == pytest.approx(2.0)


def test_a_pulse_cut_in_two_is_the_same_pulse():
    whole = pulse_train_factor([0.0], durations_min=[60.0], doses_gy=[6.0], half_time_min=30.0)
    cut = pulse_train_factor(
        [20.0, 0.0], durations_min=[40.0, 20.0], doses_gy=[4.0, 2.0], half_time_min=30.0
    )
    assert cut == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("pulses", "words"),
    [
        (([0.0, 5.0], [10.0, 1.0], [1.0, 1.0]), "overlap"),
        (([0.0], [1.0, 1.0], [1.0]), "length"),
        (([0.0], [1.0], [0.0]), "no pulse has a dose"),
        (([0.0], [-1.0], [1.0]), "durations_min"),
        (([], [], []), "length"),
    ],
)
def test_wrong_pulses_are_refused(pulses, words):
    with pytest.raises(ModelError, match=words):
        pulse_train_factor(
            pulses[0], durations_min=pulses[1], doses_gy=pulses[2], half_time_min=30.0
        )


@pytest.mark.parametrize("half_time", [0.0, -1.0, math.nan])
def test_wrong_half_times_are_refused(half_time):
    with pytest.raises(ModelError, match="half_time_min"):
        lea_catcheside_factor(10.0, half_time_min=half_time)
    with pytest.raises(ModelError, match="half_time_min"):
        thames_factor(2, interval_min=10.0, half_time_min=half_time)
