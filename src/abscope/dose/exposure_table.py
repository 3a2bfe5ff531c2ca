"""The exposure table: what dose each lesion got from each course, and from all of them.

BED and EQD2 are means over the lesion of the voxel values, each course with its own fractions, so
they add over courses as the means of dose do. The other doses of the row over all courses are read
from the distribution of the summed dose, at the same points of the lesion in every course; where
no registration joins the courses, only means and bounds are given.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from abscope.dose.accumulate import quantile_bounds
from abscope.dose.courses import Course
from abscope.dose.dvh import DvhSettings, dose_at_volume, dvh_of, top_dose, total_volume
from abscope.dose.exposure_class import ClassLines, class_lines, class_over_courses
from abscope.dose.geometry.grid import Floats, Grid
from abscope.dose.geometry.interpolate import dose_at
from abscope.dose.lesion_course import CourseDose, FieldEdges, choose_region, course_row
from abscope.dose.lesion_region import LesionRegion, region_points
from abscope.dose.plans import Registration
from abscope.dose.results import Dvh, LesionDose
from abscope.dose.sampling import ML_PER_MM3, resolved, voxel_ml
from abscope.dose.structures import Roi
from abscope.dose.study import Study
from abscope.dose.transforms import frame_to_frame, move_dose
from abscope.errors import Problem, UsageError

__all__ = ["ALL_COURSES", "TableOptions", "exposure_table"]

#: The name that the row over all courses has in the column ``course``.
ALL_COURSES = "all"


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How doses are read and classes drawn; stored with the result.

    ``confirmed_distances`` has the distance (mm) of a lesion from the field that a person vouches
    for, by (lesion, course), or by (lesion, 'all') for every course.
    """

    lines: ClassLines = field(default_factory=class_lines)
    dvh: DvhSettings = field(default_factory=DvhSettings)
    confirmed_distances: Mapping[tuple[str, str], float] = field(default_factory=dict)


def exposure_table(
    study: Study,
    *,
    courses: Sequence[Course],
    lesions: Mapping[str, Sequence[LesionRegion]],
    alpha_beta_gy: float | None,
    options: TableOptions | None = None,
    curves: Mapping[tuple[str, Roi], Dvh] | None = None,
) -> tuple[LesionDose, ...]:
    """Return one row per lesion and course and one per lesion for all courses, in Gy.

    ``lesions`` has the regions of each lesion; none for a lesion that nobody drew. Where one
    structure set has several, the lesion is a group and each member has its own rows, told apart by
    ``roi_name``. ``alpha_beta_gy`` is that of the tumor for ``eqd2_lesion_gy``, None: unknown.
    ``curves`` has the distributions of regions that were read before with the same settings, by
    course and region. Raises UsageError without a course or for an alpha/beta or a confirmed
    distance that is not positive, DicomError for a region that cannot be read as a volume.
    """
    chosen = options or TableOptions()
    _check(courses, lesions, alpha_beta_gy, chosen)
    edges = FieldEdges()
    rows: list[LesionDose] = []
    for lesion, regions in lesions.items():
        for member in _members(regions):
            parts = []
            for course in courses:
                placed = choose_region(member, course=course, registrations=study.registrations)
                if placed is not None and curves is not None:
                    placed = replace(placed, curve=curves.get((course.name, placed.region.roi)))
                parts.append(
                    course_row(
                        lesion,
                        course=course,
                        placed=placed,
                        alpha_beta_gy=alpha_beta_gy,
                        settings=(chosen.dvh, chosen.lines, edges),
                        confirmed_distance_mm=_confirmed_mm(chosen, lesion, course.name),
                    )
                )
            rows += [part.row for part in parts]
            rows.append(_over_all(parts, registrations=study.registrations, options=chosen))
    return tuple(rows)


def _members(regions: Sequence[LesionRegion]) -> list[list[LesionRegion]]:
    """The regions of each member of a group: those of one name in all structure sets.

    A lesion is a group where a structure set has several regions of it.
    """
    sets = [region.structure_set_uid for region in regions]
    if len(set(sets)) == len(sets):
        return [list(regions)]
    names = dict.fromkeys(region.roi.name for region in regions)
    return [[region for region in regions if region.roi.name == name] for name in names]


