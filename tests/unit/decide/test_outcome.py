"""Response and control of sums of diameters, against the words of RECIST 1.1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.decide.outcome import CATEGORIES, best_category, course_of


def _call(start_mm, *visits):
    total = np.array([visits], float)
    return CATEGORIES[best_category(np.array([start_mm]), total, total)[0]]


@pytest.mark.parametrize(
    ("start", "visits", "call"),
    [
        (100.0, (69.0,), "PR"),
        (100.0, (71.0,), "SD"),
        (100.0, (119.0,), "SD"),
        (100.0, (121.0,), "PD"),
        (20.0, (24.5,), "SD"),  # 22 %, but less than 5 mm
        (100.0, (60.0, 75.0), "PR"),  # the best of the visits before progression
        (100.0, (121.0, 30.0), "PD"),  # nothing after progression counts
        (100.0, (1.0,), "CR"),
    ],
)
def test_the_best_response_follows_recist(start, visits, call):
    assert _call(start, *visits) == call


def test_only_counted_lesions_belong_to_a_sum():
    start, later = np.array([[10.0, 40.0]] * 2), np.array([[[5.0, 60.0]]] * 2)
    counted = np.array([[True, False], [False, False]])
    found = course_of(start, diameter_mm=later, counted_frac=counted)
    assert found.change_frac[0] == pytest.approx([-0.5])
    assert found.responds_frac[0] == 1.0
    assert np.isnan(found.change_frac[1]).all()
    assert np.isnan(found.responds_frac[1])
    assert found.category.tolist() == [CATEGORIES.index("PR"), -1]


@settings(derandomize=True, max_examples=60)
@given(
    st.lists(st.floats(0.0, 200.0), min_size=1, max_size=5),
    st.floats(5.0, 200.0), st.floats(0.1, 1.0),
)  # fmt: skip
def test_smaller_lesions_are_never_a_worse_response_at_one_visit(visits, start, factor):
    total = np.array([visits[:1]])
    begin = np.array([start])
    one = best_category(begin, total, total)
    two = best_category(begin, factor * total, factor * total)
    assert two[0] >= one[0]
