"""From a declaration to compiled kernels, printed and compiled once per machine and model."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from abscope.engine.cache import (
    kept,
    kernel_key,
    load_kernel,
    load_unkept,
    module_name,
    write_kernel,
)
from abscope.engine.declaration import System
from abscope.engine.methods import METHODS
from abscope.errors import EngineError, Problem

__all__ = ["DIRECTIONS", "LANES", "Compiled", "compile_system"]

#: members side by side in one SIMD number; 4 was fastest where it was measured
LANES = 4
#: slopes of one dual number
DIRECTIONS = 16

#: ending of the file of a kernel that is code
_CODE = ".code"
_MARK = "# ---- the text below goes into the kernels"
_HEAD = """\
from typing import Any

import numba as nb
import numpy as np

from abscope.engine.elementary import absolute, exp, log, maximum, minimum, power, step
from abscope.engine.tables import (
    CAUSE, COUNT, END, ERROR, FLOOR, GOOD, LOW, MEMBER, OBSERVE, OUTCOME, PLACE, SET_OWN,
    SET_SHARED, STEP, STEPS, TIME, TOLERANCE, UNTIL, WISH,
)
{numbers}

J = nb.njit(
    nogil=True, cache=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True,
    fastmath={{"contract", "arcp", "nsz", "reassoc"}},
)
"""
_FLOATS = (
    "from abscope.engine.floats import (\n"
    "    LANES, ROW, SIZE, brought, get, number, one, pick, put, set_, splat, store, val, vec,\n)"
)
_DUALS = (
    "from abscope.engine.floats import number\n"
    "from abscope.engine.duals import duals_of, pick, val\n"
    "ROW, LANES, SIZE, vec, put, splat, get, set_ = duals_of({width})\n"
    "one, store, brought = splat, put, vec"
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A system with its method and number of lanes; kernels are loaded on first use."""

    system: System
    method: str
    lanes: int
    _kernels: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def kernel(self, *, slopes: bool = False) -> Any:
        """Return the kernel on values, or on values with slopes."""
        numbers = f"dual{DIRECTIONS}" if slopes else f"lanes{self.lanes}"
        if numbers not in self._kernels:
            made = _native if not slopes and self.lanes > 1 else _kernel
            self._kernels[numbers] = made(self.system, self.method, numbers)
        return self._kernels[numbers]

    def text(self) -> str:
        """Return the printed text of the kernel, which is the same for all numbers."""
        return "".join([_below_mark("stepping.py"), *_printed(self.system, self.method)])

    def is_kept(self) -> bool:
        """Return whether the kernel on values is in the cache of this machine."""
        if self.lanes == 1:
            return kept(kernel_key(self.system.fingerprint, self.method, "lanes1")) is not None
        return kept(_native_key(self.system, self.method, f"lanes{self.lanes}"), _CODE) is not None


def compile_system(system: System, *, method: str = "rodas4", lanes: int | None = None) -> Compiled:
    """Return the system ready to simulate by a method (rodas4, rodas3 or tsit5).

    ``lanes`` is how many members run side by side on one core (1: plain doubles); ABSCOPE_LANES
    sets it for a machine, else it is 4. Nothing is compiled before the first simulation. Raises
    EngineError for a method or a number of lanes that does not exist.
    """
    problems = []
    if method not in METHODS:
        expected = f"one of {', '.join(METHODS)}"
        problems.append(Problem("method", f"'{method}' is no method", expected, "Choose one."))
    stated = os.environ.get("ABSCOPE_LANES", "") if lanes is None else str(lanes)
    width = int(stated) if stated.isdigit() else (-1 if stated else LANES)
    if width not in (1, 2, 4, 8, 16):
        expected = "1, 2, 4, 8 or 16"
        problems.append(Problem("lanes", f"{stated} lanes", expected, "Leave it out, or choose."))
    if problems:
        raise EngineError(problems)
    return Compiled(system, method, width)


def _native_key(system: System, method: str, numbers: str) -> str:
    from abscope.engine.native.image import processor

    what = processor()
    if not what:
        from abscope.engine.native.machine import host

        what = host()
    return kernel_key(f"{system.fingerprint} {what}", method, numbers, made_by=("llvmlite",))


def _native(system: System, method: str, numbers: str) -> Any:
    from abscope.engine.native.kernel import code_of, opened

    key = _native_key(system, method, numbers)
    path = kept(key, _CODE)
    if path is not None:
        with contextlib.suppress(OSError, ValueError):  # damaged or gone: it is made again
            return opened(path)
    text = Compiled(system, method, 0).text()
    code = code_of(text, int(numbers.removeprefix("lanes")))
    return opened(write_kernel(key, code, _CODE) or code)


def _kernel(system: System, method: str, numbers: str) -> ModuleType:
    stepping = kernel_key("stepping", "stepping", numbers)
    _load(stepping, lambda: _head(numbers) + _below_mark("stepping.py"))
    key = kernel_key(system.fingerprint, method, numbers)
    return _load(key, lambda: _text(system, method, numbers, stepping))


def _load(key: str, text: Callable[[], str]) -> ModuleType:
    path = kept(key)
    if path is None:
        printed = text()
        path = write_kernel(key, printed)
        if path is None:
            return load_unkept(key, printed)
    return load_kernel(key, path)


def _head(numbers: str) -> str:
    if numbers == "lanes1":
        return _HEAD.format(numbers=_FLOATS)
    return _HEAD.format(numbers=_DUALS.format(width=numbers.removeprefix("dual")))


def _below_mark(name: str) -> str:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return text.split(_MARK)[1].split("\n", 1)[1]


def _text(system: System, method: str, numbers: str, stepping: str) -> str:
    known = f"from {module_name(stepping)} import close, ill, judge, load, most, plan, strange\n"
    return "".join([_head(numbers), known, *_printed(system, method)])


def _printed(system: System, method: str) -> tuple[str, ...]:
    """Return the part of the text that belongs to a system and a method, whatever the numbers."""
    from abscope.engine.kernel_text import kernel_text

    chosen = METHODS[method]
    printed, body_factors = kernel_text(system, onto=chosen.onto)
    sizes = f"VECTORS, BODY_FACTORS = {chosen.vectors}, {body_factors}\n"
    return sizes, printed, chosen.text, _below_mark("driving.py")
