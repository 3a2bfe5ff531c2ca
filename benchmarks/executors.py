"""How a cohort scales over the cores of this machine, and what an executor costs.

    python benchmarks/executors.py [MEMBERS]

Members of the engine's large test system (15 states and 8 for each of 2 to 10 colonies, 3 years, 2
courses, infusions, 50 observation times) are drawn, simulated and reduced to moments in the
workers. Pools are warm.
"""

import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from abscope.engine.batch import Batch, Events
from abscope.engine.executors import Cohort, Dask, Draws, Moments, Processes, Serial, run
from abscope.engine.executors.tasks import Executor
from engine_systems import colony_batch

SYSTEM = "engine_systems:colonies"
WIDEST, HORIZON = 10, 1095.0
CHUNK, ROUNDS = 250, 5


def draw(draws: Draws) -> Batch:
    """Return members around the middle of the test system, each drawn by its own number."""
    n = draws.members
    middle = colony_batch(1, most=2)

    def varied(name: str, value: object, size: int | tuple[int, ...] = ()) -> np.ndarray:
        return np.ravel(value)[0] * np.exp(0.2 * draws.normal(name, size))

    member = np.repeat(np.arange(n), 10)
    start = (0.02 + 0.48 * draws.uniform("start", 2)) * HORIZON
    times = (start[:, :, None] + np.arange(5.0)).ravel()
    hit = draws.uniform("hit", (2, WIDEST)) < 0.5
    dose = 6.0 * np.repeat(hit, 5, axis=1).reshape(n * 10, WIDEST)
    fraction = Events(
        "fraction", times=times, members=member,
        fields={"share": np.full(times.size, 0.05), "dose": dose},
    )  # fmt: skip
    varying = {k: v for k, v in middle.parameters.items() if np.ndim(v)}
    return Batch(
        members=n,
        horizon=HORIZON,
        observe_at=np.linspace(0.0, HORIZON, 50),
        replicates=draws.integers("count", 2, WIDEST + 1),
        parameters={**middle.parameters, **{k: varied(k, v) for k, v in varying.items()}},
        own={k: varied(f"own {k}", v, WIDEST) for k, v in middle.own.items()},
        initial=middle.initial,
        replicate_initial={
            **middle.replicate_initial,
            "v": 0.6 * np.exp(0.6 * draws.normal("v", WIDEST)),
        },
        events=(fraction, *(table for table in middle.events if table.name == "bolus")),
        holds=middle.holds,
    )


def once(executor: Executor, cohort: Cohort) -> tuple[float, dict]:
    """Return the seconds of one run and its summary."""
    begin = time.perf_counter()
    found = run(SYSTEM, cohort, executor=executor, reduce=Moments())
    return time.perf_counter() - begin, found


def rounds(executors: dict[str, Executor], members: int) -> None:
    """Print medians over rounds in which every executor runs once, so load hits all alike."""
    cohort = Cohort(draw=draw, members=members, seed=1)
    warm = Cohort(draw=draw, members=2 * CHUNK, seed=1)
    for executor in executors.values():
        once(executor, warm)
    taken: dict[str, list[float]] = {name: [] for name in executors}
    away = dict.fromkeys(executors, 0.0)
    for _ in range(ROUNDS):
        expected = None
        for name, executor in executors.items():
            spent, found = once(executor, cohort)
            taken[name].append(spent)
            expected = expected or found
            for key in ("blood", "size"):
                gap = np.abs(found[key].mean / expected[key].mean - 1.0)
                away[name] = max(away[name], float(gap.max()))
    serial = taken["serial"]
    print(
        "| executor | seconds, median (range) | members per s | times serial, median (range) "
        "| largest difference of a mean |\n|---|---|---|---|---|"
    )
    for name, spent in taken.items():
        middle = statistics.median(spent)
        gain = [one / other for one, other in zip(serial, spent, strict=True)]
        print(
            f"| {name} | {middle:.2f} ({min(spent):.2f} to {max(spent):.2f}) "
            f"| {members / middle:,.0f} | {statistics.median(gain):.2f} "
            f"({min(gain):.2f} to {max(gain):.2f}) | {away[name]:.0e} |"
        )


def main() -> None:
    """Print the table."""
    from distributed import LocalCluster

    members = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, load before "
        f"{os.getloadavg()[0]:.1f}; {members} members, chunks of {CHUNK}, {ROUNDS} rounds"
    )
    with (
        Processes(1, chunk=CHUNK) as one,
        Processes(2, chunk=CHUNK) as two,
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1",
                     dashboard_address="127.0.0.1:0") as cluster,
    ):  # fmt: skip
        dask = Dask(cluster.scheduler_address, chunk=CHUNK)
        executors = {
            "serial": Serial(chunk=CHUNK), "1 process": one, "2 processes": two,
            "Dask, 2 workers": dask,
        }  # fmt: skip
        rounds(executors, members)
        dask.close()
    print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
