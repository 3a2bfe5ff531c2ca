"""The stops of every member in one table: observations, inputs that change, events, the end."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.engine.batch import Events, Holds
from abscope.engine.declaration import Event
from abscope.engine.setup import Arrays
from abscope.engine.tables import END, OBSERVE, SET_OWN, SET_SHARED, Stops

__all__ = ["stops_of"]

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
#: at one instant: observations, then inputs, then events, then the end
_RANKS = {OBSERVE: 0, SET_SHARED: 1, SET_OWN: 1, END: 3}


class _Rows:
    """Columns of stops, gathered table by table."""

    def __init__(self) -> None:
        self.columns: list[tuple[NDArray[Any], ...]] = []

    def add(self, member: Any, time: Any, kind: int, ref: Any, value: Any = 0.0) -> None:
        """Add stops of one kind."""
        member, time, ref, value = np.broadcast_arrays(member, time, ref, value)
        rank = np.full(member.shape, _RANKS.get(kind, 2))
        kinds = np.full(member.shape, kind)
        self.columns.append(
            tuple(c.ravel() for c in (member, time.astype(float), kinds, ref, value, rank))
        )

    def sorted(self, members: int, data: _Floats) -> Stops:
        """Return the table in order of member, time, rank and entry."""
        member, time, kind, ref, value, rank = (
            np.concatenate(column) for column in zip(*self.columns, strict=True)
        )
        time = _instants(member, time)
        order = np.lexsort((rank, time, member))
        first = np.searchsorted(member[order], np.arange(members + 1))
        return Stops(
            first=first.astype(np.int64),
            time=time[order],
            kind=kind[order].astype(np.int64),
            ref=ref[order].astype(np.int64),
            value=value[order].astype(float),
            data=data,
        )


def _instants(member: _Integers, time: _Floats) -> _Floats:
    """Return the times with those that differ by rounding only made one instant."""
    order = np.lexsort((time, member))
    sorted_time, sorted_member = time[order], member[order]
    near = 1e-12 * np.maximum(1.0, np.abs(sorted_time))
    new = np.ones(time.size, bool)
    new[1:] = (np.diff(sorted_time) > near[1:]) | (np.diff(sorted_member) != 0)
    heads = np.maximum.accumulate(np.where(new, np.arange(time.size), 0))
    result = np.empty_like(time)
    result[order] = sorted_time[heads]
    return result


def stops_of(arrays: Arrays) -> Stops:
    """Return the stops of all members; problems are added to those of the arrays."""
    rows, data, size = _Rows(), [np.zeros(0)], 0
    number = np.arange(arrays.observe_at.shape[1])
    there = ~np.isnan(arrays.observe_at)
    member, place = np.nonzero(there)
    rows.add(member, arrays.observe_at[there], OBSERVE, number[place])
    for table in arrays.batch.holds:
        _add_holds(rows, arrays, table)
    for table_of_events in arrays.batch.events:
        payload = _add_events(rows, arrays, table_of_events, size)
        data.append(payload)
        size += payload.size
    rows.add(np.arange(arrays.members), arrays.horizon, END, 0)
    return rows.sorted(arrays.members, np.concatenate(data))


def _row_members(arrays: Arrays, path: str, members: Any, rows: int) -> _Integers:
    """Return (rows, members or 1): the members to which each row belongs."""
    if members is None:
        return np.broadcast_to(np.arange(arrays.members), (rows, arrays.members))
    found = np.atleast_1d(np.asarray(members))
    if found.shape != (rows,) or not np.issubdtype(found.dtype, np.integer):
        arrays.say(f"{path}.members", f"shape {found.shape}", f"{rows} whole numbers")
        return np.zeros((rows, 1), np.int64)
    if rows and (found.min() < 0 or found.max() >= arrays.members):
        arrays.say(f"{path}.members", f"member {found.max()}", f"0 to {arrays.members - 1}")
        return np.zeros((rows, 1), np.int64)
    return found.astype(np.int64)[:, None]


def _columns(arrays: Arrays, path: str, columns: dict[str, Any]) -> list[_Floats] | None:
    found = []
    for name, values in columns.items():
        column = np.atleast_1d(np.asarray(values, float))
        if column.ndim != 1 or not np.isfinite(column).all():
            arrays.say(f"{path}.{name}", f"shape {column.shape}", "one finite number per row")
            return None
        found.append(column)
    if len({column.size for column in found}) > 1:
        sizes = ", ".join(str(column.size) for column in found)
        arrays.say(path, f"columns of {sizes} rows", "columns of one length")
        return None
    return found


def _add_holds(rows: _Rows, arrays: Arrays, table: Holds) -> None:
    path, system = f"holds {table.name}", arrays.system
    shared = [q.name for q in system.body.inputs]
    own = [q.name for q in system.replicate.inputs] if system.replicate else []
    if table.name not in (*shared, *own):
        known = ", ".join((*shared, *own)) or "no input at all"
        arrays.say(path, "is no input of the system", known, "Rename it.")
        return
    columns = {"starts": table.starts, "ends": table.ends, "values": table.values}
    if table.replicates is not None:
        columns["replicates"] = table.replicates
    found = _columns(arrays, path, columns)
    if found is None:
        return
    starts, ends, values = found[:3]
    if (ends < starts).any():
        arrays.say(path, "an end before its start", "starts <= ends")
    members = _row_members(arrays, path, table.members, starts.size)
    arrays.inside(f"{path}.starts", np.broadcast_to(starts[:, None], members.shape), members)
    arrays.inside(f"{path}.ends", np.broadcast_to(ends[:, None], members.shape), members)
    if table.name in shared:
        offset = len(system.body.parameters) + shared.index(table.name)
        places = np.full(starts.size, offset)
        kind = SET_SHARED
    else:
        replicate = _replicate_of(arrays, path, found[3:], members)
        width = len(system.replicate.parameters) + len(own)  # type: ignore[union-attr]
        offset = width - len(own) + own.index(table.name)
        places, kind = replicate * width + offset, SET_OWN
    for place in np.unique(places):
        chosen = places == place
        _add_steps(rows, kind, int(place), members[chosen], (starts, ends, values), chosen)


def _replicate_of(
    arrays: Arrays, path: str, column: list[_Floats], members: _Integers
) -> _Integers:
    if not column:
        arrays.say(path, "no replicates", "the index of the replicate per row", "Give it.")
        return np.zeros(members.shape[0], np.int64)
    replicate = column[0].astype(np.int64)
    if ((replicate < 0) | (replicate >= arrays.count[members].min(axis=1, initial=2**31))).any():
        arrays.say(path, f"replicate {replicate.max()}", "a replicate that every member has")
        return np.zeros_like(replicate)
    return replicate


def _add_steps(
    rows: _Rows,
    kind: int,
    place: int,
    members: _Integers,
    columns: tuple[_Floats, _Floats, _Floats],
    chosen: NDArray[np.bool_],
) -> None:
    """Add the values of one input at every edge of its holds; exactly zero where none is on."""
    starts, ends, values = (column[chosen] for column in columns)
    shared = (members == members[:1]).all()
    owner = np.zeros(starts.size, np.int64) if shared else members[:, 0]
    owners, edges = np.concatenate([owner, owner]), np.concatenate([starts, ends])
    order = np.lexsort((edges, owners))
    owners, edges = owners[order], edges[order]
    level = np.cumsum(np.concatenate([values, -values])[order])
    on = np.cumsum(np.repeat([1, -1], starts.size)[order])
    last = np.ones(edges.size, bool)  # of the edges at one time of one member
    last[:-1] = (np.diff(edges) > 0.0) | (np.diff(owners) != 0)
    who = members[:1] if shared else owners[last][:, None]
    level = np.where(on > 0, level, 0.0)[last]
    rows.add(who, edges[last][:, None], kind, place, level[:, None])


def _add_events(rows: _Rows, arrays: Arrays, table: Events, size: int) -> _Floats:
    path, system = f"events {table.name}", arrays.system
    names = [event.name for event in system.events]
    if table.name not in names:
        known = ", ".join(names) or "no event at all"
        arrays.say(path, "is no event of the system", known, "Rename it.")
        return np.zeros(0)
    event = system.event(table.name)
    found = _columns(arrays, path, {"times": table.times})
    if found is None:
        return np.zeros(0)
    times = found[0]
    members = _row_members(arrays, path, table.members, times.size)
    arrays.inside(path, np.broadcast_to(times[:, None], members.shape), members)
    number, places = times.size, np.arange(times.size)
    if table.places is not None:
        number = max((len(np.atleast_1d(v)) for v in table.fields.values()), default=0)
        places = _places(arrays, path, table.places, (times.size, number))
    payload = _payload(arrays, path, table, event, number)
    at = size + payload.shape[1] * places
    rows.add(members, times[:, None], names.index(table.name), at[:, None])
    return payload.ravel()


def _places(arrays: Arrays, path: str, places: ArrayLike, shape: tuple[int, int]) -> _Integers:
    """Return the row of the fields for each event; ``shape`` is how many events and rows are."""
    found, (events, rows) = np.asarray(places), shape
    if found.shape != (events,) or not np.issubdtype(found.dtype, np.integer):
        arrays.say(f"{path}.places", f"shape {found.shape}", f"{events} whole numbers")
        return np.zeros(events, np.int64)
    if events and (found.min() < 0 or found.max() >= rows):
        arrays.say(f"{path}.places", f"row {found.max()}", f"0 to {rows - 1}")
    return found.astype(np.int64)


def _payload(arrays: Arrays, path: str, table: Events, event: Event, rows: int) -> _Floats:
    """Return (rows, numbers): the fields, then the fields of each replicate in turn."""
    shared = [field.name for field in event.fields]
    own = [field.name for field in event.replicate_fields]
    for name in table.fields:
        if name not in (*shared, *own):
            known = ", ".join((*shared, *own)) or "no field"
            arrays.say(f"{path}.{name}", "is no field of the event", known, "Rename it.")
    body, each = np.zeros((rows, len(shared))), np.zeros((rows, arrays.most, len(own)))
    for names, block, shape in ((shared, body, (rows,)), (own, each, (rows, arrays.most))):
        for k, name in enumerate(names):
            if name not in table.fields:
                arrays.say(f"{path}.{name}", "is missing", "one number per row", "Give it.")
                continue
            values = np.asarray(table.fields[name], float)
            if not np.isfinite(values).all():
                arrays.say(f"{path}.{name}", "a number that is not finite", "finite numbers")
            try:
                block[..., k] = np.broadcast_to(values, shape)
            except ValueError:
                arrays.say(f"{path}.{name}", f"shape {values.shape}", f"a shape that fits {shape}")
    return np.concatenate([body, each.reshape(rows, arrays.most * len(own))], axis=1)
