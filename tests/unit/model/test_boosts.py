"""A boost inside the fractions doses a part of the lesion; one that follows has its own days."""

import numpy as np
import pytest

from abscope.blood.case_plan import case_plan
from abscope.case.clock import Clock
from abscope.dose.results import OrganDose
from abscope.model.case_draws import CaseDraws
from abscope.model.from_case import patients_of
from abscope.model.patient import Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws
from model_cases import phase, small_case


def one(**boost: object) -> Patient:
    case = small_case(rt_courses=phase(boost=boost))
    return patients_of(case, draws=1, seed=1)[0]


def mean(patient: Patient, number: int, lesion: str = "A") -> float:
    dose = patient.fractions[number].lesions[lesion]
    return float(np.dot(dose.dose_gy, dose.volume_frac))


def test_boost_inside_the_fractions_doses_its_share_of_the_lesion() -> None:
    found = one(kind="simultaneous_integrated", part_frac=0.25, dose_per_fraction_gy=10)
    assert len(found.fractions) == 5
    core = found.fractions[0].lesions["A"]
    assert core.volume_frac.tolist() == [0.25, 0.75]
    assert core.dose_gy[0] == 10.0
    assert not any("share that is not known" in text for text in found.unknowns)
    unknown = one(kind="simultaneous_integrated", dose_per_fraction_gy=10)
    assert 0.1 <= unknown.fractions[0].lesions["A"].volume_frac[0] <= 0.6
    assert any("share that is not known" in text for text in unknown.unknowns)
    total = one(kind="simultaneous_integrated", part_frac=0.25, total_dose_gy=55)
    assert total.fractions[0].lesions["A"].dose_gy[0] == pytest.approx(11.0)
    nothing = one(kind="simultaneous_integrated", part_frac=0.25)
    assert nothing.fractions[0].lesions["A"].dose_gy.size == 1
    assert any("has no dose on record and is left out" in text for text in nothing.unknowns)


def test_boost_that_follows_comes_after_the_last_fraction() -> None:
    found = one(kind="sequential", dose_per_fraction_gy=3, n_fractions=4)
    days = [item.day_d for item in found.fractions]
    assert len(days) == 9
    assert days == [0, 3, 4, 5, 6, 7, 10, 11, 12]  # from a Friday, without weekends
    assert mean(found, 0) == pytest.approx(8.0, rel=0.07)
    assert found.fractions[0].lesions["A"].dose_gy.size == 1
    assert [mean(found, k) for k in range(5, 9)] == pytest.approx([3.0] * 4, rel=0.07)
    assert all(mean(found, k, "B") < 0.5 for k in range(5, 9))
    part = one(kind="sequential", dose_per_fraction_gy=3, n_fractions=4, part_frac=0.5)
    assert part.fractions[-1].lesions["A"].volume_frac.tolist() == [0.5, 0.5]
    assert part.fractions[-1].lesions["A"].dose_gy[1] == 0.0
    left_out = one(kind="sequential", dose_per_fraction_gy=3)
    assert len(left_out.fractions) == 5
    assert any("no dose, number of fractions" in text for text in left_out.unknowns)


def test_boost_that_follows_is_dropped_with_its_course_and_alone() -> None:
    boost = {"kind": "sequential", "dose_per_fraction_gy": 3, "n_fractions": 4}
    prepared = CaseDraws(small_case(rt_courses=phase(boost=boost)), PriorDraws(2, seed=1))
    assert [len(x.fractions) for x in prepared.patients(without=("RT1",))] == [0, 0]
    whole = prepared.patients()[0]
    assert len({item.course for item in whole.fractions}) == 1


def test_phase_that_follows_by_its_dates_is_a_boost_of_its_own() -> None:
    """Two phases of one course, one week after the other: 5 x 8 Gy, then 2 x 3 Gy."""
    course = phase()[0]
    second = {"id": "RT1b", "targets": ["A"], "start": "2024-01-15", "n_fractions_planned": 2,
              "dose_per_fraction_gy": 3, "fractionation": "weekdays"}  # fmt: skip
    case = small_case(rt_courses=[{**course, "phases": [*course["phases"], second]}])
    found = patients_of(case, draws=1, seed=1)[0]
    assert [item.day_d for item in found.fractions] == [0, 3, 4, 5, 6, 10, 11]
    assert mean(found, 0) == pytest.approx(8.0, rel=0.07)
    assert [mean(found, k) for k in (5, 6)] == pytest.approx([3.0] * 2, rel=0.07)


def test_boost_beside_organ_doses_of_the_phase_only_is_told() -> None:
    boost = {"kind": "sequential", "dose_per_fraction_gy": 3, "n_fractions": 4}
    case = small_case(rt_courses=phase(boost=boost))
    row = OrganDose(
        course="RT1a", organ="liver", roi_name="Liver", dose_per_fraction_gy=np.array([2.0]),
        volume_ml=np.array([1500.0]), covered_frac=1.0, n_fractions=5, beam_on_time_s=None,
        integral_dose_gy_ml=15000.0,
    )  # fmt: skip
    found = CaseDraws(case, PriorDraws(1, seed=1), doses=PlanDoses(organs=(row,))).patients()[0]
    assert len(found.fractions) == 5
    assert any("is not simulated beside the organ doses" in text for text in found.unknowns)
    assert len(case_plan(case, Clock(case)).planned) == 2
