"""How a cohort scales over the cores of this machine, and what a hundred thousand patients take.

    python benchmarks/executors.py [--members 2000] [--large 100000] [--figure docs/images/FILE.svg]

The virtual patients of `core_cohort` are drawn, simulated (rodas4 at 1e-3, which is for cohorts)
and reduced to moments in the workers. Pools are warm. In the same rounds a loop that needs no
memory runs on one core and on two: its gain is what the machine had to give in that hour.
``--figure`` draws what lesions and events cost.
"""

import argparse
import os
import platform
import resource
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import core_cohort
import engine_counts
import numpy as np
from core_cohort import drawn

from abscope.engine.compiling import compile_system
from abscope.engine.executors import Cohort, Moments, Processes, Serial, run
from abscope.engine.executors.tasks import Executor
from abscope.engine.simulation import Settings, prepare, run_kernel
from abscope.report.svg import Element, Scene, circle, label, line, path, rect

SYSTEM = "core_cohort:system"
CHUNK, ROUNDS = 250, 5
#: Turns of the loop of fused operations: 0.6 s of one core.
_TURNS = 300_000_000
COHORTS = Settings(rtol=1e-3)


def once(executor: Executor, members: int) -> tuple[float, dict[str, Any]]:
    """Return the seconds of one run and its summary."""
    cohort = Cohort(draw=drawn, members=members, seed=1)
    begin = time.perf_counter()
    found = run(SYSTEM, cohort, executor=executor, reduce=Moments(), settings=COHORTS)
    return time.perf_counter() - begin, found


fma_loop = cache(engine_counts.fma_loop)


