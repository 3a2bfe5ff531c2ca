"""A project: a folder of case files that is changed step by step and loses nothing."""

from dataclasses import dataclass
from pathlib import Path

from abscope.case.files import read_text
from abscope.case.reader import LocatedCase, read_case_text
from abscope.case.shelf import library_names, library_text
from abscope.errors import Problem, UsageError
from abscope.web.store.atomic import digest, write_bytes
from abscope.web.store.audit import AuditLog
from abscope.web.store.conflict import ConflictError
from abscope.web.store.drafts import Drafts
from abscope.web.store.history import History, Version
from abscope.web.store.index import Entry, Index
from abscope.web.store.paths import Layout, check_name, fits_name

__all__ = ["Project", "Shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """The text of one case as it is now: of the library (read only) or of the project."""

    shelf: str
    name: str
    file: str
    text: str
    revision: str

    def read(self) -> LocatedCase:
        """Return the case with its places; raise CaseError with every problem."""
        return read_case_text(self.text, name=self.file)


class Project:
    """One project folder; every method may be called from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.layout.own.mkdir(parents=True, exist_ok=True)
        self.index = Index(self.layout.own / "index.sqlite")
        self.history = History(self.layout)
        self.drafts = Drafts(self.layout)
        self.audit = AuditLog(self.layout.own / "audit.jsonl")

    def files(self) -> dict[str, Path]:
        """Return the case files of the project by name."""
        found: dict[str, Path] = {}
        for path in sorted(self.layout.folder.iterdir()):
            if path.suffix in (".yaml", ".yml") and fits_name(path.name) and path.is_file():
                found.setdefault(path.stem, path)
        return found

    def entries(self) -> tuple[Entry, ...]:
        """Return what the list of cases shows."""
        return self.index.refresh(self.files())

    def show(self, shelf: str, name: str) -> Shown:
        """Return the text of a case of the library or of the project; UsageError without one."""
        if shelf == "library" and name in library_names():
            text = library_text(name)
            return Shown(shelf, name, f"{name}.yaml", text, digest(text))
        path = self.layout.case(name)
        if shelf != "cases" or not path.is_file():
            raise UsageError(
                Problem(name, "there is no case of this name", "a case of the list", "Pick one.")
            )
        text = read_text(path)
        return Shown(shelf, name, path.name, text, digest(text))

    def create(self, name: str, text: str, *, who: str, note: str) -> Version:
        """Save the first text of a new case; UsageError where the name is taken."""
        with self.index.writing():
            if name in self.files():
                raise UsageError(
                    Problem(name, "there is a case of this name", "a new name", "Choose another.")
                )
            version = self._write(name, text, who=who, note=note)
        self.audit.add(who=who, what="create", of=name, sha256=version.sha256)
        return version

    def save(self, name: str, text: str, *, revision: str, who: str, note: str = "") -> Version:
        """Save a text that was begun from a revision; ConflictError where that is not on disk."""
        with self.index.writing():
            held = self._held(name)
            if (digest(held) if held is not None else "") != revision:
                known = self.history.versions(name)
                raise ConflictError(
                    name,
                    theirs=held or "",
                    revision=digest(held) if held is not None else "",
                    who=known[-1].who if known else "",
                )
            version = self._write(name, text, who=who, note=note)
        self.audit.add(who=who, what="save", of=name, sha256=version.sha256)
        return version

    def remove(self, name: str, *, revision: str, who: str) -> Version:
        """Take a case out of the list; its last text stays among its versions."""
        with self.index.writing():
            held = self._held(name)
            if held is None or digest(held) != revision:
                theirs = held or ""
                raise ConflictError(
                    name, theirs=theirs, revision=digest(theirs) if held else "", who=""
                )
            self.keep_outside(name, held)
            version = self.history.add(name, held, who=who, note="removed", state="removed")
            self.layout.case(name).unlink()
        self.audit.add(who=who, what="remove", of=name, sha256=version.sha256)
        return version

    def keep_outside(self, name: str, held: str) -> None:
        """Keep the text on disk as a version, where another program wrote it."""
        known = [item for item in self.history.versions(name) if item.state != "interrupted"]
        if not known or known[-1].sha256 != digest(held):
            note = "found on disk" if not known else "changed by another program"
            self.history.add(name, held, who="", note=note, state="outside")

    def free_name(self, wanted: str) -> str:
        """Return a name that no case of the project has: the wanted one, or with a number."""
        taken = self.files()
        name, number = check_name(wanted), 1
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def _held(self, name: str) -> str | None:
        path = self.layout.case(name)
        return read_text(path) if path.is_file() else None

    def _write(self, name: str, text: str, *, who: str, note: str) -> Version:
        """Keep a text as a version, then write the file; a stop in between is found at start."""
        held = self._held(name)
        if held is not None:
            self.keep_outside(name, held)
        version = self.history.add(name, text, who=who, note=note, state="writing")
        write_bytes(self.layout.case(name), text)
        return self.history.mark(name, version, "saved")
