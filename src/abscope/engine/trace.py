"""The rules of a system run once on SymPy symbols: the expressions that everything is printed from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import sympy as sp

from abscope.engine.declaration import System

__all__ = ["Jump", "Trace", "trace"]

Symbols = dict[str, Any]
Expressions = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Jump:
    """What an event sets in the body and in a replicate, by state; states not named stay."""

    name: str
    fields: Symbols
    replicate_fields: Symbols
    body: Expressions
    replicate: Expressions


@dataclass(frozen=True, slots=True)
class Trace:
    """Symbols by name and expressions by name, both in the order of the declaration."""

    states: Symbols
    shared: Symbols
    replicate_states: Symbols
    own: Symbols
    totals: Symbols
    rates: Expressions
    replicate_rates: Expressions
    shed: Expressions
    observables: Expressions
    replicate_observables: Expressions
    jumps: tuple[Jump, ...]


def trace(system: System) -> Trace:
    """Return the expressions of a system; ``shared`` and ``own`` are parameters, then inputs."""
    body, replicate = system.body, system.replicate
    states = _symbols("s_", body.states)
    shared = _symbols("p_", (*body.parameters, *body.inputs))
    own_states, own, totals = Symbols(), Symbols(), Symbols()
    if replicate is not None:
        own_states = _symbols("x_", replicate.states)
        own = _symbols("q_", (*replicate.parameters, *replicate.inputs))
        totals = _symbols("t_", replicate.totals)
    seen_by_body = (_space(states), _space(totals), _space(shared))
    x = _space({**own_states, **own})
    seen_by_replicate = (x, _space(states), _space(shared))
    rates = _run(body.rates, seen_by_body)
    own_rates = _run(replicate.rates, seen_by_replicate) if replicate else {}
    jumps = []
    for event in system.events:
        fields = _symbols("e_", event.fields)
        own_fields = _symbols("e_", event.replicate_fields)
        e, every = _space(fields), _space({**fields, **own_fields})
        changed = _run(event.body, (_space(states), _space(shared), e))
        own_changed = _run(event.replicate if replicate else None, (*seen_by_replicate, every))
        jumps.append(
            Jump(
                event.name,
                fields,
                own_fields,
                _pick(changed, states),
                _pick(own_changed, own_states),
            )
        )
    observed = _run(body.observe, seen_by_body)
    own_observed = _run(replicate.observe if replicate else None, seen_by_replicate)
    return Trace(
        states=states,
        shared=shared,
        replicate_states=own_states,
        own=own,
        totals=totals,
        rates=_pick(rates, states),
        replicate_rates=_pick(own_rates, own_states),
        shed=_pick(own_rates, totals),
        observables=_pick(observed, [o.name for o in body.observables]),
        replicate_observables=_pick(
            own_observed, [o.name for o in replicate.observables] if replicate else []
        ),
        jumps=tuple(jumps),
    )


def _symbols(prefix: str, quantities: Any) -> Symbols:
    return {quantity.name: sp.Symbol(prefix + quantity.name) for quantity in quantities}


def _space(symbols: Symbols) -> SimpleNamespace:
    return SimpleNamespace(**symbols)


def _run(rule: Callable[..., Mapping[str, Any]] | None, seen: tuple[Any, ...]) -> Expressions:
    if rule is None:
        return {}
    return {name: sp.sympify(value) for name, value in rule(*seen).items()}


def _pick(expressions: Expressions, names: Any) -> Expressions:
    return {name: expressions[name] for name in names if name in expressions}
