import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from abscope.engine.batch import Batch, Events, Holds
from abscope.engine.declaration import Body, Parameter, Replicate, State, System, Total
from abscope.engine.functions import maximum, power, sqrt, step
from abscope.engine.sbml import sbml_id, sbml_of
from abscope.errors import EngineError
from engine_systems import CLOSED_PARAMETERS, closed, closed_batch, colonies, colony_batch, decay

CORE = "{http://www.sbml.org/sbml/level3/version1/core}"


def _complaints(text):
    """Return what libsbml finds, at its strictest: units, identifiers, mathematics, practice."""
    libsbml = pytest.importorskip("libsbml", reason="python-libsbml (test group) is absent")
    document = libsbml.readSBMLFromString(text)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_MODELING_PRACTICE, True)
    count = document.checkConsistency()
    return [document.getError(k).getMessage() for k in range(count)]


def _found(text, tag, **attributes):
    rows = ElementTree.fromstring(text).iter(f"{CORE}{tag}")
    return [row for row in rows if all(row.get(k) == v for k, v in attributes.items())]


def _eventful():
    return closed_batch(
        events=(
            Events("bolus", [0.0, 3.0], fields={"dose": [5.0, 2.0]}),
            Events("halving", [3.0, 4.0]),
            Events(
                "cut", [3.0, 5.0, 6.0], fields={"left": [[0.5, 1, 0], [0.2, 0.2, 1], [1, 1, 1]]}
            ),
        ),
        holds=(
            Holds("infusion", [0.0, 2.5], [1.0, 3.0], [4.0, 5.0]),
            Holds("feed", [2.0], [3.0], [1.0], replicates=[1]),
        ),
    )


@pytest.mark.parametrize("name", ["decay", "closed", "colonies"])
def test_libsbml_has_no_complaint_about_units_or_anything_else(name):
    system, batch = {
        "decay": (decay(), Batch(horizon=1, observe_at=[1], parameters={"k": 1}, initial={"x": 1})),
        "closed": (closed(), _eventful()),
        "colonies": (colonies(), colony_batch(1, most=3, horizon=60.0)),
    }[name]
    assert _complaints(sbml_of(system, batch).text) == []


def test_functions_with_corners_keep_their_units():
    """Zero in max, in a root and in a step has the unit of what it stands beside."""
    system = System(
        name="corners",
        body=Body(
            states=(State("v", "mL", "volume"), State("w", "mL", "another")),
            parameters=(Parameter("k", "1/d", "rate"), Parameter("g", "mL^0.5/d", "surface")),
            rates=lambda body, total, p: {
                "v": -p.k * maximum(body.v - body.w, 0.0) * step(body.v),
                "w": p.g * sqrt(body.v) + p.k * body.w * power(body.w / maximum(body.v, 0.0), 0.25),
            },
        ),
    )
    batch = Batch(
        horizon=1.0, observe_at=[1.0], parameters={"k": 1e-7, "g": 1.0}, initial={"v": 2, "w": 1}
    )
    text = sbml_of(system, batch).text
    assert _complaints(text) == []
    assert '<cn sbml:units="mL">0</cn>' in text


def test_a_power_of_a_state_that_begins_at_zero_is_on_from_there():
    """AMICI follows conditions by their sign: with x > 0 it held x**e at 0 where x began at 0."""
    rates = {
        "x": lambda body, total, p: {"x": p.k * (1.0 - power(body.x, p.e))},
        "half": lambda body, total, p: {"x": p.k * (1.0 - p.e * power(body.x, 0.5))},
    }
    relations = []
    for rate, low in (("x", 1e-3), ("x", 0.0), ("half", 0.0)):
        parameters = (Parameter("k", "1/d", "rate"), Parameter("e", "1", "exponent", low=low))
        body = Body(states=(State("x", "1", "part"),), parameters=parameters, rates=rates[rate])
        batch = Batch(
            horizon=1.0, observe_at=[1.0], parameters={"k": 1.0, "e": 2.0}, initial={"x": 0.0}
        )
        text = sbml_of(System(name="begins", body=body), batch).text
        relations.append([name for name in ("gt", "geq") if f"<{name} />" in text])
    assert relations == [["geq"], ["gt"], ["geq"]]


def test_each_replicate_has_its_number_and_label():
    text = sbml_of(closed(), closed_batch(), labels=("liver", "lung")).text
    names = {row.get("id"): row.get("name") for row in _found(text, "parameter")}
    assert names["v_lesion_1"] == "volume, liver"
    assert names["g_lesion_3"] == "growth, lesion 3"
    assert "v_lesion_4" not in names
    assert sbml_id(closed(), "v", replicate=1) == "v_lesion_2"
    assert sbml_id(closed(), "cap") == "cap"


