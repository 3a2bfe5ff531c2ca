"""Made-up courses and counts for the tests of the lymphocyte model."""

import numpy as np

from abscope.blood.alc.counts import Count
from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.prior import Draws, PriorSettings
from abscope.blood.doses import BodyDose, CompartmentDose
from abscope.blood.guess import guessed_body
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.flowing import mixed_blood_survival
from abscope.catalog.circulation import circulation

__all__ = ["course", "even_body", "middle_draws", "model_of"]


def even_body(dose_gy: float) -> BodyDose:
    """The whole body at one dose per fraction."""
    names = [*(row.name for row in circulation("female").compartments)]
    parts = tuple(CompartmentDose(name, np.array([dose_gy]), np.ones(1)) for name in names)
    return BodyDose("even", parts, (0.0,), 120.0, "means", 0.15)


def course(body: BodyDose | None = None, **more: object) -> PlannedDose:
    """Five fractions from day 0 on consecutive days, unless said otherwise."""
    found = {
        "n_fractions": (5,), "start_d": (0.0, 0.0), "weekdays": False, "course": "RT1", **more,
    }  # fmt: skip
    body = body or guessed_body(
        "RT1", sites=[("spine_thoracic", 1)], dose_per_fraction_gy=4.0, beam_on_time_s=120.0
    )
    return PlannedDose("RT1", body, **found)


def model_of(
    *planned: PlannedDose, counts: tuple[Count, ...] = (), baseline_per_ul: float | None = 2000.0
) -> LymphocyteModel:
    settings = PriorSettings(
        planned, baseline_per_ul=baseline_per_ul, n_counts=len(counts), beam_on_time_s=120.0
    )
    return LymphocyteModel(settings, counts=counts, blood=mixed_blood_survival("female"))


def middle_draws(model: LymphocyteModel, n: int = 1) -> Draws:
    """The middle of every prior."""
    return model.prior.draws(np.zeros((n, model.prior.dimension)))
