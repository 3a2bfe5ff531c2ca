"""Draws from priors: reproducible by name and number, inside their ranges, with their spread."""

import numpy as np
import pytest

from abscope.case.anatomy import SITES
from abscope.catalog.case_prior import case_prior, usual_infusion
from abscope.model.compartments import compartment
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import organs
from abscope.model.values import AGENTS


def test_streams_are_independent_of_each_other_and_of_the_number_of_draws() -> None:
    few, many = PriorDraws(10, seed=3), PriorDraws(1000, seed=3)
    assert np.array_equal(few.uniform("a"), many.uniform("a")[:10])
    assert np.array_equal(few.normal("a"), many.normal("a")[:10])
    assert abs(np.corrcoef(many.uniform("a"), many.uniform("b"))[0, 1]) < 0.1
    assert not np.array_equal(few.uniform("a"), PriorDraws(10, seed=4).uniform("a"))


def test_given_deviates_stand_in_for_the_seed() -> None:
    given = {"a": np.array([0.0, 1.959963984540054])}
    prior = PriorDraws(2, seed=3, given=given)
    assert prior.normal("a") == pytest.approx(given["a"])
    assert prior.uniform("a") == pytest.approx([0.5, 0.975])
    assert np.array_equal(prior.normal("b"), PriorDraws(2, seed=3).normal("b"))
    assert prior.asked == ("a", "b")


def test_ranges_hold_what_they_say() -> None:
    prior, size = PriorDraws(20_000, seed=1), case_prior("size_unknown")
    drawn = prior.log_normal("size", size)
    assert np.median(drawn) == pytest.approx(size.value, rel=0.02)
    assert np.mean(np.log(drawn / size.value) ** 2) ** 0.5 == pytest.approx(
        np.log(size.high / size.low) / 3.92, rel=0.02
    )
    bath = prior.log_spread("bath", case_prior("bath_same"))
    assert bath.min() >= 0.005
    assert bath.max() <= 0.5
    counts = prior.whole("n", case_prior("count_several"))
    assert set(counts.tolist()) == {2, 3, 4, 5}
    assert np.bincount(counts)[2:].min() > 4700


def test_every_site_hangs_on_a_compartment_that_a_lesion_can_lie_in() -> None:
    assert SITES
    assert {compartment(site) for site in SITES} <= set(organs())


def test_every_agent_of_the_model_has_a_usual_dose() -> None:
    assert AGENTS
    assert all(usual_infusion(agent) is not None for agent in AGENTS)
