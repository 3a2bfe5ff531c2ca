"""How far ``abscope-core`` at the default tolerance is from SciPy's LSODA at 1e-10.

    python verification/against_lsoda.py --patients 1000 --workers 4

Random patients (`random_patients`) with every kind of event, with a run-in of 30 days. The error of
an observable is |ours - LSODA| / (|LSODA| + floor), the largest over times and lesions of a
patient; the floor is what stands for nothing: 1e-3 of the scale of the state that is seen.
"""

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from abscope.engine.reference import reference
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients
from abscope.model.system import core_system
from random_patients import HORIZON_D, random_patients

__all__ = ["ALLOWED", "ALLOWED_99", "DAYS_D", "FLOOR", "errors_of", "quantiles"]

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
) -> dict[str, np.ndarray]:
    """Return the largest error of each observable by name, (patients,); ``rtol`` is of LSODA."""
    options = CoreOptions(run_in_d=run_in_d)
    fast = simulate_patients(patients, observe_at_d=days_d, options=options)
    if not fast.ok.all():
        raise RuntimeError("; ".join(fast.failures()))
    batch = batch_of(patients, observe_at_d=days_d, options=options)
    slow = reference(core_system(), batch, rtol=rtol, atol=1e-2 * rtol)
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


def _one(given: tuple[int, int]) -> dict[str, np.ndarray]:
    number, seed = given
    return errors_of([random_patients(number + 1, seed=seed)[number]])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    errors_of(random_patients(1, seed=given.seed))  # compiles before the workers ask for it
    began, work = time.time(), [(k, given.seed) for k in range(given.patients)]
    found = []
    with ProcessPoolExecutor(given.workers, multiprocessing.get_context("spawn")) as pool:
        for one in pool.map(_one, work, chunksize=2):
            found.append(one)
            if len(found) % 100 == 0 or len(found) == given.patients:
                print(f"\n{len(found)} patients, seed {given.seed}, {time.time() - began:.0f} s\n")
                _print({name: np.concatenate([one[name] for one in found]) for name in found[0]})


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
