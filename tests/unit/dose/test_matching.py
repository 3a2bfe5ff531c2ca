"""Lesions to regions and doses to courses: exact names, a map, else a question."""

from dataclasses import replace

import pytest

from abscope.case.lesion import Lesion
from abscope.case.radiotherapy import RTCourse
from abscope.dose.course_matching import match_courses
from abscope.dose.courses import courses_of
from abscope.dose.lesion_map import read_lesion_map, read_lesion_map_text
from abscope.dose.lesion_region import sphere_roi
from abscope.dose.matching import map_template, match_lesions
from abscope.dose.structures import Roi, StructureSet
from abscope.errors import CaseError
from dose_objects import dose_of, plan_of, study_of

LESIONS = [
    Lesion.model_validate({"id": "L1", "name": "GTV lung left", "site": "lung"}),
    Lesion.model_validate({"id": "L2", "site": "liver"}),
]


def roi(number, name, *, empty=False, role=""):
    made = sphere_roi(name, center_mm=(0, 0, 0), diameter_mm=10)
    return Roi(number, name, () if empty else made.contours, role)


def study(*rois, frames=("F1",)):
    doses = [
        (dose_of(lambda x, y, z: 20 + 0 * x, frame=frame), plan_of(f"P{frame}")) for frame in frames
    ]
    sets = tuple(StructureSet(f"S-{frame}", frame, tuple(rois), 3.0) for frame in frames)
    return replace(study_of(*doses), structure_sets=sets)


def match(made, text=None, name="map.yaml"):
    chosen = read_lesion_map_text(text, name=name) if text else None
    return match_lesions(made, lesions=LESIONS, courses=courses_of(made), chosen=chosen)


def test_exact_id_or_name_matches_in_any_case():
    found = match(study(roi(1, "gtv LUNG left"), roi(2, " l2 ")))
    assert [found.regions[key][0].roi.number for key in ("L1", "L2")] == [1, 2]
    assert found.questions == ()
    region = found.regions["L1"][0]
    assert (region.match, region.structure_set_uid, region.plane_spacing_mm) == ("roi", "S-F1", 3.0)


def test_a_similar_name_is_a_question_and_never_a_guess():
    found = match(study(roi(1, "GTV lung lft"), roi(2, "Liver_met"), roi(3, "PTV", role="PTV")))
    assert found.regions == {}
    first, second = found.questions
    assert first.candidates[0] == "GTV lung lft"
    assert "Liver_met" in second.candidates
    assert "PTV" in second.candidates
    assert "no region has its id or name. Is it GTV lung lft" in str(first)


def test_names_that_hold_the_id_are_the_likely_ones():
    found = match(
        study(roi(1, "L2 segment IV"), roi(2, "L2_b"), roi(3, "PTV liver"), roi(4, "L20"))
    )
    assert found.questions[1].candidates == ("L2 segment IV", "L2_b")


def test_an_empty_region_and_two_of_one_name_match_nothing():
    assert len(match(study(roi(1, "L1", empty=True), roi(2, "L2"))).questions) == 1
    twice = match(study(roi(1, "L1"), roi(2, "GTV lung left"), roi(3, "L2")))
    assert "2 regions" in twice.questions[0].what


def test_one_region_per_frame():
    found = match(study(roi(1, "L1"), roi(2, "L2"), frames=("F1", "F2")))
    assert [item.frame_uid for item in found.regions["L1"]] == ["F1", "F2"]


MAP = """\
lesions:
  L1: Tumor A
  L2: {center_mm: [10, -20.5, 30], diameter_mm: 12, field_distance_mm: {C1: 220}}
"""


