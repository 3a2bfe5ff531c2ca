"""A plan as RT Plan, for made-up patients and for tests: prescriptions, fractions and arcs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abscope.dose.dicom.write import (
    Filing,
    Subject,
    Written,
    decimal,
    save_objects,
    start_object,
)
from abscope.dose.plans import Beam, FractionGroup, Level, Plan
from abscope.errors import DicomError, Problem

__all__ = ["BeamGeometry", "write_plan"]

_RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
_RT_STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
_MACHINE = "SYNTHETIC"


@dataclass(frozen=True, slots=True)
class BeamGeometry:
    """Where a beam is aimed: its name, isocenter in the patient, gantry angles, jaw opening.

    ``gantry_deg`` holds the angle of each control point; one angle is a static beam. ``jaws_mm`` is
    the opening (x low, x high, y low, y high) at the isocenter.
    """

    name: str
    isocenter_mm: tuple[float, float, float]
    gantry_deg: tuple[float, ...]
    jaws_mm: tuple[float, float, float, float]


def write_plan(
    path: str | Path,
    plan: Plan,
    *,
    subject: Subject,
    filing: Filing,
    geometry: Mapping[int, BeamGeometry],
) -> Written:
    """Write a plan of a made-up patient as RT Plan. The UID is that of the plan.

    An existing file is never replaced. Raises DicomError where ``subject`` is not synthetic
    (abscope makes no plan that a machine could treat a patient with), where a beam lacks its
    geometry or meterset, or a fraction group its number; UsageError where it cannot be written.
    """
    problems = list(_problems(path, plan, subject, geometry))
    if problems:
        raise DicomError(problems)
    named = Filing(filing.label, filing.comment, plan.uid, filing.series_uid, filing.date)
    made = start_object(_RT_PLAN, modality="RTPLAN", subject=subject, filing=named)
    made.RTPlanLabel = filing.label[:16]
    made.RTPlanDescription = f"SYNTHETIC, not for treatment. {filing.comment}".strip()[:1024]
    made.RTPlanDate, made.RTPlanTime = filing.date, "120000" if filing.date else ""
    made.PlanIntent = "RESEARCH"
    made.RTPlanGeometry = "PATIENT" if plan.structure_set_uid else "TREATMENT_DEVICE"
    if plan.structure_set_uid:
        made.ReferencedStructureSetSequence = [
            _item(
                ReferencedSOPClassUID=_RT_STRUCTURES,
                ReferencedSOPInstanceUID=plan.structure_set_uid,
            )
        ]
    if plan.levels:
        made.DoseReferenceSequence = [_level(n + 1, one) for n, one in enumerate(plan.levels)]
    made.FractionGroupSequence = [_group(group, plan.beams) for group in plan.groups]
    made.PatientSetupSequence = [_item(PatientSetupNumber="1", PatientPosition="HFS")]
    made.BeamSequence = [_beam(beam, geometry[beam.number]) for beam in plan.beams]
    made.ApprovalStatus = "UNAPPROVED"
    save_objects([(path, made)])
    return Written(Path(path), plan.uid)


def _problems(
    path: str | Path, plan: Plan, subject: Subject, geometry: Mapping[int, BeamGeometry]
) -> Iterable[Problem]:
    where = str(path)
    if not subject.synthetic:
        what, expected = "the plan would be filed under a patient", "a synthetic subject"
        yield Problem(where, what, expected, "abscope makes no plans for patients.")
    for beam in plan.beams:
        if beam.number not in geometry:
            what = f"beam {beam.number} has no geometry"
            yield Problem(where, what, "one for every beam", "Give its BeamGeometry.")
        elif not geometry[beam.number].gantry_deg:
            what = f"beam {beam.number} has no gantry angle"
            yield Problem(where, what, "at least one", "Name its control points.")
        if beam.meterset_mu is None:
            what = f"beam {beam.number} has no meterset"
            yield Problem(where, what, "monitor units per fraction", "Give its meterset.")
    for group in plan.groups:
        if group.n_fractions_planned is None:
            what = f"fraction group {group.number} has no number of fractions"
            yield Problem(where, what, "a whole number", "Give the number.")
        for number in sorted(set(group.beams) - {beam.number for beam in plan.beams}):
            what = f"fraction group {group.number} names beam {number}"
            yield Problem(where, what, "a beam of the plan", "Check the numbers.")


def _item(**elements: Any) -> Any:
    from pydicom.dataset import Dataset

    made = Dataset()
    for key, value in elements.items():
        setattr(made, key, value)
    return made


def _level(number: int, level: Level) -> Any:
    made = _item(
        DoseReferenceNumber=str(number),
        DoseReferenceStructureType="SITE" if level.roi_number is None else "VOLUME",
        DoseReferenceType="TARGET",
        TargetPrescriptionDose=decimal(level.dose_gy),
    )
    if level.name:
        made.DoseReferenceDescription = level.name
    if level.roi_number is not None:
        made.ReferencedROINumber = str(level.roi_number)
    return made


def _group(group: FractionGroup, beams: tuple[Beam, ...]) -> Any:
    metersets = {beam.number: beam.meterset_mu or 0.0 for beam in beams}
    return _item(
        FractionGroupNumber=str(group.number),
        NumberOfFractionsPlanned=str(group.n_fractions_planned),
        NumberOfBeams=str(len(group.beams)),
        NumberOfBrachyApplicationSetups="0",
        ReferencedBeamSequence=[
            _item(ReferencedBeamNumber=str(number), BeamMeterset=decimal(metersets[number]))
            for number in group.beams
        ],
    )


def _beam(beam: Beam, geometry: BeamGeometry) -> Any:
    angles = geometry.gantry_deg if len(geometry.gantry_deg) > 1 else geometry.gantry_deg * 2
    jaws = [
        _item(RTBeamLimitingDeviceType=name, NumberOfLeafJawPairs="1")
        for name in ("ASYMX", "ASYMY")
    ]
    moving = len(set(angles)) > 1
    points = [
        _point(n, n / (len(angles) - 1), angle, beam, geometry, moving=moving)
        for n, angle in enumerate(angles)
    ]
    return _item(
        BeamNumber=str(beam.number),
        BeamName=geometry.name,
        BeamType="DYNAMIC" if moving else "STATIC",
        RadiationType=beam.radiation or "PHOTON",
        TreatmentMachineName=_MACHINE,
        PrimaryDosimeterUnit="MU",
        SourceAxisDistance="1000",
        BeamLimitingDeviceSequence=jaws,
        ReferencedPatientSetupNumber="1",
        TreatmentDeliveryType="TREATMENT",
        NumberOfWedges="0",
        NumberOfCompensators="0",
        NumberOfBoli="0",
        NumberOfBlocks="0",
        FinalCumulativeMetersetWeight="1",
        NumberOfControlPoints=str(len(points)),
        ControlPointSequence=points,
    )


def _point(
    number: int,
    share: float,
    angle: float,
    beam: Beam,
    geometry: BeamGeometry,
    *,
    moving: bool,
) -> Any:
    made = _item(ControlPointIndex=str(number), CumulativeMetersetWeight=decimal(share))
    if number == 0 or moving:
        made.GantryAngle = decimal(angle)
        made.GantryRotationDirection = "CW" if moving and share < 1 else "NONE"
    if number:
        return made
    x_low, x_high, y_low, y_high = geometry.jaws_mm
    made.NominalBeamEnergy = "6"
    if beam.dose_rate_mu_per_min is not None:
        made.DoseRateSet = decimal(beam.dose_rate_mu_per_min)
    made.BeamLimitingDevicePositionSequence = [
        _item(RTBeamLimitingDeviceType=name, LeafJawPositions=[decimal(low), decimal(high)])
        for name, low, high in (("ASYMX", x_low, x_high), ("ASYMY", y_low, y_high))
    ]
    made.BeamLimitingDeviceAngle = "0"
    made.BeamLimitingDeviceRotationDirection = "NONE"
    made.PatientSupportAngle = "0"
    made.PatientSupportRotationDirection = "NONE"
    made.TableTopEccentricAngle = "0"
    made.TableTopEccentricRotationDirection = "NONE"
    made.TableTopVerticalPosition = None
    made.TableTopLongitudinalPosition = None
    made.TableTopLateralPosition = None
    made.IsocenterPosition = [decimal(value) for value in geometry.isocenter_mm]
    return made
