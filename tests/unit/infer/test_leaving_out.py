"""Courses, agents and mechanisms one by one; modes of homing side by side."""

import numpy as np
import pytest

from abscope.infer.attribution import WORLDS, attribute
from abscope.infer.case_model import FitOptions
from abscope.infer.leaving_out import MECHANISMS, leave_out
from abscope.infer.reweighting import Reweighted
from abscope.infer.structures import anyway_range, elsewhere_range, structures
from abscope.model.prior_draws import PriorDraws
from abscope.model.switches import Switches
from explained_cases import followed

DRAWS = 8


def prior() -> PriorDraws:
    return PriorDraws(DRAWS, seed=6)


def test_only_agent_left_out_is_the_world_without_drugs() -> None:
    found = attribute(followed(), prior())
    left = {(one.kind, one.name): one for one in leave_out(found, mechanisms=())}
    assert set(left) == {("course", "RT1"), ("agent", "pembrolizumab")}
    for item in found.lesions:
        agent = left["agent", "pembrolizumab"].change_frac[item.lesion]
        assert agent == pytest.approx(item.change_frac[WORLDS["no_drugs"]], abs=1e-4)
        course = left["course", "RT1"].change_frac[item.lesion]
        assert course == pytest.approx(item.change_frac[WORLDS["no_radiotherapy"]], abs=1e-4)
    course = left["course", "RT1"]
    moved = course.change_frac["A"] - found.by_lesion["A"].change_frac[WORLDS["delivered"]]
    assert course.effect("A", 0).median_frac == pytest.approx(-np.median(moved))
    assert course.responds("A", 0).probability_frac == np.mean(course.change_frac["A"] <= -0.3)


def test_mechanism_that_is_off_already_is_not_left_out() -> None:
    assert "priming" in MECHANISMS
    assert "growth" not in MECHANISMS
    found = attribute(followed(), prior(), options=FitOptions(switches=Switches(trex1=False)))
    names = [one.name for one in leave_out(found, mechanisms=("trex1", "priming"), draws=4)]
    assert names == ["RT1", "pembrolizumab", "priming"]
    uncoupled = attribute(followed(), prior(), options=FitOptions(switches=Switches(priming=False)))
    assert len(leave_out(uncoupled, mechanisms=("exhaustion",), draws=4)) == 2
    local = leave_out(uncoupled, mechanisms=("hypoxia", "scar"), draws=4)
    assert [one.name for one in local[2:]] == ["hypoxia", "scar"]


def test_modes_stand_side_by_side_and_unfit_weights_are_named() -> None:
    case = followed()
    base = attribute(case, prior())
    found = structures(case, prior, base=base, visit=0)
    assert [one.name for one in found] == ["lesion", "organ", "presence", "bronchial"]
    assert all(one.usable for one in found)
    shares = [one.shares["B"]["dose_elsewhere"].median_frac for one in found]
    span = elsewhere_range(found, "B")
    assert (span.low_frac, span.high_frac, span.structures) == (min(shares), max(shares), 4)

    def weigh(_mode: str) -> Reweighted:
        return Reweighted(np.full(DRAWS, 1 / DRAWS), 1.2, float(DRAWS))

    unfit = structures(case, prior, base=base, visit=0, weigh=weigh)
    assert [one.usable for one in unfit] == [True, False, False, False]
    assert anyway_range(unfit, "B").structures == 1
