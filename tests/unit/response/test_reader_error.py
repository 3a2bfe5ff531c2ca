"""Probability of a true change: closed form, Monte Carlo, symmetries, small lesions, bad input."""

import math
import random
from statistics import NormalDist

import pytest

from abscope.errors import ProtocolError
from abscope.response.reader_error import p_true_change


def change(before, after, threshold=-0.30, n=1, readers="different", least_mm=0.0):
    return p_true_change(
        before, follow_up_mm=after, threshold_frac=threshold, n_lesions=n, readers=readers,
        least_increase_mm=least_mm,
    )  # fmt: skip


def test_closed_form_by_hand():
    sd = (math.log(1.303) - math.log(0.687)) / (2 * 1.959963985)
    z = (math.log(0.70) - math.log(14 / 22)) / sd
    result = change(22, 14)
    assert result.error_sd_frac == pytest.approx(sd, rel=1e-9)
    assert result.probability_frac == pytest.approx(NormalDist().cdf(z), rel=1e-9)
    assert result.probability_frac == pytest.approx(0.72, abs=0.005)
    assert change(22, 14, readers="same").error_sd_frac > 0.088  # 2.4 mm is 14 % of these sizes


@pytest.mark.parametrize(
    ("n", "readers", "sd"),
    [(1, "different", 0.163), (1, "same", 0.088), (3, "different", 0.100), (3, "same", 0.058)],
)
def test_spread_of_each_published_limit(n, readers, sd):
    assert change(80, 60, n=n, readers=readers).error_sd_frac == pytest.approx(sd, abs=5e-4)


@pytest.mark.parametrize(
    ("before", "after", "threshold", "n", "readers"),
    [(60, 40, -0.30, 1, "same"), (22, 14, -0.30, 1, "different"), (90, 110, 0.20, 4, "different")],
)
def test_monte_carlo(before, after, threshold, n, readers):
    """Simulated truth and error, seed 20: how often the truth passes among equal measurements.

    The true log ratio is uniform, the measured one adds normal error; kept are those that measure
    what was measured. Tolerance 4 standard errors: false alarm below 1e-4 per case.
    """
    result = change(before, after, threshold, n, readers)
    observed, rng = math.log(after / before), random.Random(20)
    kept = passed = 0
    for _ in range(300_000):
        truth = observed + rng.uniform(-1, 1)
        if abs(truth + rng.gauss(0, result.error_sd_frac) - observed) < 0.02:
            kept += 1
            ratio = math.exp(truth) - 1
            passed += ratio <= threshold if threshold < 0 else ratio >= threshold
    error = math.sqrt(result.probability_frac * (1 - result.probability_frac) / kept)
    assert kept > 4000
    assert abs(passed / kept - result.probability_frac) < 4 * error
    assert abs(passed / kept - (1 - result.probability_frac)) > 4 * error  # negative control


def test_at_the_threshold_it_is_an_even_bet():
    assert change(100, 70).probability_frac == pytest.approx(0.5)
    assert change(100, 120, 0.20).probability_frac == pytest.approx(0.5)


def test_more_shrinkage_is_more_probable_and_scale_does_not_matter():
    values = [change(100, x).probability_frac for x in range(100, 20, -5)]
    assert values == sorted(values)
    assert change(50, 30).probability_frac == pytest.approx(change(100, 60).probability_frac)


def test_interval_holds_95_percent():
    result = change(60, 40)
    at_low = change(60, 40, threshold=result.low_frac)
    at_high = change(60, 40, threshold=result.high_frac)
    assert at_low.probability_frac == pytest.approx(0.025)
    assert at_high.probability_frac == pytest.approx(0.975)


def test_small_lesions_are_judged_in_millimeters():
    small = change(12, 8)
    assert small.error_sd_frac == pytest.approx(2.4 / math.sqrt(96))
    assert small.probability_frac < change(60, 40).probability_frac
    assert "2.4 mm" in small.reasons[-1]
    assert change(12, 8, n=2).error_sd_frac == pytest.approx(0.0998, abs=5e-4)


def test_a_lesion_that_is_gone_is_a_lower_bound():
    gone = change(22, 0)
    assert gone.measured_frac == -1.0
    assert gone.probability_frac == change(22, 5).probability_frac
    assert "at least" in gone.reasons[1]
    assert change(4, 0).probability_frac < 0.5


def test_progression_needs_its_millimeters():
    result = change(12, 15, 0.20, least_mm=5)
    assert result.threshold_frac == pytest.approx(5 / 12)
    assert result.probability_frac < change(12, 15, 0.20).probability_frac
    assert change(60, 75, 0.20, least_mm=5) == change(60, 75, 0.20)


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ((0, 5), "baseline_mm"),
        ((math.nan, 5), "baseline_mm"),
        ((5, -1), "follow_up_mm"),
        ((5, math.inf), "follow_up_mm"),
        ((5, 4, 0.0), "threshold_frac"),
        ((5, 4, -30.0), "threshold_frac"),
        ((5, 4, -0.3, 0), "n_lesions"),
        ((5, 4, -0.3, 1, "same", 5.0), "least_increase_mm"),
    ],
)
def test_bad_input(args, path):
    with pytest.raises(ProtocolError) as caught:
        change(*args)
    assert [p.path for p in caught.value.problems] == [path]
