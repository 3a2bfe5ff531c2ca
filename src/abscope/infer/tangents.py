"""How fast the numbers of a batch change along directions, from batches a little further on.

    df/dx at x = (f(x + h) - f(x)) / h

f is the cheap map from deviates to the numbers of a batch, smooth along the directions that are
asked for and computed to 1e-16; with h = 1e-6 the error is below 1e-6 (of half the curvature, and
1e-10 of f), a tenth of that of a simulation.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch, Events, Holds
from abscope.engine.gradients import Tangents

__all__ = ["STEP", "first_members", "slope_of", "stacked_points", "tangents_of"]

#: Setting: the step h in standard deviations of the prior.
STEP = 1e-6


def stacked_points(z: Floats, directions: Floats) -> Floats:
    """Return points (n, names), then those moved along each direction (directions, names)."""
    return np.concatenate([z, *(z + STEP * direction for direction in directions)])


def slope_of(values: Floats, n: int) -> Floats:
    """Return the slopes (n, ..., directions) of an array whose first axis is stacked points."""
    moved = values[n:].reshape(-1, n, *values.shape[1:])
    return np.asarray(np.moveaxis((moved - values[:n]) / STEP, 0, -1))


def tangents_of(batch: Batch, n: int) -> Tangents:
    """Return the tangents of the first ``n`` members of a batch of stacked points."""
    number = batch.members // n - 1
    return Tangents(
        directions=tuple(f"direction {k + 1}" for k in range(number)),
        parameters=_slopes(batch.parameters, n, batch.members),
        own=_slopes(batch.own, n, batch.members),
        initial=_slopes(batch.initial, n, batch.members),
        replicate_initial=_slopes(batch.replicate_initial, n, batch.members),
        events=tuple(_of_events(table, n) for table in batch.events),
    )


def _slopes(table: Mapping[str, Any], n: int, members: int) -> dict[str, Floats]:
    out = {}
    for name, given in table.items():
        values = np.asarray(given, float)
        if values.ndim == 0 or values.shape[0] != members:
            continue  # the same for all
        found = slope_of(values, n)
        if found.any():
            out[name] = found
    return out


def _of_events(table: Events, n: int) -> dict[str, Floats]:
    rows = _by_member(table)
    base = int((np.asarray(table.members) < n).sum())
    found = {name: slope_of(np.asarray(v, float)[rows], base) for name, v in table.fields.items()}
    return {name: slopes for name, slopes in found.items() if slopes.any()}


def _by_member(table: Events) -> NDArray[np.int64]:
    return np.asarray(np.argsort(np.asarray(table.members), kind="stable"), np.int64)


def first_members(batch: Batch, n: int) -> Batch:
    """Return the batch of the first ``n`` members."""

    def cut(table: Mapping[str, Any]) -> dict[str, Any]:
        out = {}
        for name, given in table.items():
            values = np.asarray(given, float)
            whole = values.ndim > 0 and values.shape[0] == batch.members
            out[name] = values[:n] if whole else given
        return out

    times = np.asarray(batch.observe_at, float)
    return replace(
        batch,
        members=n,
        start=np.broadcast_to(np.asarray(batch.start, float), (batch.members,))[:n],
        horizon=np.broadcast_to(np.asarray(batch.horizon, float), (batch.members,))[:n],
        observe_at=times if times.ndim == 1 else times[:n],
        replicates=np.broadcast_to(np.asarray(batch.replicates), (batch.members,))[:n],
        parameters=cut(batch.parameters),
        own=cut(batch.own),
        initial=cut(batch.initial),
        replicate_initial=cut(batch.replicate_initial),
        events=tuple(_first_events(table, n) for table in batch.events),
        holds=tuple(_first_holds(table, n) for table in batch.holds),
    )


def _first_events(table: Events, n: int) -> Events:
    rows = _by_member(table)
    members = np.asarray(table.members)[rows]
    kept = rows[members < n]
    return Events(
        table.name,
        times=np.asarray(table.times)[kept],
        fields={name: np.asarray(given)[kept] for name, given in table.fields.items()},
        members=np.asarray(table.members)[kept],
    )


def _first_holds(table: Holds, n: int) -> Holds:
    members = np.asarray(table.members)
    kept = members < n
    return Holds(
        table.name,
        starts=np.asarray(table.starts)[kept],
        ends=np.asarray(table.ends)[kept],
        values=np.asarray(table.values)[kept],
        members=members[kept],
    )
