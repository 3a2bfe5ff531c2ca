"""The rules of a system run once on symbols: what everything else is printed from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from abscope.engine.declaration import System

__all__ = ["Jump", "Trace", "trace"]

_Symbols = dict[str, Any]
_Expressions = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Jump:
    """What an event sets in the body and in a replicate, by state; states not named stay."""

    name: str
    fields: _Symbols
    replicate_fields: _Symbols
    body: _Expressions
    replicate: _Expressions


@dataclass(frozen=True, slots=True)
class Trace:
    """_Symbols by name and expressions by name, both in the order of the declaration."""

    states: _Symbols
    shared: _Symbols
    replicate_states: _Symbols
    own: _Symbols
    totals: _Symbols
    rates: _Expressions
    replicate_rates: _Expressions
    shed: _Expressions
    observables: _Expressions
    replicate_observables: _Expressions
    jumps: tuple[Jump, ...]


def trace(system: System, symbol: Callable[..., Any], lift: Callable[[Any], Any]) -> Trace:
    """Return the expressions of a system; ``shared`` and ``own`` are parameters, then inputs.

    ``symbol(name, fixed)`` makes a symbol, fixed where it is a parameter; ``lift`` makes an
    expression of a number.
    """
    body, replicate = system.body, system.replicate

    def _symbols(prefix: str, quantities: Any, fixed: bool = False) -> _Symbols:
        return {q.name: symbol(prefix + q.name, fixed) for q in quantities}

    def _run(rule: Callable[..., Mapping[str, Any]] | None, seen: tuple[Any, ...]) -> _Expressions:
        return {name: lift(value) for name, value in rule(*seen).items()} if rule else {}

    states = _symbols("s_", body.states)
    shared = _symbols("p_", body.parameters, True) | _symbols("p_", body.inputs)
    own_states, own, totals = _Symbols(), _Symbols(), _Symbols()
    if replicate is not None:
        own_states = _symbols("x_", replicate.states)
        own = _symbols("q_", replicate.parameters, True) | _symbols("q_", replicate.inputs)
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


def _space(symbols: _Symbols) -> SimpleNamespace:
    return SimpleNamespace(**symbols)


def _pick(expressions: _Expressions, names: Any) -> _Expressions:
    return {name: expressions[name] for name in names if name in expressions}
