"""How much an untrusted source may ask of this machine before it is turned away."""

from dataclasses import dataclass

__all__ = ["Limits"]

_MIB = 1 << 20
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the DICOM reader; each can be raised for one call.

    ``*_bytes`` are bytes. A ratio is unpacked over packed size and is looked at only above
    ``ratio_floor_bytes``, because small files of zeros are harmless and common. ``memory_bytes``
    is what parsing one file may take on top of the empty process, ``time_s`` how long it may take.
    """

    file_bytes: int = 2 * _GIB
    inflated_bytes: int = 512 * _MIB
    ratio: int = 200
    ratio_floor_bytes: int = 64 * _MIB
    pixel_bytes: int = _GIB
    archive_bytes: int = 8 * _GIB
    files: int = 50_000
    contour_points: int = 5_000_000
    regions: int = 10_000
    contours: int = 200_000
    registrations: int = 200
    coordinate_mm: float = 5000.0
    sequence_depth: int = 16
    memory_bytes: int = 4 * _GIB
    time_s: float = 60.0
