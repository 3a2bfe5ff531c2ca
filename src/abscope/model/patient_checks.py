"""What of a patient cannot be simulated, all of it at once."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from abscope.engine.declaration import System
from abscope.errors import Problem
from abscope.model.patient import BinnedDose, Patient
from abscope.model.routes import organs
from abscope.model.values import AGENTS

__all__ = ["fine_doses", "patient_problems"]

_WHOLE_FRAC = 1e-6


def patient_problems(
    patient: Patient, system: System, *, fine: Collection[int] = ()
) -> list[Problem]:
    """Return every problem of a patient for ``abscope-core``.

    ``fine`` are the identities of doses that were found to be fine before (`fine_doses`).
    """
    found = [
        *_times(patient), *_lesions(patient), *_parameters(patient, system),
        *_fractions(patient, fine), *_infusions(patient), *_named(patient),
    ]  # fmt: skip
    where = f"patient {patient.id}"
    return [Problem(where, what, expected, action, path) for path, what, expected, action in found]


_Found = Iterator[tuple[str, str, str, str]]


def _times(patient: Patient) -> _Found:
    start, end = patient.start_d, patient.horizon_d
    if not (math.isfinite(start) and math.isfinite(end) and start < end):
        what = f"start {start:g} d, horizon {end:g} d"
        yield "horizon", what, "two numbers, the start first", "Correct them."
    if patient.sex not in ("female", "male", None):
        yield "sex", f"'{patient.sex}'", "female, male or None", "Correct it."
    weight = patient.weight_kg
    if weight is not None and not (0.0 < weight < math.inf):
        yield "weight", f"{weight:g} kg", "a weight above 0 kg, or None", "Correct it."


def _inside(patient: Patient, path: str, day_d: float) -> _Found:
    if not patient.start_d <= day_d <= patient.horizon_d:
        expected = f"{patient.start_d:g} to {patient.horizon_d:g} d"
        yield path, f"is on day {day_d:g}", expected, "Move the start or the horizon."


def _lesions(patient: Patient) -> _Found:
    if not patient.lesions:
        yield "lesions", "none", "one or more", "Give a lesion, of volume 0 where none is known."
    for name, count in Counter(lesion.id for lesion in patient.lesions).items():
        if count > 1:
            yield f"lesion {name}", f"is there {count} times", "a name of its own", "Rename it."
    for lesion in patient.lesions:
        path = f"lesion {lesion.id}"
        if not 0.0 <= lesion.volume_ml < math.inf:
            yield path, f"volume {lesion.volume_ml:g} ml", "0 ml or more", "Correct it."
        if lesion.compartment not in organs():
            what = f"compartment '{lesion.compartment}' is no organ"
            yield path, what, ", ".join(organs()), "Choose one of them."


def _parameters(patient: Patient, system: System) -> _Found:
    own, every = _names(system)
    given = [("parameters", patient.parameters, every)]
    given += [(f"lesion {lesion.id}", lesion.own, own) for lesion in patient.lesions]
    for path, values, known in given:
        if values.keys() <= known and all(map(math.isfinite, values.values())):
            continue
        yield from _wrong_parameters(path, values, known)


def _names(system: System) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the parameters of a lesion, and of all parameters."""
    own = (
        frozenset(q.name for q in system.replicate.parameters) if system.replicate else frozenset()
    )
    return own, own | {q.name for q in system.body.parameters}


def _wrong_parameters(path: str, values: Mapping[str, float], known: frozenset[str]) -> _Found:
    for name, value in values.items():
        if name not in known:
            what = f"parameter '{name}' is not known"
            yield path, what, ", ".join(sorted(known)), "Rename or remove it."
        elif not math.isfinite(value):
            yield path, f"parameter '{name}' is {value}", "a finite number", "Correct it."


def fine_doses(patients: Iterable[Patient]) -> frozenset[int]:
    """Return the identities of the doses of all patients if every one is fine, else none."""
    tables = {id(one.lesions): one.lesions for patient in patients for one in patient.fractions}
    doses = [dose for table in tables.values() for dose in table.values()]
    if not doses:
        return frozenset()
    dose_gy = [np.asarray(one.dose_gy, float) for one in doses]
    shares = [np.asarray(one.volume_frac, float) for one in doses]
    if any(x.ndim != 1 or x.shape != y.shape or not x.size
           for x, y in zip(dose_gy, shares, strict=True)):  # fmt: skip
        return frozenset()
    gray, share = np.concatenate(dose_gy), np.concatenate(shares)
    first = np.cumsum([0, *(x.size for x in dose_gy[:-1])])
    whole = np.add.reduceat(share, first)
    good = np.isfinite(gray).all() and (gray >= 0.0).all() and (share >= 0.0).all()
    good = good and (np.abs(whole - 1.0) <= _WHOLE_FRAC).all()
    return frozenset(id(one) for one in doses) if good else frozenset()


