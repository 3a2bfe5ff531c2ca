"""The DVHs that the planning system stored: the curve is used, the summary only if it agrees."""

from collections.abc import Sequence

import numpy as np

from abscope.dose.dicom.instances import DvhHeader
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import Floats
from abscope.dose.study import SystemDvh

__all__ = ["curve_max_gy", "curve_mean_gy", "system_dvhs"]

_AGREES_FRAC = 0.01
_ROUNDING = 1e-6
_FINE = 100


def curve_mean_gy(dose_gy: Floats, volume_ml: Floats) -> float:
    """Return the mean dose (Gy) of a cumulative curve: its area over its first volume.

    Between two points the curve is taken as a straight line.
    """
    steps = np.diff(dose_gy)
    area = float((steps * (volume_ml[1:] + volume_ml[:-1])).sum() / 2)
    return float(dose_gy[0]) + area / float(volume_ml[0])


def curve_max_gy(dose_gy: Floats, volume_ml: Floats) -> float:
    """Return the highest dose (Gy) at which the cumulative curve has volume."""
    return float(dose_gy[np.flatnonzero(volume_ml > 0)[-1]])


def system_dvhs(
    headers: Sequence[DvhHeader], *, about: str
) -> tuple[tuple[SystemDvh, ...], tuple[DoseFinding, ...]]:
    """Return the curves in Gy and ml, and what is wrong with them or with their summaries.

    A curve in percent of dose or volume, or one that rises, is left out and counted. A summary
    value that differs from its curve by more than 1 % and a bin is dropped: the first real case
    met had a mean of 40.10 labeled GY that was percent.
    """
    curves, unusable, contradicted = [], 0, []
    for header in headers:
        curve = _curve(header)
        if header.roi_number is None or curve is None:
            unusable += 1
            continue
        dose_gy, volume_ml, bin_gy = curve
        mean, top = curve_mean_gy(dose_gy, volume_ml), curve_max_gy(dose_gy, volume_ml)
        kept_mean = _agreeing(header.mean_dose_gy, mean, bin_gy)
        kept_max = _agreeing(header.max_dose_gy, top, 2 * bin_gy)
        wrong_mean = header.mean_dose_gy is not None and kept_mean is None
        wrong_max = header.max_dose_gy is not None and kept_max is None
        if wrong_mean or wrong_max:
            pair = (header.mean_dose_gy, mean) if wrong_mean else (header.max_dose_gy, top)
            which = "mean" if wrong_mean else "maximum"
            contradicted.append((pair[0] or 0.0, pair[1], bin_gy, which))
        curves.append(SystemDvh(header.roi_number, dose_gy, volume_ml, kept_mean, kept_max))
    found = []
    if contradicted:
        stated, of_curve, _, which = max(contradicted)
        found.append(
            DoseFinding(
                "dvh-summary", "warning", about,
                f"the DVH summary of {len(contradicted)} regions contradicts its own curve "
                f"(a {which} of {stated:.2f} 'Gy' where the curve gives {of_curve:.2f} Gy)",
                "agreement within 1 %",
                f"The curves are used.{_percent(contradicted)}",
            )
        )  # fmt: skip
    if unusable:
        found.append(
            DoseFinding(
                "dvh-curve", "note", about, f"{unusable} DVHs of the planning system are not used",
                "a falling curve in Gy and cm3 of one region",
                "Only the comparison with the planning system is lost.",
            )
        )  # fmt: skip
    return tuple(curves), tuple(found)


def _percent(contradicted: Sequence[tuple[float, float, float, str]]) -> str:
    """Return which dose the summaries would be percent of, '' where they share none.

    A dose of fewer than 100 bins is too coarse to tell.
    """
    whole = [
        (100 * of_curve / stated, _AGREES_FRAC + bin_gy / of_curve)
        for stated, of_curve, bin_gy, _ in contradicted
        if stated > 0 and of_curve >= _FINE * bin_gy
    ]
    if not whole:
        return ""
    middle = float(np.median([dose for dose, _ in whole]))
    if any(abs(dose - middle) > slack * middle for dose, slack in whole):
        return ""
    return f" The summaries fit percent of {middle:.3g} Gy."


def _agreeing(stated: float | None, of_curve: float, bin_gy: float) -> float | None:
    if stated is None:
        return None
    slack = _AGREES_FRAC * abs(of_curve) + bin_gy
    return stated if abs(stated - of_curve) <= slack else None


def _curve(header: DvhHeader) -> tuple[Floats, Floats, float] | None:
    """Return dose, volume at or above it, and the widest bin; None where it cannot be used.

    DVHData are pairs of bin width and volume (PS3.3 C.8.8.4): of a cumulative curve the volume
    that has at least the dose where the bin begins, of a differential one the volume in the bin.
    """
    widths, volumes = header.widths_gy, header.volumes_ml
    readable = header.dose_units == "GY" and header.volume_units == "CM3"
    if not readable or widths.size < 2 or (widths < 0).any():
        return None
    # a real planning system stores -1e-13 for an empty bin
    slack_ml = _ROUNDING * float(np.abs(volumes).max())
    if (volumes < -slack_ml).any():
        return None
    volumes = np.maximum(volumes, 0.0)
    begins = np.concatenate([[0.0], np.cumsum(widths)])
    if header.kind == "CUMULATIVE":
        curve = np.append(volumes, 0.0)
    elif header.kind == "DIFFERENTIAL":
        curve = np.append(np.cumsum(volumes[::-1])[::-1], 0.0)
    else:
        return None
    if curve[0] <= 0 or (np.diff(curve) > slack_ml).any():
        return None
    return begins, curve, float(widths.max())
