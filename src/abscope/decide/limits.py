"""Limits that a chosen treatment keeps: doses, biologically effective doses, lymphocytes, goals.

==============================  ====================================================================
``total <= 40 Gy``              prescribed dose of all courses together
``total RT2 <= 40 Gy``          of one course or phase
``bed10 RT2 <= 100 Gy``         its BED with an alpha/beta of 10 Gy
``dose lung <= 5 Gy``           mean dose of an organ from all fractions, guessed where not computed
``bed3 lung <= 8 Gy``           the BED of this mean dose
``dose M12 <= 50 Gy``           mean dose of a lesion, median of the draws; ``bed4 M12`` its BED
``lymphocytes >= 500``          the count that 90 % of the draws stay above (lowest count seen)
``control >= 0.6``              any goal
==============================  ====================================================================

BED = n d (1 + d / (alpha/beta)), summed over phases (`abscope.dose.radiobiology.bed`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.decide.goals import GOALS, Goal, goal_value
from abscope.decide.names import Names
from abscope.decide.session import Arm, WhatIf
from abscope.errors import Problem, UsageError

__all__ = ["Limit", "limit_value", "parse_limits"]

_LINE = re.compile(
    r"^(?P<what>total|dose|bed(?P<ratio>\d+(?:\.\d+)?)|[a-z]+(?:@0?\.\d+)?)"
    r"(?:\s+(?P<of>[A-Za-z_][\w.-]*))?\s*(?P<sign><=|>=)\s*"
    r"(?P<bound>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>Gy|per\s*uL|/uL|%)?$",
    re.IGNORECASE,
)
#: The quantile of the draws that a limit on lymphocytes is about where none is said.
_SAFE_FRAC = 0.10


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: a quantity, of what (empty: all), at most or at least a bound."""

    text: str
    what: str
    of: str
    at_most: bool
    bound: float
    alpha_beta_gy: float | None = None
    goal: Goal | None = None

    def excess_frac(self, value: float) -> float:
        """Return by how much a value breaks the limit, relative to it; 0 where it is kept."""
        over = value - self.bound if self.at_most else self.bound - value
        return max(0.0, over) / max(abs(self.bound), 1e-3)


def parse_limits(lines: Sequence[str], names: Names) -> tuple[Limit, ...]:
    """Return the limits of lines of text.

    Raises UsageError with every line that cannot be read or names nothing, and with bounds that
    exclude each other.
    """
    out: list[Limit] = []
    problems: list[Problem] = []
    for line in lines:
        found = _parse(line, names)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        for one in out:
            same = (one.what, one.of, one.alpha_beta_gy) == (found.what, found.of,
                                                            found.alpha_beta_gy)  # fmt: skip
            low, high = (one, found) if found.at_most else (found, one)
            if same and one.at_most != found.at_most and low.bound > high.bound:
                what, hint = f"excludes '{one.text}'", "Widen one of them."
                problems.append(Problem(f'--limit "{line}"', what, "bounds with room", hint))
        out.append(found)
    if problems:
        raise UsageError(problems)
    return tuple(out)


def _parse(line: str, names: Names) -> Limit | Problem:
    where = f'--limit "{line}"'
    found = _LINE.match(line.strip())
    example = "For example: total RT2 <= 40 Gy, bed3 lung <= 8 Gy, lymphocytes >= 500."
    if found is None:
        return Problem(where, "cannot be read", "a quantity, <= or >=, a number", example)
    what, of = found["what"], (found["of"] or "").removeprefix("rt.")
    bound, at_most = float(found["bound"]), found["sign"] == "<="
    if bound < 0:
        return Problem(where, f"a bound of {bound:g}", "0 or more", "Correct it.")
    if what in ("total", "dose") or found["ratio"]:
        if found["unit"] not in (None, "Gy"):
            return Problem(where, f"unit '{found['unit']}'", "Gy", "Correct it.")
        wrong = _unknown(what, of, names, where)
        ratio = float(found["ratio"]) if found["ratio"] else None
        if ratio == 0.0:
            return Problem(where, "an alpha/beta of 0", "more than 0", "For example: bed10.")
        kind = "bed" if ratio else what
        return wrong or Limit(line, kind, of, at_most, bound, alpha_beta_gy=ratio)
    name, _, quantile = what.partition("@")
    if name not in GOALS or of:
        return Problem(where, f"'{what}' is no quantity", f"total, dose, bed, {', '.join(GOALS)}",
                       example)  # fmt: skip
    if found["unit"] == "%":
        bound /= 100.0
    share = float(quantile) if quantile else _SAFE_FRAC if name == "lymphocytes" else None
    return Limit(line, name, "", at_most, bound, goal=Goal(name, share))


def _unknown(what: str, of: str, names: Names, where: str) -> Problem | None:
    if not of:
        expected = "a course, a lesion or an organ"
        return None if what == "total" else Problem(where, "of nothing", expected, "Name it.")
    if names.of(of):
        return None
    if what == "total":
        return Problem(where, f"'{of}' is no course", ", ".join(names.courses), "Name one.")
    if of in names.lesions or of in names.organs:
        return None
    known = ", ".join((*names.courses, *names.lesions, *names.organs))
    return Problem(where, f"'{of}' is nothing with a dose", known, "Name one of them.")


def limit_value(limit: Limit, arm: Arm, session: WhatIf) -> float:
    """Return the quantity that a limit is about."""
    if limit.goal is not None:
        return goal_value(limit.goal, arm.outcome)
    courses = [
        (plan, float(np.mean(plan.n_fractions)))
        for plan in arm.planned
        if not session.names.of(limit.of) or plan.name in session.names.of(limit.of)
    ]
    if limit.of in session.names.lesions:
        return _lesion(limit, arm, session)
    total = 0.0
    for plan, number in courses:
        each = plan.prescribed_gy or 0.0
        if limit.of in session.names.organs:
            each = session.organ_mean_gy(plan, limit.of)
        total += number * each * _effect(each, limit.alpha_beta_gy)
    return total


def _effect(dose_per_fraction_gy: float, alpha_beta_gy: float | None) -> float:
    return 1.0 if alpha_beta_gy is None else 1.0 + dose_per_fraction_gy / alpha_beta_gy


def _lesion(limit: Limit, arm: Arm, session: WhatIf) -> float:
    """Return the dose or BED of a lesion, the largest of its members, median of the draws."""
    dose = arm.fractions.dose_gy.mean(axis=2)  # (phases, draws, places)
    number = np.stack(
        [np.isfinite(arm.fractions.days_d[:, arm.fractions.column == k]).sum(axis=1)
         for k in range(len(arm.fractions.phases))]
    )  # fmt: skip
    ratio = limit.alpha_beta_gy
    factor = np.ones_like(dose) if ratio is None else 1.0 + dose / ratio
    total = (number[:, :, None] * dose * factor).sum(axis=0)
    mine = session.places.masks[session.places.names.index(limit.of)]
    return float(np.median(np.where(mine, total, 0.0).max(axis=1)))
