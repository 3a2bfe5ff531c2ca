"""How a system of ordinary differential equations is declared: once, in plain Python.

A system has one body and, where it needs one, a block that is repeated n times (``Replicate``).
Replicates meet only through the body: each sees the states of the body by name and gives named
sums to it (``Total``). Rates, events and observables are functions over names that return a
dictionary from name to value; they are run on floats, NumPy arrays, SymPy symbols and compiled
numbers alike, so they use ``abscope.engine.exp`` and its siblings and never branch on a state.

    def rates(body, total, p):
        return {"central": p.infusion - p.k * body.central}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from abscope.errors import EngineError

__all__ = [
    "Body",
    "Event",
    "Field",
    "Input",
    "Observable",
    "Parameter",
    "Replicate",
    "State",
    "System",
    "Total",
]

_Rule = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Named:
    """A quantity with its unit, what it means and the LaTeX that stands for it in print."""

    name: str
    unit: str
    meaning: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class State(_Named):
    """What the equations integrate.

    ``scale`` is the size below which the state stops to matter: the absolute tolerance is a
    fraction of it. A ``nonnegative`` state that falls below zero by more than the tolerance ends
    the member with the outcome ``negative``.
    """

    scale: float = 1.0
    nonnegative: bool = True


@dataclass(frozen=True, slots=True)
class Parameter(_Named):
    """A number that stays the same for one member; a value outside low..high is refused."""

    low: float = -inf
    high: float = inf


@dataclass(frozen=True, slots=True)
class Input(_Named):
    """A rate from outside, constant between stops: zero unless a hold is on."""


@dataclass(frozen=True, slots=True)
class Field(_Named):
    """A number that an event brings (a dose)."""


@dataclass(frozen=True, slots=True)
class Total(_Named):
    """What every replicate sheds to the body, summed over the replicates."""


@dataclass(frozen=True, slots=True)
class Observable(_Named):
    """What is recorded at the observation times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """The block that is repeated: a lesion.

    ``rates(x, body, p)`` returns the rate of every state and the value of every total; ``x`` holds
    the states, parameters and inputs of this replicate, ``body`` the states of the body, ``p`` the
    shared parameters and inputs. ``observe(x, body, p)`` returns every observable.
    """

    name: str
    states: tuple[State, ...]
    rates: _Rule
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[Input, ...] = ()
    totals: tuple[Total, ...] = ()
    observables: tuple[Observable, ...] = ()
    observe: _Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The block that all replicates share.

    ``rates(body, total, p)`` returns the rate of every state; ``total`` holds the sums over the
    replicates. ``observe(body, total, p)`` returns every observable.
    """

    states: tuple[State, ...]
    rates: _Rule
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[Input, ...] = ()
    observables: tuple[Observable, ...] = ()
    observe: _Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A jump of the states at one instant.

    ``body(body, p, e)`` and ``replicate(x, body, p, e)`` return the states that change, by name;
    ``e`` holds the fields. Both see the states just before the jump. Every replicate jumps, each
    with its own ``replicate_fields``.
    """

    name: str
    meaning: str
    fields: tuple[Field, ...] = ()
    replicate_fields: tuple[Field, ...] = ()
    body: _Rule | None = None
    replicate: _Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A whole system; it is checked when it is made.

    Raises EngineError with every problem: an undefined or repeated name, a missing rate, a state or
    a parameter that nothing uses, units that do not match (with the line of the rate), bounds that
    leave no value. ``fingerprint`` names what the rules compute: equal for equal mathematics.
    """

    name: str
    body: Body
    replicate: Replicate | None = None
    events: tuple[Event, ...] = ()
    time_unit: str = "d"
    fingerprint: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        """Check the declaration and compute the fingerprint."""
        from abscope.engine.validation import examine

        problems, fingerprint = examine(self)
        if problems:
            raise EngineError(problems)
        object.__setattr__(self, "fingerprint", fingerprint)

    def event(self, name: str) -> Event:
        """Return the event of this name; raises KeyError where there is none."""
        return {event.name: event for event in self.events}[name]
