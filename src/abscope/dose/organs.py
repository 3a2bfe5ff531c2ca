"""The dose of every organ of a study per fraction, and of what is left of the body.

Regions of one organ (left and right, lobes, vertebrae) come together; where organs overlap, the
volume belongs to the one that stands earlier in the catalog, once. The outer contour minus all
organs is the remainder, so that no dose is lost: integral doses of organs and remainder add up to
that of the body. Volume outside the dose grid has no dose and is told as a covered share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from abscope.dose.courses import Course
from abscope.dose.geometry.grid import DoseGrid, Floats
from abscope.dose.geometry.planes import Cap
from abscope.dose.organ_names import REMAINDER, OrganMapping, map_rois
from abscope.dose.organ_overlap import Unclaimed, united
from abscope.dose.plans import Beam
from abscope.dose.regions import Covered, VoxelSum, covered_voxels
from abscope.dose.results import OrganDose
from abscope.dose.structures import Roi, StructureSet
from abscope.dose.study import Study
from abscope.dose.transforms import frame_to_frame, move_dose
from abscope.errors import DicomError, Problem

__all__ = ["beam_on_time_s", "organ_table", "study_mapping"]

_S_PER_MIN = 60.0
_LEVELS = 200
#: Voxels that are counted at once, to bound the memory.
_CHUNK = 1 << 20


def organ_table(
    study: Study,
    *,
    courses: Sequence[Course],
    mapping: Mapping[str, str] | None = None,
    cap: Cap = "half",
    drawn: Callable[[str, Roi], VoxelSum | None] | None = None,
) -> tuple[OrganDose, ...]:
    """Return the dose of each organ in each course, then of the remainder of the body.

    ``courses`` come from `abscope.dose.courses.courses_of`; ``mapping`` has what the user decided
    about names of regions (see `abscope.dose.organ_names.map_rois`). ``drawn`` gives the voxels
    of a region of a course where they were read before (with the same ``cap``); it is asked once
    for each. Regions whose name is not known count for the organ they lie in or for the remainder:
    ask `study_mapping` for them first.

    A histogram has at most 200 steps of equal width with the mean dose of each, which keeps volume
    and integral dose. A voxel has the dose of its center. Where no outer contour is
    drawn there is no remainder, and organs are not cut at the skin; organs without any volume
    inside the dose grid have no row. A course without a delivered fraction has no rows.

    Raises DicomError with every course whose fractions are not known, or whose regions are not in
    the frame of its dose and no registration joins them; UsageError for a wrong mapping.
    """
    problems = [problem for course in courses for problem in _course_problems(course, study)]
    if problems:
        raise DicomError(problems)
    rows: list[OrganDose] = []
    for course in courses:
        if course.n_fractions:
            structures, dose = _placed(course, study)
            reader = _reader(course, dose, structures, cap, drawn)
            rows += _of_course(course, dose, structures, mapping, reader)
    return tuple(rows)


def study_mapping(study: Study, *, mapping: Mapping[str, str] | None = None) -> OrganMapping:
    """Return what each region of all structure sets is taken for, each name once.

    Its ``questions`` are the regions to ask the user about. Regions without a contour are left
    out. Raises UsageError for a wrong ``mapping``.
    """
    rois: dict[str, Roi] = {}
    for item in study.structure_sets:
        for roi in item.rois:
            if roi.contours:
                rois.setdefault(roi.name, roi)
    return map_rois(rois.values(), decided=mapping)


def beam_on_time_s(beams: Iterable[Beam]) -> float | None:
    """Return the beam-on time of one fraction (s): sum of meterset / dose rate over the beams.

    None where there is no beam, or a meterset or dose rate is missing or zero throughout. The rate
    is the one that the plan sets: gated or modulated delivery takes longer, as do the pauses
    between beams, which are not in it.

    >>> beam_on_time_s([Beam(1, 200.0, 400.0), Beam(2, 100.0, 600.0)])
    40.0
    """
    times = []
    for beam in beams:
        if beam.meterset_mu is None or not beam.dose_rate_mu_per_min:
            return None
        times.append(beam.meterset_mu / beam.dose_rate_mu_per_min * _S_PER_MIN)
    return sum(times) or None


def _reader(
    course: Course, dose: DoseGrid, structures: StructureSet, cap: Cap,
    drawn: Callable[[str, Roi], VoxelSum | None] | None,
) -> Callable[[Roi], Covered | VoxelSum]:  # fmt: skip
    """Return how to read the voxels of a region: those already drawn, else from its contours."""

    def covered_by(roi: Roi) -> Covered | VoxelSum:
        known = drawn(course.name, roi) if drawn is not None else None
        return known or covered_voxels(
            roi, grid=dose.grid, plane_spacing_mm=structures.plane_spacing_mm, cap=cap
        )

    return covered_by


def _of_course(
    course: Course, dose: DoseGrid, structures: StructureSet, mapping: Mapping[str, str] | None,
    covered_by: Callable[[Roi], Covered | VoxelSum],
) -> list[OrganDose]:  # fmt: skip
    rois = [roi for roi in structures.rois if roi.contours]
    named = map_rois(rois, decided=mapping)

    def parts(names: Iterable[str]) -> Iterator[Covered | VoxelSum]:
        chosen = set(names)
        return (covered_by(roi) for roi in rois if roi.name in chosen)

    def covered(found: Iterable[Covered | VoxelSum]) -> Covered:
        whole = (part.total() if isinstance(part, VoxelSum) else part for part in found)
        return united(whole, grid=dose.grid)

    body = list(parts(named.body))
    outer = None if not body else body[0] if len(body) == 1 else covered(body)
    body_share = 0.0 if outer is None else outer.covered_frac
    unclaimed = Unclaimed.of(outer, grid=dose.grid)
    del body, outer  # as large as the dose itself, and not needed any more
    flat = dose.dose_gy.reshape(-1)
    rows = []
    for organ, names in named.organs.items():
        region = covered(parts(names))
        mine = unclaimed.claim(region)
        if mine.voxel.size:
            levels = _histogram(flat, partial(_chunks, mine))
            row = _row(organ, " + ".join(names), course, levels, region.covered_frac)
            rows.append(replace(row, sides=named.sides(organ)))
    if named.body and any(voxel.size for voxel, _ in unclaimed.rest()):
        levels = _histogram(flat, unclaimed.rest)
        rows.append(_row(REMAINDER, " + ".join(named.body), course, levels, body_share))
    return rows


def _row(
    organ: str, roi_name: str, course: Course, levels: tuple[Floats, Floats], share: float
) -> OrganDose:  # fmt: skip
    n = course.n_fractions or 1
    totals, volumes = levels
    return OrganDose(
        organ=organ,
        roi_name=roi_name,
        course=course.name,
        n_fractions=n,
        beam_on_time_s=beam_on_time_s(course.beams),
        dose_per_fraction_gy=totals / n,
        volume_ml=volumes,
        covered_frac=share,
        integral_dose_gy_ml=float(np.dot(totals, volumes)),
    )


_Parts = Callable[[], Iterable[tuple[NDArray[np.intp], Floats]]]


def _histogram(flat_gy: NDArray[np.floating], parts: _Parts) -> tuple[Floats, Floats]:
    """Return the mean dose (Gy, all fractions) and volume (ml) of steps of equal width.

    ``parts`` gives voxels and volumes in pieces, twice: for the largest dose and for the steps.
    """
    top = max(float(flat_gy[voxel].max()) for voxel, _ in parts() if voxel.size)
    volumes, products = np.zeros(_LEVELS), np.zeros(_LEVELS)
    for voxel, volume in parts():
        dose = flat_gy[voxel].astype(np.float64)
        scaled = dose * (_LEVELS / top) if top > 0 else dose
        step = np.clip(scaled.astype(np.intp), 0, _LEVELS - 1)
        volumes += np.bincount(step, volume, _LEVELS)
        products += np.bincount(step, volume * dose, _LEVELS)
    kept = volumes > 0
    return products[kept] / volumes[kept], volumes[kept]


def _chunks(region: Covered) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    for at in range(0, region.voxel.size, _CHUNK):
        part = slice(at, at + _CHUNK)
        yield region.voxel[part], region.volume_ml[part]


def _placed(course: Course, study: Study) -> tuple[StructureSet, DoseGrid]:
    """Return the regions of a course, and its dose in their frame."""
    frame = course.dose.frame_uid
    for item in _ranked(course, study):
        way = frame_to_frame(study.registrations, source_uid=frame, target_uid=item.frame_uid)
        if way is not None:
            same = item.frame_uid == frame
            return item, course.dose if same else move_dose(
                course.dose, way, frame_uid=item.frame_uid
            )
    raise DicomError(_no_regions(course))


def _ranked(course: Course, study: Study) -> list[StructureSet]:
    """Return the structure set of the plan, then those in the frame of the dose, then others."""
    return sorted(
        study.structure_sets,
        key=lambda item: (
            course.structure_set_uid is None or item.uid != course.structure_set_uid,
            item.frame_uid != course.dose.frame_uid,
        ),
    )


def _course_problems(course: Course, study: Study) -> list[Problem]:
    out = []
    if course.n_fractions is None:
        out.append(
            Problem(
                f"course {course.name}",
                "the number of fractions is not known",
                "a plan, a treatment record or a stated number",
                f"State it, for example --fractions {course.name}=5.",
            )
        )
    frame = course.dose.frame_uid
    if not any(
        frame_to_frame(study.registrations, source_uid=frame, target_uid=item.frame_uid) is not None
        for item in study.structure_sets
    ):
        out.append(_no_regions(course))
    return out


def _no_regions(course: Course) -> Problem:
    return Problem(
        f"course {course.name}",
        "no structure set is in the frame of reference of its dose",
        "regions in the same frame, or a registration",
        "Add the RTSTRUCT of the plan, or the registration between the two images.",
    )
