"""Our dose-volume values beside those that the planning system stored for the same region."""

from abscope.dose.dicom.tps_dvh import curve_mean_gy
from abscope.dose.dvh import mean_dose, total_volume
from abscope.dose.findings import DoseFinding
from abscope.dose.results import Dvh
from abscope.dose.study import SystemDvh

__all__ = ["system_differences"]

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
            )
        )
    return tuple(found)
