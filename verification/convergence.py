"""The order of convergence of the integrator on ``abscope-core``: error against steps.

    python verification/convergence.py --patients 100

The same random patients at tolerances from 1e-4 to 1e-9, each against 1e-11. A method of order p
whose steps are all shortened alike has an error that falls with the steps to the power -p.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from abscope.engine.simulation import Settings
from abscope.model.run import simulate_patients
from against_lsoda import DAYS_D, FLOOR
from random_patients import random_patients

__all__ = ["convergence"]

_RTOL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)


def convergence(
    patients: int, *, seed: int, rtols: Sequence[float] = _RTOL
) -> list[tuple[float, float, float]]:
    """Return (rtol, mean steps per patient, median over patients of the largest error)."""
    chosen = random_patients(patients, seed=seed)

    def run(rtol: float) -> tuple[dict[str, np.ndarray], float]:
        found = simulate_patients(chosen, observe_at_d=DAYS_D, settings=Settings(rtol=rtol))
        if not found.ok.all():
            raise RuntimeError("; ".join(found.failures()[:5]))
        return found.observables, float(found.steps.mean())

    exact, _ = run(1e-11)
    rows = []
    for rtol in rtols:
        ours, steps = run(rtol)
        wrong = [
            np.nanmax(
                (np.abs(ours[name] - exact[name]) / (np.abs(exact[name]) + floor)).reshape(
                    patients, -1
                ),
                axis=1,
            )
            for name, floor in FLOOR.items()
        ]
        rows.append((rtol, steps, float(np.median(np.max(wrong, axis=0)))))
    return rows


def main() -> None:
    """Print the table, with the order between neighbors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100)
    given = parser.parse_args()
    print("| rtol | steps | error | order |\n|---|---|---|---|")
    before: tuple[float, float] | None = None
    for rtol, steps, error in convergence(given.patients, seed=1):
        order = (
            "" if before is None else f"{np.log(before[1] / error) / np.log(steps / before[0]):.1f}"
        )
        print(f"| {rtol:.0e} | {steps:.0f} | {error:.1e} | {order} |")
        before = steps, error


if __name__ == "__main__":
    main()
