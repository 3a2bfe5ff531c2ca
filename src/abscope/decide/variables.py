"""What an optimizer may vary: each variable is one line of text, each point of them a scenario.

==============================================  ==================================================
``rt.RT2.dose: 1 to 12 Gy``                     dose per fraction, in steps of 0.5 Gy
``rt.RT2.fractions: 1 to 10``                   number of fractions
``rt.RT2.spacing: 1 to 7 d``                    days from one fraction to the next
``rt.RT2.shift: 0 to 42 d``                     days later than delivered
``rt.RT2.targets: M12, M13``                    which of these lesions, at least one
``others.dose: 0 to 2 Gy``                      4 fractions of low dose to all others; 0 is none
``pembrolizumab.shift: -42 to 42 d``            days later, in steps of 7, of a drug
==============================================  ==================================================

A step is stated behind the range: ``rt.RT2.dose: 1 to 12 Gy by 1``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from abscope.blood.planned import PlannedDose
from abscope.catalog.alternatives import alternative
from abscope.decide.names import Names
from abscope.decide.scenario import (
    OTHERS,
    AddCourse,
    Change,
    Prescription,
    Scenario,
    SetPrescription,
    SetTargets,
    Shift,
    named,
)
from abscope.errors import AbscopeError, Problem, UsageError

__all__ = ["Kind", "Point", "Variable", "parse_variables", "scenario_of"]

Kind = Literal["dose", "fractions", "spacing", "shift", "targets", "others"]

#: A value of each variable by its text; lesions are a tuple.
Point = Mapping[str, float | tuple[str, ...]]

_LINE = re.compile(
    r"^(?P<what>[\w.-]+?)\.(?P<kind>dose|fractions|spacing|shift|targets)\s*:\s*(?P<value>.+)$"
)
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_RANGE = re.compile(
    rf"^(?P<low>{_NUMBER})\s*(?:to|\.\.)\s*(?P<high>{_NUMBER})\s*(?P<unit>Gy|d|days)?"
    rf"(?:\s+by\s+(?P<step>{_NUMBER}))?$",
    re.IGNORECASE,
)
#: kind -> unit, step, lowest and highest value that makes sense
_KINDS: dict[str, tuple[str, float, float, float]] = {
    "dose": ("Gy", 0.5, 0.1, 30.0),
    "fractions": ("", 1.0, 1.0, 40.0),
    "spacing": ("d", 1.0, 1.0, 28.0),
    "shift": ("d", 1.0, -730.0, 730.0),
    "others": ("Gy", 0.5, 0.0, 4.0),
}
_DRUG_STEP_D = 7.0
#: What there is no half of.
_WHOLE = ("fractions", "spacing", "shift")


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing to vary: the numbers from ``low`` to ``high`` in steps, or the lesions of a set."""

    text: str
    target: str
    kind: Kind
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    lesions: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[float, ...]:
        """Return the numbers that it can take, none for lesions."""
        if self.lesions:
            return ()
        count = int(np.floor((self.high - self.low) / self.step + 1e-9)) + 1
        return tuple(round(self.low + k * self.step, 9) for k in range(count))


def parse_variables(lines: Sequence[str], names: Names) -> tuple[Variable, ...]:
    """Return the variables of lines of text.

    Raises UsageError with every line that cannot be read, that names nothing of the case, whose
    range is empty, or that varies what another line varies.
    """
    out: list[Variable] = []
    problems: list[Problem] = []
    for line in lines:
        try:
            found = _parse(line, names)
        except AbscopeError as error:
            problems += error.problems
            continue
        if any((found.target, found.kind) == (one.target, one.kind) for one in out):
            what, hint = "is varied by another line", "Leave one of them out."
            problems.append(Problem(f'--vary "{line}"', what, "each thing once", hint))
        out.append(found)
    if not lines:
        hint = 'For example --vary "rt.RT2.dose: 1 to 12 Gy".'
        problems.append(Problem("--vary", "nothing to vary", "one line or more", hint))
    if problems:
        raise UsageError(problems)
    return tuple(out)


