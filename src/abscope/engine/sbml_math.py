"""SymPy expressions of a system as MathML, with the unit of every number that stands in it.

A number that a rule writes is plain, and zero takes the unit of what it is added to or compared
with: that is what the check of a declaration makes sure of.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import sympy as sp

from abscope.engine.sbml_units import Units
from abscope.engine.symbols import Maximum, Minimum, Power, Step
from abscope.engine.units import ONE, Unit

__all__ = ["MATHML", "MathPrinter", "Number", "number"]

MATHML = "http://www.w3.org/1998/Math/MathML"


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit, which stands for a symbol."""

    value: float
    unit: Unit


def number(value: float, unit: str | None) -> Element:
    """Return ``cn`` of a finite number; ``unit`` is the id of its unit, None: not declared."""
    whole = Element("cn", {} if unit is None else {"sbml:units": unit})
    text = repr(float(value))
    digits, _, power = text.partition("e")
    whole.text = digits.removesuffix(".0")
    if power:
        whole.set("type", "e-notation")
        SubElement(whole, "sep").tail = str(int(power))
    return whole


class MathPrinter:
    """Prints expressions; symbols stand for ids or numbers, ``units`` says what unit each has.

    ``positive`` are the symbols that cannot be zero or less.
    """

    def __init__(
        self, units: Units, symbol_units: Mapping[Any, Unit], *, positive: Collection[Any] = ()
    ) -> None:
        self.units, self.symbol_units = units, dict(symbol_units)
        self.positive = frozenset(positive)
        self._symbols: Mapping[Any, str | Number] = {}

    def math(self, expression: Any, symbols: Mapping[Any, str | Number], unit: Unit) -> Element:
        """Return ``math`` of an expression; a bare zero gets the unit."""
        self._symbols = symbols
        whole = Element("math", xmlns=MATHML)
        whole.append(self._print(expression, unit))
        return whole

    def function(
        self, expression: Any, arguments: Sequence[Any], numbers: Mapping[Any, Number], unit: Unit
    ) -> Element:
        """Return ``math`` with the ``lambda`` of symbols, the arguments; the others are numbers."""
        self._symbols = {**numbers, **{argument: str(argument) for argument in arguments}}
        whole = Element("math", xmlns=MATHML)
        form = SubElement(whole, "lambda")
        for argument in arguments:
            SubElement(SubElement(form, "bvar"), "ci").text = str(argument)
        form.append(self._print(expression, unit))
        return whole

    def unit_of(self, expression: Any) -> Unit | None:
        """Return the unit of an expression; None for zero, which fits every unit."""
        if expression.is_Symbol:
            found = self._symbols.get(expression)
            return found.unit if isinstance(found, Number) else self.symbol_units[expression]
        if expression.is_Number:
            return None if expression == 0 else ONE
        if expression.is_Mul:
            whole = ONE
            for factor in expression.args:
                whole = whole * (self.unit_of(factor) or ONE)
            return whole
        if expression.is_Pow or isinstance(expression, Power):
            base, power = expression.args
            unit = self.unit_of(base)
            return ONE if unit is None or not power.is_number else unit ** float(power)
        if expression.is_Add or isinstance(expression, Maximum | Minimum):
            parts = [self.unit_of(part) for part in expression.args]
            return next((unit for unit in parts if unit is not None), None)
        return ONE

    def _print(self, e: Any, unit: Unit | None) -> Element:
        """Return an expression; ``unit`` is that of a zero."""
        if e.is_Number:
            value = e.p / e.q if e.is_Rational else float(e)
            return number(value, self.units.id(unit if value == 0 and unit else ONE))
        if e.is_Symbol:
            return self._symbol(e)
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul or (e.is_Pow and e.exp.is_number and e.exp < 0):
            return self._product(e)
        if e.is_Pow:
            return self._apply("power", e.base, e.exp)
        if isinstance(e, sp.exp):
            return self._apply("exp", e.args[0])
        if isinstance(e, sp.log):
            return self._apply("ln", e.args[0])
        return self._choice(e)

    def _symbol(self, symbol: Any) -> Element:
        found = self._symbols[symbol]
        if isinstance(found, Number):
            return number(found.value, self.units.id(found.unit))
        element = Element("ci")
        element.text = found
        return element

    def _apply(self, operator: str, *parts: Any) -> Element:
        whole = Element("apply")
        SubElement(whole, operator)
        for part in parts:
            whole.append(part if isinstance(part, Element) else self._print(part, None))
        return whole

    def _sum(self, e: Any) -> Element:
        unit = self.unit_of(e)
        plus = [part for part in e.args if not _negative(part)]
        minus = [-part for part in e.args if _negative(part)]
        over = self._added(plus, unit) if plus else None
        under = self._added(minus, unit) if minus else None
        if over is None:
            return self._apply("minus", under)
        return over if under is None else self._apply("minus", over, under)

    def _added(self, parts: list[Any], unit: Unit | None) -> Element:
        printed = [self._print(part, unit) for part in parts]
        return printed[0] if len(printed) == 1 else self._apply("plus", *printed)

    def _product(self, e: Any) -> Element:
        if _negative(e):
            return self._apply("minus", -e)
        over: list[Any] = []
        under: list[Any] = []
        for factor in sp.Mul.make_args(e):
            down = factor.is_Pow and factor.exp.is_number and factor.exp < 0
            (under if down else over).append(1 / factor if down else factor)
        top = self._multiplied(over)
        return self._apply("divide", top, self._multiplied(under)) if under else top

    def _multiplied(self, factors: list[Any]) -> Element:
        if not factors:
            return number(1.0, "dimensionless")
        printed = [self._print(factor, None) for factor in factors]
        return printed[0] if len(printed) == 1 else self._apply("times", *printed)

    def _choice(self, e: Any) -> Element:
        """Return the functions with a corner, as pieces."""
        x, zero = e.args[0], sp.Integer(0)
        if isinstance(e, Step):
            return self._pieces(sp.Integer(1), ("gt", x, zero), zero, ONE)
        if isinstance(e, Power) and e.args[1].is_number and e.args[1] > 0:
            base = self._pieces(x, ("geq", x, zero), zero, self.unit_of(x))
            return self._apply("power", base, e.args[1])
        if isinstance(e, Power):
            # Where both are the same, the zero of x is not a corner: a simulator that follows
            # conditions by their sign would hold a state that begins there at its first piece.
            relation = "geq" if e.args[1] in self.positive else "gt"
            whole = sp.Pow(x, e.args[1], evaluate=False)
            return self._pieces(whole, (relation, x, zero), zero, self.unit_of(e))
        if not isinstance(e, Maximum | Minimum):
            raise TypeError(f"{type(e).__name__} has no MathML here")
        relation = "geq" if isinstance(e, Maximum) else "leq"
        return self._pieces(x, (relation, x, e.args[1]), e.args[1], self.unit_of(e))

    def _pieces(
        self, value: Any, when: tuple[str, Any, Any], other: Any, unit: Unit | None
    ) -> Element:
        whole = Element("piecewise")
        piece = SubElement(whole, "piece")
        piece.append(self._print(value, unit))
        relation, left, right = when
        of = self.unit_of(left) or self.unit_of(right)
        piece.append(self._apply(relation, self._print(left, of), self._print(right, of)))
        SubElement(whole, "otherwise").append(self._print(other, unit))
        return whole


def _negative(e: Any) -> bool:
    return bool(e.as_coeff_Mul()[0] < 0)
