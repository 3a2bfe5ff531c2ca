"""How well curves foretell the last size of real series, learned from other patients.

    python benchmarks/tumor_series.py ../shared/data/cohorts/laleh2022_first_target_lesion.csv

Patients are parted into folds; for each fold the population of a curve is learned from the whole
series of the others, and the last measurement of each series is foretold from those before it.
Scores: mean logarithm of the density of ln d (of the probability of "too small" where the text was
coded 0), root mean square error of the median where the last two sizes are numbers, share of
measurements inside the 90 % interval.
"""

import argparse
import csv
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from abscope.infer.population import (
    Foretold,
    Population,
    PopulationSettings,
    Series,
    fit_population,
    foretell,
)
from abscope.infer.size_curves import CURVES

#: Row of the table: name, curve, wandering, ending.
ROWS = (
    ("tumor block", "tumor_block", True, True),
    ("last value carried forward", "constant", True, False),
    ("exponential, as published", "exponential", False, False),
    ("Gompertz, as published", "gompertz", False, False),
    ("regression-growth, as published", "regression_growth", False, False),
    ("last value + ending", "constant", True, True),
    ("exponential + wandering + ending", "exponential", True, True),
    ("Gompertz + wandering + ending", "gompertz", True, True),
    ("regression-growth + wandering + ending", "regression_growth", True, True),
    ("fading effect + wandering + ending", "fading_effect", True, True),
    ("tumor block, no ending", "tumor_block", True, False),
    ("tumor block, curve alone", "tumor_block", False, False),
)


def series_of(path: Path, every: int) -> list[Series]:
    """Return every n-th series of the file that has three or more days with a first size."""
    by = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by[row["Pt_hashID"]].setdefault(float(row["T_days"]), float(row["Lesion_diam"]))
    found = []
    for name, sizes in by.items():
        days = np.array(sorted(sizes))
        values = np.array([sizes[day] for day in days])
        if len(days) >= 3 and values[0] > 0:
            found.append(Series(name, days, values))
    return found[::every]


def held_out(
    curve: str, series: list[Series], settings: PopulationSettings, folds: int
) -> list[Foretold]:
    """Return what is foretold of the last measurement of each series by the other folds."""
    out: list[Foretold | None] = [None] * len(series)
    for fold in range(folds):
        mine = [i for i in range(len(series)) if i % folds == fold]
        rest = [one for i, one in enumerate(series) if i % folds != fold]
        population = fit_population(CURVES[curve], rest, settings=settings)
        seen = [Series(s.id, s.days_d[:-1], s.diameter_mm[:-1]) for s in (series[i] for i in mine)]
        then = [(series[i].days_d[-1], series[i].diameter_mm[-1]) for i in mine]
        for i, one in zip(mine, foretell(population, seen, then=then), strict=True):
            out[i] = one
    return [one for one in out if one is not None]


def measured(series: list[Series]) -> np.ndarray:
    """Return where the last size and the one before are numbers, (series,)."""
    return np.array([one.diameter_mm[-1] > 0 and one.diameter_mm[-2] > 0 for one in series])


def scores(found: list[Foretold], series: list[Series]) -> tuple[float, float, float, float, float]:
    """Return log score with its standard error, RMSE of ln d and of d (mm), and coverage."""
    last = np.array([one.diameter_mm[-1] for one in series])
    median = np.array([one.median_mm for one in found])
    log = np.array([one.log_score for one in found])
    seen = measured(series)
    error = np.log(median[seen] / last[seen])
    inside = [a.low_mm <= b <= a.high_mm for a, b in zip(found, last, strict=True) if b > 0]
    return (
        float(log.mean()),
        float(log.std() / np.sqrt(len(log))),
        float(np.sqrt(np.mean(error**2))),
        float(np.sqrt(np.mean((median - last)[seen] ** 2))),
        float(np.mean(inside)),
    )


def shipped(population: Population) -> str:
    """Return the population of the tumor block as it stands in the catalog."""
    names = (*population.curve.parameters, "log_error", "log_wandering_per_sqrt_d", "ending")
    sd = np.sqrt(np.diag(population.covariance))
    rows = [
        f"{n}: {m:.4f} (sd {s:.4f})" for n, m, s in zip(names, population.mean, sd, strict=True)
    ]
    return "\n".join(rows)


def main() -> int:
    """Print one row per curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--rows", type=int, default=len(ROWS))
    options = parser.parse_args()
    series = series_of(options.file, options.every)
    zeros = sum(one.diameter_mm[-1] == 0 for one in series)
    print(f"{len(series)} series, {zeros} of which end too small to measure; "
          f"{options.folds} folds, {options.draws} draws, {options.steps} steps")  # fmt: skip
    print("| model | log score | RMSE of ln d | RMSE (mm) | inside 90 % | s |")
    print("|---|---|---|---|---|---|")
    last = np.array([one.diameter_mm[-1] for one in series])
    before = np.array([one.diameter_mm[-2] for one in series])
    both = measured(series)
    plain = np.sqrt(np.mean(np.log(before[both] / last[both]) ** 2))
    plain_mm = np.sqrt(np.mean((before - last)[both] ** 2))
    print(f"| last value itself (no distribution) | | {plain:.4f} | {plain_mm:.2f} | | |")
    for name, curve, wandering, ending in ROWS[: options.rows]:
        began = time.perf_counter()
        settings = PopulationSettings(
            draws=options.draws, steps=options.steps, wandering=wandering, ending=ending
        )
        found = scores(held_out(curve, series, settings, options.folds), series)
        seconds = time.perf_counter() - began
        print(f"| {name} | {found[0]:.4f} ({found[1]:.4f}) | {found[2]:.4f} | {found[3]:.2f} | "
              f"{found[4]:.1%} | {seconds:.0f} |", flush=True)  # fmt: skip
    settings = PopulationSettings(draws=options.draws, steps=options.steps)
    print(shipped(fit_population(CURVES["tumor_block"], series, settings=settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
