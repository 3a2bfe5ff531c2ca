"""The dose distribution behind a row of the exposure table: the region of the row in its course."""

from abscope.dose.courses import Course
from abscope.dose.dvh import DvhSettings, dvh
from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.lesion_region import LesionRegion
from abscope.dose.results import Dvh, LesionDose
from abscope.dose.survey import DoseSurvey
from abscope.dose.transforms import frame_to_frame, move_dose

__all__ = ["curve_of_row", "placed_dose", "region_of_row"]


def region_of_row(survey: DoseSurvey, row: LesionDose) -> LesionRegion | None:
    """Return the region that a row was read from, None where the lesion was not drawn."""
    regions = survey.lesion_regions.get(row.lesion, ())
    return next((one for one in regions if one.roi.name == row.roi_name), None)


def placed_dose(survey: DoseSurvey, course: Course, *, frame_uid: str) -> DoseGrid | None:
    """Return the dose (Gy) of a course in a frame of reference, None where nothing leads there."""
    way = frame_to_frame(
        survey.study.registrations, source_uid=course.dose.frame_uid, target_uid=frame_uid
    )
    return None if way is None else move_dose(course.dose, way, frame_uid=frame_uid)


def curve_of_row(
    survey: DoseSurvey, row: LesionDose, *, settings: DvhSettings | None = None
) -> Dvh | None:
    """Return the distribution of dose (Gy, all fractions) of a row of one course.

    A curve that the survey has is not computed again, unless ``settings`` ask for another. None
    where the lesion was not drawn, for the row over all courses, and where the region cannot be
    brought to the frame of the dose.
    """
    region = region_of_row(survey, row)
    course = next((one for one in survey.courses if one.name == row.course), None)
    if region is None or course is None:
        return None
    roi = region.roi
    known = next(
        (
            one.curve
            for one in survey.regions
            if (one.course, one.roi_number, one.roi_name) == (course.name, roi.number, roi.name)
        ),
        None,
    )
    if known is not None and settings is None:
        return known
    dose = placed_dose(survey, course, frame_uid=region.frame_uid)
    if dose is None:
        return None
    return dvh(roi, dose=dose, plane_spacing_mm=region.plane_spacing_mm, settings=settings)
