"""The audit log: who did what and when, one JSON line each, every line holding the last's digest.

A line that was changed or taken out breaks the chain, which `AuditLog.broken_at` finds.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any

from abscope.web.store.atomic import digest, now

__all__ = ["AuditLog"]


class AuditLog:
    """An append-only file; each line is on disk before `add` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, *, who: str, what: str, of: str, **more: str) -> None:
        """Append one line: who did what, of which case."""
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            entry = {"when": now(), "who": who, "what": what, "of": of, **more}
            with open(self._path, "ab+") as file:
                entry["after"] = digest(_last_line(file.name))
                line = json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"
                file.write(line.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())

    def last(self, count: int) -> list[dict[str, Any]]:
        """Return the newest lines, the newest first; a torn last line is left out."""
        lines = self._lines()[-count:]
        found = []
        for line in reversed(lines):
            try:
                found.append(json.loads(line))
            except ValueError:  # the machine stopped in the middle of this line
                continue
        return found

    def broken_at(self) -> int | None:
        """Return the number of the first line that does not follow from the one before, or None."""
        before = b""
        for number, line in enumerate(self._lines(), start=1):
            try:
                after = json.loads(line).get("after")
            except ValueError:
                return number
            if after != digest(before):
                return number
            before = line
        return None

    def _lines(self) -> list[bytes]:
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []


def _last_line(name: str) -> bytes:
    with open(name, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        reach = min(end, 65_536)
        file.seek(end - reach)
        lines = file.read(reach).splitlines()
    return lines[-1] if lines else b""
