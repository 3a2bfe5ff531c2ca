"""A case by diffrax on JAX, for `inference_diffrax.py`: what is seen, and its slopes, of points.

The equations are those of `engine_diffrax`, the slopes are ``jax.jvp`` through the adaptive steps
(forward mode, a scan over events and observations), and everything ahead of the integration, from
the record to the tables of events with their slopes, is that of abscope.
"""

import time
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from engine_diffrax import _Jax, _on_jax

from abscope.case.record import Case
from abscope.engine.batch import Batch
from abscope.engine.gradients import Tangents, _tangent_slopes
from abscope.engine.simulation import Settings, prepare
from abscope.engine.tables import END, OBSERVE, SET_SHARED
from abscope.infer.case_model import CaseModel, FitOptions, _computed
from abscope.infer.computed import Computed
from abscope.infer.tangents import first_members, stacked_points, tangents_of
from abscope.infer.visits import CaseData
from abscope.model.run import compiled_core
from abscope.model.system import core_system

__all__ = ["LESIONS", "ByDiffrax", "OnDiffrax", "in_diffrax"]

#: What the data of a case are compared with, in the body and of each lesion.
BODY = ("alc_per_ul", "pd1_mg_per_l", "ctla4_mg_per_l")
LESIONS = ("volume_ml", "viable_ml")
#: Stops are filled up to a multiple of this, so that few shapes are compiled.
_STOPS = 16


