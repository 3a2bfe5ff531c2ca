"""The integration methods: their coefficients, and the text of one attempted step.

Rodas3 and Rodas4 are Rosenbrock methods (Sandu et al. 1997; Hairer and Wanner, Solving Ordinary
Differential Equations II, 1996, section IV.7, in the transformed variables of that section); Tsit5
is the explicit pair 5(4) of Tsitouras 2011, doi:10.1016/j.camwa.2011.06.002.

A kernel needs three functions: ``prepare`` after a jump, ``attempt`` for a step into ``trial`` with
its error in ``miss``, and ``keep`` to accept it in the lanes where the error allows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["METHODS", "Method"]


@dataclass(frozen=True, slots=True)
class _Rosenbrock:
    """Stage sums a over the increments, c over increments per step, result m.

    The error of all of them is the last increment.
    """

    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    m: tuple[float, ...]
    same_as_before: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """The text of a method, its order, the vectors it works with, how it takes its rates."""

    name: str
    order: int
    error_order: int
    vectors: int
    onto: bool
    text: str


_RODAS3 = _Rosenbrock(
    gamma=0.5,
    a=((), (0.0,), (2.0, 0.0), (2.0, 0.0, 1.0)),
    c=((), (4.0,), (1.0, -1.0), (1.0, -1.0, -8.0 / 3.0)),
    m=(2.0, 0.0, 1.0, 1.0),
    same_as_before=(1,),
)
_RODAS4 = _Rosenbrock(
    gamma=0.25,
    a=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0),
    ),
    c=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136,
         -6.058818238834054),
    ),
    m=(1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0, 1.0),
)  # fmt: skip
_TSIT5_A = (
    (0.161,),
    (-0.008480655492356989, 0.335480655492357),
    (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
    (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
    (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401,
     -0.028269050394068383),
    (0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081,
     2.324710524099774),
)  # fmt: skip
_TSIT5_E = (
    0.00178001105222577714, 0.0008164344596567469, -0.007880878010261995, 0.1447110071732629,
    -0.5823571654525552, 0.45808210592918697, -1.0 / 66.0,
)  # fmt: skip

_ARGUMENTS = "y, trial, miss, p, q, here, step, work, lu, ls, bounds, rtol, n, rows"
_ROWS = ["    for row in range(rows):"]
_ERROR = [
    "        size = maximum(absolute(val(vec(y, row, 0))), absolute(val(new)))",
    "        part = val(wrong)/(number(tolerance, row, 0) + rtol*size)",
    "        total = total + part*part",
]


def _sum(weights: Sequence[float], vector: str = "k") -> str:
    terms = [f"{w!r}*vec({vector}{i}, row, 0)" for i, w in enumerate(weights) if w != 0.0]
    return " + ".join(terms)


def _onward(weights: Sequence[float], before: Sequence[float]) -> str:
    """Return y plus the weighted increments; from the last argument on where that is its start."""
    if any(before) and tuple(weights[: len(before)]) == tuple(before):
        return f"vec(trial, row, 0) + {weights[-1]!r}*vec(k{len(weights) - 1}, row, 0)"
    return f"vec(y, row, 0) + {_sum(weights)}"


def _keep(carried: str) -> list[str]:
    lines = [
        "@J",
        "def keep(y, trial, accepted, bounds, low, work, rows):",
        "    good = val(vec(accepted, 0, 0)) > 0.5",
        "    least, floor = val(vec(low, 0, 0)), bounds[1]",
    ]
    if carried:
        lines += ["    k0 = work[0]", "    k6 = work[6]"]
    lines += [
        *_ROWS,
        "        new = pick(good, vec(trial, row, 0), vec(y, row, 0))",
        "        put(y, row, 0, new)",
        "        least = minimum(val(new) - number(floor, row, 0), least)",
    ]
    return [*lines, *([carried] if carried else []), "    put(low, 0, 0, least)"]


def _rosenbrock(name: str, order: int, table: _Rosenbrock) -> Method:
    last = len(table.m) - 1  # whose increment is the error
    lines = [
        "@J",
        "def prepare(y, p, q, here, work, n):",
        "    return",
        "@J",
        f"def attempt({_ARGUMENTS}):",
        "    per_step = 1.0/val(vec(step, 0, 0))",
        *(f"    k{i} = work[{i}]" for i in range(last)),
        f"    k{last} = miss",
        f"    factor(y, p, q, here, per_step*{1.0 / table.gamma!r}, lu, ls, n)",
    ]
    for i in range(last + 1):
        fresh = i > 0 and i not in table.same_as_before
        lines += _ROWS
        told = "0.0"
        if i:  # sums first: a compiler does not know that the rows of trial and k are apart
            lines.append(f"        told{i} = ({_sum(table.c[i])})*per_step")
            told = f"told{i}"
        if fresh:
            lines.append(f"        new{i} = {_onward(table.a[i], table.a[i - 1])}")
            lines.append(f"        put(trial, row, 0, new{i})")
        lines.append(f"        put(k{i}, row, 0, {told})")
        lines += [f"    rates({'trial' if fresh else 'y'}, k{i}, p, q, here, n)"]
        lines += [f"    solve(k{i}, lu, ls, n)"]
    lines += [
        "    total, tolerance = val(splat(0.0)), bounds[0]",
        *_ROWS,
        f"        new = {_onward(table.m, table.a[-1])}",
        f"        wrong = vec(k{last}, row, 0)",
        *_ERROR,
        "        put(trial, row, 0, new)",
        "    return total",
    ]
    return Method(name, order, order, last, True, "\n".join([*lines, *_keep("")]) + "\n")


def _tsit5() -> Method:
    lines = [
        "@J",
        "def prepare(y, p, q, here, work, n):",
        "    rates(y, work[0], p, q, here, n)",
        "@J",
        f"def attempt({_ARGUMENTS}):",
        "    h = val(vec(step, 0, 0))",
        *(f"    k{i} = work[{i}]" for i in range(7)),
    ]
    for i, weights in enumerate(_TSIT5_A):
        lines += [*_ROWS, f"        put(trial, row, 0, vec(y, row, 0) + h*({_sum(weights)}))"]
        lines += [f"    rates(trial, k{i + 1}, p, q, here, n)"]
    lines += [
        "    total, tolerance = val(splat(0.0)), bounds[0]",
        *_ROWS,
        "        new = vec(trial, row, 0)",
        f"        wrong = h*({_sum(_TSIT5_E)})",
        "        put(miss, row, 0, wrong)",
        *_ERROR,
        "    return total",
    ]
    carried = "        put(k0, row, 0, pick(good, vec(k6, row, 0), vec(k0, row, 0)))"
    return Method("tsit5", 5, 5, 7, False, "\n".join([*lines, *_keep(carried)]) + "\n")


#: name -> method; rodas4 is the one default: indifferent to how fast a rate is
METHODS = {
    method.name: method
    for method in (
        _rosenbrock("rodas4", 4, _RODAS4),
        _rosenbrock("rodas3", 3, _RODAS3),
        _tsit5(),
    )
}
