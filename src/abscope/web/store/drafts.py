"""Texts that were typed and not saved yet: one per open editor, kept until it saves."""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from abscope.errors import Problem, UsageError
from abscope.web.store.atomic import now, read_json, write_json
from abscope.web.store.paths import Layout

__all__ = ["Draft", "Drafts"]

_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A text on its way: of which case, begun from which revision, by whom, last changed when."""

    key: str
    name: str
    text: str
    revision: str
    who: str
    when: str

    def to_dict(self) -> dict[str, Any]:
        """Return the draft as the JSON output shows it."""
        return {
            "key": self.key, "name": self.name, "text": self.text, "revision": self.revision,
            "who": self.who, "when": self.when,
        }  # fmt: skip


class Drafts:
    """The drafts of one project, one small file each."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.drafts

    @staticmethod
    def new_key() -> str:
        """Return a key that no other editor has."""
        return secrets.token_hex(8)

    def keep(self, key: str, *, name: str, text: str, revision: str, who: str) -> Draft:
        """Write a draft over its earlier text and return it."""
        draft = Draft(_checked(key), name, text, revision, who, now())
        write_json(self._folder / f"{key}.json", draft.to_dict())
        return draft

    def get(self, key: str) -> Draft | None:
        """Return a draft; None where it was saved, dropped or never kept."""
        data = read_json(self._folder / f"{_checked(key)}.json")
        return _draft(data) if data is not None else None

    def drop(self, key: str) -> None:
        """Remove a draft, if it is there."""
        (self._folder / f"{_checked(key)}.json").unlink(missing_ok=True)

    def every(self) -> tuple[Draft, ...]:
        """Return all drafts, the newest first."""
        found = [read_json(path) for path in self._folder.glob("*.json")]
        drafts = [_draft(data) for data in found if data is not None]
        return tuple(sorted(drafts, key=lambda item: item.when, reverse=True))


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise UsageError(
            Problem("draft", "the key of the draft is not one of ours", "16 hexadecimal digits",
                    "Open the editor again.")
        )  # fmt: skip
    return key


def _draft(data: dict[str, Any]) -> Draft:
    names = ("key", "name", "text", "revision", "who", "when")
    return Draft(*(str(data.get(name, "")) for name in names))
