"""The abscopal call: published cases by rule, and one patient varied one fact at a time."""

import copy
from typing import Any

import pytest

from abscope.case.record import Case
from abscope.case.shelf import library_names, open_case
from abscope.response.abscopal import abscopal_call
from abscope.response.exposure import exposures
from abscope.response.grade import grade
from response_cases import examination, patient

# Calls recorded with the published facts: strict reading, field-only reading, dose evidence.
PUBLISHED = {
    "kim2021-breast": ("possible_confounded", "yes", "D3"),
    "fong2025-melanoma": ("cannot_judge", "cannot_judge", "D3"),
    "golden2013-nsclc": ("possible_confounded", "possible_confounded", "D3"),
    "okuma2011-hcc": ("possible_confounded", "yes", "D2"),
    "lock2015-hcc": ("possible_confounded", "yes", "D2"),
    "chen2025-rcc": ("cannot_judge", "cannot_judge", "D1"),
    "kuroda2019-nsclc": ("cannot_judge", "cannot_judge", "D2"),
    "katayama-nsclc": ("yes", "yes", "D1"),
    "istanbul2017-nsclc": ("possible_confounded", "possible_confounded", "D1"),
    "merkel-neutron-b": ("no", "no", "D2"),
    "lymphoma-isrt-pet": ("yes", "yes", "D0"),
    "hori2020-rcc": ("possible_confounded", "possible_confounded", "D2"),
    "deng2024-melanoma": ("no", "no", "D0"),
    "ishikawa2022-cup": ("yes", "yes", "D1"),
}


def test_every_library_case_has_an_expected_call() -> None:
    assert set(PUBLISHED) == set(library_names())


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_case_gets_its_recorded_call(name: str) -> None:
    call = abscopal_call(open_case(name).case)
    assert (call.strict, call.field_only, call.evidence) == PUBLISHED[name]


def call_of(data: dict[str, Any]) -> tuple[str, str, str]:
    call = abscopal_call(Case.model_validate(data))
    return call.strict, call.field_only, call.evidence


def grade_of(data: dict[str, Any]) -> str:
    call = abscopal_call(Case.model_validate(data))
    return grade(call, infield_progressed=False, sum_responded=True).grade


def test_remote_lesion_without_any_rival_is_a_definite_yes() -> None:
    assert call_of(patient()) == ("yes", "yes", "D1")
    assert grade_of(patient()) == "definite"


def test_a_drug_in_the_window_confounds() -> None:
    data = patient()
    del data["no_systemic_therapy"]
    data["systemic_therapy"] = [
        {"id": "D", "agents": ["nivolumab"], "start": "2024-02-01", "stop": "2024-08-01"}
    ]
    assert call_of(data) == ("possible_confounded", "possible_confounded", "D1")
    assert grade_of(data) == "possible"


def test_a_drug_that_went_on_unchanged_confounds_the_call_but_not_the_grade() -> None:
    data = patient()
    data["systemic_therapy"] = [{"id": "D", "agents": ["nivolumab"], "start": "2023-01-01"}]
    assert call_of(data) == ("possible_confounded", "possible_confounded", "D1")
    assert grade_of(data) == "definite"
    data["systemic_therapy"][0]["stop"] = "2024-03-15"
    assert grade_of(data) == "possible"


@pytest.mark.parametrize(
    ("stop", "strict"), [("2023-11-30", "yes"), ("2023-12-15", "possible_confounded")]
)
def test_a_drug_that_ended_90_days_before_does_not_confound(stop: str, strict: str) -> None:
    data = patient()
    data["systemic_therapy"] = [
        {"id": "D", "agents": ["nivolumab"], "start": "2023-01-01", "stop": stop}
    ]
    assert call_of(data)[0] == strict


@pytest.mark.parametrize(
    ("regimen", "strict"),
    [
        ("nivolumab 240 mg q14d x 6", "yes"),
        ("nivolumab 240 mg q14d x 26", "possible_confounded"),
        ("nivolumab 240 mg q14d", "possible_confounded"),
    ],
)
def test_cycles_bound_a_drug_whose_end_is_not_stated(regimen: str, strict: str) -> None:
    data = patient()
    data["systemic_therapy"] = [{"id": "D", "agents": [regimen], "start": "2023-06-01"}]
    assert call_of(data)[0] == strict


