"""Sizes in versions or as intervals: what holds in every version is said, and nothing else."""

from typing import Any

import pytest

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.response.abscopal import candidates
from abscope.response.assessment import assess_case
from abscope.response.dose_lines import lines_from_catalog
from abscope.response.trajectory import Trajectory

Size = Any


def two(*values: float) -> dict[str, Any]:
    return {"versions": [{"value": value} for value in values]}


def case_of(*sizes: Size, words: dict[int, str] | None = None) -> Case:
    scans = [
        {
            "id": f"I{number}",
            "when": f"day {60 * number - 10}",
            "role": "follow_up" if number else "baseline",
            "findings": [
                {"lesion": "L1", "size_mm": 30 - 10 * bool(number), "axis": "longest"},
                {"lesion": "L2", "size_mm": size, "axis": "longest"}
                | ({"change": words[number]} if words and number in words else {}),
            ],
        }
        for number, size in enumerate(sizes)
    ]
    return Case.model_validate(
        {
            "schema": "abscope-case/1",
            "id": "versions",
            "title": "A lesion with contradicting sizes",
            "default_missing": "not_reported",
            "day_zero": "RT1.start",
            "diagnosis": {"tumor_type": "melanoma"},
            "lesions": [{"id": "L1", "site": "liver"}, {"id": "L2", "site": "lung"}],
            "rt_courses": [
                {
                    "id": "RT1",
                    "start": "2024-01-05",
                    "phases": [{"id": "RT1a", "targets": ["L1"], "schedule": "3 x 8 Gy daily"}],
                }
            ],
            "imaging": scans,
        }
    )


def path_of(*sizes: Size, words: dict[int, str] | None = None) -> Trajectory:
    found = assess_case(case_of(*sizes, words=words))
    (course,) = found.courses
    return next(change.path for change in course.lesions if change.path.lesion == "L2")


def test_a_response_in_every_version_is_one_with_its_smallest_change() -> None:
    path = path_of(two(25, 22), 12)
    assert path.response == "PR"
    assert path.change_frac == pytest.approx(12 / 22 - 1)
    assert path.reasons[-1] == "I0: 22 to 25 mm: PR with every size; the smallest change is told"
    later = path_of(30, {"low": 15, "high": 20})
    assert later.response == "PR"
    assert later.change_frac == pytest.approx(20 / 30 - 1)


def test_versions_that_disagree_decide_nothing() -> None:
    path = path_of(two(15, 25), 12)
    assert (path.response, path.change_frac) == ("NE", None)
    assert path.reasons[-1] == "I0: 15 to 25 mm: PR or SD, by the size that is taken"
    assert path_of(two(10, 30), 20).reasons[-1].startswith("I0: 10 to 30 mm: PD or PR")


def test_words_stand_where_versions_disagree() -> None:
    assert path_of(two(15, 25), 12, words={1: "decreased"}).response == "regression"
    assert path_of(two(22, 25), 12, words={1: "decreased"}).response == "PR"


def test_growth_and_disappearance_are_seen_in_every_version() -> None:
    grown = path_of(two(20, 22), 30)
    assert grown.response == "PD"
    assert grown.change_frac == pytest.approx(30 / 22 - 1)
    assert path_of(two(20, 22), 0).response == "CR"
    assert path_of(two(20, 22), two(19, 23)).response == "SD"


def test_an_open_interval_or_no_size_leaves_it_open() -> None:
    assert path_of(60, {"low": 20}, 59).response == "SD"
    assert path_of({"status": "not_reported"}, 12).response == "NE"


def test_more_versions_than_can_be_tried_leave_it_open() -> None:
    assert path_of(two(30, 31), *[two(9, 10)] * 7).response == "PR"
    path = path_of(two(30, 31), *[two(9, 10)] * 8, 31)
    assert path.response == "NE"
    assert [reading.scan for reading in path.after] == ["I9"]


def test_the_abscopal_call_uses_what_holds_in_every_version() -> None:
    case = case_of(two(25, 22), 12)
    (found,) = candidates(case, lines=lines_from_catalog(), clock=Clock(case))
    assert (found.lesion, found.path.response) == ("L2", "PR")
