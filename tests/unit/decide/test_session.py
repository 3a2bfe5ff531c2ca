"""What-ifs of the founding cases: the same as a plain simulation of the edited case, and fast ways.

The plain path makes the patients of the edited record anew and runs them from the beginning.
"""

from functools import cache

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.decide.compare import compare
from abscope.decide.continuation import WhatIfOptions
from abscope.decide.scenario_text import parse_scenario
from abscope.decide.session import WhatIf, check_scenario
from abscope.engine.simulation import Settings
from abscope.errors import AbscopeError, CaseError, UsageError
from abscope.model.case_draws import CaseDraws
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.prior_draws import PriorDraws
from abscope.model.run import simulate_patients

FONG, KIM = "fong2025-melanoma", "kim2021-breast"
_TIGHT = Settings(rtol=1e-8)
_DRAWS = 4


@cache
def session(name, *, tight=False, draws=_DRAWS):
    options = WhatIfOptions(settings=_TIGHT) if tight else None
    return WhatIf(open_case(name).case, PriorDraws(draws, seed=3), options=options)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (FONG, {"sets": ["rt.RT2: 5 x 1 Gy"]}),
        (FONG, {"sets": ["rt.RT2: 3 x 8 Gy q3d from day 10"]}),
        (FONG, {"drops": ["RT2"]}),
        (FONG, {"shifts": [("ipilimumab", "-21d")]}),
        (KIM, {"sets": ["rt.RT1a: 3 x 8 Gy"]}),
        (KIM, {"drops": ["RT1b"]}),
    ],
)
def test_a_what_if_equals_the_plain_simulation_of_the_edited_case(name, lines):
    asked, scenario = session(name, tight=True), parse_scenario(**lines)
    arm, edited = asked.run(scenario), asked.edited(scenario)
    drawn = CaseDraws(asked.case, PriorDraws(_DRAWS, seed=3))
    patients = drawn.patients(
        courses=edited.case.rt_courses, therapies=edited.case.systemic_therapy,
        without=tuple(edited.without),
    )  # fmt: skip
    visits = np.array([visit.day_d for visit in asked.visits])
    plain = simulate_patients(patients, observe_at_d=visits, settings=_TIGHT)
    np.testing.assert_allclose(
        arm.outcome.count_per_ul, plain["alc_per_ul"], rtol=1e-6, err_msg="lymphocytes"
    )
    for k, patient in enumerate(patients):
        total, begun = np.zeros(len(visits)), 0.0
        for lesion in asked.places.names:
            mine = [j for j, x in enumerate(patient.lesions) if x.id.partition(".")[0] == lesion]
            total += diameter_mm(plain["volume_ml"][k][:, mine].sum(axis=1))
            begun += float(diameter_mm(np.sum([patient.lesions[j].volume_ml for j in mine])))
        expected = total / begun - 1.0
        np.testing.assert_allclose(arm.outcome.whole.change_frac[k], expected, atol=1e-6)


@pytest.mark.parametrize("name", [FONG, KIM])
def test_what_was_delivered_changes_nothing(name):
    """The prescription on record, said again, gives the delivered treatment in every draw."""
    asked = session(name)
    texts = {FONG: ["rt.RT2: 5 x 2 Gy"], KIM: []}[name] or ["blood.spleen_dose: x1"]
    found = compare(asked, parse_scenario(sets=texts))
    end = found.whole.change[-1]
    assert end.difference == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    assert end.equal_frac == 1.0
    assert found.nadir.difference == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)


def test_draws_are_the_same_whatever_is_asked_before():
    asked = session(FONG)
    one = parse_scenario(sets=["rt.RT2: 3 x 8 Gy"])
    first = asked.run(one).outcome.whole.change_frac
    asked.run(parse_scenario(drops=["RT2"]))
    asked.run(parse_scenario(shifts=[("pembrolizumab", "21d")]))
    np.testing.assert_array_equal(first, asked.run(one).outcome.whole.change_frac)


def test_the_preview_is_accurate_to_a_thousandth_of_the_start():
    scenario = parse_scenario(sets=["rt.RT2: 3 x 8 Gy"])
    quick = session(FONG).run(scenario).outcome
    exact = session(FONG, tight=True).run(scenario).outcome
    np.testing.assert_allclose(quick.whole.change_frac, exact.whole.change_frac, atol=1e-3)
    np.testing.assert_allclose(quick.nadir_per_ul, exact.nadir_per_ul, rtol=1e-3)


def test_doses_of_lesions_outside_and_of_blood_scale_with_the_prescription():
    asked = session(FONG)
    half = asked.run(parse_scenario(sets=["rt.RT2: 5 x 1 Gy"])).fractions
    whole = asked.delivered.fractions
    np.testing.assert_allclose(half.dose_gy, whole.dose_gy / 2, rtol=1e-12)
    assert (half.cells_gy < whole.cells_gy).all()
    np.testing.assert_array_equal(half.days_d, whole.days_d)


