"""How fast and how right the dose of regions is, beside dicompyler-core and plastimatch.

    python benchmarks/dose.py                                       # abscope alone
    python benchmarks/dose.py --dicompyler CHECKOUT --dicompyler-python PYTHON
    python benchmarks/dose.py --plastimatch .venv/bin/plastimatch

Whole processes, from a folder of DICOM-RT to a table of all regions, ours as ``abscope dose`` with
all its checks and the organ table: time by the clock, processor
time, and the largest memory of one process, as the operating system accounts for them. The tools
run in turn. dicompyler-core is a checkout of its git master (BSD-3-Clause; the released 0.5.6 does
not import with pydicom 3) run by a Python that has numpy, pydicom and matplotlib; plastimatch is
the wheel of PyPI. A peer that is not given is left out, and the output says so.
"""

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from analytic_doses import (  # noqa: E402
    CENTER_MM,
    ball,
    ball_linear,
    cone,
    cone_across,
    cone_along,
    linear_ap,
    linear_si,
    tube,
    tube_across,
    tube_along,
)
from dicom_phantom import write_dose, write_plan, write_structures  # noqa: E402
from phantom_shapes import centers_mm, circle, grid_of, roi_of  # noqa: E402

WORKER = Path(__file__).with_name("dose_workers.py")
BREAST = ROOT.parent / "shared" / "data" / "dicom" / "breast_boost.tar.xz"
KEYS = ("V", "mean", "D98", "D95", "D50", "D2")
OURS = dict(
    zip(KEYS, ("volume_ml", "mean_dose_gy", *(f"d{n}_dose_gy" for n in (98, 95, 50, 2))),
        strict=True)
)  # fmt: skip
SHARES = (0.98, 0.95, 0.5, 0.02)
BIG_ORGANS = (
    "Lung_L", "Lung_R", "Heart", "Liver", "Spleen", "Kidney_L", "Kidney_R", "SpinalCord", "Brain",
)  # fmt: skip


#: A small process of its own: a child inherits the largest memory of the one that starts it.
LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - started
cpu = used.ru_utime + used.ru_stime
with open(sys.argv[1], "w") as out:
    json.dump([wall, cpu, used.ru_maxrss, os.waitstatus_to_exitcode(status)], out)
"""


@dataclass(frozen=True)
class Tool:
    """A way to run one process that makes a table of a folder."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What the operating system says about one finished process."""

    wall_s: float
    cpu_s: float
    peak_gb: float


