"""Derivatives of the observables along parameters and initial values, exact for the computed steps.

A direction is named: ``k`` (a shared parameter, or an own one of all replicates together),
``growth[2]`` (of replicate 2), ``x`` or ``v[0]`` (an initial value). `Tangents` are directions that
change several numbers at once, each member in its own way, fields of events included. Times of
events and values of holds have no slope. Sixteen directions are carried at a time; more are more
passes, side by side on the threads of the settings.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.engine.batch import Batch
from abscope.engine.compiling import DIRECTIONS, Compiled
from abscope.engine.declaration import Event
from abscope.engine.setup import Arrays
from abscope.engine.simulation import (
    Prepared,
    Settings,
    Trajectories,
    is_compiled,
    prepare,
    run_kernel,
    trajectories_of,
)
from abscope.engine.tables import Results
from abscope.errors import EngineError, Problem

__all__ = ["Gradients", "Measured", "Residuals", "Tangents", "gradients", "residuals"]

_Floats = NDArray[np.float64]
_DIRECTION = re.compile(r"^(\w+)(?:\[(\d+)\])?$")


@dataclass(frozen=True, eq=False, kw_only=True)
class Tangents:
    """Directions: how fast the numbers of a batch change along each, directions last.

    The tables are those of the batch, with one axis more: a value that fits (members, directions),
    or (members, replicates, directions) for what replicates own. ``events`` has a mapping for each
    table of the batch, from field to (rows, directions) or (rows, replicates, directions). What is
    not named does not change.
    """

    directions: tuple[str, ...]
    parameters: Mapping[str, ArrayLike] = field(default_factory=dict)
    own: Mapping[str, ArrayLike] = field(default_factory=dict)
    initial: Mapping[str, ArrayLike] = field(default_factory=dict)
    replicate_initial: Mapping[str, ArrayLike] = field(default_factory=dict)
    events: tuple[Mapping[str, ArrayLike], ...] = ()


@dataclass(frozen=True, eq=False)
class Gradients:
    """Trajectories, and the slope of every observable: its shape with the directions last."""

    trajectories: Trajectories
    directions: tuple[str, ...]
    slopes: dict[str, _Floats]

    def __getitem__(self, name: str) -> _Floats:
        """Return the slopes of an observable by name."""
        return self.slopes[name]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """Measurements of one observable: a member, a place in its times and a value per row.

    ``sd`` is the standard deviation of the error, of the logarithm where ``log``.
    """

    name: str
    members: ArrayLike
    times: ArrayLike
    values: ArrayLike
    sd: ArrayLike
    replicates: ArrayLike | None = None
    log: bool = False


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals (observed - computed, over sd) and their Jacobian (rows, directions)."""

    values: _Floats
    jacobian: _Floats


def gradients(
    compiled: Compiled,
    batch: Batch,
    directions: Sequence[str] | Tangents,
    settings: Settings | None = None,
) -> Gradients:
    """Return trajectories with the slopes of the observables along the directions.

    The derivative is that of the numerical solution with its steps fixed, so it differs from the
    exact one by the tolerance. Raises EngineError as ``simulate`` does, for a direction that names
    nothing and for a tangent that does not fit the batch.
    """
    settings = _for_all_cores(settings or Settings(), batch.members)
    names = directions.directions if isinstance(directions, Tangents) else tuple(directions)
    if not names:
        raise EngineError(
            Problem("directions", "none", "at least one", "Name a parameter or an initial value.")
        )

    def one_pass(first: int) -> tuple[Prepared, Results, int]:
        last = min(first + DIRECTIONS, len(names))
        seeds = (
            partial(_tangent_slopes, tangents=directions, chosen=slice(first, last))
            if isinstance(directions, Tangents)
            else partial(_slopes, names=names[first:last])
        )
        ready = prepare(compiled, batch, settings, slopes=seeds)
        return ready, run_kernel(compiled.kernel(slopes=True), ready, settings), last - first

    firsts = list(range(0, len(names), DIRECTIONS))
    alone = 0 if is_compiled(compiled.kernel(slopes=True)) else 1
    parts = [one_pass(first) for first in firsts[:alone]]
    if settings.n_threads > 1 and len(firsts) > 1:
        with ThreadPoolExecutor(settings.n_threads) as pool:
            parts += pool.map(one_pass, firsts[alone:])
    else:
        parts += [one_pass(first) for first in firsts[alone:]]
    slopes: dict[str, _Floats] = {}
    system = compiled.system
    own = system.replicate.observables if system.replicate else ()
    for k, observable in enumerate(system.body.observables):
        found = [r.observed[:, :, k, 1 : 1 + n] for _, r, n in parts]
        slopes[observable.name] = np.concatenate(found, axis=-1)
    for k, observable in enumerate(own):
        found = [r.own_observed[:, :, :, k, 1 : 1 + n] for _, r, n in parts]
        slopes[observable.name] = np.concatenate(found, axis=-1)
    ready, results, _ = parts[0]
    return Gradients(trajectories_of(ready, results), names, slopes)