def test_a_drug_started_after_the_response_does_not_confound() -> None:
    data = patient()
    data["systemic_therapy"] = [{"id": "D", "agents": ["nivolumab"], "start": "2024-08-01"}]
    assert call_of(data)[0] == "yes"


def test_unknown_systemic_therapy_is_not_none() -> None:
    data = patient()
    del data["no_systemic_therapy"]
    assert call_of(data) == ("possible_confounded", "possible_confounded", "D1")


@pytest.mark.parametrize(
    ("period", "strict"),
    [
        ({"end": "2024-02-01"}, "possible_confounded"),
        ({"start": "2024-06-01"}, "possible_confounded"),
        ({"start": "2023-01-01", "end": "2024-12-31"}, "yes"),
        ({"start": "2023-01-01"}, "yes"),
    ],
)
def test_no_therapy_in_another_period_says_nothing(period: dict[str, str], strict: str) -> None:
    data = patient()
    data["no_systemic_therapy"] = [{"scope": "any", "stated": "none", **period}]
    assert call_of(data)[0] == strict


def near_patient(exposure: dict[str, Any]) -> dict[str, Any]:
    """The same with the target in the chest, so that anatomy no longer excludes a dose."""
    data = patient()
    data["lesions"][0] = {"id": "B", "site": "node_mediastinal"}
    data["rt_courses"][0]["exposures"] = [{"lesion": "L", **exposure}]
    return data


