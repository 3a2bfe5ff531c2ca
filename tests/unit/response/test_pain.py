"""Pain response: every row of the table, versions that conflict, analgesics unknown, bad input."""

import math

import pytest

from abscope.errors import ProtocolError
from abscope.response.pain import PainReading, pain_response


def respond(before, after, omed_before=(), omed_after=()):
    as_tuple = lambda x: x if isinstance(x, tuple) else (x,)  # noqa: E731
    return pain_response(
        PainReading(as_tuple(before), as_tuple(omed_before)),
        follow_up=PainReading(as_tuple(after), as_tuple(omed_after)),
        site="sternum",
    )


@pytest.mark.parametrize(
    ("before", "after", "omed_before", "omed_after", "call"),
    [
        (6, 0, 40, 40, "CR"),
        (6, 0, 40, 20, "CR"),
        (1, 0, 0, 0, "CR"),
        (6, 0, 40, 41, "IR"),
        (6, 4, 40, 40, "PR"),
        (6, 5, 40, 40, "IR"),
        (6, 4, 40, 41, "IR"),
        (6, 4, 0, 10, "IR"),
        (6, 6, 40, 30, "PR"),
        (6, 6, 40, 31, "IR"),
        (6, 7, 40, 30, "IR"),
        (6, 8, 40, 40, "PP"),
        (6, 8, 40, 45, "PP"),
        (6, 8, 40, 60, "PP"),
        (6, 8, 40, 30, "IR"),
        (6, 7, 40, 40, "IR"),
        (6, 6, 40, 50, "PP"),
        (6, 7, 40, 50, "PP"),
        (6, 6, 40, 49, "IR"),
        (6, 6, 0, 5, "PP"),
        (6, 5, 40, 50, "IR"),
        (0, 0, 0, 0, "NE"),
        (0, 5, 0, 0, "NE"),
    ],
)
def test_rows_with_analgesic(before, after, omed_before, omed_after, call):
    result = respond(before, after, omed_before, omed_after)
    assert result.call == call
    assert result.analgesic_known
    assert result.text == call


@pytest.mark.parametrize(
    ("before", "after", "call"),
    [(8, 0, "CR"), (8, 6, "PR"), (8, 7, "IR"), (8, 8, "IR"), (6, 8, "PP"), (6, 7, "IR")],
)
def test_rows_on_pain_alone(before, after, call):
    result = respond(before, after)
    assert result.call == call
    assert not result.analgesic_known
    assert result.text == f"{call} (analgesic unknown)"
    assert "analgesic unknown" in result.reasons[-1]


def test_one_omed_is_no_comparison():
    assert not respond(6, 4, 40, ()).analgesic_known


def test_conflicting_baseline_that_does_not_matter():
    result = respond((6, 8), 2)
    assert result.possible == ("PR",)
    assert result.numbers["baseline_score"] == (6, 8)


def test_conflicting_baseline_that_matters():
    result = respond((6, 8), (6,), 40, 40)
    assert result.possible == ("PR", "IR")
    assert result.call is None
    assert result.text == "PR or IR"
    assert result.reasons == (
        "PR: pain 8 -> 6, OMED 40 -> 40 mg",
        "IR: pain 6 -> 6, OMED 40 -> 40 mg",
    )


def test_missing_score():
    assert respond((), 2).text == "NE"
    assert respond(6, ()).reasons == ("NE: no score at follow-up",)


def test_more_relief_never_makes_the_call_worse():
    rank = {"CR": 0, "PR": 1, "IR": 2, "PP": 3}
    for omed in (0, 30, 40, 50):
        calls = [rank[respond(7, after, 40, omed).call] for after in range(11)]
        assert calls == sorted(calls)


def test_all_bad_numbers_at_once():
    with pytest.raises(ProtocolError) as caught:
        respond((60, 5), math.nan, -1, math.inf)
    assert [p.path for p in caught.value.problems] == ["scores", "omed_mg", "scores", "omed_mg"]
