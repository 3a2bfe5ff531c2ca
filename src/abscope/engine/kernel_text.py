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

from abscope.engine.algebra import Algebra, Node
from abscope.engine.declaration import System
from abscope.engine.elimination import Elimination, eliminate
from abscope.engine.printing import Fixed, Lines
from abscope.engine.trace import Jump, Trace, trace

__all__ = ["Layout", "kernel_text"]

_IN, _IN2 = " " * 4, " " * 8
_Places = dict[tuple[int, int], Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """How many rows the factors take: per replicate and for the body."""

    replicate_factors: int
    body_factors: int


def kernel_text(system: System, *, onto: bool, derived: bool = True) -> tuple[str, int]:
    """Return the printed functions of a system and the rows that the factors of the body take.

    With ``onto`` the rates are added to what dy holds, which saves a Rosenbrock stage one pass.
    ``derived`` False computes what is fixed at each use, and prints no ``derive``.
    """
    algebra = Algebra()

    def symbol(name: str, fixed: bool) -> Node:
        return algebra.symbol(name, fixed=fixed)

    traced = trace(system, symbol, algebra.lift)
    fixed = Fixed(len(traced.shared)) if derived else None
    border = _Border(traced, algebra, fixed)
    factor, layout = border.factor()
    rates = _rates(traced, fixed, onto=onto)
    lines = [
        f"BODY, OWN, FACTORS = {len(traced.states)}, {len(traced.replicate_states)}, "
        f"{layout.replicate_factors}",
        f"OWN_PARAMETERS = {len(traced.own)}",
        *(_derive(traced, fixed) if fixed else []),
        *rates,
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


def _loop(*, factors: bool = False, fixed: bool = False) -> list[str]:
    start = f"{_IN2}b = BODY + OWN*i; a = OWN_PARAMETERS*i"
    start += "; f = FACTORS*i" if factors else ""
    return [f"{_IN}for i in range(n):", start + ("; g = FIXED + FIXED_OWN*i" if fixed else "")]


def _varies(name: str) -> bool:
    return name.startswith(("x_", "q_"))


def _begin(lines: Lines, parts: list[Node], traced: Trace, *, factors: bool = False) -> Any:
    """Begin a loop over the replicates; what is the same for all of them comes before it."""
    lines.before_loop(parts, _varies)
    first, second = _loop(factors=factors, fixed=lines.fixed is not None)
    loads = {**_row("y", traced.replicate_states, "b"), **_row("q", traced.own, "a")}
    outside = lines.begin_loop(first.strip(), loads)
    lines.add(second.strip())
    return outside


def _derive(traced: Trace, fixed: Fixed) -> list[str]:
    """Return ``derive``: the fixed parts of one lane, from its parameters."""
    shared, own = list(fixed.body), list(fixed.replicate)
    sizes = [
        f"FIXED, FIXED_OWN = {fixed.first + len(shared)}, {len(own)}",
        "@J",
        "def derive(p, q, n, lane):",
    ]
    lines = Lines(_one("p", traced.shared))
    targets = [f"h{k}" for k in range(len(shared))]
    lines.set(shared, targets)
    lines.add(*(f"set_(p, 0, {fixed.first + k}, lane, h{k})" for k in range(len(shared))))
    if own:
        lines.before_loop(own, _varies)
        first, second = _loop(fixed=True)
        outside = lines.begin_loop(first.strip(), _one("q", traced.own, "a"))
        lines.add(second.strip())
        targets = [f"o{k}" for k in range(len(own))]
        lines.set(own, targets)
        lines.add(*(f"set_(p, g, {k}, lane, o{k})" for k in range(len(own))))
        lines.end_loop(outside)
    return [*sizes, *lines.text, f"{_IN}return"]


def _rates(traced: Trace, fixed: Fixed | None, *, onto: bool) -> list[str]:
    head = ["@J", "def rates(y, dy, p, q, here, n):"]
    lines = Lines({**_row("y", traced.states), **_row("p", traced.shared)}, fixed=fixed)

    def rate(place: str, value: str) -> str:
        return f"put(dy, {place}, {f'vec(dy, {place}) + ' if onto else ''}{value})"

    if traced.replicate_rates:
        totals = [str(name) for name in traced.totals.values()]
        lines.add(*(f"{name} = splat(0.0)" for name in totals))
        parts = [*traced.replicate_rates.values(), *traced.shed.values()]
        outside = _begin(lines, parts, traced)
        lines.add("w = val(vec(here, i, 0))")
        lines.set(parts, [f"o{k}" for k in range(len(parts))])
        size = len(traced.replicate_rates)
        lines.add(*(rate(f"b, {k}", f"w*o{k}") for k in range(size)))
        lines.add(*(f"{name} = {name} + w*o{size + k}" for k, name in enumerate(totals)))
        lines.end_loop(outside)
        lines.known |= {total: str(total) for total in traced.totals.values()}
    parts = list(traced.rates.values())
    lines.set(parts, [f"h{k}" for k in range(len(parts))])
    lines.add(*(rate(f"0, {k}", f"h{k}") for k in range(len(parts))))
    return [*head, *lines.text, f"{_IN}return"]


def _derivatives(algebra: Algebra, expressions: Any, symbols: Any) -> _Places:
    found = {}
    for i, expression in enumerate(expressions.values()):
        for j, symbol in enumerate(symbols.values()):
            derivative = algebra.slope(expression, str(symbol))
            if derivative is not algebra.zero:
                found[i, j] = derivative
    return found


def _matrix(entries: _Places, letter: str, size: int) -> dict[tuple[int, int], str]:
    matrix = {(i, j): f"-{letter}{i}_{j}" for i, j in entries}
    for k in range(size):
        matrix[k, k] = f"sigma - {letter}{k}_{k}" if (k, k) in entries else "sigma"
    return matrix


class _Border:
    """The bordered matrix sigma I - J of a system, eliminated replicate by replicate."""

    def __init__(self, traced: Trace, algebra: Algebra, fixed: Fixed | None) -> None:
        self.traced, self.fixed = traced, fixed

        def slopes(of: Any, by: Any) -> _Places:
            return _derivatives(algebra, of, by)

        self.within = slopes(traced.replicate_rates, traced.replicate_states)
        self.seen = slopes(traced.replicate_rates, traced.states)
        self.shed = slopes(traced.shed, traced.replicate_states)
        self.shed_body = slopes(traced.shed, traced.states)
        self.body = slopes(traced.rates, traced.states)
        self.answer = slopes(traced.rates, traced.totals)
        self.columns = sorted({j for _, j in (*self.seen, *self.shed_body)})
        self.rows = sorted({k for k, _ in self.shed})
        #: where a replicate keeps the columns Z and the row G among its factors
        self.kept_column: dict[tuple[int, int], int] = {}
        self.kept_shed: dict[Node, int] = {}
        self.kept = 0
        self.own: Elimination | None = None
        self.whole: Elimination | None = None

    @property
    def size(self) -> int:
        """Return the number of states of a replicate."""
        return len(self.traced.replicate_states)

    def factor(self) -> tuple[list[str], Layout]:
        """Return the lines of ``factor`` and the room that it needs."""
        traced = self.traced
        lines = Lines({**_row("y", traced.states), **_row("p", traced.shared)}, fixed=self.fixed)
        lines.add(*(f"g{k}_{c} = splat(0.0)" for k, c in self._collected()))
        needed = {name for part in self._body_parts() for name in part.depends}
        totals = {name: t for name, t in traced.totals.items() if str(t) in needed}
        lines.add(*(f"{name} = splat(0.0)" for name in totals.values()))
        per_replicate = 0
        if self.size:
            self._factor_replicate(lines, totals)
            per_replicate = self.kept
        lines.known |= {total: str(total) for total in traced.totals.values()}
        self._factor_body(lines)
        slots = len(self.whole.slots) if self.whole else 0
        head = ["@J", "def factor(y, p, q, here, sigma, lu, ls, n):"]
        return [*head, *lines.text], Layout(per_replicate, slots + len(self.answer))

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

    def _factor_replicate(self, lines: Lines, totals: Any) -> None:
        traced, size = self.traced, self.size
        groups = {"A": self.within, "B": self.seen, "G": self.shed, "H": self.shed_body}
        raw = {"A": "A", "B": "Br", "G": "G", "H": "Hr"}
        targets = [f"{raw[letter]}{i}_{j}" for letter, found in groups.items() for i, j in found]
        targets += [f"v_{name}" for name in totals]
        parts = [part for found in groups.values() for part in found.values()]
        parts += [traced.shed[name] for name in totals]
        outside = _begin(lines, parts, traced, factors=True)
        start = len(lines.text)
        lines.add("w = val(vec(here, i, 0))")
        lines.set(parts, targets)
        for letter in "BH":  # a replicate that is not there has the solution 0, whatever G is
            lines.add(*(f"{letter}{i}_{j} = w*{letter}r{i}_{j}" for i, j in groups[letter]))
        lines.add(*(f"{t} = {t} + w*v_{name}" for name, t in totals.items()))
        text, self.own = eliminate(_matrix(self.within, "A", size), name="L", indent="")
        lines.add(*text)
        solved: list[list[str]] = []
        for c, j in enumerate(self.columns):
            given = [f"B{i}_{j}" if (i, j) in self.seen else "0.0" for i in range(size)]
            text, column = self.own.solve(given, "L{}".format, name=f"z{c}", indent="")
            lines.add(*text)
            solved.append(column)
        keep = {f"L{slot}": slot for slot in self.own.by_rows()}
        for c, column in enumerate(solved):
            for i, name in enumerate(column):
                if name != "0.0":
                    keep[name] = self.kept_column[c, i] = len(keep)
        for (k, i), part in self.shed.items():
            if part.number is None and part not in self.kept_shed:
                keep[f"G{k}_{i}"] = self.kept_shed[part] = len(keep)
        self.kept = len(keep)
        lines.add(*(f"put(lu, f, {k}, {name})" for name, k in keep.items()))
        for k, c in self._collected():
            terms = [
                f"G{k}_{i}*{solved[c][i]}"
                for i in range(size)
                if (k, i) in self.shed and solved[c][i] != "0.0"
            ]
            if (k, self.columns[c]) in self.shed_body:
                terms.append(f"H{k}_{self.columns[c]}")
            if terms:
                lines.add(f"g{k}_{c} = g{k}_{c} + {' + '.join(terms)}")
        lines.in_order_of_need(start)
        lines.end_loop(outside)

    def _factor_body(self, lines: Lines) -> None:
        if not self.traced.rates:
            lines.add("return")
            return
        targets = [f"D{i}_{j}" for i, j in self.body] + [f"Q{i}_{k}" for i, k in self.answer]
        lines.set(self._body_parts(), targets)
        matrix = _matrix(self.body, "D", len(self.traced.states))
        for i, k in self.answer:
            for kk, c in self._collected():
                if kk == k:
                    place = (i, self.columns[c])
                    matrix[place] = f"{matrix.get(place, '')} - Q{i}_{k}*g{k}_{c}"
        text, self.whole = eliminate(matrix, name="S", indent="")
        lines.add(*text)
        keep = [f"S{slot}" for slot in range(len(self.whole.slots))]
        keep += [f"Q{i}_{k}" for i, k in self.answer]
        lines.add(*(f"put(ls, 0, {k}, {name})" for k, name in enumerate(keep)))

    def solve(self) -> list[str]:
        """Return the lines of ``solve``, which replaces x by the solution."""
        lines = ["@J", "def solve(x, lu, ls, n):"]
        lines += [f"{_IN}g{k} = splat(0.0)" for k in self.rows]

        def factor(slot: int) -> str:
            return f"vec(lu, f, {slot})"

        if self.own is not None:
            lines += _loop(factors=True)
            given = [f"vec(x, b, {i})" for i in range(self.size)]
            text, solved = self.own.solve(given, factor, name="r", indent=_IN2)
            lines += text
            lines += [f"{_IN2}put(x, b, {i}, {name})" for i, name in enumerate(solved)]
            for k in self.rows:
                terms = [
                    f" + {part.number or factor(self.kept_shed[part])}*{solved[i]}"
                    for (row, i), part in self.shed.items()
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
            lines += _loop(factors=True)
            for i in range(self.size):
                terms = [
                    f" + {factor(self.kept_column[c, i])}*{answers[j]}"
                    for c, j in enumerate(self.columns)
                    if (c, i) in self.kept_column and answers[j] != "0.0"
                ]
                if terms:
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
    lines = Lines({**_one("y", traced.states), **_one("p", traced.shared), **fields})
    lines.add("pass")
    if jump.replicate:
        size, count = len(jump.fields), len(jump.replicate_fields)
        own = {
            str(s): f"brought(data, at + {count}*i, {size + k})"
            for k, s in enumerate(jump.replicate_fields.values())
        }
        loads = {**_one("y", traced.replicate_states, "b"), **_one("q", traced.own, "a"), **own}
        parts, names = list(jump.replicate.values()), own.keys()
        lines.before_loop(parts, lambda name: _varies(name) or name in names)
        first, second = _loop()
        outside = lines.begin_loop(first.strip(), loads)
        lines.add(second.strip())
        lines.set(parts, [f"o{k}" for k in range(len(parts))])
        for k, name in enumerate(jump.replicate):
            row = list(traced.replicate_states).index(name)
            lines.add(f"set_(y, b, {row}, lane, o{k})")
        lines.end_loop(outside)
    if jump.body:
        lines.set(list(jump.body.values()), [f"h{k}" for k in range(len(jump.body))])
        for k, name in enumerate(jump.body):
            row = list(traced.states).index(name)
            lines.add(f"set_(y, 0, {row}, lane, h{k})")
    return lines.text


def _record(traced: Trace) -> list[str]:
    """Return ``record``: the observables of one lane into the two tables of results."""
    head = ["@J", "def record(y, p, q, n, lane, out, at, own_out, own_at):"]
    lines = Lines({**_one("y", traced.states), **_one("p", traced.shared)})
    needed = {name for part in traced.observables.values() for name in part.depends}
    totals = {name: t for name, t in traced.totals.items() if str(t) in needed}
    lines.add(*(f"{t} = one(0.0)" for t in totals.values()))
    parts = [*traced.replicate_observables.values(), *(traced.shed[name] for name in totals)]
    if parts:
        count = len(traced.replicate_observables)
        lines.before_loop(parts, _varies)
        first, second = _loop()
        loads = {**_one("y", traced.replicate_states, "b"), **_one("q", traced.own, "a")}
        outside = lines.begin_loop(first.strip(), loads)
        lines.add(second.strip())
        lines.set(parts, [f"o{k}" for k in range(len(parts))])
        place = f"own_at + i*{count}"
        lines.add(*(f"store(own_out, {place}, {k}, o{k})" for k in range(count)))
        lines.add(*(f"{t} = {t} + o{count + k}" for k, t in enumerate(totals.values())))
        lines.end_loop(outside)
        lines.known |= {total: str(total) for total in totals.values()}
    parts = list(traced.observables.values())
    lines.set(parts, [f"h{k}" for k in range(len(parts))])
    lines.add(*(f"store(out, at, {k}, h{k})" for k in range(len(parts))))
    return [*head, *lines.text, f"{_IN}return"]
