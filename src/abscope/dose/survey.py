"""Everything that one source of dose tells, in one object for the doors: table, curves, organs."""

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from abscope.dose.course_matching import CourseMatching, match_courses
from abscope.dose.courses import Course, courses_of
from abscope.dose.dicom import Limits, read_study
from abscope.dose.dicom.stated_registration import StatedMatrix
from abscope.dose.dvh import (
    DvhSettings,
    doses_at_volumes,
    dvh_and_voxels,
    max_dose,
    mean_dose,
    min_dose,
    top_dose,
    total_volume,
)
from abscope.dose.exposure_table import TableOptions, exposure_table
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.lesion_course import TEN_GY
from abscope.dose.lesion_map import LesionMap
from abscope.dose.lesion_region import LesionRegion
from abscope.dose.matching import Matching, MatchQuestion, map_template, match_lesions
from abscope.dose.organ_map_file import mapping_text
from abscope.dose.organ_names import OrganMapping
from abscope.dose.organs import organ_table, study_mapping
from abscope.dose.regions import VoxelSum
from abscope.dose.results import Dvh, LesionDose, OrganDose
from abscope.dose.structures import Roi, StructureSet
from abscope.dose.study import Study
from abscope.dose.system_dvh import course_differences
from abscope.dose.transforms import frame_to_frame, move_dose
from abscope.errors import DicomError, Problem

if TYPE_CHECKING:
    from abscope.case.lesion import Lesion
    from abscope.case.record import Case

__all__ = [
    "DoseSurvey",
    "RegionDose",
    "SurveyOptions",
    "alpha_betas_gy",
    "case_with_dose",
    "survey_dose",
    "survey_map",
]

