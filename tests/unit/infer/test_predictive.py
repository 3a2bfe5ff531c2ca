"""Readings of a small case against what patients would have given."""

from functools import cache

import numpy as np
import pytest

from abscope.errors import ModelError
from abscope.infer.case_model import case_model
from abscope.infer.latents import latent_of
from abscope.infer.posterior import Diagnosis, Posterior
from abscope.infer.predictive import predictive_checks, predictive_words
from model_cases import small_case


@cache
def modeled(size_mm=30.0, said=("change", "decreased")):
    """Return the model of the small case with a scan on day 60: a size, a word; and a count."""
    scan = {
        "id": "I1",
        "when": "day 60",
        "role": "follow_up",
        "findings": [{"lesion": "A", "size_mm": size_mm}, {"lesion": "B", said[0]: said[1]}],
    }
    count = {"test": "lymphocytes", "when": "day 30", "value": 900, "unit": "per_ul"}
    first = small_case().to_plain()["imaging"]
    return case_model(small_case(imaging=[*first, scan], labs=[count]))


def prior_of(model, number=80):
    z = np.random.default_rng(1).standard_normal((2, number // 2, len(model.names)))
    return Posterior(
        case_id="small",
        latents=tuple(latent_of(name) for name in model.names),
        z=z,
        log_density=np.zeros(z.shape[:2]),
        seed=1,
        method="prior",
        diagnosis=Diagnosis(r_hat=1.0, ess_bulk=80.0, ess_tail=80.0),
    )


def checked(**changes):
    model = modeled(**changes)
    return {check.says: check for check in predictive_checks(model, prior_of(model), draws=80)}


def test_a_usual_size_lies_in_its_band():
    usual = checked()["A 30 mm"]
    again = checked(size_mm=float(round(usual.median, 1)))
    check = next(found for found in again.values() if found.unit == "mm")
    assert check.agrees
    assert check.tail_frac > 0.8
    assert check.low < check.value < check.high


def test_an_impossible_size_lies_outside():
    check = checked(size_mm=400.0)["A 400 mm"]
    assert not check.agrees
    assert check.tail_frac < 0.05
    assert check.high < 400.0


def test_a_count_is_in_its_unit():
    check = next(found for found in checked().values() if found.unit == "per uL")
    assert check.value == 900.0
    assert 50.0 < check.low < check.median < check.high < 10_000.0


def test_categories_that_exclude_each_other_share_one():
    """PR, SD and PD cut the change of diameter into three parts: their chances add up to 1."""
    chances = []
    for category in ("PR", "SD", "PD"):
        found = checked(said=("stated_response", category)).values()
        chances.append(next(check.chance_frac for check in found if check.lesion == "B"))
    assert all(0.0 < chance < 1.0 for chance in chances)
    assert sum(chances) == pytest.approx(1.0, abs=1e-9)


def test_the_sentences_name_what_does_not_agree():
    model = modeled(size_mm=400.0)
    lines = predictive_words(predictive_checks(model, prior_of(model), draws=80))
    assert "1 of 2 recorded numbers lie inside the 90 % band" in lines
    assert any(line.startswith("I1: A 400 mm lies outside") for line in lines)


def test_draws_that_cannot_be_simulated_are_an_error(monkeypatch):
    model = modeled()
    found = model.computed(np.zeros((2, len(model.names))))
    broken = type(found)(
        ok=np.zeros(2, bool), members=found.members, volume_ml=found.volume_ml,
        viable_ml=found.viable_ml, alc_per_ul=found.alc_per_ul,
        levels_mg_per_l=found.levels_mg_per_l,
    )  # fmt: skip
    monkeypatch.setattr(model, "computed", lambda _z: broken, raising=False)
    with pytest.raises(ModelError, match="no draw of the posterior can be simulated"):
        predictive_checks(model, prior_of(model), draws=2)
