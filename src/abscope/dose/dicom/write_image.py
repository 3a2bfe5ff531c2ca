"""A CT volume as one CT Image object per plane, for made-up patients and for tests."""

from pathlib import Path
from typing import Any

import numpy as np

from abscope.dose.dicom.write import (
    Filing,
    Subject,
    decimal,
    new_uid,
    save_objects,
    start_object,
)
from abscope.dose.dicom.write_dose import place_image
from abscope.dose.dicom.write_structures import ImageReference
from abscope.dose.geometry.grid import Grid, ImageGrid
from abscope.errors import DicomError, Problem

__all__ = ["write_image"]

_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def write_image(
    folder: str | Path, image: ImageGrid, *, subject: Subject, filing: Filing
) -> ImageReference:
    """Write a CT of a made-up patient, one file per plane, and return how to refer to it.

    Never over an existing file. Raises DicomError where ``subject`` is not synthetic, because
    abscope makes no images of patients, and UsageError where a file cannot be written.
    """
    if not subject.synthetic:
        raise DicomError(
            Problem(
                str(folder),
                "the images would be filed under a patient",
                "a synthetic subject: abscope makes no images of patients",
                "Use synthetic_subject.",
            )
        )
    seed = filing.uid or new_uid()
    series = filing.series_uid or new_uid(f"series of {seed}")
    made = []
    uids = []
    for number in range(image.grid.shape[0]):
        uids.append(new_uid(f"plane {number} of {seed}"))
        own = Filing(filing.label, filing.comment, uids[-1], series, filing.date)
        item = _plane(image, number, start_object(_CT_IMAGE, modality="CT", subject=subject,
                                                  filing=own))  # fmt: skip
        item.AcquisitionDate, item.AcquisitionTime = filing.date, "120000" if filing.date else ""
        item.ContentDate, item.ContentTime = filing.date, "120000" if filing.date else ""
        item.ImageComments = f"SYNTHETIC. {filing.comment}".strip()
        made.append((Path(folder) / f"CT_{number + 1:04d}.dcm", item))
    save_objects(made)
    study = subject.elements["StudyInstanceUID"]
    return ImageReference(study, series, _CT_IMAGE, tuple(uids))


def _plane(image: ImageGrid, number: int, made: Any) -> Any:
    grid = image.grid
    one = Grid(grid.affine, grid.offsets_mm[number : number + 1], grid.rows, grid.columns)
    place_image(made, one)
    gaps = np.diff(grid.offsets_mm)
    made.SliceThickness = decimal(float(gaps.min())) if gaps.size else None
    made.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    made.DerivationDescription = "SYNTHETIC, computed from analytic shapes"
    made.FrameOfReferenceUID = image.frame_uid
    made.PositionReferenceIndicator = ""
    made.PatientPosition = "HFS"
    made.BodyPartExamined = "CHEST"
    made.KVP = None
    made.AcquisitionNumber = None
    made.InstanceNumber = str(number + 1)
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.PixelRepresentation = 1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "HU"
    made.PixelData = np.ascontiguousarray(image.ct_hu[number], dtype="<i2").tobytes()
    return made
