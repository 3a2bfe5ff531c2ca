"""The elements of a data set that the reader may look at, taken from their raw bytes.

Only what stands in ``TAGS`` can be asked for: names, birth dates, addresses and comments cannot.
"""

import math
import warnings
from typing import Any

import numpy as np

from abscope.dose.dicom.rejection import RejectedError
from abscope.dose.geometry.grid import Floats

__all__ = ["DATES", "TAGS", "Elements", "decimals"]

#: Allow-list: DICOM keyword -> tag.
TAGS = {
    "SpecificCharacterSet": 0x00080005, "InstanceCreationDate": 0x00080012,
    "SOPClassUID": 0x00080016, "SOPInstanceUID": 0x00080018, "StudyDate": 0x00080020,
    "SeriesDate": 0x00080021, "AcquisitionDate": 0x00080022, "ContentDate": 0x00080023,
    "ReferencedSOPInstanceUID": 0x00081155, "PatientID": 0x00100020, "SliceThickness": 0x00180050,
    "SeriesInstanceUID": 0x0020000E, "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037, "FrameOfReferenceUID": 0x00200052,
    "NumberOfFrames": 0x00280008, "Rows": 0x00280010, "Columns": 0x00280011,
    "PixelSpacing": 0x00280030, "BitsAllocated": 0x00280100, "PixelRepresentation": 0x00280103,
    "RescaleIntercept": 0x00281052, "RescaleSlope": 0x00281053, "RegistrationSequence": 0x00700308,
    "MatrixRegistrationSequence": 0x00700309, "MatrixSequence": 0x0070030A, "DVHType": 0x30040001,
    "DoseUnits": 0x30040002, "DoseType": 0x30040004, "DoseSummationType": 0x3004000A,
    "GridFrameOffsetVector": 0x3004000C, "DoseGridScaling": 0x3004000E, "DVHSequence": 0x30040050,
    "DVHDoseScaling": 0x30040052, "DVHVolumeUnits": 0x30040054, "DVHData": 0x30040058,
    "DVHReferencedROISequence": 0x30040060, "DVHROIContributionType": 0x30040062,
    "DVHMaximumDose": 0x30040072, "DVHMeanDose": 0x30040074, "StructureSetDate": 0x30060008,
    "ReferencedFrameOfReferenceSequence": 0x30060010, "RTReferencedStudySequence": 0x30060012,
    "RTReferencedSeriesSequence": 0x30060014, "ContourImageSequence": 0x30060016,
    "StructureSetROISequence": 0x30060020, "ROINumber": 0x30060022,
    "ReferencedFrameOfReferenceUID": 0x30060024, "ROIName": 0x30060026,
    "ROIContourSequence": 0x30060039, "ContourSequence": 0x30060040,
    "ContourGeometricType": 0x30060042, "ContourData": 0x30060050,
    "RTROIObservationsSequence": 0x30060080, "ReferencedROINumber": 0x30060084,
    "RTROIInterpretedType": 0x300600A4, "FrameOfReferenceTransformationMatrix": 0x300600C6,
    "TreatmentSessionBeamSequence": 0x30080020, "TreatmentSessionIonBeamSequence": 0x30080021,
    "CurrentFractionNumber": 0x30080022, "DeliveredPrimaryMeterset": 0x30080036,
    "NumberOfFractionsDelivered": 0x3008005A, "FractionGroupSummarySequence": 0x30080220,
    "ReferencedFractionNumber": 0x30080223, "FractionStatusSummarySequence": 0x30080240,
    "TreatmentDate": 0x30080250, "RTPlanDate": 0x300A0006, "DoseReferenceSequence": 0x300A0010,
    "DoseReferenceStructureType": 0x300A0014, "DoseReferenceDescription": 0x300A0016,
    "DoseReferenceType": 0x300A0020, "TargetPrescriptionDose": 0x300A0026,
    "FractionGroupSequence": 0x300A0070, "FractionGroupNumber": 0x300A0071,
    "NumberOfFractionsPlanned": 0x300A0078, "BeamMeterset": 0x300A0086, "BeamSequence": 0x300A00B0,
    "PrimaryDosimeterUnit": 0x300A00B3, "BeamNumber": 0x300A00C0, "RadiationType": 0x300A00C6,
    "TreatmentDeliveryType": 0x300A00CE, "ControlPointSequence": 0x300A0111,
    "DoseRateSet": 0x300A0115, "IonBeamSequence": 0x300A03A2,
    "IonControlPointSequence": 0x300A03A8, "ReferencedRTPlanSequence": 0x300C0002,
    "ReferencedBeamSequence": 0x300C0004, "ReferencedBeamNumber": 0x300C0006,
    "ReferencedFractionGroupSequence": 0x300C0020, "ReferencedFractionGroupNumber": 0x300C0022,
    "ReferencedStructureSetSequence": 0x300C0060, "ApprovalStatus": 0x300E0002,
}  # fmt: skip

