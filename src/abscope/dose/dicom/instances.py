"""What the parsing process hands back for one file: plain fields, no names, no dates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.dicom.rejection import Rejected
from abscope.dose.geometry.grid import Floats
from abscope.dose.plans import (
    Beam,
    FractionGroup,
    Level,
    Plan,
    Registration,
    TreatmentRecord,
)
from abscope.dose.structures import Contour, Roi, StructureSet

__all__ = [
    "WIRE_TYPES",
    "DoseHeader",
    "DvhHeader",
    "ImageHeader",
    "Instance",
    "Pixels",
    "Placement",
    "PlanContent",
    "RegistrationContent",
    "StructureContent",
    "TreatmentContent",
]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """How frames lie in the patient, as the object states it; None or empty where it does not."""

    position_mm: Floats | None
    orientation: Floats | None
    spacing_mm: Floats | None
    offsets_mm: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Stored values: at a place in the file, or unpacked in ``counts`` [frame, row, column].

    ``length`` is that of the element in bytes, None where there are no pixels; ``held`` what the
    file really holds of it.
    """

    frames: int
    rows: int
    columns: int
    bits: int
    signed: bool
    big_endian: bool
    start: int
    length: int | None
    held: int
    counts: NDArray[np.unsignedinteger] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DvhHeader:
    """A DVH as stored: ``widths_gy`` of the bins and their volumes, before any check of units."""

    roi_number: int | None
    kind: str
    dose_units: str
    volume_units: str
    widths_gy: Floats
    volumes_ml: Floats
    mean_dose_gy: float | None
    max_dose_gy: float | None


@dataclass(frozen=True, slots=True, eq=False)
class DoseHeader:
    """An RTDOSE without its values."""

    frame_uid: str
    placement: Placement
    pixels: Pixels
    scaling_gy: float | None
    units: str
    kind: str
    summation: str
    plan_uids: tuple[str, ...]
    fraction_group: int | None
    beams: tuple[int, ...]
    structure_uid: str
    dvhs: tuple[DvhHeader, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StructureContent:
    """An RTSTRUCT, all contours as they stand, with the images and frames it names."""

    structures: StructureSet
    frames: tuple[str, ...]
    image_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlanContent:
    """An RTPLAN or RT Ion Plan."""

    plan: Plan
    frame_uid: str


@dataclass(frozen=True, slots=True, eq=False)
class RegistrationContent:
    """The matrices of a Spatial Registration; ``dropped`` counts those that are not rigid."""

    registrations: tuple[Registration, ...]
    dropped: int


@dataclass(frozen=True, slots=True, eq=False)
class TreatmentContent:
    """The sessions of a treatment record, or of a treatment summary (``summary``)."""

    records: tuple[TreatmentRecord, ...]
    summary: bool


@dataclass(frozen=True, slots=True, eq=False)
class ImageHeader:
    """One CT slice without its values, unless they had to be unpacked."""

    frame_uid: str
    series_uid: str
    placement: Placement
    pixels: Pixels
    thickness_mm: float | None
    slope_hu: float | None
    intercept_hu: float | None
    decodable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One DICOM object; ``patient`` is a salted hash ('' without an identifier).

    ``ordinal`` counts days since year 1 and only differences of it leave the reader. ``content``
    is None for a kind of object that is not read; ``kind`` then is its SOP class.
    """

    kind: str
    uid: str
    patient: str
    ordinal: int | None
    content: (
        DoseHeader
        | StructureContent
        | PlanContent
        | RegistrationContent
        | TreatmentContent
        | ImageHeader
        | None
    )


#: The record types that may come back from the parsing process.
WIRE_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Placement, Pixels, DvhHeader, DoseHeader, StructureContent, PlanContent,
        RegistrationContent, TreatmentContent, ImageHeader, Instance, Rejected, Beam,
        FractionGroup, Level, Plan, Registration, TreatmentRecord, Contour, Roi, StructureSet,
    )
}  # fmt: skip
