"""The doses of a case from a survey of DICOM objects: lesions and organs, per fraction and phase.

They take the place of guesses (`abscope.model.from_case`). Each dose of the plan has to be one
phase of the record; what is not clear is told as a problem, and its doses are not used.
"""

from collections.abc import Mapping, Sequence

from abscope.blood.study_organs import named_as_in_case, phase_of_course
from abscope.case.record import Case
from abscope.dose.dvh import histogram_per_fraction, total_volume
from abscope.dose.exposure_table import ALL_COURSES
from abscope.dose.lesion_curves import curve_of_row
from abscope.dose.results import OrganDose
from abscope.dose.survey import DoseSurvey, case_with_dose
from abscope.errors import DicomError, Problem
from abscope.model.plan_doses import LesionHistogram, PlanDoses

__all__ = ["with_plan_doses"]


def with_plan_doses(
    case: Case, survey: DoseSurvey, *, organs: Sequence[OrganDose] = ()
) -> tuple[Case, PlanDoses]:
    """Return the case with its computed exposures, and the doses of its plans.

    ``organs`` (of a table) go before those of the survey. ``PlanDoses.problems`` say which doses
    could not be placed; ``notes`` that organs were not drawn.
    """
    placed, problems = _phases(case, survey)
    lesions = _lesions(survey, placed)
    notes: list[str] = []
    rows = tuple(organs)
    if not rows and survey.organs and not problems:
        of_case = survey.course_matching.of_case if survey.course_matching else {}
        rows = named_as_in_case(survey.organs, of_case=of_case, case=case)
    elif not rows:
        why = "; ".join(problem.what for problem in survey.organ_problems) or "no organ is drawn"
        notes.append(f"the plan tells no organ doses ({why})")
    return case_with_dose(case, survey), PlanDoses(
        lesions, _volumes_ml(survey), rows, tuple(notes), problems
    )


def _phases(case: Case, survey: DoseSurvey) -> tuple[dict[str, str], tuple[Problem, ...]]:
    of_case = survey.course_matching.of_case if survey.course_matching else {}
    names = [course.name for course in survey.courses]
    try:
        return phase_of_course(names, of_case=of_case, case=case), ()
    except DicomError as error:
        return {}, error.problems


def _lesions(
    survey: DoseSurvey, placed: Mapping[str, str]
) -> dict[tuple[str, str], tuple[LesionHistogram, ...]]:
    numbers = {course.name: course.n_fractions for course in survey.courses}
    out: dict[tuple[str, str], tuple[LesionHistogram, ...]] = {}
    for row in survey.lesions:
        number = numbers.get(row.course)
        if row.course == ALL_COURSES or row.course not in placed or not number:
            continue
        curve = curve_of_row(survey, row)
        if curve is None or not curve.dose_gy.size or row.in_grid_frac is None:
            continue
        dose, volume = histogram_per_fraction(curve, n_fractions=number)
        found = LesionHistogram(
            row.roi_name, dose, volume / volume.sum(), row.in_grid_frac, total_volume(curve)
        )
        key = placed[row.course], row.lesion
        out[key] = (*out.get(key, ()), found)
    return out


def _volumes_ml(survey: DoseSurvey) -> dict[str, tuple[float, ...]]:
    """Return the volumes of the drawn regions of each lesion, each region once."""
    out: dict[str, dict[str, float]] = {}
    for row in survey.lesions:
        if row.course != ALL_COURSES and row.volume_ml:
            out.setdefault(row.lesion, {}).setdefault(row.roi_name, row.volume_ml)
    return {name: tuple(found.values()) for name, found in out.items()}
