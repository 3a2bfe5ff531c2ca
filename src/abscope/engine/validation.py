"""The check of a declaration: names, units, bounds and use, all problems at once."""

import hashlib
import keyword
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from abscope.engine.probe import Names, Probe, Recorder
from abscope.engine.units import ONE, Unit, parse_unit
from abscope.errors import Problem

if TYPE_CHECKING:
    from abscope.engine.declaration import Body, Event, Replicate, System

__all__ = ["examine"]


def examine(system: "System") -> tuple[list[Problem], str]:
    """Return every problem of the declaration and the fingerprint of what its rules compute."""
    problems = [*_name_problems(system), *_number_problems(system)]
    if problems:
        return problems, ""
    recorder = Recorder()
    outputs = _Run(system, recorder).all()
    if not recorder.problems:
        recorder.problems += _unused(system, recorder)
    text = repr((_layout(system), list(recorder.nodes), outputs))
    return recorder.problems, hashlib.sha256(text.encode()).hexdigest()


def _blocks(system: "System") -> "list[tuple[str, Body | Replicate]]":
    replicate = system.replicate
    return [("body", system.body), *([(replicate.name, replicate)] if replicate else [])]


def _quantities(system: "System") -> Iterator[tuple[str, str, Any]]:
    """Yield (where it may be read, block, quantity) of everything that has a name and a unit."""
    for label, block in _blocks(system):
        for group in ("states", "parameters", "inputs", "totals", "observables"):
            for quantity in getattr(block, group, ()):
                yield group, label, quantity
    for event in system.events:
        for quantity in (*event.fields, *event.replicate_fields):
            yield f"fields of event {event.name}", event.name, quantity


def _name_problems(system: "System") -> Iterator[Problem]:
    where, action = f"system {system.name}", "Rename it."
    names = [q.name for group, _, q in _quantities(system) if not group.startswith("fields")]
    for event in system.events:
        fields = [f.name for f in (*event.fields, *event.replicate_fields)]
        for name in _repeated(fields):
            yield Problem(where, "is declared twice", "a name of its own", action, name)
    for name in _repeated(names):
        yield Problem(where, "is declared twice", "a name of its own", action, name)
    for name in _repeated([event.name for event in system.events]):
        yield Problem(where, "two events have this name", "a name of its own", action, name)
    for name in sorted({q.name for _, _, q in _quantities(system)}):
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            yield Problem(where, "is no name", "a Python identifier without _ first", action, name)
    if not system.body.states and not (system.replicate and system.replicate.states):
        yield Problem(where, "has no state", "at least one state", "Declare what is integrated.")


