"""Do the intervals of a fit hold the truth as often as they say?

    python verification/recovery.py --grade case_report --patients 200 --out recovery.csv
    python verification/recovery.py --out recovery.csv --summary

Each patient has three lesions of melanoma, 3 x 8 Gy to the largest, and is recorded at one, four
or eight scans after the baseline, with a lymphocyte count at each. The lesions of every second one
are so small that some become too small to measure or are seen no more. Its data are then written
again for a truth drawn from the prior of that record (`replicated_data`; grades do not share
truths), and fitted until the chains have converged. For every direction that the data carry, and
for all other quantities that were sampled, the rank of the truth among 99 draws is kept: one line
per patient, so that a run can be stopped and goes on where it was. Truths come from the prior and
data from the truth: this is simulation-based calibration as well as recovery. The rank of the log
likelihood of the truth is kept, too: it shows chains that stay where the data fit too well, and
data whose errors are not those of the likelihood. ``left_out`` is by how much that would change
with the quantities that no chain moved.

A direction is told where its posterior standard deviation is below half that of the prior.
"""

import argparse
import csv
import json
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from abscope.case.record import Case
from abscope.infer.calibration import RankTest, coverage_of, rank_of, rank_tests
from abscope.infer.case_density import CaseDensity, density_of
from abscope.infer.case_model import CaseModel, case_model
from abscope.infer.fit import map_fit
from abscope.infer.readings import GoneReading
from abscope.infer.sampling import SamplerSettings, Start, sample
from abscope.model.observe import Observation, observed_case
from abscope.model.run import simulate_patients
from plans import Course, irradiated, largest
from population import population
from replicated_data import truth_and_data

__all__ = ["RANKS", "density_with", "recorded", "recovered", "summary"]

#: Days of scans after a baseline four days before the first fraction.
_GRADES = {
    "case_report": (60.0,),
    "clinic": (45.0, 90.0, 135.0, 180.0),
    "trial": (28.0, 56.0, 84.0, 112.0, 140.0, 168.0, 196.0, 224.0),
}
_FIRST_D, _LESIONS, RANKS = 14.0, 3, 99
#: Diameters of every second patient over those of the population.
_SMALL = 0.28
_COLUMNS = (
    "grade", "patient", "told", "ranks", "others", "likely", "left_out", "off_sd", "converged",
    "r_hat", "ess", "censored", "seconds",
)  # fmt: skip


def recorded(grade: str, *, seed: int, size_frac: float = 1.0) -> Case:
    """Return the record whose data are written again; all diameters are times ``size_frac``."""
    patient = population(1, tumor="melanoma", seed=seed)[0]
    lesions = [
        replace(one, volume_ml=one.volume_ml * size_frac**3) for one in patient.lesions[:_LESIONS]
    ]
    patient = replace(patient, lesions=tuple(lesions))
    course = Course(dose_gy=8.0, n=3, first_d=_FIRST_D, gap_d=2.0)
    patient = irradiated([patient], course, [largest(patient)], seed=seed)[0]
    days = np.array([-4.0, *_GRADES[grade]]) + _FIRST_D
    found = simulate_patients([patient], observe_at_d=days)
    return observed_case(
        patient,
        days_d=days.tolist(),
        volume_ml=found.observables["volume_ml"][0],
        alc_per_ul=found.observables["alc_per_ul"][0],
        options=Observation(seed=seed, noise=False),
    )


def density_with(model: CaseModel) -> CaseDensity:
    """Return the density of a model whose data are not those of its record."""
    with patch("abscope.infer.case_density.case_model", return_value=model):
        return density_of(model.case, model.options)


def recovered(grade: str, number: int, settings: SamplerSettings) -> dict[str, object]:
    """Return the line of a patient."""
    began = time.process_time()
    base = case_model(recorded(grade, seed=1 + number, size_frac=_SMALL if number % 2 else 1.0))
    grades = list(_GRADES)
    truth, model = truth_and_data(base, seed=1000 * grades.index(grade) + number)
    density = density_with(model)
    best = map_fit(density, seed=1, begin=list(density.starts))
    center, covariance = density.start_of(best.z)
    found = sample(
        density.whole,
        case_id=f"{grade} {number}",
        start=Start(center=center, covariance=covariance),
        settings=settings,
    )
    along = density.coordinates_of(found)
    ranks = rank_of(density.subspace.coordinates(truth[None, :])[0], along.z, ranks=RANKS)
    places = density.whole.places
    others = rank_of(truth[places], found.z, ranks=RANKS)
    flat = along.z.reshape(-1, along.z.shape[2])
    spread = flat.std(axis=0)
    told = int((spread < 0.5).sum())
    known = found.log_density + 0.5 * np.square(found.z).sum(axis=2)
    own = density.whole.log_likelihood(truth[None, places])
    every = model.log_likelihood(model.computed(truth[None, :]))
    off = (density.subspace.coordinates(truth[None, :])[0] - flat.mean(axis=0)) / spread
    return {
        "grade": grade, "patient": number, "told": told,
        "ranks": json.dumps(ranks.tolist()),
        "others": json.dumps({x.name: int(r) for x, r in zip(found.latents, others, strict=True)}),
        "likely": int(rank_of(own, known[..., None], ranks=RANKS)[0]),
        "left_out": f"{float(every[0] - own[0]):.4f}",
        "off_sd": json.dumps(np.round(off, 3).tolist()),
        "converged": int(found.diagnosis.converged),
        "r_hat": f"{found.diagnosis.r_hat:.4f}", "ess": f"{found.diagnosis.ess_bulk:.0f}",
        "censored": sum(isinstance(r, GoneReading) for v in model.data.visits for r in v.readings),
        "seconds": f"{time.process_time() - began:.1f}",
    }  # fmt: skip


