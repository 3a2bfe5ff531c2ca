"""Short texts of the language of kernels, compiled and run on arrays."""

import numpy as np

from abscope.engine.native.kernel import code_of, opened
from abscope.engine.tables import Clock, Limits, Members, Memory, Results, Stops

__all__ = ["call", "run_text"]

_SIZES = "VECTORS, FACTORS, BODY_FACTORS, FIXED, FIXED_OWN = 1, 1, 1, 1, 1\n"
_CHUNK = """
def chunk(first, last, case, memory, clock, scratch):
    x, y, out, whole = memory.y, memory.p, memory.q, clock.whole
    {body}
"""


def run_text(functions, body, x, y, *, whole=None, count=1, width=4, keep_kind=False):
    """Return the array ``out`` after a kernel of these functions and this body has run."""
    text = _SIZES + functions + _CHUNK.format(body=body)
    kernel = opened(code_of(text, width))
    none, one, nothing = np.zeros(1), np.zeros(1, np.int64), np.zeros((1, 1, 1))
    flat = np.zeros((1, 1))
    case = (
        Members(one, one, none, nothing, nothing, nothing),
        Stops(one, none, one, one, none, none),
        Limits(flat, 1e-5, 0.1, 10, 4, 1, 0),
        Results(nothing[None], nothing[None, None], nothing, flat, flat),
    )
    out = np.zeros_like(x)
    clock = Clock(flat, np.zeros((1, 4), np.int64) if whole is None else whole)
    memory = Memory(x if keep_kind else np.array(x, float), np.array(y, float), out, none)
    kernel.chunk(0, count, case, memory, clock, (none, none, flat, none, none))
    return out


def call(statement, x, y=(0.0,), *, width=4):
    """Return ``out`` after a statement has run for every row of x."""
    body = f"for k in range(last):\n        {statement}"
    return run_text("", body, x, y, count=len(x) // width, width=width)