class OnDiffrax:
    """Patients by diffrax with a method, a tolerance and a longest step in days, or none.

    Processor time of what is compiled (``compiling_s``) is told apart.
    """

    def __init__(self, solver: str, rtol: float, longest_d: float | None = None) -> None:
        import diffrax as dfx
        import jax

        jax.config.update("jax_enable_x64", True)
        self.solver = getattr(dfx, solver)()
        self.control = dfx.PIDController(rtol=rtol, atol=1e-2 * rtol, dtmax=longest_d)
        self.model = _Jax()
        self.compiling_s, self.running_s, self.points, self.steps = 0.0, 0.0, 0, 0
        self._compiled: dict[Any, Any] = {}

    def __call__(
        self, batch: Batch, tangents: Tangents | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return observables (points, times[, lesions]) and their slopes, directions last."""
        points, moves = columns_of(batch, tangents)
        values, slopes = [], []
        for given, moved in zip(points, moves, strict=True):
            value, slope = self._point(given, moved)
            values.append(value)
            slopes.append(slope)
        self.points += len(values)
        names = (*BODY, *LESIONS)
        stacked = {name: np.stack([one[name] for one in values]) for name in names}
        if tangents is None:
            return stacked, {}
        width = len(tangents.directions)
        return stacked, {
            name: np.stack([np.moveaxis(one[name], 0, -1)[..., :width] for one in slopes])
            for name in names
        }

    def _point(self, given: dict[str, Any], moved: dict[str, Any]) -> tuple[Any, Any]:
        import jax

        key = tuple(one.shape for one in (*given.values(), *moved.values()))
        begin = time.process_time()
        if key not in self._compiled:
            whole = self._along if moved else self._alone
            self._compiled[key] = jax.jit(whole).lower(given, moved).compile()
            self.compiling_s += time.process_time() - begin
            begin = time.process_time()
        (seen, steps), slopes = jax.device_get(self._compiled[key](given, moved))
        self.running_s += time.process_time() - begin
        self.steps += int(steps.sum())
        here = given["kind"] == OBSERVE
        ref = given["ref"][here]
        value, slope = {}, {}
        for name, found in seen.items():
            value[name] = np.zeros((ref.size, *found.shape[1:]))
            value[name][ref] = found[here]
            if moved:
                slope[name] = np.zeros((len(slopes[name]), ref.size, *found.shape[1:]))
                slope[name][:, ref] = slopes[name][:, here]
        return value, slope

    def _alone(self, given: dict[str, Any], _moved: dict[str, Any]) -> Any:
        return self._patient(given), {}

    def _along(self, given: dict[str, Any], moved: dict[str, Any]) -> Any:
        import jax

        free = {name: given[name] for name in moved}

        def patient(part: dict[str, Any]) -> Any:
            return self._patient({**given, **part})

        def one(slope: dict[str, Any]) -> Any:
            found, (slopes, _) = jax.jvp(patient, (free,), (slope,))
            return found, slopes

        return jax.vmap(one, out_axes=(None, 0))(moved)

    def _patient(self, c: dict[str, Any]) -> Any:
        """Return what is seen at every stop, and the steps between them."""
        import diffrax as dfx
        import jax
        import jax.numpy as jnp

        model, term = self.model, dfx.ODETerm(self.model.rates)

        def onward(carry: Any, stop: Any) -> Any:
            y, p, now = carry
            end = jnp.where(stop["time"] > now, stop["time"], now + 1e-9)
            solved = dfx.diffeqsolve(
                term, self.solver, now, end, jnp.minimum(0.01, end - now), y,
                (p, c["q"], c["here"]), saveat=dfx.SaveAt(t1=True),
                stepsize_controller=self.control,
                max_steps=100_000, adjoint=dfx.ForwardMode(), throw=False,
            )  # fmt: skip
            moves = stop["time"] > now
            y = jax.tree.map(lambda new, old: jnp.where(moves, new[0], old), solved.ys, y)
            seen = self._seen(y, p, c["q"])
            p = jnp.where(stop["kind"] == SET_SHARED, p.at[stop["ref"]].set(stop["value"]), p)
            for k in range(len(model.traced.jumps)):
                after = model.jumped(y, p, c["q"], stop["row"], number=k)
                y = jax.tree.map(lambda a, b, k=k: jnp.where(stop["kind"] == k, a, b), after, y)
            now = jnp.where(moves, stop["time"], now)
            return (y, p, now), (seen, jnp.where(moves, solved.stats["num_steps"], 0))

        stops = {name: c[name] for name in ("time", "kind", "ref", "value", "row")}
        start = ((c["body"], c["lesions"]), c["p"], c["start"])
        return jax.lax.scan(onward, start, stops)[1]

    def _seen(self, y: Any, p: Any, q: Any) -> dict[str, Any]:
        traced, names = self.model.traced, self.model.names(y, p, q)
        own = _on_jax({name: traced.replicate_observables[name] for name in LESIONS}, names)
        return {**own, **_on_jax({name: traced.observables[name] for name in BODY}, names)}


def columns_of(batch: Batch, tangents: Tangents | None) -> tuple[list[Any], list[Any]]:
    """Return the numbers of every member, and their slopes (directions first), as diffrax has them.

    A member has its states, parameters, fields of events and, as many for all, its stops.
    """
    slopes = None
    if tangents is not None:
        chosen = slice(0, len(tangents.directions))
        slopes = partial(_tangent_slopes, tangents=tangents, chosen=chosen)
    ready = prepare(compiled_core(), batch, Settings(), slopes=slopes)
    stops, members, most = ready.stops, ready.members, ready.arrays.most
    width = members.states.shape[2]
    events, body = core_system().events, len(core_system().body.states)
    size = max(len(e.fields) + most * len(e.replicate_fields) for e in events)
    data = np.concatenate([np.reshape(stops.data, (-1, width)), np.zeros((size, width))])
    long = _STOPS * -(-int(np.diff(stops.first).max()) // _STOPS)
    points, moves = [], []
    for b in range(batch.members):
        at = slice(int(stops.first[b]), int(stops.first[b + 1]))
        rest = long - (at.stop - at.start)
        kind = np.pad(stops.kind[at], (0, rest), constant_values=END)
        ref = np.pad(stops.ref[at], (0, rest))
        jumps = (kind >= 0) & (kind < len(events))
        states = members.states[b]
        every = {
            "body": states[:body],
            "lesions": states[body:].reshape(most, -1, width).transpose(1, 0, 2),
            "p": members.shared[b],
            "q": members.own[b].reshape(most, -1, width).transpose(1, 0, 2),
            "row": data[np.where(jumps, ref, 0)[:, None] + np.arange(size)],
        }
        points.append({
            "time": np.pad(stops.time[at], (0, rest), mode="edge"), "kind": kind, "ref": ref,
            "value": np.pad(stops.value[at], (0, rest)), "start": np.float64(members.start[b]),
            "here": (np.arange(most) < members.count[b]).astype(float),
            **{name: np.ascontiguousarray(one[..., 0]) for name, one in every.items()},
        })  # fmt: skip
        moves.append({
            name: np.ascontiguousarray(np.moveaxis(one[..., 1 : 1 + chosen.stop], -1, 0))
            for name, one in every.items()
        } if slopes else {})  # fmt: skip
    return points, moves


class ByDiffrax(CaseModel):
    """A case whose points are computed by diffrax."""

    def __init__(self, case: Case, options: FitOptions, data: CaseData, *, by: OnDiffrax) -> None:
        super().__init__(case, options, data)
        self.by = by

    def computed(self, z: Any) -> Computed:
        """Return what the model computes at points z (n, names)."""
        ready = self.prepared(z)
        values, _ = self.by(ready.batch, None)
        return _computed(_whole(values), values, ready.places, ready.members, None)

    def computed_along(self, z: Any, directions: Any) -> Computed:
        """Return the same with the slopes along directions (directions, names)."""
        n = len(z)
        ready = self.prepared(stacked_points(z, directions))
        tangents = tangents_of(ready.batch, n)
        values, slopes = self.by(first_members(ready.batch, n), tangents)
        members = {name: mine.at_points(n) for name, mine in ready.members.items()}
        return _computed(_whole(values), values, ready.places[:n], members, slopes)


def _whole(values: dict[str, Any]) -> Any:
    return np.logical_and.reduce([np.isfinite(values[name]).all(axis=1) for name in BODY])


def in_diffrax(density: Any, by: OnDiffrax) -> Any:
    """Return the density of a case with the same coordinates and starts, computed by diffrax."""
    model = density.model
    return replace(density, model=ByDiffrax(model.case, model.options, model.data, by=by))
