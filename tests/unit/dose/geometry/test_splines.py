"""The spline goes through its values and repeats what a cubic is."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from abscope.dose.geometry.splines import spline_weights


@pytest.mark.parametrize("n", [2, 3, 4, 5, 12])
def test_against_the_not_a_knot_spline_of_scipy(n):
    # oracle: scipy.interpolate.CubicSpline(x, y, bc_type="not-a-knot")
    chance = np.random.default_rng(n)
    x, y = np.cumsum(chance.uniform(0.5, 2, n)), chance.normal(size=n)
    at = np.linspace(x[0], x[-1], 41)
    assert spline_weights(x, at_mm=at) @ y == pytest.approx(CubicSpline(x, y)(at), abs=1e-12)


def test_a_cubic_comes_back_exactly():
    x = np.array([0.0, 1.0, 2.5, 3.0, 5.0, 7.0])
    at = np.linspace(0, 7, 29)
    assert spline_weights(x, at_mm=at) @ x**3 == pytest.approx(at**3, abs=1e-10)


def test_the_weights_of_a_place_sum_to_one():
    x = np.arange(9.0)
    at = np.linspace(0, 8, 33)
    assert spline_weights(x, at_mm=at).sum(axis=1) == pytest.approx(1)
