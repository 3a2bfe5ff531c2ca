"""Draws on disk come back as they were; a part of a file is refused in one line."""

import numpy as np
import pytest

from abscope.errors import UsageError
from abscope.infer.draws_file import posterior_bytes, read_posterior
from abscope.infer.posterior import Diagnosis, Latent, Posterior


def posterior() -> Posterior:
    rng = np.random.default_rng(1)
    return Posterior(
        case_id="fall-ä",
        latents=(
            Latent(name="alpha/beta", meaning="α/β"),
            Latent(name="g", meaning="", lesion="L1"),
        ),
        z=rng.normal(size=(3, 40, 2)),
        log_density=rng.normal(size=(3, 40)),
        seed=2**40,
        method="test",
        diagnosis=Diagnosis(r_hat=1.02, ess_bulk=40.0, ess_tail=30.0, why=("R-hat 1.02",)),
    )


def test_draws_come_back() -> None:
    whole = posterior()
    found = read_posterior(posterior_bytes(whole), name="draws.nc")
    assert np.array_equal(found.z, whole.z)
    assert np.array_equal(found.log_density, whole.log_density)
    for name in ("case_id", "latents", "seed", "method", "diagnosis"):
        assert getattr(found, name) == getattr(whole, name)


@pytest.mark.parametrize("keep", [0, 3, 60, 300, 1200, -1])
def test_a_part_of_a_file_is_refused(keep: int) -> None:
    with pytest.raises(UsageError, match=r"draws\.nc: not a file of draws"):
        read_posterior(posterior_bytes(posterior())[:keep], name="draws.nc")