def loop_on(count: int) -> float:
    """Return the seconds by the clock of a fixed number of fused operations on some threads."""
    with ThreadPoolExecutor(count) as pool:
        begin = time.perf_counter()
        list(pool.map(fma_loop(), [_TURNS // count] * count))
        return time.perf_counter() - begin


def told(what: str, gains: list[float], ceilings: list[float]) -> None:
    """Print what two cores gave over one beside what the loop got from them in the same rounds."""
    shares = [gain / ceiling for gain, ceiling in zip(gains, ceilings, strict=True)]
    print(
        f"two {what} over one: median {statistics.median(gains):.2f}, best {max(gains):.2f}; the "
        f"loop in registers {statistics.median(ceilings):.2f}, best {max(ceilings):.2f}; ours "
        f"over the loop's {statistics.median(shares):.2f}"
    )


def processes(members: int) -> None:
    """Print serial runs and pools of one and two, in rounds, so that a load hits all alike."""
    with Processes(1, chunk=CHUNK) as one, Processes(2, chunk=CHUNK) as two:
        places: dict[str, Executor] = {
            "serial": Serial(chunk=CHUNK), "1 process": one, "2 processes": two,
        }  # fmt: skip
        for place in places.values():
            once(place, 2 * CHUNK)
        taken: dict[str, list[float]] = {name: [] for name in places}
        away, ceilings = 0.0, list[float]()
        for _ in range(ROUNDS):
            means = []
            for name, place in places.items():
                spent, found = once(place, members)
                taken[name].append(spent)
                means.append(found["alc_per_ul"].mean)
            ceilings.append(loop_on(1) / loop_on(2))
            away = max(away, *(float(np.abs(m / means[0] - 1.0).max()) for m in means))
    gains = [one / two for one, two in zip(taken["1 process"], taken["2 processes"], strict=True)]
    for name, spent in taken.items():
        print(
            f"{name}: {statistics.median(spent):.2f} s, {members / statistics.median(spent):.0f}/s"
        )
    told("processes", gains, ceilings)
    print(f"largest difference of a mean {away:.0e}")


def threads(members: int) -> None:
    """Print one thread against two on a prepared batch."""
    compiled = compile_system(core_cohort.system())
    settings = [Settings(rtol=1e-3, chunk=64, n_threads=n) for n in (1, 2)]
    ready = prepare(compiled, core_cohort.patients(members), settings[0])
    kernel, gains, ceilings = compiled.kernel(), [], []
    for _ in range(2 * ROUNDS):
        spent = []
        for each in settings:
            begin = time.perf_counter()
            run_kernel(kernel, ready, each)
            spent.append(time.perf_counter() - begin)
        gains.append(spent[0] / spent[1])
        ceilings.append(loop_on(1) / loop_on(2))
    told("threads", gains, ceilings)


class _Memory:
    """The most memory that this process and its children hold at one time, in MB."""

    def __init__(self) -> None:
        self.most_mb, self._going = 0.0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._going = False
        self._thread.join()

    def _watch(self) -> None:
        page = resource.getpagesize() / 1e6
        while self._going:
            total = 0.0
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    if int(folder.name) == os.getpid() or parent == os.getpid():
                        total += int((folder / "statm").read_text().split()[1]) * page
                except (OSError, IndexError):
                    continue
            self.most_mb = max(self.most_mb, total)
            time.sleep(0.1)


def large(members: int) -> None:
    """Print what many patients take on two processes."""
    with _Memory() as memory, Processes(2) as pool:
        begin, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        spent, found = once(pool, members)
        whole = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    ended = found["alc_per_ul"].count
    print(f"{members} patients: {spent:.1f} s by the clock ({whole:.1f} with the pool's end), "
          f"{cpu:.1f} s of processors, {memory.most_mb:.0f} MB at most, "
          f"{int(np.min(ended))} with a last value")  # fmt: skip


# ---- what lesions and events cost ----------------------------------------------------------------


def _ms(batch: Any) -> float:
    compiled, settings = compile_system(core_cohort.system()), Settings(chunk=1024)
    ready, kernel, spent = prepare(compiled, batch, settings), compiled.kernel(), []
    for _ in range(5):
        begin = time.process_time()
        run_kernel(kernel, ready, settings)
        spent.append(time.process_time() - begin)
    return 1e3 * min(spent) / batch.members


def _panel(left: float, caption: str, points: list[tuple[float, float]]) -> list[Element]:
    wide, high, top = 300.0, 220.0, 30.0
    most_x, most_y = max(x for x, _ in points), 1.15 * max(y for _, y in points)

    def place(x: float, y: float) -> tuple[float, float]:
        return left + wide * x / (1.05 * most_x), top + high * (1.0 - y / most_y)

    slope, offset = np.polyfit(*np.array(points).T, 1)
    out = [rect((left, top, wide, high), stroke="rule")]
    out.append(line(place(0.0, offset), place(most_x, offset + slope * most_x), stroke="muted"))
    columns = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in points))
    out.append(path(columns, stroke="in_field", stroke_width=2))
    for x, y in points:
        out.append(circle(place(x, y), 4, fill="in_field"))
        out.append(label((place(x, y)[0], top + high + 16), f"{x:g}", size_px=11, anchor="middle"))
        across, up = place(x, y)
        out.append(label((across, up - 9), f"{y:.2f}", size_px=11, anchor="middle"))
    out.append(label((left + wide / 2, top + high + 38), caption, anchor="middle"))
    return out


def costs(figure: Path) -> None:
    """Print and draw the time of a patient against lesions and fractions, with a straight line."""
    lesions = [(float(n), _ms(core_cohort.patients(64, lesions=n))) for n in (1, 2, 4, 6, 8, 10)]
    events = [
        (float(n), _ms(core_cohort.patients(64, lesions=5, fractions=n)))
        for n in (0, 25, 50, 100, 200, 300)
    ]
    for name, points in (("lesions", lesions), ("fractions", events)):
        x, y = np.array(points).T
        fit = np.polyval(np.polyfit(x, y, 1), x)
        told = ", ".join(f"{n:g}: {ms:.2f}" for n, ms in points)
        print(f"ms a patient by {name}: {told}; largest distance from a straight line "
              f"{np.max(np.abs(fit - y) / y):.0%}")  # fmt: skip
    elements = _panel(60.0, "lesions (two courses, infusions)", lesions)
    elements += _panel(420.0, "fractions, three days apart (five lesions)", events)
    elements.append(label((60.0, 18.0), "ms of one core for a patient, three years, rtol 1e-5"))
    title = "What lesions and fractions cost"
    scene = Scene("engine-costs", 760.0, 310.0, title, "Both are linear.", tuple(elements))
    figure.write_text(scene.svg("auto"), encoding="utf-8")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--figure", type=Path, default=None)
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores, Python "
          f"{platform.python_version()}, load before {os.getloadavg()[0]:.1f}")  # fmt: skip
    if options.figure:
        costs(options.figure)
    if options.members:
        threads(options.members)
        processes(options.members)
    if options.large:
        large(options.large)
    print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
