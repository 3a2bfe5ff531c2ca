"""The engine beside the timing prototype whose figures `engine.md` reports, on one machine.

    python benchmarks/engine_prototype.py ../shared/prototypes/engine

Two systems of 61 and 63 states in the mean, 3 years, rodas4, four members side by side. The
prototype has its own invented equations; what can be compared is the arithmetic done per second of
one core, each by its own count, as a share of the peak that is measured in the same round, and
members per second at equal error: the prototype's at 1e-5 is 2e-6 in the median and 2e-4 at most
(`engine.md`, by the same measure as here), the engine's is printed.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import core_cohort
import numpy as np
from engine import errors, exact_of, timed, work_of
from engine_counts import fma_peak_gflops

from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import Settings, prepare, run_kernel, simulate, trajectories_of

#: tolerances of the engine: its default, and those about the error of the prototype
_RTOL = (1e-5, 5e-5, 1e-4)

#: one line of the prototype: its patients per second, GFLOP/s of its own count
_LINE = re.compile(r"rodas4 1e-05: (\d+) pat/s +steps (\d+) +([\d.]+) kflop/step +([\d.]+) GFLOP/s")


def ours(batch: Batch, rtol: float) -> tuple[float, float, float, float]:
    """Return patients per second, steps, kflop of a step and GFLOP/s of the engine."""
    compiled = compile_system(core_cohort.system(), method="rodas4", lanes=4)
    settings = Settings(rtol=rtol, chunk=1024)
    ready, kernel = prepare(compiled, batch, settings), compiled.kernel()
    seconds, results = timed(lambda: run_kernel(kernel, ready, settings), 5)
    steps = trajectories_of(ready, results).steps
    work = work_of(compiled, np.asarray(batch.replicates), steps)
    rate = batch.members / seconds
    return rate, float(steps.mean()), work / float(steps.sum()) / 1e3, work / seconds / 1e9


def wrong(batch: Batch, rtol: float, exact: dict[str, np.ndarray]) -> str:
    """Return the median and the largest error of the engine over patients, as text."""
    compiled = compile_system(core_cohort.system(), method="rodas4", lanes=4)
    found = simulate(compiled, batch, Settings(rtol=rtol))
    off = errors(found.observables, exact)
    return f"{np.median(off):.1e}, {off.max():.1e}"


def theirs(folder: Path) -> tuple[float, float, float, float]:
    """Return the same numbers of the prototype, run in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "t_sorted.py", "4"], cwd=folder, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    found = _LINE.search(ran.stdout)
    if found is None:
        last = (ran.stderr.strip().splitlines() or ["it printed no line of rodas4 at 1e-5"])[-1]
        sys.exit(f"{folder / 't_sorted.py'}: {last}")
    rate, steps, kflop, gflops = (float(part) for part in found.groups())
    return rate, steps, kflop, gflops


def main() -> None:
    """Run both in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of the prototype")
    parser.add_argument("--members", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not (options.folder / "t_sorted.py").is_file():
        parser.error(f"{options.folder}: no t_sorted.py there; name the folder of the prototype")
    load = os.getloadavg()[0]
    batch = core_cohort.patients(options.members)
    runs = {f"engine {rtol:g}": partial(ours, batch, rtol) for rtol in _RTOL}
    runs["prototype 1e-05"] = partial(theirs, options.folder)
    exact = exact_of(batch)
    told = {f"engine {rtol:g}": wrong(batch, rtol, exact) for rtol in _RTOL}
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            before = fma_peak_gflops(3)
            numbers = run()
            peak = max(before, fma_peak_gflops(3))
            rows[name].append((*numbers, numbers[-1] / peak, peak))
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, load {load:.1f} before, {options.rounds} rounds\n")
    print("| medians | patients/s | steps | kflop in a step | GFLOP/s | share of the peak | peak "
          "| error, median and largest |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    middle = {
        name: [statistics.median(column) for column in zip(*found, strict=True)]
        for name, found in rows.items()
    }
    for name, (rate, steps, kflop, gflops, share, peak) in middle.items():
        print(f"| {name} | {rate:.0f} | {steps:.0f} | {kflop:.1f} | {gflops:.1f} | {share:.0%} "
              f"| {peak:.1f} | {told.get(name, '2e-6, 2e-4 (engine.md)')} |")  # fmt: skip
    ratio = middle["engine 1e-05"][3] / middle["prototype 1e-05"][3]
    print(f"\nArithmetic per second, engine over prototype: {ratio:.2f}")


if __name__ == "__main__":
    main()
