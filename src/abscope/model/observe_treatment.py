"""The treatment of a simulated patient as courses, therapies and procedures of a case."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from abscope.catalog.exposure import exposure_line
from abscope.model.patient import Fraction, Infusion, Patient

__all__ = ["treatment_of"]


def treatment_of(patient: Patient, *, names: Mapping[str, str], zero_d: float) -> dict[str, Any]:
    """Return the treatment as plain values of a case, in days from ``zero_d``.

    Fractions of a course that dose the lesions alike are one phase. A lesion is a target where its
    mean dose is at least the in-field share (catalog) of the highest in the phase; every lesion has
    its mean dose from each course.
    """
    courses: dict[str, list[Fraction]] = {}
    for one in sorted(patient.fractions, key=lambda x: x.day_d):
        courses.setdefault(one.course, []).append(one)
    found = [_course(name, rows, names, zero_d) for name, rows in courses.items()]
    agents: dict[str, list[Infusion]] = {}
    for infusion in sorted(patient.infusions, key=lambda x: x.day_d):
        agents.setdefault(infusion.agent, []).append(infusion)
    therapies = [
        _therapy(k + 1, agent, rows, zero_d) for k, (agent, rows) in enumerate(agents.items())
    ]
    return {
        "rt_courses": found,
        "systemic_therapy": therapies,
        "no_systemic_therapy": []
        if therapies
        else [{"scope": "any", "stated": "simulated without"}],
        "procedures": [
            {
                "id": f"S{k + 1}",
                "kind": "resection",
                "name": "resection",
                "when": f"day {cut.day_d - zero_d:.7g}",
                "lesions": [names[cut.lesion]],
            }
            for k, cut in enumerate(patient.resections)
        ],
    }


def _means(one: Fraction) -> dict[str, float]:
    return {
        lesion: float(np.dot(dose.dose_gy, dose.volume_frac))
        for lesion, dose in one.lesions.items()
    }


def _course(
    name: str, rows: list[Fraction], names: Mapping[str, str], zero_d: float
) -> dict[str, Any]:
    phases, total = [], dict.fromkeys(names, 0.0)
    for number, (_, same) in enumerate(groupby(rows, key=lambda one: id(one.lesions))):
        fractions = list(same)
        means = _means(fractions[0])
        for lesion, dose in means.items():
            total[lesion] += dose * len(fractions)
        highest = max(means.values(), default=0.0)
        line = exposure_line("in_field_d50_frac").value * highest
        phase: dict[str, Any] = {
            "id": f"{name}p{number + 1}",
            "targets": [names[x] for x, dose in means.items() if highest > 0.0 and dose >= line],
            "start": f"day {fractions[0].day_d - zero_d:.7g}",
            "end": f"day {fractions[-1].day_d - zero_d:.7g}",
            "n_fractions_planned": len(fractions),
            "n_fractions_delivered": len(fractions),
        }
        if highest > 0.0:
            phase["dose_per_fraction_gy"] = round(highest, 4)
            phase["total_dose_gy"] = round(highest * len(fractions), 4)
        phases.append(phase)
    return {
        "id": name,
        "start": f"day {rows[0].day_d - zero_d:.7g}",
        "end": f"day {rows[-1].day_d - zero_d:.7g}",
        "phases": phases,
        "exposures": [
            {"lesion": names[lesion], "mean_dose_gy": round(dose, 4)}
            for lesion, dose in total.items()
        ],
    }


def _therapy(number: int, agent: str, rows: list[Infusion], zero_d: float) -> dict[str, Any]:
    gaps = np.diff([one.day_d for one in rows])
    steady = len(gaps) > 0 and float(np.ptp(gaps)) < 1e-6
    found: dict[str, Any] = {
        "name": agent,
        "drug_class": "immune_checkpoint_inhibitor",
        "dose_mg": round(rows[0].amount_mg, 1),
        "n_cycles": len(rows),
    }
    if steady:
        found["interval_d"] = round(float(gaps[0]), 4)
    return {
        "id": f"D{number}",
        "agents": [found],
        "start": f"day {rows[0].day_d - zero_d:.7g}",
        "stop": f"day {rows[-1].day_d - zero_d:.7g}",
    }
