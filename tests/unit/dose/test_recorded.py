"""Computed doses in the record, and the abscopal call that follows from them."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.case.reader import read_case_text
from abscope.case.record import Case
from abscope.case.writer import case_to_yaml
from abscope.dose.courses import courses_of
from abscope.dose.dvh import DvhSettings
from abscope.dose.exposure_table import TableOptions, exposure_table
from abscope.dose.recorded import exposure_of, with_exposures
from abscope.errors import CaseError
from abscope.report.build import build_report
from abscope.response.abscopal import abscopal_call
from abscope.response.assessment import assess_case
from abscope.response.exposure import exposures
from dose_objects import dose_of, plan_of, region, study_of
from response_cases import patient

COARSE = TableOptions(dvh=DvhSettings(k=2, kz=1, method="linear"))


def near_patient(**exposure):
    """The target and the lung lesion in the chest: anatomy does not exclude a dose."""
    data = patient()
    data["lesions"][0] = {"id": "B", "site": "node_mediastinal"}
    if exposure:
        data["rt_courses"][0]["exposures"] = [{"lesion": "L", **exposure}]
    return Case.model_validate(data)


def rows_of(*doses_gy, center_mm=(0, 0, 0), rx_gy=30.0):
    """Rows of the lung lesion in uniform doses, one plan each."""
    study = study_of(
        *(
            (dose_of(lambda x, y, z, d=dose_gy: d + 0 * x), plan_of(f"P{i}", levels=[rx_gy], day=i))
            for i, dose_gy in enumerate(doses_gy)
        )
    )
    return exposure_table(
        study,
        courses=courses_of(study),
        lesions={"L": [region(center_mm=center_mm)]},
        alpha_beta_gy=None,
        options=COARSE,
    )


def found(case, *doses_gy, **keywords):
    rows = rows_of(*doses_gy, **keywords)
    courses = {row.course: "RT" for row in rows if row.course != "all"}
    return with_exposures(case, rows, courses=courses)


def exposure(case):
    (item,) = [item for item in exposures(case) if item.lesion == "L"]
    return item


def test_without_a_dose_the_call_stays_open():
    assert abscopal_call(near_patient()).strict == "possible_confounded"


@pytest.mark.parametrize(
    ("dose_gy", "name", "strict"),
    [
        (0.3, "out_of_field", "yes"),
        (0.6, "uncertain", "possible_confounded"),
        (3.0, "low_dose", "no"),
        (16.0, "partial", "no"),
        (30.0, "in_field", "no"),
    ],
)
def test_a_computed_class_decides_the_call(dose_gy, name, strict):
    case = found(near_patient(), dose_gy)
    item = exposure(case)
    assert (item.exposure, item.accepted, item.evidence) == (name, name, "D0")
    assert item.dose_gy == (pytest.approx(dose_gy), pytest.approx(dose_gy))
    call = assess_case(case).abscopal
    assert (call.strict, call.field_only) == (strict, strict)


def test_the_reasons_of_the_class_reach_the_call():
    call = abscopal_call(found(near_patient(), 0.3))
    assert any("D2 0.30 Gy x 2.2 = 0.66 Gy < 1 Gy" in reason for reason in call.reasons)


def test_a_lesion_outside_the_grid_is_judged_by_anatomy_as_before():
    near = exposure(found(near_patient(), 3.0, center_mm=(300, 0, 0)))
    assert (near.exposure, near.evidence) == ("unknown", "D3")
    assert "0.0% of it lies inside the dose grid" in near.reasons[0]
    remote = exposure(found(Case.model_validate(patient()), 3.0, center_mm=(300, 0, 0)))
    assert (remote.exposure, remote.evidence) == ("out_of_field", "D1")


def test_plans_of_one_course_are_taken_together():
    item = exposure(found(near_patient(), 0.3, 0.3))
    assert item.exposure == "uncertain"
    assert item.dose_gy == (pytest.approx(0.6), pytest.approx(0.6))
    assert "sum to 0.60 Gy" in item.reasons[0]
    assert exposure(found(near_patient(), 0.1, 0.1)).exposure == "out_of_field"
    assert exposure(found(near_patient(), 0.1, 3.0)).exposure == "low_dose"


def group(*members):
    """The lung lesion as a group, of which each member lies in a step of dose along x."""
    steps = {0.2: -15.0, 4.0: 0.0, 30.0: 15.0, None: 300.0}
    step = dose_of(lambda x, y, z: np.where(x < -8, 0.2, np.where(x < 8, 4.0, 30.0)))
    study = study_of((step, plan_of("P", levels=[30.0])))
    regions = [
        region(f"n{i}", center_mm=(steps[dose_gy], 8.0 * i, 0), diameter_mm=6)
        for i, dose_gy in enumerate(members)
    ]
    rows = exposure_table(
        study, courses=courses_of(study), lesions={"L": regions}, alpha_beta_gy=None, options=COARSE
    )
    return exposure(with_exposures(near_patient(), rows, courses={"C1": "RT"}))


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ((0.2, 0.2), "out_of_field"),
        ((0.2, 4.0), "uncertain"),
        ((4.0, 30.0), "low_dose"),
        ((30.0, 30.0), "in_field"),
        ((0.2, None), "unknown"),
        ((4.0, None), "uncertain"),
    ],
)
def test_a_group_has_the_class_that_holds_for_each_member(members, name):
    item = group(*members)
    assert item.exposure == name
    assert item.reasons[0].startswith("a group of 2: ")
    assert item.reasons[1].startswith("n0: ")


def test_a_confirmed_distance_is_the_evidence_of_another_region():
    study = study_of((dose_of(lambda x, y, z: 3 + 0 * x), plan_of("P", levels=[30.0])))
    rows = exposure_table(
        study, courses=courses_of(study), lesions={"L": []}, alpha_beta_gy=None,
        options=replace(COARSE, confirmed_distances={("L", "all"): 400.0}),
    )  # fmt: skip
    item = exposure(with_exposures(near_patient(), rows, courses={"C1": "RT"}))
    assert (item.exposure, item.evidence, item.dose_gy) == ("out_of_field", "D1", None)
    assert "confirmed 400 mm from the field" in item.reasons[0]


def test_the_doses_of_a_group_are_an_interval():
    assert group(0.2, 4.0).dose_gy == (pytest.approx(0.2), pytest.approx(4.0))


def test_out_of_field_in_one_course_and_low_dose_in_an_earlier_one_is_no_candidate():
    data = near_patient().to_plain()
    earlier = {
        "id": "RT0", "start": "2023-12-01", "end": "2023-12-05",
        "phases": [{"id": "P0", "targets": ["B"], "schedule": "30 Gy in 5"}],
    }  # fmt: skip
    data["rt_courses"] = [earlier, *data["rt_courses"]]
    case = Case.model_validate(data)
    both = with_exposures(case, rows_of(0.2, 0.2), courses={"C1": "RT0", "C2": "RT"})
    assert abscopal_call(both).strict == "yes"
    one = with_exposures(case, rows_of(4.0, 0.2), courses={"C1": "RT0", "C2": "RT"})
    assert abscopal_call(one).strict == "no"
    half = with_exposures(case, rows_of(4.0, 0.2), courses={"C2": "RT"})
    assert abscopal_call(half).strict == "possible_confounded"


def test_stated_words_stay_and_do_not_decide():
    case = found(near_patient(stated_class="out_of_field"), 5.0)
    assert len(case.rt_courses[0].exposures) == 2
    item = exposure(case)
    assert (item.exposure, item.accepted) == ("low_dose", "low_dose")
    assert "do not agree" in item.reasons[-1]


@pytest.mark.parametrize(("stated", "computed_gy"), [(0.5, 5.0), (5.0, 0.2), (0.5, 30.0)])
def test_a_stated_dose_that_contradicts_leaves_the_exposure_uncertain(stated, computed_gy):
    case = found(near_patient(mean_dose_gy=stated), computed_gy)
    item = exposure(case)
    assert item.exposure == "uncertain"
    assert "computed" in item.reasons[-1]
    assert case.rt_courses[0].exposures[0].mean_dose_gy.value == stated


def test_a_stated_dose_that_agrees_changes_nothing():
    item = exposure(found(near_patient(mean_dose_gy=0.4), 0.2))
    assert (item.exposure, item.evidence) == ("out_of_field", "D0")


def test_a_target_stays_a_target_with_the_computed_reasons():
    study = study_of((dose_of(lambda x, y, z: 0.2 + 0 * x), plan_of("P", levels=[30.0])))
    rows = exposure_table(
        study,
        courses=courses_of(study),
        lesions={"B": [region()]},
        alpha_beta_gy=None,
        options=COARSE,
    )
    case = with_exposures(near_patient(), rows, courses={"C1": "RT"})
    (item,) = [item for item in exposures(case) if item.lesion == "B"]
    assert (item.intended, item.exposure) == ("target", "in_field")
    assert any("delivery error" in reason for reason in item.reasons)


def test_a_second_call_replaces_the_first_and_the_case_survives_a_round_trip():
    case = found(found(near_patient(stated_class="out_of_field"), 5.0), 0.2)
    assert len(case.rt_courses[0].exposures) == 2
    computed = case.rt_courses[0].exposures[1]
    assert computed.computed_class.status == computed.d2_dose_gy.status == "derived"
    assert computed.loc == "DICOM C1: PLAN dose, region GTV (roi)"
    assert "planned used as delivered" in computed.note
    assert Case.model_validate(case.to_plain()) == case


def test_rows_over_all_courses_and_of_unmapped_courses_are_left_out():
    case = near_patient()
    assert with_exposures(case, rows_of(5.0), courses={}) == case
    assert len(found(case, 5.0).rt_courses[0].exposures) == 1


def test_unknown_lesions_and_courses_are_refused_together():
    rows = rows_of(5.0)
    case = Case.model_validate(patient())
    wrong = [replace(row, lesion="X") for row in rows]
    with pytest.raises(CaseError) as caught:
        with_exposures(case, wrong, courses={"C1": "RT9"})
    assert len(caught.value.problems) == 2


def test_a_dose_beyond_the_record_is_said_and_left_out():
    (row, _) = rows_of(250.0)
    recorded = exposure_of(row)
    assert recorded.mean_dose_gy is None
    assert "mean_dose_gy is 250 Gy" in recorded.note


def test_the_report_shows_the_computed_class_beside_the_stated_one():
    case = found(near_patient(stated_class="out_of_field"), 5.0)
    page = build_report(read_case_text(case_to_yaml(case), name="case.yaml"), ())
    assert "computed low dose" in page
    assert "stated out of field" in page
