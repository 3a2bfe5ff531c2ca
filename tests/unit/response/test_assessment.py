"""The assessment of the two founding cases, and of small cases that turn one rule at a time."""

import json
from typing import Any

import pytest

from abscope.case.record import Case
from abscope.case.shelf import library_names, open_case
from abscope.errors import UsageError
from abscope.response.assessment import CaseAssessment, CourseAssessment, assess_case
from abscope.response.dose_lines import choose_lines
from abscope.response.plain import plain
from abscope.response.switches import read_policy
from response_cases import examination, patient


def course(found: CaseAssessment, name: str) -> CourseAssessment:
    return next(item for item in found.courses if item.course == name)


@pytest.fixture(scope="module")
def fong() -> CaseAssessment:
    return assess_case(open_case("fong2025-melanoma").case)


@pytest.fixture(scope="module")
def kim() -> CaseAssessment:
    return assess_case(open_case("kim2021-breast").case)


def test_fong_responds_in_field_from_22_to_14_mm_and_later_completely(fong: CaseAssessment) -> None:
    part = course(fong, "RT2").in_field
    assert part.lesions == ("M12",)
    assert part.reading is not None
    assert [(v.visit, v.overall) for v in part.reading.visits] == [
        ("P6", "PR"),
        ("P7", "CR"),
        ("P8", "CR"),
    ]
    lesion = next(x for x in course(fong, "RT2").lesions if x.path.lesion == "M12")
    assert any("22 -> 14 mm (-36.4 %)" in reason for reason in lesion.path.reasons)
    assert lesion.passes_pr is not None
    assert lesion.passes_pr.probability_frac == pytest.approx(0.72, abs=0.005)


def test_fong_has_an_unconfirmed_progression_with_radiotherapy_between(
    fong: CaseAssessment,
) -> None:
    line = next(item for item in fong.immune if "D4" in item.therapies)
    assert [(v.scan, v.call) for v in line.visits] == [
        ("P5", "iUPD"),
        ("P6", "iPR"),
        ("P7", "iCR"),
        ("P8", "iCR"),
    ]
    assert line.confirmed is False
    assert any(flag.startswith("RT between") for flag in line.flags)
    assert any("never confirmed" in flag for flag in line.flags)


def test_fong_is_not_evaluable_for_an_abscopal_effect(fong: CaseAssessment) -> None:
    assert fong.grade.grade == "not_evaluable"
    assert fong.abscopal.strict == "cannot_judge"
    second = next(c for c in fong.abscopal.candidates if c.lesion == "M13")
    assert second.path.change_frac is None
    assert second.exposure.dose_gy is None


def test_kim_is_not_evaluable_by_recist_and_possible_in_the_strict_reading(
    kim: CaseAssessment,
) -> None:
    reading = course(kim, "RT1").everything.reading
    assert reading is not None
    assert [v.overall for v in reading.visits] == ["NE"]
    assert (kim.abscopal.strict, kim.abscopal.field_only) == ("possible_confounded", "yes")
    assert kim.grade.grade == "possible"


def test_kim_lymphocytes_and_pain(kim: CaseAssessment) -> None:
    grades = [r.grade.grade for r in kim.lymphocytes if r.grade is not None]
    assert grades[:2] == [0, 2]
    calls = {call.site: call.call for call in kim.pain}
    assert (calls["L02"], calls["L06"]) == ("CR", "CR")
    assert (calls["L04"], calls["L07"]) == ("PR", "PR")
    axilla = next(call for call in kim.pain if call.site == "L07")
    assert axilla.numbers["baseline_score"] == (6.0, 8.0)


def test_every_library_case_can_be_assessed_and_written_as_json() -> None:
    for name in library_names():
        text = json.dumps(plain(assess_case(open_case(name).case)), allow_nan=False)
        assert json.loads(text)["case_id"] == name


def growing(**third: Any) -> dict[str, Any]:
    """Two lesions on nivolumab; the second scan shows growth, the third what is given."""
    findings = [
        [{"lesion": "A", "size_mm": 30}, {"lesion": "B", "size_mm": 20}],
        [{"lesion": "A", "size_mm": 40}, {"lesion": "B", "size_mm": 25}],
        [{"lesion": "A", **third}, {"lesion": "B", "size_mm": 25}],
    ]
    days = ("2024-01-05", "2024-03-05", "2024-04-10")
    return {
        "id": "growing",
        "title": "growing",
        "default_missing": "not_seen",
        "day_zero": "2024-01-10",
        "lesions": [{"id": "A", "site": "lung"}, {"id": "B", "site": "liver"}],
        "systemic_therapy": [{"id": "D", "agents": ["nivolumab"], "start": "2024-01-10"}],
        "imaging": [
            {"id": f"S{i}", "when": day, "modalities": ["CT"], "findings": rows}
            for i, (day, rows) in enumerate(zip(days, findings, strict=True))
        ],
    }


