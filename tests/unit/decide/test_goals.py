"""How a value of a goal is written."""

import pytest

from abscope.decide.goals import parse_goals


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("response", 0.0, "0%"),
        ("response", 0.005, "<1%"),
        ("response", 0.42, "42%"),
        ("response", 0.995, ">99%"),
        ("response", 1.0, "100%"),
        ("size", -0.004, "0%"),
        ("size", -0.016, "-2%"),
        ("size", 0.3, "+30%"),
        ("lymphocytes@0.1", 170.4, "170 per uL"),
    ],
)
def test_a_share_of_some_draws_is_never_written_as_none_or_all(name, value, text):
    (goal,) = parse_goals((name,))
    assert goal.written(value) == text