def _confirmed_mm(options: TableOptions, lesion: str, course: str) -> float | None:
    known = options.confirmed_distances
    return known.get((lesion, course), known.get((lesion, ALL_COURSES)))


def _over_all(
    parts: Sequence[CourseDose], *, registrations: Sequence[Registration], options: TableOptions
) -> LesionDose:
    rows = [part.row for part in parts]
    means = [row.mean_dose_gy for row in rows]
    share_ok = all(
        row.in_grid_frac is not None and row.in_grid_frac >= options.lines.in_grid_share_frac
        for row in rows
    )
    alone = len(parts) == 1
    curve, region = _summed(parts, registrations, options) if share_ok or alone else (None, None)
    mean_gy = _sum(means) if share_ok else None
    low98, high98, high2 = _bounds(parts) if share_ok and curve is None else (None, None, None)
    d2_gy = dose_at_volume(curve, volume_frac=0.02) if curve is not None else high2
    name, reasons = class_over_courses(
        {row.course: row.exposure for row in rows},
        lines=options.lines,
        mean_gy=mean_gy,
        d2_gy=d2_gy,
    )
    first = rows[0]
    spread = [row.d98_spread_gy for row in rows]
    whole = total_volume(curve) if curve is not None else None
    return replace(
        first,
        course=ALL_COURSES,
        roi_name=region.roi.name if region else ", ".join(_distinct(r.roi_name for r in rows)),
        match=region.match if region else ", ".join(_distinct(r.match for r in rows)),
        n_fractions_planned=None,
        n_fractions_delivered=None,
        prescribed_dose_gy=None,
        dose_per_fraction_gy=None,
        volume_ml=whole if whole is not None else first.volume_ml if len(rows) == 1 else None,
        in_grid_frac=_covered(curve, rows),
        mean_dose_gy=mean_gy,
        d98_dose_gy=_at(curve, 0.98),
        d95_dose_gy=_at(curve, 0.95),
        d50_dose_gy=_at(curve, 0.50),
        d2_dose_gy=_at(curve, 0.02),
        max_dose_gy=top_dose(curve) if curve is not None else None,
        d98_spread_gy=max((x for x in spread if x is not None), default=None),
        bed10_gy=_sum([row.bed10_gy for row in rows]) if share_ok else None,
        eqd2_10_gy=_sum([row.eqd2_10_gy for row in rows]) if share_ok else None,
        eqd2_lesion_gy=_sum([row.eqd2_lesion_gy for row in rows]) if share_ok else None,
        above_half_prescribed_frac=None,
        field_edge_distance_mm=_least([row.field_edge_distance_mm for row in rows]),
        dose_type=", ".join(_distinct(row.dose_type for row in rows)),
        source="sum over courses" if curve is not None or not share_ok else "bounds over courses",
        exposure=name,
        reasons=reasons,
        flags=_flags(rows, curve is not None, share_ok),
        d98_low_gy=low98,
        d98_high_gy=high98,
    )


def _summed(
    parts: Sequence[CourseDose], registrations: Sequence[Registration], options: TableOptions
) -> tuple[Dvh | None, LesionRegion | None]:
    """The distribution of the summed dose in the one region that every dose can be brought to."""
    if len(parts) == 1:
        return parts[0].curve, parts[0].region
    for region in dict.fromkeys(part.region for part in parts if part.region is not None):
        ways = [
            frame_to_frame(
                registrations,
                source_uid=part.course.dose.frame_uid,
                target_uid=region.frame_uid,
            )
            for part in parts
        ]
        if all(way is not None for way in ways):
            known = [way for way in ways if way is not None]
            return _sum_in(region, parts, known, options.dvh), region
    return None, None


