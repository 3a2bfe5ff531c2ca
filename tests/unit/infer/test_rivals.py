"""Explanations compared by how well they foretell what was read."""

import math

import numpy as np
import pytest

from abscope.infer.case_model import case_model
from abscope.infer.rivals import EVIDENCE, LesionRivals, compare_rivals
from explained_cases import followed


def scores(case: object, draws: int = 60) -> dict[str, LesionRivals]:
    model = case_model(case)
    z = np.random.default_rng(5).normal(size=(draws, len(model.names)))
    return {one.lesion: one for one in compare_rivals(model, z, lesions=("A", "B"))}


def test_shrunk_target_is_not_explained_without_its_dose() -> None:
    found = scores(followed(systemic_therapy=[]))
    target = found["A"]
    by_world = {score.world: score for score in target.scores}
    assert target.scores[0].behind_log10 == 0.0
    assert by_world["nothing"].separated
    assert by_world["no_own_dose"].separated
    assert not by_world["no_dose_elsewhere"].separated  # the data cannot tell
    assert target.separates
    assert len(target.open) >= 2
    assert target.measured
    assert target.foretold_frac is None
    assert "no_drugs" not in by_world
    assert "no_radiotherapy" not in by_world  # without drugs it is the natural course
    assert target.says == ("I1: A 20 mm",)


def test_drug_is_an_explanation_where_one_was_given() -> None:
    found = scores(followed(), 30)
    worlds = {score.world for score in found["B"].scores}
    assert {"delivered", "no_radiotherapy", "no_drugs", "nothing"} <= worlds


def test_word_is_foretold_with_a_probability() -> None:
    scans = [scan.to_plain() for scan in followed().imaging]
    scans[1]["findings"] = [{"lesion": "B", "change": "markedly_increased"}]
    found = scores(followed(imaging=scans), 30)
    assert set(found) == {"B"}
    chance = found["B"].foretold_frac
    assert chance is not None
    assert 0.0 < chance < 1.0


def test_score_is_the_mean_over_draws_and_its_error_shrinks_with_them() -> None:
    few, many = (scores(followed(systemic_therapy=[]), n)["A"] for n in (40, 160))
    one, two = (next(x for x in found.scores if x.world == "nothing") for found in (few, many))
    assert one.log_evidence == pytest.approx(two.log_evidence, abs=4.0)
    assert two.error_log10 < one.error_log10
    assert math.exp(EVIDENCE) == pytest.approx(3.0)
