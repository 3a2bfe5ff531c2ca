"""What is good about a treatment, as one number over all draws: an expectation or a quantile."""

import re
from dataclasses import dataclass

import numpy as np

from abscope.decide.outcome import ArmOutcome
from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError

__all__ = ["GOALS", "Goal", "goal_value", "parse_goals"]

#: Goal -> (what it is, whether more is better, unit).
GOALS: dict[str, tuple[str, bool, str]] = {
    "control": ("share of draws without progression of the sum of all lesions", True, "frac"),
    "response": ("share of draws in which the sum of all lesions falls by 30 %", True, "frac"),
    "outside": (
        "the same of the lesions outside the fields of this treatment and of the delivered",
        True,
        "frac",
    ),
    "size": ("sum of diameters at the last visit, of the start", False, "frac"),
    "lymphocytes": ("lowest count of lymphocytes seen", True, "per uL"),
}
_TEXT = re.compile(r"^(?P<name>[a-z]+)(?:@(?P<quantile>0?\.\d+))?$")


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal; ``quantile_frac`` of the draws in place of their mean, None for the mean."""

    name: str
    quantile_frac: float | None = None

    @property
    def more_is_better(self) -> bool:
        """Return whether a greater number is better."""
        return GOALS[self.name][1]

    @property
    def words(self) -> str:
        """Return what the number is."""
        if self.quantile_frac is None:
            mean = (
                "" if GOALS[self.name][0].startswith("share") or self.name == "outside" else "mean "
            )
            return f"{mean}{GOALS[self.name][0]}"
        return f"{self.quantile_frac:.0%} quantile of the draws: {GOALS[self.name][0]}"

    def __str__(self) -> str:
        """Return the text that reads as this goal."""
        return self.name if self.quantile_frac is None else f"{self.name}@{self.quantile_frac:g}"

    def written(self, value: float) -> str:
        """Return a value of this goal with its unit; a share of some draws is not 0 or 100%."""
        if GOALS[self.name][2] != "frac":
            return f"{value:.0f} per uL"
        if self.name == "size":
            return f"{value:+.0%}" if abs(value) > 0.005 else "0%"
        if 0.0 < value < 1.0:
            return "<1%" if value < 0.01 else ">99%" if value > 0.99 else f"{value:.0%}"
        return f"{value:.0%}"


def parse_goals(texts: tuple[str, ...]) -> tuple[Goal, ...]:
    """Return the goals of texts such as ``control`` or ``lymphocytes@0.1``.

    Raises UsageError with every text that is none, or that is there twice.
    """
    out: list[Goal] = []
    problems = []
    for text in texts:
        found = _TEXT.match(text.strip())
        name = found["name"] if found else text
        if found is None or name not in GOALS:
            what, hint = f"'{text}' is no goal", "Add @0.1 for a quantile of the draws."
            problems.append(Problem("--goal", what, ", ".join(GOALS), hint))
            continue
        goal = Goal(name, float(found["quantile"]) if found["quantile"] else None)
        if any(goal.name == one.name for one in out):
            problems.append(Problem("--goal", f"'{name}' is there twice", "each once", "Drop one."))
        if goal.quantile_frac is not None and GOALS[name][0].startswith(("share", "the same")):
            what, hint = f"'{text}': a share of draws has no quantile", f"Say {name}."
            problems.append(Problem("--goal", what, "size or lymphocytes with a quantile", hint))
        out.append(goal)
    if not texts:
        problems.append(Problem("--goal", "there is none", ", ".join(GOALS), "Name one."))
    if problems:
        raise UsageError(problems)
    return tuple(out)


def goal_value(goal: Goal, outcome: ArmOutcome) -> float:
    """Return the value of a goal over the draws; NaN where no draw has it."""
    values = _draws(goal.name, outcome)
    known = values[np.isfinite(values)]
    if not known.size:
        return float("nan")
    if goal.quantile_frac is None:
        return float(known.mean())
    return float(np.quantile(known, goal.quantile_frac))


def _draws(name: str, outcome: ArmOutcome) -> Floats:
    match name:
        case "control":
            return outcome.whole.controlled_frac
        case "response":
            return outcome.whole.responds_frac
        case "outside":
            return outcome.outside.responds_frac
        case "size":
            return outcome.whole.change_frac[:, -1]
        case _:
            return outcome.nadir_per_ul
