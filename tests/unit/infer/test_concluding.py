"""Verdicts: cannot tell unless nothing speaks against it, and a fit that failed says so."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.infer.attribution import attribute
from abscope.infer.concluding import Evidence, conclude, points
from abscope.infer.posterior import Diagnosis, Posterior
from abscope.infer.questions import answer_frac, targets_of
from abscope.infer.rivals import LesionRivals, Score
from abscope.infer.settling import Measurement
from abscope.infer.spread import Spread
from abscope.infer.structures import structures
from abscope.model.prior_draws import PriorDraws
from abscope.response.abscopal import abscopal_call
from explained_cases import followed

SCAN = Measurement("a scan", 0.4, 0.3, 0.5)
CLAIM = {"text": "An abscopal effect.", "abscopal": "claimed"}


def prior() -> PriorDraws:
    return PriorDraws(6, seed=6)


def posterior(*why: str) -> Posterior:
    diagnosis = Diagnosis(r_hat=1.0, ess_bulk=900.0, ess_tail=900.0, why=why)
    return Posterior(
        case_id="small", latents=(), z=np.zeros((2, 3, 0)), log_density=np.zeros((2, 3)), seed=1,
        method="none", diagnosis=diagnosis,
    )  # fmt: skip


def told(lesion: str, *behind: tuple[str, float]) -> LesionRivals:
    scores = tuple(
        Score(world, f"explanation {world}", -2.0 - gap, gap, 0.01, 50.0) for world, gap in behind
    )
    return LesionRivals(lesion, ("I1: 15 mm",), scores, 60, True)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    case = followed(systemic_therapy=[], author_claims=[CLAIM])
    base = attribute(case, prior())
    return Evidence(
        case=case, posterior=posterior(), attribution=base, visit=0,
        structures=structures(case, prior, base=base, visit=0),
        rivals={
            "A": told("A", ("delivered", 0.0), ("nothing", 5.0)),
            "B": told("B", ("delivered", 0.0), ("no_dose_elsewhere", 0.1), ("nothing", 0.2)),
        },
        settling={"B": (SCAN, Measurement("all", 0.6, 0.5, 0.7, joint=True))},
        call=abscopal_call(case), focus="B", targets=targets_of(case),
    )  # fmt: skip


def test_questions_are_of_targets_and_of_others(evidence: Evidence) -> None:
    assert evidence.targets == {"A"}
    item = evidence.attribution.by_lesion["B"]
    shares = item.share_draws_frac(0)["dose_elsewhere"]
    assert (answer_frac(item, 0, target=False) == shares).all()
    assert not np.allclose(answer_frac(item, 0, target=True), shares)


def test_what_data_cannot_tell_apart_is_not_told(evidence: Evidence) -> None:
    found = conclude(evidence)
    first, second = found.verdicts
    assert (first.lesion, first.target, first.verdict) == ("B", False, "cannot_tell")
    assert any(
        "foretold about as well by explanation no_dose_elsewhere" in x for x in first.reasons
    )
    assert (second.lesion, second.verdict) == ("A", "supported")
    assert second.text == "A: radiotherapy as the cause is supported"
    assert "it is more than the data allow" in found.paragraph
    assert "a scan would have told most of what dose elsewhere changed: 40%" in found.paragraph
    assert [x.split(":")[0] for x in found.short({"A"})] == [
        "A",
        *(x.split(":")[0] for x in found.claims),
    ]
    assert len(found.short({"A", "B"})) == len(found.short({"A"})) + 1


def test_fit_that_failed_and_prior_support_nothing(evidence: Evidence) -> None:
    failed = conclude(replace(evidence, posterior=posterior("R-hat 1.4")))
    assert all("the fit did not converge" in one.reasons for one in failed.verdicts)
    unfitted = conclude(replace(evidence, posterior=None))
    assert all(one.verdict == "cannot_tell" for one in unfitted.verdicts)


def test_record_that_is_foretold_better_without_speaks_against(evidence: Evidence) -> None:
    rivals = {**evidence.rivals, "A": told("A", ("nothing", 0.0), ("delivered", 2.0))}
    found = conclude(replace(evidence, rivals=rivals))
    assert found.verdicts[1].verdict == "against"
    assert found.verdicts[1].reasons == ("the record is foretold better by explanation nothing",)


def test_scatter_that_is_needed_is_a_reason(evidence: Evidence) -> None:
    scores = (("delivered", 0.0), ("no_dose_elsewhere", 0.1), ("no_own_dose", 2.0))
    found = conclude(replace(evidence, rivals={**evidence.rivals, "B": told("B", *scores)}))
    why = "without the dose in the lesion itself it is foretold worse (a factor of 100.0"
    assert any(reason.startswith(why) for reason in found.verdicts[0].reasons)


def test_no_single_measurement_is_said(evidence: Evidence) -> None:
    weak = {"B": (Measurement("a scan", 0.02, 0.0, 0.05),)}
    found = conclude(replace(evidence, settling=weak))
    assert "No single measurement that was considered would have settled" in found.paragraph


def test_points_have_signs_and_no_minus_zero() -> None:
    assert points(Spread(-0.604, -0.31, 0.001, -0.3)) == "-31 (-60 to 0)"
    assert points(Spread(-0.001, 0.05, 1.0, 0.3)) == "+5 (0 to +100)"
    assert points(None) == "not known"
