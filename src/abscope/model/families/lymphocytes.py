"""Lymphocytes of a case after Jin et al. 2020: the count under the fractions of the record.

Blood gets its own dose of equal effect; the other four compartments that of all lymphoid tissue,
since a fraction of a patient has one number for them. The count before is that of the patient.
"""

from collections.abc import Sequence

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch, Events
from abscope.model.families.family import Curves, Family
from abscope.model.families.running import compiled_model, numbers_of, run_batch
from abscope.model.patient import Patient
from abscope.model.published.jin import resting_shares

__all__ = ["JIN"]

_TISSUES = ("spleen", "nodes", "tissue", "marrow")


def _run(patients: Sequence[Patient], days_d: Floats) -> Curves:
    values = numbers_of("jin2020")
    usual = values["baseline"]
    baseline = np.array([one.parameters.get("baseline", usual) for one in patients])
    rows = [(i, one) for i, patient in enumerate(patients) for one in patient.fractions]
    lymphoid = np.array([one.lymphoid_gy for _, one in rows])
    fields = {"dose_blood": np.array([one.blood_gy for _, one in rows])}
    fields |= {f"dose_{name}": lymphoid for name in _TISSUES}
    batch = Batch(
        members=len(patients),
        start=np.array([patient.start_d for patient in patients]),
        horizon=np.array([patient.horizon_d for patient in patients]),
        observe_at=days_d,
        parameters=values | {"baseline": baseline},
        initial=resting_shares(values),
        events=(
            Events(
                "fraction",
                times=np.array([one.day_d for _, one in rows]),
                fields=fields,
                members=np.array([i for i, _ in rows], np.int64),
            ),
        )
        if rows
        else (),
    )
    return Curves(alc_per_ul=run_batch(compiled_model("jin2020"), batch)["count"])


JIN = Family(
    name="jin2020",
    run=_run,
    dropped=("lesions: it has none", "drugs and surgery"),
    taken=(
        "spleen, nodes, tissue and marrow get the dose of all lymphoid tissue",
        "the count before is that of the patient, the sensitivity that of the print",
    ),
)
