"""A case becomes virtual patients: what is on record holds in all, the rest is drawn and named."""

import math

import numpy as np
import pytest

from abscope.case.shelf import library_names, open_case
from abscope.errors import CaseError, UsageError
from abscope.model.case_lesions import grouped
from abscope.model.from_case import can_be_simulated, patients_from, patients_of
from abscope.model.lesion_sizes import reader_sd_frac
from abscope.model.patient_checks import patient_problems
from abscope.model.prior_draws import PriorDraws
from abscope.model.system import core_system
from model_cases import phase, small_case


def doses(patient, lesion: str, number: int = 0) -> float:
    one = patient.fractions[number].lesions[lesion]
    return float(np.dot(one.dose_gy, one.volume_frac))


def test_every_case_of_the_library_becomes_patients_that_the_model_takes() -> None:
    names = [name for name in library_names() if open_case(name).case.kind == "patient"]
    assert len(names) >= 12
    for name in names:
        for patient in patients_of(open_case(name).case, draws=3, seed=4):
            assert patient_problems(patient, core_system()) == [], name
            assert patient.unknowns


def test_draw_depends_on_seed_and_number_only() -> None:
    case = open_case("kim2021-breast").case
    few, many = patients_of(case, draws=3, seed=5), patients_of(case, draws=6, seed=5)
    for one, other in zip(few, many, strict=False):
        assert one.lesions == other.lesions
        assert one.parameters == other.parameters
        assert [x.day_d for x in one.fractions] == [x.day_d for x in other.fractions]
        assert doses(one, "L02") == doses(other, "L02")
    assert patients_of(case, draws=1, seed=6)[0].parameters != few[0].parameters


def test_leaving_a_course_out_changes_no_other_draw() -> None:
    case = open_case("fong2025-melanoma").case
    whole = patients_of(case, draws=4, seed=1)
    less = patients_of(case, draws=4, seed=1, without=("RT2",))
    for one, other in zip(whole, less, strict=True):
        assert len(one.fractions) == 5
        assert other.fractions == ()
        assert one.lesions == other.lesions
        assert one.infusions == other.infusions
        assert one.parameters == other.parameters
        assert (one.start_d, one.horizon_d) == (other.start_d, other.horizon_d)
    fewer = patients_of(case, draws=4, seed=1, without=("D5",))
    assert all(len(a.infusions) > len(b.infusions) for a, b in zip(whole, fewer, strict=True))


def test_breast_case_has_the_lesions_and_fractions_of_the_record() -> None:
    patients = patients_of(open_case("kim2021-breast").case, draws=60, seed=1)
    numbers = {}
    for patient in patients:
        for name, rows in grouped(tuple(lesion.id for lesion in patient.lesions)):
            numbers.setdefault(name, set()).add(len(rows))
        assert len(patient.fractions) in (9, 10)  # four or five, then five
        assert patient.fractions[0].day_d == 0.0
        assert 4.2 < doses(patient, "L02") < 6.5
        assert doses(patient, "L01.1") < 1.3
    assert len(numbers) == 12
    assert numbers["L01"] == {2, 3, 4, 5}
    assert numbers["L04"] == {2}
    assert numbers["L02"] == {1}
    told = " ".join(patients[0].unknowns)
    for words in ("'multiple' without a number", "perhaps a target of RT1b", "no size on record"):
        assert words in told
    # the sternum is a target in half the draws
    hit = np.mean([doses(patient, "L06", -1) > 4.0 for patient in patients])
    assert 0.3 < hit < 0.7


def test_melanoma_case_starts_at_the_scan_before_day_zero_with_its_drugs() -> None:
    patients = patients_of(open_case("fong2025-melanoma").case, draws=5, seed=1)
    for patient in patients:
        assert {lesion.id for lesion in patient.lesions} == {"M12", "M13"}
        assert [one.day_d for one in patient.fractions] == [0, 1, 2, 3, 4]
        assert -20 <= patient.start_d <= 0
        before = [one for one in patient.infusions if one.day_d < patient.start_d]
        assert {one.agent for one in before} == {"ipilimumab", "pembrolizumab"}
        assert sum(one.agent == "ipilimumab" for one in patient.infusions) == 4
        volume = next(x.volume_ml for x in patient.lesions if x.id == "M12")
        assert 1.0 < volume < 9.0  # 22 mm: 5.6 ml as a sphere
    told = " ".join(patients[0].unknowns)
    assert "M07: not simulated, gone at P3" in told
    assert "RT1 was given before day zero" in told


