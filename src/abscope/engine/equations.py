"""The equations of a system in Markdown with LaTeX, printed from the same rules that are run."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from abscope.engine.declaration import System
from abscope.engine.functions import NAMED

__all__ = ["equations"]

#: Below this a number is what rounding leaves of zero.
_ROUNDING = 1e-12


def equations(system: System) -> str:
    """Return Markdown: the rate of every state, jumps, observables, and tables of what is named.

    A quantity that a rule gives a name with ``named`` stands as this name, with an equation of its
    own. A repeated quantity carries the index i.
    """
    return "\n".join(_Page(system).lines()) + "\n"


class _Page:
    """Symbols by name, and the parts of the page in turn."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.names: dict[Any, str] = {}
        self.parts: dict[Any, list[Any]] = {}
        body, replicate = system.body, system.replicate
        self.body = self._symbols(body.states)
        self.p = self._symbols((*body.parameters, *body.inputs))
        self.x = self._symbols(
            (*replicate.states, *replicate.parameters, *replicate.inputs) if replicate else (), "i"
        )
        self.total = self._symbols(replicate.totals if replicate else ())

    def _symbols(self, quantities: Sequence[Any], index: str = "") -> dict[str, Any]:
        import sympy as sp

        symbols = {}
        for q in quantities:
            symbol = sp.Symbol(f"{q.name}{index}{len(self.names)}")
            self.names[symbol] = _latex_name(q.name, q.symbol, index)
            symbols[q.name] = symbol
        return symbols

    def lines(self) -> list[str]:
        """Return the lines of the page."""
        system, body, replicate = self.system, self.system.body, self.system.replicate
        spaces = [SimpleNamespace(**found) for found in (self.x, self.body, self.total, self.p)]
        x, shared, total, p = spaces
        lines = [f"# {system.name}", "", f"Time in {system.time_unit}.", "", "## Body", ""]
        lines += self._rates(body.rates, (shared, total, p), self.body, body.states)
        if replicate:
            own = {state.name: self.x[state.name] for state in replicate.states}
            lines += [f"## Each {replicate.name} $i$", ""]
            lines += self._rates(replicate.rates, (x, shared, p), own, replicate.states)
            lines += self._sums(replicate.rates, (x, shared, p))
        for event in system.events:
            lines += [f"## Event {event.name}", "", f"{event.meaning}.", ""]
            fields = self._symbols(event.fields)
            every = {**fields, **self._symbols(event.replicate_fields, "i")}
            self.parts = self._numbered(event.replicate_fields, every)
            e, both = SimpleNamespace(**fields), SimpleNamespace(**every)
            lines += self._set(event.body, (shared, p, e), self.body, r"\leftarrow")
            lines += self._set(event.replicate, (x, shared, p, both), self.x, r"\leftarrow")
        if body.observe or (replicate and replicate.observe):
            lines += ["## Observed", ""]
        seen = self._symbols(body.observables)
        lines += self._set(body.observe, (shared, total, p), seen, "=")
        if replicate:
            seen = self._symbols(replicate.observables, "i")
            lines += self._set(replicate.observe, (x, shared, p), seen, "=")
        return lines + self._tables()

    def _run(
        self, rule: Callable[..., Mapping[str, Any]], seen: tuple[Any, ...]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Return what a rule gives, and the quantities that it names on the way."""
        import sympy as sp

        named: dict[str, Any] = {}

        def collect(name: str, value: Any) -> Any:
            symbol = sp.Symbol(f"named{len(self.names)}")
            self.names[symbol] = name
            named[name] = sp.sympify(value)
            return symbol

        token = NAMED.set(collect)
        try:
            return rule(*seen), named
        finally:
            NAMED.reset(token)

    def _rates(self, rule: Any, seen: tuple[Any, ...], symbols: Any, states: Any) -> list[str]:
        if not states:
            return []
        found, named = self._run(rule, seen)
        lines = [self._equation(name, "=", value) for name, value in named.items()]
        for state in states:
            left = rf"\frac{{\mathrm{{d}}{self.names[symbols[state.name]]}}}{{\mathrm{{d}}t}}"
            lines.append(self._equation(left, "=", found[state.name]))
        return [line for part in lines for line in (part, "")]

    def _sums(self, rule: Any, seen: tuple[Any, ...]) -> list[str]:
        found, _ = self._run(rule, seen)
        lines = []
        for name, symbol in self.total.items():
            left = self.names[symbol]
            lines += [self._equation(left, r"= \sum_i", found[name], bracket=True), ""]
        return lines

    def _set(self, rule: Any, seen: tuple[Any, ...], symbols: Any, sign: str) -> list[str]:
        if rule is None:
            return []
        found, named = self._run(rule, seen)
        lines = [self._equation(name, "=", value) for name, value in named.items()]
        lines += [
            self._equation(self.names[symbols[name]], sign, value) for name, value in found.items()
        ]
        return [line for part in lines for line in (part, "")]

    def _equation(self, left: str, sign: str, value: Any, *, bracket: bool = False) -> str:
        import sympy as sp

        whole = sp.sympify(value)
        floats = {number: sp.Integer(int(number)) for number in whole.atoms(sp.Float)
                  if float(number).is_integer()}  # fmt: skip
        exact = whole.xreplace(floats)
        right = self._mean(exact) or sp.latex(exact, symbol_names=self.names, order="none")
        if bracket:
            right = rf"\left({right}\right)"
        return f"$$ {left} {sign} {right} $$"

    def _numbered(self, fields: Sequence[Any], symbols: Mapping[str, Any]) -> dict[Any, list[Any]]:
        """Return the fields that are one quantity of several parts, by the symbol of any part."""
        import sympy as sp

        found: dict[str, list[Any]] = {}
        for field in fields:
            stem, _, number = field.name.rpartition("_")
            if stem and number.isdigit():
                found.setdefault(stem, []).append((field, symbols[field.name]))
        parts = {}
        for stem, several in found.items():
            first, symbol = several[0]
            number = first.name.rpartition("_")[2]
            if len(several) > 1 and f"{{{number}}}" in first.symbol:
                any_part = sp.Symbol(f"{stem}k{len(self.names)}")
                self.names[any_part] = self.names[symbol].replace(f"{{{number}", "{k", 1)
                parts[any_part] = [one for _, one in several]
        return parts

    def _mean(self, whole: Any) -> str | None:
        """Return a mean of one expression over numbered parts as such, None for anything else."""
        import sympy as sp

        for any_part, several in self.parts.items():
            if not whole.free_symbols.issuperset(several):
                continue
            each = whole.xreplace(dict.fromkeys(several, any_part))
            exact = sp.nsimplify(each, rational=True)
            mean = sum(exact.xreplace({any_part: one}) for one in several) / len(several)
            difference = sp.expand(mean - sp.nsimplify(whole, rational=True))
            if all(abs(x) < _ROUNDING for x in difference.as_coefficients_dict().values()):
                text = sp.latex(_exact(each), symbol_names=self.names, order="none")
                n = len(several)
                return rf"\frac{{1}}{{{n}}} \sum_{{k=1}}^{{{n}}} \left({text}\right)"
        return None

    def _tables(self) -> list[str]:
        body, replicate = self.system.body, self.system.replicate
        lines: list[str] = []
        for title, attribute in (("States", "states"), ("Parameters", "parameters"),
                                 ("Inputs", "inputs"), ("Totals", "totals"),
                                 ("Observables", "observables")):  # fmt: skip
            rows = [(q, "") for q in getattr(body, attribute, ())]
            rows += [(q, "i") for q in getattr(replicate, attribute, ())] if replicate else []
            if rows:
                lines += [
                    f"## {title}",
                    "",
                    "| symbol | name | unit | meaning |",
                    "|---|---|---|---|",
                ]
                for q, index in rows:
                    mark = _latex_name(q.name, q.symbol, "" if attribute == "totals" else index)
                    lines.append(f"| ${mark}$ | `{q.name}` | {q.unit} | {q.meaning} |")
                lines.append("")
        return lines


def _exact(value: Any) -> Any:
    """Return an expression with rational numbers, and with e where a float stands for it."""
    import sympy as sp

    numbers = {}
    for number in value.atoms(sp.Float):
        sign = sp.sign(number)
        like_e = abs(sign * number - math.e) < _ROUNDING
        numbers[number] = sign * sp.E if like_e else sp.nsimplify(number, rational=True)
    return value.xreplace(numbers)


def _latex_name(name: str, symbol: str, index: str = "") -> str:
    """Return the LaTeX of a quantity: its symbol, else its name upright, with the index."""
    text = symbol or r"\mathrm{" + name.replace("_", r"\_") + "}"
    if not index:
        return text
    if "_{" in text and text.endswith("}"):
        return text[:-1] + f",{index}}}"
    if "_" in text.replace(r"\_", ""):
        head, tail = text.rsplit("_", 1)
        return f"{head}_{{{tail},{index}}}"
    return f"{text}_{{{index}}}"
