"""``abscope models``: what can be run, with sources; one model with its equations and numbers."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from abscope.cli.options import JsonOption
from abscope.cli.output import answer, table

__all__ = ["models"]

_NameArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME", help="A model; without it, all models are listed.", show_default=False
    ),
]


def models(name: _NameArgument = None, as_json: JsonOption = False) -> None:
    """List the models that can be run, ours and those of other groups; or print one.

    For one model: equations in Markdown with LaTeX, states, numbers with range and source, and
    where it departs from its print.
    """
    if name is None:
        _list(as_json=as_json)
        return
    from abscope.model.model_page import model_facts
    from abscope.model.registry import model_card

    facts = model_facts(model_card(name))
    answer({"model": facts}, lambda: _lines(facts), as_json=as_json)


def _list(*, as_json: bool) -> None:
    from abscope.model.registry import model_cards

    rows = [
        {"name": card.name, "title": card.title, "source": card.source, "scope": card.scope}
        for card in model_cards().values()
    ]
    head = ("name", "title", "source")
    answer(
        {"models": rows},
        lambda: table(([row[column] for column in head] for row in rows), head=head),
        as_json=as_json,
    )


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['name']}: {facts['title']}"
    yield f"source: {facts['source']}"
    yield f"scope: {facts['scope']}"
    yield f"form: {facts['kind']}"
    yield from (f"departure: {text}" for text in facts["departures"])
    yield ""
    yield from facts["equations"].partition("## States")[0].splitlines()
    yield from table(
        ((row["name"], row["unit"], row["meaning"]) for row in facts["states"]),
        head=("state", "unit", "meaning"),
    )
    yield ""
    yield from table(
        (_number_row(row) for row in facts["parameters"]),
        head=("parameter", "value", "range", "unit", "source"),
    )


def _number_row(row: dict[str, Any]) -> tuple[str, ...]:
    if row["value"] is None:
        return (row["name"], "of each patient", "", row["unit"], "")
    span = f"{row['low']:g} to {row['high']:g}"
    return (row["name"], f"{row['value']:g}", span, row["unit"], row["source"])