def test_volume_comes_from_both_axes_with_the_error_of_a_reader() -> None:
    patients = patients_of(small_case(), draws=4000, seed=2)
    ratio = np.log([patient.lesions[0].volume_ml for patient in patients])
    exact = math.log(math.pi / 6 * 40 * 30 * 30 / 1000)
    assert abs(ratio.mean() - exact) < 4 * 3 * reader_sd_frac() / math.sqrt(4000)
    assert ratio.std() == pytest.approx(3 * reader_sd_frac(), rel=0.05)


def test_weekend_is_left_out_and_a_pause_counts() -> None:
    (patient,) = patients_of(small_case(), draws=1, seed=1)
    assert [one.day_d for one in patient.fractions] == [0, 3, 4, 5, 6]  # 2024-01-05 is a Friday
    pause = [{"after_fraction": 2, "duration_d": 7}]
    (other,) = patients_of(small_case(rt_courses=phase(pauses=pause)), draws=1, seed=1)
    assert [one.day_d for one in other.fractions] == [0, 3, 11, 12, 13]


def test_boost_and_lattice_and_partial_dose_keep_their_parts() -> None:
    boost = {"kind": "simultaneous_integrated", "lesions": ["A"], "dose_per_fraction_gy": 10}
    (patient,) = patients_of(small_case(rt_courses=phase(boost=boost)), draws=1, seed=1)
    core = patient.fractions[0].lesions["A"]
    assert core.dose_gy[0] == 10.0
    assert core.dose_gy[1] == pytest.approx(8, rel=0.07)
    lattice = {"peak_dose_gy": 60, "valley_dose_gy": 10}
    (patient,) = patients_of(small_case(rt_courses=phase(lattice=lattice)), draws=1, seed=1)
    assert patient.fractions[0].lesions["A"].dose_gy.tolist() == [12.0, 2.0]
    partly = [{"lesion": "B", "stated_class": "partial"}]
    (patient,) = patients_of(small_case(rt_courses=phase(exposures=partly)), draws=1, seed=1)
    assert patient.fractions[0].lesions["B"].dose_gy[0] == 8.0


def test_computed_and_stated_doses_go_before_priors() -> None:
    rows = [
        {
            "lesion": "B", "computed_class": {"value": "low_dose", "status": "derived"},
            "mean_dose_gy": 5, "d2_dose_gy": 9, "d50_dose_gy": 5, "d98_dose_gy": 1,
        }
    ]  # fmt: skip
    (patient,) = patients_of(small_case(rt_courses=phase(exposures=rows)), draws=1, seed=1)
    assert doses(patient, "B") == pytest.approx(1.0)  # 5 Gy in 5 fractions
    parts = patient.fractions[0].lesions["B"].dose_gy
    assert parts[0] > 1.5 > 0.5 > parts[-1]
    rows = [{"lesion": "B", "mean_dose_gy": 10}]
    (patient,) = patients_of(small_case(rt_courses=phase(exposures=rows)), draws=1, seed=1)
    assert doses(patient, "B") == pytest.approx(2.0)
    rows = [{"lesion": "B", "stated_class": "low_dose"}]
    found = patients_of(small_case(rt_courses=phase(exposures=rows)), draws=200, seed=1)
    total = np.array([5 * doses(patient, "B") for patient in found])
    assert 1.0 <= total.min() < 2.0
    assert 15.0 < total.max() <= 20.0


def test_dose_by_weight_and_by_label() -> None:
    drugs = [
        {"id": "D1", "agents": [{"name": "Ipilimumab", "dose_mg_per_kg": 3, "interval_d": 21,
                                 "n_cycles": 4}], "start": "day -30"},
        {"id": "D2", "agents": [{"name": "pembrolizumab"}], "start": "day 10", "stop": "day 52"},
        {"id": "D3", "agents": [{"name": "dacarbazine"}], "start": "day 60"},
    ]  # fmt: skip
    (patient,) = patients_of(small_case(systemic_therapy=drugs), draws=1, seed=1)
    first = [one for one in patient.infusions if one.agent == "ipilimumab"]
    assert [one.amount_mg for one in first] == [240.0] * 4
    second = [one for one in patient.infusions if one.agent == "pembrolizumab"]
    assert [(one.day_d, one.amount_mg) for one in second] == [(10, 200), (31, 200), (52, 200)]
    told = " ".join(patient.unknowns)
    assert "D3: dacarbazine is not in the model" in told
    assert "D2: dose of pembrolizumab not on record, taken as 200 mg" in told