def _for_all_cores(settings: Settings, members: int) -> Settings:
    """Return settings whose chunks of members are small enough that every thread has some."""
    return replace(settings, chunk=max(1, min(settings.chunk, -(-members // settings.n_threads))))


_Seeds = tuple[_Floats, _Floats, _Floats, _Floats]


def _slopes(arrays: Arrays, names: Sequence[str]) -> _Seeds:
    """Return the seeds (1, rows, directions) of states, shared and own parameters; of no field."""
    system, most = arrays.system, arrays.most
    body, replicate = system.body, system.replicate
    states = [s.name for s in body.states]
    shared = [q.name for q in (*body.parameters, *body.inputs)]
    own_states = [s.name for s in replicate.states] if replicate else []
    own = [q.name for q in (*replicate.parameters, *replicate.inputs)] if replicate else []
    seeds = (
        np.zeros((1, len(states) + most * len(own_states), DIRECTIONS)),
        np.zeros((1, len(shared), DIRECTIONS)),
        np.zeros((1, most * len(own), DIRECTIONS)),
    )
    for d, text in enumerate(names):
        match = _DIRECTION.match(text)
        name, index = (match[1], match[2]) if match else (text, None)
        chosen = range(most) if index is None else [int(index)]
        if index is not None and int(index) >= most:
            arrays.say(f"direction {text}", "a replicate that no member has", f"0 to {most - 1}")
        elif name in states and index is None:
            seeds[0][0, states.index(name), d] = 1.0
        elif name in shared and index is None:
            seeds[1][0, shared.index(name), d] = 1.0
        elif name in own_states:
            for i in chosen:
                place = len(states) + i * len(own_states) + own_states.index(name)
                seeds[0][0, place, d] = 1.0
        elif name in own:
            for i in chosen:
                seeds[2][0, i * len(own) + own.index(name), d] = 1.0
        else:
            known = ", ".join((*states, *shared, *own_states, *own))
            arrays.say(f"direction {text}", "names nothing that can vary", known)
    return (*seeds, np.zeros((1, DIRECTIONS)))


def _tangent_slopes(arrays: Arrays, tangents: Tangents, chosen: slice) -> _Seeds:
    """Return the seeds of the chosen directions, of states, shared and own parameters, fields."""
    system, members, most = arrays.system, arrays.members, arrays.most
    body, replicate = system.body, system.replicate
    number = len(tangents.directions)

    def table(path: str, given: Mapping[str, Any], names: list[str], *, own: bool) -> _Floats:
        shape = (members, most) if own else (members,)
        block = np.zeros((*shape, len(names), DIRECTIONS))
        for name, values in given.items():
            if name not in names:
                arrays.say(f"{path}.{name}", "names nothing that can vary", ", ".join(names))
                continue
            found = _fitted(arrays, f"{path}.{name}", values, (*shape, number))
            block[..., names.index(name), : chosen.stop - chosen.start] = found[..., chosen]
        return block.reshape(members, -1, DIRECTIONS)

    def names_of(*groups: Sequence[Any]) -> list[str]:
        return [quantity.name for group in groups for quantity in group]

    own_states = names_of(replicate.states) if replicate else []
    own = names_of(replicate.parameters, replicate.inputs) if replicate else []
    states = [
        table("initial", tangents.initial, names_of(body.states), own=False),
        table("replicate_initial", tangents.replicate_initial, own_states, own=True),
    ]
    return (
        np.concatenate(states, axis=1),
        table("parameters", tangents.parameters, names_of(body.parameters, body.inputs), own=False),
        table("own", tangents.own, own, own=True),
        _field_slopes(arrays, tangents, chosen),
    )


def _field_slopes(arrays: Arrays, tangents: Tangents, chosen: slice) -> _Floats:
    """Return (numbers, directions) in the order of the numbers that the events of a batch bring."""
    blocks, given = [np.zeros((0, DIRECTIONS))], tangents.events
    if given and len(given) != len(arrays.batch.events):
        arrays.say("tangents.events", f"{len(given)} tables", f"{len(arrays.batch.events)}")
        given = ()
    for place, table in enumerate(arrays.batch.events):
        rows = np.atleast_1d(np.asarray(table.times, float)).size
        event = arrays.system.event(table.name)
        changes = given[place] if given else {}
        blocks.append(_event_slopes(arrays, event, rows, changes, chosen, len(tangents.directions)))
    return np.concatenate(blocks)


def _event_slopes(
    arrays: Arrays,
    event: Event,
    rows: int,
    given: Mapping[str, ArrayLike],
    chosen: slice,
    number: int,
) -> _Floats:
    """Return the slopes of the fields of one table, then of those of each replicate, by row."""
    shared = [one.name for one in event.fields]
    own = [one.name for one in event.replicate_fields]
    width = chosen.stop - chosen.start
    body = np.zeros((rows, len(shared), DIRECTIONS))
    each = np.zeros((rows, arrays.most, len(own), DIRECTIONS))
    for name, values in given.items():
        path = f"tangents of {event.name}.{name}"
        if name in shared:
            found = _fitted(arrays, path, values, (rows, number))
            body[:, shared.index(name), :width] = found[:, chosen]
        elif name in own:
            found = _fitted(arrays, path, values, (rows, arrays.most, number))
            each[:, :, own.index(name), :width] = found[..., chosen]
        else:
            arrays.say(path, "is no field of the event", ", ".join((*shared, *own)))
    whole = [body, each.reshape(rows, arrays.most * len(own), DIRECTIONS)]
    return np.concatenate(whole, axis=1).reshape(-1, DIRECTIONS)


def _fitted(arrays: Arrays, path: str, values: ArrayLike, shape: tuple[int, ...]) -> _Floats:
    found = np.asarray(values, float)
    if not np.isfinite(found).all():
        arrays.say(path, "a slope that is not finite", "finite numbers")
    try:
        return np.broadcast_to(found, shape)
    except ValueError:
        arrays.say(path, f"shape {found.shape}", f"a shape that fits {shape}")
        return np.zeros(shape)


def residuals(found: Gradients, measured: Sequence[Measured]) -> Residuals:
    """Return the residuals of measurements and their Jacobian, for least squares.

    r = (y - f) / sd, or (log y - log f) / sd; dr/dtheta = -(df/dtheta) / sd, or with 1/f. A
    computed value that is missing or, under a logarithm, not above zero gives NaN.
    """
    values, rows = [], []
    for one in measured:
        place: tuple[NDArray[np.int64], ...] = (np.asarray(one.members), np.asarray(one.times))
        if one.replicates is not None:
            place = (*place, np.asarray(one.replicates))
        computed, slopes = found.trajectories[one.name][place], found[one.name][place]
        y, sd = np.asarray(one.values, float), np.asarray(one.sd, float)
        with np.errstate(invalid="ignore", divide="ignore"):
            if one.log:
                positive = np.where(computed > 0, computed, np.nan)
                slopes = slopes / positive[..., None]
                y, computed = np.log(y), np.log(positive)
            values.append((y - computed) / sd)
            rows.append(-slopes / np.broadcast_to(sd, y.shape)[..., None])
    return Residuals(np.concatenate(values), np.concatenate(rows))
