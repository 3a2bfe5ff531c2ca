"""Synthetic DICOM-RT objects for tests: dose, structures, plan, records, registration, CT.

Every writer takes ``overrides``: an element by its DICOM keyword, with None to leave it out. UIDs
are made from a name, so that the same test writes the same bytes: ``uid_of("plan")``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import RLELossless

from abscope.dose.geometry.grid import Grid
from abscope.dose.structures import Roi
from dicom_elements import (
    BIG,
    CLASSES,
    DEFLATED,
    EXPLICIT,
    FRAME,
    IMPLICIT,
    PATIENT,
    RLE,
    decimal,
    finished,
    item_of,
    pixel_bytes,
    started,
    uid_of,
)
from dicom_plans import write_plan, write_record, write_registration
from phantom_shapes import box, centers_mm, circle, cylinder, grid_of, roi_of, sphere

__all__ = [
    "BIG",
    "CLASSES",
    "DEFLATED",
    "EXPLICIT",
    "FRAME",
    "IMPLICIT",
    "PATIENT",
    "RLE",
    "Curve",
    "box",
    "centers_mm",
    "circle",
    "cylinder",
    "grid_of",
    "roi_of",
    "sphere",
    "uid_of",
    "write_ct",
    "write_dose",
    "write_plan",
    "write_record",
    "write_registration",
    "write_structures",
]


@dataclass(frozen=True)
class Curve:
    """A DVH of the planning system: cumulative, with the summary values as they are stored."""

    roi: int
    dose_gy: Sequence[float]
    volume_ml: Sequence[float]
    mean: float | None = None
    maximum: float | None = None
    units: str = "GY"
    kind: str = "CUMULATIVE"
    volume_units: str = "CM3"
    scaling: float = 1.0


def write_dose(
    path: Path,
    dose_gy: np.ndarray,
    grid: Grid,
    *,
    uid: str = "dose",
    plan_uid: str | None = "plan",
    frame_uid: str = FRAME,
    patient: str = PATIENT,
    summation: str = "PLAN",
    units: str = "GY",
    kind: str = "PHYSICAL",
    bits: int = 32,
    syntax: str = IMPLICIT,
    absolute: bool = False,
    descending: bool = False,
    fraction_group: int | None = None,
    beams: Sequence[int] = (),
    curves: Sequence[Curve] = (),
    structure_uid: str = "structures",
    date: str = "20200102",
    **overrides: Any,
) -> Path:
    """Write an RTDOSE of ``dose_gy`` (planes, rows, columns) and return its path.

    ``absolute`` writes the offsets as z of the planes (axial stacks only); ``descending`` stores
    the last plane first. The scaling uses the whole range of ``bits``.
    """
    ds = started("RTDOSE", uid, patient=patient, frame=frame_uid)
    offsets, stored = grid.offsets_mm, np.asarray(dose_gy, float)
    if descending:
        offsets, stored = offsets[::-1], stored[::-1]
    ds.ImagePositionPatient = [
        decimal(v) for v in grid.affine[:3, 3] + grid.affine[:3, 2] * float(offsets[0])
    ]
    steps = np.linalg.norm(grid.affine[:3, :2], axis=0)
    ds.ImageOrientationPatient = [
        decimal(v)
        for v in np.concatenate([grid.affine[:3, 0] / steps[0], grid.affine[:3, 1] / steps[1]])
    ]
    ds.PixelSpacing = [decimal(steps[1]), decimal(steps[0])]
    ds.NumberOfFrames, ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, 0
    ds.DoseUnits, ds.DoseType, ds.DoseSummationType = units, kind, summation
    relative = offsets - offsets[0]
    ds.GridFrameOffsetVector = [
        decimal(v) for v in (relative + float(ds.ImagePositionPatient[2]) if absolute else relative)
    ]
    scale = float(decimal(max(float(stored.max()), 1e-6) / (2.0**bits - 2)))
    ds.DoseGridScaling = decimal(scale)
    ds.InstanceCreationDate = ds.ContentDate = date
    if plan_uid is not None:
        refers = item_of(
            ReferencedSOPClassUID=CLASSES["RTPLAN"], ReferencedSOPInstanceUID=uid_of(plan_uid)
        )
        if fraction_group is not None:
            group = item_of(ReferencedFractionGroupNumber=fraction_group)
            if beams:
                group.ReferencedBeamSequence = Items(
                    [item_of(ReferencedBeamNumber=beam) for beam in beams]
                )
            refers.ReferencedFractionGroupSequence = Items([group])
        ds.ReferencedRTPlanSequence = Items([refers])
    if curves:
        ds.ReferencedStructureSetSequence = Items(
            [
                item_of(
                    ReferencedSOPClassUID=CLASSES["RTSTRUCT"],
                    ReferencedSOPInstanceUID=uid_of(structure_uid),
                )
            ]
        )
        ds.DVHSequence = Items([_curve_item(curve, kind) for curve in curves])
    counts = np.rint(stored / scale)
    if syntax == RLE:
        _compress(ds, counts, bits)
    else:
        ds.PixelData = pixel_bytes(counts, bits, syntax)
        ds["PixelData"].VR = "OW"
    return finished(path, ds, overrides, syntax)


def _compress(ds: Dataset, counts: np.ndarray, bits: int) -> None:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.encoders.base import EncodeRunner
    from pydicom.pixels.encoders.native import _encode_frame

    runner = EncodeRunner(RLELossless)
    runner.set_options(
        rows=ds.Rows, columns=ds.Columns, samples_per_pixel=1, number_of_frames=1,
        bits_allocated=bits, bits_stored=bits, pixel_representation=0,
        photometric_interpretation="MONOCHROME2", pixel_keyword="PixelData",
    )  # fmt: skip
    frames = [bytes(_encode_frame(pixel_bytes(frame, bits, EXPLICIT), runner)) for frame in counts]
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].VR = "OB"


def _curve_item(curve: Curve, kind: str) -> Dataset:
    steps = np.diff(np.asarray(curve.dose_gy, float), append=np.nan)
    if len(steps) > 1:
        steps[-1] = steps[-2]
    pairs = np.column_stack([steps, np.asarray(curve.volume_ml, float)]).ravel()
    return item_of(
        DVHType=curve.kind,
        DoseUnits=curve.units,
        DoseType=kind,
        DVHDoseScaling=decimal(curve.scaling),
        DVHVolumeUnits=curve.volume_units,
        DVHNumberOfBins=len(steps),
        DVHData=[decimal(v) for v in pairs],
        DVHMeanDose=None if curve.mean is None else decimal(curve.mean),
        DVHMaximumDose=None if curve.maximum is None else decimal(curve.maximum),
        DVHReferencedROISequence=Items(
            [item_of(DVHROIContributionType="INCLUDED", ReferencedROINumber=curve.roi)]
        ),
    )


def write_structures(
    path: Path,
    rois: Sequence[Roi],
    *,
    uid: str = "structures",
    frame_uid: str = FRAME,
    patient: str = PATIENT,
    image_uids: Sequence[str] = (),
    syntax: str = IMPLICIT,
    **overrides: Any,
) -> Path:
    """Write an RTSTRUCT and return its path."""
    ds = started("RTSTRUCT", uid, patient=patient, frame=None)
    ds.StructureSetLabel, ds.StructureSetDate = "synthetic", "20200102"
    frame = item_of(FrameOfReferenceUID=uid_of(frame_uid))
    if image_uids:
        images = [
            item_of(ReferencedSOPClassUID=CLASSES["CT"], ReferencedSOPInstanceUID=uid_of(name))
            for name in image_uids
        ]
        series = item_of(SeriesInstanceUID=uid_of("series CT"), ContourImageSequence=Items(images))
        study = item_of(RTReferencedSeriesSequence=Items([series]))
        frame.RTReferencedStudySequence = Items([study])
    ds.ReferencedFrameOfReferenceSequence = Items([frame])
    ds.StructureSetROISequence = Items(
        [
            item_of(
                ROINumber=roi.number,
                ReferencedFrameOfReferenceUID=uid_of(frame_uid),
                ROIName=roi.name,
                ROIGenerationAlgorithm="",
            )
            for roi in rois
        ]
    )
    ds.ROIContourSequence = Items([_contour_item(roi) for roi in rois])
    ds.RTROIObservationsSequence = Items(
        [
            item_of(
                ObservationNumber=roi.number,
                ReferencedROINumber=roi.number,
                RTROIInterpretedType=roi.role,
                ROIInterpreter="",
            )
            for roi in rois
        ]
    )
    return finished(path, ds, overrides, syntax)


def _contour_item(roi: Roi) -> Dataset:
    item = item_of(ReferencedROINumber=roi.number)
    if roi.contours:
        item.ContourSequence = Items(
            [
                item_of(
                    ContourGeometricType=contour.kind,
                    NumberOfContourPoints=len(contour.points_mm),
                    ContourData=[decimal(v) for v in contour.points_mm.ravel()],
                )
                for contour in roi.contours
            ]
        )
    return item


def write_ct(
    folder: Path,
    ct_hu: np.ndarray,
    grid: Grid,
    *,
    frame_uid: str = FRAME,
    patient: str = PATIENT,
    syntax: str = EXPLICIT,
    **overrides: Any,
) -> list[Path]:
    """Write a CT series, one file per plane, and return the paths in the order of the planes."""
    steps = np.linalg.norm(grid.affine[:3, :2], axis=0)
    paths = []
    for k, plane in enumerate(np.asarray(ct_hu)):
        ds = started("CT", f"ct {k}", patient=patient, frame=frame_uid)
        where = grid.affine[:3, 3] + grid.affine[:3, 2] * float(grid.offsets_mm[k])
        ds.ImagePositionPatient = [decimal(v) for v in where]
        ds.ImageOrientationPatient = [
            decimal(v)
            for v in np.concatenate([grid.affine[:3, 0] / steps[0], grid.affine[:3, 1] / steps[1]])
        ]
        ds.PixelSpacing = [decimal(steps[1]), decimal(steps[0])]
        ds.SliceThickness, ds.InstanceNumber = "3", k + 1
        ds.Rows, ds.Columns = plane.shape
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation = 15, 1
        ds.RescaleIntercept, ds.RescaleSlope = 0, 1
        if syntax == RLE:
            _compress(ds, np.asarray(plane)[None], 16)
        else:
            ds.PixelData = np.ascontiguousarray(plane, "<i2").tobytes()
            ds["PixelData"].VR = "OW"
        paths.append(finished(folder / f"ct{k:03d}.dcm", ds, overrides, syntax))
    return paths
