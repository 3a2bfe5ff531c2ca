"""New metastases: when and where they begin, drawn outside of the differential equations.

The number is Poisson with the mean rate x (days of the patient), days are uniform, organs are drawn
in proportion to their share of the cardiac output. The rate is constant: it does not follow the
burden, and treatment does not lower it. Every drawn lesion is in the system from the start with
volume 0, which is a fixed point, and begins on its day. Source: own; where cells lodge by flow is
the mechanical half of the old argument of seed and soil.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from abscope.catalog.model_core import core_parameter
from abscope.errors import ModelError, Problem
from abscope.model.patient import LesionStart, Patient, Seeding
from abscope.model.routes import flow_shares

__all__ = ["with_seedings"]


def with_seedings(
    patient: Patient, *, rng: np.random.Generator, rate_per_d: float, organs: Sequence[str] = ()
) -> Patient:
    """Return the patient with the new lesions of one draw, called ``new 1``, ``new 2`` ...

    ``organs`` are those that take lesions (all where none is named); the volume that a lesion
    begins with is ``seeded_volume`` of the catalog. A rate of 0 leaves the patient as it is. Raises
    ModelError for a rate that is negative or not finite, or an organ that is not known.
    """
    if not 0.0 <= rate_per_d < np.inf:
        what = f"a rate of {rate_per_d:g} per day"
        raise ModelError(Problem("seeding", what, "0 per day or more", "Correct it."))
    shares = flow_shares(patient.sex, organs)  # type: ignore[arg-type]
    number = int(rng.poisson(rate_per_d * (patient.horizon_d - patient.start_d)))
    if not number:
        return patient
    days = np.sort(rng.uniform(patient.start_d, patient.horizon_d, number))
    places = rng.choice(list(shares), number, p=list(shares.values()))
    names = [f"new {k}" for k in range(1, number + 1)]
    begun = core_parameter("seeded_volume").value
    return replace(
        patient,
        lesions=(
            *patient.lesions,
            *(
                LesionStart(id=name, compartment=str(place), volume_ml=0.0)
                for name, place in zip(names, places, strict=True)
            ),
        ),
        seedings=(
            *patient.seedings,
            *(
                Seeding(day_d=float(day), lesion=name, volume_ml=begun)
                for name, day in zip(names, days, strict=True)
            ),
        ),
    )
