"""Published models compiled once, and run with every member finished or marked as missing."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch
from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.simulation import simulate
from abscope.model.registry import model_card

__all__ = ["compiled_model", "numbers_of", "run_batch"]


@cache
def compiled_model(name: str) -> Compiled:
    """Return a published system of differential equations, ready to simulate."""
    system = model_card(name).system
    if system is None:  # the adapters ask for systems only
        raise KeyError(name)
    return compile_system(system())


def numbers_of(name: str) -> dict[str, float]:
    """Return the values of a published model by name."""
    return {key: entry.value for key, entry in model_card(name).values().items()}


def run_batch(compiled: Compiled, batch: Batch) -> Mapping[str, Floats]:
    """Return the observables of a batch; NaN where a member could not be finished."""
    found = simulate(compiled, batch)
    system = compiled.system
    seen = [item.name for item in system.body.observables]
    if system.replicate is not None:
        seen += [item.name for item in system.replicate.observables]
    out = {}
    for name in seen:
        values = np.array(found[name], float)
        values[~found.ok] = np.nan
        out[name] = values
    return out
