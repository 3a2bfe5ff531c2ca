"""Intervals, chances and smoothed weights against closed forms."""

import numpy as np
import pytest
from scipy.stats import genpareto, norm

from abscope.infer.reweighting import pareto_smoothed
from abscope.infer.spread import chance_of, effective_number, spread_of


def test_spread_leaves_out_what_is_not_known_and_counts_weights() -> None:
    values = np.array([0.0, 1.0, np.nan, 2.0])
    found = spread_of(values)
    assert found is not None
    assert (found.median_frac, found.mean_frac) == (1.0, 1.0)
    heavy = spread_of(values, np.array([0.0, 0.0, 1.0, 3.0]))
    assert heavy is not None
    assert (heavy.low_frac, heavy.high_frac, heavy.width_frac) == (2.0, 2.0, 0.0)
    assert spread_of(np.array([np.nan])) is None


def test_chance_has_the_interval_of_jeffreys() -> None:
    # k = 3 of n = 10: Beta(3.5, 7.5), 5 % and 95 % from tables of the beta distribution
    found = chance_of(np.arange(10) < 3)
    assert found is not None
    assert found.probability_frac == pytest.approx(0.3)
    assert (found.low_frac, found.high_frac) == pytest.approx((0.1167, 0.5541), abs=5e-3)
    few = chance_of(np.arange(100) < 30, effective_draws=10.0)
    assert few is not None
    assert few.low_frac == pytest.approx(found.low_frac)
    assert chance_of(np.ones(3, bool), np.zeros(3)) is None


def test_effective_number_of_equal_weights_is_their_number() -> None:
    assert effective_number(np.full(7, 0.3)) == pytest.approx(7.0)
    assert effective_number(np.array([1.0, 0.0, 0.0])) == 1.0


def test_weights_move_draws_to_a_near_density() -> None:
    # draws of N(0, 1) for N(0.5, 1): the mean is 0.5, the effective number n exp(-0.25)
    z = norm.ppf((np.arange(4000) + 0.5) / 4000)
    found = pareto_smoothed(norm.logpdf(z, 0.5) - norm.logpdf(z))
    assert found.usable
    assert np.sum(found.weights * z) == pytest.approx(0.5, abs=0.02)
    assert found.effective_draws == pytest.approx(4000 * np.exp(-0.25), rel=0.05)


@pytest.mark.parametrize("shape", [0.3, 0.9])
def test_shape_of_the_tail_is_found(shape: float) -> None:
    places = (np.arange(20_000) + 0.5) / 20_000
    found = pareto_smoothed(np.log(genpareto.ppf(places, shape)))
    assert found.pareto_k == pytest.approx(shape, abs=0.12)
    assert found.usable is (shape < 0.7)


def test_weights_that_say_nothing_are_not_used() -> None:
    nothing = pareto_smoothed(np.full(50, -np.inf))
    assert not nothing.usable
    assert nothing.weights.sum() == 0.0
    alike = pareto_smoothed(np.zeros(50))
    assert alike.usable
    assert alike.effective_draws == pytest.approx(50.0)
