"""One CT slice: where it lies and where its values stand. Parsing process only."""

from abscope.dose.dicom.datastream import NATIVE, RLE, Opened
from abscope.dose.dicom.instances import ImageHeader
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.parse_pixels import parse_pixels, parse_placement

__all__ = ["parse_image"]


def parse_image(opened: Opened, limits: Limits, *, values: bool) -> ImageHeader:
    """Return the header of a slice; one that cannot be unpacked is marked.

    RLE is only unpacked where ``values`` are wanted, because it takes 0.1 s a slice.
    """
    elements = opened.elements
    decodable = opened.syntax in (*NATIVE, RLE)
    return ImageHeader(
        elements.code("FrameOfReferenceUID"),
        elements.code("SeriesInstanceUID"),
        parse_placement(opened),
        parse_pixels(opened, limits, decode=decodable and values),
        elements.number("SliceThickness"),
        elements.number("RescaleSlope"),
        elements.number("RescaleIntercept"),
        decodable,
    )
