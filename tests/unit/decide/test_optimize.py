"""The search: limits in closed form, the front against every point, cancelling, the same seed."""

import itertools

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.decide.front import non_dominated
from abscope.decide.goals import goal_value, parse_goals
from abscope.decide.limits import limit_value, parse_limits
from abscope.decide.optimize import Question, SearchSettings, optimize
from abscope.decide.scenario_text import parse_scenario
from abscope.decide.session import WhatIf
from abscope.decide.variables import parse_variables, scenario_of
from abscope.errors import UsageError
from abscope.model.prior_draws import PriorDraws

pytest.importorskip("optuna", reason="the extra abscope[optimize] is not installed")

_DOSE, _NUMBER = "rt.RT2.dose: 2 to 8 Gy by 2", "rt.RT2.fractions: 1 to 3"


@pytest.fixture(scope="module")
def session():
    return WhatIf(open_case("fong2025-melanoma").case, PriorDraws(6, seed=2))


@pytest.fixture(scope="module")
def question(session):
    return Question(
        parse_variables((_DOSE, _NUMBER), session.names),
        parse_goals(("size", "lymphocytes")),
        parse_limits(("total RT2 <= 18 Gy",), session.names),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("total <= 99 Gy", 24.0),
        ("total RT2 <= 99 Gy", 24.0),
        ("bed10 RT2 <= 99 Gy", 43.2),  # the table of models.md 8.1
        ("bed2.5 RT2a <= 99 Gy", 100.8),
    ],
)
def test_limits_on_a_prescription_are_its_dose_and_its_bed(session, text, value):
    (limit,) = parse_limits((text,), session.names)
    arm = session.run(parse_scenario(sets=["rt.RT2: 3 x 8 Gy"]))
    assert limit_value(limit, arm, session) == pytest.approx(value)


def test_the_dose_of_organ_and_lesion_scales_with_the_prescription(session):
    limits = parse_limits(("dose gut <= 9 Gy", "dose M12 <= 99 Gy", "bed3 gut <= 9"), session.names)
    one, two = (
        [limit_value(x, session.run(parse_scenario(sets=[f"rt.RT2: 5 x {dose} Gy"])), session)
         for x in limits]
        for dose in (1, 2)
    )  # fmt: skip
    assert two[0] == pytest.approx(2 * one[0])
    assert two[1] == pytest.approx(2 * one[1])
    mean = one[0] / 5
    assert one[2] == pytest.approx(5 * mean * (1 + mean / 3))
    assert one[1] == pytest.approx(5.0, rel=0.1)  # targets get about the prescription


def test_the_front_is_that_of_every_point_within_the_limits(session, question):
    found = optimize(session, question, settings=SearchSettings(evaluations=200, shown=50))
    points, losses = [], []
    for dose, number in itertools.product((2.0, 4.0, 6.0, 8.0), (1.0, 2.0, 3.0)):
        if dose * number > 18.0:
            continue
        point = {_DOSE: dose, _NUMBER: number}
        scenario = scenario_of(
            question.variables, point, planned=session.planned, names=session.names
        )
        outcome = session.run(scenario).outcome
        size, count = (goal_value(goal, outcome) for goal in question.goals)
        points.append((dose, number))
        losses.append([size, -count])
    best = {points[k] for k in np.flatnonzero(non_dominated(np.array(losses)))}
    assert {(x.point[_DOSE], x.point[_NUMBER]) for x in found.chosen} == best
    assert all(x.limits[0] <= 18.0 for x in found.chosen)


def test_one_goal_gives_the_best_of_every_point(session, question):
    alone = Question(question.variables, parse_goals(("lymphocytes",)), ())
    found = optimize(session, alone, settings=SearchSettings(evaluations=60))
    (best,) = found.chosen
    assert (best.point[_DOSE], best.point[_NUMBER]) == (2.0, 1.0)
    assert best.why == "best lymphocytes"


def test_a_search_is_the_same_for_a_seed_and_can_be_ended(session, question):
    settings = SearchSettings(evaluations=16, seed=4)
    one, two = (optimize(session, question, settings=settings) for _ in range(2))
    assert [x.scenario.name for x in one.chosen] == [x.scenario.name for x in two.chosen]
    assert [x.values for x in one.chosen] == [x.values for x in two.chosen]
    ended = optimize(session, question, settings=settings, progress=lambda done, _: done < 5)
    assert ended.cancelled
    assert ended.evaluated <= 5
    assert not one.cancelled


def test_limits_that_nothing_keeps_are_an_answer(session, question):
    none = parse_limits(("lymphocytes >= 99999",), session.names)
    tight = Question(question.variables, question.goals, none)
    found = optimize(session, tight, settings=SearchSettings(evaluations=10))
    assert found.chosen == ()
    assert found.kept == 0
    assert found.delivered_limits[0] < 99999


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("rt.RT2.dose: 8 to 1 Gy",), "runs from 8 down to 1"),
        (("rt.RT2.dose: 1 to 8 d",), "unit 'd'"),
        (("rt.RT2.fractions: 1 to 8 by 0.5",), "steps of 0.5"),
        (("rt.RT2.dose: 1 to 8 Gy", "rt.RT2.dose: 2 to 4 Gy"), "varied by another line"),
        (("rt.RT2.targets: M12",), "nothing to choose"),
        (("rt.RT2.targets: M12, M01",), "M01 is not simulated"),
        (("atezolizumab.shift: 0 to 7 d",), "atezolizumab was not given"),
        ((), "nothing to vary"),
    ],
)
def test_variables_that_cannot_be_are_told(session, lines, told):
    with pytest.raises(UsageError) as caught:
        parse_variables(lines, session.names)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("total RT2 about 5 Gy",), "cannot be read"),
        (("total RT7 <= 5 Gy",), "'RT7' is no course"),
        (("dose wing <= 5 Gy",), "'wing' is nothing with a dose"),
        (("dose <= 5 Gy",), "of nothing"),
        (("bed0 RT2 <= 5 Gy",), "an alpha/beta of 0"),
        (("joy >= 5",), "'joy' is no quantity"),
        (("lymphocytes >= 500", "lymphocytes <= 400"), "excludes"),
    ],
)
def test_limits_that_cannot_be_are_told(session, lines, told):
    with pytest.raises(UsageError) as caught:
        parse_limits(lines, session.names)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("total RT2 <= 1.5 Gy", "the least that the ranges allow is 2 Gy"),
        ("bed10 RT2 <= 2 Gy", "the least that the ranges allow is 2.4 Gy"),
        ("total >= 40 Gy", "the most that the ranges allow is 24 Gy"),
    ],
)
def test_a_limit_that_no_point_can_keep_is_refused(session, limit, what):
    varied = parse_variables((_DOSE, _NUMBER), session.names)
    limits = parse_limits((limit,), session.names)
    with pytest.raises(UsageError) as error:
        optimize(session, Question(varied, parse_goals(("control",)), limits))
    (problem,) = error.value.problems
    assert (problem.where, problem.what) == (f'--limit "{limit}"', what)


@pytest.mark.parametrize("line", ["rt.RT2.fractions: 1.5 to 3", "rt.RT2.spacing: 1 to 2.5 d"])
def test_there_is_no_half_fraction_and_no_half_day(session, line):
    with pytest.raises(UsageError, match="whole numbers"):
        parse_variables((line,), session.names)
