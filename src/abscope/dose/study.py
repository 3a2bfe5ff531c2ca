"""Everything that one source of DICOM objects holds for one patient, linked by references."""

from dataclasses import dataclass
from typing import Literal

from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import DoseGrid, Floats, ImageGrid
from abscope.dose.plans import Plan, Registration, TreatmentRecord
from abscope.dose.structures import StructureSet

__all__ = ["DoseObject", "Study", "Summation", "SystemDvh"]

Summation = Literal["PLAN", "MULTI_PLAN", "FRACTION", "BEAM", "BRACHY", "OTHER"]


@dataclass(frozen=True, slots=True, eq=False)
class SystemDvh:
    """The cumulative curve that the planning system stored for one region.

    ``dose_gy`` (n,) and ``volume_ml`` (n,) at or above it; the summary values are None where they
    are missing or contradict the curve.
    """

    roi_number: int
    dose_gy: Floats
    volume_ml: Floats
    mean_dose_gy: float | None
    max_dose_gy: float | None


@dataclass(frozen=True, slots=True, eq=False)
class DoseObject:
    """One RTDOSE object with the plan and beams it belongs to."""

    uid: str
    dose: DoseGrid
    summation: Summation
    plan_uid: str | None
    fraction_group: int | None
    beams: tuple[int, ...]
    dvhs: tuple[SystemDvh, ...]
    day: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """The linked objects of one patient; names, dates and identifiers are gone.

    ``patient`` is a salted hash. UIDs stay inside so that results can be written back to DICOM;
    they never appear in an output. ``findings`` holds every check that refused (and was accepted)
    or warned.
    """

    source: str
    patient: str
    doses: tuple[DoseObject, ...]
    plans: tuple[Plan, ...]
    structure_sets: tuple[StructureSet, ...]
    images: tuple[ImageGrid, ...]
    registrations: tuple[Registration, ...]
    treatments: tuple[TreatmentRecord, ...]
    findings: tuple[DoseFinding, ...]