def summary(rows: list[dict[str, str]]) -> list[str]:
    """Return identifiable directions, coverage and rank tests as Markdown tables."""
    out = ["| data | patients | chains converged | told directions |", "|---|---|---|---|"]
    for grade in _GRADES:
        mine = [row for row in rows if row["grade"] == grade]
        good = sum(int(row["converged"]) for row in mine)
        told = np.mean([int(row["told"]) for row in mine]) if mine else 0.0
        out.append(f"| {grade} | {len(mine)} | {good} | {told:.1f} |")
    out += ["", "| quantity | data | 50 % intervals | 90 % intervals | p of its ranks |"]
    out.append("|---|---|---|---|---|")
    for name in (*(f"direction {k + 1}" for k in range(4)), "growth", "alpha", "likelihood"):
        for grade in (*_GRADES, "all"):
            mine = [row for row in rows if grade in (row["grade"], "all")]
            found = [rank for row in mine if (rank := _rank(row, name)) is not None]
            if not found:
                continue
            ranks = np.array(found)
            cover = [coverage_of(ranks, ranks=RANKS, width_frac=width) for width in (0.5, 0.9)]
            texts = [f"{c.inside}, {c.inside / c.total:.0%} ({c.least} to {c.most})" for c in cover]
            p = rank_tests(ranks[:, None], names=[name], ranks=RANKS)[0].p_frac
            out.append(f"| {name} | {grade} {len(ranks)} | {texts[0]} | {texts[1]} | {p:.2g} |")
    off = [json.loads(row["off_sd"]) for row in rows]
    sd = ", ".join(f"{np.std([one[k] for one in off if len(one) > k]):.2f}" for k in range(4))
    out += ["", f"Truths less means, in posterior standard deviations, directions 1 to 4: {sd}."]
    every = sorted({name for row in rows for name in json.loads(row["others"])})
    tests: list[RankTest] = []
    for name in every:
        ranks = np.array([json.loads(r["others"]).get(name, -1) for r in rows])
        ranks = ranks[ranks >= 0]
        if len(ranks) > 0.8 * len(rows):
            tests += rank_tests(ranks[:, None], names=[name], ranks=RANKS)
    worst = min(tests, key=lambda test: test.p_frac)
    out.append(f"Of {len(tests)} quantities the smallest p is {worst.p_frac:.2g} ({worst.name}).")
    return out


def _rank(row: dict[str, str], name: str) -> int | None:
    """Return the rank of the truth of a patient along a direction or in a quantity."""
    if name == "likelihood":
        return int(row["likely"])
    if name.startswith("direction "):
        ranks, place = json.loads(row["ranks"]), int(name.split()[1]) - 1
        return int(ranks[place]) if place < len(ranks) else None
    found = json.loads(row["others"]).get(name)
    return None if found is None else int(found)


def main() -> None:
    """Fit patients that are not in the file yet, or print what the file says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grade", choices=list(_GRADES), default="case_report")
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first patient")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--summary", action="store_true")
    parser.add_argument("--part", default="1/1", help="a/b: every b-th pair of patients")
    asked = parser.parse_args()
    rows = list(csv.DictReader(asked.out.open(encoding="utf-8"))) if asked.out.exists() else []
    if asked.summary:
        print("\n".join(summary(rows)))
        return
    done = {int(row["patient"]) for row in rows if row["grade"] == asked.grade}
    part, parts = (int(word) for word in asked.part.split("/"))
    for number in range(asked.first, asked.first + asked.patients):
        if number in done or number // 2 % parts != part - 1:
            continue
        row = recovered(asked.grade, number, SamplerSettings())
        new = not asked.out.exists()
        with asked.out.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(
            {k: row[k] for k in ("grade", "patient", "told", "r_hat", "ess", "seconds")}, flush=True
        )


if __name__ == "__main__":
    main()