def test_two_agents_against_one_target_count_as_one() -> None:
    drugs = [
        {"id": "D1", "agents": [{"name": "nivolumab"}], "start": "day -30", "n_cycles": 1},
        {"id": "D2", "agents": [{"name": "pembrolizumab"}], "start": "day 1", "n_cycles": 3},
    ]
    (patient,) = patients_of(small_case(systemic_therapy=drugs), draws=1, seed=1)
    assert {one.agent for one in patient.infusions} == {"pembrolizumab"}
    assert "nivolumab and pembrolizumab count as pembrolizumab" in patient.unknowns


def test_lesion_that_is_taken_out_later_is_resected_on_its_day() -> None:
    surgery = [{"id": "S1", "kind": "resection", "name": "lobe", "when": "day 30",
                "lesions": ["B"]}]  # fmt: skip
    (patient,) = patients_of(small_case(procedures=surgery), draws=1, seed=1)
    assert [(cut.day_d, cut.lesion) for cut in patient.resections] == [(30.0, "B")]
    surgery[0]["when"] = "day -20"
    (patient,) = patients_of(small_case(procedures=surgery), draws=1, seed=1)
    assert [lesion.id for lesion in patient.lesions] == ["A"]


def test_fifty_lesions_and_many_fractions_are_taken() -> None:
    lesions = [{"id": "A", "site": "liver"}, {"id": "B", "site": "lung", "count": 49}]
    course = phase(n_fractions_planned=200, dose_per_fraction_gy=0.5, fractionation="twice_daily")
    (patient,) = patients_of(small_case(lesions=lesions, rt_courses=course), draws=1, seed=1)
    assert len(patient.lesions) == 50
    assert len(patient.fractions) == 200
    assert patient.fractions[-1].day_d < patient.horizon_d
    assert patient_problems(patient, core_system()) == []


def test_what_cannot_be_simulated_is_refused_with_a_reason() -> None:
    empty = small_case(lesions=[], imaging=[], rt_courses=[], day_zero=None)
    with pytest.raises(CaseError, match="no lesions"):
        patients_of(empty, draws=1, seed=1)
    assert not can_be_simulated(empty)
    with pytest.raises(CaseError, match="series of patients"):
        patients_of(open_case("lymphoma-isrt-pet").case, draws=1, seed=1)
    with pytest.raises(CaseError, match="no course or therapy 'RT9'"):
        patients_of(small_case(), draws=1, seed=1, without=("RT9",))
    crowd = small_case(lesions=[{"id": "A", "site": "liver", "count": 100_000},
                                {"id": "B", "site": "lung"}])  # fmt: skip
    with pytest.raises(CaseError, match="100001 lesions; expected at most 100"):
        patients_of(crowd, draws=1, seed=1)
    assert not can_be_simulated(crowd)
    with pytest.raises(CaseError, match="draws: 0"):
        patients_of(small_case(), draws=0, seed=1)
    assert can_be_simulated(small_case())
    assert not can_be_simulated(open_case("chen2025-rcc").case)


def test_organ_doses_of_another_course_are_refused() -> None:
    from abscope.dose.results import OrganDose

    row = OrganDose(
        course="elsewhere", organ="lung", roi_name="Lung", dose_per_fraction_gy=np.array([1.0]),
        volume_ml=np.array([3000.0]), covered_frac=1.0, n_fractions=5, beam_on_time_s=None,
        integral_dose_gy_ml=None,
    )  # fmt: skip
    two = [*phase(), {**phase()[0], "id": "RT2", "phases": [{**phase()[0]["phases"][0],
                                                              "id": "RT2a"}]}]  # fmt: skip
    with pytest.raises(UsageError, match="elsewhere"):
        patients_of(small_case(rt_courses=two), draws=1, seed=1, organs=(row,))


def test_deviates_that_are_given_reach_the_patient() -> None:
    """Growth one standard deviation up changes growth by that, and nothing else."""
    case = open_case("fong2025-melanoma").case
    middle = patients_from(case, PriorDraws(1, seed=None))[0]
    prior = PriorDraws(1, seed=None, given={"growth": np.ones(1)})
    moved = patients_from(case, prior)[0]
    assert {"growth", "alpha", "M12.1 growth", "start"} <= set(prior.asked)
    for before, after in zip(middle.lesions, moved.lesions, strict=True):
        assert after.own["growth"] > 1.2 * before.own["growth"]
        assert {**after.own, "growth": 0} == {**before.own, "growth": 0}
    assert moved.parameters == middle.parameters
