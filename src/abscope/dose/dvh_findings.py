"""What a reader of a dose-volume value should know about its region."""

from collections.abc import Iterator

from abscope.dose.collecting import volume_quantiles
from abscope.dose.findings import DoseFinding
from abscope.dose.results import Dvh

__all__ = ["region_findings"]

_OUTSIDE_FRAC = 1e-3
_OVERLAP_FRAC = 1e-3
_FEWEST_VOXELS = 50
_SPREAD_FRAC = 0.05
#: A spread below this is no news however low the dose.
_SPREAD_GY = 0.01


def region_findings(name: str, *, curve: Dvh, overlap_ml: float) -> Iterator[DoseFinding]:
    """Yield a warning for dose unknown, few voxels, uncertain ends and contours that overlap."""
    about = f"region {name}"
    inside = float(curve.volume_ml.sum())
    whole = inside + curve.outside_ml
    if whole > 0 and curve.outside_ml > _OUTSIDE_FRAC * whole:
        yield DoseFinding(
            "roi-outside-grid",
            "warning",
            about,
            f"{curve.outside_ml:.3f} of {whole:.3f} ml ({curve.outside_ml / whole:.1%}) lie "
            "outside the dose grid",
            "all of it inside (0.1 % are let pass)",
            "The dose there is unknown: every value holds for the part inside only.",
            brief=f"{curve.outside_ml / whole:.1%}",
        )
    if inside > 0 and curve.n_dose_voxels < _FEWEST_VOXELS:
        yield DoseFinding(
            "few-dose-voxels",
            "warning",
            about,
            f"covers {curve.n_dose_voxels} voxels of the dose grid",
            "50 or more",
            "Its D98, D2 and extremes rest on interpolation.",
            brief=f"{curve.n_dose_voxels}",
        )
    if inside > 0 and curve.d98_spread_gy > _SPREAD_GY:
        yield from _spread(about, curve)
    if overlap_ml > _OVERLAP_FRAC * max(whole, 1e-9):
        yield DoseFinding(
            "overlapping-contours",
            "warning",
            about,
            f"contours cover {overlap_ml:.3f} ml more than once",
            "contours that are nested or apart",
            "Contours that cross were united; where one line overlaps itself, even is outside.",
        )


def _spread(about: str, curve: Dvh) -> Iterator[DoseFinding]:
    (d98,) = volume_quantiles(curve.dose_gy, volume_ml=curve.volume_ml, share_frac=(0.98,))
    if curve.d98_spread_gy > _SPREAD_FRAC * d98:
        yield DoseFinding(
            "cap-spread",
            "warning",
            about,
            f"D98 changes by {curve.d98_spread_gy:.2f} Gy with the rule for the end planes",
            f"at most 5 % of D98 ({d98:.2f} Gy) or 0.01 Gy",
            "Report D98 with this spread.",
            brief=f"{curve.d98_spread_gy:.2f} of {d98:.2f} Gy",
        )
