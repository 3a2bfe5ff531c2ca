"""One file to one Instance. Runs in the parsing process only (see ``sandbox``)."""

import hashlib
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from abscope.dose.dicom.datastream import Opened, open_dataset
from abscope.dose.dicom.elements import DATES, Elements
from abscope.dose.dicom.instances import Instance
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.parse_dose import parse_dose
from abscope.dose.dicom.parse_image import parse_image
from abscope.dose.dicom.parse_plan import parse_plan
from abscope.dose.dicom.parse_registration import parse_registration
from abscope.dose.dicom.parse_structures import parse_structures
from abscope.dose.dicom.parse_treatment import parse_summary, parse_treatment
from abscope.dose.dicom.rejection import RejectedError

__all__ = ["KINDS", "parse_file"]

_CT = "1.2.840.10008.5.1.4.1.1.2"

_RT = "1.2.840.10008.5.1.4.1.1.481."
_Parser = Callable[[Opened, Limits], Any]

#: SOP class -> kind of object and what parses it; CT is added where it is parsed.
KINDS: dict[str, tuple[str, _Parser]] = {
    _RT + "2": ("dose", parse_dose),
    _RT + "3": ("structures", parse_structures),
    _RT + "4": ("treatment", parse_treatment),
    _RT + "5": ("plan", parse_plan),
    _RT + "7": ("treatment", parse_summary),
    _RT + "8": ("plan", parse_plan),
    _RT + "9": ("treatment", parse_treatment),
    "1.2.840.10008.5.1.4.1.1.66.1": ("registration", parse_registration),
}


def parse_file(path: Path, limits: Limits, *, salt: bytes, images: bool = False) -> Instance:
    """Return what one DICOM file holds; raises RejectedError.

    ``images`` says whether the values of CT slices are wanted.
    """
    opened = open_dataset(path, limits)
    with opened.stream:
        elements = opened.elements
        sop_class, uid = elements.code("SOPClassUID"), elements.code("SOPInstanceUID")
        if not sop_class:
            raise RejectedError(
                "the object does not say of which class it is",
                "a SOPClassUID",
                "Export the object again.",
            )
        of_image: _Parser = partial(parse_image, values=images)
        kinds = {**KINDS, _CT: ("image", of_image)}
        kind, parse = kinds.get(sop_class, (sop_class, None))
        if parse is None:
            return Instance(kind, uid, "", None, None)
        if not uid:
            raise RejectedError(
                "the object has no SOPInstanceUID", "one", "Export the object again."
            )
        content = parse(opened, limits)
        return Instance(kind, uid, _hashed(elements, salt), _ordinal(elements), content)


def _hashed(elements: Elements, salt: bytes) -> str:
    identifier = (elements.raw("PatientID") or b"").strip(b" \0")
    return hashlib.blake2b(identifier, key=salt, digest_size=16).hexdigest() if identifier else ""


def _ordinal(elements: Elements) -> int | None:
    for keyword in DATES:
        text = elements.code(keyword).replace(".", "")
        if len(text) == 8 and text.isdigit():
            try:
                return date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal()
            except ValueError:
                continue
    return None
