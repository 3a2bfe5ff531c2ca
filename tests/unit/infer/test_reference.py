"""The distribution about which walkers move: as wide as data that count less would leave it."""

import numpy as np
import pytest

from abscope.infer.reference import learned_reference, reference_of, widened
from abscope.infer.sampling import SamplerSettings, sample
from synthetic_density import Linear, start_of


def linear():
    generator = np.random.default_rng(11)
    return Linear(2.0 * generator.standard_normal((3, 5)), generator.standard_normal(3))


def covariance_of(reference):
    """Return the covariance in all latents, without the factor of the Student t."""
    across = np.eye(reference.basis.shape[1]) - reference.basis.T @ reference.basis
    along = reference.factor @ reference.factor.T
    return across + reference.basis.T @ along @ reference.basis


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.0])
def test_widened_is_the_posterior_of_data_that_count_less(share):
    """Closed form of a linear likelihood: (I + w J^T J)^-1; for no data the prior."""
    density = linear()
    wide = widened(reference_of(density.mean, density.covariance), data_frac=share)
    expected = np.linalg.inv(np.eye(5) + share * density.slopes.T @ density.slopes)
    np.testing.assert_allclose(covariance_of(wide), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(wide.middle(), density.mean, rtol=0, atol=1e-9)


def test_a_variance_above_that_of_the_prior_shrinks_toward_it():
    wide = widened(reference_of(np.zeros(2), np.diag([4.0, 1.0])), data_frac=0.25)
    expected = 1.0 / (0.25 * 0.25 + 0.75)
    assert wide.factor[0, 0] ** 2 == pytest.approx(expected, rel=1e-12)


def test_a_learned_reference_is_wider_than_the_walkers_it_is_learned_of():
    """Closed form with many draws: the precision beyond that of the prior is halved."""
    density = linear()
    first = reference_of(density.mean, density.covariance)
    root = np.linalg.cholesky(density.covariance)
    white = np.random.default_rng(12).standard_normal((4000, 20, 5))
    learned = learned_reference(first, first, density.mean + white @ root.T)
    expected = np.linalg.inv(np.eye(5) + density.slopes.T @ density.slopes / 2.0)
    np.testing.assert_allclose(covariance_of(learned), expected, rtol=0, atol=0.02)


def test_walkers_take_enough_steps_before_the_rule_is_looked_at():
    """A density that the reference fits at once would else end while tails are still empty."""
    density, steps = linear(), []
    settings = SamplerSettings(seed=3)
    found = sample(
        density, case_id="x", start=start_of(density, 1.0), settings=settings,
        progress=lambda step: steps.append(step.done),
    )  # fmt: skip
    assert found.diagnosis.converged, found.diagnosis.why
    assert steps[-1] >= settings.warming + 100
