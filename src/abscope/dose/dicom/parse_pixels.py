"""What an object says about its pixels, and RLE unpacked within bounds. Parsing process only."""

import io

import numpy as np
from numpy.typing import NDArray

from abscope.dose.dicom.datastream import BIG, DEFLATED, NATIVE, RLE, Opened
from abscope.dose.dicom.instances import Pixels, Placement
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.rejection import RejectedError

__all__ = ["parse_pixels", "parse_placement"]


def parse_placement(opened: Opened) -> Placement:
    """Return position, orientation, spacing and frame offsets as they stand."""
    elements = opened.elements
    return Placement(
        elements.numbers("ImagePositionPatient"),
        elements.numbers("ImageOrientationPatient"),
        elements.numbers("PixelSpacing"),
        elements.numbers("GridFrameOffsetVector"),
    )


def parse_pixels(opened: Opened, limits: Limits, *, decode: bool = True) -> Pixels:
    """Return where the stored values are, or the values where they had to be unpacked.

    Raises RejectedError where the declared size is over the limit: before anything is decoded.
    """
    elements = opened.elements
    rows, columns = elements.short("Rows") or 0, elements.short("Columns") or 0
    frames = elements.integer("NumberOfFrames")
    frames = 1 if frames is None else frames
    bits = elements.short("BitsAllocated") or 0
    declared = rows * columns * max(frames, 0) * bits // 8
    if declared > limits.pixel_bytes:
        raise RejectedError(
            f"{rows} x {columns} x {frames} values of {bits} bits are {declared} bytes",
            f"at most {limits.pixel_bytes}",
            "Check where the file comes from, or raise the limit.",
            kind="hostile",
        )
    signed = bool(elements.short("PixelRepresentation"))
    held, counts = 0, None
    if opened.pixel_length is not None:
        end = opened.stream.seek(0, io.SEEK_END)
        held = end - opened.pixel_start
        if opened.pixel_length >= 0:
            held = min(held, opened.pixel_length)
    shape = (frames, rows, columns)
    if opened.syntax == RLE and decode and opened.pixel_length is not None:
        counts = _unpacked(opened, shape, bits, limits)
    elif opened.syntax == DEFLATED and held == declared and declared and bits in (8, 16, 32):
        opened.stream.seek(opened.pixel_start)
        counts = np.frombuffer(opened.stream.read(held), f"<u{bits // 8}").reshape(shape)
    elif opened.syntax not in NATIVE and decode:
        raise RejectedError(
            "the pixels are compressed in a way that is not read",
            "uncompressed, RLE or deflated",
            "Export the object uncompressed.",
        )
    big = opened.syntax == BIG
    return Pixels(
        frames, rows, columns, bits, signed, big, opened.pixel_start, opened.pixel_length, held,
        counts,
    )  # fmt: skip


def _unpacked(
    opened: Opened, shape: tuple[int, int, int], bits: int, limits: Limits
) -> NDArray[np.unsignedinteger]:
    """Return RLE frames as unsigned integers (frames, rows, columns)."""
    from pydicom.encaps import generate_frames

    frames, rows, columns = shape
    if bits not in (8, 16, 32) or min(shape) < 1 or opened.pixel_length != -1:
        raise RejectedError(
            f"RLE pixels of {frames} x {rows} x {columns} values of {bits} bits",
            "at least one frame of 8, 16 or 32 bits",
            "Export the object uncompressed.",
        )
    opened.stream.seek(opened.pixel_start)
    packed = opened.stream.read(limits.pixel_bytes)
    area, planes = rows * columns, bits // 8
    # a byte of RLE unpacks to at most 64: less than that cannot fill the declared frames
    if len(packed) * 64 < area * planes * frames:
        raise RejectedError(
            f"{len(packed)} bytes of RLE cannot fill {frames} frames of {rows} x {columns}",
            "as many pixels as declared",
            "Check where the file comes from.",
            kind="hostile",
        )
    out = np.empty((frames, area, planes), np.uint8)
    found = 0
    for frame in generate_frames(packed, number_of_frames=frames):
        if found < frames:
            _fill(out[found], frame)
        found += 1
    if found != frames:
        raise RejectedError(f"{found} RLE frames", f"{frames} frames", "Copy the file again.")
    return out.reshape(frames, rows, columns * planes).view(f"<u{planes}")


def _fill(target: NDArray[np.uint8], frame: bytes) -> None:
    area, planes = target.shape
    header = np.frombuffer(frame[:64].ljust(64, b"\0"), "<u4")
    if header[0] != planes:
        raise RejectedError(
            f"an RLE frame of {header[0]} segments", f"{planes}", "Export it uncompressed."
        )
    edges = [*(int(v) for v in header[1 : planes + 1]), len(frame)]
    for place in range(planes):
        segment = _segment(frame[edges[place] : edges[place + 1]], area)
        target[:, planes - 1 - place] = np.frombuffer(segment, np.uint8)


def _segment(packed: bytes, area: int) -> bytes:
    """Return one byte plane (PS3.5 annex G), exactly ``area`` bytes."""
    out, place, end = bytearray(), 0, len(packed)
    while place < end and len(out) < area:
        code = packed[place]
        if code < 128:
            out += packed[place + 1 : place + 2 + code]
            place += code + 2
        elif code > 128:
            out += packed[place + 1 : place + 2] * (257 - code)
            place += 2
        else:
            place += 1
    if len(out) < area:
        raise RejectedError("an RLE frame is cut off", "all its pixels", "Copy the file again.")
    return bytes(out[:area])