def _fractions(patient: Patient, fine: Collection[int]) -> _Found:
    known = {lesion.id for lesion in patient.lesions}
    seen: set[int] = set()  # one table of doses stands in many fractions
    for number, one in enumerate(patient.fractions, 1):
        path = f"fraction {number} of {one.course}"
        yield from _inside(patient, path, one.day_d)
        for name in ("blood_gy", "lymphoid_gy", "nodes_gy"):
            dose = getattr(one, name)
            if not 0.0 <= dose < math.inf:
                yield path, f"{name} is {dose:g}", "0 Gy or more", "Correct it."
        if id(one.lesions) in seen:
            continue
        seen.add(id(one.lesions))
        for lesion in sorted(set(one.lesions) - known):
            yield path, f"doses lesion '{lesion}'", "lesions of the patient", "Correct the name."
        for lesion, binned in one.lesions.items():
            if id(binned) not in fine:
                yield from _histogram(f"{path}, lesion {lesion}", binned)


def _histogram(path: str, binned: BinnedDose) -> _Found:
    dose, share = np.asarray(binned.dose_gy, float), np.asarray(binned.volume_frac, float)
    if dose.ndim != 1 or dose.shape != share.shape or not dose.size:
        what = f"doses {dose.shape} with volumes {share.shape}"
        yield path, what, "two equal columns of one row or more", "Correct them."
    elif not (np.isfinite(dose).all() and (dose >= 0.0).all()):
        yield path, "a dose below 0 Gy or not a number", "0 Gy or more", "Correct it."
    elif not (share >= 0.0).all() or abs(share.sum() - 1.0) > _WHOLE_FRAC:
        what = f"volume shares that add up to {share.sum():g}"
        yield path, what, "shares from 0 that add up to 1", "Divide by their sum."


def _infusions(patient: Patient) -> _Found:
    given: dict[str, set[str]] = {}
    for number, one in enumerate(patient.infusions, 1):
        path = f"infusion {number}"
        if not -math.inf < one.day_d <= patient.horizon_d:  # one before the start is of the run-in
            expected = f"a day up to {patient.horizon_d:g} d"
            yield path, f"is on day {one.day_d:g}", expected, "Move the horizon."
        if one.agent not in AGENTS:
            what = f"agent '{one.agent}' has no pharmacokinetics"
            yield path, what, ", ".join(AGENTS), "Leave it out, or take one that stands for it."
            continue
        given.setdefault(AGENTS[one.agent], set()).add(one.agent)
        if not 0.0 < one.amount_mg < math.inf:
            yield path, f"{one.amount_mg:g} mg of {one.agent}", "above 0 mg", "Correct it."
        if not 0.0 <= one.duration_d < math.inf:
            yield path, f"takes {one.duration_d:g} d", "0 d or more", "Correct it."
    for target, agents in sorted(given.items()):
        if len(agents) > 1:
            what = f"{' and '.join(sorted(agents))} are both against {target}"
            yield "infusions", what, "one agent against each target", "Simulate one of them."


def _named(patient: Patient) -> _Found:
    known = {lesion.id for lesion in patient.lesions}
    rows = [("resection", one.day_d, one.lesion) for one in patient.resections]
    rows += [("seeding", one.day_d, one.lesion) for one in patient.seedings]
    for path, day, lesion in rows:
        yield from _inside(patient, path, day)
        if lesion not in known:
            yield path, f"is of lesion '{lesion}'", "a lesion of the patient", "Correct the name."
    for given in patient.transfusions:
        yield from _inside(patient, "transfusion", given.day_d)
        if not 0.0 <= given.lymphocytes_cells < math.inf:
            what = f"{given.lymphocytes_cells:g} cells"
            yield "transfusion", what, "0 cells or more", "Correct it."
        if not 0.0 <= given.tumor_specific_frac <= 1.0:
            what = f"a share of {given.tumor_specific_frac:g}"
            yield "transfusion", what, "0 to 1", "Correct it."
    for one in patient.seedings:
        if not 0.0 < one.volume_ml < math.inf:
            yield "seeding", f"{one.volume_ml:g} ml", "a volume above 0 ml", "Correct it."
