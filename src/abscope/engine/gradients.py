"""Derivatives of the observables along parameters and initial values, exact for the computed steps.

A direction is named: ``k`` (a shared parameter, or an own one of all replicates together),
``growth[2]`` (of replicate 2), ``x`` or ``v[0]`` (an initial value). Sixteen directions are carried
at a time; more are more passes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.engine.batch import Batch
from abscope.engine.compiling import DIRECTIONS, Compiled
from abscope.engine.setup import Arrays
from abscope.engine.simulation import (
    Settings,
    Trajectories,
    prepare,
    run_kernel,
    trajectories_of,
)
from abscope.engine.tables import Results
from abscope.errors import EngineError, Problem

__all__ = ["Gradients", "Measured", "Residuals", "gradients", "residuals"]

_Floats = NDArray[np.float64]
_DIRECTION = re.compile(r"^(\w+)(?:\[(\d+)\])?$")


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
    compiled: Compiled, batch: Batch, directions: Sequence[str], settings: Settings | None = None
) -> Gradients:
    """Return trajectories with the slopes of the observables along the directions.

    The derivative is that of the numerical solution with its steps fixed, so it differs from the
    exact one by the tolerance. Raises EngineError as ``simulate`` does, and for a direction that
    names nothing.
    """
    settings = settings or Settings()
    parts: list[tuple[Results, int]] = []
    names = list(directions)
    if not names:
        raise EngineError(
            Problem("directions", "none", "at least one", "Name a parameter or an initial value.")
        )
    for first in range(0, len(names), DIRECTIONS):
        some = names[first : first + DIRECTIONS]
        ready = prepare(compiled, batch, settings, slopes=partial(_slopes, names=some))
        parts.append((run_kernel(compiled.kernel(slopes=True), ready, settings), len(some)))
    slopes: dict[str, _Floats] = {}
    system = compiled.system
    own = system.replicate.observables if system.replicate else ()
    for k, observable in enumerate(system.body.observables):
        found = [r.observed[:, :, k, 1 : 1 + n] for r, n in parts]
        slopes[observable.name] = np.concatenate(found, axis=-1)
    for k, observable in enumerate(own):
        found = [r.own_observed[:, :, :, k, 1 : 1 + n] for r, n in parts]
        slopes[observable.name] = np.concatenate(found, axis=-1)
    return Gradients(trajectories_of(ready, parts[0][0]), tuple(names), slopes)


def _slopes(arrays: Arrays, names: list[str]) -> tuple[_Floats, _Floats, _Floats]:
    """Return the seeds (1, rows, directions) of states, shared and own parameters."""
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
    return seeds


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
