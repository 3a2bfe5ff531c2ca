"""A simulated patient as the case that a scanner and a laboratory would have recorded.

The longest diameter of an ellipsoid with the second axis r times the first and volume V is

    d = (6 V / (pi r^2))^(1/3),    ln d -> ln d + sd z,    sd = max(sd_reader, sd_repeat / d)

with the reader error and the repeat-scan error of the catalog (Yoon 2016, Oxnard 2011). Below 5 mm
a lesion is too small to measure, below 2 mm it is absent. Counts are log-normal about the true one.
PET and drug levels: `abscope.model.observe_labs`. Neglected: scans that miss a lesion, readers who
pick other lesions.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from abscope.case.anatomy import SITES
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.reader import reader_limits
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem
from abscope.model.lesion_sizes import diameter_mm, reader_sd_frac
from abscope.model.observe_labs import count_labs, level_labs, with_uptake
from abscope.model.observe_treatment import treatment_of
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws
from abscope.model.values import AGENTS

__all__ = ["AlsoSeen", "Observation", "observed_case"]

#: Compartment of the circulation -> the site that a lesion there is recorded at.
_SITES = {
    "lung": "lung", "liver": "liver", "brain": "brain", "kidneys": "kidney", "spleen": "spleen",
    "pancreas": "pancreas", "adrenals": "adrenal", "thyroid": "thyroid", "bladder": "bladder",
    "red_marrow": "bone_other", "spongy_bone": "bone_other", "compact_bone": "bone_other",
    "other_skeleton": "bone_other", "lymph_nodes": "node_other", "muscle": "soft_tissue_trunk",
    "fat": "soft_tissue_trunk", "skin": "skin_trunk", "stomach_esophagus": "stomach",
    "small_intestine": "small_bowel", "large_intestine": "colon", "gonads": "ovary",
    "bronchial": "lung", "coronary": "heart",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """How a trajectory is recorded.

    ``noise`` False gives the true sizes and counts. ``sites`` names the site of a lesion by
    identifier where it is not the usual one of its compartment.
    """

    seed: int = 1
    noise: bool = True
    sites: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlsoSeen:
    """What else a trajectory tells at the visits.

    ``viable_ml`` (visits, lesions) is the viable tumor of every lesion: with it every visit is a
    PET/CT. ``levels_mg_per_l`` has levels of drugs (visits,) by target, ``pd1`` and ``ctla4``.
    """

    viable_ml: ArrayLike | None = None
    levels_mg_per_l: Mapping[str, ArrayLike] = field(default_factory=dict)


def observed_case(
    patient: Patient,
    *,
    days_d: Sequence[float],
    volume_ml: ArrayLike,
    alc_per_ul: ArrayLike | None = None,
    also: AlsoSeen | None = None,
    options: Observation | None = None,
) -> Case:
    """Return the case that scans on ``days_d`` (visits,) record; the first is the baseline.

    ``volume_ml`` is (visits, lesions) in the order of the patient, NaN for a lesion that does not
    exist yet; ``alc_per_ul`` (visits,) are lymphocyte counts on the same days, ``also`` has what a
    PET and drug levels rest on. Days of the case count from its first fraction. Raises ModelError
    where the shapes do not fit or a number is negative.
    """
    options = options or Observation()
    days, volumes = np.asarray(days_d, float), np.asarray(volume_ml, float)
    counts = None if alc_per_ul is None else np.asarray(alc_per_ul, float)
    also = also or AlsoSeen()
    viable = None if also.viable_ml is None else np.asarray(also.viable_ml, float)
    levels = {name: np.asarray(x, float) for name, x in also.levels_mg_per_l.items()}
    _check(patient, days, volumes, counts)
    _check_also(patient, volumes, viable, levels)
    seed = options.seed if options.noise else None
    names = {lesion.id: _name(lesion.id) for lesion in patient.lesions}
    zero = min((one.day_d for one in patient.fractions), default=patient.start_d)
    scans = _imaging(patient, names, days - zero, volumes, options)
    if viable is not None:
        scans = with_uptake(scans, patient, (volumes, viable), names=names, seed=seed)
    labs = [] if counts is None else count_labs(patient.id, days - zero, counts, seed=seed)
    labs += level_labs(patient, days - zero, levels, seed=seed)
    record = {
        "schema": "abscope-case/1",
        "id": _case_id(patient.id),
        "title": f"Simulated patient {patient.id}",
        "kind": "simulated",
        "source": {"seen": ["simulation"], "note": _source_note(options)},
        "default_missing": "not_reported",
        "patient": _person(patient),
        "lesions": _lesions(patient, names, options),
        "imaging": scans,
        "labs": labs,
        **treatment_of(patient, names=names, zero_d=zero),
    }
    return Case.model_validate(record)


def _check(patient: Patient, days: Floats, volumes: Floats, counts: Floats | None) -> None:
    where, problems = f"patient {patient.id}", []
    expected = (len(days), len(patient.lesions))
    if volumes.shape != expected or not len(days):
        what = f"volumes {volumes.shape}"
        problems.append(Problem(where, what, f"{expected}", "Give one row per visit."))
    elif (volumes < 0.0).any():
        problems.append(Problem(where, "a negative volume", "0 ml or more", "Correct it."))
    if not np.isfinite(days).all() or (np.diff(days) <= 0.0).any():
        what = "days of visits that do not rise"
        problems.append(Problem(where, what, "each after the one before", "Sort them."))
    if counts is not None and (counts.shape != days.shape or not (counts >= 0.0).all()):
        what = "counts that are missing or negative"
        problems.append(Problem(where, what, "one of 0 or more per visit", "Correct them."))
    if problems:
        raise ModelError(problems)


def _check_also(
    patient: Patient, volumes: Floats, viable: Floats | None, levels: Mapping[str, Floats]
) -> None:
    where, problems = f"patient {patient.id}", []
    if viable is not None and (viable.shape != volumes.shape or (viable < 0.0).any()):
        what, hint = "viable volumes that do not fit the volumes", "Give one per volume."
        problems.append(Problem(where, what, f"{volumes.shape}, 0 ml or more", hint))
    for target, level in levels.items():
        if target not in AGENTS.values() or level.shape != volumes.shape[:1]:
            what, hint = f"levels of '{target}'", "Give one per visit."
            problems.append(Problem(where, what, "pd1 or ctla4, one per visit", hint))
        elif not (level >= 0.0).all():
            problems.append(Problem(where, f"a level of {target} below 0", "0 mg/L", "Correct it."))
    if problems:
        raise ModelError(problems)


def _name(lesion: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", lesion)


def _case_id(patient: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "-", patient.lower())[:60].lstrip("-_") or "simulated"


def _source_note(options: Observation) -> str:
    if not options.noise:
        return "sizes and counts without error"
    sd = reader_sd_frac()
    return f"sizes with a reader error of {sd:.1%}, counts with {case_prior('count_cv').value:.0%}"


def _person(patient: Patient) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if patient.sex is not None:
        found["sex"] = patient.sex
    if patient.weight_kg is not None:
        found["weight_kg"] = round(patient.weight_kg, 1)
    return found


def _site(patient: Patient, index: int, options: Observation) -> str:
    lesion = patient.lesions[index]
    named = (options.sites or {}).get(lesion.id)
    return named or _SITES.get(lesion.compartment, "other")


def _lesions(
    patient: Patient, names: Mapping[str, str], options: Observation
) -> list[dict[str, Any]]:
    return [
        {"id": names[lesion.id], "name": lesion.id, "site": _site(patient, k, options)}
        for k, lesion in enumerate(patient.lesions)
    ]


def _imaging(
    patient: Patient,
    names: Mapping[str, str],
    days_d: Floats,
    volume_ml: Floats,
    options: Observation,
) -> list[dict[str, Any]]:
    columns = [
        _read(patient, k, volume_ml[:, k], options, names[lesion.id])
        for k, lesion in enumerate(patient.lesions)
    ]
    scans = []
    for visit, day in enumerate(days_d):
        found = [column[visit] for column in columns]
        findings = [finding for finding in found if finding is not None]
        new = visit > 0 and any(
            column[visit] is not None and column[visit - 1] is None for column in columns
        )
        scans.append(
            {
                "id": f"V{visit + 1}",
                "when": f"day {day:.7g}",
                "modalities": ["CT"],
                "role": "follow_up" if visit else "baseline",
                "findings": findings,
                **({"new_lesions": new} if visit else {}),
            }
        )
    return scans


def _read(
    patient: Patient, index: int, volume_ml: Floats, options: Observation, name: str
) -> list[dict[str, Any] | None]:
    """Return what each visit says of a lesion; None before it exists."""
    ratio = case_prior("axis_ratio").value
    node = SITES[_site(patient, index, options)].kind == "node"
    true = diameter_mm(np.nan_to_num(volume_ml), axis_ratio_frac=ratio)
    prior = PriorDraws(len(volume_ml), seed=options.seed)
    noise = prior.normal(f"{patient.id} {name} reader") if options.noise else np.zeros(len(true))
    repeat = reader_limits("repeat_scan_change_sd_mm").value / math.sqrt(2.0)
    spread = np.maximum(reader_sd_frac(), repeat / np.maximum(true, repeat))
    seen = true * np.exp(spread * noise)
    out: list[dict[str, Any] | None] = []
    for visit, volume in enumerate(volume_ml):
        if math.isnan(volume):
            out.append(None)
            continue
        first = visit > 0 and math.isnan(volume_ml[visit - 1])
        finding = _finding(float(true[visit]), float(seen[visit]), node=node, ratio=ratio)
        out.append({"lesion": name, **finding, **({"change": "new"} if first else {})})
    return out


def _finding(true_mm: float, seen_mm: float, *, node: bool, ratio: float) -> dict[str, Any]:
    if true_mm < case_prior("size_vanished").value:
        return {"state": "absent"}
    if seen_mm < reader_limits("smallest_measurable_mm").value:
        return {"state": "too_small"}
    size = seen_mm * ratio if node else seen_mm
    axis = "short" if node else "longest"
    return {"size_mm": round(size, 1), "axis": axis, "state": "measured"}
