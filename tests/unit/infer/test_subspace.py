"""Directions, ratios and confounded pairs of known information; the prior in its own unit."""

import numpy as np
import pytest
from scipy.stats import lognorm, norm

from abscope.catalog.case_prior import case_prior
from abscope.infer.identifiability import identifiability
from abscope.infer.posterior import Latent
from abscope.infer.subspace import Subspace, directions_of, ratios_of
from abscope.model.prior_draws import PriorDraws

LATENTS = tuple(Latent(name=name, meaning=name) for name in "abcd")
#: a told sharply, b and c only as a sum, d not at all
J = np.array([[3.0, 0.0, 0.0, 0.0], [0.0, 2.0, 2.0, 0.0]])


def test_ratios_are_those_of_the_inverse_of_the_information() -> None:
    expected = np.sqrt(np.diag(np.linalg.inv(np.eye(4) + J.T @ J)))
    np.testing.assert_allclose(ratios_of(J), expected, rtol=1e-12)
    directions, ratio = directions_of(J, most=4, informative_frac=0.95)
    np.testing.assert_allclose(ratio, [10**-0.5, 1 / 3.0], rtol=1e-9)
    np.testing.assert_allclose(directions[0], [1.0, 0.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(directions[1], [0.0, 0.5**0.5, 0.5**0.5, 0.0], atol=1e-12)


def test_points_of_coordinates_and_back() -> None:
    directions, ratio = directions_of(J, most=4, informative_frac=0.95)
    space = Subspace(tuple("abcd"), directions, np.array([3]), ratio)
    x = np.random.default_rng(1).standard_normal((5, space.size))
    rest = np.random.default_rng(2).standard_normal((5, 4))
    np.testing.assert_allclose(space.coordinates(space.points(x, rest)), x, atol=1e-12)
    many = space.points(np.zeros((4000, 3)), np.random.default_rng(3).standard_normal((4000, 4)))
    np.testing.assert_allclose(many @ directions.T, 0.0, atol=1e-12)
    whole = np.random.default_rng(4).standard_normal((20000, 3))
    drawn = space.points(whole, np.random.default_rng(5).standard_normal((20000, 4)))
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(4), atol=0.05)


def test_confounded_pairs_are_named() -> None:
    found = identifiability(J, LATENTS)
    assert found.carried(0.5) == 2
    assert found.alone(0.5) == ("a",)
    assert [(x.first, x.second, x.exactly) for x in found.confounded] == [("b", "c", True)]
    assert "product" in found.confounded[0].words
    assert found.confounded[0].correlation < -0.5
    less = identifiability(np.array([[0.0, 2.0, -2.0, 0.0]]), LATENTS)
    assert "ratio" in less.confounded[0].words
    assert identifiability(np.zeros((1, 4)), LATENTS).confounded == ()


def test_the_prior_of_a_quantity_is_that_of_its_deviate_times_the_slope() -> None:
    """Rung: closed form, p(q) = phi(z) |dz/dq|, dz/dq by differences, for both ways of drawing."""
    z, h = np.linspace(-2.0, 2.0, 9), 1e-5

    def at(z: np.ndarray, how: str) -> np.ndarray:
        draws = PriorDraws(len(z), seed=None, given={"q": z})
        return getattr(draws, how)("q", case_prior("size_unknown"))

    entry = case_prior("size_unknown")
    slope = (at(z + h, "log_normal") - at(z - h, "log_normal")) / (2 * h)
    sd = np.log(entry.high / entry.low) / (2 * 1.959963984540054)
    expected = lognorm.pdf(at(z, "log_normal"), s=sd, scale=entry.value)
    np.testing.assert_allclose(norm.pdf(z) / slope, expected, rtol=1e-6)
    slope = (at(z + h, "spread") - at(z - h, "spread")) / (2 * h)
    np.testing.assert_allclose(norm.pdf(z) / slope, 1.0 / (entry.high - entry.low), rtol=1e-6)
    assert at(np.zeros(1), "spread")[0] == pytest.approx((entry.low + entry.high) / 2)
