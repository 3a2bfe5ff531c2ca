"""The figures of a source of dose: curves per course, and pictures of the lesions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from abscope.dose.courses import Course
from abscope.dose.dvh import DvhSettings, total_volume
from abscope.dose.exposure_table import ALL_COURSES
from abscope.dose.findings import DoseFinding
from abscope.dose.lesion_curves import curve_of_row, placed_dose, region_of_row
from abscope.dose.lesion_region import LesionRegion
from abscope.dose.results import Dvh, LesionDose, OrganDose
from abscope.dose.slices import SliceSource, dose_levels, dose_slices, inner_point
from abscope.dose.structures import Roi, StructureSet
from abscope.dose.survey import DoseSurvey
from abscope.model.plan_doses import PlanDoses
from abscope.report.dose_picture import DosePicture, dose_picture
from abscope.report.dvh import DvhCurve, DvhPanel, dvh_scene
from abscope.report.figures import Figure
from abscope.report.words import plural

__all__ = [
    "MOST_PICTURES", "DoseMaterial", "LesionView", "dose_material", "lesion_views",
    "survey_figures",
]  # fmt: skip

#: Lesions with a picture, each in the course that gives it most; the tables hold all of them.
MOST_PICTURES = 12
#: Two rules for end planes give the same volume within this share: they are the same rule.
_SAME_VOLUME = 1e-9
_CURVES = (
    "Share of each lesion that gets at least a dose, per course, on a square-root axis. The bands "
    "are the spread between the two rules for end planes."
)


@dataclass(frozen=True)
class DoseMaterial:
    """What the section on dose is made from: rows, figures, findings, and remarks in words.

    ``planned`` are the doses for the model, None where nobody asked for them.
    """

    source: str
    rows: tuple[LesionDose, ...]
    organs: tuple[OrganDose, ...] = ()
    findings: tuple[DoseFinding, ...] = ()
    questions: tuple[str, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()
    planned: PlanDoses | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LesionView:
    """A lesion in one course, with all that planes through it are made from."""

    lesion: str
    course: str
    name: str
    title: str
    focus: tuple[str, ...]
    tags: Mapping[str, str]
    center_mm: tuple[float, float, float]
    source: SliceSource = field(repr=False)


def dose_material(survey: DoseSurvey) -> DoseMaterial:
    """Return the material of the report's section on dose, with its figures drawn."""
    drawn = survey_figures(survey)
    shown = sum(name != "dvh" for name in drawn)
    lesions = len({row.lesion for row in survey.lesions if row.roi_name})
    notes: tuple[str, ...] = ()
    if lesions > shown:
        notes = (f"{plural(lesions - shown, 'lesion')} without a picture; the table has all.",)
    return DoseMaterial(
        survey.study.source, survey.lesions, survey.organs, survey.findings,
        tuple(str(question) for question in survey.questions), drawn, notes,
    )  # fmt: skip


def survey_figures(survey: DoseSurvey) -> dict[str, Figure]:
    """Return the curves and, per lesion, the picture in the course that gives it most dose.

    Without a case the curves are those of all regions but the outline of the body, and the pictures
    go through the targets of the plans.
    """
    panels = tuple(_panel(survey, course) for course in survey.courses)
    found = {}
    if any(panel.curves for panel in panels):
        wide, narrow = (dvh_scene(panels, narrow=one) for one in (False, True))
        found["dvh"] = Figure("dvh", _CURVES, wide, narrow)
    for picture in _pictures(survey):
        wide, narrow = (dose_picture(picture, narrow=one) for one in (False, True))
        caption = f"Axial, coronal and sagittal plane through {' and '.join(picture.focus)}."
        found[picture.name] = Figure(picture.name, caption, wide, narrow)
    return found


def _panel(survey: DoseSurvey, course: Course) -> DvhPanel:
    rows = [row for row in survey.lesions if row.course == course.name]
    if rows:
        found = [_lesion_curve(survey, row) for row in rows]
        curves = tuple(curve for curve in found if curve is not None)
    else:
        curves = tuple(
            DvhCurve(str(region.roi_number), region.roi_name, region.curve)
            for region in survey.regions
            if region.course == course.name and region.role != "EXTERNAL"
        )
    doses = tuple(sorted({level.dose_gy for level in course.levels}))
    return DvhPanel(f"Course {_course_name(survey, course)}", curves, doses)


def _course_name(survey: DoseSurvey, course: Course) -> str:
    matched = survey.course_matching.of_case.get(course.name) if survey.course_matching else None
    name = f"{course.name} ({matched})" if matched else course.name
    doses = sorted({level.dose_gy for level in course.levels})
    words = " and ".join(f"{dose:g}" for dose in doses)
    number = course.n_fractions_planned
    planned = f" in {number}" if number else ""
    return f"{name}: {words} Gy{planned}" if doses else name


def _lesion_curve(survey: DoseSurvey, row: LesionDose) -> DvhCurve | None:
    """Return the curve of a lesion, with that of the other rule for its end planes."""
    region, curve = region_of_row(survey, row), curve_of_row(survey, row)
    if region is None or curve is None:
        return None
    other = curve_of_row(survey, row, settings=DvhSettings(cap="full"))
    if other is not None and _volume_gap(other, curve) < _SAME_VOLUME * total_volume(curve):
        other = curve_of_row(survey, row, settings=DvhSettings(cap="half"))
    # the legend has the id in a column of its own
    bare = _label(row.lesion, region.roi).removeprefix(row.lesion).strip()
    return DvhCurve(row.lesion, bare or row.lesion, curve, other, row.exposure)


