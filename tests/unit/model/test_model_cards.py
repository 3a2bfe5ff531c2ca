"""Cards, pages and stepped models: what they hold, and what is refused."""

from types import SimpleNamespace
from typing import Any

import pytest

from abscope.engine.declaration import Parameter, State
from abscope.engine.functions import exp, named
from abscope.engine.units import parse_unit
from abscope.errors import ModelError, UsageError
from abscope.model.card import ModelCard
from abscope.model.model_page import model_facts, model_markdown
from abscope.model.registry import model_card, model_cards
from abscope.model.stepped import SteppedModel, stepped_equations
from abscope.model.values import ENGINE_UNIT

PUBLISHED = sorted(name for name in model_cards() if not name.startswith("abscope"))
UNIT = ENGINE_UNIT | {
    "cells": "cell", "cells_per_d": "cell/d", "per_cell": "1/cell", "per_cell_d": "1/(d*cell)",
    "ul": "uL", "nmol_per_l": "nmol/L", "per_d_Gy": "1/(d*Gy)", "per_ml": "1/mL",
}  # fmt: skip


def declared(name: str) -> list[Any]:
    card = model_card(name)
    if card.system is None:
        assert card.stepped is not None
        return list(card.stepped().parameters)
    system = card.system()
    own = system.replicate.parameters if system.replicate else ()
    return [*system.body.parameters, *own]


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_parameter_has_a_value_in_its_unit_and_bounds(name: str) -> None:
    values = model_card(name).values()
    parameters = declared(name)
    assert {parameter.name for parameter in parameters} == set(values)
    for parameter in parameters:
        entry = values[parameter.name]
        assert parse_unit(UNIT[entry.unit]).same(parse_unit(parameter.unit)), parameter.name
        assert parameter.low <= entry.value <= parameter.high, parameter.name


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_page_has_equations_sources_and_scope(name: str) -> None:
    facts = model_facts(model_card(name))
    assert all(facts[key] for key in ("source", "scope", "title"))
    assert bool(facts["departures"]) is (name != "kuznetsov1994")
    assert "$$" in facts["equations"]
    assert all(row["source"] for row in facts["parameters"])
    page = model_markdown(model_card(name))
    assert page.startswith(f"## {name}\n")
    assert page.count("### Numbers") == 1


def test_a_name_is_suggested_by_its_beginning() -> None:
    with pytest.raises(UsageError, match="pembrolizumab-ahamadi2017"):
        model_card("pembrolizumab")


def test_a_card_needs_something_to_run_and_only_one() -> None:
    texts = {"name": "x", "title": "t", "source": "s", "scope": "c", "values": dict}
    with pytest.raises(ModelError, match="nothing or too much"):
        ModelCard(**texts)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="nothing or too much"):
        ModelCard(**texts, system=lambda: None, stepped=lambda: None, run=dict)  # type: ignore[arg-type]


def test_a_stepped_rule_runs_on_numbers_and_prints() -> None:
    model = SteppedModel(
        name="halving",
        step="one day",
        states=(State("amount", "mg", "amount", "a_b"), State("lost_part", "mg", "lost")),
        parameters=(Parameter("rate", "1", "rate", "k"),),
        rule=lambda now, p, total: {
            "amount": now.amount * exp(-p.rate),
            "lost_part": named("q", 0.5 * total(now.amount)),
        },
        notes=("A note.",),
    )
    after = model.rule(SimpleNamespace(amount=2.0), SimpleNamespace(rate=0.0), sum_of_one)
    assert after == {"amount": 2.0, "lost_part": 1.0}
    text = stepped_equations(model)
    assert r"$$ a_b' = a_{b} e^{- k} $$" in text
    assert r"$$ q = \frac{\sum_b \left[a_{b}\right]}{2} $$" in text
    assert r"\mathrm{lost\_part}" in text
    assert "\nA note.\n" in text


def sum_of_one(value: float) -> float:
    return value
