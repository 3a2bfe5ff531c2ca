"""What a published model makes of a case: relative volumes or counts, and what it had to drop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.model.case_lesions import grouped
from abscope.model.patient import BinnedDose, Fraction, Patient

__all__ = [
    "MOUSE", "Curves", "Family", "equal_mean_gy", "lesion_means_gy", "mean_gy", "members_of",
]  # fmt: skip

#: Said of every model with the numbers of mice.
MOUSE = (
    "its numbers are those of mice: volumes are relative to the start and days are days of a mouse"
)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Curves of patients at their days.

    ``volume_frac`` (patients, days, most lesions) is the volume of each lesion over that at the
    start, NaN for lesions that a patient does not have or the model says nothing of; ``alc_per_ul``
    (patients, days) the lymphocyte count. None where the model has neither.
    """

    volume_frac: Floats | None = None
    alc_per_ul: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """How a published model takes a case.

    ``run`` gives the curves of patients at days (patients, days); ``dropped`` says in sentences
    what of the case the model has no place for, ``taken`` how the rest is put; ``most_draws`` how
    many draws it is run on, for models that go in small steps in Python.
    """

    name: str
    run: Callable[[Sequence[Patient], Floats], Curves]
    dropped: tuple[str, ...]
    taken: tuple[str, ...]
    most_draws: int | None = None


def mean_gy(dose: BinnedDose) -> float:
    """Return the mean dose (Gy) of a fraction in a lesion."""
    return float(np.dot(dose.dose_gy, dose.volume_frac))


def lesion_means_gy(patient: Patient, lesion: str) -> list[tuple[float, float]]:
    """Return day and mean dose (Gy) of every fraction that doses a lesion."""
    return [
        (one.day_d, mean_gy(one.lesions[lesion]))
        for one in patient.fractions
        if lesion in one.lesions and mean_gy(one.lesions[lesion]) > 0.0
    ]


def equal_mean_gy(one: Fraction, lesions: Sequence[str], volumes_ml: Sequence[float]) -> float:
    """Return the mean dose (Gy) of a fraction over several lesions, weighted by volume."""
    found = [
        (mean_gy(one.lesions[name]), volume)
        for name, volume in zip(lesions, volumes_ml, strict=True)
        if name in one.lesions
    ]
    whole = sum(volume for _, volume in found)
    return sum(dose * volume for dose, volume in found) / whole if whole > 0.0 else 0.0


def members_of(patients: Sequence[Patient]) -> list[dict[str, tuple[int, ...]]]:
    """Return for each patient the places of the lesions that stand for one of the record."""
    return [dict(grouped(tuple(x.id for x in patient.lesions))) for patient in patients]
