"""How fast and how exact the dose of blood is computed, beside HEDOS (github.com/mghro/hedos, MIT).

    python benchmarks/blood.py                                    # without the peer
    python benchmarks/blood.py --hedos CHECKOUT --hedos-python VENV/bin/python

HEDOS runs in a process of its own, with its own Python (numpy, scipy, pandas, openpyxl, networkx,
matplotlib); it takes 3 GB and two minutes. Whole processes are timed from the outside, including
the start of Python and all imports, with their peak memory; work alone is timed inside. The ratios
are what counts.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from abscope.blood.blood_dose import BloodDose, blood_dose
from abscope.blood.circulation import reference_network
from abscope.blood.delivery import Delivery, deliver
from abscope.blood.doses import CompartmentDose
from abscope.blood.engines.cohort import cohort_survival_frac
from abscope.blood.engines.events import Particles, simulate
from abscope.blood.engines.transform import mean_survival_frac, sd_gy, survival_gradient
from abscope.blood.kill import LinearQuadratic, Saturating
from abscope.blood.sojourn import Transit

THORAX = {
    "lung": 0.5,
    "bronchial": 0.5,
    "right_heart": 0.8,
    "left_heart": 0.8,
    "red_marrow": 0.3,
    "muscle": 0.1,
    "large_veins": 0.2,
}
ONE, SHORT = [[0.0, 120.0]], [[0.0, 10.0]]
CASES: dict[str, dict[str, Any]] = {
    "liver 2 Gy, 120 s": {"doses_gy": {"liver": 2.0}, "windows_s": ONE},
    "liver 2 Gy, 10 s": {"doses_gy": {"liver": 2.0}, "windows_s": SHORT},
    "lung 2 Gy, 120 s": {"doses_gy": {"lung": 2.0}, "windows_s": ONE},
    "lung 2 Gy, 10 s": {"doses_gy": {"lung": 2.0}, "windows_s": SHORT},
    "spleen 2 Gy, 120 s": {"doses_gy": {"spleen": 2.0}, "windows_s": ONE},
    "red marrow 2 Gy, 120 s": {"doses_gy": {"red_marrow": 2.0}, "windows_s": ONE},
    "thorax, 4 x 20 s": {
        "doses_gy": THORAX,
        "windows_s": [[0.0, 20.0], [30.0, 20.0], [60.0, 20.0], [90.0, 20.0]],
    },
    "thorax, 80 s": {"doses_gy": THORAX, "windows_s": [[0.0, 80.0]]},
}
KILL = LinearQuadratic(0.5)
OWN_RUN = """
import sys
from abscope.blood.circulation import reference_network
from abscope.blood.delivery import deliver
from abscope.blood.engines.events import Particles, simulate
from abscope.blood.sojourn import Transit
body = reference_network("male")
fraction = deliver(body, {"liver": 2.0}, windows_s=[(0.0, 120.0)], unlisted_gy=0.0)
particles = Particles(int(sys.argv[1]), n_threads=1)
print(simulate(fraction, transit=Transit(), particles=particles).mean())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hedos", type=Path, help="a checkout of github.com/mghro/hedos")
    parser.add_argument("--hedos-python", default=sys.executable, help="a Python that can run it")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--plans", type=int, default=100_000)
    options = parser.parse_args()
    print(machine(), "\n")
    hedos_s = processes(options)
    print(single_calls(options.runs, hedos_s), "\n")
    print(cohort(options.plans), "\n")
    print(costs(options.runs), "\n")
    print(accuracy(options))


def fraction_of(case: dict[str, Any]) -> Delivery:
    return deliver(
        reference_network("male"), case["doses_gy"], windows_s=case["windows_s"], unlisted_gy=0.0
    )


# ---- whole processes -----------------------------------------------------------------------------


def processes(options: argparse.Namespace) -> float | None:
    """Print whole processes, one organ and one beam; return the seconds that HEDOS worked."""
    rows = []
    hedos_s, work_s = None, None
    if options.hedos is not None:
        liver = {"liver 2 Gy, 120 s": CASES["liver 2 Gy, 120 s"]}
        out, hedos_s, memory = hedos(options, liver)
        work_s = out["walk_s"] + out["cases"]["liver 2 Gy, 120 s"]["dose_s"]
        rows.append(["HEDOS, 0.05 s", "100,000", f"{hedos_s:.1f}", f"{memory:.0f}", ""])
    for count in (100_000, 1_000_000):
        command = [sys.executable, "-c", OWN_RUN, str(count)]
        run_process(command)
        runs = [run_process(command)[1:] for _ in range(options.runs)]
        seconds = statistics.median(seconds for seconds, _ in runs)
        memory = max(memory for _, memory in runs)
        ratio = "" if hedos_s is None or count != 100_000 else f"{hedos_s / seconds:.0f}"
        name = "abscope, events, 1 thread"
        rows.append([name, f"{count:,}", f"{seconds:.2f}", f"{memory:.0f}", ratio])
    print(table(["whole process", "particles", "s", "peak MB", "HEDOS / ours"], rows), "\n")
    return work_s