def test_a_map_names_a_region_a_center_and_a_distance(tmp_path):
    made = study(roi(4, "Tumor A"))
    found = match(made, MAP)
    assert found.questions == ()
    assert (found.regions["L1"][0].match, found.regions["L1"][0].roi.number) == ("manual", 4)
    assert found.regions["L2"][0].match == "expansion"
    assert found.confirmed_distances == {("L2", "C1"): 220.0}
    path = tmp_path / "map.toml"
    path.write_text(
        '[lesions]\nL1 = "Tumor A"\n'
        "L2 = {center_mm = [10, -20.5, 30], diameter_mm = 12, field_distance_mm = {C1 = 220}}\n"
    )
    same = read_lesion_map(path)
    assert same.lesions["L2"].center_mm == (10.0, -20.5, 30.0)
    assert same.lesions["L1"].rois == ("Tumor A",)


def test_a_group_has_a_region_for_each_member():
    made = study(roi(1, "nodule 1"), roi(2, "nodule 2"), roi(3, "L2"))
    found = match(made, "lesions: {L1: [nodule 1, nodule 2]}")
    assert [region.roi.number for region in found.regions["L1"]] == [1, 2]
    with pytest.raises(CaseError, match="no region 'nodule 3'"):
        match(made, "lesions: {L1: {roi: [nodule 1, nodule 3]}}")


def test_a_lesion_without_region_but_with_a_distance_is_no_question():
    found = match(study(roi(1, "L1")), "lesions: {L2: {field_distance_mm: 400}}")
    assert found.questions == ()
    assert found.regions["L2"] == ()
    assert found.confirmed_distances == {("L2", "all"): 400.0}


def test_names_that_the_map_gets_wrong_are_located_with_the_nearest():
    text = """\
lesions:
  L11: Tumor A
  L1: Tumour A
  L2: {center_mm: [0, 0, 0], diameter_mm: 5, frame: C9}
"""
    with pytest.raises(CaseError) as caught:
        match(study(roi(4, "Tumor A")), text)
    assert [problem.where for problem in caught.value.problems] == [
        "map.yaml:2:8", "map.yaml:3:7", "map.yaml:4:7",
    ]  # fmt: skip
    assert "Did you mean L1" in caught.value.problems[0].action
    assert caught.value.problems[1].action == "Did you mean Tumor A?"
    assert "no course 'C9'" in caught.value.problems[2].what


def test_a_center_needs_its_frame_where_there_are_two():
    made = study(roi(4, "L1"), frames=("F1", "F2"))
    with pytest.raises(CaseError, match="2 frames of reference"):
        match(made, "lesions: {L2: {center_mm: [0, 0, 0], diameter_mm: 5}}")
    found = match(made, "lesions: {L2: {center_mm: [0, 0, 0], diameter_mm: 5, frame: C2}}")
    assert found.regions["L2"][0].frame_uid == "F2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- L1", "the file holds"),
        ("lesion: {L1: x}", "unknown key 'lesion'"),
        ("lesions: [L1]", "lesions is"),
        ("lesions: {L1: 5}", "L1 is 5"),
        ("lesions: {L1: {}}", "L1 is"),
        ("lesions: {L1: {centre_mm: [1, 2, 3]}}", "unknown key 'centre_mm'"),
        ("lesions: {L1: {center_mm: [1, 2], diameter_mm: 4}}", "center_mm is"),
        ("lesions: {L1: {center_mm: [1, 2, 9000], diameter_mm: 4}}", "center_mm is"),
        ("lesions: {L1: {center_mm: [1, 2, 3]}}", "only one of"),
        ("lesions: {L1: {center_mm: [1, 2, 3], diameter_mm: 0}}", "diameter_mm is 0"),
        ("lesions: {L1: {center_mm: [1, 2, 3], diameter_mm: 4, roi: A}}", "both a region"),
        ("lesions: {L1: {field_distance_mm: far}}", "'far'"),
        ("lesions: {L1: {roi: [A, 5]}}", "roi is"),
        ("courses: {RT1: 5}", "RT1 is 5"),
        ("courses: {RT1: C1, RT2: [C1]}", "belongs to"),
    ],
)
def test_a_map_that_says_nothing_clear_is_refused(text, words):
    with pytest.raises(CaseError, match=words.replace("[", r"\[")) as caught:
        read_lesion_map_text(text, name="map.yaml")
    assert all(problem.where.startswith("map.yaml:") for problem in caught.value.problems)


