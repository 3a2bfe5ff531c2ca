"""The days of fractions and infusions: the middle of the draws, within day zero and the last."""

import numpy as np
import pytest

from abscope.decide.fraction_events import Fractions
from abscope.decide.given_days import GivenDays, drug_days_of, phase_days_of, together
from abscope.model.patient import Infusion


def _fractions(days, column, phases=("A", "B")):
    days = np.array(days, float)
    shape = (len(phases), len(days))
    return Fractions(
        phases, np.array(column), days, np.zeros((*shape, 1, 1)), np.zeros((*shape, 3))
    )


def test_a_day_is_the_median_over_the_draws_that_have_it():
    found = phase_days_of(
        _fractions([[0, 7, 1, np.nan], [0, 8, 3, np.nan], [0, 12, 2, 5]], (0, 1, 0, 0)), to_d=10.0
    )
    assert found == {("radiotherapy", "A"): (0.0, 2.0), ("radiotherapy", "B"): (8.0,)}


def test_half_of_the_draws_is_enough_and_an_even_number_has_a_mean_of_two():
    found = phase_days_of(_fractions([[1, 4], [2, np.nan]], (0, 0), ("A",)), to_d=10.0)
    assert found["radiotherapy", "A"] == pytest.approx((1.5, 4.0))


def test_infusions_before_day_zero_and_after_the_end_are_left_out():
    draws = [
        [
            Infusion(day_d=day, agent="x", amount_mg=200.0, duration_d=0.02)
            for day in (-21.0 + late, 0.0 + late, 21.0 + late)
        ]
        for late in (0.0, 1.0, 2.0)
    ]
    assert drug_days_of(draws, to_d=21.0) == {("drug", "x"): (1.0,)}
    assert drug_days_of([[], []], to_d=21.0) == {}


def test_what_neither_treatment_gives_within_its_days_is_no_row():
    one = {("radiotherapy", "A"): (0.0,), ("drug", "x"): ()}
    two = {("radiotherapy", "B"): (3.0,), ("drug", "x"): ()}
    assert together(one, two) == (
        GivenDays("radiotherapy", "A", (0.0,), ()),
        GivenDays("radiotherapy", "B", (), (3.0,)),
    )