def run_once(tool: Tool, folder: Path, out: Path) -> Run:
    """Run one process and return what it took; a failing process ends the benchmark."""
    command = [part.format(folder=folder, out=out) for part in tool.command]
    log, measured = out.with_suffix(".log"), out.with_suffix(".run")
    launcher = [sys.executable, "-S", "-c", LAUNCHER, str(measured), *command]
    with log.open("wb") as sink:
        subprocess.run(
            launcher, stdout=sink, stderr=sink, env=os.environ | tool.environment, check=True
        )
    wall, cpu, kilobytes, status = json.loads(measured.read_text())
    if status:
        raise SystemExit(f"{tool.name} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return Run(wall, cpu, kilobytes * 1024 / 1e9)


# ---- the tools -----------------------------------------------------------------------------------


def tools_of(given: argparse.Namespace) -> list[Tool]:
    tools = [Tool("abscope", (sys.executable, "-m", "abscope", "dose", "{folder}", "--csv"))]
    if given.dicompyler:
        tools.append(
            Tool(
                "dicompyler-core",
                (given.dicompyler_python, str(WORKER), "{folder}", "{out}"),
                {"PYTHONPATH": str(Path(given.dicompyler).resolve())},
            )
        )
    else:
        print("dicompyler-core: no checkout given (--dicompyler), left out\n")
    if given.plastimatch:
        command = (given.plastimatch, "dvh", "--input", "{folder}", "--output-csv", "{out}",
                   "--cumulative", "--normalization", "vox", "--dose-units", "gy",
                   "--bin-width", "0.01", "--num-bins", "4000")  # fmt: skip
        tools.append(Tool("plastimatch", command))
    else:
        print("plastimatch: not given (--plastimatch), left out\n")
    return tools


def table_of(tool: Tool, out: Path) -> dict[str, dict[str, float | None]]:
    if tool.name == "abscope":
        rows = csv.DictReader(out.with_suffix(".log").read_text().splitlines())
        return {
            row["roi_name"]: {
                key: float(row[column]) if row[column] else None for key, column in OURS.items()
            }
            for row in rows
        }
    if tool.name == "dicompyler-core":
        return json.loads(out.read_text())
    lines = out.with_suffix(".log").read_text(errors="replace").splitlines()
    at = next(n for n, text in enumerate(lines) if "checking voxel size" in text)
    voxel_ml = float(np.prod([float(v) for v in lines[at + 1].split()])) / 1000
    with out.open(newline="") as file:
        rows = list(csv.reader(file))
    columns = np.array([[float(v) for v in row] for row in rows[1:]]).T
    return {
        name: curve_values(columns[0], counts, voxel_ml)
        for name, counts in zip(rows[0][1:], columns[1:], strict=True)
    }


def curve_values(dose_gy: np.ndarray, counts: np.ndarray, voxel_ml: float) -> dict:
    """Values of a cumulative curve in voxels."""
    if not counts[0]:
        return dict.fromkeys(KEYS, None)
    mean = dose_gy[0] + float(((counts[1:] + counts[:-1]) / 2 * np.diff(dose_gy)).sum()) / counts[0]
    # the largest dose that at least this share has: a drop of the curve belongs to its dose
    at = [float(dose_gy[np.flatnonzero(counts >= v * counts[0])[-1]]) for v in SHARES]
    return dict(zip(KEYS, [counts[0] * voxel_ml, float(mean), *at], strict=True))


# ---- what they are given -------------------------------------------------------------------------


def analytic_folders(target: Path) -> dict[Path, dict[str, dict[str, float]]]:
    """Shapes at 3 mm in linear doses on a grid of 2.5 mm, with their closed forms."""
    shapes = {
        "sphere12": (ball(12), ball_linear(12), ball_linear(12)),
        "cylinder12": (tube(12, 24), tube_along(24), tube_across(12)),
        "cone12": (cone(12, 24), cone_along(24), cone_across(12)),
        "sphere5": (ball(5), ball_linear(5), ball_linear(5)),
    }
    grid = grid_of((25, 25, 25), origin_mm=(-30.0,) * 3)
    folders = {}
    for place, (name, formula) in enumerate((("SI", linear_si), ("AP", linear_ap))):
        folder = target / f"analytic_{name}"
        folder.mkdir()
        write_dose(folder / "dose.dcm", formula(centers_mm(grid) - CENTER_MM), grid, plan_uid=None)
        rois = [s.roi(2.5 if key == "sphere5" else 3.0) for key, (s, *_) in shapes.items()]
        named = [roi_of(key, [c.points_mm for c in r.contours], number=n + 1)
                 for n, (key, r) in enumerate(zip(shapes, rois, strict=True))]  # fmt: skip
        write_structures(folder / "structures.dcm", named)
        folders[folder] = {
            key: dict(zip(KEYS, [shape.volume_ml, truths[place].mean_gy,
                                 *(truths[place].at_volume(v) for v in SHARES)],
                          strict=True))
            for key, (shape, *truths) in shapes.items()
        }  # fmt: skip
    return folders


def big_folder(target: Path) -> Path:
    """A plan on a grid of 300 x 512 x 512 (1 mm, 2 mm along z): body, 9 organs, 30 lesions."""
    folder = target / "big"
    folder.mkdir()
    grid = grid_of((300, 512, 512), spacing_mm=(2.0, 1.0, 1.0))
    z = np.exp(-(((grid.offsets_mm - 300) / 150) ** 2))[:, None, None]
    y = np.exp(-(((np.arange(512) - 250) / 90.0) ** 2))[None, :, None]
    x = np.exp(-(((np.arange(512) - 260) / 110.0) ** 2))[None, None, :]
    write_dose(folder / "dose.dcm", (60 * z * y * x).astype(np.float32), grid, bits=16)
    write_plan(folder / "plan.dcm", levels=[(11, 50.0)], n_fractions=25)
    chance = np.random.default_rng(1)
    rois = [solid("BODY", 1, (256, 256, 300), (235, 170, 297), 720)]
    for n, name in enumerate(BIG_ORGANS, start=2):
        center = (*chance.uniform(150, 360, 2), chance.uniform(150, 450))
        rois.append(solid(name, n, center, chance.uniform(25, 75, 3), 240))
    for n in range(11, 41):
        center = (*chance.uniform(130, 380, 2), chance.uniform(60, 540))
        rois.append(solid(f"lesion{n}", n, center, chance.uniform(5, 20, 3), 90))
    write_structures(folder / "structures.dcm", rois)
    return folder


def solid(name, number, center, half, points):
    levels = np.arange(np.ceil((center[2] - half[2]) / 2) * 2 + 2, center[2] + half[2] - 1, 2.0)
    rings = []
    for level in levels:
        share = np.sqrt(max(1 - ((level - center[2]) / half[2]) ** 2, 0.01))
        ring = circle((0.0, 0.0), 1.0, float(level), n=points)
        rings.append(ring * (half[0] * share, half[1] * share, 1) + (center[0], center[1], 0))
    return roi_of(name, rings, number=number)


# ---- the report ----------------------------------------------------------------------------------


def speed(tools: list[Tool], folder: Path, scratch: Path, runs: int) -> None:
    found: dict[str, list[Run]] = {tool.name: [] for tool in tools}
    for n in range(runs + 1):  # the first round warms caches up and does not count
        for tool in tools:
            run = run_once(tool, folder, scratch / f"{tool.name}.out")
            if n:
                found[tool.name].append(run)
    print(
        "| tool | runs | seconds, median (range) | processor s | peak memory, GB | time / abscope |"
    )
    print("|---|---|---|---|---|---|")
    ours = [run.wall_s for run in found["abscope"]]
    for name, list_of in found.items():
        wall = [run.wall_s for run in list_of]
        ratio = statistics.median(b / a for a, b in zip(ours, wall, strict=True))
        print(
            f"| {name} | {runs} | {statistics.median(wall):.2f} ({min(wall):.2f} to "
            f"{max(wall):.2f}) | {statistics.median(r.cpu_s for r in list_of):.2f} | "
            f"{max(r.peak_gb for r in list_of):.2f} | {ratio:.1f} |"
        )


def accuracy(tools: list[Tool], scratch: Path) -> None:
    sums: dict[str, list[dict[str, float]]] = {tool.name: [] for tool in tools}
    print("\n| shape, dose | tool | V % | mean | D98 | D95 | D50 | D2 |\n|" + "---|" * 8)
    for folder, truth in analytic_folders(scratch).items():
        tables = {}
        for tool in tools:
            out = scratch / f"{tool.name}.out"
            # the planes of these shapes stand for full slabs
            full = ("--cap", "full") if tool.name == "abscope" else ()
            run_once(replace(tool, command=(*tool.command, *full)), folder, out)
            tables[tool.name] = table_of(tool, out)
        for shape, expected in truth.items():
            for tool in tools:
                got = tables[tool.name][shape]
                off = {key: (got[key] or 0.0) - expected[key] for key in KEYS}
                off["V"] *= 100 / expected["V"]
                sums[tool.name].append(off)
                values = " | ".join(f"{off[key]:+.2f}" for key in KEYS)
                print(f"| {shape}, {folder.name[-2:]} | {tool.name} | {values} |")
    print("\n| tool | " + " | ".join(f"mean error of {key}" for key in ("V, %", *KEYS[1:])) + " |")
    print("|---|" + "---|" * len(KEYS))
    for name, rows in sums.items():
        means = [statistics.mean(abs(row[key]) for row in rows) for key in KEYS]
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in means) + " |")


