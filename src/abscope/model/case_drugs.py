"""The infusions of a case in every draw: agents that the model knows, amounts, days."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abscope.case.clock import Clock
from abscope.case.facts import Fact
from abscope.case.record import Case
from abscope.case.therapy import Agent, SystemicTherapy
from abscope.case.timing import Relative, When
from abscope.catalog.case_prior import case_prior, usual_infusion
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats
from abscope.model.case_frame import CaseFrame
from abscope.model.infusions import InfusionTable
from abscope.model.patient import Infusion
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import drawn_value, has_positive
from abscope.model.values import AGENTS

__all__ = ["DrugPlan", "drug_plan"]

_Integers = NDArray[np.int64]
#: A drug that nobody ended goes on to the horizon, but not for more doses than this.
_MOST_DOSES = 200


@dataclass(frozen=True, slots=True, eq=False)
class DrugPlan:
    """The infusions of all draws, and in words what had to be assumed or left out."""

    table: InfusionTable
    unknowns: tuple[str, ...]

    @property
    def infusions(self) -> tuple[tuple[Infusion, ...], ...]:
        """Return the infusions by draw."""
        return self.table.by_patient


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """One agent of a therapy; amounts, first days and intervals by draw (n,), until ``end_d``."""

    therapy: str
    agent: str
    amount_mg: Floats
    start_d: Floats
    interval_d: Floats
    number: int
    end_d: float

    def given(self, *, early_d: float, last_d: float) -> tuple[_Integers, Floats, Floats]:
        """Return draw, day and amount (mg) of every infusion between two days."""
        number = np.arange(min(self.number, _MOST_DOSES))
        days = self.start_d[:, None] + number * self.interval_d[:, None]
        draw, place = np.nonzero((days >= early_d) & (days <= min(self.end_d, last_d)))
        return draw, days[draw, place], self.amount_mg[draw]


class _Reader:
    """Reads the therapies one after the other; ``told`` gathers what is assumed."""

    def __init__(self, case: Case, frame: CaseFrame, prior: PriorDraws, weight_kg: Floats) -> None:
        self.clock, self.frame, self.prior, self.weight_kg = Clock(case), frame, prior, weight_kg
        self.told: list[str] = []
        self._next: dict[str, Floats] = {}

    def therapy(self, therapy: SystemicTherapy) -> list[_Given]:
        """Return the agents of a therapy that the model knows and that have a place in time."""
        out = []
        for agent in therapy.agents:
            name = agent.name.strip().lower()
            if name not in AGENTS:
                self.told.append(f"{therapy.id}: {agent.name} is not in the model")
                continue
            start = self._start(agent, therapy)
            if start is None:
                self.told.append(f"{therapy.id}: {name} has no place in time and is not simulated")
                continue
            interval = self._interval(agent, therapy, name)
            number, end = self._length(agent, therapy, name)
            last = start + (min(number, _MOST_DOSES) - 1) * interval
            self._next[therapy.id] = np.minimum(last, end) + interval
            amount = self._amount(agent, therapy, name)
            out.append(_Given(therapy.id, name, amount, start, interval, number, end))
        return out

    def _start(self, agent: Agent, therapy: SystemicTherapy) -> Floats | None:
        fact: Fact[When] | None = agent.start or therapy.start
        follows = self._follows(fact)
        if follows is not None:
            return follows
        span, width = self.clock.fact(fact), lymphocyte_parameter("start_window").value
        if span is None:
            courses = {course.id for course in self.frame.courses}
            if not courses & set(therapy.ongoing_during):
                return None
            self.told.append(f"{therapy.id}: start not on record, taken as the first scan")
            return np.full(self.prior.n, self.frame.start.low_d)
        low = span.low_d if math.isfinite(span.low_d) else span.high_d - width
        high = span.high_d if math.isfinite(span.high_d) else low + width
        if not math.isfinite(low):
            return None
        if low < high:
            self.told.append(f"{therapy.id} starts between day {low:g} and {high:g}")
        return self.prior.between(f"{therapy.id} start", low=low, high=high)

    def _follows(self, fact: Fact[When] | None) -> Floats | None:
        """Return the day after the last cycle of the therapy that this one follows."""
        for when in fact.candidates if fact else ():
            time = when.expression
            if isinstance(time, Relative) and time.relation == "after" and time.high_d is None:
                return self._next.get(time.event.partition(".")[0])
        return None

    def _interval(self, agent: Agent, therapy: SystemicTherapy, name: str) -> Floats:
        for quantity in (agent.interval_d, therapy.interval_d):
            if quantity is not None and has_positive(quantity):
                return drawn_value(quantity, f"{therapy.id} {name} interval", self.prior)
        usual = usual_infusion(name)
        days = usual[1].value if usual else lymphocyte_parameter("start_window").value
        self.told.append(f"{therapy.id}: interval of {name} not on record, taken as {days:g} d")
        return np.full(self.prior.n, days)

    def _length(self, agent: Agent, therapy: SystemicTherapy, name: str) -> tuple[int, float]:
        counts = next((x.candidates for x in (agent.n_cycles, therapy.n_cycles) if x), ())
        stop = self.clock.fact(therapy.stop)
        end = stop.high_d if stop is not None else math.inf
        if counts:
            return max(counts), end
        if not math.isfinite(end):
            self.told.append(f"{therapy.id}: end of {name} not on record, goes on to the horizon")
        return _MOST_DOSES, end

    def _amount(self, agent: Agent, therapy: SystemicTherapy, name: str) -> Floats:
        flat, by_weight = agent.dose_mg, agent.dose_mg_per_kg
        if flat is not None and has_positive(flat):
            return drawn_value(flat, f"{therapy.id} {name} dose", self.prior)
        if by_weight is not None and has_positive(by_weight):
            return drawn_value(by_weight, f"{therapy.id} {name} dose", self.prior) * self.weight_kg
        usual = usual_infusion(name)
        if usual is None:  # every agent of the model has a usual dose in the catalog
            raise KeyError(name)
        dose = usual[0]
        unit = "mg/kg" if dose.unit == "mg_per_kg" else "mg"
        self.told.append(
            f"{therapy.id}: dose of {name} not on record, taken as {dose.value:g} {unit}"
        )
        return dose.value * (self.weight_kg if unit == "mg/kg" else np.ones(self.prior.n))


def drug_plan(
    case: Case, frame: CaseFrame, *, weight_kg: Floats, horizon_d: float, prior: PriorDraws
) -> DrugPlan:
    """Return the infusions of every draw from the washout before the start to the horizon."""
    reader = _Reader(case, frame, prior, weight_kg)
    given = [item for therapy in case.systemic_therapy for item in reader.therapy(therapy)]
    early = frame.start.low_d - case_prior("washout").value
    duration = case_prior("infusion_time").value
    rows = [item.given(early_d=early, last_d=horizon_d - duration) for item in given]
    used = {item.therapy for item, row in zip(given, rows, strict=True) if len(row[0])}
    table = _one_per_target(_table(given, rows, n=prior.n, duration_d=duration), reader.told)
    if (table.day_d < frame.start.low_d).any():
        reader.told.append(
            "drugs given before the start act while the lesions grow to their first volumes"
        )
    over = {item.therapy for item in given} - used
    told = [
        text
        for text in reader.told
        if not text.startswith(tuple(f"{x}{end}" for x in over for end in ": "))
    ]
    told += [
        f"{name} was washed out before the start and is not simulated" for name in sorted(over)
    ]
    return DrugPlan(table, tuple(dict.fromkeys(told)))


def _table(
    given: Sequence[_Given],
    rows: Sequence[tuple[_Integers, Floats, Floats]],
    *,
    n: int,
    duration_d: float,
) -> InfusionTable:
    """Return the infusions of all agents, draw by draw in order of their days."""
    agents = tuple(dict.fromkeys(item.agent for item in given))
    place = [
        np.full(len(row[0]), agents.index(x.agent)) for x, row in zip(given, rows, strict=True)
    ]
    none = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    draw, day, amount = (np.concatenate(column) for column in zip(none, *rows, strict=True))
    order = np.lexsort((day, draw))
    agent = np.concatenate([np.zeros(0, np.int64), *place])[order]
    return InfusionTable(
        n, agents, draw[order], agent, day[order], amount[order], np.full(len(order), duration_d)
    )


def _one_per_target(table: InfusionTable, told: list[str]) -> InfusionTable:
    """Return infusions with one agent against each target: the one that is given most often."""
    rivals: dict[str, list[str]] = {}
    for name in table.agents:
        rivals.setdefault(AGENTS[name], []).append(name)
    groups = [sorted(agents) for _, agents in sorted(rivals.items()) if len(agents) > 1]
    agent, said = table.agent.copy(), []
    for number, names in enumerate(groups):
        places = np.array([table.agents.index(name) for name in names])
        counts = np.zeros((table.n, len(places)), np.int64)
        first = np.full(counts.shape, len(agent))
        for k, place in enumerate(places.tolist()):
            mine = np.flatnonzero(table.agent == place)
            counts[:, k] = np.bincount(table.patient[mine], minlength=table.n)
            np.minimum.at(first[:, k], table.patient[mine], mine)
        most = counts == counts.max(axis=1, keepdims=True)
        kept = np.where(most, first, len(agent) + 1).argmin(axis=1)  # of as many the earliest
        several = (counts > 0).sum(axis=1) > 1
        change = np.isin(agent, places) & several[table.patient]
        agent[change] = places[kept[table.patient[change]]]
        ways = np.column_stack([counts > 0, kept])[several]
        for way, at in zip(*np.unique(ways, axis=0, return_index=True), strict=True):
            given = [name for name, there in zip(names, way, strict=False) if there]
            said.append((int(np.flatnonzero(several)[at]), number, given, names[way[-1]]))
    told += [f"{' and '.join(given)} count as {name}" for _, _, given, name in sorted(said)]
    return replace(table, agent=agent) if said else table
