"""Runs HEDOS (github.com/mghro/hedos, MIT) on cases given as JSON and prints what came out.

Started by benchmarks/blood.py with the Python that has HEDOS's own dependencies, in a checkout of
HEDOS; nothing of abscope is imported here.

    python blood_hedos.py CHECKOUT CASES.json
"""

import contextlib
import io
import json
import math
import os
import sys
import time

NAMES = {
    "muscle": "skeletal_muscle",
    "large_arteries": "aorta_large_arteries",
    "stomach_esophagus": "stomach_oesophagus",
    "other": "all_other",
}
TOTALS = {"male": (5.3, 6.5 / 60), "female": (3.9, 5.9 / 60)}


def main() -> None:
    checkout, settings_file = sys.argv[1:3]
    with open(settings_file, encoding="utf-8") as file:
        settings = json.load(file)
    os.environ["MPLBACKEND"] = "Agg"
    sys.path.insert(0, checkout)
    os.chdir(checkout)
    import numpy as np
    from simulation import CompartmentDose, ExpandFlowModel, TemporalDistribution

    np.random.seed(settings["seed"])
    volume, output = TOTALS[settings["sex"]]
    patient = {"TBV": volume, "CO": output, "sheet_name": settings["sex"]}
    simulation = {
        "sample_size": settings["particles"],
        "nr_steps": settings["steps"],
        "dt": settings["dt_s"],
        "weibull_shape": 2,
    }
    begin = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        model = ExpandFlowModel("input/phantom/ICRP89_compartment_model.xlsx", patient, simulation)
        model.construct_weibull()
        blood = TemporalDistribution(model)
        blood.generate_from_weibull()
    walk_s = time.perf_counter() - begin
    out = {"walk_s": walk_s, "cases": {}}
    for name, case in settings["cases"].items():
        begin = time.perf_counter()
        total = CompartmentDose(blood.path, model.dt)
        on_s = sum(duration for _, duration in case["windows_s"])
        for organ, dose_gy in case["doses_gy"].items():
            row = model.names.index(NAMES.get(organ, organ))
            for start, duration in case["windows_s"]:
                total.add_dose(dose_gy / on_s, [row], start_time=start, beam_on_time=duration)
        dose = total.dose
        survival = np.exp(-0.5 * dose)
        root = math.sqrt(dose.size)
        out["cases"][name] = {
            "mean_gy": [float(dose.mean()), float(dose.std() / root)],
            "sd_gy": [float(dose.std()), 0.0],
            "unirradiated": share(dose == 0),
            "v01": share(dose > 0.1),
            "v05": share(dose > 0.5),
            "survival": [float(survival.mean()), float(survival.std() / root)],
            "dose_s": time.perf_counter() - begin,
        }
    print(json.dumps(out))


def share(chosen) -> list[float]:
    mean = float(chosen.mean())
    return [mean, math.sqrt(mean * (1 - mean) / chosen.size)]


if __name__ == "__main__":
    main()
