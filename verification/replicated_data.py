"""The data of a case written again for a patient that is known: every reading with its error.

A truth is a point of the prior of the case; the model computes what would be read, and each size
and count is drawn about it as the likelihood says. Below 5 mm a lesion becomes "too small", below
2 mm "absent". Words and other readings are not written again and are left out.
"""

from dataclasses import replace
from math import exp

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.infer.case_model import CaseModel
from abscope.infer.readings import (
    CountReading,
    GoneReading,
    Reading,
    SizeReading,
    Span,
    reading_sd_log,
)
from abscope.infer.visits import CaseData

__all__ = ["truth_and_data"]

_SMALL_MM = 5.0


def truth_and_data(model: CaseModel, *, seed: int) -> tuple[np.ndarray, CaseModel]:
    """Return deviates (names,) of the prior, and the model with data simulated from them."""
    generator = np.random.default_rng(seed)
    while True:
        truth = generator.standard_normal(len(model.names))
        found = model.computed(truth[None, :])
        if found.ok[0]:
            break
    numbers: dict[tuple[int, str], float] = {}
    for visit, says, _, number in model.readings(found):
        numbers.setdefault((id(visit), says), float(number[0]))
    visits = []
    for visit in model.data.visits:
        again = [_again(r, numbers[id(visit), r.says], generator) for r in visit.readings]
        visits.append(replace(visit, readings=tuple(r for r in again if r is not None)))
    data = CaseData(tuple(visit for visit in visits if visit.readings), ())
    return truth, CaseModel(model.case, model.options, data)


def _again(reading: Reading, number: float, generator: np.random.Generator) -> Reading | None:
    if isinstance(reading, CountReading):
        value = exp(number + reading.sd_log * generator.standard_normal())
        return replace(reading, values=(value,), says=f"{reading.target} {value:.1f}")
    if isinstance(reading, (SizeReading, GoneReading)):
        size = exp(number)
        if size < _SMALL_MM:
            small = size >= case_prior("size_vanished").value
            says = f"{reading.lesion} {'too small' if small else 'absent'}"
            return GoneReading(reading.lesion, small, False, says)
        value = exp(number + reading_sd_log(size) * generator.standard_normal())
        kind = reading.quantity if isinstance(reading, SizeReading) else "longest"
        says = f"{reading.lesion} {value:.3f}"
        return SizeReading(reading.lesion, kind, (Span(value, value),), says)
    return None
