"""What the metabolic criteria need of one FDG-PET: uptake per lesion, reference regions, timing.

SUL is the standardized uptake value normalized to lean body mass, a ratio by convention. None is
not recorded.
"""

import math
from dataclasses import dataclass, fields

from abscope.errors import Problem, ProtocolError

__all__ = ["PetLesion", "PetScan", "comparability", "measurable_from"]

_LIVER_FACTOR, _BLOOD_FACTOR, _SDS = 1.5, 2.0, 2.0
_REFERENCE_SHARE, _REFERENCE_STEP, _UPTAKE_STEP = 0.20, 0.3, 15.0
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class PetLesion:
    """One lesion on one scan.

    ``resolved``: uptake not above the tissue around it; ``new``: not there at baseline, and
    ``unequivocal`` whether that is beyond doubt (malignant, not inflammation);
    ``extent_increased``: clearly larger on the images.
    """

    name: str
    organ: str
    sul_peak: float | None
    resolved: bool | None = None
    new: bool = False
    unequivocal: bool = False
    extent_increased: bool | None = None

    def __post_init__(self) -> None:
        if self.sul_peak is not None and not (math.isfinite(self.sul_peak) and self.sul_peak >= 0):
            raise ProtocolError(_bad(f"lesion '{self.name}'", "sul_peak", self.sul_peak))


@dataclass(frozen=True, slots=True)
class PetScan:
    """One scan: lesions, reference regions, timing.

    ``same_scanner`` compares with the baseline (scanner, acquisition and reconstruction); it is not
    read on the baseline itself. ``liver_diseased`` puts the blood pool in place of the liver.
    ``tlg_ml`` is the total lesion glycolysis, SULmean times volume over all lesions.
    """

    lesions: tuple[PetLesion, ...]
    liver_sul_mean: float | None = None
    liver_sul_sd: float | None = None
    blood_pool_sul_mean: float | None = None
    blood_pool_sul_sd: float | None = None
    liver_diseased: bool | None = None
    uptake_time_min: float | None = None
    same_scanner: bool | None = None
    tlg_ml: float | None = None

    def __post_init__(self) -> None:
        problems = []
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            if not (math.isfinite(value) and value >= 0):
                problems.append(_bad("PET scan", item.name, value))
        if problems:
            raise ProtocolError(problems)


def measurable_from(scan: PetScan) -> float | None:
    """Return the SULpeak from which a lesion is measurable; None where it cannot be known.

    1.5 liver mean + 2 SD, with a diseased liver 2.0 blood pool mean + 2 SD. Whether the liver is
    diseased has to be said when the liver is to be used.
    """
    if scan.liver_diseased is None:
        return None
    mean, sd, factor = scan.liver_sul_mean, scan.liver_sul_sd, _LIVER_FACTOR
    if scan.liver_diseased:
        mean, sd, factor = scan.blood_pool_sul_mean, scan.blood_pool_sul_sd, _BLOOD_FACTOR
    return None if mean is None or sd is None else factor * mean + _SDS * sd


def comparability(baseline: PetScan, follow_up: PetScan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return why two scans cannot be compared, and what is not recorded to tell.

    The reference region (liver, blood pool where the liver is diseased on either scan) has to
    agree within 20 % of the baseline and within 0.3; uptake times within 15 min.
    """
    differs: list[str] = []
    unknown: list[str] = []
    diseased = baseline.liver_diseased or follow_up.liver_diseased
    region = "blood pool" if diseased else "liver"
    first, second = (
        scan.blood_pool_sul_mean if diseased else scan.liver_sul_mean
        for scan in (baseline, follow_up)
    )
    if first is None or second is None:
        unknown.append(f"{region} SUL not recorded on both scans")
    else:
        step = abs(second - first)
        if step > _REFERENCE_SHARE * first + _TOLERANCE or step > _REFERENCE_STEP + _TOLERANCE:
            differs.append(f"{region} SUL {first:g} and {second:g} differ by more than 20 % or 0.3")
    if baseline.uptake_time_min is None or follow_up.uptake_time_min is None:
        unknown.append("uptake time not recorded on both scans")
    else:
        step = abs(follow_up.uptake_time_min - baseline.uptake_time_min)
        if step > _UPTAKE_STEP + _TOLERANCE:
            differs.append(f"uptake times differ by {step:g} min, more than 15")
    if follow_up.same_scanner is None:
        unknown.append("same scanner and reconstruction not recorded")
    elif not follow_up.same_scanner:
        differs.append("another scanner or reconstruction")
    return tuple(differs), tuple(unknown)


def _bad(where: str, name: str, value: float) -> Problem:
    return Problem(
        where, f"{name} is {value:g}", "a finite number >= 0", "Correct it, or leave it out.", name
    )