def test_constants_are_told_with_their_values():
    constants = {one.id: one for one in sbml_of(closed(), closed_batch()).constants}
    assert {name: constants[name].value for name in CLOSED_PARAMETERS} == CLOSED_PARAMETERS
    own = constants["g_lesion_2"]
    assert (own.name, own.replicate, own.value, own.unit) == ("g", 1, 0.5, "1/d")
    assert "infusion" not in constants


def test_events_of_one_instant_are_ranked_in_the_order_of_the_engine():
    text = sbml_of(closed(), _eventful()).text
    third = [row for row in _found(text, "event") if _time(row) == 3.0]
    assert [row.get("name") for row in third] == ["infusion and feed", "bolus", "halving", "cut"]
    ranks = [float(row.find(f"{CORE}priority").find(".//{*}cn").text) for row in third]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 4


def test_a_jump_that_changes_nothing_is_not_printed():
    text = sbml_of(closed(), _eventful()).text
    assert not [row for row in _found(text, "event") if _time(row) == 6.0]
    fifth = next(row for row in _found(text, "event") if _time(row) == 5.0)
    assert [row.get("variable") for row in fifth.iter(f"{CORE}eventAssignment")] == [
        "v_lesion_1", "v_lesion_2",
    ]  # fmt: skip


def test_equal_fractions_share_their_functions():
    batch = colony_batch(1, most=2, horizon=60.0, courses=1)
    text = sbml_of(colonies(), batch).text
    calls = text.count(">fraction_v_1<")
    assert len(_found(text, "functionDefinition", id="fraction_v_1")) == 1
    assert calls >= 3
    assert not _found(text, "functionDefinition", id="fraction_l_2")


def test_time_begins_with_the_member():
    batch = Batch(
        start=-4.5, horizon=3.0, observe_at=[3.0], parameters={"k": 0.1}, initial={"x": 1.0}
    )
    found = sbml_of(decay(), batch)
    assert found.start == -4.5
    assert "Time 0 is -4.5 d of the simulation." in found.text
    batch = replace(closed_batch(), start=-4.5, events=(Events("halving", [-4.5, 1.0]),))
    assert [_time(row) for row in _found(sbml_of(closed(), batch).text, "event")] == [0.0, 5.5]


def test_a_member_without_replicates_has_empty_sums():
    none = replace(closed_batch(), replicates=0, own={"g": 1.0}, replicate_initial={"v": 1.0})
    text = sbml_of(closed(), none).text
    assert not re.search(r"lesion_1\b", text)
    rule = _found(text, "assignmentRule", variable="burden")
    assert rule[0].find(".//{*}cn").text == "0"
    assert _complaints(text) == []


def test_numbers_are_exact():
    batch = Batch(horizon=1, observe_at=[1], parameters={"k": 0.1 + 0.2}, initial={"x": 1e-300})
    values = {
        row.get("id"): row.get("value")
        for row in _found(sbml_of(decay(), batch).text, "parameter")
        if row.get("value")
    }
    assert float(values["k"]) == 0.1 + 0.2
    assert float(values["x"]) == 1e-300


def test_a_unit_that_sbml_has_not_is_left_out_and_told():
    def rates(body, total, p):
        return {"x": -p.k * body.x}

    system = System(
        name="odd",
        body=Body(
            states=(State("x", "parsec", "length"),),
            parameters=(Parameter("k", "1/d", "rate"),),
            rates=rates,
        ),
    )
    found = sbml_of(system, Batch(horizon=1, observe_at=[1], parameters={"k": 1}, initial={"x": 1}))
    assert found.unsaid == ("parsec",)
    assert _found(found.text, "parameter", id="x")[0].get("units") is None


def test_two_quantities_of_one_id_are_refused():
    system = System(
        name="clash",
        body=Body(states=(State("v_lesion_1", "1", "one"),), rates=lambda body, total, p: {
            "v_lesion_1": -total.all / p.day * body.v_lesion_1},
            parameters=(Parameter("day", "d", "a day"),)),
        replicate=Replicate(
            name="lesion", states=(State("v", "1", "other"),), totals=(Total("all", "1", "sum"),),
            rates=lambda x, body, p: {"v": x.v / p.day, "all": x.v},
        ),
    )  # fmt: skip
    batch = Batch(
        horizon=1, observe_at=[1], replicates=1, parameters={"day": 1},
        initial={"v_lesion_1": 1}, replicate_initial={"v": 1},
    )  # fmt: skip
    with pytest.raises(EngineError, match="two quantities have this id"):
        sbml_of(system, batch)


def test_every_problem_of_the_batch_is_raised():
    batch = replace(closed_batch(), parameters={}, horizon=np.nan)
    with pytest.raises(EngineError) as raised:
        sbml_of(closed(), batch, member=3)
    text = str(raised.value)
    assert "parameters.cap: is missing" in text
    assert "member: 3; expected 0 to 0" in text


def _time(event):
    numbers = event.find(f"{CORE}trigger").findall(".//{*}cn")
    return float(numbers[0].text)
