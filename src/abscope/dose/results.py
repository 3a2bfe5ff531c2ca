"""What the dose room hands on: the dose of a region, of a lesion in a course, of an organ."""

from dataclasses import dataclass
from typing import Literal

from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import Floats

__all__ = ["DoseClass", "Dvh", "LesionDose", "OrganDose", "Sides"]

DoseClass = Literal["in_field", "partial", "low_dose", "out_of_field", "unknown"]


Sides = Literal["both", "left", "right"]


@dataclass(frozen=True, slots=True, eq=False)
class Dvh:
    """A weighted empirical distribution of dose in one region, without bins.

    ``dose_gy`` (n,) ascends, ``volume_ml`` (n,) is the volume that has that dose; ``outside_ml`` is
    the volume outside the dose grid, which has no dose here. ``d98_spread_gy`` is the difference
    that the two conventions for the end planes make. ``findings`` are about the region.
    """

    dose_gy: Floats
    volume_ml: Floats
    outside_ml: float
    n_planes: int
    plane_spacing_mm: float | None
    n_dose_voxels: int
    d98_spread_gy: float
    volume_spread_ml: float
    findings: tuple[DoseFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class LesionDose:
    """One row of the exposure table: a lesion in a course (``course`` is 'all' for their sum).

    Doses are Gy over all fractions; None is unknown. ``flags`` are findings in words.
    """

    lesion: str
    course: str
    roi_name: str
    match: str
    n_fractions_planned: int | None
    n_fractions_delivered: int | None
    prescribed_dose_gy: float | None
    dose_per_fraction_gy: float | None
    volume_ml: float | None
    in_grid_frac: float | None
    mean_dose_gy: float | None
    d98_dose_gy: float | None
    d95_dose_gy: float | None
    d50_dose_gy: float | None
    d2_dose_gy: float | None
    max_dose_gy: float | None
    d98_spread_gy: float | None
    bed10_gy: float | None
    eqd2_10_gy: float | None
    eqd2_lesion_gy: float | None
    above_half_prescribed_frac: float | None
    field_edge_distance_mm: float | None
    dose_type: str
    source: str
    exposure: DoseClass
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    d98_low_gy: float | None = None
    d98_high_gy: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OrganDose:
    """The dose of one organ in one course, for the blood model.

    ``organ`` is a name of the catalog, or 'remainder'. The histogram is per fraction:
    ``volume_ml`` (n,) of the organ has ``dose_per_fraction_gy`` (n,). ``covered_frac`` is the share
    of the organ inside the dose grid; the rest has no dose here. ``beam_on_time_s`` is per fraction
    and None where the plan does not tell it. ``integral_dose_gy_ml`` is over all fractions. A mean
    dose from a table without volumes is one level with NaN as volume and integral dose. ``sides``
    tells whether only the left or the right of a paired organ was drawn: then the dose is that of
    this side, and the other side is in the remainder.
    """

    organ: str
    roi_name: str
    course: str
    n_fractions: int
    beam_on_time_s: float | None
    dose_per_fraction_gy: Floats
    volume_ml: Floats
    covered_frac: float
    integral_dose_gy_ml: float
    sides: Sides = "both"
