"""Members of a batch set apart, and results of such parts put together again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch
from abscope.engine.declaration import System
from abscope.engine.setup import Arrays
from abscope.engine.simulation import Prepared, Trajectories
from abscope.engine.tables import Limits, Members, Stops

__all__ = ["Part", "fitted", "joined", "part_of", "ready_part"]

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """The numbers of some members of a prepared batch: what a worker needs besides the kernel."""

    observe_at: _Floats
    most: int
    members: Members
    stops: Stops
    limits: Limits


@dataclass(frozen=True, eq=False)
class _Sizes:
    """What is left of the arrays of a batch once they are checked."""

    system: System
    members: int
    most: int
    observe_at: _Floats


def part_of(ready: Prepared, index: _Integers) -> Part:
    """Return the members of a prepared batch by their numbers, in this order."""
    members, arrays = ready.members, ready.arrays
    system = arrays.system
    count = members.count[index]
    most = int(count.max(initial=0))
    own = system.replicate
    rows = ready.limits.body + ready.limits.own * most
    columns = most * (len(own.parameters) + len(own.inputs) if own else 0)
    stops = _stops(ready, index)
    return Part(
        observe_at=arrays.observe_at[index],
        most=most,
        members=Members(
            order=np.lexsort((np.diff(stops.first), count)).astype(np.int64),
            count=count,
            start=members.start[index],
            states=np.ascontiguousarray(members.states[index, :rows]),
            shared=members.shared[index],
            own=np.ascontiguousarray(members.own[index, :columns]),
        ),
        stops=stops,
        limits=ready.limits._replace(bounds=np.ascontiguousarray(ready.limits.bounds[:, :rows])),
    )


def _stops(ready: Prepared, index: _Integers) -> Stops:
    """Return the stops of the members, with the fields of their events and no others."""
    stops, events = ready.stops, ready.arrays.system.events
    first, chosen = _runs(stops.first[index], stops.first[index + 1] - stops.first[index])
    kind, ref = stops.kind[chosen], stops.ref[chosen].copy()
    sizes = np.array(
        [len(e.fields) + ready.arrays.most * len(e.replicate_fields) for e in events], np.int64
    )
    jumps = kind >= 0
    at, one, place = np.unique(ref[jumps], return_index=True, return_inverse=True)
    size = sizes[kind[jumps][one]] if at.size else np.zeros(0, np.int64)
    begin, gathered = _runs(at, size)
    ref[jumps] = begin[:-1][place]
    return Stops(
        first, stops.time[chosen], kind, ref, stops.value[chosen],
        np.append(stops.data[gathered], 0.0),
    )  # fmt: skip


def _runs(first: _Integers, size: _Integers) -> tuple[_Integers, _Integers]:
    """Return where each run begins once they follow each other, and the places they come from."""
    begin = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    return begin, np.arange(begin[-1]) + np.repeat(first - begin[:-1], size)


def ready_part(part: Part, system: System) -> Prepared:
    """Return a part as a prepared batch."""
    sizes = _Sizes(system, part.members.count.size, part.most, part.observe_at)
    return Prepared(cast(Arrays, sizes), part.members, part.stops, part.limits)


def fitted(batch: Batch) -> Batch:
    """Return the batch without columns of replicates that none of its members has."""
    most = int(np.max(np.asarray(batch.replicates, float), initial=0.0))

    def narrow(table: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _narrow(values, most) for name, values in table.items()}

    return replace(
        batch,
        own=narrow(batch.own),
        replicate_initial=narrow(batch.replicate_initial),
        events=tuple(replace(table, fields=narrow(table.fields)) for table in batch.events),
    )


def _narrow(values: Any, most: int) -> Any:
    array = np.asarray(values)
    return array[:, :most] if array.ndim == 2 and array.shape[1] > max(most, 1) else values


def joined(parts: Sequence[tuple[_Integers, Trajectories]]) -> tuple[_Integers, Trajectories]:
    """Return the numbers of all members, ascending, and their trajectories in this order."""
    numbers = np.concatenate([index for index, _ in parts])
    order = np.argsort(numbers)
    numbers = numbers[order]
    places = [np.searchsorted(numbers, index) for index, _ in parts]
    found = [one for _, one in parts]
    cause = np.empty(numbers.size, object)
    for place, one in zip(places, found, strict=True):
        cause[place] = one.cause

    def tables(name: str) -> dict[str, _Floats]:
        names = getattr(found[0], name)
        return {key: _stacked([getattr(one, name)[key] for one in found], places) for key in names}

    return numbers, Trajectories(
        times=_stacked([one.times for one in found], places),
        observables=tables("observables"),
        outcome=np.concatenate([one.outcome for one in found])[order],
        ended_at=np.concatenate([one.ended_at for one in found])[order],
        cause=tuple(cause.tolist()),
        steps=np.concatenate([one.steps for one in found])[order],
        final=tables("final"),
        states=tables("states"),
    )


def _stacked(tables: list[_Floats], places: list[_Integers]) -> _Floats:
    """Return rows of several tables at their places; NaN where a table is narrower."""
    widest = tuple(max(sizes) for sizes in zip(*(t.shape[1:] for t in tables), strict=True))
    rows = sum(len(table) for table in tables)
    whole = np.full((rows, *widest), np.nan)
    if rows:
        for table, place in zip(tables, places, strict=True):
            within: Any = (place, *(slice(size) for size in table.shape[1:]))
            whole[within] = table
    return whole
