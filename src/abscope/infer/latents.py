"""Which of the quantities that a record does not tell move a simulation smoothly, and their words.

A quantity that moves the days of fractions or the start, or that is a choice (a version, a target
or not, a number of lesions), has no slope that a gradient could use; the others have.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch
from abscope.infer.case_model import CaseModel
from abscope.infer.posterior import Latent
from abscope.infer.tangents import STEP, stacked_points
from abscope.model.values import core_values

__all__ = ["choice_names", "latent_of", "smooth_names"]

#: A slope above this many times the number itself is a jump.
_JUMP = 1e3
_PARTS = {
    "growth": "growth rate", "alpha": "radiosensitivity alpha", "alpha_beta": "alpha/beta",
    "match": "antigen match", "reader": "error of the reader at the start", "axes": "shape",
    "size": "diameter at the start", "volume": "volume at the start", "site": "site",
    "count": "number of lesions", "other axis": "second axis at the start",
}  # fmt: skip
_WHOLE = {
    "growth": "growth rate of all lesions", "alpha": "radiosensitivity alpha of all lesions",
    "alpha/beta": "alpha/beta of all lesions", "count before": "true count before the start",
    "lymphocytes before": "lymphocytes before the start", "start": "day of the first scan",
    "dose scale": "dose of blood and lymphoid tissue", "weight": "body weight",
    "beam-on time": "time that the beam is on", "weekday of day zero": "weekday of day zero",
}  # fmt: skip


def latent_of(name: str) -> Latent:
    """Return the quantity of a name in words, with the lesion that it is of."""
    if name in _WHOLE:
        return Latent(name=name, meaning=_WHOLE[name])
    if name.startswith("parameter "):
        entry = core_values().get(name.removeprefix("parameter "))
        note = entry.note.split(".")[0] if entry is not None else name
        return Latent(name=name, meaning=note)
    member, _, rest = name.partition(" ")
    words = next((text for end, text in _PARTS.items() if rest == end), None)
    if re.fullmatch(r"[\w-]+\.\d+", member):
        lesion = member.partition(".")[0]
        if words is None:
            phase, _, what = rest.rpartition(" ")
            words = {
                "bath": f"dose from {phase}, outside its target", "part": f"share inside {phase}",
                "mean": f"mean dose of {phase}", "core": f"share in the core of {phase}",
            }.get(what, f"{what} of {phase}")  # fmt: skip
        return Latent(name=name, meaning=f"{words} of {member}", lesion=lesion)
    if words is not None:
        return Latent(name=name, meaning=f"{words} of {member}", lesion=member)
    phase, _, what = name.rpartition(" ")
    return Latent(name=name, meaning=f"{what} of {phase}" if phase else what)


def smooth_names(model: CaseModel, z: Floats) -> NDArray[np.bool_]:
    """Return which quantities move the numbers of a simulation, and neither times nor choices.

    ``z`` (names,) is the point at which they are tried.
    """
    number = len(model.names)
    batch = model.prepared(stacked_points(z[None, :], np.eye(number))).batch
    moved = _relative(_numbers(batch, number + 1))
    timed = _relative(_times(batch, number + 1))
    return np.asarray((moved > 0.0) & (moved < _JUMP * STEP) & (timed == 0.0))


def choice_names(model: CaseModel, z: Floats, smooth: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the places of the quantities that are not smooth, nor without any effect at all."""
    others = np.flatnonzero(~smooth)
    points = np.repeat(z[None, :], 2 * len(others), axis=0)
    for k, place in enumerate(others):
        points[2 * k : 2 * k + 2, place] = (-1.0, 1.0)
    if not len(others):
        return others
    batch = model.prepared(points).batch
    pairs = [_signature(batch, k) for k in range(len(points))]
    kept = [place for k, place in enumerate(others) if pairs[2 * k] != pairs[2 * k + 1]]
    return np.asarray(kept, np.int64)


def _numbers(batch: Batch, members: int) -> list[Floats]:
    """Return the numbers of a batch, each with the members first."""
    out: list[Floats] = []
    for table in (batch.parameters, batch.own, batch.initial, batch.replicate_initial):
        out += [_wide(values, members) for values in table.values()]
    for events in batch.events:
        rows = np.argsort(np.asarray(events.members), kind="stable")
        if len(rows) % members == 0:
            out += [np.asarray(v, float)[rows].reshape(members, -1) for v in events.fields.values()]
    return out


def _times(batch: Batch, members: int) -> list[Floats]:
    out = [_wide(x, members) for x in (batch.start, batch.replicates, batch.observe_at)]
    for table in (*batch.events, *batch.holds):
        rows = np.argsort(np.asarray(table.members), kind="stable")
        same = len(rows) % members == 0
        for column in _columns(table):
            values = np.asarray(column, float)[rows]
            out.append(values.reshape(members, -1) if same else _counts(table, members))
    return out


def _columns(table: Any) -> list[Any]:
    times = getattr(table, "times", None)
    return [table.starts, table.ends, table.values] if times is None else [times]


def _counts(table: Any, members: int) -> Floats:
    return np.bincount(np.asarray(table.members), minlength=members)[:, None].astype(float)


def _wide(values: Any, members: int) -> Floats:
    found = np.asarray(values, float)
    if found.ndim == 0 or found.shape[0] != members:
        return np.zeros((members, 1))
    return found.reshape(members, -1)


def _relative(columns: list[Floats]) -> Floats:
    """Return for each member after the first the largest relative change from the first."""
    largest = np.zeros(columns[0].shape[0])
    for values in columns:
        scale = np.maximum(np.abs(values[0]), 1e-12)
        change = np.abs(values - values[0]) / scale
        largest = np.maximum(largest, np.nan_to_num(change, posinf=1e9).max(axis=1, initial=0.0))
    return largest[1:]


def _signature(batch: Batch, member: int) -> bytes:
    """Return the numbers of one member, to see whether two members are alike."""
    parts = []
    tables = (batch.parameters, batch.own, batch.initial, batch.replicate_initial)
    for table in tables:
        parts += [_one(values, member, batch.members) for values in table.values()]
    parts += [_one(x, member, batch.members) for x in (batch.start, batch.observe_at)]
    for events in (*batch.events, *batch.holds):
        mine = np.asarray(events.members) == member
        parts += [np.asarray(x, float)[mine].tobytes() for x in _columns(events)]
        parts += [np.asarray(x, float)[mine].tobytes()
                  for x in getattr(events, "fields", {}).values()]  # fmt: skip
    return b"|".join(parts)


def _one(values: Any, member: int, members: int) -> bytes:
    found = np.asarray(values, float)
    whole = found.ndim > 0 and found.shape[0] == members
    return (found[member] if whole else found).tobytes()
