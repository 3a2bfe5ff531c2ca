"""Code that runs where it lies in a file, so that a later start needs no LLVM.

LLVM gives an object file: sections of code and constants, and the places in them that wait for the
distance to another section. Where these are all that it asks for, the sections are laid side by
side and the distances filled in once. What comes out, the image, runs at any address: a start maps
it from the file that keeps it. An object of another kind has no image, and LLVM loads it.
"""

import ctypes
import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["PAGE", "RUN", "image_of", "mapped", "processor"]

#: Bytes to which an image is aligned in its file, the pages of x86-64.
PAGE = 4096
#: ``run(table, first, last)``; other threads run meanwhile.
RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)

_ALIGN = 64
_ELF_X86_64 = (b"\x7fELF\x02\x01", 62)
_NEEDED, _UNWIND, _RELOCATIONS, _SYMBOLS = 2, 0x70000001, 4, 2
_DISTANCES = (2, 4)  # R_X86_64_PC32 and R_X86_64_PLT32
_CPU = Path("/sys/devices/system/cpu/modalias")
#: images live as long as the process does
_areas: list[mmap.mmap] = []


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


def image_of(code: bytes, *, name: str) -> tuple[bytes, int] | None:
    """Return the image of an object file and where in it a function begins.

    None where the object is not of 64-bit x86 as Linux has it, or needs anything from outside.
    """
    if code[:6] != _ELF_X86_64[0] or struct.unpack_from("<H", code, 18)[0] != _ELF_X86_64[1]:
        return None
    start = struct.unpack_from("<Q", code, 40)[0]
    size, number = struct.unpack_from("<HH", code, 58)
    sections = [
        _Section(*struct.unpack_from("<IIQQQQIIQQ", code, start + k * size)) for k in range(number)
    ]
    image, places = bytearray(), dict[int, int]()
    for k, section in enumerate(sections):
        if section.flags & _NEEDED and section.kind != _UNWIND:
            image += bytes(-len(image) % max(_ALIGN, section.align))
            places[k] = len(image)
            image += code[section.offset : section.offset + section.size]
    for section in sections:
        filled = section.kind != _RELOCATIONS or section.info not in places
        if not filled and not _fill(image, code, (section, sections[section.link]), places):
            return None
    found = _function(code, sections, places, name)
    return None if found is None else (bytes(image), found)


def _fill(
    image: bytearray, code: bytes, tables: tuple[_Section, _Section], places: dict[int, int]
) -> bool:
    """Fill the distances of one table in; return whether all of them lie within the image."""
    table, symbols = tables
    for at in range(table.offset, table.offset + table.size, table.entry):
        offset, info, addend = struct.unpack_from("<QQq", code, at)
        home, value = struct.unpack_from("<HQ", code, symbols.offset + 24 * (info >> 32) + 6)
        if info & 0xFFFFFFFF not in _DISTANCES or home not in places:
            return False
        here = places[table.info] + offset
        struct.pack_into("<i", image, here, places[home] + value + addend - here)
    return True


def _function(
    code: bytes, sections: list[_Section], places: dict[int, int], name: str
) -> int | None:
    for table in (section for section in sections if section.kind == _SYMBOLS):
        names = sections[table.link].offset
        for at in range(table.offset, table.offset + table.size, table.entry):
            label, _, _, home, value = struct.unpack_from("<IBBHQ", code, at)
            begin = names + label
            if home in places and code[begin : code.index(b"\0", begin)] == name.encode():
                return places[home] + int(value)
    return None


def mapped(path: Path, *, size: int, entry: int) -> Callable[..., None]:
    """Return the function of an image that begins with the second page of a file.

    Raises OSError where the file cannot be read, or where code must not run from its disk.
    """
    with path.open("rb") as file:
        area = mmap.mmap(
            file.fileno(),
            size,
            flags=mmap.MAP_PRIVATE,
            prot=mmap.PROT_READ | mmap.PROT_EXEC,
            offset=PAGE,
        )
    _areas.append(area)
    return RUN(np.frombuffer(area, np.uint8).ctypes.data + entry)


def processor() -> str:
    """Return kind and abilities of the processor as Linux names them; empty on other systems."""
    try:
        told = _CPU.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return told if told.startswith("cpu:type:x86") else ""
