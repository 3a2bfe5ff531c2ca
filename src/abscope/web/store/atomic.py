"""Bytes and JSON onto disk under a temporary name first, and digests of what is there."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from abscope.case.files import write_files

__all__ = ["digest", "now", "read_json", "write_bytes", "write_json"]


def digest(data: str | bytes) -> str:
    """Return the SHA-256 of a text (as UTF-8) or of bytes, in hexadecimal."""
    raw = data.encode("utf-8", errors="surrogatepass") if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()


def now() -> str:
    """Return the present time in UTC, as ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_bytes(path: Path, data: bytes | str) -> None:
    """Write a file that is whole or not there; its folder is made where missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_files({path: data}, force=True)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, whole or not at all."""
    write_bytes(path, json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the mapping of a JSON file; None where there is no whole one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
