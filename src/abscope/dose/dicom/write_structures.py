"""Regions of interest as RT Structure Set, with the image they were drawn on where it is known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from abscope.dose.dicom.write import Filing, Subject, Written, save_objects, start_object
from abscope.dose.dicom.write_dose import check_frame
from abscope.dose.structures import Contour, Roi, StructureSet
from abscope.errors import DicomError, Problem

__all__ = ["ImageReference", "write_structures"]

_RT_STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
_KINDS = {"CLOSED_PLANAR": 3, "OPEN_PLANAR": 2, "POINT": 1, "CLOSEDPLANAR_XOR": 3}
#: Colors that differ in lightness as well as in hue, given to the regions in turn.
_COLORS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178),
           (213, 94, 0), (204, 121, 167))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageReference:
    """The image series that contours were drawn on, as UIDs."""

    study_uid: str
    series_uid: str
    class_uid: str
    instance_uids: tuple[str, ...]


def write_structures(
    path: str | Path,
    structures: StructureSet,
    *,
    subject: Subject,
    filing: Filing,
    image: ImageReference | None = None,
) -> Written:
    """Write regions as RT Structure Set; coordinates keep 1e-4 mm. The UID is that of the set.

    An existing file is never replaced. Raises DicomError where a region cannot be held (a number
    used twice, no name, a contour without enough finite points, another frame of reference than
    that of ``subject``) and UsageError where the file cannot be written.
    """
    problems = check_frame(path, structures.frame_uid, subject)
    problems += _region_problems(path, structures)
    if problems:
        raise DicomError(problems)
    named = Filing(filing.label, filing.comment, structures.uid, filing.series_uid, filing.date)
    made = start_object(_RT_STRUCTURES, modality="RTSTRUCT", subject=subject, filing=named)
    made.FrameOfReferenceUID = structures.frame_uid
    made.PositionReferenceIndicator = ""
    made.StructureSetLabel = filing.label[:16]
    prefix = "SYNTHETIC. " if subject.synthetic else ""
    text = f"{prefix}abscope, research use only. {filing.comment}".strip()
    made.StructureSetDescription = text[:1024]
    made.StructureSetDate = filing.date
    made.StructureSetTime = "120000" if filing.date else ""
    made.ReferencedFrameOfReferenceSequence = [_frame(structures.frame_uid, image)]
    made.StructureSetROISequence = [_region(roi, structures.frame_uid) for roi in structures.rois]
    made.ROIContourSequence = [_contours(n, roi) for n, roi in enumerate(structures.rois)]
    made.RTROIObservationsSequence = [_observed(roi) for roi in structures.rois]
    made.ApprovalStatus = "UNAPPROVED"
    save_objects([(path, made)], implicit=True)
    return Written(Path(path), str(made.SOPInstanceUID))


def _region_problems(path: str | Path, structures: StructureSet) -> list[Problem]:
    found = []
    if not structures.rois:
        found.append(Problem(str(path), "holds no region", "at least one", "Check the set."))
    seen: set[int] = set()
    for roi in structures.rois:
        where = f"{path}: region {roi.number} '{roi.name}'"
        if roi.number in seen or roi.number < 0:
            what = f"the number {roi.number} is negative or used twice"
            found.append(Problem(where, what, "one number per region", "Number them anew."))
        seen.add(roi.number)
        if not 0 < len(roi.name.strip()) <= 64:
            what = f"the name has {len(roi.name.strip())} characters"
            found.append(Problem(where, what, "1 to 64 characters", "Choose another name."))
        bad = sum(not _whole(contour) for contour in roi.contours)
        if bad:
            what = f"{bad} contours lack points, have no finite number, or are of an unknown kind"
            found.append(Problem(where, what, "closed lines of 3 or more points", "Repair them."))
    return found


def _whole(contour: Contour) -> bool:
    points = contour.points_mm
    least = _KINDS.get(contour.kind)
    return (
        least is not None
        and points.ndim == 2
        and points.shape[1:] == (3,)
        and points.shape[0] >= least
        and bool(np.isfinite(points).all())
    )


def _frame(frame_uid: str, image: ImageReference | None) -> Any:
    from pydicom.dataset import Dataset

    frame = Dataset()
    frame.FrameOfReferenceUID = frame_uid
    if image is None:
        return frame
    instances = []
    for uid in image.instance_uids:
        item = Dataset()
        item.ReferencedSOPClassUID = image.class_uid
        item.ReferencedSOPInstanceUID = uid
        instances.append(item)
    series = Dataset()
    series.SeriesInstanceUID = image.series_uid
    series.ContourImageSequence = instances
    study = Dataset()
    study.ReferencedSOPClassUID = _STUDY_CLASS
    study.ReferencedSOPInstanceUID = image.study_uid
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    return frame


def _region(roi: Roi, frame_uid: str) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ROINumber = str(roi.number)
    item.ReferencedFrameOfReferenceUID = frame_uid
    item.ROIName = roi.name
    item.ROIGenerationAlgorithm = ""
    return item


def _contours(index: int, roi: Roi) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedROINumber = str(roi.number)
    item.ROIDisplayColor = list(_COLORS[index % len(_COLORS)])
    if roi.contours:
        item.ContourSequence = [_contour(contour) for contour in roi.contours]
    return item


def _contour(contour: Contour) -> Any:
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag

    item = Dataset()
    item.ContourGeometricType = contour.kind
    item.NumberOfContourPoints = str(contour.points_mm.shape[0])
    text = "\\".join(f"{value:.4f}" for value in contour.points_mm.ravel().tolist()).encode()
    text += b" " * (len(text) % 2)
    # as bytes: pydicom would check each of a million numbers again, which takes minutes
    raw = RawDataElement(Tag(0x30060050), "DS", len(text), text, 0, True, True)
    item[0x30060050] = raw
    return item


def _observed(roi: Roi) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ObservationNumber = str(roi.number)
    item.ReferencedROINumber = str(roi.number)
    item.RTROIInterpretedType = roi.role
    item.ROIInterpreter = ""
    return item
