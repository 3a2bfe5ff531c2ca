"""How fast the engine is on the core model, beside its peers, on one core.

    python benchmarks/engine.py                                   # without peers
    python benchmarks/engine.py --peers PEERS/bin/python          # a Python that has them

The patients are those of `core_cohort`. Every figure is processor time on one core, the median of
some rounds; ratios are to the default, and to the fastest of the engine's own rows whose median and
largest error over the same patients are no larger ("at equal error"). Errors are the largest of
|x - exact| / (1e-3 + |exact|) of a patient over lesion volumes and lymphocytes, exact being rodas4
at 1e-10. A peer that the other Python does not have is said to be absent.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import core_cohort
import numpy as np
from engine_counts import flops_of_step, fma_peak_gflops
from engine_peers import LESIONS

from abscope.engine.batch import Batch
from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.simulation import Settings, prepare, run_kernel, trajectories_of

_HERE = Path(__file__).parent
_SEEN = ("volume_ml", "alc_per_ul")
#: peer -> patients, and how many times as fast the engine shall be
_PEERS = {
    "lsoda": (8, 40), "cvode": (8, None), "roadrunner": (6, 25), "amici": (4, 25),
    "diffrax": (8, 200),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    per_second: float
    errors: np.ndarray
    flops: float = 0.0
    first_s: float = 0.0
    own: tuple["Row", ...] = ()

    def at_equal_error(self) -> float:
        """Return how many times as fast the engine is where it errs no more, NaN if never."""
        better = [
            row.per_second
            for row in self.own
            if (errs := row.errors[: self.errors.size]).max() <= self.errors.max()
            and np.median(errs) <= np.median(self.errors)
        ]
        return max(better, default=np.nan) / self.per_second


def errors(found: dict[str, Any], exact: dict[str, np.ndarray]) -> np.ndarray:
    """Return the largest error of each patient."""
    parts = []
    for name in _SEEN:
        values, expected = found[name], exact[name]
        off = np.abs(values - expected) / (1e-3 + np.abs(expected))
        parts.append(off.reshape(len(off), -1))
    return np.asarray(np.nanmax(np.concatenate(parts, axis=1), axis=1))


def timed(run: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the median processor time of a run, and what it returned last."""
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        result = run()
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), result


def exact_of(batch: Batch) -> dict[str, np.ndarray]:
    """Return the observables at a tolerance of 1e-10."""
    from abscope.engine.simulation import simulate

    settings = Settings(rtol=1e-10, atol=1e-13, max_steps=2_000_000)
    found = simulate(compile_system(core_cohort.system()), batch, settings)
    return {name: found[name] for name in _SEEN}


def own_rows(batch: Batch, exact: dict[str, np.ndarray], repeats: int) -> list[Row]:
    """Return the rows of the engine itself."""
    rows = []
    for method, lanes, rtol in (
        ("rodas4", 4, 1e-5), ("rodas4", 8, 1e-5), ("rodas4", 4, 1e-3), ("rodas3", 4, 1e-3),
        ("tsit5", 4, 1e-5),
    ):  # fmt: skip
        compiled = compile_system(core_cohort.system(), method=method, lanes=lanes)
        settings = Settings(rtol=rtol, chunk=1024)
        ready, kernel = prepare(compiled, batch, settings), compiled.kernel()
        seconds, results = timed(lambda k=kernel, r=ready, s=settings: run_kernel(k, r, s), repeats)
        found = trajectories_of(ready, results)
        work = work_of(compiled, np.asarray(batch.replicates), found.steps)
        name = f"{method} {rtol:.0e}, {lanes} lanes"
        wrong = errors(found.observables, exact)
        rows.append(Row(name, batch.members / seconds, wrong, work / seconds / 1e9))
    return rows


def work_of(compiled: Compiled, counts: np.ndarray, steps: np.ndarray) -> float:
    """Return the operations of a run, as printed: steps of each member by its lesions."""
    text = compiled.text()
    costs = {int(n): flops_of_step(text, int(n)) for n in np.unique(counts)}
    return float(sum(costs[int(n)] * many for n, many in zip(counts, steps, strict=True)))


def padding(batch: Batch) -> float:
    """Return the share of lane time that lesions have that a patient lacks, in order of running."""
    counts = np.sort(np.asarray(batch.replicates))
    tiles = counts[: counts.size // 4 * 4].reshape(-1, 4)
    return float(1.0 - tiles.sum() / (4.0 * tiles.max(axis=1).sum()))


def peer_row(python: str, peer: str, members: int, own: list[Row]) -> Row | str:
    """Return the row of a peer, or why there is none; ``own`` are those of the engine."""
    rtol = 1e-5
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.npz"
        alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        paths = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
        ran = subprocess.run(
            [python, str(_HERE / "engine_peers.py"), peer, str(members), f"{rtol}", str(out)],
            env={**os.environ, **alone, "XLA_FLAGS": flags, "PATH": paths},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            lines = ran.stderr.strip().splitlines() or ["no message"]
            return f"{peer}: absent or failed ({lines[-1][:150]})"
        found = dict(np.load(out))
    if (lesions := LESIONS.get(peer)) is not None:
        alike = core_cohort.patients(256, lesions=lesions)
        own = own_rows(alike, exact_of(alike), 5)[:4]
    exact = exact_of(core_cohort.patients(members, lesions=lesions))
    name = f"{found['told']}, {peer} {rtol:.0e}"
    wrong = errors(found, exact)
    return Row(
        name, members / float(found["seconds"]), wrong, 0.0, float(found["begin"]), tuple(own)
    )


def printed(rows: list[Row], peak: float) -> None:
    """Print the table."""
    print(
        "\n| engine | patients/s/core | default is x faster | at equal error | median error "
        "| largest | arithmetic, share of the FMA peak | first call, s |"
        "\n|---|---|---|---|---|---|---|---|"
    )
    for row in rows:
        share = f"{row.flops:.1f} GFLOP/s, {row.flops / peak:.0%}" if row.flops else ""
        begin = f"{row.first_s:.1f}" if row.first_s else ""
        first = (row.own or rows)[0].per_second
        equal = f"{row.at_equal_error():.3g}" if row.own else ""
        print(
            f"| {row.name} | {row.per_second:.4g} | {first / row.per_second:.3g} | {equal} "
            f"| {np.median(row.errors):.1e} | {row.errors.max():.1e} | {share} | {begin} |"
        )


def main() -> None:
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--peers", default="", metavar="PYTHON")
    parser.add_argument("--only", nargs="*", default=list(_PEERS), choices=list(_PEERS))
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores, {platform.platform()}, load "
          f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}, llvmlite "
          f"{version('llvmlite')}, numpy {version('numpy')}")  # fmt: skip
    batch = core_cohort.patients(options.members)
    rows = own_rows(batch, exact_of(batch), options.repeats)
    peak = fma_peak_gflops()
    print(f"FMA peak {peak:.1f} GFLOP/s; padding {padding(batch):.1%}")
    absent = []
    for peer in options.only if options.peers else ():
        row = peer_row(options.peers, peer, _PEERS[peer][0], rows[:4])
        if isinstance(row, Row):
            rows.append(row)
        else:
            absent.append(row)
    printed(rows, peak)
    print(*absent, f"load after {os.getloadavg()[0]:.1f}", sep="\n")


if __name__ == "__main__":
    sys.exit(main())
