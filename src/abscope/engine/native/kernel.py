"""A kernel of many members side by side: compiled once, kept as code, called by its table."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import abscope.engine.tables as tables
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
    """Return the text of a kernel for a number of lanes as code with its sizes in a first line."""
    from abscope.engine.native.machine import object_code
    from abscope.engine.native.mathematics import MATHEMATICS
    from abscope.engine.native.program import Program

    names = [name for name in tables.__all__ if name.isupper()]
    known = "".join(f"{name} = {getattr(tables, name)}\n" for name in names)
    lanes = f"ROW, LANES, SIZE = {width}, {width}, 1\n"
    program = Program(known + lanes + MATHEMATICS + text, width)
    given = [Number("i64", f"%{name}") for name in ("first", "last")]
    module = program.module("chunk", [*given, *ARGUMENTS])
    sizes = {name: int(program.constants[name].text) for name in _SIZES}
    return json.dumps(sizes).encode() + b"\n" + object_code(module)


def opened(code: bytes) -> NativeKernel:
    """Return the kernel of some code."""
    from abscope.engine.native.machine import loaded

    sizes, _, machine_code = code.partition(b"\n")
    return NativeKernel(**json.loads(sizes), run=loaded(machine_code))
