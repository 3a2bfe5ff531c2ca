"""DICOM objects out: whose they are, how they are labelled, and the file they end in.

What is written is filed under the patient and study of a file that the user names, because a
planning system shows an object only there. Every object says that it comes from abscope and is for
research use only.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import abscope
from abscope.case.files import write_files
from abscope.errors import DicomError, Problem, UsageError

__all__ = [
    "Filing", "Subject", "Written", "decimal", "new_uid", "save_objects", "start_object",
    "subject_of", "synthetic_subject",
]  # fmt: skip

#: The mark that stands in the series description of everything that is written.
_MARK = "abscope, research use only"
_EXPLICIT, _IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
_LONGEST_TEXT = 64
_PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_STUDY = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient and study that objects are filed under, as DICOM keywords and texts.

    ``frame_uid`` is the frame of reference of the file they were taken from, '' where it has none.
    """

    elements: Mapping[str, str]
    frame_uid: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """How one object is labelled; empty UIDs are made new, ``date`` is YYYYMMDD or ''."""

    label: str
    comment: str = ""
    uid: str = ""
    series_uid: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written; ``max_error_gy`` is what 32 bit integers make of a dose."""

    path: Path
    uid: str
    max_error_gy: float | None = None


def subject_of(path: str | Path) -> Subject:
    """Return the patient and study of a DICOM file, to file new objects beside it.

    Raises DicomError where the file cannot be read or lacks a patient or a study.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    name = os.fspath(path)
    try:
        found = dcmread(path, stop_before_pixels=True, specific_tags=[
            *_PATIENT, *_STUDY, "FrameOfReferenceUID", "ReferencedFrameOfReferenceSequence",
        ])  # fmt: skip
    except (OSError, InvalidDicomError, ValueError, EOFError) as error:
        raise DicomError(
            Problem(name, f"cannot be read ({error})", "a DICOM file", "Name a file of the plan.")
        ) from None
    missing = [key for key in ("PatientID", "StudyInstanceUID") if not found.get(key)]
    if missing:
        raise DicomError(
            Problem(
                name,
                f"has no {' and no '.join(missing)}",
                "the patient and study that new objects shall be filed under",
                "Name another file of the same patient.",
            )
        )
    frame = str(found.get("FrameOfReferenceUID") or "")
    frames = found.get("ReferencedFrameOfReferenceSequence")
    if not frame and frames:
        frame = str(frames[0].get("FrameOfReferenceUID") or "")
    return Subject({key: str(found.get(key) or "") for key in (*_PATIENT, *_STUDY)}, frame)


def synthetic_subject(name: str, *, date: str, sex: str = "") -> Subject:
    """Return a patient who does not exist, called SYNTHETIC in name and identifier.

    ``name`` tells one made-up patient from another; the same name gives the same study.
    """
    return Subject(
        {
            "PatientName": f"SYNTHETIC^{name}",
            "PatientID": f"SYNTHETIC-{name}",
            "PatientBirthDate": "",
            "PatientSex": sex,
            "StudyInstanceUID": new_uid(f"study {name}"),
            "StudyDate": date,
            "StudyTime": "120000",
            "StudyID": "SYNTHETIC",
            "AccessionNumber": "",
            "ReferringPhysicianName": "",
        },
        synthetic=True,
    )


def new_uid(name: str = "") -> str:
    """Return a UID of the UUID branch (2.25): the same for the same name, new where it is ''."""
    import uuid

    made = uuid.uuid5(uuid.NAMESPACE_URL, f"abscope {name}") if name else uuid.uuid4()
    return f"2.25.{made.int}"


def decimal(value: float) -> str:
    """Return a number as a DICOM decimal string: at most 16 characters, as exact as they allow."""
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(f"{value!r} does not fit 16 characters")


def start_object(sop_class: str, *, modality: str, subject: Subject, filing: Filing) -> Any:
    """Return a dataset with patient, study, series, equipment and SOP common filled.

    Raises UsageError where the label is empty or longer than 64 characters with its mark.
    """
    from pydicom.dataset import Dataset

    prefix = "SYNTHETIC " if subject.synthetic else ""
    series = f"{prefix}{filing.label} ({_MARK})"
    if not filing.label.strip() or len(series) > _LONGEST_TEXT:
        room = _LONGEST_TEXT - len(series) + len(filing.label)
        what = f"has {len(filing.label)} characters"
        raise UsageError(
            Problem(f"label '{filing.label}'", what, f"1 to {room} characters", "Choose another.")
        )
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = sop_class
    made.SOPInstanceUID = filing.uid or new_uid()
    for key, text in subject.elements.items():
        setattr(made, key, text)
    made.Modality = modality
    made.SeriesInstanceUID = filing.series_uid or new_uid()
    made.SeriesNumber = "1"
    made.SeriesDescription = series
    if subject.synthetic:
        made.StudyDescription = "SYNTHETIC, made up by a program"
        made.PatientComments = "SYNTHETIC: this patient does not exist."
    if filing.date:
        made.SeriesDate, made.SeriesTime = filing.date, "120000"
    made.OperatorsName = ""
    made.Manufacturer = "abscope"
    made.ManufacturerModelName = "abscope (research use only)"
    made.SoftwareVersions = abscope.__version__
    return made


def save_objects(objects: Iterable[tuple[str | Path, Any]], *, implicit: bool = False) -> None:
    """Write datasets as DICOM files, all of them or none, and never over an existing file.

    ``implicit`` takes the implicit transfer syntax, which alone holds texts longer than 64 kB.
    Raises UsageError with every file that exists or cannot be written.
    """
    listed = [(Path(path), item) for path, item in objects]
    taken = [path for path, _ in listed if os.path.lexists(path)]
    if taken:
        raise UsageError(
            Problem(os.fspath(path), "already exists", "a new name", "Choose another name.")
            for path in taken
        )
    write_files({path: _encoded(item, implicit=implicit) for path, item in listed}, force=False)


def _encoded(item: Any, *, implicit: bool) -> bytes:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = item.SOPClassUID
    meta.MediaStorageSOPInstanceUID = item.SOPInstanceUID
    meta.TransferSyntaxUID = UID(_IMPLICIT if implicit else _EXPLICIT)
    meta.ImplementationVersionName = f"ABSCOPE_{abscope.__version__}"[:16]
    item.file_meta = meta
    stream = BytesIO()
    item.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
