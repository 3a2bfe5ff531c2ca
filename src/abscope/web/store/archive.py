"""A whole project as one zip with a checksum per file, out and in."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import abscope
from abscope.errors import Problem, TableError
from abscope.web.store.atomic import digest, now, write_bytes
from abscope.web.store.paths import OWN_FOLDER, Layout, fits_name
from abscope.web.store.project import Project

__all__ = ["Taken", "export_project", "import_project"]

_MANIFEST = "abscope-project.json"
_FORMAT = 1
_MOST_FILES = 50_000
#: Most bytes that one file, and all files together, may have when unpacked.
_FILE_BYTES, _ALL_BYTES = 2 << 30, 8 << 30
_MANIFEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: old name to new name of every case, and what was there already."""

    cases: dict[str, str]
    same: tuple[str, ...]


def export_project(project: Project, target: Path) -> dict[str, str]:
    """Write the project into a zip; return the digest of every file in it."""
    layout = project.layout
    sums: dict[str, str] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as pack:
        for path in _members(layout):
            name = path.relative_to(layout.folder).as_posix()
            data = path.read_bytes()
            sums[name] = digest(data)
            pack.writestr(name, data)
        manifest = {
            "format": _FORMAT, "made": now(), "by": f"abscope {abscope.__version__}", "files": sums,
        }  # fmt: skip
        pack.writestr(_MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
    return sums


def _members(layout: Layout) -> Iterator[Path]:
    cases = [*layout.folder.glob("*.yaml"), *layout.folder.glob("*.yml")]
    folders = (layout.history, layout.drafts, layout.dose, layout.runs)
    nested = [path for folder in folders if folder.is_dir() for path in folder.rglob("*")]
    yield from sorted(
        path
        for path in (*cases, *nested)
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    )


def import_project(project: Project, source: IO[bytes], *, who: str) -> Taken:
    """Take the cases of a zip in, after all of it was checked; all or nothing.

    A case whose name is taken by another text gets a new name; one with the same text is left as
    it is. Raises TableError with everything that is wrong with the zip.
    """
    try:
        with zipfile.ZipFile(source) as pack:
            sums = _checked(pack)
            return _take(project, pack, sums, who)
    except zipfile.BadZipFile as error:
        raise TableError(_problem(f"is no zip ({error})", "a zip of a project")) from None


def _checked(pack: zipfile.ZipFile) -> dict[str, str]:
    infos = {info.filename: info for info in pack.infolist() if not info.is_dir()}
    if _MANIFEST not in infos or infos[_MANIFEST].file_size > _MANIFEST_BYTES:
        raise TableError(_problem(f"has no {_MANIFEST}", "a zip that abscope exported"))
    sums = _sums(pack.read(_MANIFEST))
    if len(infos) > _MOST_FILES or sum(i.file_size for i in infos.values()) > _ALL_BYTES:
        raise TableError(_problem("is too large", f"{_MOST_FILES} files, {_ALL_BYTES} bytes"))
    problems = [_problem(f"lists {name}, which is not in it", "every file") for name in sums
                if name not in infos]  # fmt: skip
    for name, info in infos.items():
        if name == _MANIFEST:
            continue
        if not _safe(name) or info.file_size > _FILE_BYTES:
            problems.append(_problem(f"holds '{name[:100]}'", "case files and their folders"))
        elif name not in sums:
            problems.append(_problem(f"holds {name}, which it does not list", "listed files only"))
        elif digest(pack.read(name)) != sums[name]:
            problems.append(_problem(f"{name} does not have its checksum", "an unchanged file"))
    if problems:
        raise TableError(problems)
    return sums


def _sums(raw: bytes) -> dict[str, str]:
    try:
        manifest: Any = json.loads(raw)
        files = manifest["files"] if manifest["format"] == _FORMAT else None
        if isinstance(files, dict) and all(isinstance(x, str) for x in files.values()):
            return {str(name): value for name, value in files.items()}
    except (ValueError, KeyError, TypeError):
        pass
    raise TableError(_problem(f"has a {_MANIFEST} that cannot be read", f"format {_FORMAT}"))


def _safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    plain = "\\" not in name and ":" not in name and not name.startswith("/")
    inside = all(part not in ("..", ".") for part in parts)
    if len(parts) == 1:
        return plain and inside and name.endswith((".yaml", ".yml")) and fits_name(name)
    first = parts[0] in ("dose", "runs")
    own = parts[0] == OWN_FOLDER and len(parts) > 2 and parts[1] in ("history", "drafts")
    return plain and inside and (first or own)


def _take(project: Project, pack: zipfile.ZipFile, sums: dict[str, str], who: str) -> Taken:
    held = {name: digest(path.read_bytes()) for name, path in project.files().items()}
    renamed: dict[str, str] = {}
    same = []
    for name in (name for name in sums if "/" not in name):
        stem = PurePosixPath(name).stem
        if held.get(stem) == sums[name]:
            same.append(stem)
            continue
        renamed[stem] = project.free_name(stem)
        text = pack.read(name).decode("utf-8-sig", errors="replace")
        _take_beside(project.layout, pack, sums, stem, renamed[stem])
        project.create(renamed[stem], text, who=who, note=f"imported as {stem}")
    for name in sums:
        target = project.layout.folder / name
        if name.startswith("runs/") and not target.exists():
            write_bytes(target, pack.read(name))
    project.audit.add(who=who, what="import", of="project", cases=", ".join(renamed.values()))
    return Taken(renamed, tuple(same))


def _take_beside(
    layout: Layout, pack: zipfile.ZipFile, sums: dict[str, str], stem: str, name: str
) -> None:
    """Take the versions and the dose of a case, under its new name, where nothing is there."""
    pairs = ((f"{OWN_FOLDER}/history/{stem}/", layout.history / name),
             (f"dose/{stem}/", layout.dose / name))  # fmt: skip
    for prefix, folder in pairs:
        if folder.exists():
            continue
        for member in (one for one in sums if one.startswith(prefix)):
            write_bytes(folder / member.removeprefix(prefix), pack.read(member))


def _problem(what: str, expected: str) -> Problem:
    return Problem("the zip", what, expected, "Export the project again.")