def big(tool: Tool, scratch: Path, runs: int) -> None:
    folder = big_folder(scratch)
    out = scratch / "big.out"
    found = [run_once(tool, folder, out) for _ in range(runs)]
    wall = [run.wall_s for run in found]
    print(
        f"\n512 x 512 x 300 voxels, {len(table_of(tool, out))} regions, with the organ table: "
        f"{statistics.median(wall):.1f} s ({min(wall):.1f} to {max(wall):.1f}), processor "
        f"{statistics.median(run.cpu_s for run in found):.1f} s, largest process "
        f"{max(run.peak_gb for run in found):.2f} GB"
    )


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--runs", type=int, default=5)
    ask.add_argument("--dicompyler", default=os.environ.get("DICOMPYLER_CORE"))
    ask.add_argument("--dicompyler-python", default=sys.executable)
    ask.add_argument("--plastimatch", default=os.environ.get("PLASTIMATCH"))
    ask.add_argument("--skip-big", action="store_true")
    given = ask.parse_args()
    if not BREAST.is_file():
        raise SystemExit(f"{BREAST} is not here: there is no case to time")
    print(
        f"Run of {date.today()}; {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}, numpy {np.__version__}; load before the start "
        f"{os.getloadavg()[0]:.1f}\n"
    )
    tools = tools_of(given)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        with tarfile.open(BREAST) as packed:
            packed.extractall(scratch / "breast", filter="data")
        (case,) = (scratch / "breast").glob("*/")
        speed(tools, case, scratch, given.runs)
        accuracy(tools, scratch)
        if not given.skip_big:
            big(tools[0], scratch, given.runs)


if __name__ == "__main__":
    main()
