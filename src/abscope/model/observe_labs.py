"""What a PET and a laboratory would have recorded of a simulated patient.

FDG follows viable tumor: with v the share of a lesion's volume that is viable,

    SULpeak = b + (s - b) v,    ln SULpeak -> ln SULpeak + cv z

with b the uptake around it and s that of a lesion all viable, drawn once per lesion. A lesion that
is absent has b, and is resolved; a mass without viable tumor has b too, but a record has no place
to say of one finding that it is measured and resolved, so its remission is called partial.
Neglected: uptake of inflammation and of T cells (a flare after radiotherapy), partial volume of
small lesions, changes of the liver. So the fall of SULpeak means something here, its absolute value
does not. Counts are log-normal about the true ones, levels of drugs likewise.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.dose.geometry.grid import Floats
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws
from abscope.model.values import AGENTS

__all__ = ["count_labs", "level_labs", "with_uptake"]


def count_labs(
    patient: str, days_d: Floats, counts_per_ul: Floats, *, seed: int | None
) -> list[Any]:
    """Return lymphocyte counts as labs; without a seed the true ones."""
    spread = case_prior("count_cv").value
    noise = _noise(f"{patient} lymphocytes", len(days_d), seed)
    seen = np.maximum(np.round(counts_per_ul * np.exp(spread * noise)), 1.0)
    return [
        {"test": "lymphocytes", "when": f"day {day:.7g}", "value": f"{count:.0f} /mm3"}
        for day, count in zip(days_d, seen, strict=True)
    ]


def level_labs(
    patient: Patient, days_d: Floats, levels_mg_per_l: Mapping[str, Floats], *, seed: int | None
) -> list[Any]:
    """Return levels by target (``pd1``, ``ctla4``) as labs, under the name of the agent given."""
    given = {AGENTS[one.agent]: one.agent for one in patient.infusions}
    spread, out = case_prior("level_cv").value, []
    for target, level in levels_mg_per_l.items():
        if target not in given:
            continue
        noise = _noise(f"{patient.id} {given[target]}", len(days_d), seed)
        out += [
            {"test": given[target], "when": f"day {day:.7g}", "value": round(float(value), 3),
             "unit": "mg/L"}
            for day, value in zip(days_d, level * np.exp(spread * noise), strict=True)
            if value > 0.0
        ]  # fmt: skip
    return out


def with_uptake(
    scans: list[dict[str, Any]],
    patient: Patient,
    volumes_ml: tuple[Floats, Floats],
    *,
    names: Mapping[str, str],
    seed: int | None,
) -> list[dict[str, Any]]:
    """Return the scans of every visit as PET/CT, with the uptake of each lesion.

    ``volumes_ml`` are whole and viable volumes (visits, lesions).
    """
    whole, viable = volumes_ml
    sul = {
        names[lesion.id]: _uptake(
            f"{patient.id} {names[lesion.id]}", whole[:, k], viable[:, k], seed
        )
        for k, lesion in enumerate(patient.lesions)
    }
    region = {
        "modalities": ["PET/CT"],
        "liver_sul_mean": case_prior("sul_liver").value,
        "liver_sul_sd": case_prior("sul_liver_sd").value,
        "liver_diseased": False,
        "uptake_time_min": case_prior("uptake_time").value,
        "same_scanner": True,
    }
    return [
        {
            **scan,
            **region,
            "findings": [
                {**found, "sul_peak": round(float(sul[found["lesion"]][visit]), 2)}
                for found in scan["findings"]
            ],
        }
        for visit, scan in enumerate(scans)
    ]


def _uptake(name: str, whole_ml: Floats, viable_ml: Floats, seed: int | None) -> Floats:
    """Return SULpeak at every visit."""
    of_lesion = PriorDraws(1, seed=seed)
    full = float(of_lesion.log_normal(f"{name} uptake", case_prior("sul_tumor"))[0])
    rest = case_prior("sul_background").value
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(whole_ml > 0.0, viable_ml / whole_ml, 0.0)
    noise = _noise(f"{name} PET", len(whole_ml), seed)
    spread = case_prior("sul_repeat_cv").value
    return np.asarray((rest + (full - rest) * np.clip(share, 0.0, 1.0)) * np.exp(spread * noise))


def _noise(name: str, n_visits: int, seed: int | None) -> Floats:
    return np.zeros(n_visits) if seed is None else PriorDraws(n_visits, seed=seed).normal(name)
