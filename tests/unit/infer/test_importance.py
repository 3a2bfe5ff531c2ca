"""A small case from its data to draws: the directions, the best fit, and what was the truth."""

import numpy as np
import pytest

from abscope.errors import UsageError
from abscope.infer.case_density import CaseDensity, density_of
from abscope.infer.case_model import case_model
from abscope.infer.fit import MapFit, map_fit
from abscope.infer.identifiability import identifiability
from abscope.infer.importance import ImportanceSettings, importance_sample
from abscope.infer.posterior import Posterior
from abscope.infer.reweighting import pareto_smoothed
from model_cases import small_case

SETTINGS = ImportanceSettings(rounds=4, draws_per_round=400, draws=100, enough=300.0)
#: Slow growth and a resistant tumor: in deviates of the prior.
TRUTH = {"growth": 0.8, "alpha": -0.7}


def recorded() -> CaseDensity:
    """The small case with sizes as the model makes them of the truth, without error."""
    scans = [scan.to_plain() for scan in small_case().imaging]
    days = (30, 60, 120)

    def case(sizes):
        later = [
            {"id": f"I{k + 1}", "when": f"day {day}", "role": "follow_up",
             "findings": [{"lesion": name, "size_mm": float(size)} for name, size in row]}
            for k, (day, row) in enumerate(zip(days, sizes, strict=True))
        ]  # fmt: skip
        return small_case(imaging=[*scans, *later])

    draft = case_model(case([(("A", 20.0), ("B", 20.0))] * 3))
    z = np.zeros((1, len(draft.names)))
    for name, value in TRUTH.items():
        z[0, draft.names.index(name)] = value
    number = [float(np.exp(x[0])) for *_, x in draft.readings(draft.computed(z))]
    pairs = [tuple(zip(("A", "B"), number[2 * k : 2 * k + 2], strict=True)) for k in range(3)]
    return density_of(case(pairs))


@pytest.fixture(scope="module")
def density() -> CaseDensity:
    return recorded()


@pytest.fixture(scope="module")
def best(density: CaseDensity) -> MapFit:
    return map_fit(density, starts=2, begin=list(density.starts))


@pytest.fixture(scope="module")
def posterior(density: CaseDensity, best: MapFit) -> Posterior:
    return importance_sample(
        density, case_id="small", center=best.z, covariance=best.covariance, settings=SETTINGS
    )


def test_directions_are_few_orthonormal_and_told(density: CaseDensity, best: MapFit) -> None:
    rows = density.subspace.basis
    np.testing.assert_allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-10)
    assert 2 <= density.n_directions <= 8
    assert density.subspace.ratio_frac.min() < 0.4
    assert best.converged
    assert best.agreeing >= 2
    assert best.log_posterior > density.log_likelihood(np.zeros((1, density.subspace.size)))[0]


def test_gradient_along_the_directions(density: CaseDensity, best: MapFit) -> None:
    h = 0.02
    _, gradient = density.with_gradient(best.z[None, :])
    for k in range(density.n_directions):
        step = np.zeros(len(best.z))
        step[k] = h
        ends = density.log_likelihood(np.stack([best.z + step, best.z - step]))
        assert gradient[0, k] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=0.05)


def test_the_truth_lies_inside_the_posterior(density: CaseDensity, posterior: Posterior) -> None:
    names = [latent.name for latent in posterior.latents]
    for name, value in TRUTH.items():
        draws = posterior.z[..., names.index(name)].ravel()
        assert abs(draws.mean() - value) < 2.5 * draws.std()
    assert posterior.z[..., names.index("growth")].std() < 0.95
    flat = posterior.z.reshape(-1, len(names))
    untold = [k for k, name in enumerate(names) if name in ("parameter recall", "A.1 match")]
    assert np.abs(flat[:, untold].std(axis=0) - 1.0).max() < 0.25
    along = density.coordinates_of(posterior)
    assert along.z.shape == (4, 100, density.subspace.size)
    assert along.z[..., 0].std() < 0.7


def test_draws_are_those_of_the_prior_weighted_by_the_likelihood(
    density: CaseDensity, posterior: Posterior
) -> None:
    """Rung: independent implementation, plain importance sampling from the prior alone."""
    z = np.random.default_rng(11).standard_normal((3000, len(density.whole.places)))
    plain = pareto_smoothed(density.whole.log_likelihood(z))
    assert plain.effective_draws > 20.0
    names = [latent.name for latent in posterior.latents]
    for name in TRUTH:
        k = names.index(name)
        mean = plain.weights @ z[:, k]
        spread = np.sqrt(plain.weights @ (z[:, k] - mean) ** 2)
        error = spread / np.sqrt(plain.effective_draws)
        assert abs(posterior.z[..., k].mean() - mean) < 4.0 * error


def test_information_at_the_best_fit(density: CaseDensity, best: MapFit) -> None:
    center, covariance = density.start_of(best.z)
    assert np.linalg.eigvalsh(covariance).min() > 0.0
    rows = density.whole.with_curvature(center[None, :])[2][0]
    found = identifiability(rows, density.whole.latents)
    assert found.carried(0.5) >= 2
    assert np.sqrt(np.diag(covariance)) == pytest.approx(found.ratio_frac, abs=1e-6)


def test_settings_are_checked() -> None:
    with pytest.raises(UsageError, match="chains") as caught:
        ImportanceSettings(chains=1, rounds=0)
    assert "rounds" in str(caught.value)
