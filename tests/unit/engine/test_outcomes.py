"""A member that cannot go on ends with its outcome, time and cause; the others go on."""

import numpy as np
import pytest

from abscope.engine.batch import Events, Holds
from abscope.engine.simulation import Outcome, Settings, simulate
from engine_systems import CLOSED_PARAMETERS, CLOSED_START, closed_batch, ready

LANES = pytest.mark.parametrize("lanes", [4, 1])


def _three(**changed):
    parameters = CLOSED_PARAMETERS | changed.pop("parameters")
    return closed_batch(
        members=3, own={"g": [[0.2, 0.5, 1.0]] * 3}, replicate_initial={"v": [[1.0, 2.0, 0.1]] * 3},
        parameters=parameters, **changed,
    )  # fmt: skip


@LANES
def test_a_state_below_zero_ends_its_member_and_no_other(lanes):
    batch = _three(parameters={"leak": [0.0, 1.0, 0.1]})
    found = simulate(ready("closed", lanes=lanes), batch)
    assert found.outcome.tolist() == [Outcome.OK, Outcome.NEGATIVE, Outcome.OK]
    assert found.cause == ("", "tank", "")
    assert 5.0 < found.ended_at[1] < 7.0
    assert found.ok.tolist() == [True, False, True]
    seen = found["tank_seen"][1]
    assert np.isfinite(seen[:6]).all()
    assert np.isnan(seen[8:]).all()
    assert found.failures() == (f"member 1: negative at {found.ended_at[1]:g} (tank)",)
    np.testing.assert_allclose(found["tank_seen"][2], 5.0 - 0.1 * np.arange(21), rtol=1e-9)


@LANES
def test_a_state_that_grows_without_limit_ends_its_member(lanes):
    """b' = b^2 from 1 has no value at t = 1."""
    found = simulate(ready("closed", lanes=lanes), _three(parameters={"boom": [0.0, 1.0, 0.0]}))
    assert found.outcome[1] in (Outcome.NON_FINITE, Outcome.STEP_LIMIT)
    assert found.cause[1] == "burst"
    assert found.ended_at[1] == pytest.approx(1.0, abs=1e-3)
    assert found.ok.tolist() == [True, False, True]


@LANES
def test_the_step_limit_ends_a_member(lanes):
    found = simulate(ready("closed", lanes=lanes), closed_batch(), Settings(max_steps=30))
    assert found.outcome.tolist() == [Outcome.STEP_LIMIT]
    assert found.steps.tolist() == [30]
    assert found.cause[0] != ""
    assert 0.0 < found.ended_at[0] < 20.0


@LANES
def test_a_jump_to_infinity_ends_the_member_at_the_event(lanes):
    events = (Events("bolus", times=[4.0, 4.0], fields={"dose": [1.7e308, 1.7e308]}),)
    found = simulate(ready("closed", lanes=lanes), closed_batch(events=events))
    assert found.outcome.tolist() == [Outcome.NON_FINITE]
    assert (found.ended_at[0], found.cause[0]) == (4.0, "x")


def test_everything_at_one_instant_ends_at_once():
    events = (Events("bolus", times=[0.0], fields={"dose": [1.0]}),)
    batch = closed_batch(horizon=0.0, observe_at=[0.0], events=events)
    found = simulate(ready("closed"), batch)
    assert found.ok.all()
    assert (found["x_seen"][0, 0], found.final["x"][0], found.steps[0]) == (10.0, 11.0, 0)


def test_states_are_kept_where_asked():
    found = simulate(ready("closed"), closed_batch(), Settings(keep_states=True))
    np.testing.assert_array_equal(found.states["v"], found["v_seen"])
    np.testing.assert_array_equal(found.states["x"], found["x_seen"])
    assert found.states["v"].shape == (1, 21, 3)


def test_members_without_replicates_run():
    batch = closed_batch(members=2, replicates=0, own={}, replicate_initial={},
                         initial=CLOSED_START | {"x": [10.0, 20.0]})  # fmt: skip
    found = simulate(ready("closed"), batch)
    assert found["v_seen"].shape == (2, 21, 0)
    np.testing.assert_allclose(found["x_seen"][1], 20 * np.exp(-0.3 * np.arange(21)), rtol=1e-4)


def test_300_events_on_50_replicates_run():
    rng = np.random.default_rng(2)
    times = np.sort(rng.uniform(0.0, 20.0, 300))
    left = rng.uniform(0.9, 1.0, (300, 50))
    batch = closed_batch(
        replicates=50, own={"g": 0.3}, replicate_initial={"v": 1.0},
        events=(Events("cut", times=times, fields={"left": left}),),
    )  # fmt: skip
    found = simulate(ready("closed"), batch)
    assert found.ok.all()
    assert np.isfinite(found["v_seen"]).all()


def test_tables_without_rows_change_nothing():
    batch = closed_batch(
        events=(
            Events("cut", times=[], fields={"left": 1.0}),
            Events("bolus", times=[], fields={"dose": []}),
        ),
        holds=(Holds("infusion", starts=[], ends=[], values=[]),),
    )
    found, expected = simulate(ready("closed"), batch), simulate(ready("closed"), closed_batch())
    np.testing.assert_array_equal(found["v_seen"], expected["v_seen"])
