"""The parts that every synthetic DICOM object of the tests is made of."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

BIG = str(ExplicitVRBigEndian)
DEFLATED = str(DeflatedExplicitVRLittleEndian)
EXPLICIT = str(ExplicitVRLittleEndian)
IMPLICIT = str(ImplicitVRLittleEndian)
RLE = str(RLELossless)

CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "RTRECORD": "1.2.840.10008.5.1.4.1.1.481.4",
    "RTPLAN": "1.2.840.10008.5.1.4.1.1.481.5",
    "SUMMARY": "1.2.840.10008.5.1.4.1.1.481.7",
    "ION": "1.2.840.10008.5.1.4.1.1.481.8",
    "REG": "1.2.840.10008.5.1.4.1.1.66.1",
}
FRAME = "frame"
PATIENT = "synthetic"


def uid_of(name: str) -> str:
    """Return a UID that is always the same for the same name; a UID is returned as it is."""
    if name.replace(".", "").isdigit():
        return name
    return f"2.25.{int.from_bytes(hashlib.sha256(name.encode()).digest()[:12], 'big')}"


def started(modality: str, uid: str, *, patient: str, frame: str | None) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = CLASSES[modality]
    ds.SOPInstanceUID = uid_of(uid)
    ds.Modality = {"ION": "RTPLAN", "SUMMARY": "RTRECORD"}.get(modality, modality)
    ds.PatientName, ds.PatientID = "Synthetic^Phantom", patient
    ds.StudyDate = "20200101"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid_of("study"), uid_of(f"series {modality}")
    if frame is not None:
        ds.FrameOfReferenceUID = uid_of(frame)
    return ds


def finished(path: Path, ds: Dataset, overrides: Mapping[str, Any], syntax: str) -> Path:
    for keyword, value in overrides.items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    written = FileDataset(
        str(path),
        ds,
        file_meta=meta,
        preamble=b"\0" * 128,
        is_implicit_VR=syntax == IMPLICIT,
        is_little_endian=syntax != BIG,
    )
    written.save_as(path, enforce_file_format=True)
    return path


def item_of(**elements: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        if value is not None:
            setattr(ds, keyword, value)
    return ds


def decimal(value: float) -> str:
    """Return a number in the 16 characters that DICOM's DS allows."""
    for digits in range(14, 3, -1):
        text = f"{float(value):.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(value)


def pixel_bytes(values: np.ndarray, bits: int, syntax: str) -> bytes:
    order = ">" if syntax == BIG else "<"
    return np.ascontiguousarray(values, dtype=f"{order}u{bits // 8}").tobytes()
