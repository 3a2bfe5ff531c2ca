"""RT treatment records and summaries: what was delivered. Parsing process only.

Records leave with their day unset: the calendar day of the whole object becomes an offset later.
"""

from abscope.dose.dicom.datastream import Opened
from abscope.dose.dicom.elements import Elements
from abscope.dose.dicom.instances import TreatmentContent
from abscope.dose.dicom.limits import Limits
from abscope.dose.plans import TreatmentRecord

__all__ = ["parse_summary", "parse_treatment"]

_MOST_FRACTIONS = 1000


def _plan_uid(elements: Elements) -> str:
    plan = elements.first("ReferencedRTPlanSequence")
    return plan.code("ReferencedSOPInstanceUID") if plan else ""


def parse_treatment(opened: Opened, limits: Limits) -> TreatmentContent:
    """Return the beams of one session (RT Beams or RT Ion Beams Treatment Record)."""
    del limits
    elements = opened.elements
    plan = _plan_uid(elements)
    beams = elements.items("TreatmentSessionBeamSequence")
    beams += elements.items("TreatmentSessionIonBeamSequence")
    return TreatmentContent(
        tuple(
            TreatmentRecord(
                plan,
                beam.integer("CurrentFractionNumber"),
                None,
                beam.integer("ReferencedBeamNumber"),
                beam.number("DeliveredPrimaryMeterset"),
            )
            for beam in beams
        ),
        summary=False,
    )


def parse_summary(opened: Opened, limits: Limits) -> TreatmentContent:
    """Return one record per fraction that an RT Treatment Summary counts as delivered."""
    del limits
    elements = opened.elements
    plan = _plan_uid(elements)
    records: list[TreatmentRecord] = []
    for group in elements.items("FractionGroupSummarySequence"):
        listed = [
            number
            for item in group.items("FractionStatusSummarySequence")
            if (number := item.integer("ReferencedFractionNumber")) is not None
        ]
        count = group.integer("NumberOfFractionsDelivered")
        numbers = listed if listed else range(1, min(count or 0, _MOST_FRACTIONS) + 1)
        records += [TreatmentRecord(plan, number, None) for number in numbers]
    return TreatmentContent(tuple(records), summary=True)
