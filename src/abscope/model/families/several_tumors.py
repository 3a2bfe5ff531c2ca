"""Models of coupled tumors on a case: shared effectors (Walker), two tumors (Friedrich)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from abscope.catalog.case_prior import usual_infusion
from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch, Events
from abscope.model.dose_bins import equal_parts_gy
from abscope.model.equal_effect import Sensitivity
from abscope.model.families.family import MOUSE, Curves, Family, equal_mean_gy
from abscope.model.families.running import compiled_model, numbers_of, run_batch
from abscope.model.patient import BinnedDose, Patient
from abscope.model.published.friedrich import run_friedrich
from abscope.model.routes import lodging, omega
from abscope.model.values import core_values

__all__ = ["FRIEDRICH", "SITES"]

#: Cells of one site of the coupled model at the start, as in its reference run.
_TUMOR_CELLS, _EFFECTOR_CELLS = 5e6, 3.2e5
#: A lesion that gets this share of the highest mean dose is of the primary of a two-tumor model.
_TREATED_FRAC = 0.5


def _survival(patient: Patient, place: int, dose: BinnedDose) -> float:
    """Return the share of tumor cells of a lesion that survives a fraction, as in our own model."""
    own = {name: np.array([value]) for name, value in patient.lesions[place].own.items()}
    shared = {name: np.array([value]) for name, value in patient.parameters.items()}
    cells = Sensitivity.of(own, shared, 1)
    return float(cells.survival_frac(equal_parts_gy(dose)[None]).mean())


def _sites(patients: Sequence[Patient], days_d: Floats) -> Curves:
    values = numbers_of("walker2018")
    shared = {name: value for name, value in values.items() if name not in ("kept", "taken")}
    most = max(len(patient.lesions) for patient in patients)
    count = np.array([len(patient.lesions) for patient in patients])
    taken, cells = np.zeros((len(patients), most)), np.zeros((len(patients), most))
    rows: dict[str, list[tuple[int, float, Floats]]] = {"radiation": [], "resection": []}
    for i, patient in enumerate(patients):
        volume = np.array([lesion.volume_ml for lesion in patient.lesions])
        lodged = lodging(
            [lesion.compartment for lesion in patient.lesions], volume_ml=volume, mode="lesion",
            sex=patient.sex,  # type: ignore[arg-type]
        )  # fmt: skip
        capture = np.full(
            len(volume), patient.parameters.get("capture", core_values()["capture"].value)
        )
        share = omega(lodged, capture_frac=capture, sex=patient.sex)  # type: ignore[arg-type]
        taken[i, : count[i]] = share / share.sum()
        cells[i, : count[i]] = _TUMOR_CELLS * volume / volume.mean()
        place = {lesion.id: j for j, lesion in enumerate(patient.lesions)}
        for one in patient.fractions:
            left = np.ones(most)
            for name, dose in one.lesions.items():
                left[place[name]] = _survival(patient, place[name], dose)
            rows["radiation"].append((i, one.day_d, left))
        for cut in patient.resections:
            left = np.ones(most)
            left[place[cut.lesion]] = 0.0
            rows["resection"].append((i, cut.day_d, left))
    batch = Batch(
        members=len(patients),
        start=np.array([patient.start_d for patient in patients]),
        horizon=np.array([patient.horizon_d for patient in patients]),
        observe_at=days_d,
        replicates=count,
        parameters=shared,
        own={"kept": np.full((len(patients), most), values["kept"]), "taken": taken},
        initial={"blood": 0.0},
        replicate_initial={
            "effectors": np.full((len(patients), most), _EFFECTOR_CELLS), "tumor": cells,
        },
        events=tuple(
            Events(
                name,
                times=np.array([day for _, day, _ in found]),
                fields={"left": np.stack([left for *_, left in found])},
                members=np.array([i for i, *_ in found], np.int64),
            )
            for name, found in rows.items()
            if found
        ),
    )  # fmt: skip
    tumor = run_batch(compiled_model("walker2018"), batch)["tumor_seen"]
    with np.errstate(divide="ignore", invalid="ignore"):
        out = tumor / cells[:, None, :]
    there = np.arange(most) < count[:, None]
    return Curves(volume_frac=np.where(there[:, None, :], out, np.nan))


def _friedrich(patients: Sequence[Patient], days_d: Floats) -> Curves:
    most = max(len(patient.lesions) for patient in patients)
    out = np.full((len(patients), days_d.shape[1], most), np.nan)
    known: dict[str, dict[str, Floats]] = {}
    for i, patient in enumerate(patients):
        names = [lesion.id for lesion in patient.lesions]
        volumes = [lesion.volume_ml for lesion in patient.lesions]
        dose = [
            sum(equal_mean_gy(one, [name], [1.0]) for one in patient.fractions) for name in names
        ]
        treated = [x >= _TREATED_FRAC * max(dose) > 0.0 for x in dose]
        zero = patient.start_d
        parameters = _of_primary(patient, names, volumes, treated)
        plan: dict[str, Any] = {
            "fraction_days_d": [x.day_d - zero for x in patient.fractions] if any(treated) else [],
            "drug_days_d": _under_drug(patient),
            "horizon_d": patient.horizon_d - zero,
            "parameters": parameters,
        }
        found = known.setdefault(repr(plan), {}) or run_friedrich(**plan)
        known[repr(plan)] = found
        days = days_d[i] - zero
        whole = found["primary"] + found["moribund"]
        for j, mine in enumerate(treated):
            cells = whole if mine else found["abscopal"]
            out[i, :, j] = np.interp(days, found["time_d"], cells) / cells[0]
    return Curves(volume_frac=out)


def _of_primary(
    patient: Patient, names: list[str], volumes_ml: list[float], treated: list[bool]
) -> dict[str, float]:
    """Return the mean dose per fraction and the survival of the lesions that are treated."""
    mine = [k for k, hit in enumerate(treated) if hit]
    if not mine:
        return {}
    chosen, sizes = [names[k] for k in mine], [volumes_ml[k] for k in mine]
    given = [one for one in patient.fractions if equal_mean_gy(one, chosen, sizes) > 0.0]
    gray = float(np.mean([equal_mean_gy(one, chosen, sizes) for one in given]))
    left = [
        _survival(patient, k, one.lesions[names[k]])
        for one in given
        for k in mine
        if names[k] in one.lesions
    ]
    return {"dose": gray, "tumor_survival": float(np.mean(left))}


def _under_drug(patient: Patient) -> list[tuple[float, float]]:
    """Return the days under a drug, each infusion counting for its usual interval."""
    spans = []
    for one in patient.infusions:
        usual = usual_infusion(one.agent)
        if usual is None:
            continue
        first = one.day_d - patient.start_d
        if first + usual[1].value > 0.0:
            spans.append((max(first, 0.0), first + usual[1].value))
    return spans


SITES = Family(
    name="walker2018",
    run=_sites,
    dropped=("drugs", "dose of blood, nodes and lymphoid tissue", "absolute sizes"),
    taken=(
        MOUSE,
        "one site per lesion, with cells by its volume; recruits divide as T cells home by lesion",
        "a fraction leaves what survives in our own model, since this one has no dose",
    ),
)

FRIEDRICH = Family(
    name="friedrich2022",
    run=_friedrich,
    dropped=("sizes and sites", "dose of blood and of lymphoid tissue besides the nodes",
             "surgery", "which drug it is"),
    taken=(
        MOUSE,
        "all lesions with at least half of the highest dose are the primary, all others the "
        "abscopal tumor: lesions of one kind have one curve",
        "all fractions are alike, at the mean dose and the mean survival of our own model",
        "each infusion counts for its usual interval under the drug",
    ),
    most_draws=8,
)  # fmt: skip
