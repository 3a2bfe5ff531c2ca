"""DICOM-RT in and out: read, link, check, write."""

from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.reading import read_study
from abscope.dose.dicom.summation import check_sum, doses_of_plans

__all__ = ["Limits", "check_sum", "doses_of_plans", "read_study"]
