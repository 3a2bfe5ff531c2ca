"""Records on their way from the parsing process: JSON for what is small, raw bytes for arrays.

Nothing is unpickled. Only the record types named to ``unpack`` can be built, and an array can only
be a view of the bytes that came with it.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

__all__ = ["pack", "unpack"]

_HEAD = struct.Struct("<Q")
_STEP = 16


def pack(record: object) -> bytes:
    """Return a dataclass of numbers, texts, tuples, arrays and such dataclasses as bytes."""
    parts: list[bytes] = []
    size = 0

    def plain(value: object) -> object:
        nonlocal size
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, tuple | list):
            return [plain(item) for item in value]
        if isinstance(value, np.ndarray):
            raw = np.ascontiguousarray(value).tobytes()
            start = size
            parts.append(raw + b"\0" * (-len(raw) % _STEP))
            size += len(parts[-1])
            return {"a": [start, value.dtype.str, list(value.shape)]}
        if is_dataclass(value) and not isinstance(value, type):
            return {
                "c": type(value).__name__,
                "f": [plain(getattr(value, field.name)) for field in fields(value)],
            }
        raise TypeError(f"{type(value).__name__} does not travel")

    head = json.dumps(plain(record)).encode()
    head += b" " * (-(len(head) + _HEAD.size) % _STEP)
    return b"".join([_HEAD.pack(len(head)), head, *parts])


def unpack(message: bytes, types: Mapping[str, type]) -> Any:
    """Return the record of a message; arrays are read-only views of ``message``.

    Raises ValueError or KeyError where the message is not what ``pack`` makes of ``types``.
    """
    (length,) = _HEAD.unpack_from(message)
    begin = _HEAD.size + length
    raw = memoryview(message)[begin:]

    def built(value: Any) -> Any:
        if isinstance(value, list):
            return tuple(built(item) for item in value)
        if isinstance(value, dict) and "a" in value:
            start, dtype, shape = value["a"]
            kind = np.dtype(dtype)
            if kind.kind not in "fiu":
                raise ValueError(f"arrays of {kind} do not travel")
            count = int(np.prod(shape, dtype=np.int64))
            return np.frombuffer(raw, kind, count, start).reshape(shape)
        if isinstance(value, dict):
            return types[value["c"]](*(built(item) for item in value["f"]))
        return value

    return built(json.loads(message[_HEAD.size : begin]))
