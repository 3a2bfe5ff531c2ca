"""When a treatment was given: the days of fractions and infusions, for one lane above the plots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from abscope.decide.fraction_events import Fractions
from abscope.dose.geometry.grid import Floats
from abscope.model.patient import Infusion

__all__ = ["Given", "GivenDays", "drug_days_of", "phase_days_of", "together"]

_Kind = Literal["radiotherapy", "drug"]
#: Days by kind and name of what is given.
Given = dict[tuple[_Kind, str], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class GivenDays:
    """The days on which a phase or an agent is given, as delivered and with the scenario.

    The n-th day is the median of the n-th over the draws; one that fewer than half of the draws
    have is left out.
    """

    kind: _Kind
    name: str
    delivered_d: tuple[float, ...]
    scenario_d: tuple[float, ...]


def phase_days_of(fractions: Fractions, *, to_d: float) -> Given:
    """Return the days of each phase from day zero to ``to_d``."""
    return {
        ("radiotherapy", name): _middle(_of_phase(fractions, name), to_d)
        for name in fractions.phases
    }


def drug_days_of(infusions: Sequence[Sequence[Infusion]], *, to_d: float) -> Given:
    """Return the days of each agent from day zero to ``to_d``; ``infusions`` are by draw."""
    days: dict[str, list[list[float]]] = {}
    for k, draw in enumerate(infusions):
        for one in draw:
            mine = days.setdefault(one.agent, [[] for _ in infusions])
            mine[k].append(one.day_d)
    return {("drug", name): _middle(_padded(rows), to_d) for name, rows in days.items()}


def together(delivered: Given, scenario: Given) -> tuple[GivenDays, ...]:
    """Return what either of two treatments gives within its days."""
    keys = dict.fromkeys((*delivered, *scenario))
    every = [GivenDays(*key, delivered.get(key, ()), scenario.get(key, ())) for key in keys]
    return tuple(one for one in every if one.delivered_d or one.scenario_d)


def _of_phase(fractions: Fractions, name: str) -> Floats:
    """Return the days of a phase (draws, fractions), NaN after the last."""
    chosen = fractions.column == fractions.phases.index(name)
    return np.sort(fractions.days_d[:, chosen], axis=1)


def _padded(rows: Sequence[Sequence[float]]) -> Floats:
    out = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for row, mine in zip(out, rows, strict=True):
        row[: len(mine)] = sorted(mine)
    return out


def _middle(days_d: Floats, to_d: float) -> tuple[float, ...]:
    """Return the median of each column (draws, n) that at least half of the draws have."""
    there = np.isfinite(days_d).sum(axis=0)
    days = np.sort(days_d, axis=0)[:, 2 * there >= max(len(days_d), 1)]
    n = there[2 * there >= max(len(days_d), 1)]
    at = np.arange(len(n))
    middle = 0.5 * (days[(n - 1) // 2, at] + days[n // 2, at])
    return tuple(middle[(middle >= 0.0) & (middle <= to_d)].tolist())
