"""How fast the engine is, beside SciPy LSODA with a compiled right-hand side and libRoadRunner.

    python benchmarks/engine.py                    # 512 members, 6 for the peers
    python benchmarks/engine.py --members 128 --peers 3

One machine, one run: the ratios are what counts. The workload is the invented system of the tests:
15 states and 8 for each of 2 to 10 replicates, 3 years, fractions, infusions, 50 observation times.
Every figure is processor time on one core, and members per second of it; errors are the largest of
|x - exact| / (1e-3 + |exact|) of a member, exact being rodas4 at 1e-9.
"""

import argparse
import ast
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numba as nb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.gradients import gradients
from abscope.engine.lanes import lanes_of
from abscope.engine.simulation import Settings, prepare, simulate
from abscope.engine.tables import END, OBSERVE, SET_SHARED
from engine_systems import colonies, colony_batch

DIRECTIONS = (
    *("fade", "wash", "spread", "die", "tire", "fast", "swap", "go", "teach", "make"),
    *("growth[0]", "bite[0]", "hurt[0]", "growth[1]", "bite[1]", "v[0]"),
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    per_second: float
    median_error: float
    largest_error: float
    gflops: float = 0.0


def errors(found: dict[str, np.ndarray], exact: dict[str, np.ndarray], members: int) -> np.ndarray:
    """Return the largest error of each member over its observables."""
    parts = []
    for name, values in found.items():
        expected = exact[name][:members]
        parts.append((np.abs(values - expected) / (1e-3 + np.abs(expected))).reshape(members, -1))
    return np.asarray(np.nanmax(np.concatenate(parts, axis=1), axis=1))


def timed(run: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the median processor time of a run, and what it returned last."""
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        result = run()
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), result


# ---- what the core can do, and what a step costs -------------------------------------------------


def fma_peak() -> float:
    """Return the measured peak of fused multiply-adds of one core, GFLOP/s."""
    _, _, _, vec, put, _, _, _ = lanes_of(4)

    @nb.njit(error_model="numpy")
    def spin(x: Any, count: int) -> None:
        m, c = vec(x, 12, 0), vec(x, 13, 0)
        a0, a1, a2, a3 = vec(x, 0, 0), vec(x, 1, 0), vec(x, 2, 0), vec(x, 3, 0)
        a4, a5, a6, a7 = vec(x, 4, 0), vec(x, 5, 0), vec(x, 6, 0), vec(x, 7, 0)
        a8, a9 = vec(x, 8, 0), vec(x, 9, 0)
        for _ in range(count):
            a0, a1, a2, a3 = a0 * m + c, a1 * m + c, a2 * m + c, a3 * m + c
            a4, a5, a6, a7 = a4 * m + c, a5 * m + c, a6 * m + c, a7 * m + c
            a8, a9 = a8 * m + c, a9 * m + c
        put(x, 0, 0, a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9)

    x = np.linspace(0.1, 0.9, 56)
    spin(x, 1)
    count = 20_000_000
    seconds = min(timed(lambda: spin(x, count), 1)[0] for _ in range(5))
    return count * 10 * 8 / seconds / 1e9


def flops_of_step(kernel: Any, replicates: int) -> float:
    """Return the additions, multiplications and divisions of one attempted step, as printed."""
    tree = ast.parse(Path(kernel.__file__).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    rows = kernel.BODY + kernel.OWN * replicates
    loops = {"range(n)": replicates, "range(rows)": rows}

    def cost(node: ast.AST) -> int:
        if isinstance(node, ast.For):
            return loops.get(ast.unparse(node.iter), 1) * sum(cost(item) for item in node.body)
        own = int(isinstance(node, ast.BinOp) and not _is_index(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("rates", "factor", "solve"):
                own += sum(cost(item) for item in functions[node.func.id].body)
            elif node.func.id in ("power", "exp", "log"):
                own += 20
        return own + sum(cost(child) for child in ast.iter_child_nodes(node))

    return sum(cost(item) for item in functions["attempt"].body)


def _is_index(node: ast.BinOp) -> bool:
    names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
    return names <= {"BODY", "OWN", "OWN_PARAMETERS", "FACTORS", "i"} and bool(names)


# ---- the peers -----------------------------------------------------------------------------------


def lsoda(batch: Batch, rtol: float) -> dict[str, np.ndarray]:
    """Return the observables by SciPy odeint (LSODA), restarted at each stop, compiled rates."""
    from scipy.integrate import odeint

    compiled = compile_system(colonies(), lanes=1, method="tsit5")
    kernel, ready = compiled.kernel(), prepare(compiled, batch, Settings(rtol=rtol))
    members, stops = ready.members, ready.stops
    rates, here = kernel.rates, np.ones(ready.arrays.most)
    size = np.full((batch.members, 50, ready.arrays.most), np.nan)
    seen = {name: np.full((batch.members, 50), np.nan) for name in ("blood", "scars")}

    @nb.njit(error_model="numpy")
    def slope(_t: float, y: Any, p: Any, q: Any, n: int) -> Any:
        dy = np.empty_like(y)
        rates(y, dy, p, q, here, n)
        return dy

    for b in range(batch.members):
        n = int(members.count[b])
        y = members.states[b, : kernel.BODY + kernel.OWN * n, 0].copy()
        p, q, now = members.shared[b, :, 0].copy(), members.own[b, :, 0].copy(), 0.0
        for k in range(stops.first[b], stops.first[b + 1]):
            if stops.time[k] > now:
                span = (now, stops.time[k])
                y = odeint(
                    slope, y, span, (p, q, n), rtol=rtol, atol=1e-2 * rtol, tfirst=True, mxstep=9999
                )[-1]
                now = stops.time[k]
            kind, ref = stops.kind[k], stops.ref[k]
            if kind == OBSERVE:
                own = y[kernel.BODY :].reshape(n, kernel.OWN)
                size[b, ref, :n] = own[:, :3].sum(axis=1)
                seen["blood"][b, ref], seen["scars"][b, ref] = y[9], own[:, 7].sum()
            elif kind == SET_SHARED:
                p[ref] = stops.value[k]
            elif kind != END:
                kernel.jump(kind, y, p, q, n, 0, stops.data, ref)
    return seen | {"size": size}


def roadrunner(batch: Batch, rtol: float) -> tuple[float, dict[str, np.ndarray]]:
    """Return seconds and observables by libRoadRunner (CVODE), one model for each member.

    Loading and compiling its model is not counted: a member is simulated again, and that is timed.
    """
    import roadrunner as rr
    from sbml_of_member import sbml_of_member

    rr.Logger.setLevel(rr.Logger.LOG_ERROR)
    compiled = compile_system(colonies(), lanes=1)
    ready = prepare(compiled, batch, Settings())
    seconds = 0.0
    size = np.full((batch.members, 50, ready.arrays.most), np.nan)
    blood = np.full((batch.members, 50), np.nan)
    for b in range(batch.members):
        model = rr.RoadRunner(sbml_of_member(colonies(), ready, b))
        integrator = model.getIntegrator()
        integrator.setValue("relative_tolerance", rtol)
        integrator.setValue("absolute_tolerance", 1e-2 * rtol)
        integrator.setValue("maximum_num_steps", 100_000)
        n = int(ready.members.count[b])
        model.timeCourseSelections = [
            "l", *(f"{name}_{i}" for i in range(n) for name in ("v", "w", "n"))
        ]  # fmt: skip
        times = ready.arrays.observe_at[b]
        begin = time.process_time()
        table = np.asarray(model.simulate(float(times[0]), float(times[-1]), 50))
        seconds += time.process_time() - begin
        blood[b] = table[:, 0]
        size[b, :, :n] = table[:, 1:].reshape(50, n, 3).sum(axis=2)
    return seconds, {"blood": blood, "size": size}


# ---- the table -----------------------------------------------------------------------------------


def own_rows(batch: Batch, exact: dict[str, np.ndarray], repeats: int) -> list[Row]:
    """Return the rows of the engine itself."""
    rows = []
    for method, lanes, rtol in (
        ("rodas4", 4, 1e-5), ("rodas4", 4, 1e-3), ("rodas3", 4, 1e-3), ("tsit5", 4, 1e-5),
        ("rodas4", 8, 1e-5), ("rodas4", 1, 1e-5),
    ):  # fmt: skip
        compiled = compile_system(colonies(), method=method, lanes=lanes)
        simulate(compiled, colony_batch(1))
        settings = Settings(rtol=rtol, chunk=1024)
        seconds, found = timed(lambda c=compiled, s=settings: simulate(c, batch, s), repeats)
        counts = np.asarray(batch.replicates)
        costs = {n: flops_of_step(compiled.kernel(), int(n)) for n in np.unique(counts)}
        work = float(sum(costs[n] * steps for n, steps in zip(counts, found.steps, strict=True)))
        wrong = errors(found.observables, exact, batch.members)
        name = f"{method} {rtol:.0e}, {lanes} lane{'s' if lanes > 1 else ''}"
        rate = batch.members / seconds
        rows.append(
            Row(name, rate, float(np.median(wrong)), float(wrong.max()), work / seconds / 1e9)
        )
    return rows


def peer_rows(batch: Batch, exact: dict[str, np.ndarray], rtol: float) -> list[Row]:
    """Return the rows of the peers, on fewer members."""
    lsoda(colony_batch(1, horizon=30.0), rtol)
    seconds, found = timed(lambda: lsoda(batch, rtol), 1)
    wrong = errors(found, exact, batch.members)
    name, rate = f"SciPy LSODA {rtol:.0e}, compiled rates", batch.members / seconds
    rows = [Row(name, rate, float(np.median(wrong)), float(wrong.max()))]
    try:
        name = f"libRoadRunner {version('libroadrunner')} {rtol:.0e}"
    except PackageNotFoundError:
        print("libroadrunner is not installed: left out")
        return rows
    seconds, found = roadrunner(batch, rtol)
    wrong = errors(found, exact, batch.members)
    rate = batch.members / seconds
    return [*rows, Row(name, rate, float(np.median(wrong)), float(wrong.max()))]


def main() -> None:
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=512)
    parser.add_argument("--peers", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    batch, few = colony_batch(arguments.members), colony_batch(arguments.peers)
    compiled = compile_system(colonies(), lanes=4)
    simulate(compiled, colony_batch(1))
    exact = simulate(compiled, batch, Settings(rtol=1e-9)).observables
    few_exact = simulate(compiled, few, Settings(rtol=1e-9)).observables
    peak = fma_peak()
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    versions = f"Python {platform.python_version()}, numba {version('numba')}"
    print(f"{machine}, {versions}; FMA peak {peak:.1f} GFLOP/s")
    rows = own_rows(batch, exact, arguments.repeats)
    rows += peer_rows(few, few_exact, 1e-5)
    first = rows[0].per_second
    print("\n| engine | members/s/core | default is x faster | median error | largest | FMA peak |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        share = f"{row.gflops / peak:.0%}" if row.gflops else ""
        ratio = first / row.per_second
        print(f"| {row.name} | {row.per_second:.4g} | {ratio:.3g} | {row.median_error:.1e} "
              f"| {row.largest_error:.1e} | {share} |")  # fmt: skip
    begin = time.perf_counter()
    simulate(compiled, batch, Settings(chunk=64))
    one = time.perf_counter() - begin
    begin = time.perf_counter()
    simulate(compiled, batch, Settings(chunk=64, n_threads=2))
    print(f"\ntwo threads: x {one / (time.perf_counter() - begin):.2f}")
    gradients(compiled, colony_batch(1), DIRECTIONS)
    some = colony_batch(64)
    seconds, _ = timed(lambda: gradients(compiled, some, DIRECTIONS), 3)
    alone, _ = timed(lambda: simulate(compiled, some), 3)
    print(f"value and 16 slopes: {1e3 * seconds / 64:.2f} ms a member, x {seconds / alone:.1f} of "
          "the values alone in lanes")  # fmt: skip


if __name__ == "__main__":
    main()
