"""The count over time: limits in closed form, order, days, and the slope with organ doses."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.blood.alc.bodies import organ_groups, spared, spared_plan
from abscope.blood.alc.gradient import count_gradient, pool_slopes
from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.recursion import relaxed_count_per_ul
from abscope.blood.alc.schedule import schedule
from abscope.blood.alc.what_if import Scenario, compare
from abscope.blood.guess import guessed_body
from abscope.blood.pools.flowing import (
    flowing_blood_slopes,
    flowing_blood_survival,
    mixed_blood_survival,
)
from abscope.blood.pools.kill import KillTable
from abscope.blood.pools.traffic import POOLS
from abscope.errors import UsageError
from lymphocyte_cases import course, even_body, middle_draws, model_of

DAYS = np.array([-3.0, 0.0, 1.0, 2.5, 5.0, 9.0, 30.0, 100.0])


def test_without_dose_nothing_happens() -> None:
    model = model_of(course(even_body(0.0)))
    assert model.run(middle_draws(model)).at(DAYS) == pytest.approx(1.0, abs=1e-9)


def test_no_count_is_negative_and_more_dose_is_fewer_cells() -> None:
    counts = []
    for dose in (0.1, 1.0, 5.0, 20.0):
        model = model_of(course(even_body(dose)))
        counts.append(model.run(middle_draws(model)).at(DAYS)[0])
    found = np.array(counts)
    assert np.all(found > 0)
    assert np.all(np.diff(found[:, 2:], axis=0) < 0)


def test_even_dose_is_closed_form() -> None:
    """Closed form: with the whole body at d, living cells are exp(-a n d) after n fractions and
    dying ones follow their half-lives; without recovery the sum is the count."""
    model = model_of(course(even_body(0.8), n_fractions=(1,)))
    draws = replace(middle_draws(model), recovery_per_d=np.array([1e-12]))
    alive = np.exp(-draws.alpha_per_gy[0] * 0.8)
    for day in (1.0, 2.0, 6.0, 20.0):
        slow = 0.5 * 0.5 ** (day / draws.removal_half_life_d[0])
        fast = 0.5 * 0.5 ** (day / 0.125) if day < 7 else 0.0
        expected = alive + (1 - alive) * (slow + fast)
        assert model.run(draws).at(np.array([day]))[0, 0] == pytest.approx(expected, abs=2e-4)


def test_recovery_is_the_relaxation_to_the_plateau() -> None:
    model = model_of(course(even_body(3.0)))
    draws = middle_draws(model)
    track = model.run(draws)
    first, later = 40.0, 70.0
    start = float(track.at(np.array([first]))[0, 0])
    expected = relaxed_count_per_ul(
        start, plateau_per_ul=0.67, recovery_per_d=0.0186, time_d=later - first
    )
    assert track.at(np.array([later]))[0, 0] == pytest.approx(expected, abs=1e-6)


def test_a_count_above_the_plateau_stays() -> None:
    model = model_of(course(even_body(0.05)))
    track = model.run(middle_draws(model)).at(np.array([20.0, 400.0]))[0]
    assert track[0] > 0.67
    assert track[1] == pytest.approx(track[0], abs=1e-4)


def test_fractions_on_a_weekend_move_to_monday() -> None:
    plan = course(weekdays=True, weekday=3, n_fractions=(4,))  # day zero is a Thursday
    model = model_of(plan)
    days = schedule((plan,), middle_draws(model))
    assert np.flatnonzero(days.fractions[0, 0]).tolist() == [0, 1, 4, 5]
    assert (days.start_d[0, 0], days.end_d[0, 0]) == (0, 5)


@pytest.mark.parametrize(("interval", "expected"), [(7.0, [0, 7, 14]), (2.0, [0, 2, 4])])
def test_intervals(interval: float, expected: list[int]) -> None:
    plan = course(interval_d=interval, n_fractions=(3,))
    days = schedule((plan,), middle_draws(model_of(plan)))
    assert np.flatnonzero(days.fractions[0, 0]).tolist() == expected


def test_two_fractions_on_one_day_are_both_given() -> None:
    plan = course(even_body(1.0), interval_d=0.5, n_fractions=(2,))
    days = schedule((plan,), middle_draws(model_of(plan)))
    assert days.fractions[0, 0].tolist() == [2]


def test_order_of_the_courses_does_not_matter() -> None:
    one = course(even_body(1.0))
    other = replace(course(even_body(2.0), start_d=(9.0, 9.0)), name="RT2", course="RT2")
    a, b = model_of(one, other), model_of(other, one)
    first = a.run(middle_draws(a)).at(DAYS)
    assert b.run(middle_draws(b)).at(DAYS) == pytest.approx(first, abs=1e-12)


def test_versions_of_a_dose_and_open_targets_widen() -> None:
    rng = np.random.default_rng(5)
    sure = course()
    open_body = guessed_body(
        "RT1", sites=[("spine_thoracic", 1), ("pelvic_bone", 2)], dose_per_fraction_gy=4.0,
        beam_on_time_s=120.0,
    )  # fmt: skip
    several = course(dose_factor_frac=(1.0, 2.0), n_fractions=(3, 5), open_body=open_body)
    spreads = []
    for plan in (sure, several):
        model = model_of(plan)
        z = np.zeros((4000, model.prior.dimension))
        places = [i for i, name in enumerate(model.prior.names) if name.endswith("RT1")]
        z[:, places] = rng.standard_normal((4000, len(places)))
        spreads.append(np.std(np.log(model.run(model.prior.draws(z)).at(np.array([6.0])))))
    assert spreads[1] > 1.2 * spreads[0]


def test_kill_table_against_the_exact_survival() -> None:
    body = course().body
    blood = flowing_blood_survival("female")
    table = KillTable(body, blood=blood)
    s = np.geomspace(0.01, 5, 60)
    loss = table.loss(s, beam_on_time_s=np.full(60, 120.0))
    assert loss.shape == (60, len(POOLS))
    assert np.exp(-loss[:, 0]) == pytest.approx(blood(body, s, 120.0), abs=2e-3)
    mixed = KillTable(body, blood=mixed_blood_survival("female"))
    even = mixed.loss(s, beam_on_time_s=np.full(60, 120.0))[:, 0] / s
    assert even == pytest.approx(even[0], rel=1e-6)  # a straight line, exactly
    assert np.all(loss[:, 0] <= even * s + 1e-9)  # flow never kills more than mixing: Jensen


def _count(model: LymphocyteModel, day: float) -> float:
    """The count by the exact losses, not the table."""
    return float(model.run(middle_draws(model)).at(np.array([day]))[0, 0])


@pytest.mark.parametrize("day", [2.4, 6.0, 45.0])
def test_gradient_is_the_finite_difference(day: float) -> None:
    """Finite differences of the whole model, each organ's dose times 1 +- 2 %."""
    plan = course()
    model = model_of(plan)
    draws = middle_draws(model)

    def mixed(body, sensitivity, seconds):
        blood = mixed_blood_survival("female")
        a = np.array([sensitivity])
        base = float(blood(body, a, seconds)[0])
        slopes = {}
        for item in body.compartments:
            up = spared(body, factors_frac={}) if item.mean_gy == 0 else body
            parts = tuple(
                replace(x, dose_per_fraction_gy=x.dose_per_fraction_gy * 1.0001)
                if x is item else x
                for x in up.compartments
            )  # fmt: skip
            moved = float(blood(replace(up, compartments=parts), a, seconds)[0])
            slopes[item.compartment] = (moved - base) / 1e-4
        return base, slopes

    alpha = float(draws.alpha_per_gy[0])
    slopes = pool_slopes(plan.body, sensitivity_per_gy=alpha, beam_on_time_s=120.0, blood=mixed)
    means = {x.compartment: x.mean_gy for x in plan.body.compartments}
    found = count_gradient(
        [slopes], draws=draws, days=schedule((plan,), draws), time_d=day,
        doses_gy=np.array([5 * means[name] for name in slopes.organs]),
    )  # fmt: skip
    assert found.count_frac == pytest.approx(_count(model, day), rel=1e-3)
    groups = organ_groups(plan.body)
    for organ in ("nodes_mediastinum", "spleen", "gut", "marrow", "lung", "nodes_abdomen"):
        ends = [
            _count(model_of(*spared_plan((plan,), factors_frac={organ: x})), day)
            for x in (1.02, 0.98)
        ]
        highest = 5 * max(means[name] for name in groups[organ])
        expected = (ends[0] - ends[1]) / (0.04 * highest)
        assert found.of_group(groups[organ]) == pytest.approx(expected, rel=0.03, abs=1e-7), organ
        assert expected < 0