def run_process(command: list[str]) -> tuple[str, float, float]:
    """Output, seconds and peak memory (MB) of one process from its start to its end."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if status:
            sys.exit(f"{command[:2]} ended with status {status}")
        out.seek(0)
        return out.read(), seconds, usage.ru_maxrss / 1024


def hedos(
    options: argparse.Namespace, cases: dict[str, dict[str, Any]], particles: int = 100_000
) -> tuple[dict[str, Any], float, float]:
    settings = {
        "sex": "male",
        "particles": particles,
        "steps": 2400,
        "dt_s": 0.05,
        "seed": 1,
        "cases": cases,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(settings, file)
        file.flush()
        driver = Path(__file__).with_name("blood_hedos.py")
        command = [options.hedos_python, str(driver), str(options.hedos.resolve()), file.name]
        text, seconds, memory = run_process(command)
    return json.loads(text), seconds, memory


# ---- work alone ----------------------------------------------------------------------------------


def median_s(call: Callable[[], object], runs: int) -> float:
    call()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def single_calls(runs: int, hedos_s: float | None) -> str:
    liver = fraction_of(CASES["liver 2 Gy, 120 s"])
    beams = fraction_of(CASES["thorax, 4 x 20 s"])
    exact, markov, phases = Transit(), Transit(shape=1.0), Transit(n_phases=4)

    def particles(count: int) -> Callable[[], object]:
        return lambda: simulate(liver, transit=exact, particles=Particles(count, n_threads=1))

    calls: dict[str, Callable[[], object]] = {
        "events, 100,000 particles, 1 thread": particles(100_000),
        "events, 1,000,000 particles, 1 thread": particles(1_000_000),
        "survival, Rayleigh stays, exact": lambda: mean_survival_frac(liver, KILL, transit=exact),
        "survival, exponential stays": lambda: mean_survival_frac(liver, KILL, transit=markov),
        "survival, four beams, 4 phases": lambda: mean_survival_frac(beams, KILL, transit=phases),
        "survival, linear-quadratic": lambda: mean_survival_frac(
            liver, LinearQuadratic(0.4, 0.1), transit=exact
        ),
        "survival, saturating": lambda: mean_survival_frac(
            liver, Saturating(2.18, 0.57), transit=exact
        ),
        "survival and gradient by 28 doses": lambda: survival_gradient(liver, 0.5, transit=exact),
        "standard deviation": lambda: sd_gy(liver, transit=exact),
    }
    rows = []
    for name, call in calls.items():
        seconds = median_s(call, runs)
        ratio = "" if hedos_s is None else f"{hedos_s / seconds:,.0f}"
        rows.append([name, f"{1e3 * seconds:.2f}", ratio])
    if hedos_s is not None:
        rows.insert(0, ["HEDOS, walk and dose, 100,000 particles", f"{1e3 * hedos_s:,.0f}", "1"])
    return table(["work alone", "ms", "HEDOS / ours"], rows)


def cohort(plans: int) -> str:
    """Plans with random doses of a third of the compartments, all different, and few patterns."""
    body = reference_network("male")
    rng = np.random.default_rng(1)
    doses = rng.gamma(0.5, 0.5, (plans, 28)) * (rng.random((plans, 28)) < 0.33)
    seconds = rng.uniform(30, 300, plans)
    alpha = rng.lognormal(np.log(0.5), 0.5, plans)
    repeated = rng.integers(0, 200, plans)
    kinds = {
        "all different": (doses, seconds, alpha),
        "200 patterns": (doses[repeated], seconds[repeated], alpha[repeated]),
    }
    threads = min(2, os.cpu_count() or 1)
    rows = []
    for name, (dose, time_s, by_alpha) in kinds.items():
        begin = time.perf_counter()
        cohort_survival_frac(
            body,
            dose,
            beam_on_time_s=time_s,
            alpha_per_gy=by_alpha,
            transit=Transit(),
            n_threads=threads,
        )
        total = time.perf_counter() - begin
        rows.append([f"{plans:,} plans, {name}", f"{total:.1f}", f"{1e3 * total / plans:.3f}"])
    return table([f"cohort, exact survival, {threads} threads", "s", "ms per plan"], rows)


def costs(runs: int) -> str:
    body = reference_network("male")
    liver = fraction_of(CASES["liver 2 Gy, 120 s"])
    rows = []

    def add(name: str, given: Delivery, particles: int, transit: Transit, fractions: int) -> None:
        def events() -> BloodDose:
            sample = Particles(particles, n_threads=1)
            result = blood_dose(given, engine="events", transit=transit, particles=sample)
            return result.repeated(fractions)

        def survival() -> float:
            return mean_survival_frac(given, KILL, transit=transit) ** fractions

        cells = [f"{median_s(events, min(runs, 3)):.3f}", f"{1e3 * median_s(survival, runs):.2f}"]
        rows.append([name, f"{particles:,}", *cells])

    for count in (10_000, 100_000, 1_000_000):
        add("1 organ", liver, count, Transit(), 1)
    for organs in (4, 12, 28):
        doses = dict.fromkeys(body.names[:organs], 1.0)
        given = deliver(body, doses, windows_s=[(0, 120)], unlisted_gy=0.0)
        add(f"{organs} organs", given, 100_000, Transit(), 1)
    for bins in (10, 100):
        doses = [
            CompartmentDose(name, np.linspace(0, 2, bins), np.full(bins, 1 / bins))
            for name in body.names[:12]
        ]
        given = deliver(body, doses, windows_s=[(0, 120)], unlisted_gy=0.0)
        frozen = Transit(tau_mix_s=np.inf)
        add(f"12 organs of {bins} bins, frozen", given, 100_000, frozen, 1)
    for fractions in (5, 30):
        add(f"1 organ, {fractions} fractions", liver, 100_000, Transit(), fractions)
    head = ["cost", "particles", "events, histogram (s)", "transform, survival (ms)"]
    return table(head, rows)


# ---- accuracy ------------------------------------------------------------------------------------


def accuracy(options: argparse.Namespace) -> str:
    """Ours (4,000,000 particles and the transform) and HEDOS's (100,000) with standard errors."""
    theirs = {} if options.hedos is None else hedos(options, CASES)[0]["cases"]
    rows = []
    for name, case in CASES.items():
        given = fraction_of(case)
        result = blood_dose(
            given, engine="events", kills=[KILL], particles=Particles(4_000_000, seed=1)
        )
        exact = blood_dose(given, engine="transform", kills=[KILL], transit=Transit(n_phases=8))
        survival = result.survival[0]
        volumes = [float(v) for v in result.histogram.volume_above_frac([0.1, 0.5])]
        rows.append(
            [
                name,
                "exact",
                f"{exact.mean_gy:.4f}",
                f"{exact.sd_gy:.4f}",
                f"{exact.unirradiated_frac:.4f}",
                "",
                "",
                f"{exact.survival[0].surviving_frac:.4f}",
            ]
        )
        rows.append(
            [
                "",
                "events",
                f"{result.simulated_mean_gy:.5f} ± {result.simulated_mean_se_gy:.5f}",
                f"{result.sd_gy:.4f}",
                f"{result.unirradiated_frac:.5f} ± {result.unirradiated_se_frac:.5f}",
                *(f"{v:.5f} ± {np.sqrt(v * (1 - v) / 4e6):.5f}" for v in volumes),
                f"{survival.surviving_frac:.5f} ± {survival.se_frac:.5f}",
            ]
        )
        if name in theirs:
            found = theirs[name]
            pair = {key: f"{v[0]:.4f} ± {v[1]:.4f}" for key, v in found.items() if key != "dose_s"}
            sd = f"{found['sd_gy'][0]:.4f}"
            cells = [pair["mean_gy"], sd, pair["unirradiated"], pair["v01"], pair["v05"]]
            rows.append(["", "HEDOS", *cells, pair["survival"]])
    return table(
        ["male", "", "mean Gy", "sd Gy", "no dose", "V0.1 Gy", "V0.5 Gy", "S(0.5 /Gy)"], rows
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba"))
    load = os.getloadavg()[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{os.cpu_count()} cores ({model}), {platform.system()}, Python "
        f"{platform.python_version()}, {packages}; load before the start {load:.1f}; "
        f"{peak:.0f} MB in use before the start"
    )


if __name__ == "__main__":
    main()
