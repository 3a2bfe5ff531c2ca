"""What acts on what in a system, found by tracing its rules: the diagram of the docs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from abscope.engine.declaration import System
from abscope.engine.functions import NAMED

__all__ = ["Coupling", "couplings"]


@dataclass(frozen=True, slots=True, order=True)
class Coupling:
    """``source`` stands in the rate of ``target``, or ``event`` changes ``target``."""

    source: str
    target: str
    event: bool = False


def couplings(system: System, *, through: Mapping[str, str] | None = None) -> tuple[Coupling, ...]:
    """Return what stands in the rate of what, sorted; what a state does to itself is left out.

    Sources and targets are states and, where ``through`` gives them a word, the quantities that the
    rules name with `abscope.engine.functions.named` (LaTeX -> word). Other named quantities and the
    sums over lesions are looked through. The source of what an event changes is the event.
    """
    from abscope.engine.symbols import symbolic

    kept, values = dict(through or {}), {}

    def collect(name: str, value: Any) -> Any:
        import sympy as sp

        values[name] = sp.sympify(value)
        return sp.Symbol(name)

    token = NAMED.set(collect)
    try:
        traced = symbolic(system)
    finally:
        NAMED.reset(token)
    states = {
        str(s): name for name, s in (*traced.states.items(), *traced.replicate_states.items())
    }
    inner = values | {str(s): traced.shed[name] for name, s in traced.totals.items()}

    def sources(expression: Any) -> Iterator[str]:
        for symbol in map(str, expression.free_symbols):
            if symbol in kept or symbol in states:
                yield kept.get(symbol) or states[symbol]
            elif symbol in inner:
                yield from sources(inner[symbol])

    rules = {**traced.rates, **traced.replicate_rates}
    rules |= {word: values[name] for name, word in kept.items()}
    found = {Coupling(one, target) for target, rule in rules.items() for one in sources(rule)}
    for jump in traced.jumps:
        found |= {Coupling(jump.name, target, True) for target in (*jump.body, *jump.replicate)}
    return tuple(sorted(one for one in found if one.source != one.target))