@pytest.mark.parametrize(("size", "call"), [(46, "iCPD"), (41, "iUPD"), (20, "iSD"), (4, "iPR")])
def test_progression_on_a_checkpoint_inhibitor_is_confirmed_or_undone(
    size: float, call: str
) -> None:
    (line,) = assess_case(Case.model_validate(growing(size_mm=size))).immune
    assert [visit.call for visit in line.visits] == ["iUPD", call]


def test_no_progression_on_the_drug_gives_no_course() -> None:
    data = growing(size_mm=30)
    data["imaging"][1]["findings"][0]["size_mm"] = 30
    assert assess_case(Case.model_validate(data)).immune == ()


def test_a_drug_that_is_no_checkpoint_inhibitor_gives_no_course() -> None:
    data = growing(size_mm=46)
    data["systemic_therapy"][0]["agents"] = ["capecitabine"]
    assert assess_case(Case.model_validate(data)).immune == ()


def test_policy_and_lines_are_stored_and_wrong_ones_refused() -> None:
    policy = read_policy(["pr_carry_forward=true", "min_sd_d=49", "pfs_max_gap_d=none"])
    found = assess_case(
        open_case("kim2021-breast").case, policy=policy, lines=choose_lines(low_gy=0.5)
    )
    assert (found.policy.pr_carry_forward, found.policy.min_sd_d) == (True, 49.0)
    assert found.lines.low_gy == 0.5
    with pytest.raises(UsageError) as caught:
        read_policy(["pr_cary=true", "min_sd_d=-1", "early_sd=SD", "confirmation=maybe"])
    assert len(caught.value.problems) == 4
    assert "Did you mean pr_carry_forward" in str(caught.value)
    with pytest.raises(UsageError):
        choose_lines(low_gy=20, high_gy=1)
    with pytest.raises(UsageError):
        choose_lines(low_gy=0)


def test_an_earlier_irradiated_lesion_is_no_target_unless_it_grew() -> None:
    data = growing(size_mm=30)
    data["rt_courses"] = [
        {"id": "R0", "start": "2023-06-01", "phases": [{"id": "P0", "targets": ["A"]}]},
        {"id": "R1", "start": "2024-01-08", "phases": [{"id": "P1", "targets": ["B"]}]},
    ]
    found = course(assess_case(Case.model_validate(data)), "R1")
    assert found.everything.reading is not None
    first = found.everything.reading.visits[0]
    assert first.target is not None
    assert [item.lesion for item in first.target.contributions] == ["B"]
    assert any(note.startswith("A:") for note in found.notes)
    data["imaging"][0]["findings"][0]["change"] = "increased"
    found = course(assess_case(Case.model_validate(data)), "R1")
    assert found.everything.reading is not None
    first = found.everything.reading.visits[0]
    assert first.target is not None
    assert {item.lesion for item in first.target.contributions} == {"A", "B"}


def is_direct(data: dict[str, Any]) -> bool | None:
    found = assess_case(Case.model_validate(data))
    assert any(visit.call == "iUPD" for line in found.immune for visit in line.visits)
    assert not any(line.confirmed for line in found.immune)
    return {need.code: need.met for need in found.grade.requirements}["direct"]


def test_an_unconfirmed_progression_before_the_response_is_a_weakness() -> None:
    data = patient()
    data["systemic_therapy"] = [{"id": "D", "agents": ["nivolumab"], "start": "2023-01-01"}]
    data["imaging"].insert(0, examination("P0", "2022-12-01", 20, 20))
    data["imaging"].insert(1, examination("P1", "2023-06-01", 20, 30))
    assert is_direct(data) is False


def test_an_unconfirmed_progression_after_the_response_is_none() -> None:
    data = patient()
    data["systemic_therapy"] = [{"id": "D", "agents": ["nivolumab"], "start": "2024-07-15"}]
    data["imaging"].append(examination("S3", "2024-09-01", 10, 10))
    data["imaging"].append(examination("S4", "2024-11-01", 10, 10))
    data["lesions"].append({"id": "N", "site": "liver"})
    for scan, size in zip(data["imaging"], (20, 20, 20, 30, 20), strict=True):
        scan["findings"].append({"lesion": "N", "size_mm": size})
    assert is_direct(data) is True
