"""Lymphocyte counts against the count before radiotherapy."""

import pytest

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.case.shelf import open_case
from abscope.response.lymphocytes import lymphocyte_readings


def case_with(labs: list[dict[str, object]]) -> Case:
    return Case.model_validate(
        {
            "schema": "abscope-case/1",
            "id": "c",
            "title": "t",
            "default_missing": "not_reported",
            "rt_courses": [{"id": "RT1", "start": "2020-01-10", "phases": [{"id": "A"}]}],
            "labs": labs,
        }
    )


def test_breast_case_falls_by_81_and_stays_65_percent_below() -> None:
    """Published numbers: 3300, 640 and 1150 per microliter; 640 is CTCAE v5 grade 2."""
    case = open_case("kim2021-breast").case
    first, during, later = lymphocyte_readings(case, Clock(case))
    assert first.baseline
    assert first.change_frac is None
    assert during.change_frac == pytest.approx(-0.80606, abs=5e-6)
    assert later.change_frac == pytest.approx(-0.65152, abs=5e-6)
    assert during.grade is not None
    assert during.grade.text == "grade 2"
    assert later.grade is not None
    assert later.grade.text == "grade 0 or 1"


def test_last_count_before_radiotherapy_is_the_baseline() -> None:
    case = case_with(
        [
            {"test": "lymphocytes", "value": "1000 /mm3", "when": "2020-01-20"},
            {"test": "lymphocytes", "value": "2000 /mm3", "when": "2020-01-05"},
            {"test": "lymphocytes", "value": "4000 /mm3", "when": "2019-06"},
        ]
    )
    found = lymphocyte_readings(case, Clock(case))
    assert [item.baseline for item in found] == [False, True, False]
    assert [item.change_frac for item in found] == [-0.5, None, 1.0]


@pytest.mark.parametrize("when", [None, "2020-01", "during RT1", "2020-02-01"])
def test_without_a_sure_baseline_there_is_no_change(when: str | None) -> None:
    case = case_with(
        [
            {"test": "lymphocytes", "value": "3000 /mm3", **({"when": when} if when else {})},
            {"test": "lymphocytes", "value": "600 /mm3", "when": "2020-03-01"},
        ]
    )
    found = lymphocyte_readings(case, Clock(case))
    assert not any(item.baseline for item in found)
    assert {item.change_frac for item in found} == {None}


def test_a_range_is_neither_graded_nor_compared() -> None:
    case = case_with(
        [
            {"test": "lymphocytes", "value": "2000 /mm3", "when": "2020-01-05"},
            {"test": "lymphocytes", "value": "500-900 /mm3", "when": "2020-03-01"},
            {"test": "neutrophils", "value": "3000 /mm3", "when": "2020-03-01"},
        ]
    )
    found = lymphocyte_readings(case, Clock(case))
    assert len(found) == 2
    assert (found[1].change_frac, found[1].grade) == (None, None)