def _repeated(names: list[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _number_problems(system: "System") -> Iterator[Problem]:
    where = f"system {system.name}"
    for text, path in [
        *((quantity.unit, quantity.name) for _, _, quantity in _quantities(system)),
        (system.time_unit, "time_unit"),
    ]:
        try:
            parse_unit(text)
        except ValueError as error:
            yield Problem(where, str(error), "words, * / ^ and brackets", "Correct the unit.", path)
    for group, _, quantity in _quantities(system):
        if group == "parameters" and not quantity.low <= quantity.high:
            bounds = f"low {quantity.low:g}, high {quantity.high:g}"
            yield Problem(where, bounds, "low <= high", "Correct the bounds.", quantity.name)
        if group == "states" and not 0.0 < quantity.scale < float("inf"):
            scale = f"scale {quantity.scale:g}"
            yield Problem(where, scale, "a finite scale above 0", "Correct it.", quantity.name)


class _Run:
    """Runs every rule once on probes and holds what comes out against the declaration."""

    def __init__(self, system: "System", recorder: Recorder) -> None:
        self.system, self.recorder = system, recorder
        self.per_time = ONE / parse_unit(system.time_unit)
        body, replicate = system.body, system.replicate
        shared = [*body.parameters, *body.inputs]
        self.body = self._names("body", body.states)
        self.p = self._names("p", shared)
        self.x = self._names("x", [])
        self.total = self._names("total", [])
        if replicate is not None:
            own = [*replicate.states, *replicate.parameters, *replicate.inputs]
            self.x = self._names("x", own)
            self.total = self._names("total", replicate.totals)

    def _names(self, label: str, quantities: Any) -> Names:
        values = {
            q.name: Probe(
                self.recorder, self.recorder.node("symbol", label, q.name), parse_unit(q.unit)
            )
            for q in quantities
        }
        return Names(self.recorder, label, values)

    def all(self) -> list[Any]:
        """Return the nodes of every result, in the order of the declaration."""
        system, body, replicate = self.system, self.system.body, self.system.replicate
        seen_by_body, seen_by_replicate = (
            (self.body, self.total, self.p),
            (self.x, self.body, self.p),
        )
        found = [
            self._rule("body.rates", body.rates, seen_by_body, self._rates(body.states)),
            self._rule("body.observe", body.observe, seen_by_body, self._units(body.observables)),
        ]
        if replicate is not None:
            label, wanted = replicate.name, self._rates(replicate.states)
            wanted |= self._units(replicate.totals)
            found.append(self._rule(f"{label}.rates", replicate.rates, seen_by_replicate, wanted))
            wanted = self._units(replicate.observables)
            found.append(
                self._rule(f"{label}.observe", replicate.observe, seen_by_replicate, wanted)
            )
        for event in system.events:
            found += self._jump(event)
        return found

    def _jump(self, event: "Event") -> list[Any]:
        system, name = self.system, event.name
        e = self._names(f"event {name}", event.fields)
        both = self._names(f"event {name}", (*event.fields, *event.replicate_fields))
        wanted = self._units(system.body.states)
        found = [self._rule(f"{name}.body", event.body, (self.body, self.p, e), wanted, some=True)]
        if system.replicate is not None:
            wanted, seen = self._units(system.replicate.states), (self.x, self.body, self.p, both)
            found.append(self._rule(f"{name}.replicate", event.replicate, seen, wanted, some=True))
        return found

    def _units(self, quantities: Any) -> dict[str, Unit]:
        return {quantity.name: parse_unit(quantity.unit) for quantity in quantities}

    def _rates(self, states: Any) -> dict[str, Unit]:
        return {name: unit * self.per_time for name, unit in self._units(states).items()}

    def _rule(
        self,
        place: str,
        rule: Callable[..., Mapping[str, Any]] | None,
        seen: tuple[Names, ...],
        wanted: dict[str, Unit],
        *,
        some: bool = False,
    ) -> list[tuple[str, int]]:
        recorder = self.recorder
        recorder.place = place
        if rule is None:
            if wanted and not some:
                self._missing(place, list(wanted), "is declared, but there is no rule")
            return []
        result = dict(rule(*seen))
        if (missing := sorted(set(wanted) - set(result))) and not some:
            self._missing(place, missing, "is declared, but the rule does not return it")
        if unknown := sorted(set(result) - set(wanted)):
            self._missing(place, unknown, "is returned by the rule, but not declared")
        nodes = []
        for name in [name for name in wanted if name in result]:
            probe = recorder.lift(result[name])
            if probe.unit is not None and not probe.unit.same(wanted[name]):
                self._add(
                    f"{place}: {name}",
                    f"unit mismatch: the rule gives {probe.unit}",
                    f"{wanted[name]}",
                    "Correct the rule or the units of what it uses.",
                )
            nodes.append((name, probe.node))
        return nodes

    def _missing(self, place: str, names: list[str], what: str) -> None:
        for name in names:
            self._add(f"{place}: {name}", what, "one value for each declared name", "Correct it.")

    def _add(self, path: str, what: str, expected: str, action: str) -> None:
        where = f"system {self.system.name}"
        self.recorder.problems.append(Problem(where, what, expected, action, path))


def _unused(system: "System", recorder: Recorder) -> list[Problem]:
    labels = {"states": ("x", "body"), "parameters": ("x", "p"), "inputs": ("x", "p")}
    found = []
    for group, block, quantity in _quantities(system):
        if group == "observables":
            continue
        own, shared = labels.get(group, ("total", "total"))
        label = shared if block == "body" else own
        if group.startswith("fields"):
            label = f"event {block}"
        if f"{label}.{quantity.name}" not in recorder.read:
            found.append(
                Problem(
                    f"system {system.name}",
                    f"is declared among the {group} of {block}, but nothing uses it",
                    "a name that a rate, a jump or an observable uses",
                    "Use it, observe it, or remove it.",
                    quantity.name,
                )
            )
    return found


def _layout(system: "System") -> list[Any]:
    """Return what the kernel depends on beside the rules: the order of the names."""
    layout: list[Any] = [
        (group, block, quantity.name) for group, block, quantity in _quantities(system)
    ]
    layout += [(event.name, event.body is None, event.replicate is None) for event in system.events]
    return layout
