"""A batch that cannot run is refused before anything is integrated, with every problem at once."""

import numpy as np
import pytest

from abscope.engine.batch import Events, Holds
from abscope.engine.compiling import compile_system
from abscope.engine.gradients import gradients
from abscope.engine.simulation import Settings, simulate
from abscope.errors import EngineError
from engine_systems import CLOSED_PARAMETERS, CLOSED_START, closed_batch, ready


def _refused(batch, run=simulate, *given):
    with pytest.raises(EngineError) as caught:
        run(ready("closed"), batch, *given)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("changed", "what"), [
    ({"parameters": CLOSED_PARAMETERS | {"k": np.nan}}, "parameters.k: nan 1/d in member 0"),
    ({"parameters": CLOSED_PARAMETERS | {"k": -0.1}}, "-0.1 1/d in member 0 (1 such values); "
        "expected a finite number from 0"),
    ({"parameters": {k: v for k, v in CLOSED_PARAMETERS.items() if k != "k"}}, "k: is missing"),
    ({"parameters": CLOSED_PARAMETERS | {"kk": 1.0}}, "parameters.kk: is not declared"),
    ({"parameters": CLOSED_PARAMETERS | {"k": [1.0, 2.0]}}, "shape (2,)"),
    ({"parameters": CLOSED_PARAMETERS | {"k": "fast"}}, "str where numbers belong"),
    ({"own": {"g": [[0.2, 0.5, np.inf]]}}, "own.g: inf 1/d in member 0, replicate 2"),
    ({"initial": CLOSED_START | {"x": -1.0}}, "initial.x: -1 mg"),
    ({"replicate_initial": {"v": [[1.0, -2.0, 1.0]]}}, "replicate_initial.v: -2 mL"),
    ({"replicates": 1.5}, "no whole number"),
    ({"replicates": -1}, "no whole number from 0"),
    ({"members": 0}, "0 members"),
    ({"horizon": -1.0}, "horizon: -1 in member 0; expected from 0 on"),
    ({"horizon": np.nan}, "horizon: nan in member 0"),
    ({"observe_at": [1.0, 21.0]}, "time 21 in member 0 (1 such times); expected a time up to"),
    ({"observe_at": [-1.0]}, "a time from the start on"),
    ({"observe_at": [3.0, 2.0]}, "times that go back"),
    ({"observe_at": [np.nan, 2.0]}, "NaN before a time"),
    ({"observe_at": 3.0}, "shape ()"),
    ({"events": (Events("bolos", times=[1.0]),)}, "events bolos: is no event of the system"),
    ({"events": (Events("bolus", times=[1.0]),)}, "events bolus.dose: is missing"),
    ({"events": (Events("bolus", times=[-1.0], fields={"dose": [1.0]}),)}, "from the start on"),
    ({"events": (Events("bolus", times=[99.0], fields={"dose": [1.0]}),)}, "up to the horizon"),
    ({"events": (Events("bolus", times=[np.nan], fields={"dose": [1.0]}),)}, "one finite number"),
    ({"events": (Events("bolus", times=[1.0], fields={"dose": [np.inf]}),)}, "not finite"),
    ({"events": (Events("bolus", times=[1.0], fields={"dose": [1.0, 2.0]}),)}, "shape (2,)"),
    ({"events": (Events("bolus", times=[1.0], fields={"doze": 1.0, "dose": 1.0}),)}, "no field"),
    ({"events": (Events("halving", times=[1.0], members=[7]),)}, "member 7; expected 0 to 0"),
    ({"events": (Events("halving", times=[1.0], members=[0.5]),)}, "1 whole numbers"),
    ({"holds": (Holds("infuse", starts=[1.0], ends=[2.0], values=[1.0]),)}, "is no input"),
    ({"holds": (Holds("infusion", starts=[2.0], ends=[1.0], values=[1.0]),)}, "an end before"),
    ({"holds": (Holds("infusion", starts=[2.0], ends=[3.0, 4.0], values=[1.0]),)}, "1, 2, 1 rows"),
    ({"holds": (Holds("feed", starts=[2.0], ends=[3.0], values=[1.0]),)}, "no replicates"),
    ({"holds": (Holds("feed", starts=[2.0], ends=[3.0], values=[1.0], replicates=[3]),)},
        "replicate 3; expected a replicate that every member has"),
])  # fmt: skip
def test_what_cannot_run_is_refused(changed, what):
    found = _refused(closed_batch(**changed))
    assert any(what in line for line in found), found


def test_all_problems_are_told_at_once():
    batch = closed_batch(
        parameters=CLOSED_PARAMETERS | {"k": np.nan, "cap": -1.0}, observe_at=[30.0],
        events=(Events("bolos", times=[1.0]),),
    )  # fmt: skip
    assert len(_refused(batch)) == 4


@pytest.mark.parametrize("given", [
    {"rtol": 0.0}, {"rtol": np.nan}, {"atol": -1.0}, {"max_steps": 0}, {"n_threads": 0},
    {"first_step": np.inf}, {"chunk": -3},
])  # fmt: skip
def test_settings_that_cannot_be_are_refused(given):
    with pytest.raises(EngineError, match=next(iter(given))):
        Settings(**given)


@pytest.mark.parametrize("given", [{"method": "euler"}, {"lanes": 3}, {"lanes": 0}])
def test_methods_and_lanes_that_do_not_exist_are_refused(given):
    with pytest.raises(EngineError):
        compile_system(ready("closed").system, **given)


@pytest.mark.parametrize(("directions", "what"), [
    ([], "none"), (["speed"], "names nothing"), (["v[3]"], "no member has"), (["k[0]"], "nothing"),
])  # fmt: skip
def test_directions_that_do_not_exist_are_refused(directions, what):
    assert any(what in line for line in _refused(closed_batch(), gradients, directions))