def _label(lesion: str, roi: Roi) -> str:
    """Return the id of a lesion and what its region is called, without the id a second time.

    A region of a member may start with the id of the group: L01a, "L01 lung nodule".
    """
    first, _, rest = roi.name.partition(" ")
    if lesion.casefold().startswith(first.casefold()):
        return f"{lesion} {rest}".rstrip()
    return roi.name if roi.name.casefold().startswith(lesion.casefold()) else f"{lesion} {roi.name}"


def _volume_gap(one: Dvh, other: Dvh) -> float:
    return abs(total_volume(one) - total_volume(other))


def _pictures(survey: DoseSurvey) -> Iterator[DosePicture]:
    by_name = {course.name: course for course in survey.courses}
    if survey.lesions:
        chosen: dict[str, LesionDose] = {}
        for row in survey.lesions:
            held = chosen.get(row.lesion)
            if (
                row.course in by_name
                and row.roi_name
                and (held is None or _dose(row) > _dose(held))
            ):
                chosen[row.lesion] = row
        for row in _shown(chosen, survey.lesions):
            region = region_of_row(survey, row)
            if region is not None:
                made = _picture(survey, by_name[row.course], region, row.lesion)
                yield from () if made is None else (made,)
        return
    for course in survey.courses:
        numbers = {level.roi_number for level in course.levels}
        for structures in survey.study.structure_sets:
            for roi in structures.rois:
                if roi.number in numbers and structures.uid == course.structure_set_uid:
                    region = LesionRegion(
                        roi, structures.frame_uid, "roi", structures.uid,
                        structures.plane_spacing_mm,
                    )  # fmt: skip
                    made = _picture(survey, course, region, roi.name)
                    yield from () if made is None else (made,)


def _shown(chosen: Mapping[str, LesionDose], rows: tuple[LesionDose, ...]) -> Iterator[LesionDose]:
    """Yield the rows that get a picture, in the order of the case.

    Where there are too many, the groups give one each in turn: targets, the lesions that may be
    abscopal (out of field or unknown), and those with low dose; within a group most dose first.
    """
    over_all = {row.lesion: row.exposure for row in rows if row.course == ALL_COURSES}
    groups = [
        sorted(
            (row for name, row in chosen.items() if over_all.get(name, row.exposure) in classes),
            key=_dose,
            reverse=True,
        )
        for classes in (("in_field", "partial"), ("out_of_field", "unknown"), ("low_dose",))
    ]
    turns = [row for turn in zip_longest(*groups) for row in turn if row is not None]
    kept = {row.lesion for row in turns[:MOST_PICTURES]}
    yield from (row for name, row in chosen.items() if name in kept)


def _dose(row: LesionDose) -> float:
    return -1.0 if row.d2_dose_gy is None else row.d2_dose_gy


def _picture(
    survey: DoseSurvey, course: Course, region: LesionRegion, lesion: str
) -> DosePicture | None:
    view = _view(survey, course, region, lesion)
    if view is None:
        return None
    source = view.source
    slices = dose_slices(
        view.center_mm, dose=source.dose, structures=source.structures, image=source.image
    )
    return DosePicture(view.name, view.title, view.focus, slices, view.tags)


def _view(
    survey: DoseSurvey, course: Course, region: LesionRegion, lesion: str
) -> LesionView | None:
    center = inner_point(region.roi)
    dose = placed_dose(survey, course, frame_uid=region.frame_uid)
    if center is None or dose is None:
        return None
    tags, drawn = _neighbors(survey, region)
    image = next((one for one in survey.study.images if one.frame_uid == region.frame_uid), None)
    levels = dose_levels(float(dose.dose_gy.max()))
    name = _label(lesion, region.roi)
    return LesionView(
        lesion,
        course.name,
        f"dose-{_slug(course.name)}-{_slug(lesion)}",
        f"{name}, dose of course {_course_name(survey, course)}",
        (region.roi.name,),
        {**tags, region.roi.name: lesion},
        center,
        SliceSource(dose, drawn, image, 1.25, levels),
    )


def lesion_views(survey: DoseSurvey) -> tuple[LesionView, ...]:
    """Return what planes can be drawn of: every lesion with a region, in every course."""
    by_name = {course.name: course for course in survey.courses}
    found = []
    for row in survey.lesions:
        region = region_of_row(survey, row) if row.course in by_name else None
        view = _view(survey, by_name[row.course], region, row.lesion) if region else None
        found += [] if view is None else [view]
    return tuple(found)


def _neighbors(survey: DoseSurvey, region: LesionRegion) -> tuple[Mapping[str, str], StructureSet]:
    """Return the short names of the lesions of a frame, and what is outlined: they and the body."""
    tags: dict[str, str] = {}
    rois: dict[str, Roi] = {}
    for lesion, regions in survey.lesion_regions.items():
        for one in regions:
            if one.frame_uid == region.frame_uid:
                tags[one.roi.name] = lesion
                rois[one.roi.name] = one.roi
    rois[region.roi.name] = region.roi
    for structures in survey.study.structure_sets:
        if structures.frame_uid == region.frame_uid:
            rois |= {roi.name: roi for roi in structures.rois if roi.role == "EXTERNAL"}
    spacing = region.plane_spacing_mm
    drawn = StructureSet("", region.frame_uid, tuple(rois.values()), spacing)
    if spacing is not None:
        return tags, drawn
    known = (s.plane_spacing_mm for s in survey.study.structure_sets if s.plane_spacing_mm)
    return tags, replace(drawn, plane_spacing_mm=next(known, None))


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "x"
