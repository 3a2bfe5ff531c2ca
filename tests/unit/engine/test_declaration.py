"""A declaration that is wrong is refused when it is made, with every problem at once."""

import pytest

from abscope.engine.declaration import (
    Body,
    Event,
    Field,
    Input,
    Observable,
    Parameter,
    Replicate,
    State,
    System,
    Total,
)
from abscope.engine.functions import exp, log, maximum, named, power, sqrt, step
from abscope.errors import EngineError

X = State("x", "mg", "amount")
K = Parameter("k", "1/d", "loss")
RATES = {"x": lambda body, total, p: {"x": -p.k * body.x}}


def _system(rates=RATES["x"], states=(X,), parameters=(K,), **given):
    body = {"states": states, "parameters": parameters, "rates": rates}
    body |= {
        name: given.pop(name) for name in ("inputs", "observables", "observe") if name in given
    }
    return System(name="test", body=Body(**body), **given)


def _refused(**given):
    with pytest.raises(EngineError) as caught:
        _system(**given)
    return [str(problem) for problem in caught.value.problems]


def test_a_sound_declaration_has_a_fingerprint_of_its_mathematics():
    first, again = _system(), _system(rates=lambda body, total, p: {"x": -p.k * body.x})
    other = _system(rates=lambda body, total, p: {"x": -2.0 * p.k * body.x})
    assert first.fingerprint == again.fingerprint
    assert len(first.fingerprint) == 64
    assert other.fingerprint != first.fingerprint


def test_an_undefined_name_is_named_with_its_line():
    found = _refused(rates=lambda body, total, p: {"x": -p.speed * body.x - p.k * body.x})
    assert len(found) == 1
    assert "'speed' is not declared" in found[0]
    assert found[0].startswith("test_declaration.py:")


@pytest.mark.parametrize(("rates", "what"), [
    (lambda body, total, p: {"x": p.k}, "unit mismatch: the rule gives 1/d; expected mg/d"),
    (lambda body, total, p: {"x": -p.k * body.x + body.x}, "unit mismatch: mg/d + mg"),
    (lambda body, total, p: {"x": -p.k * body.x * exp(body.x)}, "unit mismatch: mg exp 1"),
    (lambda body, total, p: {"x": -p.k * maximum(body.x, p.k)}, "unit mismatch: mg maximum 1/d"),
    (lambda body, total, p: {"x": -p.k * body.x / (1.0 + body.x)}, "unit mismatch: 1 + mg"),
    (lambda body, total, p: {"x": -p.k * body.x ** 1.5}, "a power that is not a whole number"),
    (lambda body, total, p: {"x": -p.k * body.x if body.x > 0 else 0.0}, "branches on a state"),
    (lambda body, total, p: {"x": -p.k * body.x * "a"}, "a rule computes with str"),
])  # fmt: skip
def test_a_rate_that_cannot_be_is_refused(rates, what):
    found = _refused(rates=rates)
    assert any(what in line for line in found)


def test_two_problems_are_told_at_once():
    found = _refused(rates=lambda body, total, p: {"x": -p.k * body.x + p.a * body.b})
    assert [line.split(" is not")[0][-3:] for line in found] == ["'a'", "'b'"]


def test_missing_and_unknown_rates_are_named():
    found = _refused(rates=lambda body, total, p: {"y": -p.k * body.x})
    assert any("x: is declared, but the rule does not return it" in line for line in found)
    assert any("y: is returned by the rule, but not declared" in line for line in found)


def test_what_nothing_uses_is_named():
    found = _refused(
        states=(X, State("z", "mg", "unread")),
        parameters=(K, Parameter("q", "1", "unread")),
        inputs=(Input("flow", "mg/d", "unread"),),
        rates=lambda body, total, p: {"x": -p.k * body.x, "z": p.k * body.x},
    )
    assert [line.split(":")[1].strip() for line in found] == ["z", "q", "flow"]


@pytest.mark.parametrize(("given", "what"), [
    ({"states": (X, X)}, "x: is declared twice"),
    ({"states": ()}, "has no state"),
    ({"states": (State("2x", "mg", ""),)}, "2x: is no name"),
    ({"states": (State("lambda", "mg", ""),)}, "lambda: is no name"),
    ({"states": (State("x", "mg/", ""),)}, "x: a unit ends"),
    ({"states": (State("x", "mg", "", scale=0.0),)}, "scale 0; expected a finite scale above 0"),
    ({"parameters": (Parameter("k", "1/d", "", low=2.0, high=1.0),)}, "low 2, high 1"),
    ({"parameters": (Parameter("k", "1/d", "", low=float("nan")),)}, "expected low <= high"),
    ({"events": (Event(name="e", meaning=""), Event(name="e", meaning=""))}, "two events"),
    ({"events": (Event(name="e", meaning="", fields=(Field("f", "mg", ""),) * 2),)}, "f: is decl"),
    ({"time_unit": "d)"}, "time_unit: unit 'd)' cannot be read"),
])  # fmt: skip
def test_names_units_and_bounds_are_checked(given, what):
    assert any(what in line for line in _refused(**given))


def test_events_and_observables_are_checked_too():
    found = _refused(
        events=(Event(
            name="hit", meaning="", fields=(Field("dose", "Gy", "dose"),),
            body=lambda body, p, e: {"x": body.x + e.dose},
        ),),
        observables=(Observable("seen", "1", ""),),
        observe=lambda body, total, p: {"seen": body.x},
    )  # fmt: skip
    assert any("unit mismatch: mg + Gy" in line for line in found)
    assert any(
        "body.observe: seen: unit mismatch: the rule gives mg; expected 1" in e for e in found
    )


def test_a_replicate_is_checked_with_its_totals():
    def rates(x, body, p):
        return {"v": x.g * x.v - p.k * x.v, "sum": x.v * body.x}

    found = []
    with pytest.raises(EngineError) as caught:
        System(
            name="test",
            body=Body(states=(X,), parameters=(K,),
                      rates=lambda body, total, p: {"x": -p.k * body.x + total.sum}),
            replicate=Replicate(
                name="lesion", states=(State("v", "mL", ""),), rates=rates,
                parameters=(Parameter("g", "1/d", ""),), totals=(Total("sum", "mL", ""),),
            ),
        )  # fmt: skip
    found = [str(problem) for problem in caught.value.problems]
    assert any("lesion.rates: sum: unit mismatch: the rule gives mL*mg" in line for line in found)
    assert any("unit mismatch: mg/d + mL" in line for line in found)


def test_functions_run_on_plain_numbers():
    assert exp(0.0) == 1.0
    assert exp(1000.0) == float("inf")
    assert log(1.0) == 0.0
    assert log(0.0) == -float("inf")
    assert log(-1.0) != log(-1.0)
    assert (power(4.0, 0.5), power(-1.0, 0.5), sqrt(9.0)) == (2.0, 0.0, 3.0)
    assert (maximum(1, 2), step(0.0), step(2.0), named("a", 3.0)) == (2, 0.0, 1.0, 3.0)
