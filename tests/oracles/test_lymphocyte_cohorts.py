"""The pool model at the middle of its prior beside published cohorts (blood.md section 7 check 26).

The prior has its middle at alpha 0.4 per Gy, that of the published fit whose model has pools like
ours; cohorts were not fitted. Three of the six are not met. They are written here as they are, so
that a change of the model that moves them is seen, and the page docs/explanation/lymphocytes.md
says the same numbers.
Organ doses of the cohorts were not published: the patterns below are our assumption.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.prior import PriorSettings
from abscope.blood.course_dose import course_doses, edic_comparison
from abscope.blood.doses import BodyDose
from abscope.blood.guess import guessed_body
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.flowing import flowing_blood_survival
from abscope.blood.tiers import body_doses
from abscope.dose.results import OrganDose

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "lymphocytes.md"

#: Mean dose of organs as a share of the dose that gives the row its name.
BRAIN = {"brain": 1.0, "skull": 0.9, "nodes_neck": 0.08, "remainder": 0.004}
BREAST = {
    "lung": 0.35, "heart": 0.12, "nodes_axilla": 0.5, "nodes_mediastinum": 0.15,
    "nodes_neck": 0.1, "ribs": 0.25, "sternum": 0.2, "thoracic_spine": 0.08, "liver": 0.08,
    "spleen": 0.05, "remainder": 0.055,
}  # fmt: skip
LIVER = {
    "liver": 1.0, "spleen": 0.25, "nodes_abdomen": 0.45, "stomach_esophagus": 0.3,
    "small_intestine": 0.2, "large_intestine": 0.15, "kidneys": 0.25, "lung": 0.15, "heart": 0.15,
    "great_vessels": 0.3, "thoracic_spine": 0.2, "lumbar_spine": 0.2, "remainder": 0.05,
}  # fmt: skip


def body(pattern: dict[str, float], dose: float) -> BodyDose:
    rows = [
        OrganDose(name, name, "C", 1, 120.0, np.array([share * dose]), np.array([np.nan]), 1.0,
                  np.nan)
        for name, share in pattern.items()
    ]  # fmt: skip
    return body_doses(rows, days_d={"C": (0.0,)}, tier="means")[0]


def counts(dose: BodyDose, n: int, *days: float, alpha: float | None = None) -> np.ndarray:
    """Counts relative to before at days, at the middle of the prior, fractions from a Monday."""
    plan = PlannedDose("C", dose, n_fractions=(n,), weekday=0, course="C")
    settings = PriorSettings((plan,), baseline_per_ul=1.0, beam_on_time_s=120.0)
    model = LymphocyteModel(settings, counts=(), blood=flowing_blood_survival("female"))
    draws = model.prior.draws(np.zeros((1, model.prior.dimension)))
    if alpha is not None:
        draws = replace(draws, alpha_per_gy=np.array([alpha]))
    return model.run(draws).at(np.array(days))[0]


def test_cranial_24_gy_is_not_met() -> None:
    """Published: 1.84 / 1.12 / 0.64 at 3 months after 5 / 12 / 20 fractions, log-linear in n."""
    found = [counts(body(BRAIN, 24 / n), n, 90.0)[0] for n in (5, 12, 20)]
    ratio = np.array(found) / found[0]
    assert ratio == pytest.approx([1.0, 0.993, 0.991], abs=0.002)
    assert abs(ratio[2] - 0.64 / 1.84) > 0.15  # said so in the docs


def test_breast_slope_and_level_are_met() -> None:
    """Published: post/pre = 0.90 - 0.16 EDIC, 735 patients, mean EDIC 1.7 Gy."""
    edics, after = [], []
    for scale in (0.30, 0.64, 0.98, 1.32):
        dose = body(BREAST, scale)
        plan = (PlannedDose("C", dose, n_fractions=(25,)),)
        edics.append(edic_comparison(plan, n_fractions=[25]).rules.edic_gy)
        after.append(counts(dose, 25, 33.0)[0])
    slope, level = np.polyfit(edics, after, 1)
    assert slope == pytest.approx(-0.16, rel=0.15)
    assert level + 1.7 * slope == pytest.approx(0.54, abs=0.005)
    assert level + 1.7 * slope == pytest.approx(0.628, rel=0.15)  # at its edge


def test_vertebral_nadir_is_met_and_the_late_count_is_not() -> None:
    """Published: 1260 to a nadir of 520 (ratio 0.41) at 26 d, still low after a year (n 282)."""
    lowest = []
    for site in ("spine_thoracic", "spine_lumbar"):
        dose = guessed_body("C", sites=[(site, 1)], dose_per_fraction_gy=3.0, beam_on_time_s=120.0)
        late = counts(dose, 10, 12.0, 26.0, 365.0)
        lowest.append(late[0])
        assert late[2] == pytest.approx(0.67, abs=0.01)
    assert lowest == pytest.approx([0.49, 0.40], abs=0.01)
    assert np.mean(lowest) == pytest.approx(520 / 1260, rel=0.15)


def test_liver_counts_by_blood_dose_are_not_met() -> None:
    """Published: grades 0-1, 2, 3, 4 at 2.90, 5.29, 8.81, 11.69 Gy mean blood dose, 1410 before."""
    found = []
    for total in (2.90, 5.29, 8.81, 11.69):
        plan = (PlannedDose("C", body(LIVER, 1.0)),)
        per_gy = course_doses(plan, sex="female", n_fractions=[1])[0].blood_mean_gy
        found.append(1410 * counts(body(LIVER, total / 25 / per_gy), 25, 33.0)[0])
    assert np.all(np.diff(found) < 0)
    assert found[1] == pytest.approx(381, abs=5)  # grade 3 where the cohort has grade 2


def test_one_lower_sensitivity_meets_both_levels() -> None:
    """At alpha 0.25 per Gy, inside the 95 % prior, breast and liver levels agree with the cohorts.

    Published: breast post/pre 0.63 at EDIC 1.7; liver grades 0-1, 2, 3 at 2.90, 5.29, 8.81 Gy.
    """
    plan = (PlannedDose("C", body(BREAST, 1.0), n_fractions=(25,)),)
    scale = 1.7 / edic_comparison(plan, n_fractions=[25]).rules.edic_gy
    assert counts(body(BREAST, scale), 25, 33.0, alpha=0.25)[0] == pytest.approx(0.628, rel=0.15)
    course = (PlannedDose("C", body(LIVER, 1.0)),)
    per_gy = course_doses(course, sex="female", n_fractions=[1])[0].blood_mean_gy
    found = [
        1410 * counts(body(LIVER, total / 25 / per_gy), 25, 33.0, alpha=0.25)[0]
        for total in (2.90, 5.29, 8.81, 11.69)
    ]
    assert found[0] >= 800 > found[1] >= 500 > found[2] >= 200
    assert found[3] > 200  # grade 4 in the cohort: not met


def test_the_page_says_the_same() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for text in ("1 : 0.99 : 0.99", "0.54", "381", "0.49 and 0.40", "not met", "0.25 /Gy"):
        assert text in page
