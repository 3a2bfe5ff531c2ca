"""One member of a batch as SBML, for peers that read it: replicates unrolled, events written."""

from typing import Any

import libsbml
import sympy as sp

from abscope.engine.declaration import System
from abscope.engine.simulation import Prepared
from abscope.engine.symbols import Maximum, Minimum, Power, Step
from abscope.engine.tables import END, OBSERVE, SET_OWN, SET_SHARED
from abscope.engine.trace import Trace, trace


def _text(expression: Any, names: dict[Any, Any]) -> str:
    plain = sp.sympify(expression).xreplace(names)
    plain = plain.replace(Power, lambda x, e: sp.Function("max")(x, 0) ** e)
    if plain.has(Maximum, Minimum, Step):
        raise ValueError("maximum, minimum and step are not written to SBML here")
    return str(sp.sstr(plain, full_prec=True)).replace("**", "^")


class _Writer:
    def __init__(self, traced: Trace, ready: Prepared, b: int) -> None:
        self.traced, self.ready, self.b = traced, ready, b
        self.n = int(ready.members.count[b])
        document = libsbml.SBMLDocument(3, 2)
        self.document, self.model = document, document.createModel()
        self.shared = {s: sp.Symbol(k) for k, s in (traced.states | traced.shared).items()}
        self.shared |= {s: sp.Symbol(f"sum_{k}") for k, s in traced.totals.items()}

    def own(self, i: int) -> dict[Any, Any]:
        """Return the names of a replicate, and of what all share."""
        both = self.traced.replicate_states | self.traced.own
        return self.shared | {s: sp.Symbol(f"{k}_{i}") for k, s in both.items()}

    def number(self, name: str, value: float) -> None:
        """Add a number that can change."""
        parameter = self.model.createParameter()
        parameter.setId(name)
        parameter.setConstant(False)
        parameter.setValue(float(value))

    def rule(self, kind: str, name: str, text: str) -> None:
        """Add a rate or an assignment."""
        rule = self.model.createRateRule() if kind == "rate" else self.model.createAssignmentRule()
        rule.setVariable(name)
        rule.setMath(libsbml.parseL3Formula(text))

    def numbers(self) -> None:
        """Add states, parameters and sums."""
        members, traced, b = self.ready.members, self.traced, self.b
        for k, name in enumerate(traced.states):
            self.number(name, members.states[b, k, 0])
        for k, name in enumerate(traced.shared):
            self.number(name, members.shared[b, k, 0])
        for i in range(self.n):
            for k, name in enumerate(traced.replicate_states):
                place = len(traced.states) + i * len(traced.replicate_states) + k
                self.number(f"{name}_{i}", members.states[b, place, 0])
            for k, name in enumerate(traced.own):
                self.number(f"{name}_{i}", members.own[b, i * len(traced.own) + k, 0])

    def rates(self) -> None:
        """Add the rates and the sums."""
        traced = self.traced
        for name, expression in traced.shed.items():
            self.number(f"sum_{name}", 0.0)
            terms = [f"({_text(expression, self.own(i))})" for i in range(self.n)]
            self.rule("sum", f"sum_{name}", " + ".join(terms))
        for name, expression in traced.rates.items():
            self.rule("rate", name, _text(expression, self.shared))
        for i in range(self.n):
            for name, expression in traced.replicate_rates.items():
                self.rule("rate", f"{name}_{i}", _text(expression, self.own(i)))

    def events(self) -> None:
        """Add one event for each stop that changes something."""
        stops, traced = self.ready.stops, self.traced
        for k in range(stops.first[self.b], stops.first[self.b + 1]):
            kind, ref = int(stops.kind[k]), int(stops.ref[k])
            if kind in (OBSERVE, END):
                continue
            changes: dict[str, str] = {}
            if kind == SET_SHARED:
                changes[list(traced.shared)[ref]] = repr(float(stops.value[k]))
            elif kind == SET_OWN:
                i, own = divmod(ref, len(traced.own))
                changes[f"{list(traced.own)[own]}_{i}"] = repr(float(stops.value[k]))
            else:
                changes = self._jump(traced.jumps[kind], stops.data[ref:])
            self._event(f"stop{k}", float(stops.time[k]), changes)

    def _jump(self, jump: Any, data: Any) -> dict[str, str]:
        fields = {s: sp.Float(data[k]) for k, s in enumerate(jump.fields.values())}
        size, count = len(jump.fields), len(jump.replicate_fields)
        changes = {k: _text(e, self.shared | fields) for k, e in jump.body.items()}
        for i in range(self.n):
            own = {
                s: sp.Float(data[size + count * i + k])
                for k, s in enumerate(jump.replicate_fields.values())
            }
            for name, expression in jump.replicate.items():
                changes[f"{name}_{i}"] = _text(expression, self.own(i) | fields | own)
        return changes

    def _event(self, name: str, time: float, changes: dict[str, str]) -> None:
        event = self.model.createEvent()
        event.setId(name)
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(True)
        trigger.setPersistent(True)
        trigger.setMath(libsbml.parseL3Formula(f"time >= {time!r}"))
        for variable, text in changes.items():
            assignment = event.createEventAssignment()
            assignment.setVariable(variable)
            assignment.setMath(libsbml.parseL3Formula(text))


def sbml_of_member(system: System, ready: Prepared, b: int) -> str:
    """Return the SBML (Level 3 Version 2) of a member."""
    writer = _Writer(trace(system), ready, b)
    writer.numbers()
    writer.rates()
    writer.events()
    return str(libsbml.writeSBMLToString(writer.document))
