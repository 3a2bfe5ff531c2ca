"""Whether the lesions of a virtual patient grow if nothing is done: what a prior must leave in.

A patient who is treated has disease that grows; a draw whose immune system holds it by itself is
none of those patients. The prior is made of ranges that do not know of each other, and a few of its
draws are such: a cohort takes those out (rejection), which is the prior given growth before
treatment.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abscope.model.batch import CoreOptions
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients

__all__ = ["grows_untreated"]


def grows_untreated(
    patients: Sequence[Patient], *, for_d: float = 180.0, options: CoreOptions | None = None
) -> NDArray[np.bool_]:
    """Return for each patient whether every lesion is larger ``for_d`` days (d) after the start.

    Fractions, infusions, resections and new lesions are left out. A member that cannot be
    integrated counts as not growing.
    """
    bare = [
        replace(
            one, fractions=(), infusions=(), resections=(), seedings=(),
            horizon_d=one.start_d + for_d + 1.0,
        )
        for one in patients
    ]  # fmt: skip
    days = np.array([[one.start_d, one.start_d + for_d] for one in bare])
    found = simulate_patients(bare, observe_at_d=days, options=options)
    volume = found["volume_ml"]
    grown = (volume[:, 1] > volume[:, 0]) | ~(volume[:, 0] > 0.0)
    return np.asarray(found.ok & grown.all(axis=1))
