"""Differences of two treatments on the same draws: closed forms and small samples by hand."""

import numpy as np
import pytest

from abscope.decide.differences import difference_of, share_difference_of


def test_a_difference_is_taken_draw_by_draw():
    """Draws that all gain 0.1 have an interval without width, however much they differ."""
    before = np.linspace(-1.0, 1.0, 101)
    found = difference_of(before, before + 0.1, lower_is_better=True)
    assert found.difference == pytest.approx((0.1, 0.1, 0.1))
    assert found.better_frac == 0.0
    assert found.equal_frac == 0.0
    assert found.delivered == pytest.approx((-0.9, 0.0, 0.9))


def test_what_nobody_could_measure_is_no_difference():
    before = np.array([0.0, 0.0, 1000.0, 1000.0])
    found = difference_of(before, before + np.array([0.005, -0.5, 5.0, 50.0]), lower_is_better=True)
    assert found.equal_frac == 0.5
    assert found.better_frac == 0.25


def test_draws_without_the_quantity_do_not_count():
    found = difference_of(np.array([1.0, np.nan]), np.array([2.0, 1.0]), lower_is_better=False)
    assert found.draws == 1
    assert found.better_frac == 1.0
    assert difference_of(np.array([np.nan]), np.array([1.0]), lower_is_better=True) is None


def test_shares_know_what_is_gained_and_what_is_lost():
    """Of 4 draws 2 respond, one of them not with the scenario, and one more does."""
    found = share_difference_of(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 1.0, 0.0]))
    assert (found.delivered_frac, found.scenario_frac) == (0.5, 0.5)
    assert (found.gained_frac, found.lost_frac) == (0.25, 0.25)
    assert found.difference_frac == 0.0
    assert found.kept_frac == 0.5
    assert share_difference_of(np.zeros(3), np.ones(3)).kept_frac is None


def test_the_error_of_a_share_is_that_of_the_number_of_draws():
    """The 90 % interval holds the truth in 90 % of samples (false alarm rate 1e-3)."""
    rng = np.random.default_rng(7)
    hits, samples = 0, 400
    for _ in range(samples):
        one, two = rng.random(200) < 0.5, rng.random(200) < 0.6
        found = share_difference_of(one.astype(float), two.astype(float))
        hits += abs(found.difference_frac - 0.1) <= found.error_frac
    assert 0.90 * samples - 3.3 * np.sqrt(0.09 * samples) <= hits
    assert hits <= 0.90 * samples + 3.3 * np.sqrt(0.09 * samples)
