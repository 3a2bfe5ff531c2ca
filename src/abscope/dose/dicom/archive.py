"""Zip archives, unpacked within limits and never outside their folder."""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from abscope.dose.dicom.limits import Limits
from abscope.errors import DicomError, Problem

__all__ = ["unpack_archive"]

_CHUNK = 1 << 20
_UNIX = 3


def unpack_archive(
    stream: BinaryIO, folder: Path, limits: Limits, *, name: str
) -> list[tuple[Path, str]]:
    """Unpack a zip into numbered files and return them with the names of their entries.

    Raises DicomError where the archive is damaged, encrypted, over a limit, or where an entry has
    an absolute path, a path with ``..`` or is a link: all such entries at once, before unpacking.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            _judge(entries, limits, name)
            budget, out = limits.archive_bytes, []
            for place, entry in enumerate(e for e in entries if not e.is_dir()):
                target = folder / f"{place:06d}"
                budget -= _extract(archive, entry, target, budget)
                if budget < 0:
                    _refuse(name, f"unpacks to more than {limits.archive_bytes} bytes")
                out.append((target, entry.filename))
            return out
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise DicomError(
            Problem(
                name,
                f"the archive is damaged ({type(error).__name__})",
                "a whole zip archive",
                "Copy or pack it again.",
            )
        ) from error


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, budget: int) -> int:
    size = 0
    with archive.open(entry) as packed, target.open("wb") as out:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > budget:
                break
            out.write(chunk)
    return size


def _judge(entries: list[zipfile.ZipInfo], limits: Limits, name: str) -> None:
    if len(entries) > limits.files:
        _refuse(name, f"has {len(entries)} entries, at most {limits.files} are read")
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if total > limits.archive_bytes:
        _refuse(name, f"unpacks to {total} bytes, at most {limits.archive_bytes} are read")
    if total > limits.ratio_floor_bytes and total > limits.ratio * max(packed, 1):
        _refuse(name, f"unpacks to {total // max(packed, 1)} times its size ({total} bytes)")
    problems = [
        Problem(
            f"{name}, entry {place}",
            fault,
            "plain files inside the archive",
            "Check where the archive comes from.",
        )
        for place, entry in enumerate(entries, start=1)
        if (fault := _fault(entry))
    ]
    if problems:
        raise DicomError(problems)


def _fault(entry: zipfile.ZipInfo) -> str:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    drive = path.parts[0].endswith(":") if path.parts else False
    if path.is_absolute() or ".." in path.parts or drive:
        return "the path leads out of the archive"
    if entry.create_system == _UNIX and stat.S_ISLNK(entry.external_attr >> 16):
        return "the entry is a link"
    if entry.flag_bits & 1:
        return "the entry is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"the entry is packed by method {entry.compress_type}, not stored or deflated"
    return ""


def _refuse(name: str, what: str) -> None:
    raise DicomError(
        Problem(
            name,
            f"the archive {what}",
            "an archive within the limits",
            "Check where it comes from, unpack it yourself, or raise the limit.",
        )
    )
