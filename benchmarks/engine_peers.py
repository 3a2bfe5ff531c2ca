"""One peer of the engine on the benchmark's patients: seconds on the processor, and its numbers.

    PEERS/bin/python benchmarks/engine_peers.py PEER MEMBERS RTOL OUT.npz

PEER is lsoda, cvode, roadrunner, amici or diffrax. `engine.py` calls this with the Python that has
the peer installed. The equations are those of the core model: compiled by Numba for LSODA and
CVODE, on JAX for diffrax, as SBML for libRoadRunner and AMICI. What a peer compiles or loads before
its first run is told apart from the run ("begin").
"""

import hashlib
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
from engine_diffrax import diffrax

from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import Settings, prepare
from abscope.engine.tables import END, OBSERVE, SET_SHARED

__all__ = ["LESIONS", "PEERS", "main"]

_Advance = Callable[[Any, np.ndarray, float, float, tuple[Any, ...]], np.ndarray]


def _segments(batch: Batch, rtol: float, advance: _Advance) -> tuple[float, float, Any]:
    """Return the times and numbers of a solver that is started anew after each stop."""
    import numba as nb

    compiled = compile_system(core_cohort.system(), lanes=1, method="tsit5")
    kernel, ready = compiled.kernel(), prepare(compiled, batch, Settings(rtol=rtol))
    rates, derive, jump = kernel.rates, kernel.derive, kernel.jump
    system, most = core_cohort.system(), ready.arrays.most
    seen = [one.name for one in system.body.observables]
    own_seen = [one.name for one in system.replicate.observables]  # type: ignore[union-attr]
    body_out, own_out = np.zeros(len(seen)), np.zeros(most * len(own_seen))
    body_at, own_at = seen.index(core_cohort.BODY), own_seen.index(core_cohort.OWN)

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
                kernel.record(y, p, q, n, 0, body_out, 0, own_out, 0)
                out[core_cohort.OWN][b, ref, :n] = own_out.reshape(most, -1)[:n, own_at]
                out[core_cohort.BODY][b, ref] = body_out[body_at]
            elif kind == SET_SHARED:
                p[ref] = stops.value[k]
            elif kind != END:
                jump(kind, y, p, q, n, 0, stops.data, ref)

    begin = time.process_time()
    patient(0, core_cohort.empty(batch))
    first, found = time.process_time() - begin, core_cohort.empty(batch)
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


def _values(system: Any, rest: tuple[Any, ...]) -> dict[str, float]:
    """Return the parameters of a patient by their names in SBML."""
    from abscope.engine.sbml import sbml_id

    p, q, _, n = rest
    own = [one.name for one in system.replicate.parameters]
    found = {one.name: float(p[k]) for k, one in enumerate(system.body.parameters)}
    for i in range(n):
        for k, name in enumerate(own):
            found[sbml_id(system, name, replicate=i)] = float(q[len(own) * i + k])
    return found


def roadrunner(batch: Batch, rtol: float) -> tuple[float, float, Any]:
    """Run libRoadRunner (CVODE): a model for each number of lesions, set anew after each stop.

    With the events inside the model, the model of one patient loads for more than two minutes; so
    it holds the rates only, as Python with compiled jumps carries it from stop to stop.
    """
    import roadrunner as rr

    from abscope.engine.sbml import sbml_id, sbml_of

    rr.Logger.setLevel(rr.Logger.LOG_ERROR)
    system, models, told = core_cohort.system(), dict[int, Any](), list[Any]([None])
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
        if rest[1] is not told[0]:
            told[0] = rest[1]
            for name, value in _values(system, rest).items():
                model[name] = value
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

    So that one is enough, the patients of `main` have ``LESIONS`` for this peer. What is compiled
    stays in the folder for temporary files, so that a second run only runs.
    """
    import amici as peer
    from amici.sim import sundials

    from abscope.engine.sbml import sbml_id, sbml_of

    system, n = core_cohort.system(), int(np.max(batch.replicates))
    own = [state.name for state in system.replicate.states]  # type: ignore[union-attr]
    ids = [state.name for state in system.body.states]
    ids += [sbml_id(system, name, replicate=i) for i in range(n) for name in own]
    inputs, offset = [one.name for one in system.body.inputs], len(system.body.parameters)
    text = sbml_of(system, replace(batch, events=(), holds=())).text
    name = f"core_{n}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    out, begin = Path(tempfile.gettempdir()) / f"amici-{name}", time.perf_counter()
    if not (out / "imported").is_file():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "patient.xml"
            file.write_text(text, encoding="utf-8")
            peer.SbmlImporter(str(file)).sbml2amici(
                name, str(out), compute_conservation_laws=False, simplify=None,
                generate_sensitivity_code=False,
            )  # fmt: skip
        (out / "imported").write_text(f"{time.perf_counter() - begin}", encoding="utf-8")
    model = peer.import_model_module(name, str(out)).get_model()
    first = float((out / "imported").read_text(encoding="utf-8"))
    solver = model.create_solver()
    solver.set_relative_tolerance(rtol)
    solver.set_absolute_tolerance(1e-2 * rtol)
    solver.set_max_steps(200_000)
    order = [ids.index(name) for name in model.get_state_ids()]
    back = np.argsort(order)

    told: list[Any] = [None]

    def advance(_slope: Any, y: Any, now: float, end: float, rest: Any) -> Any:
        if rest[1] is not told[0]:
            told[0] = rest[1]
            for name, value in _values(system, rest).items():
                model.set_free_parameter_by_id(name, value)
        model.set_t0(now)
        model.set_timepoints([end])
        model.set_initial_state([float(value) for value in y[order]])
        for k, name in enumerate(inputs):
            model.set_free_parameter_by_id(name, float(rest[0][offset + k]))
        result = sundials.run_simulation(model, solver)
        return np.asarray(result.x)[-1][back]

    _, seconds, found = _segments(batch, rtol, advance)
    return first, seconds, found


#: peer -> lesions of every patient, where they cannot differ
LESIONS = {"amici": 2}

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
    batch = core_cohort.patients(members, lesions=LESIONS.get(name))
    first, seconds, found = run(batch, rtol)
    told = ", ".join(f"{part} {version(part)}" for part in parts)
    np.savez(out, begin=first, seconds=seconds, told=told, **found)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
