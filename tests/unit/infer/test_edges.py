"""Likelihoods of one reading against closed forms, scipy and differences."""

import numpy as np
import pytest
from scipy.stats import norm

from abscope.infer.edges import likely_interval, likely_value, mixed

X = np.linspace(-3.0, 3.0, 25)


@pytest.mark.parametrize(
    ("low", "high"), [(-0.5, 0.5), (-np.inf, 0.3), (0.2, np.inf), (-1.0, -0.9), (2.5, 2.6)]
)
def test_an_interval_has_the_probability_between_its_ends(low: float, high: float) -> None:
    """Rung: independent implementation, scipy.stats.norm(x, sd).cdf(high) - cdf(low)."""
    found = likely_interval(X, low=low, high=high, sd_log=0.4)
    expected = norm.cdf((high - X) / 0.4) - norm.cdf((low - X) / 0.4)
    known = expected > 1e-9  # below, a difference of two numbers near 1 has no digits left
    np.testing.assert_allclose(np.exp(found.log_density)[known], expected[known], rtol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.5), (-np.inf, 0.3), (0.2, np.inf)])
def test_slope_and_curvature_are_those_of_differences(low: float, high: float) -> None:
    def at(x: np.ndarray) -> np.ndarray:
        return likely_interval(x, low=low, high=high, sd_log=0.4).log_density

    found, h = likely_interval(X, low=low, high=high, sd_log=0.4), 1e-4
    np.testing.assert_allclose(found.slope, (at(X + h) - at(X - h)) / (2 * h), rtol=1e-5, atol=1e-6)
    bent = -(at(X + h) - 2 * at(X) + at(X - h)) / h**2
    np.testing.assert_allclose(found.curvature, bent, rtol=1e-4, atol=1e-4)


def test_a_censored_reading_far_out_stays_finite_and_knows_the_way_back() -> None:
    far = likely_interval(np.array([30.0, -30.0]), low=-np.inf, high=0.0, sd_log=0.4)
    assert np.isfinite(far.log_density).all()
    assert far.slope[0] == pytest.approx(-30.0 / 0.16, rel=1e-2)
    assert far.log_density[1] == pytest.approx(0.0)
    both = likely_interval(np.array([30.0]), low=-0.1, high=0.0, sd_log=0.4)
    assert np.isfinite(both.log_density).all()
    assert both.slope[0] < 0.0


def test_versions_are_a_mixture() -> None:
    parts = [likely_value(X, value=v, sd_log=0.5) for v in (-1.0, 1.0)]
    found = mixed(parts, [0.5, 0.5])
    expected = 0.5 * norm.pdf(X, -1.0, 0.5) + 0.5 * norm.pdf(X, 1.0, 0.5)
    np.testing.assert_allclose(np.exp(found.log_density), expected, rtol=1e-10)
    slope = np.gradient(np.log(expected), X)
    np.testing.assert_allclose(found.slope[5:-5], slope[5:-5], atol=0.5)
    assert (found.curvature >= 0.0).all()
