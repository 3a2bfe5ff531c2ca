"""What every model that can be run says of itself: name, source, equations, values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from abscope.catalog.entries import Parameter
from abscope.engine.declaration import System
from abscope.errors import ModelError, Problem
from abscope.model.stepped import SteppedModel

__all__ = ["ModelCard"]


@dataclass(frozen=True, slots=True, eq=False)
class ModelCard:
    """A model of our own or of another group, declared on the engine.

    ``values`` returns every parameter of the system by name with its value, range and source;
    ``departures`` says in sentences where the declaration differs from the print, and why. A model
    that is no system of differential equations has no ``system``, but ``stepped`` and ``run``,
    which takes what the model needs by keyword and returns trajectories by name.
    """

    name: str
    title: str
    source: str
    values: Callable[[], Mapping[str, Parameter]]
    scope: str
    departures: tuple[str, ...] = field(default_factory=tuple)
    system: Callable[[], System] | None = None
    stepped: Callable[[], SteppedModel] | None = None
    run: Callable[..., Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        """Check that there is something to print and to run."""
        if (self.system is None) == (self.stepped is None or self.run is None):
            problem = Problem(
                self.name, "nothing or too much to run", "a system, or a stepped model and its run",
                "Give one of the two.",
            )  # fmt: skip
            raise ModelError(problem)
