"""The best fit of a case against the same model in diffrax: what the slopes of one point cost.

    PEERS/bin/python benchmarks/inference_diffrax.py kim2021-breast [fong2025-melanoma ..]

PEERS has jax and diffrax beside the dependencies of abscope. The patient is that of the best fit,
the slopes are those of its observables along the directions that the search goes along: dual
numbers through the kernel here, ``jax.jvp`` through the adaptive steps of diffrax there (Tsit5,
1e-3, forward mode, a scan over events and observations, the equations of `engine_diffrax`). Both
use one core. A search is about so many points with slopes as are told; the product is what diffrax
would need for it, without its compilation.
"""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from engine_diffrax import _Jax

from abscope.case.shelf import open_case
from abscope.engine.batch import Batch
from abscope.engine.gradients import _tangent_slopes, gradients
from abscope.engine.simulation import Settings, prepare
from abscope.engine.tables import END, OBSERVE, SET_SHARED
from abscope.infer.case_density import CaseDensity, density_of
from abscope.infer.fit import map_fit
from abscope.infer.tangents import first_members, stacked_points, tangents_of
from abscope.model.run import compiled_core
from abscope.model.system import core_system

__all__ = ["main"]

_RTOL = 1e-3


def _columns(batch: Batch, tangents: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the numbers of the first member and their slopes, stops with fields among them."""
    seeds = partial(_tangent_slopes, tangents=tangents, chosen=slice(0, len(tangents.directions)))
    ready = prepare(compiled_core(), batch, Settings(), slopes=seeds)
    width = len(tangents.directions)
    stops, members, most = ready.stops, ready.members, ready.arrays.most
    here = slice(int(stops.first[0]), int(stops.first[1]))
    events = core_system().events
    size = max(len(e.fields) + most * len(e.replicate_fields) for e in events)
    data = np.concatenate([stops.data.reshape(-1, ready.members.states.shape[2]),
                           np.zeros((size, ready.members.states.shape[2]))])  # fmt: skip
    kind, ref = stops.kind[here], stops.ref[here]
    jumps = (kind >= 0) & (kind < len(events))
    row = data[np.where(jumps, ref, 0)[:, None] + np.arange(size)]
    body = len(core_system().body.states)
    states, q = members.states[0], members.own[0].reshape(most, -1, members.own.shape[2])
    every = {
        "body": states[:body],
        "lesions": states[body:].reshape(most, -1, states.shape[1]).transpose(1, 0, 2),
        "p": members.shared[0],
        "q": q.transpose(1, 0, 2),
        "row": row,
    }
    fixed = {
        "time": stops.time[here], "kind": np.where(kind == END, END, kind), "ref": ref,
        "value": stops.value[here], "start": float(members.start[0]),
        "here": (np.arange(most) < members.count[0]).astype(float),
    }  # fmt: skip
    given = {name: one[..., 0] for name, one in every.items()}
    moved = {name: np.moveaxis(one[..., 1 : 1 + width], -1, 0) for name, one in every.items()}
    return given | {"fixed": fixed}, moved


def _with_diffrax(columns: dict[str, Any], moved: dict[str, Any]) -> tuple[float, float, Any]:
    """Return seconds of the first and of a later call, and volumes with slopes at all stops."""
    import diffrax as dfx
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    model, fixed = _Jax(), columns.pop("fixed")
    control = dfx.PIDController(rtol=_RTOL, atol=1e-2 * _RTOL)
    term, here = dfx.ODETerm(model.rates), jnp.asarray(fixed["here"])
    events = range(len(model.traced.jumps))

    def patient(c: dict[str, Any]) -> Any:
        def onward(carry: Any, stop: Any) -> Any:
            y, p, now = carry
            end = jnp.where(stop["time"] > now, stop["time"], now + 1e-9)
            solved = dfx.diffeqsolve(
                term, dfx.Tsit5(), now, end, jnp.minimum(0.01, end - now), y,
                (p, c["q"], here), saveat=dfx.SaveAt(t1=True), stepsize_controller=control,
                max_steps=100_000, adjoint=dfx.ForwardMode(), throw=False,
            )  # fmt: skip
            moves = stop["time"] > now
            y = jax.tree.map(lambda new, old: jnp.where(moves, new[0], old), solved.ys, y)
            seen = model.seen(y, p, c["q"])
            p = jnp.where(stop["kind"] == SET_SHARED, p.at[stop["ref"]].set(stop["value"]), p)
            for k in events:
                after = model.jumped(y, p, c["q"], stop["row"], number=k)
                y = jax.tree.map(lambda a, b, k=k: jnp.where(stop["kind"] == k, a, b), after, y)
            return (y, p, jnp.where(moves, stop["time"], now)), seen

        stops = {name: jnp.asarray(fixed[name]) for name in ("time", "kind", "ref", "value")}
        start = ((c["body"], c["lesions"]), c["p"], jnp.asarray(fixed["start"]))
        return jax.lax.scan(onward, start, stops | {"row": c["row"]})[1]

    def along(c: dict[str, Any], slopes: dict[str, Any]) -> Any:
        return jax.vmap(lambda one: jax.jvp(patient, (c,), (one,)), out_axes=0)(slopes)

    run = jax.jit(along)
    given = {name: jnp.asarray(one) for name, one in columns.items()}
    slopes = {name: jnp.asarray(one) for name, one in moved.items()}
    seconds = []
    for _ in range(2):
        begin = time.process_time()
        (volumes, _), (slope, _) = jax.block_until_ready(run(given, slopes))
        seconds.append(time.process_time() - begin)
    at = np.flatnonzero(fixed["kind"] == OBSERVE)
    return seconds[0], seconds[1], (np.asarray(volumes)[0, at], np.asarray(slope)[:, at])


class _Counted:
    """A density that counts the points whose slopes are asked for."""

    def __init__(self, density: CaseDensity) -> None:
        self._density, self.points = density, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._density, name)

    def with_curvature(self, z: Any) -> Any:
        """Return what the density does."""
        self.points += len(z)
        return self._density.with_curvature(z)


def compared(name: str) -> str:
    """Return the row of a case."""
    density = density_of(open_case(name).case)
    counted = _Counted(density)
    best = map_fit(counted, seed=1, begin=list(density.starts))  # type: ignore[arg-type]
    begin = time.process_time()
    map_fit(density, seed=1, begin=list(density.starts))
    search = time.process_time() - begin
    subspace = density.subspace
    ready = density.model.prepared(
        stacked_points(subspace.points(best.z[None, :]), subspace.directions)
    )
    batch, tangents = first_members(ready.batch, 1), tangents_of(ready.batch, 1)
    settings = Settings(rtol=_RTOL, n_threads=1)
    gradients(compiled_core(), batch, tangents, settings)
    begin = time.process_time()
    ours = gradients(compiled_core(), batch, tangents, settings)
    mine = time.process_time() - begin
    first, theirs, (volumes, slopes) = _with_diffrax(*_columns(batch, tangents))
    n = int(np.asarray(batch.replicates)[0])
    own = ours.trajectories["volume_ml"][0, :, :n]
    scale = np.abs(ours["volume_ml"][0, :, :n]).max()
    apart = np.abs(np.moveaxis(slopes[:, :, :n], 0, -1) - ours["volume_ml"][0, :, :n]).max()
    return (
        f"| {name} | {len(subspace.directions)} | {counted.points} | {search:.1f} s "
        f"| {1e3 * mine:.1f} ms | {theirs:.2f} s | {first:.0f} s | {theirs / mine:.0f} "
        f"| {theirs * counted.points:.0f} s | {np.abs(volumes[:, :n] / own - 1).max():.1e} "
        f"| {apart / scale:.1e} |"
    )


def main() -> None:
    """Print a Markdown row for every case that is named."""
    columns = (
        "case", "directions", "points", "search here", "a point here", "a point by diffrax",
        "its first call", "ratio", "search by diffrax", "volumes apart", "slopes apart",
    )  # fmt: skip
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name in sys.argv[1:] or ("fong2025-melanoma", "kim2021-breast"):
        print(compared(name), flush=True)


if __name__ == "__main__":
    main()
