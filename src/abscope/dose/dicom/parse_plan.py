"""RTPLAN and RT Ion Plan: fraction groups, prescribed doses, beams. Parsing process only."""

from collections.abc import Iterable

from abscope.dose.dicom.datastream import Opened
from abscope.dose.dicom.elements import Elements
from abscope.dose.dicom.instances import PlanContent
from abscope.dose.dicom.limits import Limits
from abscope.dose.plans import Beam, FractionGroup, Level, Plan

__all__ = ["parse_plan"]

_APPROVAL = {"APPROVED": True, "UNAPPROVED": False, "REJECTED": False}


def parse_plan(opened: Opened, limits: Limits) -> PlanContent:
    """Return what a plan states; beams for setup only are left out."""
    del limits
    elements = opened.elements
    groups = elements.items("FractionGroupSequence")
    meterset = {
        beam.integer("ReferencedBeamNumber"): beam.number("BeamMeterset")
        for group in groups
        for beam in group.items("ReferencedBeamSequence")
    }
    described = elements.items("BeamSequence") + elements.items("IonBeamSequence")
    beams = [_beam(item, meterset) for item in described if _treats(item)]
    numbers = {beam.number for beam in beams if beam}
    structures = elements.first("ReferencedStructureSetSequence")
    plan = Plan(
        elements.code("SOPInstanceUID"),
        (structures.code("ReferencedSOPInstanceUID") or None) if structures else None,
        tuple(_group(item, numbers, place) for place, item in enumerate(groups, start=1)),
        _levels(elements.items("DoseReferenceSequence")),
        tuple(beam for beam in beams if beam),
        _APPROVAL.get(elements.code("ApprovalStatus")),
    )
    return PlanContent(plan, elements.code("FrameOfReferenceUID"))


def _treats(item: Elements) -> bool:
    return item.code("TreatmentDeliveryType") in ("TREATMENT", "CONTINUATION", "")


def _beam(item: Elements, meterset: dict[int | None, float | None]) -> Beam | None:
    number = item.integer("BeamNumber")
    if number is None:
        return None
    first = item.first("ControlPointSequence") or item.first("IonControlPointSequence")
    in_mu = item.code("PrimaryDosimeterUnit") in ("MU", "")
    return Beam(
        number,
        meterset.get(number) if in_mu else None,
        first.number("DoseRateSet") if first and in_mu else None,
        item.code("RadiationType"),
    )


def _group(item: Elements, treating: set[int], place: int) -> FractionGroup:
    used = [beam.integer("ReferencedBeamNumber") for beam in item.items("ReferencedBeamSequence")]
    number = item.integer("FractionGroupNumber")
    planned = item.integer("NumberOfFractionsPlanned")
    return FractionGroup(
        place if number is None else number,
        planned if planned and planned > 0 else None,
        tuple(beam for beam in used if beam is not None and (beam in treating or not treating)),
    )


def _levels(items: Iterable[Elements]) -> tuple[Level, ...]:
    """Return the prescribed doses; those of points only where the plan has no other.

    A point is often a place to calculate at and follows from the plan, not the plan from it.
    """
    found = [
        (item.code("DoseReferenceStructureType"), level) for item in items for level in _level(item)
    ]
    wide = tuple(level for kind, level in found if kind not in ("POINT", "COORDINATES"))
    return wide or tuple(level for _, level in found)


def _level(item: Elements) -> list[Level]:
    dose = item.number("TargetPrescriptionDose")
    if dose is None or item.code("DoseReferenceType") not in ("TARGET", ""):
        return []
    in_region = item.code("DoseReferenceStructureType") == "VOLUME"
    roi = item.integer("ReferencedROINumber") if in_region else None
    return [Level(roi, dose, item.words("DoseReferenceDescription"))]
