"""Synthetic plans, treatment records and registrations; import them from ``dicom_phantom``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_elements import (
    CLASSES,
    FRAME,
    IMPLICIT,
    PATIENT,
    decimal,
    finished,
    item_of,
    started,
    uid_of,
)


def write_plan(
    path: Path,
    *,
    uid: str = "plan",
    structure_uid: str | None = "structures",
    frame_uid: str = FRAME,
    patient: str = PATIENT,
    levels: Sequence[tuple[int | None, float]] = ((1, 20.0),),
    n_fractions: int | None = 5,
    beams: Mapping[int, float] | None = None,
    dose_rate_mu_per_min: float | None = 600.0,
    groups: Sequence[tuple[int, int | None, Sequence[int]]] = (),
    approval: str | None = "APPROVED",
    date: str = "20200102",
    ion: bool = False,
    syntax: str = IMPLICIT,
    **overrides: Any,
) -> Path:
    """Write an RTPLAN (or RT Ion Plan) and return its path.

    ``levels`` pairs a region's number (None: a point) with its prescribed dose (Gy), ``beams`` a
    beam's number with its meterset (MU per fraction); ``groups`` are (number, fractions, beams)
    where there is more than one.
    """
    ds = started("ION" if ion else "RTPLAN", uid, patient=patient, frame=frame_uid)
    ds.RTPlanLabel, ds.RTPlanDate, ds.RTPlanGeometry = "synthetic", date, "PATIENT"
    ds.ApprovalStatus = approval
    if approval is None:
        del ds.ApprovalStatus
    meterset = {1: 100.0} if beams is None else dict(beams)
    ds.DoseReferenceSequence = Items(
        [
            item_of(
                DoseReferenceNumber=n,
                DoseReferenceStructureType="SITE" if roi is None else "VOLUME",
                DoseReferenceDescription=f"level {n}",
                ReferencedROINumber=roi,
                DoseReferenceType="TARGET",
                TargetPrescriptionDose=decimal(dose),
            )
            for n, (roi, dose) in enumerate(levels, start=1)
        ]
    )
    given = groups or ((1, n_fractions, tuple(meterset)),)
    ds.FractionGroupSequence = Items(
        [
            item_of(
                FractionGroupNumber=number,
                NumberOfFractionsPlanned=n,
                NumberOfBeams=len(used),
                NumberOfBrachyApplicationSetups=0,
                ReferencedBeamSequence=Items(
                    [
                        item_of(BeamMeterset=decimal(meterset[beam]), ReferencedBeamNumber=beam)
                        for beam in used
                    ]
                ),
            )
            for number, n, used in given
        ]
    )
    rate = None if dose_rate_mu_per_min is None else decimal(dose_rate_mu_per_min)
    described = [
        item_of(
            BeamNumber=number,
            BeamType="STATIC",
            RadiationType="PROTON" if ion else "PHOTON",
            TreatmentDeliveryType="TREATMENT",
            **{
                "IonControlPointSequence" if ion else "ControlPointSequence": Items(
                    [item_of(ControlPointIndex=0, DoseRateSet=rate)]
                )
            },
        )
        for number in meterset
    ]
    setattr(ds, "IonBeamSequence" if ion else "BeamSequence", Items(described))
    if structure_uid is not None:
        ds.ReferencedStructureSetSequence = Items(
            [
                item_of(
                    ReferencedSOPClassUID=CLASSES["RTSTRUCT"],
                    ReferencedSOPInstanceUID=uid_of(structure_uid),
                )
            ]
        )
    return finished(path, ds, overrides, syntax)


def write_record(
    path: Path,
    *,
    uid: str = "record 1",
    plan_uid: str = "plan",
    patient: str = PATIENT,
    fraction: int = 1,
    date: str = "20200110",
    beams: Mapping[int, float] | None = None,
    **overrides: Any,
) -> Path:
    """Write an RT Beams Treatment Record of one session and return its path."""
    ds = started("RTRECORD", uid, patient=patient, frame=None)
    ds.TreatmentDate = date
    ds.ReferencedRTPlanSequence = Items(
        [
            item_of(
                ReferencedSOPClassUID=CLASSES["RTPLAN"], ReferencedSOPInstanceUID=uid_of(plan_uid)
            )
        ]
    )
    ds.TreatmentSessionBeamSequence = Items(
        [
            item_of(
                ReferencedBeamNumber=beam,
                CurrentFractionNumber=fraction,
                TreatmentTerminationStatus="NORMAL",
                DeliveredPrimaryMeterset=decimal(mu),
            )
            for beam, mu in (beams or {1: 100.0}).items()
        ]
    )
    return finished(path, ds, overrides, IMPLICIT)


def write_registration(
    path: Path,
    to_target: np.ndarray,
    *,
    source_frame: str,
    target_frame: str,
    uid: str = "registration",
    patient: str = PATIENT,
    **overrides: Any,
) -> Path:
    """Write a Spatial Registration whose matrix carries ``source_frame`` into ``target_frame``."""
    ds = started("REG", uid, patient=patient, frame=target_frame)

    def registered(frame: str, matrix: np.ndarray) -> Dataset:
        stored = item_of(
            FrameOfReferenceTransformationMatrix=[decimal(v) for v in np.asarray(matrix).ravel()],
            FrameOfReferenceTransformationMatrixType="RIGID",
        )
        inner = item_of(MatrixSequence=Items([stored]))
        return item_of(FrameOfReferenceUID=uid_of(frame), MatrixRegistrationSequence=Items([inner]))

    ds.RegistrationSequence = Items(
        [registered(target_frame, np.eye(4)), registered(source_frame, to_target)]
    )
    return finished(path, ds, overrides, IMPLICIT)