@pytest.mark.parametrize(
    ("exposure", "expected"),
    [
        ({}, ("possible_confounded", "possible_confounded", "D3")),
        ({"stated_class": "out_of_field"}, ("possible_confounded", "yes", "D2")),
        ({"mean_dose_gy": 0.4}, ("yes", "yes", "D0")),
        ({"mean_dose_gy": "0.2-0.9 Gy"}, ("yes", "yes", "D0")),
        ({"mean_dose_gy": 1.0}, ("no", "no", "D0")),
        ({"mean_dose_gy": 5, "stated_class": "out_of_field"}, ("no", "no", "D0")),
        ({"mean_dose_gy": 25}, ("no", "no", "D0")),
        ({"mean_dose_gy": "0.9-1.8 Gy"}, ("possible_confounded", "possible_confounded", "D0")),
        ({"max_dose_gy": 0.5}, ("yes", "yes", "D0")),
    ],
)
def test_dose_decides_over_words(exposure: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert call_of(near_patient(exposure)) == expected


def test_scatter_of_a_small_prescription_stays_below_the_line() -> None:
    data = near_patient({"stated_class": "out_of_field"})
    data["rt_courses"][0]["phases"][0]["schedule"] = "4 Gy in 2"
    assert call_of(data) == ("yes", "yes", "D0")


def test_liver_field_beside_a_lung_lesion_is_not_remote() -> None:
    data = patient()
    data["lesions"][0] = {"id": "B", "site": "liver"}
    assert call_of(data) == ("possible_confounded", "possible_confounded", "D3")


def test_a_possible_target_cannot_be_judged() -> None:
    data = patient()
    data["rt_courses"][0]["phases"][0]["targets_uncertain"] = ["L"]
    assert call_of(data)[:2] == ("cannot_judge", "cannot_judge")
    assert grade_of(data) == "not_evaluable"


def test_a_later_course_to_the_lesion_does_not_undo_its_earlier_response() -> None:
    data = patient()
    later = copy.deepcopy(data["rt_courses"][0])
    later.update(id="RT2", start="2024-08-01", end="2024-08-05")
    later["phases"] = [{"id": "P2", "targets": ["L"], "schedule": "30 Gy in 5"}]
    data["rt_courses"].append(later)
    assert call_of(data)[0] == "yes"


def test_an_earlier_course_to_the_lesion_excludes_it() -> None:
    data = patient()
    earlier = copy.deepcopy(data["rt_courses"][0])
    earlier.update(id="RT0", start="2023-08-01", end="2023-08-05")
    earlier["phases"] = [{"id": "P0", "targets": ["L"], "schedule": "30 Gy in 5"}]
    data["rt_courses"].insert(0, earlier)
    assert call_of(data)[:2] == ("cannot_judge", "cannot_judge")


def test_no_response_is_no_and_no_follow_up_cannot_be_judged() -> None:
    data = patient()
    for scan in data["imaging"][1:]:
        scan["findings"][1]["size_mm"] = 29
    assert call_of(data)[:2] == ("no", "no")
    assert grade_of(data) == "none"
    data["imaging"] = data["imaging"][:1]
    assert call_of(data)[:2] == ("cannot_judge", "cannot_judge")


def test_the_response_threshold_is_30_percent() -> None:
    data = patient()
    for size, strict in ((21.0, "yes"), (21.1, "no")):
        for scan in data["imaging"][1:]:
            scan["findings"][1]["size_mm"] = size
        assert call_of(data)[0] == strict


def test_a_new_lesion_with_the_response_is_no() -> None:
    data = patient()
    data["lesions"].append({"id": "N", "site": "liver"})
    data["imaging"][1]["findings"].append({"lesion": "N", "change": "new", "size_mm": 15})
    assert call_of(data)[:2] == ("no", "no")


def test_new_disease_after_the_response_leaves_the_call_in_any_file_order() -> None:
    data = patient()
    data["lesions"].append({"id": "N", "site": "liver"})
    data["imaging"][2]["findings"].append({"lesion": "N", "change": "new", "size_mm": 15})
    assert call_of(data)[0] == "yes"
    data["imaging"].reverse()
    assert call_of(data)[0] == "yes"


def test_a_lesion_that_appeared_after_the_course_proves_nothing() -> None:
    data = patient()
    data["imaging"][0]["findings"].pop()
    data["imaging"][1]["findings"][1] = {"lesion": "L", "change": "new", "size_mm": 30}
    assert call_of(data)[:2] == ("cannot_judge", "cannot_judge")


def test_regrowth_and_an_earlier_fall_confound() -> None:
    data = patient()
    data["imaging"][2]["findings"][1]["size_mm"] = 28
    assert call_of(data)[0] == "possible_confounded"
    data = patient()
    data["imaging"].insert(0, examination("S00", "2023-12-01", 20, 45))
    del data["lesions"][1]["trend_before_rt"]
    assert call_of(data)[0] == "possible_confounded"


@pytest.mark.parametrize(
    ("year", "strict"), [(2025, "possible_confounded"), (2027, "cannot_judge")]
)
def test_a_late_response(year: int, strict: str) -> None:
    data = patient()
    for month, scan in zip((5, 7), data["imaging"][1:], strict=True):
        scan["when"] = f"{year}-0{month}-01"
    assert call_of(data)[0] == strict


def test_pelvic_field_before_menopause_confounds_only_when_it_is_recorded() -> None:
    data = patient()
    data["lesions"][0] = {"id": "B", "site": "pelvic_bone"}
    data["patient"] = {"sex": "female"}
    data["diagnosis"] = {"tumor_type": "breast", "markers": [{"name": "ER", "result": "positive"}]}
    call = abscopal_call(Case.model_validate(data))
    assert call.strict == "yes"
    assert any("ovarian" in text for text in call.caveats)
    data["patient"]["menopausal_status"] = "premenopausal"
    assert call_of(data)[0] == "possible_confounded"
    data["patient"]["menopausal_status"] = "postmenopausal"
    assert not any("ovarian" in text for text in abscopal_call(Case.model_validate(data)).caveats)


def test_order_of_lesions_and_a_shift_in_time_change_nothing() -> None:
    data = patient()
    data["lesions"].reverse()
    assert call_of(data) == call_of(patient())
    data = patient()
    data["day_zero"] = "2024-01-01"
    assert call_of(data) == call_of(patient())


def test_without_radiotherapy_there_is_nothing_to_call() -> None:
    data = patient()
    data["rt_courses"] = []
    assert call_of(data)[:2] == ("cannot_judge", "cannot_judge")


def test_a_target_at_ten_gray_is_an_in_field_lesion_at_low_dose() -> None:
    found = {
        (item.lesion, item.course): item for item in exposures(open_case("fong2025-melanoma").case)
    }
    item = found["M12", "RT2"]
    assert (item.intended, item.exposure) == ("target", "in_field")
    assert any("low-dose target" in reason for reason in item.reasons)
