"""From a declaration to compiled kernels, printed and compiled once per machine and model."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from abscope.engine.cache import kept, kernel_key, load_kernel, load_unkept, write_kernel
from abscope.engine.declaration import System
from abscope.engine.methods import METHODS
from abscope.errors import EngineError, Problem

__all__ = ["DIRECTIONS", "LANES", "Compiled", "compile_system"]

#: members side by side in one SIMD number; 4 was fastest where it was measured
LANES = 4
#: slopes of one dual number
DIRECTIONS = 16

_MARK = "# ---- the text below goes into every kernel"
_HEAD = """\
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from abscope.engine.elementary import absolute, exp, log, maximum, minimum, power, step
from abscope.engine.tables import END, OBSERVE, SET_OWN, SET_SHARED
{numbers}

U = nb.uint64
R, S = U(ROW), U(SIZE)
J = nb.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={{"contract", "arcp", "nsz", "reassoc"}}
)
VECTORS, EXPONENT, BODY_FACTORS = {vectors}, {exponent!r}, {body_factors}
"""
_FLOATS = (
    "from abscope.engine.floats import (\n"
    "    LANES, ROW, SIZE, fill, get, one, pick, put, set_, splat, store, val, vec,\n)"
)
_WIDE = (
    "from abscope.engine.{module} import (\n"
    "    fill, get, one, pick, put, set_, store, val, {maker},\n)\n"
    "LANES, ROW, SIZE, vec, splat = {maker}({width})"
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A system with its method and number of lanes; kernels are loaded on first use."""

    system: System
    method: str
    lanes: int
    _kernels: dict[str, ModuleType] = field(default_factory=dict, repr=False, compare=False)

    def kernel(self, *, slopes: bool = False) -> ModuleType:
        """Return the kernel on values, or on values with slopes."""
        numbers = f"dual{DIRECTIONS}" if slopes else f"lanes{self.lanes}"
        if numbers not in self._kernels:
            self._kernels[numbers] = _kernel(self.system, self.method, numbers)
        return self._kernels[numbers]


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


def _kernel(system: System, method: str, numbers: str) -> ModuleType:
    key = kernel_key(system.fingerprint, method, numbers)
    path = kept(key)
    if path is None:
        text = _text(system, method, numbers)
        path = write_kernel(key, text)
        if path is None:
            return load_unkept(key, text)
    return load_kernel(key, path)


def _text(system: System, method: str, numbers: str) -> str:
    from abscope.engine.kernel_text import kernel_text
    from abscope.engine.trace import trace

    printed, layout = kernel_text(trace(system))
    if numbers == "lanes1":
        imports = _FLOATS
    elif numbers.startswith("lanes"):
        imports = _WIDE.format(module="lanes", maker="lanes_of", width=numbers[5:])
    else:
        imports = _WIDE.format(module="duals", maker="duals_of", width=numbers[4:])
    chosen = METHODS[method]
    head = _HEAD.format(
        numbers=imports,
        vectors=chosen.vectors,
        exponent=-1.0 / chosen.error_order,
        body_factors=layout.body_factors,
    )
    stepping = Path(__file__).with_name("stepping.py").read_text(encoding="utf-8")
    return "\n".join([head, printed, chosen.text, stepping.split(_MARK)[1].split("\n", 1)[1]])
