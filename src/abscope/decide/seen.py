"""Where a scenario leaves what anybody observed: in patients of trials, and in this patient.

And what the record tells that no draw knows, whatever the scenario.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from abscope.blood.planned import PlannedDose
from abscope.case.record import Case
from abscope.catalog.alternatives import seen_ranges
from abscope.catalog.entries import Parameter
from abscope.decide.scenario import AddCourse, Prescription, Scenario, SetPrescription, SetTargets
from abscope.infer.given import grown_under, not_given
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws

__all__ = ["never_seen", "unread"]


def never_seen(scenario: Scenario, planned: Sequence[PlannedDose]) -> tuple[str, ...]:
    """Return in sentences what of a scenario lies outside the published range, or this patient's.

    ``planned`` are the delivered fractions. Empty where everything was seen somewhere.
    """
    ranges, out = seen_ranges(), list[str]()
    doses: list[Prescription] = []
    for change in scenario.changes:
        if isinstance(change, SetPrescription | AddCourse):
            doses.append(change.prescription)
        if isinstance(change, SetTargets):
            out += _outside(len(change.lesions), ranges["sites"], "irradiated lesions", "")
    for dose in doses:
        out += _outside(
            dose.dose_per_fraction_gy, ranges["dose_per_fraction"], "per fraction", "Gy"
        )
        out += _outside(dose.n_fractions, ranges["fractions"], "fractions", "")
        out += _outside(dose.total_gy, ranges["total_dose"], "in all", "Gy")
    added = sum(isinstance(change, AddCourse) for change in scenario.changes)
    courses = len({plan.course for plan in planned}) + added
    if added:
        out += _outside(courses, ranges["courses"], "courses", "")
    if not added:
        out += _of_patient(doses, planned)
    return tuple(dict.fromkeys(out))


def unread(
    case: Case, patients: Sequence[Patient], *, lesions: Iterable[str], prior: PriorDraws
) -> tuple[str, ...]:
    """Return in sentences what no draw knows: courses not given, growth under the drugs."""
    out = [f"{text}, under either treatment" for text in not_given(patients)]
    for lesion in lesions:
        told = grown_under(case, patients, lesion, fitted=prior.fitted)
        if told is not None:
            out.append(f"{lesion}: {told}")
    return tuple(out)


def _outside(value: float, entry: Parameter, what: str, unit: str) -> list[str]:
    if entry.low <= value <= entry.high:
        return []
    amount = f"{value:g} {unit} {what}".replace("  ", " ")
    limits = f"{entry.low:g} to {entry.high:g}{' ' + unit if unit else ''}"
    return [f"{amount}: outside the {limits} of published trials"]


def _of_patient(doses: Sequence[Prescription], planned: Sequence[PlannedDose]) -> list[str]:
    """Return which doses per fraction this patient never got, so that no data here speak of them.

    A dose between two delivered ones counts as seen.
    """
    given = [
        plan.prescribed_gy * factor
        for plan in planned
        if plan.prescribed_gy
        for factor in plan.dose_factor_frac
    ]
    if not given:
        return []
    low, high = float(np.min(given)), float(np.max(given))
    out = []
    for dose in doses:
        gy = dose.dose_per_fraction_gy
        if low <= gy <= high:
            continue
        got = f"{low:g} Gy" if low == high else f"{low:g} to {high:g} Gy"
        out.append(
            f"{gy:g} Gy per fraction: this patient got {got}, so how the response changes with "
            "the dose is prior knowledge"
        )
    return out
