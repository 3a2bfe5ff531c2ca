"""Our dose-volume values beside those that the planning system stored for the same region."""

from collections.abc import Mapping, Sequence

from abscope.dose.courses import Course
from abscope.dose.dicom.tps_dvh import curve_mean_gy
from abscope.dose.dvh import mean_dose, total_volume
from abscope.dose.findings import DoseFinding
from abscope.dose.results import Dvh
from abscope.dose.study import DoseObject, SystemDvh

__all__ = ["course_differences", "system_differences"]

_VOLUME_FRAC = 0.05
_MEAN_FRAC = 0.02


def system_differences(
    curve: Dvh, *, system: SystemDvh, roi_name: str, prescribed_dose_gy: float | None = None
) -> tuple[DoseFinding, ...]:
    """Return a warning for a volume more than 5 % or a mean dose more than 2 % of Rx apart.

    The mean is taken from the stored curve, never from its summary. Without a known prescription
    the mean is compared with 2 % of the largest dose of the stored curve. Differences are expected
    where the two systems end a region differently (see ``volume_spread_ml``).
    """
    found = []
    about = f"region {roi_name}"
    ours_ml, theirs_ml = total_volume(curve), float(system.volume_ml[0])
    if abs(ours_ml - theirs_ml) > _VOLUME_FRAC * theirs_ml:
        found.append(
            DoseFinding(
                "system-volume",
                "warning",
                about,
                f"the volume is {ours_ml:.2f} ml, {theirs_ml:.2f} ml in the planning system "
                f"(the rule for the end planes makes {curve.volume_spread_ml:.2f} ml)",
                "agreement within 5 %",
                "Compare the contours and the rule for the end planes.",
                brief=f"{ours_ml:.2f}, {theirs_ml:.2f}",
            )
        )
    ours_gy = mean_dose(curve)
    theirs_gy = curve_mean_gy(system.dose_gy, system.volume_ml)
    scale_gy = prescribed_dose_gy or float(system.dose_gy[-1])
    if ours_gy is not None and abs(ours_gy - theirs_gy) > _MEAN_FRAC * scale_gy:
        found.append(
            DoseFinding(
                "system-mean",
                "warning",
                about,
                f"the mean dose is {ours_gy:.2f} Gy, {theirs_gy:.2f} Gy in the planning system",
                f"agreement within 2 % of {scale_gy:.2f} Gy",
                "Do the dose and the structures belong to the same plan?",
                brief=f"{ours_gy:.2f}, {theirs_gy:.2f}",
            )
        )
    return tuple(found)


def course_differences(
    course: Course, *, objects: Sequence[DoseObject], curves: Mapping[int, tuple[str, Dvh]]
) -> tuple[DoseFinding, ...]:
    """Return what `system_differences` finds for every curve stored with the dose of a course.

    ``curves`` has name and distribution of each region by its number. Nothing is compared where
    fewer or more fractions were delivered than planned: the stored curves are those of the plan.
    """
    if course.delivered_frac != 1.0:
        return ()
    stored = [
        system
        for item in objects
        if item.dose.grid is course.dose.grid and item.summation != "BEAM"
        for system in item.dvhs
    ]
    return tuple(
        finding
        for system in stored
        if system.roi_number in curves and len(system.volume_ml) and system.volume_ml[0] > 0
        for finding in system_differences(
            curves[system.roi_number][1],
            system=system,
            roi_name=curves[system.roi_number][0],
            prescribed_dose_gy=course.prescribed_dose_gy,
        )
    )
