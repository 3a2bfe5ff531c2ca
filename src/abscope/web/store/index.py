"""The index of a project in SQLite: what the list of cases shows, read again where a file changed.

The files are the truth: an index that is missing or damaged is made anew.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from abscope.case.files import read_text
from abscope.case.reader import read_case_text
from abscope.errors import AbscopeError
from abscope.report.words import brief
from abscope.web.store.atomic import digest

__all__ = ["Entry", "Index"]

_SCHEMA = 1
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list shows of a case; ``problems`` is 0 where its file can be read."""

    name: str
    file: str
    size: int
    changed_ns: int
    sha256: str
    case_id: str
    title: str
    kind: str
    tumor: str
    lesions: int
    courses: int
    problems: int
    first_problem: str


class Index:
    """The table of cases, in write-ahead mode so that readers never wait for a writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._make()
        except sqlite3.DatabaseError:
            self._set_aside()
            self._make()

    def refresh(self, files: dict[str, Path]) -> tuple[Entry, ...]:
        """Return one entry per file, reading those that changed since they were indexed."""
        with self._open() as base:
            known = {row[0]: Entry(*row) for row in base.execute("SELECT * FROM cases")}
        fresh = {name: _entry(name, path, known.get(name)) for name, path in files.items()}
        found = {name: entry for name, entry in fresh.items() if entry is not None}
        changed = [entry for name, entry in found.items() if known.get(name) != entry]
        gone = [(name,) for name in known if name not in found]
        if changed or gone:
            with self.writing() as base:
                marks = ",".join("?" * len(fields(Entry)))
                insert = f"INSERT OR REPLACE INTO cases VALUES ({marks})"  # noqa: S608 (marks only)
                base.executemany(insert, [astuple(entry) for entry in changed])
                base.executemany("DELETE FROM cases WHERE name = ?", gone)
        return tuple(sorted(found.values(), key=lambda entry: entry.name.casefold()))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one right to write in this project, across threads and processes."""
        with self._open() as base:
            base.execute("BEGIN IMMEDIATE")
            try:
                yield base
            except BaseException:
                base.execute("ROLLBACK")
                raise
            base.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
        try:
            yield base
        finally:
            base.close()

    def _make(self) -> None:
        columns = ", ".join(
            f"{one.name} {'INTEGER' if one.type is int else 'TEXT'}" for one in fields(Entry)
        )
        with self._open() as base:
            base.execute("PRAGMA journal_mode = WAL")
            if base.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA:
                base.execute("DROP TABLE IF EXISTS cases")
            base.execute(f"CREATE TABLE IF NOT EXISTS cases ({columns}, PRIMARY KEY (name))")
            base.execute(f"PRAGMA user_version = {_SCHEMA}")
            base.execute("SELECT count(*) FROM cases").fetchone()

    def _set_aside(self) -> None:
        for ending in ("-wal", "-shm"):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)
        self._path.replace(f"{self._path}.damaged")


def _entry(name: str, path: Path, known: Entry | None) -> Entry | None:
    try:
        status = path.stat()
    except OSError:  # removed since the folder was listed
        return None
    if known and (known.size, known.changed_ns) == (status.st_size, status.st_mtime_ns):
        return known
    stamp = (name, path.name, status.st_size, status.st_mtime_ns)
    text = ""
    try:
        text = read_text(path)
        case = read_case_text(text, name=path.name).case
    except AbscopeError as error:
        problems = error.problems
        return Entry(*stamp, digest(text), "", "", "", "", 0, 0, len(problems), str(problems[0]))
    tumor = brief(case.diagnosis.tumor_type) or brief(case.diagnosis.tumor)
    return Entry(
        *stamp, digest(text), case.id, case.title, case.kind, tumor, len(case.lesions),
        len(case.rt_courses), 0, "",
    )  # fmt: skip
