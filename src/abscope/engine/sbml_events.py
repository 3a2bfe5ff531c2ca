"""The stops of a member as events of SBML: what happens at an instant, in the engine's order.

Every jump is a function of SBML that is defined once and called for each replicate: a course of
thirty equal fractions has the functions of one. A state that a jump leaves as it is, is not set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import sympy as sp

from abscope.engine.declaration import Field, Parameter, System
from abscope.engine.sbml_math import MATHML, MathPrinter, Number, number
from abscope.engine.setup import Arrays
from abscope.engine.symbols import Maximum, Minimum
from abscope.engine.tables import END, OBSERVE, SET_OWN, SET_SHARED, Stops
from abscope.engine.trace import Jump, Trace
from abscope.engine.units import ONE, parse_unit

__all__ = ["EventPrinter", "Names"]

_TIME = "http://www.sbml.org/sbml/symbols/time"


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of a member: ``body`` by symbol, ``replicates`` one mapping by symbol for each."""

    body: Mapping[Any, str]
    replicates: tuple[Mapping[Any, str], ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One jump of one state: its symbol, what becomes of it, and the fields that it may use."""

    name: str
    symbol: Any
    expression: Any
    fields: Mapping[Any, Field]


class EventPrinter:
    """Prints the events of one member; the functions that they call are in ``functions``."""

    def __init__(self, system: System, traced: Trace, printer: MathPrinter, names: Names) -> None:
        self.system, self.printer, self.names = system, printer, names
        self.functions: list[Element] = []
        self._calls: dict[tuple[str, tuple[float, ...]], tuple[str, list[Any]]] = {}
        self._bounds = _signs(system, traced)
        self._body = {jump.name: _kinds(system, traced, jump, own=False) for jump in traced.jumps}
        self._own = {jump.name: _kinds(system, traced, jump, own=True) for jump in traced.jumps}

    def events(self, arrays: Arrays, stops: Stops, member: int) -> list[Element]:
        """Return the events of a member, with times from its start on."""
        start = float(arrays.start[member])
        found: list[Element] = []
        rows = range(int(stops.first[member]), int(stops.first[member + 1]))
        for time, group in groupby(rows, key=lambda k: float(stops.time[k])):
            steps = list(self._steps(arrays, stops, list(group)))
            for order, (title, settings) in enumerate(steps):
                whole = self._event(f"event_{len(found) + 1}", title, time - start)
                if len(steps) > 1:
                    rank = SubElement(SubElement(whole, "priority"), "math", xmlns=MATHML)
                    rank.append(number(len(steps) - order, "dimensionless"))
                assignments = SubElement(whole, "listOfEventAssignments")
                for variable, content in settings:
                    one = SubElement(assignments, "eventAssignment", variable=variable)
                    SubElement(one, "math", xmlns=MATHML).append(content)
                found.append(whole)
        return found

    def _event(self, name: str, title: str, time: float) -> Element:
        """Return an event of an instant; at its trigger nothing is kept, so order decides."""
        whole = Element("event", id=name, name=title, useValuesFromTriggerTime="false")
        trigger = SubElement(whole, "trigger", initialValue="false", persistent="true")
        when = SubElement(SubElement(trigger, "math", xmlns=MATHML), "apply")
        SubElement(when, "geq")
        SubElement(when, "csymbol", encoding="text", definitionURL=_TIME).text = "time"
        when.append(number(time, self.printer.units.id(self.system.time_unit)))
        return whole

    def _steps(
        self, arrays: Arrays, stops: Stops, rows: list[int]
    ) -> Iterator[tuple[str, list[tuple[str, Element]]]]:
        """Yield what happens at one instant: first the inputs that change, then event by event."""
        inputs: dict[str, tuple[str, Element]] = {}
        jumps = []
        for k in rows:
            kind, ref = int(stops.kind[k]), int(stops.ref[k])
            if kind in (SET_SHARED, SET_OWN):
                name, unit, variable = self._input(kind, ref)
                value = number(float(stops.value[k]), self.printer.units.id(unit))
                inputs[variable] = (name, value)
            elif kind not in (OBSERVE, END):
                jumps.append((kind, stops.data[ref:]))
        if inputs:
            title = " and ".join(dict.fromkeys(name for name, _ in inputs.values()))
            yield title, [(variable, value) for variable, (_, value) in inputs.items()]
        for kind, data in jumps:
            event = self.system.events[kind]
            settings = list(self._jump(kind, data, int(arrays.most)))
            if settings:
                yield event.name, settings

    def _input(self, kind: int, ref: int) -> tuple[str, str, str]:
        """Return the name of an input, its unit and its id."""
        if kind == SET_SHARED:
            body = self.system.body
            found = (*body.parameters, *body.inputs)[ref]
            return found.name, found.unit, self.names.body[sp.Symbol(f"p_{found.name}")]
        replicate = self.system.replicate
        rows = (*replicate.parameters, *replicate.inputs) if replicate else ()
        i, place = divmod(ref, len(rows))
        symbol = sp.Symbol(f"q_{rows[place].name}")
        return rows[place].name, rows[place].unit, self.names.replicates[i][symbol]

    def _jump(self, kind: int, data: Any, most: int) -> Iterator[tuple[str, Element]]:
        event = self.system.events[kind]
        shared = {field.name: float(data[k]) for k, field in enumerate(event.fields)}
        for state in self._body[event.name]:
            if call := self._call(state, shared, self.names.body):
                yield self.names.body[state.symbol], call
        size, count = len(event.fields), len(event.replicate_fields)
        table = data[size : size + most * count].reshape(most, count)
        for i, ids in enumerate(self.names.replicates):
            own = {field.name: float(table[i, k]) for k, field in enumerate(event.replicate_fields)}
            for state in self._own[event.name]:
                if call := self._call(state, shared | own, {**self.names.body, **ids}):
                    yield ids[state.symbol], call

    def _call(
        self, kind: _Kind, fields: Mapping[str, float], ids: Mapping[Any, str]
    ) -> Element | None:
        """Return the call of the function that sets a state, None where the state stays."""
        key = (kind.name, tuple(fields[field.name] for field in kind.fields.values()))
        if key not in self._calls:
            self._calls[key] = self._define(kind, fields)
        name, arguments = self._calls[key]
        if not name:
            return None
        whole = Element("apply")
        for text in (name, *(ids[argument] for argument in arguments)):
            SubElement(whole, "ci").text = text
        return whole

    def _define(self, kind: _Kind, fields: Mapping[str, float]) -> tuple[str, list[Any]]:
        numbers: dict[Any, Number] = {}
        stands: dict[Any, Any] = {}
        for symbol, field in kind.fields.items():
            value, unit = fields[field.name], parse_unit(field.unit)
            if value == 0 or unit == ONE:
                stands[symbol] = sp.Integer(int(value)) if value.is_integer() else sp.Float(value)
                continue
            same = sp.Symbol(f"number_{value!r}_{unit}", positive=value > 0 or None)
            stands[symbol], numbers[same] = same, Number(value, unit)
        expression = self._settled(kind.expression.xreplace(stands))
        if expression == kind.symbol:
            return "", []
        used, unit = expression.free_symbols, self.printer.symbol_units[kind.symbol]
        arguments = sorted(used - set(numbers), key=str)
        same = [
            name for (known, _), (name, _) in self._calls.items() if known == kind.name and name
        ]
        name = f"{kind.name}_{len(same) + 1}"
        whole = Element("functionDefinition", id=name)
        whole.append(self.printer.function(expression, arguments, numbers, unit))
        self.functions.append(whole)
        return name, arguments

    def _settled(self, expression: Any) -> Any:
        """Return the expression without corners at zero that the bounds of parameters decide."""
        zero = sp.Integer(0)
        found = {
            call: (zero if isinstance(call, Minimum) else other)
            for call in expression.atoms(Minimum, Maximum)
            if zero in call.args
            for other in [call.args[0] if call.args[1] == zero else call.args[1]]
            if other in self._bounds
        }
        return expression.xreplace(found).doit() if found else expression


def _signs(system: System, traced: Trace) -> set[Any]:
    """Return the symbols of the parameters that cannot be below zero."""
    replicate = system.replicate
    found = []
    for declared, symbols in (
        (system.body.parameters, traced.shared),
        (replicate.parameters if replicate else (), traced.own),
    ):
        rows: tuple[Parameter, ...] = declared
        found += [symbols[row.name] for row in rows if row.low >= 0]
    return set(found)


def _kinds(system: System, traced: Trace, jump: Jump, *, own: bool) -> tuple[_Kind, ...]:
    event = system.event(jump.name)
    fields: list[Field] = [*event.fields, *(event.replicate_fields if own else ())]
    symbols = {**jump.fields, **jump.replicate_fields}
    states, after = (traced.replicate_states, jump.replicate) if own else (traced.states, jump.body)
    return tuple(
        _Kind(
            name=f"{jump.name}_{name}",
            symbol=states[name],
            expression=expression,
            fields={
                symbols[field.name]: field
                for field in fields
                if symbols[field.name] in expression.free_symbols
            },
        )
        for name, expression in after.items()
    )
