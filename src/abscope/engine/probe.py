"""Numbers that record what a rate does to them: its units are checked, its mathematics is named.

The rules of a declaration are run once on probes. Every operation checks units and becomes a node
of a graph; the graph is the fingerprint of the system. SymPy is not needed for it.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from abscope.engine.units import ONE, Unit
from abscope.errors import Problem

__all__ = ["Names", "Probe", "Recorder"]

_HERE = str(Path(__file__).parent)


class Recorder:
    """Collects nodes, problems and the names that were read while the rules run."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[Any, ...], int] = {}
        self.problems: list[Problem] = []
        self.read: set[str] = set()
        self.place = ""

    def node(self, *key: Any) -> int:
        """Return the number of the node; equal operations are one node."""
        return self.nodes.setdefault(key, len(self.nodes))

    def problem(self, what: str, expected: str, action: str) -> None:
        """Keep a problem with the line of the rule that is running."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
            frame = frame.f_back
        path = Path(frame.f_code.co_filename)
        found = Problem(f"{path.name}:{frame.f_lineno}", what, expected, action, self.place)
        if found not in self.problems:
            self.problems.append(found)

    def literal(self, number: float) -> "Probe":
        """Return a number written in a rule: without unit, and zero fits every unit."""
        node = self.node("number", float(number).hex())
        return Probe(self, node, ONE if number != 0 else None)

    def lift(self, value: Any) -> "Probe":
        """Return the value as a probe; what is neither number nor probe is a problem."""
        if isinstance(value, Probe):
            return value
        try:
            return self.literal(float(value))
        except (TypeError, ValueError):
            self.problem(
                f"a rule computes with {type(value).__name__}",
                "numbers and declared quantities",
                "Return plain expressions of the names that the rule is given.",
            )
            return Probe(self, self.node("unknown"), None)


class Probe:
    """A number with a unit (None: fits every unit) whose operations are recorded."""

    __array_ufunc__ = None  # NumPy numbers leave the operation to us
    __slots__ = ("node", "recorder", "unit")

    def __init__(self, recorder: Recorder, node: int, unit: Unit | None) -> None:
        self.recorder, self.node, self.unit = recorder, node, unit

    def _sum(self, kind: str, left: Any, right: Any) -> "Probe":
        recorder = self.recorder
        a, b = recorder.lift(left), recorder.lift(right)
        unit = _agree(recorder, kind, a.unit, b.unit)
        return Probe(recorder, recorder.node(kind, a.node, b.node), unit)

    def _product(self, kind: str, left: Any, right: Any) -> "Probe":
        recorder = self.recorder
        a, b = recorder.lift(left), recorder.lift(right)
        unit = None
        if a.unit is not None and b.unit is not None:
            unit = a.unit * b.unit if kind == "*" else a.unit / b.unit
        return Probe(recorder, recorder.node(kind, a.node, b.node), unit)

    def __add__(self, other: Any) -> "Probe":
        return self._sum("+", self, other)

    def __radd__(self, other: Any) -> "Probe":
        return self._sum("+", other, self)

    def __sub__(self, other: Any) -> "Probe":
        return self._sum("-", self, other)

    def __rsub__(self, other: Any) -> "Probe":
        return self._sum("-", other, self)

    def __mul__(self, other: Any) -> "Probe":
        return self._product("*", self, other)

    def __rmul__(self, other: Any) -> "Probe":
        return self._product("*", other, self)

    def __truediv__(self, other: Any) -> "Probe":
        return self._product("/", self, other)

    def __rtruediv__(self, other: Any) -> "Probe":
        return self._product("/", other, self)

    def __neg__(self) -> "Probe":
        return Probe(self.recorder, self.recorder.node("neg", self.node), self.unit)

    def __pos__(self) -> "Probe":
        return self

    def __pow__(self, exponent: Any) -> "Probe":
        if isinstance(exponent, int | float) and float(exponent).is_integer():
            unit = None if self.unit is None else self.unit ** int(exponent)
            node = self.recorder.node("^", self.node, int(exponent))
            return Probe(self.recorder, node, unit)
        self.recorder.problem(
            "** with a power that is not a whole number",
            "a whole number after **",
            "Write power(x, exponent), which says what happens at zero.",
        )
        return Probe(self.recorder, self.recorder.node("unknown"), None)

    def __rpow__(self, base: Any) -> "Probe":
        return Probe.__pow__(self.recorder.lift(base), self)

    def __bool__(self) -> bool:
        self.recorder.problem(
            "a rule branches on a state or a parameter",
            "one expression for all values",
            "Use maximum, minimum or step; write a switch as a parameter or as another rule.",
        )
        return False

    def _compare(self, _other: Any) -> bool:
        return bool(self)

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def apply_function(self, function: str, *arguments: Any) -> "Probe":
        """Return a function of probes, with the units that the function asks for."""
        recorder = self.recorder
        probes = [recorder.lift(argument) for argument in arguments]
        unit: Unit | None = ONE
        if function in ("maximum", "minimum"):
            unit = _agree(recorder, function, probes[0].unit, probes[1].unit)
        elif function == "power" and isinstance(arguments[1], int | float):
            unit = None if probes[0].unit is None else probes[0].unit ** float(arguments[1])
        elif function != "step":
            for probe in probes:
                _agree(recorder, function, probe.unit, ONE)
        return Probe(recorder, recorder.node(function, *(probe.node for probe in probes)), unit)


def _agree(recorder: Recorder, kind: str, a: Unit | None, b: Unit | None) -> Unit | None:
    if a is None or b is None:
        return b if a is None else a
    if not a.same(b):
        recorder.problem(
            f"unit mismatch: {a} {kind} {b}",
            "the same unit on both sides" if kind in "+-" else "units that fit the function",
            "Give a number of this line its unit as a parameter, or correct the declaration.",
        )
        return None
    return a


class Names:
    """The names that a rule is given, as attributes; reading an undeclared one is a problem."""

    def __init__(self, recorder: Recorder, label: str, values: Mapping[str, Probe]) -> None:
        self._recorder, self._label, self._values = recorder, label, dict(values)

    def __getattr__(self, name: str) -> Probe:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._values.get(name)
        if found is None:
            recorder = self._recorder
            recorder.problem(
                f"'{name}' is not declared", f"one of {_listed(self._values)}", "Declare or rename."
            )
            return Probe(recorder, recorder.node("unknown"), None)
        self._recorder.read.add(f"{self._label}.{name}")
        return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no name at all"
