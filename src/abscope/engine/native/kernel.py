"""A kernel of many members side by side: compiled once, kept as code, called by its table."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import abscope.engine.tables as tables
from abscope.engine.native.image import PAGE, image_of, mapped
from abscope.engine.native.layout import ARGUMENTS, Table
from abscope.engine.native.values import Number

__all__ = ["NativeKernel", "code_of", "opened"]


_SIZES = (
    "ROW", "LANES", "SIZE", "VECTORS", "FACTORS", "BODY_FACTORS", "FIXED", "FIXED_OWN",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NativeKernel:
    """What a simulation needs of a kernel: the sizes of its memory, and ``chunk``."""

    ROW: int
    LANES: int
    SIZE: int
    VECTORS: int
    FACTORS: int
    BODY_FACTORS: int
    FIXED: int
    FIXED_OWN: int
    run: Callable[..., None] = field(repr=False)

    def chunk(self, first: int, last: int, case: Any, *memory: Any) -> None:
        """Run the members first to last of the order; other threads go on meanwhile."""
        table = Table(case, *memory)
        self.run(table.address, first, last)


def code_of(text: str, width: int) -> bytes:
    """Return the text of a kernel for a number of lanes as code.

    The first page holds the sizes and the place of the rest, then come the image, where there is
    one, and the object file.
    """
    from abscope.engine.native.machine import object_code
    from abscope.engine.native.mathematics import MATHEMATICS
    from abscope.engine.native.program import Program

    names = [name for name in tables.__all__ if name.isupper()]
    known = "".join(f"{name} = {getattr(tables, name)}\n" for name in names)
    lanes = f"ROW, LANES, SIZE = {width}, {width}, 1\n"
    program = Program(known + lanes + MATHEMATICS + text, width)
    given = [Number("i64", f"%{name}") for name in ("first", "last")]
    code = object_code(program.module("chunk", [*given, *ARGUMENTS]))
    image, entry = image_of(code, name="run") or (b"", 0)
    image += bytes(-len(image) % PAGE)
    sizes = {name: int(program.constants[name].text) for name in _SIZES}
    rest = image + code
    head = {"sizes": sizes, "image": len(image), "entry": entry, "sha256": _hash(rest)}
    return json.dumps(head).encode().ljust(PAGE) + rest


def _hash(rest: bytes | memoryview) -> str:
    return hashlib.sha256(rest).hexdigest()


def opened(code: bytes | Path) -> NativeKernel:
    """Return the kernel of some code, or of the file that keeps it, which runs without LLVM.

    Raises ValueError where the code is not whole: no byte of it is run.
    """
    whole = code.read_bytes() if isinstance(code, Path) else code
    head = _head(whole)
    if isinstance(code, Path) and head["image"]:
        # a disk from which no code may run: LLVM loads it into memory
        with contextlib.suppress(OSError):
            run = mapped(code, size=head["image"], entry=head["entry"])
            return NativeKernel(**head["sizes"], run=run)
    from abscope.engine.native.machine import loaded

    return NativeKernel(**head["sizes"], run=loaded(whole[PAGE + head["image"] :]))


def _head(whole: bytes) -> dict[str, Any]:
    """Return the first page of a kernel. Raises ValueError where the rest is another one's."""
    head = json.loads(whole[:PAGE])
    if not isinstance(head, dict) or head.get("sha256") != _hash(memoryview(whole)[PAGE:]):
        raise ValueError("the code of a kernel was changed or cut off")
    return head