def test_toml_that_is_none():
    with pytest.raises(CaseError, match="not TOML"):
        read_lesion_map_text("lesions: {}", name="map.toml")


def test_the_template_is_a_map_that_asks_the_same_questions():
    made = study(roi(1, "L1"), roi(2, 'odd "name"'))
    found = match(made)
    text = map_template(made, matching=found, lesions=LESIONS, courses=courses_of(made))
    again = match(made, text)
    assert [question.about for question in again.questions] == ["L2"]
    assert again.regions["L1"][0].roi.name == "L1"
    assert "#   C1: 5 fractions, 25 Gy, PLAN dose" in text


def test_the_template_offers_a_group_where_several_names_hold_the_id():
    made = study(roi(1, "L2 a"), roi(2, "L2 b"))
    text = map_template(made, matching=match(made), lesions=LESIONS, courses=courses_of(made))
    assert '  # L2: ["L2 a", "L2 b"]  # ' in text
    answered = text.replace("  # L2: [", "  L2: [")
    found = match(made, answered)
    assert [region.roi.number for region in found.regions["L2"]] == [1, 2]
    again = map_template(made, matching=found, lesions=LESIONS, courses=courses_of(made))
    assert '  L2: ["L2 a", "L2 b"]' in again


def course(name, schedule, *more):
    phases = [{"id": f"{name}P{n}", "schedule": text} for n, text in enumerate((schedule, *more))]
    return RTCourse.model_validate({"id": name, "phases": phases})


def courses(*prescriptions):
    made = study_of(
        *(
            (dose_of(lambda x, y, z: 20 + 0 * x), plan_of(f"P{i}", n=n, levels=[total], day=i))
            for i, (n, total) in enumerate(prescriptions)
        )
    )
    return courses_of(made)


def test_a_course_is_found_by_fractions_and_prescription():
    recorded = [course("RT1", "22.5 Gy in 5", "25 Gy in 5"), course("RT2", "30 Gy in 5")]
    found = match_courses(courses((5, 30.0), (5, 22.4), (5, 25.0)), recorded=recorded)
    assert found.of_case == {"C1": "RT2", "C2": "RT1", "C3": "RT1"}
    assert found.questions == ()


def test_a_course_that_fits_two_or_none_is_a_question():
    recorded = [course("RT1", "25 Gy in 5"), course("RT2", "25 Gy in 5")]
    found = match_courses(courses((5, 25.0), (10, 25.0)), recorded=recorded)
    assert found.of_case == {}
    assert "RT1 and RT2 have these" in found.questions[0].what
    assert found.questions[1].what.startswith("no recorded course")
    one_phase = match_courses(courses((5, 25.0), (5, 25.0)), recorded=recorded[:1])
    assert one_phase.of_case == {}
    assert "more doses (C1, C2) fit RT1 than it has phases" in one_phase.questions[0].what


def test_phases_that_fit_several_doses_are_shared_out():
    recorded = [course("RT1", "22.5 Gy in 5", "22.6 Gy in 5")]
    found = match_courses(courses((5, 22.45), (5, 22.7)), recorded=recorded)
    assert found.of_case == {"C1": "RT1", "C2": "RT1"}


def test_the_map_decides_over_the_numbers():
    recorded = [course("RT1", "25 Gy in 5"), course("RT2", "25 Gy in 5")]
    chosen = read_lesion_map_text("courses: {RT2: [C1, C2]}", name="m.yaml")
    made = courses((5, 25.0), (10, 1.0))
    assert match_courses(made, recorded=recorded, chosen=chosen).of_case == {
        "C1": "RT2", "C2": "RT2",
    }  # fmt: skip
    wrong = read_lesion_map_text("courses: {RT9: C1, RT1: C7}", name="m.yaml")
    with pytest.raises(CaseError) as caught:
        match_courses(made, recorded=recorded, chosen=wrong)
    assert [problem.path for problem in caught.value.problems] == ["courses.RT9", "courses.RT1"]
