"""DICOM-RT in and out: read, link, check, write."""

from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.reading import read_study

__all__ = ["Limits", "read_study"]
