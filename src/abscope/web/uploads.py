"""DICOM objects that were handed over, kept beside the case under names of our own."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import UploadFile

from abscope.errors import DicomError, Problem

__all__ = ["keep_upload"]

_MOST_FILES = 5000


def keep_upload(folder: Path, files: list[UploadFile]) -> int:
    """Keep a zip, or single files packed into one, as ``dicom.zip``; return how many files it has.

    The dose room reads it with its own bounds. Raises DicomError for nothing or for a broken zip.
    """
    given = [file for file in files if file.filename]
    if not given or len(given) > _MOST_FILES:
        raise DicomError(
            Problem("dose", f"{len(given)} files were chosen", f"1 to {_MOST_FILES}", "Zip them.")
        )
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".dicom.zip.", dir=folder)
    try:
        with os.fdopen(handle, "w+b") as target:
            count = _fill(cast(BinaryIO, target), given)
        os.replace(name, folder / "dicom.zip")
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def _fill(target: BinaryIO, given: list[UploadFile]) -> int:
    if len(given) == 1 and zipfile.is_zipfile(given[0].file):
        given[0].file.seek(0)
        shutil.copyfileobj(given[0].file, target)
        with zipfile.ZipFile(target) as pack:
            return len(pack.namelist())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for number, file in enumerate(given):
            with pack.open(f"{number:05d}.dcm", "w") as member:
                shutil.copyfileobj(file.file, member)
    return len(given)
