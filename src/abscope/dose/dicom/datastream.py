"""From a file to its data set: meta information, bounded inflation, elements of the allow-list."""

import io
import os
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from abscope.dose.dicom.elements import TAGS, Elements
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.rejection import RejectedError

__all__ = [
    "BIG",
    "DEFLATED",
    "NATIVE",
    "RLE",
    "Opened",
    "open_dataset",
]

_IMPLICIT = "1.2.840.10008.1.2"
_EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
NATIVE = (_IMPLICIT, _EXPLICIT, BIG, DEFLATED)

_PREAMBLE = 132
_CHUNK = 1 << 20
_PACKED_CHUNK = 1 << 16
_PIXELS = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
#: pydicom calls itself this many frames deeper for each nested sequence of undefined length
_FRAMES_PER_LEVEL = 4
_SPARE_FRAMES = 24
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")


@dataclass(frozen=True, slots=True)
class Opened:
    """A data set without its pixels; ``pixel_start`` is where their bytes begin in ``stream``.

    ``pixel_length`` is None where there are none, -1 where the length is not defined
    (encapsulated).
    """

    elements: Elements
    stream: BinaryIO
    syntax: str
    pixel_start: int
    pixel_length: int | None


def open_dataset(path: Path, limits: Limits) -> Opened:
    """Return the data set of a file, with everything but the allow-list and the pixels left out.

    Raises RejectedError where it is not DICOM, over a limit, or cannot be parsed to its end.
    """
    if path.stat().st_size > limits.file_bytes:
        raise RejectedError(
            f"the file has {path.stat().st_size} bytes",
            f"at most {limits.file_bytes}",
            "Check where it comes from, or raise the limit.",
            kind="hostile",
        )
    stream: BinaryIO = _Whole(io.FileIO(path))
    start = _start_of_meta(stream)
    syntax, begin = _meta(stream, start)
    if syntax == DEFLATED:
        stream = _inflated(stream, begin, limits)
        begin = 0
    implicit, little = syntax == _IMPLICIT, syntax != BIG
    data = _parsed(stream, begin, (implicit, little), limits)
    pixel_start, pixel_length = _pixel_element(stream, data, little=little)
    return Opened(Elements(data), stream, syntax, pixel_start, pixel_length)


class _Whole(io.BufferedReader):
    """A file that never makes room for more bytes than it has left, whatever a length says."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _CHUNK:
            size = min(size, max(os.fstat(self.fileno()).st_size - self.tell(), 0))
        return super().read(size)


def _start_of_meta(stream: BinaryIO) -> int:
    """Return where the first element stands: after the preamble, or at 0 where there is none."""
    head = stream.read(_PREAMBLE)
    if head[128:] == b"DICM":
        return _PREAMBLE
    if len(head) >= 8:
        group, element = struct.unpack("<HH", head[:4])
        if (group == 2 and element <= 0x0102) or (group == 8 and element <= 0x0018):
            return 0
    what = "the file is empty" if not head else "the file is not DICOM"
    raise RejectedError(what, "a DICOM file", "Leave it out.", kind="foreign")


def _meta(stream: BinaryIO, start: int) -> tuple[str, int]:
    """Return the transfer syntax and where the data set begins."""
    stream.seek(start)
    syntax = ""
    while True:
        begin = stream.tell()
        head = stream.read(8)
        if len(head) < 8 or head[:2] != b"\x02\x00":
            break
        long = head[4:6] in _LONG_VRS
        length = (
            int.from_bytes(stream.read(4), "little")
            if long
            else int.from_bytes(head[6:8], "little")
        )
        value = stream.read(min(length, _CHUNK))
        if len(value) != length:
            raise RejectedError(
                "the file ends within its first elements", "a whole file", "Copy the file again."
            )
        if head[2:4] == b"\x10\x00":
            syntax = value.strip(b" \0").decode("ascii", "replace")
    if not syntax:
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        syntax = _EXPLICIT if explicit else _IMPLICIT
    elif len(head) < 8:
        raise RejectedError(
            "the file ends after its meta information", "a data set", "Copy the file again."
        )
    return syntax, begin


def _inflated(stream: BinaryIO, begin: int, limits: Limits) -> BinaryIO:
    """Return the data set of a deflated file, unpacked in steps and only up to the limits."""
    packed = stream.seek(0, io.SEEK_END) - begin
    stream.seek(begin)
    out, engine = io.BytesIO(), zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while not engine.eof:
            chunk = engine.unconsumed_tail or stream.read(_PACKED_CHUNK)
            if not chunk:
                break
            out.write(engine.decompress(chunk, _CHUNK))
            size = out.tell()
            bomb = size > limits.ratio_floor_bytes and size > limits.ratio * packed
            if size > limits.inflated_bytes or bomb:
                raise RejectedError(
                    f"the data set unpacks to more than {size >> 20} MiB from {packed} bytes",
                    f"at most {limits.inflated_bytes >> 20} MiB and {limits.ratio} times its size",
                    "Store the object uncompressed, or check where it comes from.",
                    kind="hostile",
                )
    except zlib.error as error:
        raise RejectedError(
            "the deflated data set is damaged", "whole data", "Copy the file again."
        ) from error
    finally:
        stream.close()
    if not engine.eof:
        raise RejectedError("the deflated data set is cut off", "its end", "Copy the file again.")
    out.seek(0)
    return out


def _parsed(stream: BinaryIO, begin: int, coding: tuple[bool, bool], limits: Limits) -> Any:
    from pydicom.filereader import read_dataset

    stream.seek(begin)
    previous = sys.getrecursionlimit()
    depth = _depth() + _FRAMES_PER_LEVEL * limits.sequence_depth + _SPARE_FRAMES
    try:
        sys.setrecursionlimit(depth)
        return read_dataset(
            stream,
            *coding,
            stop_when=_at_pixels,
            specific_tags=list(TAGS.values()),
        )
    except RecursionError:
        raise RejectedError(
            "sequences are nested too deep",
            f"at most {limits.sequence_depth} levels",
            "Check where the file comes from.",
            kind="hostile",
        ) from None
    finally:
        sys.setrecursionlimit(previous)


def _depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1  # type: ignore[assignment]
    return depth


def _at_pixels(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >= _PIXELS


def _pixel_element(stream: BinaryIO, data: Any, *, little: bool) -> tuple[int, int | None]:
    """Return start and length of the pixel bytes; -1 stands for an undefined length."""
    head = stream.read(8)
    if len(head) < 8:
        _must_be_at_end(stream, head)
        return 0, None
    order = "<" if little else ">"
    group, element = struct.unpack(f"{order}HH", head[:4])
    if group << 16 | element != _PIXELS:
        return 0, None
    if data.original_encoding[0]:
        (length,) = struct.unpack(f"{order}L", head[4:])
    elif head[4:6] in _LONG_VRS:
        (length,) = struct.unpack(f"{order}L", stream.read(4).ljust(4, b"\0"))
    else:
        raise RejectedError(
            "the pixels are stored in a way that is not read", "OB or OW", "Export it again."
        )
    return stream.tell(), -1 if length == _UNDEFINED else length


def _must_be_at_end(stream: BinaryIO, rest: bytes) -> None:
    position = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    if position > size or rest.strip(b"\0"):
        raise RejectedError("the file is cut off", "a whole file", "Copy the file again.")
