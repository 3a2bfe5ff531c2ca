"""The files of a source: of a folder, of one file, of an archive or of a stream."""

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from abscope.dose.dicom.archive import unpack_archive
from abscope.dose.dicom.limits import Limits
from abscope.errors import DicomError, Problem

__all__ = ["Listing", "SourceFile", "source_files"]

_CHUNK = 1 << 20
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to parse; ``name`` is how a message calls it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a source, and how many links led out of it and were not followed."""

    name: str
    files: tuple[SourceFile, ...]
    links_out: int = 0


@contextmanager
def source_files(source: Path | bytes | BinaryIO, limits: Limits) -> Iterator[Listing]:
    """Yield the files of a source; what an archive or a stream holds is gone afterwards.

    Unpacked files lie in a folder that only this user can read. Raises DicomError where the source
    is missing, empty, or over a limit.
    """
    if isinstance(source, Path):
        if source.is_dir():
            yield _walk(source, limits)
            return
        _must_be_file(source)
        with source.open("rb") as opened:
            if opened.read(4) not in (_ZIP, _EMPTY_ZIP):
                yield Listing(
                    _printable(source.name), (SourceFile(source, _printable(source.name)),)
                )
                return
            opened.seek(0)
            with _unpacked(opened, _printable(source.name), limits) as listing:
                yield listing
        return
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    with tempfile.TemporaryDirectory(prefix="abscope-") as folder:
        whole = Path(folder) / "stream"
        _spool(stream, whole, limits)
        with source_files(whole, limits) as listing:
            yield listing


def _printable(name: str) -> str:
    """Return a file name that can be printed on one line, whatever bytes it is made of."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


@contextmanager
def _unpacked(stream: BinaryIO, name: str, limits: Limits) -> Iterator[Listing]:
    with tempfile.TemporaryDirectory(prefix="abscope-") as folder:
        found = unpack_archive(stream, Path(folder), limits, name=name)
        yield Listing(
            name, tuple(SourceFile(path, _printable(f"{name}/{entry}")) for path, entry in found)
        )


def _must_be_file(path: Path) -> None:
    if not path.exists():
        raise DicomError(
            Problem(
                _printable(str(path)),
                "does not exist",
                "a folder, a zip archive or a DICOM file",
                "Check the path.",
            )
        )
    if not path.is_file():
        raise DicomError(
            Problem(
                _printable(str(path)),
                "is neither a file nor a folder",
                "a folder, a zip archive or a DICOM file",
                "Copy the files into a folder.",
            )
        )


def _walk(folder: Path, limits: Limits) -> Listing:
    """List regular files; no link is followed, because a file inside is met anyway."""
    root = folder.resolve()
    files, links_out = list[SourceFile](), 0
    for here, folders, names in os.walk(root, onerror=_refuse_folder):
        folders.sort()
        for name in [*folders, *sorted(names)]:
            path = Path(here) / name
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                links_out += not path.resolve().is_relative_to(root)
            elif stat.S_ISREG(mode):
                files.append(SourceFile(path, _printable(str(path.relative_to(root)))))
        if len(files) > limits.files:
            raise DicomError(
                Problem(
                    _printable(folder.name),
                    f"the folder holds more than {limits.files} files",
                    f"at most {limits.files}",
                    "Name the folder of one patient, or raise the limit.",
                )
            )
    return Listing(_printable(folder.name), tuple(files), links_out)


def _refuse_folder(error: OSError) -> None:
    raise DicomError(
        Problem(
            _printable(str(error.filename)),
            f"the folder cannot be read ({error.strerror})",
            "folders that this user may read",
            "Change its rights, or copy what you need.",
        )
    )


def _spool(stream: BinaryIO, target: Path, limits: Limits) -> None:
    """Copy a stream to a file, up to the limit of an archive."""
    size = 0
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limits.archive_bytes:
                raise DicomError(
                    Problem(
                        "stream",
                        f"gives more than {limits.archive_bytes} bytes",
                        f"at most {limits.archive_bytes}",
                        "Check where it comes from, or raise the limit.",
                    )
                )
            out.write(chunk)
