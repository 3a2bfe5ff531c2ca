"""A scenario: a few changes of what a patient was given, each of them one line of text.

==============================================  ==================================================
``--set "rt.RT2: 3 x 8 Gy"``                    another prescription of a course or a phase
``--set "rt.RT2: 3 x 8 Gy every 48 h"``         and another spacing (``daily``, ``qod``, ``q7d``)
``--set "rt.RT2: 3 x 8 Gy from day 14"``        and another first day
``--set "rt.RT2.targets: L03, L05"``            other lesions
``--set "blood.spleen_dose: x0.5"``             every dose of an organ, or of all nodes, times 0.5
``--drop rt.RT1b``                              without a course, a phase, a therapy or a drug
``--add "rt liver 0.5 Gy x 4"``                 one more course, to a site, to lesions, to others
``--shift pembrolizumab -21d``                  a drug, therapy or course that many days later
==============================================  ==================================================
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from abscope.errors import Problem, UsageError

__all__ = [
    "OTHERS", "AddCourse", "Change", "Drop", "Prescription", "Scenario", "SetPrescription",
    "SetTargets", "Shift", "Spare", "named", "scenario_problems",
]  # fmt: skip

#: In place of a site: every lesion that no course of the record surely treats.
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Prescription:
    """Fractions of one dose; None is what stays as it was delivered.

    ``interval_d`` is the distance of two fractions, ``weekdays`` leaves out weekends.
    """

    n_fractions: int
    dose_per_fraction_gy: float
    interval_d: float | None = None
    weekdays: bool = False
    start_d: float | None = None

    @property
    def total_gy(self) -> float:
        """Return the dose of all fractions in Gy."""
        return round(self.n_fractions * self.dose_per_fraction_gy, 10)

    def __str__(self) -> str:
        """Return the text that reads as this prescription."""
        out = f"{self.n_fractions} x {self.dose_per_fraction_gy:g} Gy"
        if self.interval_d is not None:
            out += (
                f" every {24 * self.interval_d:g} h" if self.interval_d < 1
                else f" q{self.interval_d:g}d"
            )  # fmt: skip
        out += " skip weekends" if self.weekdays else ""
        return out if self.start_d is None else f"{out} from day {self.start_d:g}"


@dataclass(frozen=True, slots=True)
class SetPrescription:
    """Another prescription of the course or phase ``target``."""

    text: str
    target: str
    prescription: Prescription


@dataclass(frozen=True, slots=True)
class SetTargets:
    """Other lesions for the course or phase ``target``."""

    text: str
    target: str
    lesions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spare:
    """The doses of an organ group, of every fraction, times ``factor_frac``."""

    text: str
    organ: str
    factor_frac: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Without the course, phase, therapy or drug ``target``."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class AddCourse:
    """One more course, to lesions by identifier, to the lesions of sites, or to all others."""

    text: str
    where: tuple[str, ...]
    prescription: Prescription


@dataclass(frozen=True, slots=True)
class Shift:
    """The drug, therapy, course or phase ``target`` some days later, or earlier below zero."""

    text: str
    target: str
    by_d: float


Change = SetPrescription | SetTargets | Spare | Drop | AddCourse | Shift


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes that are made together, under one name."""

    name: str
    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        problems = scenario_problems(self.changes)
        if problems:
            raise UsageError(problems)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the lines of text that the scenario consists of."""
        return tuple(change.text for change in self.changes)


def named(changes: Iterable[Change], *, name: str | None = None) -> Scenario:
    """Return changes as a scenario, under a name or under their own texts.

    Raises UsageError with everything in which they contradict each other.
    """
    found = tuple(changes)
    return Scenario(name or "; ".join(_short(change) for change in found), found)


def _short(change: Change) -> str:
    """Return what a change says without the option that it came with."""
    words = change.text.partition(" ")[2].strip().strip('"')
    match change:
        case Drop():
            return f"without {change.target}"
        case Shift():
            way = "later" if change.by_d > 0 else "earlier"
            return f"{change.target} {abs(change.by_d):g} d {way}"
        case AddCourse():
            return f"add {change.prescription} to {', '.join(change.where)}"
        case _:
            return words


def scenario_problems(changes: Sequence[Change]) -> list[Problem]:
    """Return what makes no sense whatever the case is: nothing changed, or twice the same thing."""
    if not changes:
        what, hint = "it changes nothing", 'For example --set "rt.RT2: 3 x 8 Gy".'
        return [Problem("scenario", what, "one change or more", hint)]
    problems: list[Problem] = []
    seen: dict[tuple[str, str], Change] = {}
    for change in changes:
        for key in _touches(change):
            before = seen.get(key)
            if before is not None:
                problems.append(_contradiction(change, before))
                break
            seen[key] = change
    return problems


def _contradiction(change: Change, before: Change) -> Problem:
    if change == before:
        return Problem(change.text, "is said twice", "each change once", "Leave one of them out.")
    what = f"contradicts {before.text}"
    return Problem(change.text, what, "changes that hold together", "Leave one of them out.")


def _touches(change: Change) -> tuple[tuple[str, str], ...]:
    """Return what a change decides; two changes that decide the same contradict each other."""
    match change:
        case SetPrescription():
            moved = change.prescription.start_d is not None
            return (("dose", change.target), *((("time", change.target),) if moved else ()))
        case SetTargets():
            return (("targets", change.target),)
        case Spare():
            return (("organ", change.organ),)
        case Shift():
            return (("time", change.target),)
        case AddCourse():
            return (("add", f"{','.join(sorted(change.where))} {change.prescription}"),)
        case Drop():
            return tuple((kind, change.target) for kind in ("dose", "targets", "time"))
