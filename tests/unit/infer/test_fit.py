"""The search for the best fit where the answer is known, and where it cannot be found."""

import numpy as np
import pytest

from abscope.errors import ModelError, UsageError
from abscope.infer.fit import laplace, map_fit
from abscope.infer.posterior import Latent
from abscope.infer.profile import profile_of

J = np.array([[3.0, 0.5, 0.0], [0.2, 1.0, 0.0]])
DATA = np.array([2.0, -1.0])


class Known:
    """y = J x + bent x^2 with error 1; the last latent is a choice that shifts the first datum."""

    n_directions = 3

    def __init__(self, bent: float = 0.0, choice: float = 0.0, fails: bool = False) -> None:
        self.bent, self.choice, self.fails = bent, choice, fails
        self.latents = tuple(Latent(name=name, meaning=name) for name in ("a", "b", "c", "d"))

    def _model(self, z: np.ndarray) -> np.ndarray:
        found = z[:, :3] @ J.T + self.bent * (z[:, :2] ** 2)
        found[:, 0] += np.where(z[:, 3] > 0.5, self.choice, 0.0)
        return found

    def log_likelihood(self, z: np.ndarray) -> np.ndarray:
        found = -0.5 * np.square(DATA - self._model(z)).sum(axis=1)
        return np.full(len(z), -np.inf) if self.fails else found

    def with_curvature(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = np.zeros((len(z), 2, 4))
        rows[:, :, :3] = J
        rows[:, 0, 0] += 2 * self.bent * z[:, 0]
        rows[:, 1, 1] += 2 * self.bent * z[:, 1]
        gradient = np.einsum("nk,nkl->nl", DATA - self._model(z), rows)
        return self.log_likelihood(z), gradient, rows


def test_a_linear_fit_is_the_ridge_solution_with_its_covariance() -> None:
    """Rung: closed form, x = (I + J^T J)^-1 J^T y, covariance (I + J^T J)^-1."""
    found = map_fit(Known(), starts=5)
    covariance = np.linalg.inv(np.eye(3) + J.T @ J)
    np.testing.assert_allclose(found.z[:3], covariance @ J.T @ DATA, atol=1e-4)
    np.testing.assert_allclose(found.covariance[:3, :3], covariance, atol=1e-9)
    assert found.ratio_frac[2:].tolist() == [1.0, 1.0]
    assert found.agreeing == 5
    assert found.converged
    draws = laplace(found).draws(20_000, seed=2)
    np.testing.assert_allclose(np.cov(draws.T)[:3, :3], covariance, atol=0.03)
    off = draws[:50] - found.z
    expected = -0.5 * np.einsum("ni,ij,nj->n", off, np.linalg.inv(found.covariance), off)
    logs = laplace(found).log_density(draws[:50])
    np.testing.assert_allclose(logs - logs[0], expected - expected[0], atol=1e-8)


def test_a_bent_fit_ends_where_the_gradient_is_zero() -> None:
    density = Known(bent=0.4)
    found = map_fit(density, starts=6, begin=[np.array([1.0, -1.0, 0.0, 0.0])])
    _, gradient, _ = density.with_curvature(found.z[None, :])
    np.testing.assert_allclose((gradient[0] - found.z)[:3], 0.0, atol=0.02)
    assert found.converged
    assert found.ends == tuple(sorted(found.ends, reverse=True))


def test_a_choice_is_made_by_the_starts_and_stays_near_the_middle_of_its_prior() -> None:
    """With the choice the datum 2.0 needs nothing else: worth more than its way to 0.5."""
    found = map_fit(Known(choice=2.2), starts=20, seed=3)
    assert 0.5 < found.z[3] < 1.2
    assert np.abs(found.z[:3]).max() < 0.7


def test_a_search_without_an_answer_says_so() -> None:
    with pytest.raises(UsageError, match="starts"):
        map_fit(Known(), starts=0)
    with pytest.raises(ModelError, match="none of 3 starts could be simulated"):
        map_fit(Known(fails=True), starts=3)


def test_a_profile_is_that_of_the_normal_distribution() -> None:
    """Rung: closed form, the profile of a linear fit is -(v - m)^2 / (2 s^2)."""
    density = Known()
    best = map_fit(density, starts=1)
    mean, covariance = best.z, best.covariance
    found = profile_of(density, "b", best=best.z)
    expected = -0.5 * (found.z - mean[1]) ** 2 / covariance[1, 1]
    expected += best.log_posterior
    np.testing.assert_allclose(found.log_posterior, expected, atol=2e-3)
    assert found.converged
    flat = profile_of(density, "c", best=best.z)
    np.testing.assert_allclose(flat.without_prior, 0.0, atol=1e-3)
    assert flat.interval() == (-np.inf, np.inf)
    low, high = profile_of(density, "a", best=best.z, values=np.linspace(-3, 3, 61)).interval()
    assert -3.0 < low < mean[0] < high < 3.0
    with pytest.raises(UsageError, match="expected a, b, c, d"):
        profile_of(density, "nothing", best=best.z)


class Step:
    """One datum 1 with error 0.1 of tanh(4 (b - |a|)): flat where b is much smaller."""

    n_directions = 2
    latents = tuple(Latent(name=name, meaning=name) for name in ("a", "b"))

    def log_likelihood(self, z: np.ndarray) -> np.ndarray:
        return -50.0 * np.square(1.0 - np.tanh(4.0 * (z[:, 1] - np.abs(z[:, 0]))))

    def with_curvature(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        height = np.tanh(4.0 * (z[:, 1] - np.abs(z[:, 0])))
        slope = (
            4.0
            * (1.0 - height**2)[:, None]
            * np.stack([-np.sign(z[:, 0]), np.ones(len(z))], axis=1)
        )
        gradient = 100.0 * (1.0 - height)[:, None] * slope
        return self.log_likelihood(z), gradient, 10.0 * slope[:, None, :]


def test_a_profile_goes_where_only_the_search_of_the_next_value_leads() -> None:
    """Rung: brute force over b. From the best fit alone the searches beyond 1 see no slope."""
    density = Step()
    b = np.linspace(-2.0, 8.0, 20_001)
    found = profile_of(density, "a", best=np.array([0.0, 0.6]))
    for value, height in zip(found.z, found.log_posterior, strict=True):
        z = np.stack([np.full(len(b), value), b], axis=1)
        best = (density.log_likelihood(z) - 0.5 * np.square(z).sum(axis=1)).max()
        assert height == pytest.approx(best, abs=0.05)
    assert density.log_likelihood(np.array([[3.0, 0.6]]))[0] < -199.0
