"""The functions of a rate as SymPy functions, with the derivatives that the kernels use."""

from typing import Any

import sympy as sp

from abscope.engine.declaration import System
from abscope.engine.trace import Trace, trace

__all__ = ["Maximum", "Minimum", "Power", "Step", "apply", "symbolic"]


class Step(sp.Function):  # type: ignore[misc]
    """1 where the argument is above 0, else 0; constant almost everywhere."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:  # noqa: ARG002
        """Return 0."""
        return sp.Integer(0)

    def _latex(self, printer: Any) -> str:
        return rf"\mathbb{{1}}\left[{printer.doprint(self.args[0])} > 0\right]"


class Power(sp.Function):  # type: ignore[misc]
    """x^e where x > 0 and 0 elsewhere."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return e x^(e-1) or x^e log x; the logarithm counts as 0 where x <= 0."""
        x, exponent = self.args
        if argindex == 1:
            return exponent * Power(x, exponent - 1)
        return Power(x, exponent) * sp.log(Maximum(x, sp.Float(1e-300)))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        x, exponent = self.args
        if exponent == sp.Rational(1, 2) or exponent == sp.Float(0.5):
            text = rf"\sqrt{{{printer.doprint(x)}}}"
        else:
            base = printer.doprint(x)
            base = base if x.is_Symbol else rf"\left({base}\right)"
            text = rf"{{{base}}}^{{{printer.doprint(exponent)}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class Maximum(sp.Function):  # type: ignore[misc]
    """The larger of two."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return 1 for the larger argument, 0 for the other."""
        x, y = self.args
        return Step(x - y) if argindex == 1 else 1 - Step(x - y)

    def _latex(self, printer: Any) -> str:
        inner = ", ".join(printer.doprint(argument) for argument in self.args)
        return rf"\max\left({inner}\right)"


class Minimum(sp.Function):  # type: ignore[misc]
    """The smaller of two."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Return 1 for the smaller argument, 0 for the other."""
        x, y = self.args
        return Step(y - x) if argindex == 1 else 1 - Step(y - x)

    def _latex(self, printer: Any) -> str:
        inner = ", ".join(printer.doprint(argument) for argument in self.args)
        return rf"\min\left({inner}\right)"


def apply(function: str, *arguments: Any) -> Any:
    """Return the function of symbols; a whole power is written as a product."""
    values = [sp.sympify(argument) for argument in arguments]
    match function:
        case "exp":
            return sp.exp(values[0])
        case "log":
            return sp.log(values[0])
        case "maximum":
            return Maximum(*values)
        case "minimum":
            return Minimum(*values)
        case "step":
            return Step(values[0])
    return Power(*values)


def symbolic(system: System) -> Trace:
    """Return the expressions of a system on SymPy symbols."""
    return trace(system, lambda name, fixed: sp.Symbol(name), sp.sympify)  # noqa: ARG005
