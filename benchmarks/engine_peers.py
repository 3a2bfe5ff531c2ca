"""One peer of the engine on the benchmark's patients: seconds on the processor, and its numbers.

    PEERS/bin/python benchmarks/engine_peers.py PEER MEMBERS RTOL OUT.npz

PEER is lsoda, cvode, roadrunner, amici or diffrax. `engine.py` calls this with the Python that has
the peer installed. The equations are those of the core model: compiled by Numba for LSODA and
CVODE, on JAX for diffrax, as SBML for libRoadRunner and AMICI. What a peer compiles or loads before
its first run is told apart from the run ("begin").
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import core_cohort

from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import Prepared, Settings, prepare
from abscope.engine.tables import END, OBSERVE, SET_SHARED

__all__ = ["PEERS", "main"]

#: what is compared: of each lesion, of the patient
_OWN, _BODY = "volume_ml", "alc_per_ul"
_Advance = Callable[[Any, np.ndarray, float, float, tuple[Any, ...]], np.ndarray]


def _empty(batch: Batch) -> dict[str, np.ndarray]:
    n, times = batch.members, np.asarray(batch.observe_at).shape[-1]
    most = int(np.max(batch.replicates))
    return {_OWN: np.full((n, times, most), np.nan), _BODY: np.full((n, times), np.nan)}


def _segments(batch: Batch, rtol: float, advance: _Advance) -> tuple[float, float, Any]:
    """Return the times and numbers of a solver that is started anew after each stop."""
    import numba as nb

    compiled = compile_system(core_cohort.system(), lanes=1, method="tsit5")
    kernel, ready = compiled.kernel(), prepare(compiled, batch, Settings(rtol=rtol))
    rates, derive, jump = kernel.rates, kernel.derive, kernel.jump
    names = [state.name for state in core_cohort.system().replicate.states]  # type: ignore[union-attr]
    parts = [names.index(name) for name in ("viable", "doomed", "debris") if name in names]
    blood = [state.name for state in core_cohort.system().body.states].index("blood")

    @nb.njit(error_model="numpy")
    def slope(_t: float, y: Any, p: Any, q: Any, here: Any, n: int) -> Any:
        dy = np.empty_like(y)
        rates(y, dy, p, q, here, n)
        return dy

    def patient(b: int, out: dict[str, np.ndarray]) -> None:
        members, stops = ready.members, ready.stops
        n = int(members.count[b])
        y = members.states[b, : kernel.BODY + kernel.OWN * n, 0].copy()
        q, now = members.own[b, :, 0].copy(), float(members.start[b])
        p = np.zeros(kernel.FIXED + kernel.FIXED_OWN * ready.arrays.most)
        p[: members.shared.shape[1]] = members.shared[b, :, 0]
        here = np.ones(ready.arrays.most)
        derive(p, q, n, 0)
        for k in range(stops.first[b], stops.first[b + 1]):
            if stops.time[k] > now:
                y = advance(slope, y, now, float(stops.time[k]), (p, q, here, n))
                now = stops.time[k]
            kind, ref = stops.kind[k], stops.ref[k]
            if kind == OBSERVE:
                own = y[kernel.BODY :].reshape(n, kernel.OWN)
                out[_OWN][b, ref, :n] = own[:, parts].sum(axis=1)
                out[_BODY][b, ref] = y[blood]
            elif kind == SET_SHARED:
                p[ref] = stops.value[k]
            elif kind != END:
                jump(kind, y, p, q, n, 0, stops.data, ref)

    begin = time.process_time()
    patient(0, _empty(batch))
    first, found = time.process_time() - begin, _empty(batch)
    begin = time.process_time()
    for b in range(batch.members):
        patient(b, found)
    return first, time.process_time() - begin, found


def lsoda(batch: Batch, rtol: float) -> tuple[float, float, Any]:
    """Run SciPy's odeint (LSODA) on compiled rates."""
    from scipy.integrate import odeint

    def advance(slope: Any, y: Any, now: float, end: float, rest: Any) -> Any:
        return odeint(slope, y, (now, end), rest, rtol=rtol, atol=1e-2 * rtol, tfirst=True,
                      mxstep=9999)[-1]  # fmt: skip

    return _segments(batch, rtol, advance)


def cvode(batch: Batch, rtol: float) -> tuple[float, float, Any]:
    """Run SUNDIALS CVODE (BDF, by scikit-sundae) on compiled rates."""
    import sksundae

    def advance(slope: Any, y: Any, now: float, end: float, rest: Any) -> Any:
        def rates(t: float, y: Any, dy: Any) -> None:
            dy[:] = slope(t, y, *rest)

        solver = sksundae.cvode.CVODE(
            rates, method="BDF", rtol=rtol, atol=1e-2 * rtol, max_num_steps=100_000
        )
        return np.asarray(solver.solve(np.array([now, 0.5 * (now + end), end]), y).y)[-1]

    return _segments(batch, rtol, advance)