def test_slopes_of_flowing_blood() -> None:
    body = course().body
    base, slopes = flowing_blood_slopes("female")(body, 0.5, 120.0)
    survival = flowing_blood_survival("female")
    a = np.array([0.5])
    assert base == pytest.approx(float(survival(body, a, 120.0)[0]), abs=1e-6)
    for organ in ("lung", "large_arteries", "liver"):
        ends = [
            float(survival(replace(body, compartments=tuple(
                replace(x, dose_per_fraction_gy=x.dose_per_fraction_gy * f)
                if x.compartment == organ else x for x in body.compartments)), a, 120.0)[0])
            for f in (1.01, 0.99)
        ]  # fmt: skip
        assert slopes[organ] == pytest.approx((ends[0] - ends[1]) / 0.02, rel=1e-3)


def test_sparing_helps_and_fewer_fractions_at_equal_dose_help() -> None:
    plan = course()
    model = model_of(plan)
    draws = middle_draws(model, 20)
    results = compare(
        model, draws,
        scenarios=(
            Scenario("spleen", spare_frac=(("spleen", 0.0),)),
            Scenario("all nodes", spare_frac=(("nodes", 0.0),)),
            Scenario("one fraction", n_fractions=1),
            Scenario("long", beam_on_time_s=1200.0),
        ),
    )  # fmt: skip
    ratio = {item.name: item.lowest_ratio_frac[1] for item in results}
    assert ratio["as treated"] == 1.0
    assert ratio["spleen"] > 1.005
    assert ratio["all nodes"] > ratio["spleen"]
    assert ratio["one fraction"] > 1.05
    assert ratio["long"] == pytest.approx(1.0, abs=1e-9)  # blood that mixes has no beam time


