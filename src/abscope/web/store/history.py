"""Every saved version of a case: the text, who saved it and when. Nothing is ever removed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from abscope.errors import Problem, UsageError
from abscope.web.store.atomic import digest, now, read_json, write_bytes, write_json
from abscope.web.store.paths import Layout, check_name

__all__ = ["History", "State", "Version"]

#: A version is ``writing`` until its text stands in the case file.
State = Literal["writing", "saved", "interrupted", "outside", "removed"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its number, the digest of its text, who, when, why, and what became of it.

    ``outside`` was found on disk, written by another program.
    """

    number: int
    sha256: str
    who: str
    when: str
    note: str
    state: State

    def to_dict(self) -> dict[str, Any]:
        """Return the version as the JSON output shows it."""
        return {
            "number": self.number, "sha256": self.sha256, "who": self.who, "when": self.when,
            "note": self.note, "state": self.state,
        }  # fmt: skip


class History:
    """The versions of the cases of one project."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return the versions of a case, oldest first."""
        folder = self._layout.history / check_name(name)
        found = [read_json(path) for path in sorted(folder.glob("*.json"))]
        return tuple(_version(item) for item in found if item is not None)

    def text(self, name: str, number: int) -> str:
        """Return the text of a version; raise UsageError where there is none of that number."""
        path = self._layout.history / check_name(name) / f"{number:06d}.yaml"
        if not path.is_file():
            raise UsageError(
                Problem(name, f"there is no version {number}", "a version of its list", "Pick one.")
            )
        return path.read_text(encoding="utf-8")

    def add(self, name: str, text: str, *, who: str, note: str, state: State) -> Version:
        """Keep a text as the next version and return it."""
        known = self.versions(name)
        number = known[-1].number + 1 if known else 1
        version = Version(number, digest(text), who, now(), note, state)
        folder = self._layout.history / check_name(name)
        write_bytes(folder / f"{number:06d}.yaml", text)
        self._write(name, version)
        return version

    def mark(self, name: str, version: Version, state: State) -> Version:
        """Return a version with another state, which is on disk then."""
        changed = replace(version, state=state)
        self._write(name, changed)
        return changed

    def names(self) -> Iterator[str]:
        """Yield the names of cases that have versions."""
        if self._layout.history.is_dir():
            yield from sorted(item.name for item in self._layout.history.iterdir())

    def _write(self, name: str, version: Version) -> None:
        folder = self._layout.history / name
        write_json(folder / f"{version.number:06d}.json", version.to_dict())


def _version(data: dict[str, Any]) -> Version:
    return Version(
        int(data["number"]), str(data["sha256"]), str(data["who"]), str(data["when"]),
        str(data.get("note", "")), data["state"],
    )  # fmt: skip
