"""Records that the criteria cannot be applied to: every problem at once, each with its place."""

import pytest

from abscope.errors import ProtocolError
from abscope.response.checks import find_problems
from abscope.response.recist import assess
from abscope.response.records import LesionBaseline, Measurement, NewLesion
from records_of import lesion, record, seen, visit


def whats(patient):
    return [problem.what for problem in find_problems(patient)]


def test_a_sound_record_has_no_problem():
    assert find_problems(record([lesion("A", 20)], [visit(42, seen("A", 18))])) == ()


def test_all_problems_come_at_once_and_nothing_is_read():
    patient = record(
        [lesion("A", 20), lesion("A", 22), LesionBaseline(id="B", role="target")],
        [
            visit(84, seen("A", -3), seen("Z", 12)),
            visit(42, seen("A", "shrunk"), seen("A", 12), stated_overall="better"),
        ],
        source="cohort.csv",
    )
    with pytest.raises(ProtocolError) as caught:
        assess(patient)
    text = str(caught.value)
    for part in (
        "lesion 'A' occurs more than once",
        "longest diameter of None mm",
        "size is -3 mm",
        "lesion 'Z' has no baseline",
        "day 42 is not after d84 (day 84)",
        "state is 'shrunk'; expected one of measured, present, too_small",
        "lesion 'A' is measured more than once",
        "response is 'better'; expected one of CR, PR",
    ):
        assert part in text
    assert all(problem.where == "cohort.csv" for problem in caught.value.problems)


def test_dates():
    assert whats(record([], [visit(42), visit(42)])) == [
        "visit 'd42' occurs more than once",
        "same date as visit 'd42' (day 42)",
    ]
    assert whats(record([], [visit(-3)])) == ["day -3 is not after baseline (day 0)"]
    assert whats(record([], [visit(42)], death_d=41)) == ["day 42 is after death on day 41"]
    assert whats(record([], [visit(float("nan"))])) == ["day is nan"]


def test_complete_response_with_a_target_left():
    for stated in ({"stated_overall": "CR"}, {"stated_target": "CR"}):
        found = whats(record([lesion("A", 20)], [visit(42, seen("A", "4.0"), **stated)]))
        assert found == ["complete response is stated with a target of 4.0 mm left"]
    assert (
        whats(record([lesion("A", 20)], [visit(42, seen("A", "absent"), stated_overall="CR")]))
        == []
    )


@pytest.mark.parametrize(("size", "ratio"), [("2.2", "10.0"), (220, "10.0"), ("2.1", "10.5")])
def test_a_tenfold_step_asks_for_the_unit(size, ratio):
    days = [visit(42, seen("A", size))]
    (problem,) = find_problems(record([lesion("A", 22)], days, sizes_checked=False))
    assert f"a ratio of {ratio}" in problem.what
    assert "cm" in problem.action
    assert find_problems(record([lesion("A", 22)], days, sizes_checked=True)) == ()


def test_contradictions_inside_a_measurement():
    def one(**found):
        days = [visit(42, Measurement(lesion="A", **found), seen("B", 10))]
        return whats(record([lesion("A", 20), lesion("B", 20)], days))

    assert one(state="absent", diameter_mm=3) == ["lesion is absent but has a size of 3 mm"]
    assert one(state="split") == ["lesion is split but has no fragments"]
    assert one(state="merged") == ["lesion is merged but names no partner"]
    both = [
        Measurement(lesion="A", state="merged", merged_with="B", diameter_mm=30),
        Measurement(lesion="B", state="merged", merged_with="A", diameter_mm=30),
    ]
    found = whats(record([lesion("A", 20), lesion("B", 20)], [visit(42, *both)]))
    assert found == ["both 'A' and 'B' carry a merged size"]


def test_new_lesions():
    days = [visit(42, seen("A", 20), new=["A", NewLesion(id="X", certainty="maybe")])]
    assert whats(record([lesion("A", 20)], days)) == [
        "'A' is a lesion of the baseline",
        "certainty is 'maybe'",
    ]


def test_wrong_words_name_the_valid_ones():
    problems = find_problems(record([lesion("A", 20, role="Target")], []))
    assert [p.expected for p in problems] == ["one of target, non_target, none"]
