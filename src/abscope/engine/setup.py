"""A batch becomes the arrays of a kernel; what cannot run is said here, before anything runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch
from abscope.engine.declaration import Parameter, State, System
from abscope.errors import Problem

__all__ = ["Arrays", "arrays_of"]

_Floats = NDArray[np.float64]


class Arrays:
    """The numbers of a batch by member, checked; ``problems`` says what cannot run."""

    def __init__(self, system: System, batch: Batch) -> None:
        self.system, self.batch = system, batch
        self.problems: list[Problem] = []
        self.members = int(batch.members)
        if self.members < 1:
            self.say("members", f"{batch.members} members", "at least 1")
            self.members = 1
        self.start = self._column("start", batch.start)
        self.horizon = self._column("horizon", batch.horizon)
        self.count = self._counts()
        self.most = int(self.count.max(initial=0))
        self.observe_at = self._observations()
        self._check_times()

    def say(self, path: str, what: str, expected: str, action: str = "Correct it.") -> None:
        """Keep a problem of this batch."""
        self.problems.append(Problem(f"batch of {self.system.name}", what, expected, action, path))

    def _column(self, path: str, value: Any) -> _Floats:
        found = self._shaped(path, value, (self.members,))
        bad = ~np.isfinite(found)
        if bad.any():
            b = int(np.flatnonzero(bad)[0])
            self.say(path, f"{found[b]:g} in member {b}", "finite numbers")
            found = np.where(bad, 0.0, found)
        return found

    def _shaped(self, path: str, value: Any, shape: tuple[int, ...]) -> _Floats:
        """Return the value in a shape: one number, one per member, or the whole."""
        try:
            array = np.asarray(value, float)
        except (TypeError, ValueError):
            self.say(path, f"{type(value).__name__} where numbers belong", f"an array {shape}")
            return np.zeros(shape)
        if array.ndim == 1 and len(shape) == 2 and array.shape == (shape[0],):
            array = array[:, None]
        if array.shape == shape:
            return array.copy()
        try:
            return np.array(np.broadcast_to(array, shape))
        except ValueError:
            self.say(path, f"shape {array.shape}", f"a shape that fits {shape}")
            return np.zeros(shape)

    def _counts(self) -> NDArray[np.int64]:
        found = self._column("replicates", self.batch.replicates)
        whole = found.astype(np.int64)
        if (whole != found).any() or (whole < 0).any():
            self.say("replicates", "a count that is no whole number from 0", "whole numbers")
            whole = np.abs(whole)
        if self.system.replicate is None and whole.any():
            self.say("replicates", f"{whole.max()} in a system without replicates", "0")
            whole = np.zeros_like(whole)
        return whole

    def _observations(self) -> _Floats:
        times = np.asarray(self.batch.observe_at, float)
        if times.ndim not in (1, 2):
            self.say("observe_at", f"shape {times.shape}", "(times,) or (members, times)")
            times = np.zeros(0)
        times = np.atleast_2d(times)  # one row of times is for all members, however many they are
        return self._shaped("observe_at", times, (self.members, times.shape[-1]))

    def _check_times(self) -> None:
        if (self.horizon < self.start).any():
            b = int(np.flatnonzero(self.horizon < self.start)[0])
            self.say("horizon", f"{self.horizon[b]:g} in member {b}", f"from {self.start[b]:g} on")
        times = self.observe_at
        if np.isinf(times).any():
            self.say("observe_at", "an infinite time", "finite times, NaN after the last")
        gaps = np.isnan(times)
        if (gaps[:, :-1] & ~gaps[:, 1:]).any():
            self.say("observe_at", "NaN before a time", "NaN only after the last time of a member")
        self.inside("observe_at", times, np.arange(self.members)[:, None])
        with np.errstate(invalid="ignore"):
            if (np.diff(times, axis=1) < 0).any():
                self.say("observe_at", "times that go back", "times in ascending order")

    def inside(self, path: str, times: _Floats, members: NDArray[np.int64]) -> None:
        """Say which times are before the start or after the horizon of their member."""
        members = np.broadcast_to(members, times.shape)
        for bad, expected in (
            (times < self.start[members], "a time from the start on"),
            (times > self.horizon[members], "a time up to the horizon"),
        ):
            if bad.any():
                at = tuple(int(index[0]) for index in np.nonzero(bad))
                what = f"time {times[at]:g} in member {members[at]} ({int(bad.sum())} such times)"
                self.say(path, what, expected)

    def numbers(
        self,
        path: str,
        given: Mapping[str, Any],
        declared: Sequence[Parameter | State],
        *,
        own: bool = False,
    ) -> _Floats:
        """Return (members, names) or (members, replicates, names), every name with its number."""
        shape = (self.members, self.most) if own else (self.members,)
        found = np.zeros((*shape, len(declared)))
        there = np.arange(self.most) < self.count[:, None] if own else np.ones(shape, bool)
        names = [quantity.name for quantity in declared]
        for name in given:
            if name not in names:
                known = ", ".join(names) or "no name"
                self.say(f"{path}.{name}", "is not declared", known, "Rename or remove it.")
        for k, quantity in enumerate(declared):
            place = f"{path}.{quantity.name}"
            if quantity.name not in given:
                if there.any():
                    self.say(place, "is missing", f"a number in {quantity.unit}", "Give it.")
                continue
            found[..., k] = self._shaped(place, given[quantity.name], shape)
        there = there[..., None] & np.array([name in given for name in names], bool)
        self._check_bounds(path, found, there, declared)
        return found

    def _check_bounds(
        self,
        path: str,
        found: _Floats,
        there: NDArray[np.bool_],
        declared: Sequence[Parameter | State],
    ) -> None:
        """Say which quantities have a number that is not finite or outside of their bounds."""
        bounds = [_bounds(quantity) for quantity in declared]
        lows, highs = np.array(bounds).reshape(-1, 2).T
        every = there & ~((found >= lows) & (found <= highs) & np.isfinite(found))
        for k in np.flatnonzero(every.any(axis=tuple(range(found.ndim - 1)))).tolist():
            quantity, bad, (low, high) = declared[k], every[..., k], bounds[k]
            at = tuple(int(index[0]) for index in np.nonzero(bad))
            who = f"member {at[0]}" + (f", replicate {at[1]}" if len(at) > 1 else "")
            what = f"{found[..., k][at]:g} {quantity.unit} in {who} ({int(bad.sum())} such values)"
            limits = "a finite number" + (f" from {low:g}" if np.isfinite(low) else "")
            limits += f" to {high:g}" if np.isfinite(high) else ""
            self.say(f"{path}.{quantity.name}", what, limits)


def _bounds(quantity: Parameter | State) -> tuple[float, float]:
    if isinstance(quantity, Parameter):
        return quantity.low, quantity.high
    return (0.0 if quantity.nonnegative else -np.inf), np.inf


def arrays_of(system: System, batch: Batch) -> tuple[Arrays, _Floats, _Floats, _Floats]:
    """Return the checked numbers and the rows of states, shared and own parameters by member.

    Replicates that a member does not have are copies of its first (of another member's where it has
    none); inputs start at zero.
    """
    arrays = Arrays(system, batch)
    body, replicate = system.body, system.replicate
    members, most = arrays.members, arrays.most
    states = arrays.numbers("initial", batch.initial, body.states)
    shared = arrays.numbers("parameters", batch.parameters, body.parameters)
    shared = np.concatenate([shared, np.zeros((members, len(body.inputs)))], axis=1)
    declared = replicate.parameters if replicate else ()
    own = arrays.numbers("own", batch.own, declared, own=True)
    inputs = np.zeros((members, most, len(replicate.inputs) if replicate else 0))
    own = np.concatenate([own, inputs], axis=2)
    declared_states = replicate.states if replicate else ()
    begin = arrays.numbers("replicate_initial", batch.replicate_initial, declared_states, own=True)
    for table in (own, begin):
        _pad(table, arrays.count)
    rows = np.concatenate([states, begin.reshape(members, -1)], axis=1)
    return arrays, rows, shared, own.reshape(members, -1)


def _pad(table: _Floats, count: NDArray[np.int64]) -> None:
    if not count.any():
        return
    donor = np.where(count > 0, np.arange(count.size), int(np.flatnonzero(count)[0]))
    absent = np.arange(table.shape[1]) >= count[:, None]
    table[absent] = table[donor, 0][np.nonzero(absent)[0]]