def test_courses_apart_and_together() -> None:
    other = replace(course(), name="RT2", course="RT2")
    model = model_of(course(), other)
    draws = middle_draws(model)
    both = (Scenario("apart", sites="apart"), Scenario("together", sites="together"))
    results = compare(model, draws, scenarios=both)
    assert results[2].lowest_ratio_frac == (1.0, 1.0, 1.0)  # they were together
    later = replace(other, start_d=(5.0, 5.0))
    apart = model_of(course(), later)
    lowest = apart.run(middle_draws(apart)).count_frac.min() * 2000
    assert results[1].lowest_per_ul == pytest.approx(lowest, rel=1e-9)
    with pytest.raises(UsageError, match="one course"):
        compare(model_of(course()), draws, scenarios=(Scenario("x", sites="together"),))


@pytest.mark.parametrize(
    ("scenario", "word"),
    [
        (Scenario("x", beam_on_time_s=0.0), "beam-on time 0 s"),
        (Scenario("x", n_fractions=0), "0 fractions"),
        (Scenario("x", spare_frac=(("splen", 0.5),)), "splen"),
        (Scenario("x", spare_frac=(("spleen", -1.0),)), "-1"),
    ],
)
def test_impossible_scenarios(scenario: Scenario, word: str) -> None:
    model = model_of(course())
    with pytest.raises(UsageError, match=word):
        compare(model, middle_draws(model), scenarios=(scenario,))
