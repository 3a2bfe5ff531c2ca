"""The data of a case written again for a patient that is known: every reading with its error.

A truth is a point of the prior of the case; the model computes what would be read, and each size
and count is drawn about it as the likelihood says (`abscope.infer.readings`). A lesion is "absent"
with the probability that a scan does not show it, else "too small" where less than 5 mm would be
read, else a size. (That a lesion with a size was seen is not in the likelihood: at 5 mm it is by
98.7 %.) Words and other readings are not written again and are left out.
"""

from dataclasses import replace
from math import log

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.catalog.reader import reader_limits
from abscope.catalog.response_words import response_word
from abscope.infer.case_model import CaseModel
from abscope.infer.reader_scale import read_log_size
from abscope.infer.readings import CountReading, GoneReading, Reading, SizeReading, Span
from abscope.infer.visits import CaseData

__all__ = ["truth_and_data"]


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
    axes = {name: float(members.log_axis[0, 0]) for name, members in found.members.items()}
    visits = []
    for visit in model.data.visits:
        again = [
            _again(r, numbers[id(visit), r.says], axes.get(r.lesion, 0.0), generator)
            for r in visit.readings
        ]
        visits.append(replace(visit, readings=tuple(r for r in again if r is not None)))
    data = CaseData(tuple(visit for visit in visits if visit.readings), ())
    return truth, CaseModel(model.case, model.options, data)


def _again(
    reading: Reading, number: float, axis: float, generator: np.random.Generator
) -> Reading | None:
    """Return a reading written again; ``axis`` is ln of the second axis over the longest."""
    noise = generator.standard_normal(2)
    if isinstance(reading, CountReading):
        value = float(reading.again(np.array(number), noise[0]))
        return replace(reading, values=(value,), says=f"{reading.target} {value:.1f}")
    if not isinstance(reading, (SizeReading, GoneReading)):
        return None
    short = isinstance(reading, SizeReading) and reading.quantity == "short"
    longest = number - axis if short else number
    edge, seen = response_word("vanishing_edge").value, case_prior("size_vanished").value
    least = reader_limits("smallest_measurable_mm").value
    if longest + edge * noise[1] < log(seen):
        return GoneReading(reading.lesion, False, False, f"{reading.lesion} absent")
    if read_log_size(np.array(longest), noise[0]) < log(least):
        return GoneReading(reading.lesion, True, False, f"{reading.lesion} too small")
    value = float(np.exp(read_log_size(np.array(number), noise[0])))
    kind = reading.quantity if isinstance(reading, SizeReading) else "longest"
    says = f"{reading.lesion} {value:.3f}"
    return SizeReading(reading.lesion, kind, (Span(value, value),), says)
