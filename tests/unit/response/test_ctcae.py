"""CTCAE v5.0 grades: boundaries, what is not known, refused input."""

import math
from itertools import pairwise

import pytest

from abscope.errors import ProtocolError
from abscope.response.ctcae import (
    diarrhea_grade,
    lymphocyte_bands,
    lymphocyte_grade,
    maculopapular_rash_grade,
)


def test_without_lower_limit_the_grade_is_a_set():
    result = lymphocyte_grade(1150, lower_limit_per_ul=None)
    assert result.possible == (0, 1)
    assert result.grade is None
    assert result.text == "grade 0 or 1"
    assert "not known" in result.reasons[1]


@pytest.mark.parametrize(("count", "grade"), [(799, 2), (640, 2), (499, 3), (199, 4), (0, 4)])
def test_deep_counts_need_no_lower_limit(count, grade):
    assert lymphocyte_grade(count, lower_limit_per_ul=None).grade == grade


def test_count_above_every_limit_in_use_is_normal_by_an_assumption_that_is_told():
    result = lymphocyte_grade(3300, lower_limit_per_ul=None)
    assert result.grade == 0
    assert "assumed" in result.reasons[1]


def test_limit_below_800_leaves_both_readings():
    assert lymphocyte_grade(750, lower_limit_per_ul=700).possible == (0, 2)
    assert lymphocyte_grade(699, lower_limit_per_ul=700).possible == (2,)
    assert lymphocyte_grade(800, lower_limit_per_ul=700).possible == (0,)
    assert lymphocyte_grade(450, lower_limit_per_ul=400).possible == (0, 3)
    assert lymphocyte_grade(550, lower_limit_per_ul=400).possible == (0, 2)
    assert lymphocyte_grade(300, lower_limit_per_ul=400).possible == (3,)


@pytest.mark.parametrize("limit", [None, 100, 200, 500, 700, 800, 1000, 1200, 4000])
def test_bands_cover_all_counts_once(limit):
    bands = lymphocyte_bands(limit)
    assert bands[0].low_per_ul == 0
    assert bands[-1].high_per_ul is None
    for lower, upper in pairwise(bands):
        assert lower.high_per_ul == upper.low_per_ul
        assert lower.low_per_ul < lower.high_per_ul
    for band in bands:
        assert lymphocyte_grade(band.low_per_ul, lower_limit_per_ul=limit).possible == band.possible


def test_grade_never_rises_with_the_count():
    grades = [lymphocyte_grade(c, lower_limit_per_ul=1100).grade for c in range(0, 2000, 7)]
    assert grades == sorted(grades, reverse=True)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_bad_counts(bad):
    with pytest.raises(ProtocolError):
        lymphocyte_grade(bad, lower_limit_per_ul=1000)
    with pytest.raises(ProtocolError):
        lymphocyte_bands(bad)
    with pytest.raises(ProtocolError):
        lymphocyte_grade(500, lower_limit_per_ul=0.0)


def test_diarrhea_with_unknowns():
    assert diarrhea_grade(3, hospitalized=None, life_threatening=None).text == "grade 1, 3 or 4"
    assert diarrhea_grade(3, hospitalized=False, life_threatening=False).grade == 1
    assert diarrhea_grade(6.5, hospitalized=False, life_threatening=False).grade == 2
    assert diarrhea_grade(8, hospitalized=None, life_threatening=False).grade == 3
    assert diarrhea_grade(2, hospitalized=True, life_threatening=None).possible == (3, 4)
    assert diarrhea_grade(2, hospitalized=None, life_threatening=True).grade == 4
    assert diarrhea_grade(0, hospitalized=None, life_threatening=None).grade == 0


def test_diarrhea_contradictions():
    with pytest.raises(ProtocolError):
        diarrhea_grade(0, hospitalized=True, life_threatening=False)
    with pytest.raises(ProtocolError):
        diarrhea_grade(math.nan, hospitalized=False, life_threatening=False)


@pytest.mark.parametrize(
    ("surface", "symptoms", "instrumental", "self_care", "possible"),
    [
        (0.0, None, None, None, (0,)),
        (0.09, "none", False, False, (1,)),
        (0.10, "severe", False, False, (2,)),
        (0.30, "none", False, False, (2,)),
        (0.31, "mild", False, False, (2,)),
        (0.31, "moderate", False, False, (3,)),
        (0.31, None, False, False, (2, 3)),
        (0.05, "mild", True, False, (2,)),
        (0.05, "mild", False, True, (3,)),
        (0.05, "mild", None, None, (1, 2, 3)),
        (0.5, "severe", None, None, (3,)),
    ],
)
def test_rash(surface, symptoms, instrumental, self_care, possible):
    result = maculopapular_rash_grade(
        surface,
        symptoms=symptoms,
        limits_instrumental_care=instrumental,
        limits_self_care=self_care,
    )
    assert result.possible == possible


def test_rash_in_percent_is_refused():
    with pytest.raises(ProtocolError, match=r"0\.30"):
        maculopapular_rash_grade(
            30, symptoms="none", limits_instrumental_care=False, limits_self_care=False
        )
