"""One CT slice: where it lies and where its values stand. Parsing process only."""

from abscope.dose.dicom.datastream import NATIVE, RLE, Opened
from abscope.dose.dicom.instances import ImageHeader
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.parse_pixels import parse_pixels, parse_placement

__all__ = ["parse_image"]


def parse_image(opened: Opened, limits: Limits) -> ImageHeader:
    """Return the header of a slice; a compressed one is marked as not decodable."""
    elements = opened.elements
    decodable = opened.syntax in (*NATIVE, RLE)
    return ImageHeader(
        elements.code("FrameOfReferenceUID"),
        elements.code("SeriesInstanceUID"),
        parse_placement(opened),
        parse_pixels(opened, limits, decode=decodable),
        elements.number("SliceThickness"),
        elements.number("RescaleSlope"),
        elements.number("RescaleIntercept"),
        decodable,
    )
