"""Estimates: numbers in the unit of their source, and how much of the prior is left."""

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.infer.estimates import estimates
from abscope.infer.latents import latent_of
from abscope.infer.posterior import Diagnosis, Posterior
from abscope.model.values import core_values


def posterior(**deviates: tuple[float, float]) -> Posterior:
    """Return draws whose deviates are normal with mean and sd by name ('_' for a space)."""
    rng = np.random.default_rng(1)
    columns = [mean + sd * rng.normal(size=(2, 300)) for mean, sd in deviates.values()]
    return Posterior(
        case_id="fong2025-melanoma",
        latents=tuple(latent_of(name.replace("_", " ")) for name in deviates),
        z=np.stack(columns, axis=-1),
        log_density=np.zeros((2, 300)),
        seed=3,
        method="made up",
        diagnosis=Diagnosis(r_hat=1.0, ess_bulk=600.0, ess_tail=600.0),
    )


def test_numbers_are_in_the_unit_of_the_source_and_sorted_by_what_the_data_say() -> None:
    case = open_case("fong2025-melanoma").case
    found = estimates(case, posterior(growth=(1.0, 0.3), alpha=(0.0, 1.0)))
    assert [one.name for one in found] == ["growth", "alpha"]
    growth, sensitivity = found
    assert growth.unit == "1/d"
    assert growth.ratio_frac == pytest.approx(0.3, abs=0.03)
    assert sensitivity.ratio_frac == pytest.approx(1.0, abs=0.08)
    entry = core_values()["growth"]
    assert growth.before[1] == pytest.approx(entry.value, rel=0.15)
    assert growth.after[1] > 1.3 * growth.before[1]
    assert entry.low <= growth.before[0] < growth.before[2] <= entry.high


def test_what_has_no_number_of_its_own_is_told_in_deviates() -> None:
    case = open_case("fong2025-melanoma").case
    found = estimates(case, posterior(start=(0.5, 0.2)))[0]
    assert found.unit == "sd of the prior"
    assert found.after[1] == pytest.approx(0.5, abs=0.05)
    assert found.before[1] == pytest.approx(0.0, abs=0.15)
