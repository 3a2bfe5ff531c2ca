"""SymPy expressions printed as straight-line Python on the numbers of a kernel."""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

__all__ = ["Loads", "straight_line"]

#: name of a symbol -> the text that loads its value from an array
Loads = Mapping[str, str]

_CALLS = {
    "Power": "power", "Maximum": "maximum", "Minimum": "minimum", "Step": "step",
    "exp": "exp", "log": "log",
}  # fmt: skip


class _Printer(PythonCodePrinter):  # type: ignore[misc]
    """Prints floats exactly, whole powers as products and quotients with one division."""

    def _print_Float(self, number: Any) -> str:  # noqa: N802 - the name SymPy looks for
        return repr(float(number))

    def _print_Integer(self, number: Any) -> str:  # noqa: N802
        return repr(float(int(number)))

    def _print_Rational(self, number: Any) -> str:  # noqa: N802
        return repr(number.p / number.q)

    def _print_Function(self, call: Any) -> str:  # noqa: N802
        arguments = ", ".join(self._print(argument) for argument in call.args)
        return f"{_CALLS[type(call).__name__]}({arguments})"

    _print_exp = _print_log = _print_Function

    def _print_Pow(self, power: Any, rational: bool = False) -> str:  # noqa: N802, ARG002
        return self._print_Mul(power)

    def _print_Mul(self, product: Any) -> str:  # noqa: N802
        over: list[str] = []
        under: list[str] = []
        for factor in sp.Mul.make_args(product):
            base, power = factor.as_base_exp()
            if isinstance(factor, sp.exp) or not power.is_Integer:
                base, power = factor, sp.Integer(1)
            text = f"({self._print(base)})" if base.is_Add or _negative(base) else self._print(base)
            (over if power > 0 else under).extend([text] * abs(int(power)))
        if over and over[0] == "(-1.0)" and len(over) > 1:
            over = [f"-{over[1]}", *over[2:]]
        text = "*".join(over) or "1.0"
        return f"{text}/({'*'.join(under)})" if under else text


def _negative(expression: Any) -> bool:
    return bool(expression.is_number and expression < 0)


def _fresh(targets: Sequence[str]) -> Any:
    """Return names for shared parts that no other group of lines of a function uses."""
    return sp.numbered_symbols(f"c{targets[0]}_")


def straight_line(
    expressions: Sequence[Any], targets: Sequence[str], loads: Loads, *, indent: str
) -> list[str]:
    """Return lines that load what is needed, share common subexpressions and set the targets."""
    if not expressions:
        return []
    shared, reduced = sp.cse(list(expressions), symbols=_fresh(targets), order="none")
    used = {str(symbol) for part in reduced for symbol in part.free_symbols}
    used |= {str(symbol) for _, part in shared for symbol in part.free_symbols}
    printer = _Printer()
    lines = [f"{indent}{name} = {text}" for name, text in loads.items() if name in used]
    lines += [f"{indent}{name} = {printer.doprint(part)}" for name, part in shared]
    lines += [
        f"{indent}{target} = {printer.doprint(part)}"
        for target, part in zip(targets, reduced, strict=True)
    ]
    return lines
