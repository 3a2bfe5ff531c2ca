"""Signed changes of one lesion, and the days since a course."""

import math

import pytest

from abscope.case.clock import Span
from abscope.case.shelf import library_names, open_case
from abscope.response.assessment import assess_case
from abscope.response.trajectory import Reading, Trajectory, changes, days_after


def reading(index: int, size_mm: float | None) -> Reading:
    return Reading(f"S{index}", index, Span(30.0 * index, 30.0 * index), size_mm, None)


def path(baseline: Reading | None, *after: Reading) -> Trajectory:
    return Trajectory(
        "L1", "RT1", (baseline,) if baseline else (), after, baseline, "NE", None, None, None,
        None, None, (),
    )  # fmt: skip


def test_changes_count_from_the_baseline() -> None:
    """Closed form: 22 -> 14 -> 0 mm is -8/22 and -1."""
    found = changes(path(reading(0, 22), reading(1, 14), reading(2, None), reading(3, 0)))
    assert [r.scan for r, _ in found] == ["S0", "S1", "S3"]
    assert [change for _, change in found] == pytest.approx([0, -8 / 22, -1])


def test_without_a_size_before_the_course_changes_count_from_the_first_size() -> None:
    found = changes(path(reading(0, None), reading(1, 0), reading(2, 10), reading(3, 12)))
    assert [(r.scan, change) for r, change in found] == [("S2", 0.0), ("S3", pytest.approx(0.2))]


def test_words_alone_give_no_change() -> None:
    assert changes(path(None, reading(1, None))) == ()
    assert changes(path(reading(0, None))) == ()


@pytest.mark.parametrize("name", library_names())
def test_the_deepest_change_is_the_one_of_the_assessment(name: str) -> None:
    """Property: two ways to the same number, for every lesion of every published case."""
    for course in assess_case(open_case(name).case).courses:
        for item in course.lesions:
            later = [change for _, change in changes(item.path)[1:]]
            assert min(later, default=None) == item.path.change_frac


def test_days_after_a_start_hold_both_doubts() -> None:
    """Closed form: 40..50 after 0..5 is 35..50."""
    assert days_after(Span(0, 5), span=Span(40, 50)) == Span(35, 50)
    assert days_after(Span(0, 5), span=Span(-math.inf, 0)) == Span(-math.inf, 0)
    assert days_after(None, span=Span(0, 1)) is None
    assert days_after(Span(0, 1), span=None) is None
