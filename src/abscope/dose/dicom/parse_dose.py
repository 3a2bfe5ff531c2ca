"""RTDOSE: the header, the references and the DVHs of the planning system. Parsing process only."""

import numpy as np

from abscope.dose.dicom.datastream import Opened
from abscope.dose.dicom.elements import Elements
from abscope.dose.dicom.instances import DoseHeader, DvhHeader
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.parse_pixels import parse_pixels, parse_placement
from abscope.dose.dicom.rejection import RejectedError

__all__ = ["parse_dose"]


def parse_dose(opened: Opened, limits: Limits) -> DoseHeader:
    """Return what an RTDOSE states; judged elsewhere."""
    elements = opened.elements
    plans = elements.items("ReferencedRTPlanSequence")
    groups = [group for plan in plans for group in plan.items("ReferencedFractionGroupSequence")]
    beams = [beam for group in groups for beam in group.items("ReferencedBeamSequence")]
    structures = elements.first("ReferencedStructureSetSequence")
    numbers = [beam.integer("ReferencedBeamNumber") for beam in beams]
    return DoseHeader(
        elements.code("FrameOfReferenceUID"),
        parse_placement(opened),
        parse_pixels(opened, limits),
        elements.number("DoseGridScaling"),
        elements.code("DoseUnits"),
        elements.code("DoseType"),
        elements.code("DoseSummationType"),
        tuple(plan.code("ReferencedSOPInstanceUID") for plan in plans),
        groups[0].integer("ReferencedFractionGroupNumber") if len(groups) == 1 else None,
        tuple(number for number in numbers if number is not None),
        structures.code("ReferencedSOPInstanceUID") if structures else "",
        tuple(_dvh(item) for item in elements.items("DVHSequence")[: limits.regions]),
    )


def _dvh(item: Elements) -> DvhHeader:
    pairs = item.numbers("DVHData")
    pairs = np.empty(0) if pairs is None else pairs
    if pairs.size % 2:
        raise RejectedError(
            f"a DVH has {pairs.size} numbers", "pairs of width and volume", "Export it again."
        )
    scaling = item.number("DVHDoseScaling")
    regions = item.items("DVHReferencedROISequence")
    alone = len(regions) == 1 and regions[0].code("DVHROIContributionType") in ("INCLUDED", "")
    return DvhHeader(
        regions[0].integer("ReferencedROINumber") if alone else None,
        item.code("DVHType"),
        item.code("DoseUnits"),
        item.code("DVHVolumeUnits"),
        pairs[0::2] * (1.0 if scaling is None else scaling),
        pairs[1::2],
        item.number("DVHMeanDose"),
        item.number("DVHMaximumDose"),
    )
