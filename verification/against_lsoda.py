"""How far ``abscope-core`` at the default tolerance is from SciPy's LSODA at 1e-10.

    python verification/against_lsoda.py --patients 1000 --workers 4 --rows rows.jsonl

Every patient is a line of the file of rows as soon as it is done; the same command goes on where it
was stopped, and starts anew only under another name where the seed or the model is another. Random
patients (`random_patients`) with every kind of event, with a run-in of 30 days. The error of
an observable is |ours - LSODA| / (|LSODA| + floor), the largest over times and lesions of a
patient; the floor is what stands for nothing: 1e-3 of the scale of the state that is seen.

LSODA integrates compiled rates, which are compared with the rules at every stop; with --rules it
takes the rules as they stand, which is 30 times slower.
"""

import argparse
import hashlib
import json
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from abscope.engine.compiling import compile_system
from abscope.engine.equations import equations
from abscope.engine.reference import reference
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients
from abscope.model.system import core_system
from abscope.model.values import core_values
from random_patients import HORIZON_D, random_patients

__all__ = [
    "ALLOWED", "ALLOWED_99", "DAYS_D", "FLOOR", "errors_of", "model_mark", "quantiles", "rows_of",
]  # fmt: skip

ALLOWED, ALLOWED_99 = 1e-3, 2e-4
DAYS_D = (5.0, 20.0, 45.0, 80.0, HORIZON_D)
_RUN_IN_D = 30.0
#: 1e-3 of the scale of what is seen, in its unit.
FLOOR = {
    "volume_ml": 1e-3, "viable_ml": 1e-3, "dead_ml": 1e-3, "signal_frac": 1e-4,
    "effector_mcell_per_ml": 1e-4, "exhausted_mcell_per_ml": 1e-4, "stroma_frac": 1e-3,
    "pdl1_frac": 1e-4, "kill_per_d": 1e-4, "arriving_mcell_per_d": 1e-4, "burden_ml": 1e-3,
    "alc_per_ul": 1.0, "lymphoid_rest_frac": 1e-3, "antigen_mcell": 1e-4,
    "circulating_mcell": 1e-3, "memory_mcell": 1e-3, "homing_mcell_per_d": 1e-3,
    "pd1_mg_per_l": 1e-3, "pd1_occupancy_frac": 1e-3, "ctla4_mg_per_l": 1e-3,
    "ctla4_occupancy_frac": 1e-3,
}  # fmt: skip


def errors_of(
    patients: Sequence[Patient],
    *,
    days_d: Sequence[float] = DAYS_D,
    run_in_d: float = _RUN_IN_D,
    rtol: float = 1e-10,
    compiled: bool = False,
) -> dict[str, np.ndarray]:
    """Return the largest error of each observable by name, (patients,); ``rtol`` is of LSODA.

    ``compiled`` lets LSODA take compiled rates in place of the rules.
    """
    options = CoreOptions(run_in_d=run_in_d)
    fast = simulate_patients(patients, observe_at_d=days_d, options=options)
    if not fast.ok.all():
        raise RuntimeError("; ".join(fast.failures()))
    batch = batch_of(patients, observe_at_d=days_d, options=options)
    plain = compile_system(core_system(), lanes=1, method="tsit5") if compiled else None
    slow = reference(core_system(), batch, rtol=rtol, atol=1e-2 * rtol, compiled=plain)
    wrong = {
        name: np.abs(fast[name] - exact) / (np.abs(exact) + FLOOR[name])
        for name, exact in slow.items()
    }
    return {
        name: np.nanmax(value.reshape(len(patients), -1), axis=1) for name, value in wrong.items()
    }


def quantiles(errors: np.ndarray) -> tuple[float, float, float]:
    """Return the median, the 99th percentile and the largest."""
    return float(np.median(errors)), float(np.percentile(errors, 99)), float(errors.max())


def _one(given: tuple[int, Patient, bool]) -> dict[str, float]:
    number, patient, compiled = given
    found = errors_of([patient], compiled=compiled)
    return {"patient": number, **{name: float(errors[0]) for name, errors in found.items()}}


def model_mark() -> str:
    """Return a mark of the equations and of the ranges that patients are drawn from."""
    ranges = sorted((name, q.value, q.low, q.high) for name, q in core_values().items())
    text = equations(core_system()) + repr(ranges)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def rows_of(path: Path, *, seed: int) -> dict[int, dict[str, float]]:
    """Return the rows of a file by patient; ValueError where it is of another seed or model.

    A last line that was cut short is left out.
    """
    head = {"seed": seed, "model": model_mark()}
    if not path.exists():
        path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        return {}
    first, *lines = path.read_text(encoding="utf-8").split("\n")
    if json.loads(first) != head:
        raise ValueError(f"{path} is of {first}, this run of {json.dumps(head)}: name another file")
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    path.write_text("".join(json.dumps(row) + "\n" for row in (head, *rows)), encoding="utf-8")
    return {row["patient"]: row for row in rows}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", action="store_true", help="integrate the rules as they stand")
    parser.add_argument("--rows", type=Path, default=Path("against_lsoda.jsonl"))
    given = parser.parse_args()
    rows = rows_of(given.rows, seed=given.seed)
    patients = random_patients(given.patients, seed=given.seed)
    errors_of(patients[:1], compiled=not given.rules)  # compiles before the workers ask for it
    began = time.time()
    left = [(k, patients[k], not given.rules) for k in range(given.patients) if k not in rows]
    with (
        given.rows.open("a", encoding="utf-8") as out,
        ProcessPoolExecutor(given.workers, multiprocessing.get_context("spawn")) as pool,
    ):
        for row in pool.map(_one, left):
            print(json.dumps(row), file=out, flush=True)
            rows[int(row["patient"])] = row
    kept = [rows[k] for k in range(given.patients)]
    took = f"{len(left)} of them now, {time.time() - began:.0f} s"
    print(f"\n{len(kept)} patients, seed {given.seed}, {took}\n")
    _print({name: np.array([row[name] for row in kept]) for name in FLOOR})


def _print(table: dict[str, np.ndarray]) -> None:
    worst = np.max(list(table.values()), axis=0)
    print("| observable | median | 99th percentile | largest | met |\n|---|---|---|---|---|")
    for name, errors in (*table.items(), ("worst of a patient", worst)):
        middle, high, largest = quantiles(errors)
        met = "yes" if largest < ALLOWED and high < ALLOWED_99 else "no"
        print(f"| {name} | {middle:.1e} | {high:.1e} | {largest:.1e} | {met} |")
    print("\nlargest errors:", [int(k) for k in np.argsort(-worst)[:5]], flush=True)


if __name__ == "__main__":
    main()
