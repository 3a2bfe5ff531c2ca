"""What one treatment does in every draw: sizes at the visits, response, control, lymphocytes.

The change of a lesion is that of the diameter of spheres of its members' volumes, summed, against
the start; several lesions are judged by the sum of their diameters, as RECIST does. A response is
a sum at least 30 % below the start at a visit. Control is no visit with a sum both 20 % and 5 mm
above the smallest before it (Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, 4.3.1). Every lesion
counts, not two of each organ, and what is too small to measure counts with its size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.catalog.case_prior import case_prior
from abscope.dose.geometry.grid import Floats

__all__ = ["CATEGORIES", "ArmOutcome", "Course", "best_category", "course_of", "courses_of"]

#: Partial response and progression of a sum of diameters (RECIST 1.1, Eisenhauer 2009, 4.3.1).
_RESPONSE_FRAC, _GROWTH_FRAC, _GROWTH_MM = -0.30, 0.20, 5.0
#: Best response, the better the higher.
CATEGORIES = ("PD", "SD", "PR", "CR")


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How one lesion, or several together, went in every draw.

    ``change_frac`` (draws, visits) is the signed change of the sum of diameters since the start;
    NaN where the draw has none of the lesions. ``responds_frac`` and ``controlled_frac`` (draws,)
    are 1 or 0, NaN likewise; ``category`` is the place in `CATEGORIES`, -1 likewise.
    """

    change_frac: Floats
    responds_frac: Floats
    controlled_frac: Floats
    category: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ArmOutcome:
    """What a treatment does: ``whole`` all lesions, ``outside`` those in no field.

    ``lesions`` has every lesion of the record by identifier. ``nadir_per_ul`` (draws,) is the
    lowest count of lymphocytes seen, ``count_per_ul`` (draws, visits) those at the visits. ``ok``
    (draws,) are the draws that could be finished.
    """

    visits_d: Floats
    whole: Course
    outside: Course
    lesions: dict[str, Course]
    nadir_per_ul: Floats
    count_per_ul: Floats
    ok: NDArray[np.bool_]


def course_of(start_mm: Floats, *, diameter_mm: Floats, counted_frac: NDArray[np.bool_]) -> Course:
    """Return the course of some lesions.

    ``start_mm`` (draws, lesions), ``diameter_mm`` (draws, visits, lesions); ``counted_frac``
    (draws, lesions) are those that belong to it in each draw.
    """
    return courses_of(start_mm, diameter_mm=diameter_mm, counted_frac=counted_frac[None])[0]


def courses_of(
    start_mm: Floats, *, diameter_mm: Floats, counted_frac: NDArray[np.bool_]
) -> tuple[Course, ...]:
    """Return the course of each of some groups of lesions, as `course_of` does of one.

    ``counted_frac`` is (groups, draws, lesions); one pass serves all groups.
    """
    counted = counted_frac[:, :, None, :]
    base = np.where(counted_frac, start_mm, 0.0).sum(axis=2)
    mine_mm = np.where(counted, diameter_mm, 0.0)
    total, largest = mine_mm.sum(axis=3), mine_mm.max(axis=3, initial=0.0)
    there = base > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(there[..., None], total / base[..., None] - 1.0, np.nan)
    known = there & np.isfinite(change).all(axis=2)
    category = best_category(base, total, largest)
    responds = np.where(known, category >= CATEGORIES.index("PR"), np.nan)
    controlled = np.where(known, ~_progresses(base, total).any(axis=2), np.nan)
    category = np.where(known, category, -1)
    return tuple(map(Course, change, responds, controlled, category))


def best_category(start_mm: Floats, total_mm: Floats, largest_mm: Floats) -> NDArray[np.int64]:
    """Return the best response (..., draws) as a place in `CATEGORIES`.

    ``total_mm`` and ``largest_mm`` have a last axis for the visits. The best is that of the visits
    up to the first progression; PD where there is none before it.
    """
    progressed = _progresses(start_mm, total_mm)
    over = np.maximum.accumulate(progressed, axis=-1)
    gone = largest_mm < case_prior("size_vanished").value
    partial = total_mm <= (1.0 + _RESPONSE_FRAC) * start_mm[..., None]
    places = {name: k for k, name in enumerate(CATEGORIES)}
    each = np.where(gone, places["CR"], np.where(partial, places["PR"], places["SD"]))
    return np.asarray(np.where(over, places["PD"], each).max(axis=-1), np.int64)


def _progresses(start_mm: Floats, total_mm: Floats) -> NDArray[np.bool_]:
    """Return at which visits (..., draws, visits) the sum progresses against the nadir before."""
    before = np.concatenate([start_mm[..., None], total_mm[..., :-1]], axis=-1)
    nadir = np.minimum.accumulate(before, axis=-1)
    rise = total_mm - nadir
    return np.asarray((rise >= _GROWTH_MM) & (rise >= _GROWTH_FRAC * nadir))