def test_sparing_the_spleen_leaves_lesions_and_lowers_the_dose_of_lymphocytes():
    asked = session(FONG)
    spared = asked.run(parse_scenario(sets=["blood.spleen_dose: x0"])).fractions
    whole = asked.delivered.fractions
    np.testing.assert_array_equal(spared.dose_gy, whole.dose_gy)
    lymphoid, blood = spared.cells_gy[..., 1], spared.cells_gy[..., 0]
    assert (lymphoid < whole.cells_gy[..., 1]).all()
    assert (blood <= whole.cells_gy[..., 0]).all()


def test_a_new_course_begins_on_the_day_of_the_first_fraction():
    asked = session(KIM)
    arm = asked.run(parse_scenario(adds=["rt lung 4 x 0.5 Gy"]))
    new = arm.fractions.first_of(frozenset({"ADD1a"}))
    np.testing.assert_array_equal(new, asked.first_fraction_d)
    assert arm.planned[-1].prescribed_gy == 0.5


def test_a_lesion_that_becomes_a_target_is_not_outside_any_more():
    asked = session(FONG)
    found = compare(asked, parse_scenario(sets=["rt.RT2.targets: M12, M13"]))
    assert found.outside is None
    low = compare(asked, parse_scenario(adds=["rt M13 4 x 1 Gy"]))
    assert low.outside is not None
    high = compare(asked, parse_scenario(adds=["rt M13 3 x 8 Gy"]))
    assert high.outside is None


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"sets": ["rt.RT9: 3 x 8 Gy"]}, "'RT9' is nothing in this case"),
        ({"sets": ["rt.RT1: 3 x 8 Gy"]}, "given before day zero"),
        ({"drops": ["nivolumabx"]}, "'nivolumabx' is nothing"),
        ({"shifts": [("atezolizumab", "-21d")]}, "atezolizumab was not given"),
        ({"adds": ["rt liver 3 x 8 Gy"]}, "no lesion of the record lies in 'liver'"),
        ({"sets": ["rt.RT2.targets: M01"]}, "M01 is not simulated, taken out before"),
        ({"sets": ["rt.RT2.targets: M99"]}, "there is no lesion 'M99'"),
        ({"sets": ["blood.wing_dose: x0"]}, "'wing' is no organ"),
        ({"sets": ["rt.RT2: 3 x 8 Gy"], "drops": ["RT2a"]}, "dropped and changed"),
        ({"sets": ["rt.RT2: 3 x 8 Gy", "rt.RT2a: 5 x 1 Gy"]}, "changes RT2a, as"),
        ({"shifts": [("D5", "7d"), ("nivolumab", "7d")]}, None),
    ],
)
def test_what_the_case_has_no_place_for_is_told_before_anything_runs(lines, told):
    case = open_case(FONG).case
    if told is None:
        check_scenario(case, parse_scenario(**lines))
        return
    with pytest.raises(UsageError) as caught:
        check_scenario(case, parse_scenario(**lines))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"sets": ["rt.RT2: 3 x 8 Gy from day -300"]}, "before the sizes"),
        ({"shifts": [("RT2", "800d")]}, "its end before the comparison ends"),
        ({"sets": ["rt.RT2: 3 x 8 Gy"], "adds": ["rt M12 3 x 8 Gy"]}, "treat M12 on the same days"),
    ],
)
def test_days_that_cannot_be_are_told(lines, told):
    with pytest.raises(UsageError) as caught:
        session(FONG).run(parse_scenario(**lines))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"shifts": [("D4", "-21d"), ("pembrolizumab", "-7d")]}, "pembrolizumab of D4, as --shift"),
        (
            {"drops": ["pembrolizumab"], "shifts": [("D5", "-21d")]},
            "of D5, as --drop pembrolizumab",
        ),
        ({"drops": ["ipilimumab"], "shifts": [("D4", "-21d")]}, None),
    ],
)
def test_a_drug_is_moved_once_and_not_where_it_is_left_out(lines, told):
    case, scenario = open_case(FONG).case, parse_scenario(**lines)
    if told is None:
        check_scenario(case, scenario)
        return
    with pytest.raises(UsageError, match=told):
        check_scenario(case, scenario)


def test_a_day_that_is_far_away_is_a_plain_number():
    with pytest.raises(UsageError, match="day -3000, before"):
        session(FONG).run(parse_scenario(sets=["rt.RT2: 3 x 8 Gy from day -3000"]))


def test_a_course_does_not_go_before_the_one_that_it_followed():
    with pytest.raises(UsageError) as caught:
        session(KIM).run(parse_scenario(sets=["rt.RT1a: 3 x 8 Gy from day 40"]))
    assert "RT1b would begin before RT1a" in str(caught.value)


def test_a_case_without_radiotherapy_is_refused():
    case = open_case(FONG).case
    bare = case.model_copy(update={"rt_courses": ()})
    with pytest.raises(AbscopeError) as caught:
        WhatIf(bare, PriorDraws(2, seed=1))
    assert isinstance(caught.value, CaseError)
    assert "without radiotherapy" in str(caught.value)