#: More threads than this would mostly wait for the lock of the interpreter.
_MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class SurveyOptions:
    """What a person stated or accepted, and how doses are read.

    ``delivered`` has delivered fractions by course of the doses (C1, ...), ``organs`` decisions
    about names of regions, ``accepted`` reasons for refused findings by code, ``matrices``
    registrations that a person states.
    """

    accepted: Mapping[str, str] = field(default_factory=dict)
    delivered: Mapping[str, int] = field(default_factory=dict)
    organs: Mapping[str, str] = field(default_factory=dict)
    table: TableOptions = field(default_factory=TableOptions)
    images: bool = False
    limits: Limits | None = None
    matrices: tuple[StatedMatrix, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RegionDose:
    """The dose (Gy) of one region of interest in one course; None where nothing is in the grid."""

    course: str
    roi_name: str
    roi_number: int
    role: str
    curve: Dvh
    volume_ml: float
    outside_ml: float
    mean_dose_gy: float | None
    min_dose_gy: float | None
    max_dose_gy: float | None
    near_max_dose_gy: float | None
    d98_dose_gy: float | None
    d95_dose_gy: float | None
    d50_dose_gy: float | None
    d2_dose_gy: float | None


@dataclass(frozen=True, slots=True, eq=False)
class DoseSurvey:
    """What a source of dose tells, and of the lesions of a case where one was given.

    ``regions`` has every drawn region in every course. ``lesions`` is the exposure table, empty
    without a case; ``lesion_regions`` what each row was read from. ``questions`` are what only a
    person can say (which region is which lesion, which course), ``organ_mapping`` has its own.
    ``organ_problems`` say why there is no organ table, where there is none.
    """

    study: Study
    courses: tuple[Course, ...]
    regions: tuple[RegionDose, ...]
    organs: tuple[OrganDose, ...]
    organ_mapping: OrganMapping
    organ_problems: tuple[Problem, ...]
    lesions: tuple[LesionDose, ...]
    lesion_regions: Mapping[str, tuple[LesionRegion, ...]]
    course_matching: CourseMatching | None
    questions: tuple[MatchQuestion, ...]
    findings: tuple[DoseFinding, ...]


def survey_dose(
    source: Path | bytes | BinaryIO,
    *,
    case: "Case | None" = None,
    chosen: LesionMap | None = None,
    options: SurveyOptions | None = None,
) -> DoseSurvey:
    """Return the courses, the dose of every region and organ, and of the lesions of a case.

    ``chosen`` is the map of a person from lesions to regions. Without a delivered fraction known,
    planned fractions count as delivered, with a warning among the findings.

    Raises DicomError for a source that cannot be read or trusted, CaseError for a map that does
    not fit, UsageError for wrong options.
    """
    how = options or SurveyOptions()
    study = read_study(
        source,
        accepted=how.accepted,
        images=how.images,
        limits=how.limits,
        matrices=how.matrices,
    )
    courses = courses_of(study, stated=how.delivered, accepted=how.accepted)
    if not courses:
        raise DicomError(
            Problem(
                study.source, "no dose belongs to a course", "the dose of a plan",
                "Export the plan dose (summation type PLAN) or every beam of a plan.",
            )
        )  # fmt: skip
    names = study_mapping(study, mapping=how.organs)
    regions: list[RegionDose] = []
    organs: list[OrganDose] = []
    problems: list[Problem] = []
    curves: dict[tuple[str, Roi], Dvh] = {}
    for course in courses:
        read = _regions(study, course, how.table.dvh, _in_organ_table(names, course))
        regions += [found for _, found, _ in read]
        curves |= {(course.name, roi): found.curve for roi, found, _ in read}
        drawn = {(course.name, roi): voxels for roi, _, voxels in read if voxels is not None}
        del read  # the voxels of a body are as large as the dose: the table frees them one by one
        found, faults = _organs(study, course, how, drawn)
        organs += found
        problems += faults
    survey = DoseSurvey(
        study, courses, tuple(regions), () if problems else tuple(organs), names, tuple(problems),
        (), {}, None, (), _findings(study, courses, regions),
    )  # fmt: skip
    return survey if case is None else _with_case(survey, case, chosen, how, curves)


def _with_case(
    survey: DoseSurvey,
    case: "Case",
    chosen: LesionMap | None,
    how: SurveyOptions,
    curves: Mapping[tuple[str, Roi], Dvh],
) -> DoseSurvey:
    study, courses = survey.study, survey.courses
    matching = match_lesions(study, lesions=case.lesions, courses=courses, chosen=chosen)
    which = match_courses(courses, recorded=case.rt_courses, chosen=chosen)
    table = replace(
        how.table,
        confirmed_distances={**matching.confirmed_distances, **how.table.confirmed_distances},
    )
    rows = exposure_table(
        study,
        courses=courses,
        lesions={lesion.id: matching.regions.get(lesion.id, ()) for lesion in case.lesions},
        alpha_beta_gy=_alpha_beta_gy(case),
        options=table,
        curves=curves,
    )
    return replace(
        survey,
        lesions=rows,
        lesion_regions=matching.regions,
        course_matching=which,
        questions=(*matching.questions, *which.questions),
    )


def case_with_dose(case: "Case", survey: DoseSurvey) -> "Case":
    """Return the case with the computed exposures of a survey that was made for it.

    Courses of the doses that are no course of the record are left out; they are among the
    questions of the survey.
    """
    from abscope.dose.recorded import with_exposures

    which = survey.course_matching.of_case if survey.course_matching else {}
    return with_exposures(case, survey.lesions, courses=which)


def survey_map(survey: DoseSurvey, *, lesions: Sequence["Lesion"]) -> str:
    """Return a map file with what is settled, and every open question as a comment."""
    matching = Matching(survey.lesion_regions, survey.questions)
    text = map_template(survey.study, matching=matching, lesions=lesions, courses=survey.courses)
    return f"{text}\n{mapping_text(survey.organ_mapping)}"


def _alpha_beta_gy(case: "Case") -> float | None:
    """Return alpha/beta (Gy) of the tumor of a case by the catalog; None where it is not known."""
    from abscope.catalog import alpha_beta

    tumor = case.diagnosis.tumor_type if case.diagnosis else None
    if tumor is None or len(tumor.candidates) != 1:
        return None
    return alpha_beta(tumor.candidates[0]).value


def alpha_betas_gy(case: "Case | None") -> tuple[float, ...]:
    """Return 10 Gy, for comparison with the literature, and alpha/beta (Gy) of the tumor if known.

    They are the alpha/beta of the EQD2 columns of the exposure table.
    """
    own = _alpha_beta_gy(case) if case is not None else None
    return (TEN_GY,) if own is None else (TEN_GY, own)


def _in_organ_table(names: OrganMapping, course: Course) -> frozenset[str]:
    """Return the names of the regions that the organ table will ask for."""
    if not course.n_fractions:
        return frozenset()
    return frozenset((*names.body, *(name for of in names.organs.values() for name in of)))


def _regions(
    study: Study, course: Course, how: DvhSettings, kept: Container[str]
) -> list[tuple[Roi, RegionDose, VoxelSum | None]]:
    """Return the drawn regions of the structure set of a course, else of every one it can reach.

    Those whose name is in ``kept`` come with their voxels. Threads share the regions, the one with
    most points first: most of the work is done in arrays, without the lock of the interpreter.
    """
    jobs = list(_reachable(study, course))
    order = sorted(range(len(jobs)), key=lambda n: -_n_points(jobs[n][0]))
    with ThreadPoolExecutor(max_workers=min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        waiting = {
            n: pool.submit(_region, course.name, *jobs[n], how, keep=jobs[n][0].name in kept)
            for n in order
        }
        return [(jobs[n][0], *waiting[n].result()) for n in range(len(jobs))]


def _n_points(roi: Roi) -> int:
    return sum(len(contour.points_mm) for contour in roi.contours)


def _reachable(study: Study, course: Course) -> Iterator[tuple[Roi, StructureSet, DoseGrid]]:
    own = [item for item in study.structure_sets if item.uid == course.structure_set_uid]
    for structures in own or study.structure_sets:
        way = frame_to_frame(
            study.registrations,
            source_uid=course.dose.frame_uid,
            target_uid=structures.frame_uid,
        )
        if way is None:
            continue
        dose = move_dose(course.dose, way, frame_uid=structures.frame_uid)
        for roi in structures.rois:
            if roi.contours:
                yield roi, structures, dose


def _region(
    course: str,
    roi: Roi,
    structures: StructureSet,
    dose: DoseGrid,
    how: DvhSettings,
    *,
    keep: bool,
) -> tuple[RegionDose, VoxelSum | None]:
    curve, voxels = dvh_and_voxels(
        roi,
        dose=dose,
        plane_spacing_mm=structures.plane_spacing_mm,
        settings=how,
        keep_voxels=keep,
    )
    d98, d95, d50, d2 = doses_at_volumes(curve, volume_frac=(0.98, 0.95, 0.50, 0.02))
    found = RegionDose(
        course=course,
        roi_name=roi.name,
        roi_number=roi.number,
        role=roi.role,
        curve=curve,
        volume_ml=total_volume(curve),
        outside_ml=curve.outside_ml,
        mean_dose_gy=mean_dose(curve),
        min_dose_gy=min_dose(curve),
        max_dose_gy=max_dose(curve),
        near_max_dose_gy=top_dose(curve),
        d98_dose_gy=d98,
        d95_dose_gy=d95,
        d50_dose_gy=d50,
        d2_dose_gy=d2,
    )
    return found, voxels


def _organs(
    study: Study, course: Course, how: SurveyOptions, drawn: dict[tuple[str, Roi], VoxelSum]
) -> tuple[tuple[OrganDose, ...], tuple[Problem, ...]]:
    """Return the organ table, or why there is none; a wrong mapping is an error of the user.

    ``drawn`` is emptied on the way.
    """
    try:
        rows = organ_table(
            study,
            courses=[course],
            mapping=how.organs,
            cap=how.table.dvh.cap,
            drawn=lambda name, roi: drawn.pop((name, roi), None),
        )
    except DicomError as error:
        return (), error.problems
    return rows, ()


def _findings(
    study: Study, courses: Sequence[Course], regions: Sequence[RegionDose]
) -> tuple[DoseFinding, ...]:
    """Return the findings of study, courses and regions, each once, the refused ones first."""
    every = [
        *study.findings,
        *(item for course in courses for item in course.findings),
        *(item for region in regions for item in region.curve.findings),
        *(item for course in courses for item in _beside_system(study, course, regions)),
    ]
    order = {"refused": 0, "warning": 1, "note": 2}
    return tuple(sorted(dict.fromkeys(every), key=lambda item: order[item.severity]))


def _beside_system(
    study: Study, course: Course, regions: Sequence[RegionDose]
) -> tuple[DoseFinding, ...]:
    """Compare with the curves of the planning system, which number the regions of its own set."""
    if not any(item.uid == course.structure_set_uid for item in study.structure_sets):
        return ()
    curves = {
        item.roi_number: (item.roi_name, item.curve)
        for item in regions
        if item.course == course.name
    }
    return course_differences(course, objects=study.doses, curves=curves)
