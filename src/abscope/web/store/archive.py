"""A whole project as one zip with a checksum per file, out and in."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import abscope
from abscope.errors import TableError
from abscope.web.store.archive_checks import FORMAT, MANIFEST, checked_sums, zip_problem
from abscope.web.store.atomic import digest, now, write_bytes
from abscope.web.store.paths import OWN_FOLDER, Layout
from abscope.web.store.project import Project

__all__ = ["Taken", "export_project", "import_project"]


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
            "format": FORMAT, "made": now(), "by": f"abscope {abscope.__version__}", "files": sums,
        }  # fmt: skip
        pack.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
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
            sums = checked_sums(pack)
            return _take(project, pack, sums, who)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise TableError(zip_problem(f"is no zip ({error})", "a zip of a project")) from None


def _take(project: Project, pack: zipfile.ZipFile, sums: dict[str, str], who: str) -> Taken:
    held = {name: digest(path.read_bytes()) for name, path in project.files().items()}
    renamed: dict[str, str] = {}
    same = []
    texts = _texts(pack, sums)
    for name, text in texts.items():
        stem = PurePosixPath(name).stem
        if held.get(stem) == sums[name]:
            same.append(stem)
            continue
        renamed[stem] = project.free_name(stem)
        _take_beside(project.layout, pack, sums, stem, renamed[stem])
        project.create(renamed[stem], text, who=who, note=f"imported as {stem}")
    for name in sums:
        target = project.layout.folder / name
        if name.startswith("runs/") and not target.exists():
            write_bytes(target, pack.read(name))
    project.audit.add(who=who, what="import", of="project", cases=", ".join(renamed.values()))
    return Taken(renamed, tuple(same))


def _texts(pack: zipfile.ZipFile, sums: dict[str, str]) -> dict[str, str]:
    """Return the text of every case file; raise TableError for what is no text."""
    texts: dict[str, str] = {}
    problems = []
    for name in (name for name in sums if "/" not in name):
        try:
            texts[name] = pack.read(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            problems.append(zip_problem(f"{name} is not UTF-8", "case files in UTF-8"))
    if problems:
        raise TableError(problems)
    return texts


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
