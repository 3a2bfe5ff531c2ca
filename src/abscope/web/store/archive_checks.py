"""What a zip of a project may hold: everything is checked before anything is written.

The manifest lists each file with its checksum. Names stay inside the folders of a project, links,
names given twice and encrypted files are refused, and what unpacks to far more than the zip is a
bomb. Nothing of a file is read before the sizes are known to be bearable.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from stat import S_IFLNK, S_IFMT
from typing import Any

from abscope.case.files import MAX_BYTES
from abscope.errors import Problem, TableError
from abscope.web.store.paths import OWN_FOLDER, fits_name

__all__ = ["FORMAT", "MANIFEST", "checked_sums", "zip_problem"]

MANIFEST = "abscope-project.json"
FORMAT = 1
_MOST_FILES = 50_000
#: Most bytes that one file, and all files together, may have when unpacked.
_FILE_BYTES, _ALL_BYTES = 2 << 30, 8 << 30
_MANIFEST_BYTES = 64 << 20
#: A zip may unpack to this many times its size, beside some bytes that any zip may have.
_MOST_RATIO, _FREE_BYTES = 200, 64 << 20
_LONGEST_PART, _ENCRYPTED, _CHUNK = 200, 0x1, 1 << 20


def checked_sums(pack: zipfile.ZipFile) -> dict[str, str]:
    """Return the checksum of each file of a zip; raise TableError with all that is wrong."""
    every = [info for info in pack.infolist() if not info.is_dir()]
    infos = {info.filename: info for info in every}
    if MANIFEST not in infos or infos[MANIFEST].file_size > _MANIFEST_BYTES:
        raise TableError(zip_problem(f"has no {MANIFEST}", "a zip that abscope exported"))
    _check_size(every)
    problems = list(_name_problems(every))
    if problems:
        raise TableError(problems)
    sums = _listed(pack.read(MANIFEST))
    problems = [
        zip_problem(f"lists {name[:100]}, which is not in it", "every file")
        for name in sums
        if name not in infos
    ]
    for name in infos:
        if name == MANIFEST:
            continue
        if name not in sums:
            problems.append(zip_problem(f"holds {name}, which it does not list", "listed files"))
        elif _digest(pack, name) != sums[name]:
            problems.append(zip_problem(f"{name} does not have its checksum", "an unchanged file"))
    if problems:
        raise TableError(problems)
    return sums


def zip_problem(what: str, expected: str) -> Problem:
    """Return a problem of the zip in the words that every one of them has."""
    return Problem("the zip", what, expected, "Export the project again.")


def _check_size(every: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(info.file_size for info in every)
    packed = sum(info.compress_size for info in every)
    if len(every) > _MOST_FILES or unpacked > _ALL_BYTES:
        raise TableError(zip_problem("is too large", f"{_MOST_FILES} files, {_ALL_BYTES} bytes"))
    if unpacked > _FREE_BYTES + _MOST_RATIO * packed:
        what = f"unpacks to {unpacked >> 20} MB from {max(packed >> 20, 1)} MB"
        raise TableError(zip_problem(what, f"at most {_MOST_RATIO} times its size"))


def _name_problems(every: list[zipfile.ZipInfo]) -> Iterator[Problem]:
    """Yield what is wrong with the kind, the name or the size of a file."""
    seen: set[str] = set()
    for info in every:
        name = info.filename
        if name in seen:
            yield zip_problem(f"holds '{name[:100]}' more than once", "each file once")
        seen.add(name)
        if info.flag_bits & _ENCRYPTED:
            yield zip_problem(f"'{name[:100]}' is encrypted", "files without a password")
        if S_IFMT(info.external_attr >> 16) == S_IFLNK:
            yield zip_problem(f"'{name[:100]}' is a link", "files")
        elif name != MANIFEST and not _safe(name):
            yield zip_problem(f"holds '{name[:100]}'", "case files and their folders")
        elif info.file_size > (_FILE_BYTES if "/" in name or name == MANIFEST else MAX_BYTES):
            yield zip_problem(f"'{name[:100]}' has {info.file_size >> 20} MB", "less")
    for one, two in pairwise(sorted(seen, key=lambda name: name.split("/"))):
        if two.startswith(f"{one}/"):
            yield zip_problem(f"'{one[:100]}' is a file and a folder", "one of the two")


def _listed(raw: bytes) -> dict[str, str]:
    try:
        manifest: Any = json.loads(raw)
        files = manifest["files"] if manifest["format"] == FORMAT else None
        if isinstance(files, dict) and all(isinstance(x, str) for x in files.values()):
            return {str(name): value for name, value in files.items()}
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise TableError(zip_problem(f"has a {MANIFEST} that cannot be read", f"format {FORMAT}"))


def _digest(pack: zipfile.ZipFile, name: str) -> str:
    """Return the SHA-256 of a file, never held as a whole; empty where it cannot be unpacked."""
    found = hashlib.sha256()
    try:
        with pack.open(name) as member:
            while block := member.read(_CHUNK):
                found.update(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return ""
    return found.hexdigest()


def _safe(name: str) -> bool:
    parts = name.split("/")
    plain = "\\" not in name and ":" not in name and name.isprintable()
    fits = all(part not in ("", "..", ".") and len(part) <= _LONGEST_PART for part in parts)
    if len(parts) == 1:
        return plain and fits and name.endswith((".yaml", ".yml")) and fits_name(name)
    first = parts[0] in ("dose", "runs")
    own = parts[0] == OWN_FOLDER and len(parts) > 2 and parts[1] in ("history", "drafts")
    return plain and fits and (first or own) and len(PurePosixPath(name).parts) == len(parts)
