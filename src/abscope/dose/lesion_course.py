"""The dose of one lesion in one course: one row of the exposure table and what it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.dose.accumulate import Effect, voxel_effect
from abscope.dose.courses import Course
from abscope.dose.dvh import (
    DvhSettings,
    dose_at_volume,
    dvh,
    dvh_of,
    mean_dose,
    top_dose,
    total_volume,
    volume_at_dose,
)
from abscope.dose.exposure_class import ClassLines, DoseNumbers, class_of_dose
from abscope.dose.field_edge import FieldEdge, field_edge
from abscope.dose.geometry.grid import DoseGrid, Floats
from abscope.dose.lesion_region import LesionRegion
from abscope.dose.plans import Registration
from abscope.dose.results import Dvh, LesionDose
from abscope.dose.transforms import frame_to_frame, move_dose

__all__ = ["TEN_GY", "CourseDose", "FieldEdges", "PlacedRegion", "choose_region", "course_row"]

#: alpha/beta of the two columns for comparison with the literature.
TEN_GY = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class CourseDose:
    """A row, with the distribution and the region behind it; None where there is no common frame.

    ``delivered_rx_gy`` is the part of the prescription that was delivered.
    """

    row: LesionDose
    course: Course
    curve: Dvh | None
    region: LesionRegion | None


@dataclass(frozen=True, slots=True, eq=False)
class PlacedRegion:
    """A region with the matrix (4, 4) that carries points (mm) of a dose's frame to its frame.

    ``curve`` is its distribution in that dose where it was read before, with the same settings.
    """

    region: LesionRegion
    to_target: Floats
    curve: Dvh | None = None


class FieldEdges:
    """The field edge of each course, computed once for all lesions."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, float], FieldEdge | None] = {}

    def distance(
        self, points_mm: Floats, *, course: str, dose: DoseGrid, edge_gy: float
    ) -> tuple[float | None, bool]:
        """Return the distance (mm) from points to the edge of a course, and whether it is cut."""
        key = course, dose.frame_uid, edge_gy
        if key not in self._known:
            self._known[key] = field_edge(dose, edge_gy=edge_gy)
        edge = self._known[key]
        return (None, False) if edge is None else (edge.distance_mm(points_mm), edge.cut)


def choose_region(
    regions: Sequence[LesionRegion], *, course: Course, registrations: Sequence[Registration]
) -> PlacedRegion | None:
    """Return the region of a lesion to use in a course, and the way of the dose to it.

    First the structure set of the plan, then one in the frame of the dose, then one in a frame that
    registrations join to it. None where there is no such region.
    """
    frame = course.dose.frame_uid
    ranked = sorted(
        regions,
        key=lambda item: (
            item.structure_set_uid is None or item.structure_set_uid != course.structure_set_uid,
            item.frame_uid != frame,
        ),
    )
    for item in ranked:
        way = frame_to_frame(registrations, source_uid=frame, target_uid=item.frame_uid)
        if way is not None:
            return PlacedRegion(item, way)
    return None


def course_row(
    lesion: str,
    *,
    course: Course,
    placed: PlacedRegion | None,
    alpha_beta_gy: float | None,
    settings: tuple[DvhSettings, ClassLines, FieldEdges],
    confirmed_distance_mm: float | None,
) -> CourseDose:
    """Return the row of one lesion in one course.

    ``placed`` is None where no region can be joined to the dose: then the dose is unknown, or out
    of field where a person confirmed the distance.
    """
    how, lines, edges = settings
    if placed is None:
        return CourseDose(
            _without_region(lesion, course, lines, confirmed_distance_mm), course, None, None
        )
    region, way = placed.region, placed.to_target
    moved = move_dose(course.dose, way, frame_uid=region.frame_uid)
    curve = placed.curve or dvh(
        region.roi, dose=moved, plane_spacing_mm=region.plane_spacing_mm, settings=how
    )
    rx_gy = _prescription(course, region)
    whole = total_volume(curve)
    share = float(curve.volume_ml.sum()) / whole if whole > 0 else 0.0
    numbers = _numbers(curve, course, rx_gy, lines, confirmed_distance_mm)
    name, reasons = class_of_dose(numbers, lines=lines)
    half_gy = 0.5 * numbers.prescribed_gy if numbers.prescribed_gy else None
    points = [contour.points_mm for contour in region.roi.contours]
    apart_mm, cut = (
        edges.distance(np.concatenate(points), course=course.name, dose=moved, edge_gy=half_gy)
        if half_gy and points
        else (None, False)
    )
    inside_ml = float(curve.volume_ml.sum())
    planned = course.n_fractions_planned
    row = LesionDose(
        lesion=lesion,
        course=course.name,
        roi_name=region.roi.name,
        match=region.match,
        n_fractions_planned=planned,
        n_fractions_delivered=course.n_fractions_delivered,
        prescribed_dose_gy=rx_gy,
        dose_per_fraction_gy=rx_gy / planned if rx_gy is not None and planned else None,
        volume_ml=whole if whole > 0 else None,
        in_grid_frac=share if whole > 0 else None,
        mean_dose_gy=mean_dose(curve),
        d98_dose_gy=dose_at_volume(curve, volume_frac=0.98),
        d95_dose_gy=dose_at_volume(curve, volume_frac=0.95),
        d50_dose_gy=dose_at_volume(curve, volume_frac=0.50),
        d2_dose_gy=dose_at_volume(curve, volume_frac=0.02),
        max_dose_gy=top_dose(curve),
        d98_spread_gy=curve.d98_spread_gy if inside_ml > 0 else None,
        bed10_gy=_mean_effect(curve, course, "bed", TEN_GY),
        eqd2_10_gy=_mean_effect(curve, course, "eqd2", TEN_GY),
        eqd2_lesion_gy=_mean_effect(curve, course, "eqd2", alpha_beta_gy),
        above_half_prescribed_frac=volume_at_dose(curve, dose_gy=half_gy) / inside_ml
        if half_gy and inside_ml > 0
        else None,
        field_edge_distance_mm=apart_mm,
        dose_type="effective" if course.dose.effective else "physical",
        source=course.source,
        exposure=name,
        reasons=reasons,
        flags=(*_flags(course, curve, share, way), *(_CUT if cut else ())),
    )
    return CourseDose(row, course, curve, region)