#: Where an object says when it was made, the most specific first.
DATES = (
    "TreatmentDate", "RTPlanDate", "StructureSetDate", "InstanceCreationDate", "ContentDate",
    "AcquisitionDate", "SeriesDate", "StudyDate",
)  # fmt: skip

_LONGEST_TEXT = 256
#: no length, dose, volume or count comes near; larger ones overflow in what is done with them
_LARGEST = 1e15


def decimals(raw: bytes, *, about: str) -> Floats:
    r"""Return the numbers of a DS or IS value (``1\2.5\-3``), all at once.

    Raises RejectedError where one of them is missing, no number, not finite or beyond 1e15.
    """
    text = raw.strip(b" \0")
    if not text:
        return np.empty(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = np.fromstring(text.replace(b"\\", b" "), dtype=np.float64, sep=" ")
        except (DeprecationWarning, ValueError):
            found = np.empty(0)
    if found.size != text.count(b"\\") + 1 or not (np.abs(found) < _LARGEST).all():
        raise RejectedError(
            f"{about} holds something that is no finite number",
            f"decimal numbers below {_LARGEST:g}",
            "Export the object again.",
        )
    return found


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


class Elements:
    """One data set or item of a sequence, seen through the allow-list."""

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data

    def raw(self, keyword: str) -> bytes | None:
        """Return the bytes of an element as they stand in the file; None where it is absent."""
        element = self.data.get_item(TAGS[keyword])
        if element is None or element.value is None or element.value == "":
            return None  # pydicom gives '' for some types of empty elements
        value = element.value
        if not isinstance(value, bytes):
            raise RejectedError(f"{keyword} is a sequence", "a value", "Export the object again.")
        if len(value) != element.length:
            raise RejectedError(
                f"{keyword} ends after {len(value)} of {element.length} bytes",
                "a whole file",
                "Copy the file again.",
            )
        return value

    def code(self, keyword: str) -> str:
        """Return a code string or UID, '' where it is absent or empty."""
        value = self.raw(keyword)
        if value is None:
            return ""
        text = value.strip(b" \0").decode("ascii", "replace")[:_LONGEST_TEXT]
        return text if text.isprintable() else _printable(text)

    def words(self, keyword: str) -> str:
        """Return a text in the character set of the object, without control characters."""
        value = self.raw(keyword)
        if not value:
            return ""
        from pydicom.charset import decode_bytes

        encodings = self.data.original_character_set or ["iso8859"]
        encodings = [encodings] if isinstance(encodings, str) else list(encodings)
        try:
            text = decode_bytes(value, encodings, set())
        except (LookupError, ValueError):
            text = value.decode("utf-8", "replace")
        return _printable(text).strip()[:_LONGEST_TEXT]

    def numbers(self, keyword: str) -> Floats | None:
        """Return all numbers of a DS or IS element, None where it is absent or empty."""
        value = self.raw(keyword)
        found = decimals(value, about=keyword) if value else np.empty(0)
        return found if found.size else None

    def number(self, keyword: str) -> float | None:
        """Return the only number of an element, None where it is absent or empty."""
        found = self.numbers(keyword)
        if found is None:
            return None
        if found.size != 1:
            raise RejectedError(
                f"{keyword} has {found.size} values", "one", "Export the object again."
            )
        return float(found[0])

    def integer(self, keyword: str) -> int | None:
        """Return the whole number of an IS element, None where it is absent or empty."""
        found = self.number(keyword)
        if found is None:
            return None
        if not found.is_integer() or math.fabs(found) > 2**31:
            raise RejectedError(
                f"{keyword} is {found:g}", "a whole number", "Export the object again."
            )
        return int(found)

    def short(self, keyword: str) -> int | None:
        """Return the value of a US element, None where it is absent or empty."""
        element = self.data.get_item(TAGS[keyword])
        if element is not None and isinstance(element.value, int):
            return element.value  # pydicom itself has looked at it
        value = self.raw(keyword)
        if not value:
            return None
        if len(value) != 2:
            raise RejectedError(
                f"{keyword} has {len(value)} bytes", "2", "Export the object again."
            )
        little = self.data.get_item(TAGS[keyword]).is_little_endian
        return int.from_bytes(value, "little" if little else "big")

    def items(self, keyword: str) -> list["Elements"]:
        """Return the items of a sequence, [] where it is absent or empty."""
        tag = TAGS[keyword]
        element = self.data.get_item(tag)
        if element is None or not element.value:
            return []
        if isinstance(element.value, bytes) and len(element.value) != element.length:
            raise RejectedError(f"{keyword} is cut off", "a whole file", "Copy the file again.")
        value = self.data[tag].value
        if not hasattr(value, "is_undefined_length"):
            raise RejectedError(f"{keyword} is no sequence", "items", "Export the object again.")
        return [Elements(item) for item in value]

    def first(self, keyword: str) -> "Elements | None":
        """Return the first item of a sequence, None where there is none."""
        found = self.items(keyword)
        return found[0] if found else None
