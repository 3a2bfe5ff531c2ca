"""A slice of a cohort in whole micrometers, visits leading, with what is wrong in it.

Sizes are compared as integers, so that 27.0 -> 32.4 mm is progression as it is in decimals: a float
is taken where it is the float nearest to a whole number of micrometers, which is what every size
written with at most three decimals is.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from abscope.response.cohort_records import RESPONSE_CODES, Codes, Cohort, Flags, Indices, Numbers

__all__ = [
    "FAULTS",
    "FINER_FAULT",
    "MAX_SIZE_MM",
    "TENFOLD_FAULT",
    "Chunk",
    "Faults",
    "Finer",
    "Sizes",
    "load_chunk",
]

Sizes: TypeAlias = npt.NDArray[np.int32]
Faults: TypeAlias = npt.NDArray[np.uint16]
Finer: TypeAlias = Literal["report", "round"]

#: No lesion is longer; a larger number is a wrong unit or a typing error.
MAX_SIZE_MM = 600.0
_UM_PER_MM = 1000

FINER_FAULT = "size finer than 0.001 mm"
TENFOLD_FAULT = "step between sizes near 10: cm and mm mixed?"

#: What keeps the criteria from being applied to a patient; fault k sets bit k.
FAULTS: tuple[str, ...] = (
    "negative size",
    "size above 600 mm",
    FINER_FAULT,
    "no target and no non-target disease at baseline",
    "target of 0 mm at baseline",
    "size at a visit without a size at baseline",
    TENFOLD_FAULT,
    "no baseline day, or an infinite day",
    "visits not in time order after baseline",
    "visit after death",
    "findings at a visit that was not done",
    "non-target code that is none, or not of this visit",
    "new lesion at baseline",
)
(
    _NEGATIVE, _HUGE, _FINE, _NO_DISEASE, _ZERO, _NO_BASELINE, _TENFOLD, _NO_DAY, _ORDER, _DEATH,
    _NOT_DONE, _CODE, _NEW,
) = range(len(FAULTS))  # fmt: skip

_CR, _NON, _PD = RESPONSE_CODES["CR"], RESPONSE_CODES["NON-CR/NON-PD"], RESPONSE_CODES["PD"]
_NE, _NED = RESPONSE_CODES["NE"], RESPONSE_CODES["NED"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """Some patients of a cohort, contiguous along the last axis.

    ``size_um`` and ``seen`` are (lesions, visits, patients), ``node`` (lesions, patients), the
    others (visits, patients) or (patients,). ``faults`` has a bit for each of `FAULTS`;
    ``n_rounded`` counts the sizes of each patient that were finer than a micrometer.
    """

    size_um: Sizes
    seen: Flags
    node: Flags
    nontarget: Codes
    new: Flags
    days_d: Numbers
    done: Flags
    new_therapy_d: Numbers
    death_d: Numbers
    faults: Faults
    n_rounded: Indices


def load_chunk(cohort: Cohort, part: slice, *, finer: Finer) -> Chunk:
    """Return the patients of a slice in micrometers, with the faults of each."""
    sizes_mm = np.ascontiguousarray(cohort.diameters_mm[part].transpose(2, 1, 0))
    count = sizes_mm.shape[2]
    faults = np.zeros(count, np.uint16)
    seen = ~np.isnan(sizes_mm)
    negative, huge = sizes_mm < 0, sizes_mm > MAX_SIZE_MM
    _mark(faults, _NEGATIVE, negative)
    _mark(faults, _HUGE, huge)
    usable = seen & ~negative & ~huge
    usable_mm = np.where(usable, sizes_mm, 0.0)
    whole = np.rint(usable_mm * _UM_PER_MM)
    fine = whole / _UM_PER_MM != usable_mm
    if finer == "report":
        _mark(faults, _FINE, fine)
    _mark(faults, _ZERO, usable[:, 0] & (whole[:, 0] == 0))
    none = np.full(count, np.nan)
    days_d = np.ascontiguousarray(cohort.days_d[part].T)
    chunk = Chunk(
        size_um=whole.astype(np.int32),
        seen=seen,
        node=np.ascontiguousarray(cohort.is_node[part].T),
        nontarget=np.ascontiguousarray(cohort.nontarget[part].T),
        new=np.ascontiguousarray(cohort.new_lesion[part].T),
        days_d=days_d,
        done=~np.isnan(days_d),
        new_therapy_d=none if cohort.new_therapy_d is None else cohort.new_therapy_d[part],
        death_d=none if cohort.death_d is None else cohort.death_d[part],
        faults=faults,
        n_rounded=np.count_nonzero(fine, axis=(0, 1)).astype(np.int64),
    )
    _mark_sizes(chunk)
    _mark_tenfold(chunk, checked=cohort.sizes_checked)
    _mark_days(chunk)
    _mark_findings(chunk)
    return chunk


def _mark(faults: Faults, fault: int, bad: Flags) -> None:
    """Set the bit of a fault for each patient (last axis) with any finding."""
    any_bad = bad.any(axis=tuple(range(bad.ndim - 1))) if bad.ndim > 1 else bad
    faults |= any_bad.astype(np.uint16) << np.uint16(fault)


def _mark_sizes(chunk: Chunk) -> None:
    baseline = chunk.seen[:, 0]
    _mark(chunk.faults, _NO_DISEASE, ~baseline.any(axis=0) & (chunk.nontarget[0] == _NED))
    _mark(chunk.faults, _NO_BASELINE, chunk.seen[:, 1:] & ~baseline[:, None])


def _mark_tenfold(chunk: Chunk, *, checked: bool) -> None:
    """Mark a step of 9 to 11 between two sizes of a lesion that follow each other."""
    if checked:
        return
    before = chunk.size_um[:, 0].copy()
    for visit in range(1, chunk.size_um.shape[1]):
        now = chunk.size_um[:, visit]
        small, large = np.minimum(now, before), np.maximum(now, before)
        _mark(chunk.faults, _TENFOLD, (small > 0) & (large >= 9 * small) & (large <= 11 * small))
        np.copyto(before, now, where=now > 0)


def _mark_days(chunk: Chunk) -> None:
    days_d = chunk.days_d
    endless = np.isinf(days_d).any(axis=0) | np.isinf(chunk.death_d) | np.isinf(chunk.new_therapy_d)
    _mark(chunk.faults, _NO_DAY, ~chunk.done[0] | endless)
    latest_d = days_d[0].copy()
    for visit in range(1, days_d.shape[0]):
        _mark(chunk.faults, _ORDER, days_d[visit] <= latest_d)
        np.copyto(latest_d, days_d[visit], where=chunk.done[visit])
    _mark(chunk.faults, _DEATH, days_d[1:] > chunk.death_d)


def _mark_findings(chunk: Chunk) -> None:
    """Mark findings at visits not done, and codes that no reader can have meant."""
    code, absent = chunk.nontarget, ~chunk.done[1:]
    silent = (code[1:] == _NE) | (code[1:] == _NED)
    _mark(chunk.faults, _NOT_DONE, absent & (chunk.seen[:, 1:].any(axis=0) | chunk.new[1:]))
    _mark(chunk.faults, _NOT_DONE, absent & ~silent)
    free = code[0] == _NED
    judged = (code[1:] == _CR) | (code[1:] == _NON) | (code[1:] == _PD) | (code[1:] == _NE)
    fitting = np.where(free, code[1:] == _NED, judged) | (absent & silent)
    _mark(chunk.faults, _CODE, ~(free | (code[0] == _NON)))
    _mark(chunk.faults, _CODE, ~fitting)
    _mark(chunk.faults, _NEW, chunk.new[0])
