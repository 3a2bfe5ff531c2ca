"""Infusions of many patients as columns, and as rates of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Holds
from abscope.model.patient import Infusion, Patient
from abscope.model.values import AGENTS

__all__ = ["InfusionTable", "holds_of", "infusions_of"]

_Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class InfusionTable:
    """Infusions of ``n`` patients, patient by patient; columns (infusions,).

    ``patient`` is whose it is, ``agent`` a place in ``agents``.
    """

    n: int
    agents: tuple[str, ...]
    patient: _Integers
    agent: _Integers
    day_d: Floats
    amount_mg: Floats
    duration_d: Floats

    @cached_property
    def by_patient(self) -> tuple[tuple[Infusion, ...], ...]:
        """Return the infusions of every patient."""
        rows: list[list[Infusion]] = [[] for _ in range(self.n)]
        columns = (self.patient, self.agent, self.day_d, self.amount_mg, self.duration_d)
        for patient, agent, day, amount, duration in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            rows[patient].append(
                Infusion(day_d=day, agent=self.agents[agent], amount_mg=amount, duration_d=duration)
            )
        return tuple(tuple(row) for row in rows)

    def given(self, agent: str) -> _Integers:
        """Return the patients who are given an agent, each once."""
        return np.unique(self.patient[self.agent == self.agents.index(agent)])

    def against(self, target: str) -> NDArray[np.bool_]:
        """Return which infusions are of an agent against a target."""
        mine = np.array([AGENTS[agent] == target for agent in self.agents], bool)
        return mine[self.agent]


def infusions_of(patients: Sequence[Patient]) -> InfusionTable:
    """Return the infusions of patients as columns."""
    rows = [(k, one) for k, patient in enumerate(patients) for one in patient.infusions]
    agents = tuple(dict.fromkeys(one.agent for _, one in rows))
    places = {agent: place for place, agent in enumerate(agents)}
    return InfusionTable(
        n=len(patients),
        agents=agents,
        patient=np.array([k for k, _ in rows], np.int64),
        agent=np.array([places[one.agent] for _, one in rows], np.int64),
        day_d=np.array([one.day_d for _, one in rows], float),
        amount_mg=np.array([one.amount_mg for _, one in rows], float),
        duration_d=np.array([one.duration_d for _, one in rows], float),
    )


def holds_of(table: InfusionTable, horizon_d: Floats, *, draws: int) -> tuple[Holds, ...]:
    """Return the infusions that take time, and since when each kind of drug was given.

    ``horizon_d`` is (patients,); what is infused after it is cut off. Member ``i * draws + k`` is
    draw k of patient i.
    """
    out = []
    for key in ("pd1", "ctla4"):
        mine = table.against(key)
        if not mine.any():
            continue
        patient, day, duration = table.patient[mine], table.day_d[mine], table.duration_d[mine]
        takes = duration > 0.0
        ends = np.minimum(day + duration, horizon_d[patient])
        values = table.amount_mg[mine] / np.where(takes, duration, 1.0)
        who, first = np.unique(patient, return_index=True)
        began = np.minimum.reduceat(day, first)
        for name, of, starts, until, rates in (
            (f"{key}_infusion", patient[takes], day[takes], ends[takes], values[takes]),
            (f"{key}_started", who, began, horizon_d[who], np.ones(len(who))),
        ):
            kept = starts < until
            if kept.any():
                members = (of[kept][:, None] * draws + np.arange(draws)).ravel()
                columns = (np.repeat(one[kept], draws) for one in (starts, until, rates))
                begin, end, value = columns
                out.append(Holds(name, starts=begin, ends=end, values=value, members=members))
    return tuple(out)
