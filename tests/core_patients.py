"""Patients for the tests of the core model: invented, with every event that the model has."""

from typing import Any

import numpy as np

from abscope.model.patient import (
    BinnedDose,
    Fraction,
    Infusion,
    LesionStart,
    Patient,
    Resection,
    Seeding,
)

__all__ = ["fractions", "infusions", "patient", "treated", "uniform"]


def uniform(dose_gy: float) -> BinnedDose:
    """Return one dose in the whole lesion."""
    return BinnedDose(np.array([dose_gy]), np.array([1.0]))


def fractions(
    days_d: list[float], doses: dict[str, float | BinnedDose], **cells_gy: float
) -> tuple[Fraction, ...]:
    """Return equal fractions; ``cells_gy`` are the doses of blood, lymphoid tissue and nodes."""
    binned = {
        name: dose if isinstance(dose, BinnedDose) else uniform(dose)
        for name, dose in doses.items()
    }
    cells = {"blood_gy": 0.05, "lymphoid_gy": 0.1, "nodes_gy": 0.3} | cells_gy
    return tuple(Fraction(day_d=day, course="c", lesions=binned, **cells) for day in days_d)


def infusions(agent: str, days_d: list[float], amount_mg: float) -> tuple[Infusion, ...]:
    """Return equal infusions of half an hour."""
    return tuple(
        Infusion(day_d=day, agent=agent, amount_mg=amount_mg, duration_d=1 / 48) for day in days_d
    )


def patient(*lesions: tuple[str, float], name: str = "p", **more: Any) -> Patient:
    """Return a woman with lesions (organ, ml) called a, b, c ..., from day 0 to 365."""
    starts = tuple(
        LesionStart(id=chr(97 + k), compartment=organ, volume_ml=volume)
        for k, (organ, volume) in enumerate(lesions)
    )
    given = {"sex": "female", "weight_kg": 70.0, "start_d": 0.0, "horizon_d": 365.0} | more
    return Patient(**{"id": name, "lesions": starts, **given})


def treated(**more: Any) -> Patient:
    """Return four lesions with two courses, two drugs, a resection and a lesion that begins."""
    given = {
        "fractions": (
            *fractions([7.0, 9.0, 11.0], {"a": 8.0, "b": 0.4}, nodes_gy=0.5),
            *fractions([60.0, 61.0, 62.0, 63.0, 64.0], {"b": 2.0}),
        ),
        "infusions": (
            *infusions("pembrolizumab", [0.0, 21.0, 42.0, 63.0, 84.0], 200.0),
            *infusions("ipilimumab", [0.0, 21.0], 210.0),
            Infusion(day_d=105.0, agent="pembrolizumab", amount_mg=200.0, duration_d=0.0),
        ),
        "resections": (Resection(day_d=120.0, lesion="c"),),
        "seedings": (Seeding(day_d=30.0, lesion="d", volume_ml=0.01),),
    }
    lesions = (("muscle", 60.0), ("lung", 10.0), ("liver", 5.0), ("red_marrow", 0.0))
    return patient(*lesions, **{**given, **more})
