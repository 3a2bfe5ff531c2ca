"""Columns of a batch that are cut at a day, so that a simulation can go on from there."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Events, Holds
from abscope.engine.declaration import System

__all__ = ["events_from", "holds_from", "initial_from"]


def events_from(
    tables: Sequence[Events], from_d: Floats, *, to_d: float = np.inf
) -> tuple[Events, ...]:
    """Return the events that happen on a day of their draw (draws,) or later, up to ``to_d``."""
    out = []
    for table in tables:
        members = np.asarray(table.members, np.int64)
        times = np.asarray(table.times, float)
        keep = (times >= from_d[members]) & (times <= to_d)
        if keep.any():
            fields = {name: np.asarray(column)[keep] for name, column in table.fields.items()}
            out.append(Events(table.name, times=times[keep], fields=fields, members=members[keep]))
    return tuple(out)


def holds_from(
    tables: Sequence[Holds], from_d: Floats, *, to_d: float = np.inf
) -> tuple[Holds, ...]:
    """Return what is held after a day of each draw (draws,), begun then where it began before.

    What begins on day ``to_d`` or later is left out, what ends later ends then.
    """
    out = []
    for table in tables:
        members = np.asarray(table.members, np.int64)
        first, ends = from_d[members], np.minimum(np.asarray(table.ends, float), to_d)
        starts = np.maximum(np.asarray(table.starts, float), first)
        keep: NDArray[np.bool_] = ends > starts
        if keep.any():
            out.append(
                Holds(
                    table.name,
                    starts=starts[keep],
                    ends=ends[keep],
                    values=np.asarray(table.values, float)[keep],
                    members=members[keep],
                )
            )
    return tuple(out)


def initial_from(
    states: Mapping[str, Floats], system: System, column: NDArray[np.int64]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the states of body and replicates at one time of each member, by name.

    ``states`` are (members, times) or (members, times, replicates), ``column`` (members,) the
    places of the times. What an error of the integration made slightly negative is 0.
    """
    rows = np.arange(len(column))
    own = system.replicate.states if system.replicate else ()
    found: list[dict[str, Floats]] = [{}, {}]
    for k, declared in enumerate((system.body.states, own)):
        for state in declared:
            values = states[state.name][rows, column]
            found[k][state.name] = np.maximum(values, 0.0) if state.nonnegative else values
    return found[0], found[1]
