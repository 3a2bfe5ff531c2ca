"""RTSTRUCT: regions and their contours. Parsing process only.

The numbers of all contours of a region are converted in one call: 264 474 of them in 0.05 s,
against 0.9 s one by one.
"""

import numpy as np

from abscope.dose.dicom.datastream import Opened
from abscope.dose.dicom.elements import Elements, decimals
from abscope.dose.dicom.instances import StructureContent
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.rejection import RejectedError
from abscope.dose.structures import Contour, Roi, StructureSet

__all__ = ["parse_structures"]


def parse_structures(opened: Opened, limits: Limits) -> StructureContent:
    """Return every region with every contour as it stands, empty regions too."""
    elements = opened.elements
    described = elements.items("StructureSetROISequence")
    _bounded(len(described), limits.regions, "regions")
    drawn: dict[int, Elements] = {}
    for item in elements.items("ROIContourSequence"):
        number = item.integer("ReferencedROINumber")
        if number is not None:
            if number in drawn:
                raise RejectedError(
                    f"region number {number} is drawn twice", "one", "Export the object again."
                )
            drawn[number] = item
    roles = {
        item.integer("ReferencedROINumber"): item.code("RTROIInterpretedType")
        for item in elements.items("RTROIObservationsSequence")
    }
    rois, frames = [], set[str]()
    for item in described:
        number = item.integer("ROINumber")
        if number is None:
            raise RejectedError("a region has no number", "one", "Export the object again.")
        name = item.words("ROIName")
        frames.add(item.code("ReferencedFrameOfReferenceUID"))
        contours = _contours(drawn.get(number), name, limits)
        rois.append(Roi(number, name, contours, roles.get(number, "")))
    if len({roi.number for roi in rois}) != len(rois):
        raise RejectedError(
            "two regions have the same number", "one number each", "Export the object again."
        )
    frames.discard("")
    stated, images = _references(elements)
    frames = frames or stated or {elements.code("FrameOfReferenceUID")} - {""}
    named = tuple(sorted(frames))
    structures = StructureSet(
        elements.code("SOPInstanceUID"), named[0] if len(named) == 1 else "", tuple(rois)
    )
    return StructureContent(structures, named, tuple(images))


def _contours(item: Elements | None, name: str, limits: Limits) -> tuple[Contour, ...]:
    if item is None:
        return ()
    listed = item.items("ContourSequence")
    _bounded(len(listed), limits.contours, f"contours in region '{name}'")
    raws, kinds = [], []
    for contour in listed:
        raws.append((contour.raw("ContourData") or b"").strip(b" \0"))
        kinds.append(contour.code("ContourGeometricType"))
    counts = [raw.count(b"\\") + 1 if raw else 0 for raw in raws]
    _bounded(sum(counts) // 3, limits.contour_points, f"contour points in region '{name}'")
    numbers = decimals(b"\\".join(raw for raw in raws if raw), about=f"contours of '{name}'")
    if any(count % 3 for count in counts):
        raise RejectedError(
            f"a contour of region '{name}' is not made of points x, y, z",
            "three numbers per point",
            "Export the object again.",
        )
    if numbers.size and float(np.abs(numbers).max()) >= limits.coordinate_mm:
        raise RejectedError(
            f"a contour of region '{name}' reaches {np.abs(numbers).max():g} mm",
            f"coordinates within {limits.coordinate_mm:g} mm",
            "Check where the file comes from.",
            kind="hostile",
        )
    out, start = [], 0
    for count, kind in zip(counts, kinds, strict=True):
        out.append(Contour(numbers[start : start + count].reshape(-1, 3), kind))
        start += count
    return tuple(out)


def _references(elements: Elements) -> tuple[set[str], list[str]]:
    """Return the frames that the object names and the images it was drawn on."""
    frames, images = set[str](), list[str]()
    for frame in elements.items("ReferencedFrameOfReferenceSequence"):
        frames.add(frame.code("FrameOfReferenceUID"))
        for study in frame.items("RTReferencedStudySequence"):
            for series in study.items("RTReferencedSeriesSequence"):
                images += [
                    image.code("ReferencedSOPInstanceUID")
                    for image in series.items("ContourImageSequence")
                ]
    frames.discard("")
    return frames, images


def _bounded(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise RejectedError(
            f"{count} {what}", f"at most {limit}", "Check it, or raise the limit.", kind="hostile"
        )
