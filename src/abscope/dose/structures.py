"""Regions of interest as planning systems store them: closed contours on planes."""

from dataclasses import dataclass

from abscope.dose.geometry.grid import Floats

__all__ = ["Contour", "Roi", "StructureSet"]


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One closed line of points (n, 3) in patient coordinates (mm); ``kind`` is DICOM's type."""

    points_mm: Floats
    kind: str = "CLOSED_PLANAR"


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """A region of interest; ``role`` is DICOM's interpreted type (GTV, ORGAN, ...) or ''."""

    number: int
    name: str
    contours: tuple[Contour, ...]
    role: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """The regions of one RTSTRUCT object, all in one frame of reference.

    ``plane_spacing_mm`` is the spacing of the image they were drawn on, None where it is not known.
    """

    uid: str
    frame_uid: str
    rois: tuple[Roi, ...]
    plane_spacing_mm: float | None = None
