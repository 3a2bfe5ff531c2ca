"""What every model that can be run says of itself: name, source, equations, values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from abscope.catalog.entries import Parameter
from abscope.engine.declaration import System

__all__ = ["ModelCard"]


@dataclass(frozen=True, slots=True, eq=False)
class ModelCard:
    """A model of our own or of another group, declared on the engine.

    ``values`` returns every parameter of the system by name with its value, range and source;
    ``departures`` says in sentences where the declaration differs from the print, and why.
    """

    name: str
    title: str
    source: str
    system: Callable[[], System]
    values: Callable[[], Mapping[str, Parameter]]
    scope: str
    departures: tuple[str, ...] = field(default_factory=tuple)
