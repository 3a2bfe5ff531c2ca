"""One member of a batch as SBML Level 3, printed from the expressions that the kernels run.

States, totals and observables are parameters with a rate or an assignment rule, the repeated block
stands once for each replicate with its number (``volume_lesion_2``), and every stop is an event at
its exact time. Time begins with the member: SBML time 0 is the ``start`` of the batch.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from abscope.engine.batch import Batch
from abscope.engine.declaration import System, Total
from abscope.engine.sbml_events import EventPrinter, Names
from abscope.engine.sbml_math import MathPrinter
from abscope.engine.sbml_units import Units
from abscope.engine.setup import Arrays, arrays_of
from abscope.engine.stops import stops_of
from abscope.engine.symbols import symbolic
from abscope.engine.trace import Trace
from abscope.engine.units import ONE, Unit, parse_unit
from abscope.errors import EngineError, Problem

__all__ = ["SBML_VERSION", "Constant", "Sbml", "sbml_id", "sbml_of"]

SBML_VERSION = (3, 1)
_CORE = "http://www.sbml.org/sbml/level3/version1/core"
_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True, slots=True)
class Constant:
    """A parameter of the printed model: its id, the name it is declared by and its value.

    ``replicate`` counts from 0; None is the body.
    """

    id: str
    name: str
    replicate: int | None
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Sbml:
    """The printed model: the text, its constants, the time of the batch that its time 0 is.

    ``unsaid`` has the words of units that SBML has no unit for.
    """

    text: str
    constants: tuple[Constant, ...]
    start: float
    unsaid: tuple[str, ...]


def sbml_id(system: System, name: str, *, replicate: int | None = None) -> str:
    """Return the id of a quantity; ``replicate`` counts from 0, the ids from 1."""
    if replicate is None or system.replicate is None:
        return name
    return f"{name}_{system.replicate.name}_{replicate + 1}"


def sbml_of(
    system: System,
    batch: Batch,
    *,
    member: int = 0,
    labels: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Sbml:
    """Return a member of a batch as SBML; ``labels`` name its replicates, ``notes`` are sentences.

    What the engine does and SBML does not say: a state that falls below zero ends a member. Raises
    EngineError as ``simulate`` does, for a member that the batch does not have, and for a name that
    is no SBML id or that two quantities would share.
    """
    arrays, *tables = arrays_of(system, batch)
    stops = stops_of(arrays)
    if not 0 <= member < arrays.members:
        arrays.say("member", f"{member}", f"0 to {arrays.members - 1}")
    traced = symbolic(system)
    count = 0 if arrays.problems else int(arrays.count[member])
    names = _names(system, traced, count)
    problems = [*arrays.problems, *_name_problems(system, names)]
    if problems:
        raise EngineError(problems)
    values = _Values(arrays, member, *tables)
    units = Units()
    printer = MathPrinter(units, _symbol_units(system, traced), positive=_positive(system, traced))
    jumps = EventPrinter(system, traced, printer, names)
    events = jumps.events(arrays, stops, member)
    writer = _Writer(system, traced, printer, names, tuple(labels))
    parameters, constants = writer.parameters(values)
    rules = writer.rules()
    model = Element("model", id=re.sub(r"\W", "_", f"m_{system.name}"), name=system.name)
    if (time := units.id(system.time_unit)) is not None:
        model.set("timeUnits", time)
    start = float(arrays.start[member])
    whole = [_notes(system, start, notes), _list("FunctionDefinitions", jumps.functions)]
    whole += [units.definitions(), _list("Parameters", parameters), _list("Rules", rules)]
    whole.append(_list("Events", events))
    model.extend(part for part in whole if part is not None)
    attributes = {"xmlns": _CORE, "xmlns:sbml": _CORE, "level": "3", "version": "1"}
    document = Element("sbml", attributes)
    document.append(model)
    indent(document, space=" ")
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(document, encoding="unicode")
    return Sbml(text + "\n", constants, start, tuple(sorted(units.unsaid)))


def _list(name: str, parts: Sequence[Element]) -> Element | None:
    if not parts:
        return None
    whole = Element(f"listOf{name}")
    whole.extend(parts)
    return whole


def _notes(system: System, start: float, sentences: Sequence[str]) -> Element:
    whole = Element("notes")
    body = SubElement(whole, "body", xmlns=_XHTML)
    first = f"Time 0 is {start:.17g} {system.time_unit} of the simulation. Research use only."
    for sentence in (*sentences, first):
        SubElement(body, "p").text = sentence
    return whole


def _names(system: System, traced: Trace, count: int) -> Names:
    body = {
        symbol: name
        for symbols in (traced.states, traced.shared, traced.totals)
        for name, symbol in symbols.items()
    }
    own = {**traced.replicate_states, **traced.own}
    replicates = tuple(
        {symbol: sbml_id(system, name, replicate=i) for name, symbol in own.items()}
        for i in range(count)
    )
    return Names(body, replicates)


def _name_problems(system: System, names: Names) -> list[Problem]:
    blocks = [("", system.body), *([("own", system.replicate)] if system.replicate else [])]
    ids = [total.name for total in (system.replicate.totals if system.replicate else ())]
    for own, block in blocks:
        groups = ("states", "parameters", "inputs", "totals", "observables")
        declared = [q.name for group in groups for q in getattr(block, group, ())]
        ids += [
            sbml_id(system, name, replicate=i)
            for name in declared
            for i in (range(len(names.replicates)) if own else [None])
        ]
    found = []
    for name in sorted(set(ids)):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            what, expected = f"'{name}' is no SBML id", "letters without accents, digits and _"
            found.append(Problem(f"system {system.name}", what, expected, "Rename it.", name))
        elif ids.count(name) > 1:
            what = "two quantities have this id in SBML"
            found.append(Problem(f"system {system.name}", what, "an id of its own", "Rename one."))
    return found


def _symbol_units(system: System, traced: Trace) -> dict[Any, Unit]:
    found: dict[Any, Unit] = {}
    blocks = [(system.body, traced.states, traced.shared)]
    if system.replicate is not None:
        blocks.append((system.replicate, traced.replicate_states, traced.own))  # type: ignore[arg-type]
        for total in system.replicate.totals:
            found[traced.totals[total.name]] = parse_unit(total.unit)
    for block, states, others in blocks:
        for state in block.states:
            found[states[state.name]] = parse_unit(state.unit)
        for quantity in (*block.parameters, *block.inputs):
            found[others[quantity.name]] = parse_unit(quantity.unit)
    return found


def _positive(system: System, traced: Trace) -> set[Any]:
    """Return the symbols of the parameters whose bounds leave only numbers above zero."""
    blocks = [(system.body, traced.shared)]
    if system.replicate is not None:
        blocks.append((system.replicate, traced.own))  # type: ignore[arg-type]
    return {
        symbols[parameter.name]
        for block, symbols in blocks
        for parameter in block.parameters
        if parameter.low > 0.0
    }


class _Values:
    """The numbers of one member, by name: initial values and parameters."""

    def __init__(self, arrays: Arrays, member: int, states: Any, shared: Any, own: Any) -> None:
        body, replicate = arrays.system.body, arrays.system.replicate
        size = len(body.states)
        self.body = _by_name(body.states, states[member, :size])
        self.body |= _by_name((*body.parameters, *body.inputs), shared[member])
        self.replicates: list[dict[str, float]] = []
        if replicate is not None and arrays.most:
            begin = states[member, size:].reshape(arrays.most, -1)
            numbers = own[member].reshape(arrays.most, -1)
            for i in range(int(arrays.count[member])):
                row = _by_name(replicate.states, begin[i])
                row |= _by_name((*replicate.parameters, *replicate.inputs), numbers[i])
                self.replicates.append(row)


def _by_name(declared: Sequence[Any], row: Any) -> dict[str, float]:
    return {quantity.name: float(value) for quantity, value in zip(declared, row, strict=True)}


class _Writer:
    """Writes the parameters and the rules of a member."""

    def __init__(
        self,
        system: System,
        traced: Trace,
        printer: MathPrinter,
        names: Names,
        labels: tuple[str, ...],
    ) -> None:
        self.system, self.traced, self.printer = system, traced, printer
        self.names, self.labels = names, labels

    def parameters(self, values: _Values) -> tuple[list[Element], tuple[Constant, ...]]:
        """Return every quantity as a parameter of SBML, and those that are constant."""
        body, replicate = self.system.body, self.system.replicate
        rows: list[Element] = []
        constants: list[Constant] = []
        blocks: list[tuple[Any, int | None, Mapping[str, float]]] = [(body, None, values.body)]
        blocks += [(replicate, i, row) for i, row in enumerate(values.replicates)]
        for block, i, numbers in blocks:
            for group in ("states", "parameters", "inputs", "totals", "observables"):
                for quantity in getattr(block, group, ()):
                    rows.append(self._parameter(quantity, i, numbers, group))
                    if group == "parameters":
                        one = rows[-1].get("id", "")
                        value = numbers[quantity.name]
                        constants.append(Constant(one, quantity.name, i, value, quantity.unit))
        totals = replicate.totals if replicate else ()
        rows += [self._parameter(total, None, {}, "totals") for total in totals]
        return rows, tuple(constants)

    def _parameter(
        self, quantity: Any, i: int | None, numbers: Mapping[str, float], group: str
    ) -> Element:
        label = "" if i is None else f", {self._label(i)}"
        whole = Element("parameter", id=sbml_id(self.system, quantity.name, replicate=i))
        whole.set("name", f"{quantity.meaning}{label}")
        if quantity.name in numbers:
            whole.set("value", f"{numbers[quantity.name]:.17g}")
        if (unit := self.printer.units.id(quantity.unit)) is not None:
            whole.set("units", unit)
        whole.set("constant", "true" if group == "parameters" else "false")
        return whole

    def _label(self, i: int) -> str:
        name = self.system.replicate.name if self.system.replicate else ""
        return self.labels[i] if i < len(self.labels) else f"{name} {i + 1}"

    def rules(self) -> list[Element]:
        """Return the rates of the states, the totals and the observables."""
        traced, system = self.traced, self.system
        found = self._block(system.body, traced.rates, traced.observables, None)
        if system.replicate is not None:
            found += [self._sum(total) for total in system.replicate.totals]
            expressions = {**traced.replicate_rates, **traced.shed}
            for i in range(len(self.names.replicates)):
                seen = traced.replicate_observables
                found += self._block(system.replicate, expressions, seen, i)
        return found

    def _block(
        self,
        block: Any,
        rates: Mapping[str, Any],
        observables: Mapping[str, Any],
        i: int | None,
    ) -> list[Element]:
        ids = {**self.names.body, **({} if i is None else self.names.replicates[i])}
        per_time = ONE / parse_unit(self.system.time_unit)
        found = []
        for state in block.states:
            unit = parse_unit(state.unit) * per_time
            found.append(self._rule(("rateRule", state.name, i), rates[state.name], ids, unit))
        for quantity in getattr(block, "totals", ()):
            rule = ("assignmentRule", quantity.name, i)
            found.append(self._rule(rule, rates[quantity.name], ids, parse_unit(quantity.unit)))
        for quantity in block.observables:
            rule = ("assignmentRule", quantity.name, i)
            seen = observables[quantity.name]
            found.append(self._rule(rule, seen, ids, parse_unit(quantity.unit)))
        return found

    def _rule(
        self,
        rule: tuple[str, str, int | None],
        expression: Any,
        ids: Mapping[Any, str],
        unit: Unit,
    ) -> Element:
        kind, name, i = rule
        whole = Element(kind, variable=sbml_id(self.system, name, replicate=i))
        whole.append(self.printer.math(expression, ids, unit))
        return whole

    def _sum(self, total: Total) -> Element:
        """Return a total as the sum of what every replicate sheds."""
        import sympy as sp

        unit = parse_unit(total.unit)
        parts = {
            sp.Symbol(f"shed_{i}"): sbml_id(self.system, total.name, replicate=i)
            for i in range(len(self.names.replicates))
        }
        self.printer.symbol_units |= dict.fromkeys(parts, unit)
        return self._rule(("assignmentRule", total.name, None), sp.Add(*parts), parts, unit)
