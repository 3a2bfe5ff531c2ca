"""A model that goes in steps instead of differential equations: one rule, run and printed.

The rule is a function over names, ``rule(now, p, total)``: ``now`` holds the states and the inputs
of this step, ``p`` the parameters, ``total`` sums over the elements of a model that has them. It
returns every state one step later, and is run on floats, NumPy arrays and SymPy symbols alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from abscope.engine.declaration import Input, Parameter, State

__all__ = ["SteppedModel", "stepped_equations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedModel:
    """A map from one step to the next.

    ``notes`` says in Markdown how the inputs follow from the history (a delay) and from the plan.
    """

    name: str
    step: str
    states: tuple[State, ...]
    parameters: tuple[Parameter, ...]
    rule: Callable[..., Mapping[str, Any]]
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()


def stepped_equations(model: SteppedModel) -> str:
    """Return Markdown: what every state is after one step, and tables of what is named."""
    import sympy as sp

    from abscope.engine.functions import NAMED

    now = {q.name: _symbol(q) for q in (*model.states, *model.inputs)}
    constants = {q.name: _symbol(q) for q in model.parameters}
    named: dict[str, Any] = {}

    def collect(name: str, value: Any) -> Any:
        named[name] = sp.sympify(value)
        return sp.Symbol(f"{{{name}}}")

    token = NAMED.set(collect)
    try:
        after = model.rule(SimpleNamespace(**now), SimpleNamespace(**constants), _sum)
    finally:
        NAMED.reset(token)
    lines = [
        f"# {model.name}",
        "",
        f"One step is {model.step}; a prime marks the value after it.",
        "",
    ]
    known = {sp.Symbol(f"{{{name}}}") for name in named}
    lines += [line for name, value in named.items() for line in (_equation(name, value), "")]
    for state in model.states:
        if after[state.name] not in known:
            lines += [_equation(f"{now[state.name]}'", after[state.name]), ""]
    lines += [line for note in model.notes for line in (note, "")]
    for title, group in (
        ("States", model.states), ("Inputs", model.inputs), ("Parameters", model.parameters),
    ):  # fmt: skip
        if group:
            lines += [f"## {title}", "", "| symbol | name | unit | meaning |", "|---|---|---|---|"]
            lines += [f"| ${_symbol(q)}$ | `{q.name}` | {q.unit} | {q.meaning} |" for q in group]
            lines.append("")
    return "\n".join(lines) + "\n"


def _symbol(quantity: Any) -> Any:
    import sympy as sp

    return sp.Symbol(quantity.symbol or r"\mathrm{" + quantity.name.replace("_", r"\_") + "}")


def _sum(value: Any) -> Any:
    import sympy as sp

    return sp.Symbol(rf"\sum_b \left[{sp.latex(_plain(value), order='none')}\right]")


def _equation(left: str, value: Any) -> str:
    import sympy as sp

    return f"$$ {left} = {sp.latex(_plain(value), order='none')} $$"


def _plain(value: Any) -> Any:
    """Return an expression with 2 for 2.0 and 2/3 for 0.666..., as a person writes it."""
    import sympy as sp

    def simple(number: Any) -> Any:
        near = Fraction(float(number)).limit_denominator(12)
        same = abs(float(near) - float(number)) < 1e-12 * abs(float(number))
        return sp.Rational(near.numerator, near.denominator) if same else number

    return sp.sympify(value).replace(lambda item: item.is_Float, simple)
