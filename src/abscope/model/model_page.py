"""What a model says of itself, as plain data and as Markdown: equations, numbers, sources."""

from collections.abc import Iterator, Mapping
from typing import Any

from abscope.model.card import ModelCard

__all__ = ["model_equations", "model_facts", "model_markdown"]

_STEPS = "a map in steps"
_RATES = "ordinary differential equations with events"


def model_equations(card: ModelCard) -> str:
    """Return the equations of a model in Markdown with LaTeX, printed from its declaration."""
    if card.system is not None:
        from abscope.engine.equations import equations

        return equations(card.system())
    from abscope.model.stepped import SteppedModel, stepped_equations

    model = card.stepped() if card.stepped is not None else None
    if not isinstance(model, SteppedModel):  # a card has one of the two: checked when it is made
        raise TypeError(f"{card.name} has neither a system nor steps")
    return stepped_equations(model)


def model_facts(card: ModelCard) -> dict[str, Any]:
    """Return all that the card of a model tells, as plain data.

    A parameter whose ``value`` is None has no number of its own: every patient brings one.
    """
    groups = _groups(card)
    numbers = card.values()
    return {
        "name": card.name,
        "title": card.title,
        "source": card.source,
        "scope": card.scope,
        "kind": _RATES if card.system is not None else _STEPS,
        "departures": list(card.departures),
        "states": [_named(item) for item in groups["states"]],
        "parameters": [
            {**_named(item), **_number(numbers.get(item.name))} for item in groups["parameters"]
        ],
        "inputs": [_named(item) for item in groups["inputs"]],
        "observables": [_named(item) for item in groups["observables"]],
        "events": [
            {"name": event.name, "meaning": event.meaning}
            for event in (card.system().events if card.system is not None else ())
        ],
        "equations": model_equations(card),
    }


def model_markdown(card: ModelCard) -> str:
    """Return the page of a model: what it is, departures, equations, and a table of its numbers."""
    facts = model_facts(card)
    lines = [f"## {facts['name']}", "", f"{facts['title']}. {facts['scope']}", ""]
    lines += [f"Source: {facts['source']}. Form: {facts['kind']}.", ""]
    lines += [f"- {text}" for text in facts["departures"]]
    lines += ["", *_equation_lines(facts["equations"]), *_table(facts["parameters"])]
    return "\n".join(lines) + "\n"


def _groups(card: ModelCard) -> dict[str, list[Any]]:
    names = ("states", "parameters", "inputs", "observables")
    blocks: list[Any] = []
    if card.system is not None:
        system = card.system()
        blocks = [system.body, *([system.replicate] if system.replicate else [])]
    elif card.stepped is not None:
        blocks = [card.stepped()]
    return {name: [q for block in blocks for q in getattr(block, name, ())] for name in names}


def _named(quantity: Any) -> dict[str, Any]:
    return {
        "name": quantity.name,
        "symbol": quantity.symbol,
        "unit": quantity.unit,
        "meaning": quantity.meaning,
    }


def _number(entry: Any) -> dict[str, Any]:
    if entry is None:
        return dict.fromkeys(("value", "low", "high", "source", "note"))
    return {
        "value": entry.value,
        "low": entry.low,
        "high": entry.high,
        "source": entry.source,
        "note": entry.note,
    }


def _equation_lines(text: str) -> Iterator[str]:
    """Yield the equations without the title and the tables, which the page has once."""
    for line in text.splitlines()[1:]:
        if line.startswith(("## States", "## Parameters", "## Inputs", "## Totals")):
            return
        yield f"#{line}" if line.startswith("## ") else line


def _table(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "### Numbers"
    yield ""
    yield "| symbol | name | value | range | unit | source |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        mark = f"${row['symbol']}$" if row["symbol"] else ""
        if row["value"] is None:
            middle = "of each patient |"
        else:
            middle = f"{row['value']:g} | {row['low']:g} to {row['high']:g}"
        yield f"| {mark} | `{row['name']}` | {middle} | {row['unit']} | {row['source'] or ''} |"
