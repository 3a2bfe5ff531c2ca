"""The text of a kernel: right-hand side, factors of the bordered Jacobian, solve, jumps, records.

Memory is rows of ROW doubles (lanes, or value and slopes): y holds the body, then the replicates;
q the own parameters of each replicate; here is 1 for a replicate that the member has, else 0. A
replicate that is not there is a frozen copy: its rates, its columns in the border and what it sheds
are multiplied by here.

    sigma I - J = | A   -B |     A block diagonal (replicates), -B what a replicate sees,
                  | -QG  D |     G what it sheds, Q how the body answers to the totals
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from abscope.engine.elimination import Elimination, eliminate
from abscope.engine.printing import straight_line
from abscope.engine.trace import Jump, Trace

__all__ = ["Layout", "kernel_text"]

_IN, _IN2 = " " * 4, " " * 8
_Places = dict[tuple[int, int], Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """How many rows the factors take: per replicate and for the body."""

    replicate_factors: int
    body_factors: int


def kernel_text(traced: Trace, *, onto: bool) -> tuple[str, int]:
    """Return the printed functions of a system and the rows that the factors of the body take.

    With ``onto`` the rates are added to what dy holds, which saves a Rosenbrock stage one pass.
    """
    border = _Border(traced)
    factor, layout = border.factor()
    lines = [
        f"BODY, OWN, FACTORS = {len(traced.states)}, {len(traced.replicate_states)}, "
        f"{layout.replicate_factors}",
        f"OWN_PARAMETERS = {len(traced.own)}",
        *_rates(traced, onto=onto),
        *factor,
        *border.solve(),
        *_jump(traced),
        *_record(traced),
    ]
    return "\n".join(lines) + "\n", layout.body_factors


def _row(array: str, names: Any, first: str = "0") -> dict[str, str]:
    return {str(name): f"vec({array}, {first}, {k})" for k, name in enumerate(names.values())}


def _one(array: str, names: Any, first: str = "0") -> dict[str, str]:
    return {str(name): f"get({array}, {first}, {k}, lane)" for k, name in enumerate(names.values())}


def _loop(count: str, *, factors: bool = False) -> list[str]:
    start = f"{_IN2}b = BODY + OWN*i; a = OWN_PARAMETERS*i"
    return [f"{_IN}for i in range({count}):", start + ("; f = FACTORS*i" if factors else "")]


def _shared_loads(expressions: list[Any], loads: dict[str, str]) -> list[str]:
    used = {str(symbol) for part in expressions for symbol in part.free_symbols}
    return [f"{_IN}{name} = {text}" for name, text in loads.items() if name in used]


def _rates(traced: Trace, *, onto: bool) -> list[str]:
    lines = ["@J", "def rates(y, dy, p, q, here, n):"]
    body_loads = {**_row("y", traced.states), **_row("p", traced.shared)}
    totals = [str(name) for name in traced.totals.values()]

    def rate(place: str, value: str) -> str:
        return f"put(dy, {place}, {f'vec(dy, {place}) + ' if onto else ''}{value})"

    if traced.replicate_rates:
        lines += [f"{_IN}{name} = splat(0.0)" for name in totals]
        parts = [*traced.replicate_rates.values(), *traced.shed.values()]
        lines += _shared_loads(parts, body_loads)
        lines += [*_loop("n"), f"{_IN2}w = vec(here, i, 0)"]
        loads = {
            **_row("y", traced.replicate_states, "b"),
            **_row("q", traced.own, "a"),
        }
        targets = [f"o{k}" for k in range(len(parts))]
        lines += straight_line(parts, targets, loads, indent=_IN2)
        size = len(traced.replicate_rates)
        lines += [_IN2 + rate(f"b, {k}", f"w*o{k}") for k in range(size)]
        lines += [f"{_IN2}{name} = {name} + w*o{size + k}" for k, name in enumerate(totals)]
    parts = list(traced.rates.values())
    lines += straight_line(parts, [f"h{k}" for k in range(len(parts))], body_loads, indent=_IN)
    return [*lines, *(_IN + rate(f"0, {k}", f"h{k}") for k in range(len(parts))), f"{_IN}return"]


def _derivatives(expressions: Any, symbols: Any) -> _Places:
    found = {}
    for i, expression in enumerate(expressions.values()):
        free = expression.free_symbols
        for j, symbol in enumerate(symbols.values()):
            if symbol in free and (derivative := sp.diff(expression, symbol)) != 0:
                found[i, j] = derivative
    return found


def _matrix(entries: _Places, letter: str, size: int) -> dict[tuple[int, int], str]:
    matrix = {(i, j): f"-{letter}{i}_{j}" for i, j in entries}
    for k in range(size):
        matrix[k, k] = f"sigma - {letter}{k}_{k}" if (k, k) in entries else "sigma"
    return matrix


class _Border:
    """The bordered matrix sigma I - J of a system, eliminated replicate by replicate."""

    def __init__(self, traced: Trace) -> None:
        self.traced = traced
        self.within = _derivatives(traced.replicate_rates, traced.replicate_states)
        self.seen = _derivatives(traced.replicate_rates, traced.states)
        self.shed = _derivatives(traced.shed, traced.replicate_states)
        self.shed_body = _derivatives(traced.shed, traced.states)
        self.body = _derivatives(traced.rates, traced.states)
        self.answer = _derivatives(traced.rates, traced.totals)
        self.columns = sorted({j for _, j in (*self.seen, *self.shed_body)})
        self.rows = sorted({k for k, _ in self.shed})
        self.own: Elimination | None = None
        self.whole: Elimination | None = None

    @property
    def size(self) -> int:
        """Return the number of states of a replicate."""
        return len(self.traced.replicate_states)

    def _first(self) -> tuple[int, int]:
        """Return where the columns Z and the shed row G of a replicate begin among its factors."""
        kept = len(self.own.slots) if self.own else 0
        return kept, kept + self.size * len(self.columns)

    def factor(self) -> tuple[list[str], Layout]:
        """Return the lines of ``factor`` and the room that it needs."""
        traced = self.traced
        lines = ["@J", "def factor(y, p, q, here, sigma, lu, ls, n):"]
        body_loads = {**_row("y", traced.states), **_row("p", traced.shared)}
        lines += [f"{_IN}g{k}_{c} = splat(0.0)" for k, c in self._collected()]
        needed = {str(s) for part in self._body_parts() for s in part.free_symbols}
        totals = {name: t for name, t in traced.totals.items() if str(t) in needed}
        lines += [f"{_IN}{name} = splat(0.0)" for name in totals.values()]
        per_replicate = 0
        if self.size:
            lines += self._factor_replicate(body_loads, totals)
            per_replicate = self._first()[1] + len(self.shed)
        lines += self._factor_body(body_loads)
        slots = len(self.whole.slots) if self.whole else 0
        return lines, Layout(per_replicate, slots + len(self.answer))

    def _body_parts(self) -> list[Any]:
        return [*self.body.values(), *self.answer.values()]

    def _collected(self) -> list[tuple[int, int]]:
        """Return (total, column) for every sum that the border collects over the replicates."""
        return [
            (k, c)
            for k in range(len(self.traced.totals))
            for c, j in enumerate(self.columns)
            if k in self.rows or (k, j) in self.shed_body
        ]

    def _factor_replicate(self, body_loads: dict[str, str], totals: Any) -> list[str]:
        traced, size = self.traced, self.size
        groups = {"A": self.within, "B": self.seen, "G": self.shed, "H": self.shed_body}
        targets = [f"{letter}{i}_{j}" for letter, found in groups.items() for i, j in found]
        targets += [f"v_{name}" for name in totals]
        parts = [part for found in groups.values() for part in found.values()]
        parts += [traced.shed[name] for name in totals]
        lines = _shared_loads(parts, body_loads)
        lines += [*_loop("n", factors=True), f"{_IN2}w = vec(here, i, 0)"]
        loads = {**_row("y", traced.replicate_states, "b"), **_row("q", traced.own, "a")}
        lines += straight_line(parts, targets, loads, indent=_IN2)
        for letter in "BGH":
            lines += [f"{_IN2}{letter}{i}_{j} = w*{letter}{i}_{j}" for i, j in groups[letter]]
        lines += [f"{_IN2}{t} = {t} + w*v_{name}" for name, t in totals.items()]
        text, self.own = eliminate(_matrix(self.within, "A", size), name="L", indent=_IN2)
        lines += text
        solved: list[list[str]] = []
        for c, j in enumerate(self.columns):
            given = [f"B{i}_{j}" if (i, j) in self.seen else "0.0" for i in range(size)]
            text, column = self.own.solve(given, "L{}".format, name=f"z{c}", indent=_IN2)
            lines += text
            solved.append(column)
        keep = [f"L{slot}" for slot in range(len(self.own.slots))]
        keep += [name for column in solved for name in column]
        keep += [f"G{k}_{i}" for k, i in self.shed]
        lines += [f"{_IN2}put(lu, f, {k}, {name})" for k, name in enumerate(keep)]
        for k, c in self._collected():
            terms = [f"G{k}_{i}*{solved[c][i]}" for i in range(size) if (k, i) in self.shed]
            if (k, self.columns[c]) in self.shed_body:
                terms.append(f"H{k}_{self.columns[c]}")
            lines.append(f"{_IN2}g{k}_{c} = g{k}_{c} + {' + '.join(terms)}")
        return lines

    def _factor_body(self, loads: dict[str, str]) -> list[str]:
        if not self.traced.rates:
            return [f"{_IN}pass"]
        targets = [f"D{i}_{j}" for i, j in self.body] + [f"Q{i}_{k}" for i, k in self.answer]
        lines = straight_line(self._body_parts(), targets, loads, indent=_IN)
        matrix = _matrix(self.body, "D", len(self.traced.states))
        for i, k in self.answer:
            for kk, c in self._collected():
                if kk == k:
                    place = (i, self.columns[c])
                    matrix[place] = f"{matrix.get(place, '')} - Q{i}_{k}*g{k}_{c}"
        text, self.whole = eliminate(matrix, name="S", indent=_IN)
        keep = [f"S{slot}" for slot in range(len(self.whole.slots))]
        keep += [f"Q{i}_{k}" for i, k in self.answer]
        stores = [f"{_IN}put(ls, 0, {k}, {name})" for k, name in enumerate(keep)]
        return lines + text + stores

    def solve(self) -> list[str]:
        """Return the lines of ``solve``, which replaces x by the solution."""
        lines = ["@J", "def solve(x, lu, ls, n):"]
        lines += [f"{_IN}g{k} = splat(0.0)" for k in self.rows]
        columns, sheds = self._first()

        def factor(slot: int) -> str:
            return f"vec(lu, f, {slot})"

        if self.own is not None:
            lines += _loop("n", factors=True)
            given = [f"vec(x, b, {i})" for i in range(self.size)]
            text, solved = self.own.solve(given, factor, name="r", indent=_IN2)
            lines += text
            lines += [f"{_IN2}put(x, b, {i}, {name})" for i, name in enumerate(solved)]
            for k in self.rows:
                terms = [
                    f" + {factor(sheds + slot)}*{solved[i]}"
                    for slot, (row, i) in enumerate(self.shed)
                    if row == k
                ]
                lines.append(f"{_IN2}g{k} = g{k}{''.join(terms)}")
        answers = ["0.0"] * len(self.traced.states)
        if self.whole is not None:
            first = len(self.whole.slots)
            given = [f"vec(x, 0, {i})" for i in range(len(self.traced.states))]
            for slot, (i, k) in enumerate(self.answer):
                if k in self.rows:
                    given[i] += f" + vec(ls, 0, {first + slot})*g{k}"
            text, answers = self.whole.solve(given, "vec(ls, 0, {})".format, name="v", indent=_IN)
            lines += text
            lines += [f"{_IN}put(x, 0, {i}, {name})" for i, name in enumerate(answers)]
        if self.columns:
            lines += _loop("n", factors=True)
            for i in range(self.size):
                terms = [
                    f" + {factor(columns + c * self.size + i)}*{answers[j]}"
                    for c, j in enumerate(self.columns)
                ]
                lines.append(f"{_IN2}put(x, b, {i}, vec(x, b, {i}){''.join(terms)})")
        return [*lines, f"{_IN}return"]


def _jump(traced: Trace) -> list[str]:
    """Return ``jump``: both blocks see the states before it, so the replicates go first."""
    lines = ["@J", "def jump(kind, y, p, q, n, lane, data, at):"]
    for number, jump in enumerate(traced.jumps):
        lines += [f"{_IN}if kind == {number}:", *(_IN + line for line in _one_jump(traced, jump))]
    return [*lines, f"{_IN}return"]


def _one_jump(traced: Trace, jump: Jump) -> list[str]:
    fields = {str(s): f"brought(data, at, {k})" for k, s in enumerate(jump.fields.values())}
    body_loads = {**_one("y", traced.states), **_one("p", traced.shared), **fields}
    lines = [f"{_IN}pass"]
    if jump.replicate:
        size, count = len(jump.fields), len(jump.replicate_fields)
        own = {
            str(s): f"brought(data, at + {count}*i, {size + k})"
            for k, s in enumerate(jump.replicate_fields.values())
        }
        loads = {**_one("y", traced.replicate_states, "b"), **_one("q", traced.own, "a")}
        targets = [f"o{k}" for k in range(len(jump.replicate))]
        lines += _loop("n")
        lines += straight_line(
            list(jump.replicate.values()), targets, {**body_loads, **loads, **own}, indent=_IN2
        )
        for k, name in enumerate(jump.replicate):
            row = list(traced.replicate_states).index(name)
            lines.append(f"{_IN2}set_(y, b, {row}, lane, o{k})")
    if jump.body:
        targets = [f"h{k}" for k in range(len(jump.body))]
        lines += straight_line(list(jump.body.values()), targets, body_loads, indent=_IN)
        for k, name in enumerate(jump.body):
            row = list(traced.states).index(name)
            lines.append(f"{_IN}set_(y, 0, {row}, lane, h{k})")
    return lines


def _record(traced: Trace) -> list[str]:
    """Return ``record``: the observables of one lane into the two tables of results."""
    lines = ["@J", "def record(y, p, q, n, lane, out, at, own_out, own_at):"]
    body_loads = {**_one("y", traced.states), **_one("p", traced.shared)}
    needed = {str(s) for part in traced.observables.values() for s in part.free_symbols}
    totals = {name: t for name, t in traced.totals.items() if str(t) in needed}
    lines += [f"{_IN}{t} = one(0.0)" for t in totals.values()]
    parts = [*traced.replicate_observables.values(), *(traced.shed[name] for name in totals)]
    if parts:
        count = len(traced.replicate_observables)
        loads = {
            **body_loads,
            **_one("y", traced.replicate_states, "b"),
            **_one("q", traced.own, "a"),
        }
        lines += _loop("n")
        lines += straight_line(parts, [f"o{k}" for k in range(len(parts))], loads, indent=_IN2)
        place = f"own_at + i*{count}"
        lines += [f"{_IN2}store(own_out, {place}, {k}, o{k})" for k in range(count)]
        lines += [f"{_IN2}{t} = {t} + o{count + k}" for k, t in enumerate(totals.values())]
    parts = list(traced.observables.values())
    lines += straight_line(parts, [f"h{k}" for k in range(len(parts))], body_loads, indent=_IN)
    lines += [f"{_IN}store(out, at, {k}, h{k})" for k in range(len(parts))]
    return [*lines, f"{_IN}return"]
