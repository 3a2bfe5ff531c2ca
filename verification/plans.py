"""Radiotherapy of virtual patients: who is irradiated with what, and what the rest of them gets.

Assumed (own): lesions out of field get the bath of `case_prior` ("near"); cells in blood, lymphoid
tissue and draining nodes get the shares below of the dose, log-normal with sd 0.6 between patients.
A conventional field is larger and takes the nodes with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.model.patient import BinnedDose, Fraction, Patient
from abscope.model.prior_draws import PriorDraws

__all__ = ["CONVENTIONAL", "SMALL", "Course", "irradiated", "largest"]

#: Share of the target dose in blood, lymphoid tissue and draining nodes, by kind of field.
SMALL = (0.01, 0.01, 0.05)
CONVENTIONAL = (0.03, 0.04, 0.5)
_SD = 0.6


@dataclass(frozen=True, kw_only=True)
class Course:
    """Equal fractions; ``gap_d`` apart."""

    dose_gy: float
    n: int
    first_d: float
    gap_d: float = 1.0
    field: tuple[float, float, float] = SMALL


def largest(patient: Patient, n: int = 1, *, places: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the largest lesions, of these organs where there are any, but one stays untreated."""
    rows = [lesion for lesion in patient.lesions if lesion.compartment in places]
    rows = sorted(rows or patient.lesions, key=lambda one: -one.volume_ml)
    return tuple(one.id for one in rows[: min(n, len(patient.lesions) - 1)])


def irradiated(
    patients: Sequence[Patient],
    course: Course,
    targets: Sequence[Sequence[str]],
    *,
    low: Sequence[Mapping[str, float]] | None = None,
    seed: int,
) -> list[Patient]:
    """Return the patients with a course to the targets of each.

    ``low`` names lesions with a dose per fraction (Gy) of their own; other lesions get the bath.
    """
    prior, entry = PriorDraws(len(patients), seed=seed), case_prior("bath_near")
    most = max(len(patient.lesions) for patient in patients)
    bath = [prior.log_normal(f"bath {k}", entry) for k in range(most)]
    wide = np.exp(_SD * prior.normal("field"))
    days = course.first_d + course.gap_d * np.arange(course.n)
    out = []
    for i, patient in enumerate(patients):
        given = {one.id: bath[k][i] * course.dose_gy for k, one in enumerate(patient.lesions)}
        given |= low[i] if low else {}
        given |= dict.fromkeys(targets[i], course.dose_gy)
        lesions = {
            name: BinnedDose(np.array([dose]), np.array([1.0])) for name, dose in given.items()
        }
        blood, lymphoid, nodes = (share * course.dose_gy * wide[i] for share in course.field)
        fractions = tuple(
            Fraction(
                day_d=float(day), course=f"c{course.first_d:g}", lesions=lesions,
                blood_gy=float(blood), lymphoid_gy=float(lymphoid), nodes_gy=float(nodes),
            )
            for day in days
        )  # fmt: skip
        out.append(replace(patient, fractions=(*patient.fractions, *fractions)))
    return out