_CUT = ("the field reaches the border of the dose grid: the distance to it may be less",)


def _prescription(course: Course, region: LesionRegion) -> float | None:
    """The level of the plan for this very region, else the lowest one."""
    own = [
        level.dose_gy
        for level in course.levels
        if level.roi_number is not None
        and level.roi_number == region.roi.number
        and region.structure_set_uid is not None
        and region.structure_set_uid == course.structure_set_uid
    ]
    return min(own) if own else course.prescribed_dose_gy


def _numbers(
    curve: Dvh,
    course: Course,
    rx_gy: float | None,
    lines: ClassLines,
    confirmed_distance_mm: float | None,
) -> DoseNumbers:
    whole = total_volume(curve)
    share = float(curve.volume_ml.sum()) / whole if whole > 0 else 0.0
    lowest = curve
    if share < lines.in_grid_share_frac:
        lowest = dvh_of(
            np.append(curve.dose_gy, 0.0), volume_ml=np.append(curve.volume_ml, curve.outside_ml)
        )
    return DoseNumbers(
        in_grid_frac=share,
        d2_gy=dose_at_volume(curve, volume_frac=0.02),
        mean_gy=mean_dose(curve),
        d95_low_gy=dose_at_volume(lowest, volume_frac=0.95) or 0.0,
        d50_low_gy=dose_at_volume(lowest, volume_frac=0.50) or 0.0,
        d2_low_gy=dose_at_volume(lowest, volume_frac=0.02) or 0.0,
        mean_low_gy=mean_dose(lowest) or 0.0,
        prescribed_gy=None if rx_gy is None else rx_gy * course.delivered_frac,
        complete=course.complete,
        confirmed_distance_mm=confirmed_distance_mm,
    )


def _mean_effect(
    curve: Dvh, course: Course, effect: Effect, alpha_beta_gy: float | None
) -> float | None:
    """The mean of the voxel values, which is above the value of the mean dose."""
    if alpha_beta_gy is None or course.n_fractions is None or not curve.dose_gy.size:
        return None
    values = voxel_effect(
        curve.dose_gy,
        n_fractions=course.n_fractions,
        effect=effect,
        alpha_beta_gy=alpha_beta_gy,
    )
    return float(np.einsum("i,i", values, curve.volume_ml) / curve.volume_ml.sum())


def _flags(course: Course, curve: Dvh, share: float, way: Floats) -> tuple[str, ...]:
    out = list(_course_flags(course))
    out += [f"region: {item.what}" for item in curve.findings if item.severity != "note"]
    if 0 < share < 1 - 1e-3:
        out.append(f"doses are those of the {share:.1%} inside the dose grid")
    if not np.array_equal(way, np.eye(4)):
        out.append("the dose was brought to the region by a rigid registration")
    return tuple(dict.fromkeys(out))


def _course_flags(course: Course) -> tuple[str, ...]:
    out = [
        item.what
        for item in course.findings
        if item.severity != "note" and item.code != "planned-as-delivered"
    ]
    if course.delivered_from == "planned":
        out = ["planned used as delivered", *out]
    if course.n_fractions is None:
        out.append("fractions unknown: no BED and no EQD2; state them with --fractions")
    if course.dose.effective:
        out.append("the dose is effective: a biological effectiveness is already in it")
    levels = sorted({level.dose_gy for level in course.levels})
    if len(levels) > 1:
        words = ", ".join(f"{level:g}" for level in levels)
        out.append(f"several prescribed levels: {words} Gy")
    return tuple(out)


def _without_region(
    lesion: str, course: Course, lines: ClassLines, confirmed_distance_mm: float | None
) -> LesionDose:
    numbers = DoseNumbers(
        0.0, None, None, complete=course.complete, confirmed_distance_mm=confirmed_distance_mm
    )
    name, reasons = class_of_dose(numbers, lines=lines)
    if name == "unknown":
        reasons = ("no region of the lesion in a frame that is joined to the dose",)
    planned, rx_gy = course.n_fractions_planned, course.prescribed_dose_gy
    return LesionDose(
        lesion=lesion, course=course.name, roi_name="", match="none",
        n_fractions_planned=planned, n_fractions_delivered=course.n_fractions_delivered,
        prescribed_dose_gy=rx_gy,
        dose_per_fraction_gy=rx_gy / planned if rx_gy is not None and planned else None,
        volume_ml=None, in_grid_frac=None, mean_dose_gy=None, d98_dose_gy=None, d95_dose_gy=None,
        d50_dose_gy=None, d2_dose_gy=None, max_dose_gy=None, d98_spread_gy=None, bed10_gy=None,
        eqd2_10_gy=None, eqd2_lesion_gy=None, above_half_prescribed_frac=None,
        field_edge_distance_mm=None,
        dose_type="effective" if course.dose.effective else "physical",
        source=course.source, exposure=name, reasons=reasons, flags=_course_flags(course),
    )  # fmt: skip