def _sum_in(
    region: LesionRegion, parts: Sequence[CourseDose], ways: list[Floats], settings: DvhSettings
) -> Dvh | None:
    moved = [
        move_dose(part.course.dose, way, frame_uid=region.frame_uid)
        for part, way in zip(parts, ways, strict=True)
    ]
    finest = min(moved, key=lambda dose: voxel_ml(dose.grid))
    volumes = [part.row.volume_ml for part in parts if part.region is region]
    if not volumes or volumes[0] is None:
        return None
    sampling = resolved(
        round(volumes[0] / voxel_ml(finest.grid)),
        k=settings.k,
        kz=settings.kz,
        method=settings.method,
    )
    curve = next(part.curve for part in parts if part.region is region)
    spacing_mm = curve.plane_spacing_mm if curve is not None else None
    if spacing_mm is not None and settings.kz is None:
        sampling = replace(sampling, kz=_slices(spacing_mm, finest.grid, sampling.k))
    points, volume_ml = region_points(region, grid=finest.grid, sampling=sampling, cap=settings.cap)
    total = np.zeros(len(points))
    for dose in moved:
        total += dose_at(points, dose=dose, method=sampling.method)
    known = np.isfinite(total)
    if not known.any():
        return None
    return dvh_of(
        total[known], volume_ml=volume_ml[known], outside_ml=float(volume_ml[~known].sum())
    )


def _slices(spacing_mm: float, grid: Grid, k: int) -> int:
    """Slices per slab: as thin as the cells are wide, at most 4, but one per plane of the dose."""
    cell_mm: float = (voxel_ml(grid) / ML_PER_MM3) ** (1 / 3) / k
    step_mm = float(np.median(np.diff(grid.offsets_mm)))
    fine = min(math.ceil(spacing_mm / cell_mm), 4)
    return max(fine, math.ceil(spacing_mm / step_mm - 1e-6))


def _bounds(parts: Sequence[CourseDose]) -> tuple[float | None, float | None, float | None]:
    """Bounds of D98 of the sum, and an upper one of its D2 (Gy)."""
    curves = [part.curve for part in parts if part.curve is not None]
    if len(curves) < len(parts):
        return None, None, None
    functions = [_Quantile(curve) for curve in curves]
    low, high = quantile_bounds(functions, at_frac=0.02)
    return low, high, quantile_bounds(functions, at_frac=0.98)[1]


class _Quantile:
    """The dose (Gy) below which a share of the region lies."""

    def __init__(self, curve: Dvh) -> None:
        self._dose = curve.dose_gy
        self._middles = np.cumsum(curve.volume_ml) - curve.volume_ml / 2
        self._whole = float(curve.volume_ml.sum())

    def __call__(self, share: Floats) -> Floats:
        found: Floats = np.interp(share * self._whole, self._middles, self._dose)
        return found


def _at(curve: Dvh | None, share: float) -> float | None:
    return None if curve is None else dose_at_volume(curve, volume_frac=share)


def _covered(curve: Dvh | None, rows: Sequence[LesionDose]) -> float | None:
    if curve is not None:
        return float(curve.volume_ml.sum()) / total_volume(curve)
    return _least([row.in_grid_frac for row in rows])


def _sum(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _least(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return min(known) if known and len(known) == len(numbers) else None


def _distinct(words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word]


def _flags(rows: Sequence[LesionDose], summed: bool, covered: bool) -> tuple[str, ...]:
    out = [f"{row.course}: {flag}" for row in rows for flag in row.flags]
    if not covered:
        out.insert(0, "not inside the grid of every course: no sum over courses")
    elif not summed:
        out.insert(0, "no registration joins the courses: means add, D98 is given by bounds")
    return tuple(out)


def _check(
    courses: Sequence[Course],
    lesions: Mapping[str, Sequence[LesionRegion]],
    alpha_beta_gy: float | None,
    options: TableOptions,
) -> None:
    problems = []
    if not courses:
        problems.append(
            Problem("exposure table", "no course", "a dose with a course", "Read the dose objects.")
        )
    if alpha_beta_gy is not None and not 0 < alpha_beta_gy < np.inf:
        what = f"alpha/beta is {alpha_beta_gy:g} Gy"
        problems.append(Problem("exposure table", what, "a finite number > 0 Gy", "Correct it."))
    names = {ALL_COURSES, *(course.name for course in courses)}
    for (lesion, course), distance in options.confirmed_distances.items():
        if lesion not in lesions or course not in names or not 0 <= distance < np.inf:
            what = f"a distance of {distance:g} mm for {lesion} in {course}"
            expected = "a lesion and a course of the table, and a finite distance >= 0 mm"
            problems.append(Problem("confirmed distance", what, expected, "Correct it."))
    if problems:
        raise UsageError(problems)