def roadrunner(batch: Batch, rtol: float) -> tuple[float, float, Any]:
    """Run libRoadRunner (CVODE): a model for each number of lesions, set anew after each stop.

    With the events inside the model, the model of one patient loads for more than two minutes; so
    it holds the rates only, as Python with compiled jumps carries it from stop to stop.
    """
    import roadrunner as rr

    from abscope.engine.sbml import sbml_id, sbml_of

    rr.Logger.setLevel(rr.Logger.LOG_ERROR)
    system, models = core_cohort.system(), dict[int, Any]()
    own = [state.name for state in system.replicate.states]  # type: ignore[union-attr]
    inputs = [one.name for one in system.body.inputs]
    offset = len(system.body.parameters)

    def model_of(n: int) -> tuple[Any, list[str]]:
        ids = [state.name for state in system.body.states]
        ids += [sbml_id(system, name, replicate=i) for i in range(n) for name in own]
        if n not in models:
            quiet = replace(batch, events=(), holds=())
            member = int(np.flatnonzero(np.asarray(batch.replicates) == n)[0])
            model = rr.RoadRunner(sbml_of(system, quiet, member=member).text)
            integrator = model.getIntegrator()
            integrator.setValue("relative_tolerance", rtol)
            integrator.setValue("absolute_tolerance", 1e-2 * rtol)
            integrator.setValue("maximum_num_steps", 100_000)
            model.timeCourseSelections = ids
            models[n] = model
        return models[n], ids

    def advance(_slope: Any, y: Any, now: float, end: float, rest: Any) -> Any:
        model, ids = model_of(rest[3])
        for name, value in zip(ids, y, strict=True):
            model[name] = value
        for k, name in enumerate(inputs):
            model[name] = rest[0][offset + k]
        return np.asarray(model.simulate(now, end, 2))[-1].copy()

    begin = time.process_time()
    for n in np.unique(np.asarray(batch.replicates)):
        model_of(int(n))
    loaded = time.process_time() - begin
    _, seconds, found = _segments(batch, rtol, advance)
    return loaded, seconds, found


def amici(batch: Batch, rtol: float) -> tuple[float, float, Any]:
    """Run AMICI (CVODES): as libRoadRunner; every number of lesions is compiled by a C++ compiler.

    So that one is enough, the patients of `main` have as many lesions for this peer.
    """
    import amici as peer
    from amici.sim import sundials

    from abscope.engine.sbml import sbml_id, sbml_of

    system, n = core_cohort.system(), int(np.max(batch.replicates))
    own = [state.name for state in system.replicate.states]  # type: ignore[union-attr]
    ids = [state.name for state in system.body.states]
    ids += [sbml_id(system, name, replicate=i) for i in range(n) for name in own]
    inputs, offset = [one.name for one in system.body.inputs], len(system.body.parameters)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "patient.xml", Path(folder) / "model"
        text = sbml_of(system, replace(batch, events=(), holds=())).text
        file.write_text(text, encoding="utf-8")
        peer.SbmlImporter(str(file)).sbml2amici(
            "patient", str(out), compute_conservation_laws=False, generate_sensitivity_code=False
        )
        model = peer.import_model_module("patient", str(out)).get_model()
    first = time.perf_counter() - begin
    solver = model.create_solver()
    solver.set_relative_tolerance(rtol)
    solver.set_absolute_tolerance(1e-2 * rtol)
    solver.set_max_steps(200_000)
    order = [ids.index(name) for name in model.get_state_ids()]
    back = np.argsort(order)

    def advance(_slope: Any, y: Any, now: float, end: float, rest: Any) -> Any:
        model.set_t0(now)
        model.set_timepoints([end])
        model.set_initial_state([float(value) for value in y[order]])
        for k, name in enumerate(inputs):
            model.set_free_parameter_by_id(name, float(rest[0][offset + k]))
        result = sundials.run_simulation(model, solver)
        return np.asarray(result.x)[-1][back]

    _, seconds, found = _segments(batch, rtol, advance)
    return first, seconds, found


# ---- diffrax -------------------------------------------------------------------------------------


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

    def jumped(self, y: Any, p: Any, q: Any, row: Any) -> Any:
        """Return the states after a fraction whose fields are a row."""
        import jax.numpy as jnp

        traced, jump = self.traced, self.traced.jumps[0]
        names, most = self.names(y, p, q), y[1].shape[1]
        first, count = len(jump.fields), len(jump.replicate_fields)
        names |= {str(s): row[k] for k, s in enumerate(jump.fields.values())}
        table = row[first : first + count * most].reshape(most, count)
        names |= {str(s): table[:, k] for k, s in enumerate(jump.replicate_fields.values())}
        body, own = _on_jax(jump.body, names), _on_jax(jump.replicate, names)
        new = [body.get(name, y[0][k]) for k, name in enumerate(traced.states)]
        lesions = [own.get(name, y[1][k]) for k, name in enumerate(traced.replicate_states)]
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
    names = list(model.traced.replicate_states)
    parts = jnp.array([names.index(name) for name in ("viable", "doomed", "debris")])
    blood = list(model.traced.states).index("blood")

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
            seen = y[1][parts].sum(axis=0), y[0][blood]
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
    seconds, found = time.process_time() - begin, _empty(batch)
    for b in range(batch.members):
        n = int(np.asarray(batch.replicates)[b])
        for k in np.flatnonzero(columns["kind"][b] == OBSERVE):
            found[_OWN][b, columns["ref"][b, k], :n] = own[b, k, :n]
            found[_BODY][b, columns["ref"][b, k]] = body[b, k]
    return first, seconds, found


#: name -> how it runs, and the distributions whose versions are told
PEERS: dict[str, tuple[Callable[[Batch, float], tuple[float, float, Any]], tuple[str, ...]]] = {
    "lsoda": (lsoda, ("scipy", "numba")),
    "cvode": (cvode, ("scikit-sundae", "numba")),
    "roadrunner": (roadrunner, ("libroadrunner",)),
    "amici": (amici, ("amici",)),
    "diffrax": (diffrax, ("diffrax", "jax")),
}


def main() -> None:
    """Run the peer and write what it found."""
    from importlib.metadata import version

    name, members, rtol, out = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    run, parts = PEERS[name]
    batch = core_cohort.patients(members, lesions=5 if name == "amici" else None)
    first, seconds, found = run(batch, rtol)
    told = ", ".join(f"{part} {version(part)}" for part in parts)
    np.savez(out, begin=first, seconds=seconds, told=told, **found)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