def _parse(line: str, names: Names) -> Variable:
    where = f'--vary "{line}"'
    found = _LINE.match(line.strip())
    if found is None:
        expected = "ID.dose, .fractions, .spacing, .shift or .targets, a colon and a range"
        raise UsageError(Problem(where, "cannot be read", expected,
                                 "For example: rt.RT2.dose: 1 to 12 Gy."))  # fmt: skip
    target, kind, value = found["what"].removeprefix("rt."), found["kind"], found["value"].strip()
    if kind == "targets":
        lesions = tuple(part.strip() for part in value.split(",") if part.strip())
        names.phases(target, where=where)
        names.check_lesions(lesions, where=where)
        if len(lesions) < 2:
            what, hint = "there is nothing to choose", "Name the lesions to choose from."
            raise UsageError(Problem(where, what, "two lesions or more", hint))
        return Variable(line, target, "targets", lesions=tuple(dict.fromkeys(lesions)))
    step_scale = 1.0
    if target.lower() == OTHERS and kind == "dose":
        if not names.others:
            what, hint = "every lesion is a target of some course", "Leave it out."
            raise UsageError(Problem(where, what, "a case with other lesions", hint))
        target, kind = OTHERS, "others"
    elif kind == "shift" and not names.of(target):
        names.drug(target, where=where)
        step_scale = _DRUG_STEP_D
    else:
        names.phases(target, where=where)
    low, high, step = _range(value, kind, where, step_scale)
    return Variable(line, target, kind, low, high, step)  # type: ignore[arg-type]


def _range(value: str, kind: str, where: str, step_scale: float) -> tuple[float, float, float]:
    unit, step, least, most = _KINDS[kind]
    found = _RANGE.match(value)
    if found is None:
        example = f"{least:g} to {min(most, 10):g} {unit}".strip()
        raise UsageError(Problem(where, f"'{value}' is no range", "low to high", f"As {example}."))
    low, high = float(found["low"]), float(found["high"])
    given = found["unit"] or unit
    step = float(found["step"]) if found["step"] else step * step_scale
    problems = []
    if given.lower().rstrip("ays") != unit.lower().rstrip("ays"):
        problems.append(Problem(where, f"unit '{given}'", unit or "no unit", "Correct it."))
    if low > high:
        what = f"the range runs from {low:g} down to {high:g}"
        problems.append(Problem(where, what, "low <= high", "Swap the two numbers."))
    elif low < least or high > most:
        limits = f"{least:g} to {most:g} {unit}".strip()
        problems.append(Problem(where, f"{low:g} to {high:g}", limits, "Narrow the range."))
    whole = kind in _WHOLE
    if whole and (low % 1.0 or high % 1.0):
        problems.append(Problem(where, f"{low:g} to {high:g}", "whole numbers", "Round them."))
    if step <= 0 or (whole and step % 1.0):
        expected = f"{'whole ' if whole else ''}steps above 0"
        problems.append(Problem(where, f"steps of {step:g}", expected, "Correct it."))
    if problems:
        raise UsageError(problems)
    return low, high, step


def scenario_of(
    variables: Sequence[Variable], point: Point, *, planned: Sequence[PlannedDose], names: Names
) -> Scenario | None:
    """Return the scenario of one point; None where it is what was delivered, or treats no lesion.

    What is not varied of a prescription stays as delivered.
    """
    changes: list[Change] = []
    for target in dict.fromkeys(x.target for x in variables):
        mine = {x.kind: point[x.text] for x in variables if x.target == target}
        for kind, value in mine.items():
            if kind == "targets" and not value:
                return None
        changes += _changes(target, mine, planned=planned, names=names)
    if not changes:
        return None
    return named(changes)


def _changes(
    target: str,
    mine: Mapping[Kind, float | tuple[str, ...]],
    *,
    planned: Sequence[PlannedDose],
    names: Names,
) -> list[Change]:
    numbers = {kind: value for kind, value in mine.items() if isinstance(value, float | int)}
    out: list[Change] = []
    if "others" in numbers:
        dose, count = numbers["others"], int(alternative("low_dose_fractions").value)
        if dose > 0:
            low = Prescription(count, dose)
            out.append(AddCourse(f'--add "rt {OTHERS} {low}"', (OTHERS,), low))
    if numbers.keys() & {"dose", "fractions", "spacing"}:
        for phase in names.of(target):
            plan = next(x for x in planned if x.name == phase)
            prescription = Prescription(
                int(numbers.get("fractions", round(float(np.mean(plan.n_fractions))))),
                float(numbers.get("dose", plan.prescribed_gy or 0.0)),
                numbers.get("spacing"),
            )
            text = f'--set "rt.{phase}: {prescription}"'
            out.append(SetPrescription(text, phase, prescription))
    lesions = mine.get("targets")
    if isinstance(lesions, tuple) and lesions:
        text = f'--set "rt.{target}.targets: {", ".join(lesions)}"'
        out.append(SetTargets(text, target, lesions))
    if numbers.get("shift"):
        by_d = numbers["shift"]
        out.append(Shift(f"--shift {target} {by_d:+g}d", target, by_d))
    return out
