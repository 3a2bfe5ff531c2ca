"""Whether the fractions of a scenario can be given: in order, apart, and inside the comparison."""

from collections.abc import Mapping

import numpy as np

from abscope.decide.fraction_events import Fractions
from abscope.decide.scenario import Scenario
from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError

__all__ = ["check_schedule"]

#: Two fractions to one lesion are at least 6 h apart.
_APART_D = 0.25
#: A draw is a guess where days are not on record; more than half of them are a finding.
_MOST_FRAC = 0.5


def check_schedule(
    scenario: Scenario,
    delivered: Fractions,
    planned: Fractions,
    *,
    changed: frozenset[str],
    window_d: tuple[Floats, float],
    targets: Mapping[str, frozenset[str]],
) -> None:
    """Raise UsageError with every reason why the fractions of a scenario cannot be given.

    ``window_d`` are the start of every draw and the common horizon, ``targets`` the lesions that
    each phase surely treats.
    """
    where = f"scenario '{scenario.name}'"
    start_d, horizon_d = window_d
    problems: list[Problem] = []
    early = planned.first_d < start_d
    if early.any():
        day, least = float(planned.first_d.min()), float(start_d[early].max())
        what = f"radiotherapy on day {day:.0f}, before the sizes that the simulation begins with"
        first = int(np.ceil(least))
        problems.append(Problem(where, what, f"day {first} or later", "Begin later."))
    late = planned.last_d > horizon_d - 1.0
    if late.any():
        what = f"radiotherapy until day {float(planned.last_d.max()):.0f}"
        expected = f"its end before the comparison ends on day {horizon_d:.0f}"
        problems.append(Problem(where, what, expected, "Shorten or move it."))
    problems += _order_problems(where, delivered, planned, changed)
    problems += _overlap_problems(where, planned, changed, targets)
    if problems:
        raise UsageError(problems)


def _order_problems(
    where: str, delivered: Fractions, planned: Fractions, changed: frozenset[str]
) -> list[Problem]:
    """Return which phases would begin before one that they were given after."""
    out = []
    shared = [name for name in delivered.phases if name in planned.phases]
    for k, first in enumerate(shared):
        for second in shared[k + 1 :]:
            if not {first, second} & changed:
                continue
            one, two = frozenset({first}), frozenset({second})
            before = delivered.first_of(one) <= delivered.first_of(two)
            turned = before & (planned.first_of(one) > planned.first_of(two))
            if turned.mean() > _MOST_FRAC:
                what = f"{second} would begin before {first}, which it followed"
                out.append(Problem(where, what, "the order that they were given in", "Move it."))
    return out


def _overlap_problems(
    where: str,
    planned: Fractions,
    changed: frozenset[str],
    targets: Mapping[str, frozenset[str]],
) -> list[Problem]:
    """Return which phases would treat one lesion twice within hours."""
    out = []
    for k, first in enumerate(planned.phases):
        if first in changed:
            gaps = np.diff(planned.days_d[:, planned.column == k], axis=1)
            if (gaps < _APART_D).any():
                what = f"two fractions of {first} at one time"
                out.append(Problem(where, what, "6 h or more between them", "Space them."))
        for j in range(k + 1, len(planned.phases)):
            second = planned.phases[j]
            if not {first, second} & changed:
                continue
            both = targets.get(first, frozenset()) & targets.get(second, frozenset())
            if not both:
                continue
            one = planned.days_d[:, planned.column == k]
            two = planned.days_d[:, planned.column == j]
            near = np.abs(one[:, :, None] - two[:, None, :]) < _APART_D
            if near.any(axis=(1, 2)).mean() > _MOST_FRAC:
                what = f"{first} and {second} treat {', '.join(sorted(both))} on the same days"
                expected = "fractions to one lesion 6 h or more apart"
                out.append(Problem(where, what, expected, "Move one of them."))
    return out
