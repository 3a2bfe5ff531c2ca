"""Computed doses in the record of a case, where the calls of the response room find them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from abscope.case.facts import Fact, Quantity
from abscope.case.radiotherapy import Exposure, RTCourse
from abscope.case.record import Case
from abscope.dose.results import LesionDose
from abscope.errors import CaseError, Problem

__all__ = ["exposure_of", "with_exposures"]

#: A dose of a record is at most this (Gy); a larger one is left out and said in the note.
_MOST_GY = 200.0
_DIGITS = 4
_DOSES = ("mean_dose_gy", "max_dose_gy", "d98_dose_gy", "d95_dose_gy", "d50_dose_gy", "d2_dose_gy")


def with_exposures(case: Case, rows: Sequence[LesionDose], *, courses: Mapping[str, str]) -> Case:
    """Return the case with one computed exposure per row in the course that the row belongs to.

    ``courses`` has the course of the case by the course of the row; rows of other courses and the
    rows over all courses are left out. Computed exposures of an earlier call are replaced, stated
    ones are kept beside the new ones, also where the two do not agree.

    Raises CaseError with every lesion or course that the case does not have.
    """
    used = [row for row in rows if row.course in courses]
    ids = {course.id for course in case.rt_courses}
    problems = [
        Problem(
            case.id, f"there is no {kind} '{name}'", f"a {kind} of the case", "Correct the map."
        )
        for kind, names, known in (
            ("lesion", [row.lesion for row in used], set(case.lesions_by_id)),
            ("course", list(courses.values()), ids),
        )
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if problems:
        raise CaseError(problems)
    changed = tuple(
        _with_rows(course, [row for row in used if courses[row.course] == course.id])
        for course in case.rt_courses
    )
    fields = {name: getattr(case, name) for name in type(case).model_fields}
    return Case(**{**fields, "rt_courses": changed})


def exposure_of(row: LesionDose, *, member: bool = False) -> Exposure:
    """Return a row of the exposure table as a computed exposure of the record.

    ``member`` says that the row is of one region of a group. Doses and class have the status
    'derived'; ``loc`` names the course, the dose and the region.
    """
    doses = {name: getattr(row, name) for name in _DOSES}
    beyond = [name for name, dose_gy in doses.items() if dose_gy is not None and dose_gy > _MOST_GY]
    notes = [f"{name} is {doses[name]:.0f} Gy, above what a record holds" for name in beyond]
    share = row.in_grid_frac
    return Exposure(
        lesion=row.lesion,
        computed_class=Fact(value=row.exposure, status="derived"),
        region=row.roi_name or None if member else None,
        in_grid_frac=None if share is None else _derived(share),
        reasons=row.reasons,
        loc=_place(row),
        note="; ".join([*notes, *row.flags]) or None,
        **{
            name: _derived(dose_gy)
            for name, dose_gy in doses.items()
            if dose_gy is not None and name not in beyond
        },
    )


def _with_rows(course: RTCourse, rows: Sequence[LesionDose]) -> RTCourse:
    if not rows:
        return course
    known = {row.lesion for row in rows}
    count = Counter((row.lesion, row.course) for row in rows)
    made = (exposure_of(row, member=count[row.lesion, row.course] > 1) for row in rows)
    kept = [
        item for item in course.exposures if item.computed_class is None or item.lesion not in known
    ]
    fields = {name: getattr(course, name) for name in type(course).model_fields}
    return RTCourse(**{**fields, "exposures": (*kept, *made)})


def _derived(number: float) -> Quantity:
    return Quantity(value=round(number, _DIGITS), status="derived")


def _place(row: LesionDose) -> str:
    region = f"region {row.roi_name} ({row.match})" if row.roi_name else "no region"
    return f"DICOM {row.course}: {row.source}, {region}"
