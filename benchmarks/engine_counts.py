"""What the core can do, and what a step of a kernel costs, counted in its text."""

import ast
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from abscope.engine.native.kernel import code_of, opened
from abscope.engine.native.mathematics import MATHEMATICS
from abscope.engine.tables import Clock, Limits, Members, Memory, Results, Stops

__all__ = ["flops_of_step", "fma_loop", "fma_peak_gflops"]

_CHAINS = 12
#: operations of what is a function in the text and an instruction in the code
_INSIDE = {"fused": 2.0, "strict_sum": 1.0, "strict_difference": 1.0}
_PEAK = f"""
VECTORS, FACTORS, BODY_FACTORS, FIXED, FIXED_OWN = 1, 1, 1, 1, 1
def chunk(first, last, case, memory, clock, scratch):
    y = memory.y
    m, c = vec(y, 0, 20), vec(y, 0, 21)
{chr(10).join(f"    a{k} = vec(y, 0, {k})" for k in range(_CHAINS))}
    for k in range(last):
{chr(10).join(f"        a{k} = a{k} * m + c" for k in range(_CHAINS))}
{chr(10).join(f"    put(y, 0, {k}, a{k})" for k in range(_CHAINS))}
"""


def fma_loop() -> Callable[[int], None]:
    """Return a function that runs so many turns of fused multiply-adds, in registers alone.

    Twelve chains of vectors of four, compiled as the kernels are; other threads run meanwhile.
    """
    kernel = opened(code_of(_PEAK, 4))
    none, one, flat = np.zeros(1), np.zeros(1, np.int64), np.zeros((1, 1))
    nothing = np.zeros((1, 1, 1))
    case = (
        Members(one, one, none, nothing, nothing, nothing),
        Stops(one, none, one, one, none, none),
        Limits(flat, 1e-5, 0.1, 10, 4, 1, 0),
        Results(nothing[None], nothing[None, None], nothing, flat, flat),
    )
    clock = Clock(flat, np.zeros((1, 4), np.int64))
    scratch = (none, none, flat, none, none)

    def turn(count: int) -> None:
        memory = Memory(np.full(88, 0.5), none, none, none)
        kernel.chunk(0, count, case, memory, clock, scratch)

    return turn


def fma_peak_gflops(rounds: int = 7) -> float:
    """Return the measured peak of fused multiply-adds of one core, GFLOP/s of processor time.

    The best of some rounds.
    """
    turn, count, best = fma_loop(), 10_000_000, np.inf
    for _ in range(rounds):
        begin = time.process_time()
        turn(count)
        best = min(best, time.process_time() - begin)
    return count * _CHAINS * 4 * 2 / best / 1e9


def _functions(text: str) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}


def _sizes(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = [ast.unparse(name) for name in node.targets[0].elts]
            found |= dict(zip(names, ast.literal_eval(node.value), strict=True))
    return found


def flops_of_step(text: str, replicates: int) -> float:
    """Return the additions, multiplications and divisions of one attempted step, as printed.

    What exp, log and power do inside is counted as it stands in their text; a choice between two
    numbers, a comparison and an index count nothing; a quotient counts one.
    """
    functions, sizes = _functions(text) | _functions(MATHEMATICS), _sizes(text)
    rows = sizes["BODY"] + sizes["OWN"] * replicates
    loops = {"range(n)": replicates, "range(rows)": rows}
    known: dict[str, float] = {}

    def of(name: str) -> float:
        if name not in known:
            known[name] = sum(cost(item) for item in functions[name].body)
        return known[name]

    def cost(node: ast.AST) -> float:
        if isinstance(node, ast.For):
            return loops[ast.unparse(node.iter)] * sum(cost(item) for item in node.body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("vec", "put"):  # places are no arithmetic on members
                return sum(cost(item) for item in node.args[3:])
            name = node.func.id
            inside = of(name) if name in functions else _INSIDE.get(name, 0.0)
            return inside + sum(cost(item) for item in node.args)
        own = float(isinstance(node, ast.BinOp) and not _is_index(node))
        return own + sum(cost(child) for child in ast.iter_child_nodes(node))

    return of("attempt")


def _is_index(node: Any) -> bool:
    names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
    known = {"BODY", "OWN", "OWN_PARAMETERS", "FACTORS", "FIXED", "FIXED_OWN", "i"}
    return bool(names) and names <= known
