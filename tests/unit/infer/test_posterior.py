"""A posterior: draws by name, from which the same patients can be made again."""

import numpy as np
import pytest

from abscope.errors import UsageError
from abscope.infer.posterior import Diagnosis, Latent, Posterior


def posterior(*, draws: int = 5) -> Posterior:
    z = np.arange(2 * draws * 2, dtype=float).reshape(2, draws, 2) / 10
    return Posterior(
        case_id="case",
        latents=(Latent(name="growth", meaning="growth"), Latent(name="alpha", meaning="alpha")),
        z=z,
        log_density=np.zeros((2, draws)),
        seed=3,
        method="test",
        diagnosis=Diagnosis(r_hat=1.0, ess_bulk=400.0, ess_tail=400.0),
    )


def test_draws_are_taken_evenly_from_all_chains() -> None:
    found = posterior()
    prior = found.prior(4)
    assert prior.n == 4
    assert prior.normal("growth") == pytest.approx(found.z.reshape(-1, 2)[[0, 3, 6, 9], 0])
    assert found.prior().normal("alpha") == pytest.approx(found.deviates()["alpha"])


def test_what_was_not_sampled_stays_at_its_prior() -> None:
    found = posterior()
    assert np.array_equal(found.prior(4).normal("match"), found.prior(4).normal("match"))
    assert np.std(found.prior(10).normal("match")) > 0.3


def test_more_draws_than_there_are_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="1 to 10"):
        posterior().prior(11)
    with pytest.raises(UsageError, match="row per draw"):
        Posterior(
            case_id="case", latents=(), z=np.zeros((2, 3, 1)), log_density=np.zeros((2, 3)),
            seed=1, method="test", diagnosis=Diagnosis(r_hat=1.0, ess_bulk=1.0, ess_tail=1.0),
        )  # fmt: skip
