"""Simulate a batch: trajectories of the observables, and how each member ended.

Nothing raises once the integration has begun: a member that cannot go on ends with its outcome, the
time and the state that caused it, and NaN in the observations that it did not reach.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch
from abscope.engine.compiling import Compiled
from abscope.engine.declaration import System
from abscope.engine.methods import METHODS
from abscope.engine.native.kernel import NativeKernel
from abscope.engine.setup import Arrays, arrays_of
from abscope.engine.stops import stops_of
from abscope.engine.tables import CAUSE, LOW, Clock, Limits, Members, Memory, Results, Stops
from abscope.errors import EngineError, Problem

__all__ = [
    "Outcome", "Prepared", "Settings", "Trajectories", "is_compiled", "prepare", "run_kernel",
    "simulate", "trajectories_of",
]  # fmt: skip

_Floats = NDArray[np.float64]


class Outcome(IntEnum):
    """How a member ended."""

    OK = 0
    STEP_LIMIT = 1
    NON_FINITE = 2
    NEGATIVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How accurate and how long: the error of a step is below rtol |y| + atol times the scale.

    ``atol`` is 1e-2 rtol where it is not stated. A nonnegative state ends its member below
    ``-negative`` times its scale (10 rtol where not stated). ``first_step`` is tried after each
    jump, in the time unit of the system.
    """

    rtol: float = 1e-5
    atol: float | None = None
    first_step: float = 0.1
    max_steps: int = 200_000
    negative: float | None = None
    n_threads: int = 1
    chunk: int = 256
    keep_states: bool = False

    def __post_init__(self) -> None:
        """Raise EngineError for a setting that cannot be."""
        positive = ("rtol", "atol", "first_step", "max_steps", "negative", "n_threads", "chunk")
        problems = [
            Problem("settings", f"{getattr(self, name):g}", "a number above 0", "Correct it.", name)
            for name in positive
            if getattr(self, name) is not None and not 0 < getattr(self, name) < np.inf
        ]
        if problems:
            raise EngineError(problems)


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Results by name, the member first: (members, times) or (members, times, replicates).

    NaN stands for a replicate that a member does not have, a time it does not have, or a time after
    it failed. ``outcome`` is one of ``Outcome`` per member; ``ended_at`` is the last time reached
    and ``cause`` the state that caused the end (empty where it is ok). ``final`` holds the states
    at the end, from which another batch can go on.
    """

    times: _Floats
    observables: dict[str, _Floats]
    outcome: NDArray[np.int8]
    ended_at: _Floats
    cause: tuple[str, ...]
    steps: NDArray[np.int64]
    final: dict[str, _Floats]
    states: dict[str, _Floats] = field(default_factory=dict)

    def __getitem__(self, name: str) -> _Floats:
        """Return an observable by name."""
        return self.observables[name]

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Return which members reached their horizon."""
        return np.asarray(self.outcome == Outcome.OK)

    def failures(self) -> tuple[str, ...]:
        """Return one line for each member that failed."""
        return tuple(
            f"member {b}: {Outcome(int(self.outcome[b])).name.lower()} at {self.ended_at[b]:g}"
            f" ({self.cause[b]})"
            for b in np.flatnonzero(~self.ok)
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A batch that is ready: its numbers, stops, limits and the arrays for the results."""

    arrays: Arrays
    members: Members
    stops: Stops
    limits: Limits


def prepare(
    compiled: Compiled,
    batch: Batch,
    settings: Settings,
    *,
    slopes: Callable[[Arrays], tuple[_Floats, _Floats, _Floats, _Floats]] | None = None,
) -> Prepared:
    """Return a batch as the arrays of a kernel; raises EngineError with every problem of it.

    ``slopes`` gives those of states, shared and own parameters and of the fields of events.
    """
    system = compiled.system
    arrays, *tables = arrays_of(system, batch)
    stops = stops_of(arrays)
    given: list[_Floats] = [np.zeros((*table.shape, 0)) for table in tables]
    if slopes:
        *given, fields = slopes(arrays)
        if not arrays.problems:
            fields = np.broadcast_to(fields, (stops.data.size, fields.shape[-1]))
            both = np.concatenate([stops.data[:, None], fields], axis=1)
            stops = stops._replace(data=both.ravel())
    if arrays.problems:
        raise EngineError(arrays.problems)
    whole = [
        np.concatenate(
            [table[..., None], np.broadcast_to(slope, (*table.shape, slope.shape[-1]))], 2
        )
        for table, slope in zip(tables, given, strict=True)
    ]
    order = np.lexsort((np.diff(stops.first), arrays.count)).astype(np.int64)
    members = Members(order, arrays.count, arrays.start, *whole)
    return Prepared(arrays, members, stops, _limits(compiled, arrays.most, settings))


def _limits(compiled: Compiled, most: int, settings: Settings) -> Limits:
    system = compiled.system
    own = system.replicate.states if system.replicate else ()
    declared = [*system.body.states, *(own * most)]
    scale = np.array([state.scale for state in declared])
    atol = 1e-2 * settings.rtol if settings.atol is None else settings.atol
    below = 10.0 * settings.rtol if settings.negative is None else settings.negative
    free = np.array([not state.nonnegative for state in declared], bool)
    return Limits(
        bounds=np.array([atol * scale, np.where(free, -np.inf, -below * scale)]),
        rtol=float(settings.rtol),
        first_step=float(settings.first_step),
        max_steps=int(settings.max_steps),
        order=METHODS[compiled.method].error_order,
        body=len(system.body.states),
        own=len(own),
    )


def run_kernel(kernel: Any, ready: Prepared, settings: Settings) -> Results:
    """Run the members chunk by chunk, on threads where the settings ask for it."""
    arrays, system = ready.arrays, ready.arrays.system
    members, times = arrays.members, arrays.observe_at.shape[1]
    own = system.replicate
    rows, size = ready.members.states.shape[1], int(kernel.SIZE)
    own_shape = (arrays.most, len(own.observables) if own else 0, size)
    results = Results(
        observed=np.full((members, times, len(system.body.observables), size), np.nan),
        own_observed=np.full((members, times, *own_shape), np.nan),
        states=np.full((members if settings.keep_states else 0, times, rows), np.nan),
        final=np.full((members, rows), np.nan),
        ended=np.zeros((members, 4)),
    )
    case = (ready.members, ready.stops, ready.limits, results)

    def run(first: int) -> None:
        last = min(first + settings.chunk, members)
        kernel.chunk(first, last, case, *_memory(kernel, ready))

    firsts = range(0, members, settings.chunk)
    if settings.n_threads > 1 and not is_compiled(kernel):
        run(firsts[0])  # compiles, before threads ask for it
        firsts = firsts[1:]
    if settings.n_threads == 1 or len(firsts) < 2:
        for first in firsts:
            run(first)
    else:
        list(_pool(os.getpid(), settings.n_threads).map(run, firsts))
    return results


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Return the threads of a process; a child has none of those of its parent."""
    return ThreadPoolExecutor(threads, thread_name_prefix=f"abscope-{process}")


def is_compiled(kernel: Any) -> bool:
    """Return whether a kernel is ready for threads: as machine code, or because it ran before."""
    return isinstance(kernel, NativeKernel) or bool(getattr(kernel.chunk, "signatures", ()))


def _memory(kernel: Any, ready: Prepared) -> tuple[Memory, Clock, tuple[_Floats, ...]]:
    """Return room for the lanes of one chunk."""
    members, row, lanes = ready.members, int(kernel.ROW), int(kernel.LANES)
    rows, most = members.states.shape[1], ready.arrays.most
    memory = Memory(
        y=_room(rows * row),
        p=_room((kernel.FIXED + kernel.FIXED_OWN * most) * row),
        q=_room(members.own.shape[1] * row),
        here=_room(most * row),
    )
    clock = Clock(
        _room((LOW + 1) * row).reshape(LOW + 1, row), np.zeros((CAUSE + 1, lanes), np.int64)
    )
    scratch = (
        _room(rows * row),
        _room(rows * row),
        _room(kernel.VECTORS * rows * row).reshape(kernel.VECTORS, rows * row),
        _room(most * kernel.FACTORS * row),
        _room(kernel.BODY_FACTORS * row),
    )
    return memory, clock, scratch


def _room(size: int) -> _Floats:
    """Return zeros that begin with a line of the processor's cache, so that no row spans two."""
    whole = np.zeros(size + 8)
    first = -whole.ctypes.data // 8 % 8
    return whole[first : first + size]


def simulate(compiled: Compiled, batch: Batch, settings: Settings | None = None) -> Trajectories:
    """Return the trajectories of a batch.

    Results do not depend on the order of the members, on the chunks or on the number of threads.
    Raises EngineError, before anything is integrated, with every problem of the batch: a missing,
    unknown, non-finite or forbidden number, a wrong shape, a time outside start..horizon, an
    unknown event, field or input.
    """
    settings = settings or Settings()
    ready = prepare(compiled, batch, settings)
    results = run_kernel(compiled.kernel(), ready, settings)
    return trajectories_of(ready, results)


def trajectories_of(ready: Prepared, results: Results) -> Trajectories:
    """Return results by name."""
    arrays, system = ready.arrays, ready.arrays.system
    own = system.replicate
    observables = {
        observable.name: results.observed[:, :, k, 0]
        for k, observable in enumerate(system.body.observables)
    }
    if own:
        for k, observable in enumerate(own.observables):
            observables[observable.name] = results.own_observed[:, :, :, k, 0]
    return Trajectories(
        times=arrays.observe_at,
        observables=observables,
        outcome=results.ended[:, 0].astype(np.int8),
        ended_at=results.ended[:, 1],
        cause=tuple(_state_name(system, int(row)) for row in results.ended[:, 2]),
        steps=results.ended[:, 3].astype(np.int64),
        final=_states_by_name(system, arrays.most, results.final),
        states=_states_by_name(system, arrays.most, results.states),
    )


def _state_name(system: System, row: int) -> str:
    body = system.body.states
    if row < 0:
        return ""
    if row < len(body):
        return body[row].name
    own = system.replicate.states if system.replicate else ()
    i, k = divmod(row - len(body), len(own))
    return f"{own[k].name}[{i}]"


def _states_by_name(system: System, most: int, rows: _Floats) -> dict[str, _Floats]:
    """Return the last axis of an array of states by name, (..., replicates) for a replicate's."""
    size = len(system.body.states)
    found = {state.name: rows[..., k] for k, state in enumerate(system.body.states)}
    own = system.replicate.states if system.replicate else ()
    for k, state in enumerate(own):
        found[state.name] = rows[..., size + k + len(own) * np.arange(most)]
    return found
