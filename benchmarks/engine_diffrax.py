"""The benchmark's patients by diffrax on JAX, for `engine_peers.py`."""

import time
from collections.abc import Callable
from typing import Any

import core_cohort
import numpy as np

from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import Prepared, Settings, prepare
from abscope.engine.tables import END, OBSERVE, SET_SHARED

__all__ = ["diffrax"]


def _on_jax(parts: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Return the values of nodes of an algebra on JAX arrays."""
    import jax.numpy as jnp

    known: dict[Any, Any] = {}
    functions: dict[str, Callable[..., Any]] = {
        "plus": lambda x, y: x + y,
        "minus": lambda x, y: x - y,
        "times": lambda x, y: x * y,
        "inverse": lambda x: 1.0 / x,
        "exp": jnp.exp,
        "log": jnp.log,
        "maximum": jnp.maximum,
        "minimum": jnp.minimum,
        "step": lambda x: jnp.where(x > 0.0, 1.0, 0.0),
        "power": lambda x, e: jnp.where(x > 0.0, jnp.maximum(x, 1e-300) ** e, 0.0),
    }

    def value(node: Any) -> Any:
        if node.kind == "number":
            return node.number
        if node.kind == "symbol":
            return names[str(node)]
        if node not in known:
            known[node] = functions[node.kind](*(value(item) for item in node.args))
        return known[node]

    return {name: value(node) for name, node in parts.items()}


class _Jax:
    """The core model on JAX: rates and jumps of one patient; y is (body, lesions by state)."""

    def __init__(self) -> None:
        from abscope.engine.algebra import Algebra
        from abscope.engine.trace import trace

        algebra = Algebra()
        self.traced = trace(
            core_cohort.system(),
            lambda name, fixed: algebra.symbol(name, fixed=fixed),
            algebra.lift,
        )

    def names(self, y: Any, p: Any, q: Any) -> dict[str, Any]:
        """Return what the symbols stand for."""
        traced = self.traced
        columns = (
            (traced.states, y[0]), (traced.replicate_states, y[1]), (traced.shared, p),
            (traced.own, q),
        )  # fmt: skip
        return {
            str(symbol): values[k]
            for symbols, values in columns
            for k, symbol in enumerate(symbols.values())
        }

    def rates(self, _t: Any, y: Any, given: Any) -> Any:
        """Return the rates."""
        import jax.numpy as jnp

        p, q, here = given
        traced, names = self.traced, self.names(y, p, q)
        own = _on_jax({**traced.replicate_rates, **traced.shed}, names)
        for name, symbol in traced.totals.items():
            names[str(symbol)] = jnp.sum(here * own[name])
        body = _on_jax(traced.rates, names)
        lesions = [jnp.broadcast_to(own[name], here.shape) for name in traced.replicate_states]
        return jnp.stack([body[name] for name in traced.states]), here * jnp.stack(lesions)

    def seen(self, y: Any, p: Any, q: Any) -> Any:
        """Return the volumes of the lesions and the lymphocytes in blood."""
        traced, names = self.traced, self.names(y, p, q)
        own = _on_jax({"": traced.replicate_observables[core_cohort.OWN]}, names)
        return own[""], _on_jax({"": traced.observables[core_cohort.BODY]}, names)[""]

    def jumped(self, y: Any, p: Any, q: Any, row: Any, *, number: int = 0) -> Any:
        """Return the states after an event, the first by default, whose fields begin a row."""
        import jax.numpy as jnp

        traced, jump = self.traced, self.traced.jumps[number]
        names, most = self.names(y, p, q), y[1].shape[1]
        first, count = len(jump.fields), len(jump.replicate_fields)
        names |= {str(s): row[k] for k, s in enumerate(jump.fields.values())}
        table = row[first : first + count * most].reshape(most, count)
        names |= {str(s): table[:, k] for k, s in enumerate(jump.replicate_fields.values())}
        body, own = _on_jax(jump.body, names), _on_jax(jump.replicate, names)
        new = [body.get(name, y[0][k]) for k, name in enumerate(traced.states)]
        lesions = [
            jnp.broadcast_to(own.get(name, y[1][k]), (most,))
            for k, name in enumerate(traced.replicate_states)
        ]
        return jnp.stack(new), jnp.stack(lesions)


def _columns(ready: Prepared) -> dict[str, np.ndarray]:
    """Return the stops of every patient in columns of one length, fields of events among them."""
    stops, members = ready.stops, ready.arrays.members
    counts = np.diff(stops.first)
    width = int(counts.max())
    place = stops.first[:-1, None] + np.minimum(np.arange(width), counts[:, None] - 1)
    there = np.arange(width) < counts[:, None]
    event = core_cohort.system().events[0]
    size = len(event.fields) + len(event.replicate_fields) * ready.arrays.most
    ref, kind = stops.ref[place], np.where(there, stops.kind[place], END)
    rows = np.where(kind == 0, ref, 0)[..., None] + np.arange(size)
    most, body = ready.arrays.most, len(core_cohort.system().body.states)
    states = ready.members.states[:, :, 0]
    return {
        "time": stops.time[place], "kind": kind, "ref": ref, "value": stops.value[place],
        "row": stops.data[rows], "body": states[:, :body],
        "lesions": states[:, body:].reshape(members, most, -1).transpose(0, 2, 1),
        "p": ready.members.shared[:, :, 0],
        "q": ready.members.own[:, :, 0].reshape(members, most, -1).transpose(0, 2, 1),
        "here": (np.arange(most) < ready.members.count[:, None]).astype(float),
    }  # fmt: skip


def diffrax(batch: Batch, rtol: float) -> tuple[float, float, Any]:
    """Run diffrax (Tsit5, vmap over patients, a scan over the stops) in double precision."""
    import diffrax as dfx
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    ready = prepare(compile_system(core_cohort.system()), batch, Settings())
    model, columns = _Jax(), _columns(ready)
    term = dfx.ODETerm(model.rates)
    control = dfx.PIDController(rtol=rtol, atol=1e-2 * rtol)

    def patient(c: Any) -> Any:
        def onward(carry: Any, stop: Any) -> Any:
            y, p, now = carry
            end = jnp.where(stop["time"] > now, stop["time"], now + 1e-9)
            solved = dfx.diffeqsolve(
                term, dfx.Tsit5(), now, end, jnp.minimum(0.01, end - now), y,
                (p, c["q"], c["here"]), saveat=dfx.SaveAt(t1=True), stepsize_controller=control,
                max_steps=100_000, adjoint=dfx.ForwardMode(), throw=False,
            )  # fmt: skip
            moved = stop["time"] > now
            y = jax.tree.map(lambda new, old: jnp.where(moved, new[0], old), solved.ys, y)
            seen = model.seen(y, p, c["q"])
            p = jnp.where(stop["kind"] == SET_SHARED, p.at[stop["ref"]].set(stop["value"]), p)
            after = model.jumped(y, p, c["q"], stop["row"])
            y = jax.tree.map(lambda new, old: jnp.where(stop["kind"] == 0, new, old), after, y)
            return (y, p, jnp.where(moved, stop["time"], now)), seen

        stops = {name: c[name] for name in ("time", "kind", "ref", "value", "row")}
        start = ((c["body"], c["lesions"]), c["p"], jnp.asarray(0.0))
        return jax.lax.scan(onward, start, stops)[1]

    run = jax.jit(jax.vmap(patient))
    given = {name: jnp.asarray(column) for name, column in columns.items()}
    begin = time.process_time()
    jax.block_until_ready(run(given))
    first = time.process_time() - begin
    begin = time.process_time()
    own, body = (np.asarray(part) for part in jax.block_until_ready(run(given)))
    seconds, found = time.process_time() - begin, core_cohort.empty(batch)
    for b in range(batch.members):
        n = int(np.asarray(batch.replicates)[b])
        for k in np.flatnonzero(columns["kind"][b] == OBSERVE):
            found[core_cohort.OWN][b, columns["ref"][b, k], :n] = own[b, k, :n]
            found[core_cohort.BODY][b, columns["ref"][b, k]] = body[b, k]
    return first, seconds, found
