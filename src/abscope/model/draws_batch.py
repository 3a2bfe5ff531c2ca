"""The draws of a case as a batch of the engine, column by column.

The same batch as `batch.batch_of` makes of the patients of the draws, without a patient in between:
a fit asks for tens of thousands. The n-th member of a lesion has a column of its own in each draw,
after those of the lesions before it. What is drawn from a checked record is not checked again here;
the engine refuses a number that is not finite or not allowed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch, Events
from abscope.errors import ModelError
from abscope.model.batch import (
    BatchColumns,
    CoreOptions,
    batch_of,
    batch_of_columns,
    early_infusions,
)
from abscope.model.case_courses import DrawnPhase
from abscope.model.case_draws import CaseDraws
from abscope.model.case_lesions import DrawnLesion
from abscope.model.dose_bins import equal_parts_of_gy
from abscope.model.infusions import holds_of
from abscope.model.kill import BINS, DOSES
from abscope.model.routes import mode_scale, passes, rounds_per_d
from abscope.model.system import core_system
from abscope.model.timetable import ANCHOR_LEAD_D
from abscope.model.values import agent_numbers, core_values

__all__ = ["Slot", "batch_of_draws", "slots_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A member of a lesion: the draws that have it (rows) and its place in each of them."""

    lesion: DrawnLesion
    number: int
    rows: NDArray[np.int64]
    places: NDArray[np.int64]

    @property
    def member(self) -> str:
        """Return the name that its quantities have."""
        return f"{self.lesion.lesion.id}.{self.number + 1}"


def slots_of(draws: CaseDraws) -> tuple[Slot, ...]:
    """Return the members of all lesions of a case in the order of their columns."""
    first = np.zeros(draws.prior.n, np.int64)
    out = []
    for lesion in draws.lesions:
        for place in range(lesion.volume_ml.shape[1]):
            rows = np.flatnonzero(lesion.n_members > place)
            out.append(Slot(lesion, place, rows, first[rows] + place))
        first = first + lesion.n_members
    return tuple(out)


def batch_of_draws(
    draws: CaseDraws, *, observe_at_d: ArrayLike, options: CoreOptions | None = None
) -> Batch:
    """Return the draws of a case as a batch of `system.core_system`, as `batch_of` does.

    ``observe_at_d`` is (times,) or (draws, times), in days of the case. Raises ModelError for an
    infusion before the run-in, CaseError for a course before the start.
    """
    options = options or CoreOptions()
    found = _Columns(draws, options)
    if options.draws != 1 or not found.plain:
        return batch_of(draws.patients(), observe_at_d=observe_at_d, options=options)
    return batch_of_columns(found.columns(), observe_at_d=observe_at_d, options=options)


class _Columns:
    """The columns of a batch, filled for all draws at once."""

    def __init__(self, draws: CaseDraws, options: CoreOptions) -> None:
        self.draws, self.options = draws, options
        self.system = core_system(options.switches.growth)
        self.slots = slots_of(draws)
        self.count = np.sum([lesion.n_members for lesion in draws.lesions], axis=0)
        self.shape = (draws.prior.n, int(self.count.max()))
        self.horizon = draws.horizon_d_of_all()

    @property
    def plain(self) -> bool:
        """Return whether nothing needs a patient: no imprint of homing."""
        values = core_values()
        given = [self.draws.shared, *self.draws.own.values()]
        return values["imprint"].value == 1.0 and not any("imprint" in one for one in given)

    def columns(self) -> BatchColumns:
        """Return the columns; raises ModelError for an infusion before the run-in."""
        draws = self.draws
        given, horizon = draws.infusions, np.full(self.shape[0], self.horizon)
        if (given.day_d < draws.start_d[given.patient] - self.options.run_in_d).any():
            raise ModelError(early_infusions(draws.patients(), self.options))
        volume = self._table({x.member: x.lesion.volume_ml[:, x.number] for x in self.slots})
        return BatchColumns(
            start_d=draws.start_d,
            horizon_d=horizon,
            n_members=self.count,
            shared=self._shared(),
            own=self._own(),
            volume_ml=volume,
            events=tuple(one for one in self._events(volume) if len(np.atleast_1d(one.times))),
            holds=holds_of(given, horizon, draws=1),
        )

    def _table(self, values: Mapping[str, Floats], absent: float = 0.0) -> Floats:
        """Return what members have by name, (draws,), as (draws, lesions)."""
        out = np.full(self.shape, absent)
        for slot in self.slots:
            out[slot.rows, slot.places] = values[slot.member][slot.rows]
        return out

    def _shared(self) -> dict[str, Floats]:
        draws, catalog, n = self.draws, core_values(), self.shape[0]
        out = {}
        for name in (one.name for one in self.system.body.parameters):
            out[name] = np.full(n, catalog[name].value if name in catalog else np.nan)
        out["rounds"] = np.full(n, rounds_per_d(draws.sex))
        for agent in draws.infusions.agents:
            rows = draws.infusions.given(agent)
            numbers = agent_numbers(agent, sex=draws.sex, weight_kg=draws.weight_kg[rows])  # type: ignore[arg-type]
            for name, values in numbers.items():
                out[name][rows] = values
        return out | {name: draws.shared[name] for name in out if name in draws.shared}

    def _own(self) -> dict[str, Floats]:
        draws, catalog, replicate = self.draws, core_values(), self.system.replicate
        out = {}
        for name in (one.name for one in replicate.parameters) if replicate else ():
            column = np.full(self.shape, catalog[name].value if name in catalog else 0.0)
            if name in draws.shared:
                column[:] = draws.shared[name][:, None]
            for slot in self.slots:
                mine = draws.own[slot.member].get(name)
                if mine is not None:
                    column[slot.rows, slot.places] = mine[slot.rows]
            out[name] = column
        self._route(out)
        return out

    def _route(self, own: dict[str, Floats]) -> None:
        """Fill perfusion, passage and imprint where neither the case nor a lesion states them."""
        mode, draws = self.options.homing, self.draws
        scale = mode_scale(mode)
        whole = bool((own["part"] == 1.0).all())
        alike: dict[object, list[int]] = {}
        places = [(lesion.compartments, lesion.n_members.tolist()) for lesion in draws.lesions]
        for k in range(self.shape[0]):
            organs = tuple(one[k] for one, number in places for _ in range(number[k]))
            alike.setdefault((organs, b"" if whole else own["part"][k].tobytes()), []).append(k)
        for key, rows in alike.items():
            organs = key[0]  # type: ignore[index]
            part = own["part"][rows[0], : len(organs)]
            found = passes(organs, mode=mode, sex=draws.sex, part_frac=part)  # type: ignore[arg-type]
            for name, values in (("perfusion", found.per_ml), ("passage", found.fixed_frac)):
                if name not in draws.shared:
                    own[name][np.array(rows)[:, None], np.arange(len(organs))] = scale * values
        for slot in self.slots:
            own["imprint"][slot.rows, slot.places] = 1.0

    def _events(self, volume: Floats) -> Iterator[Events]:
        draws = self.draws
        if self.options.run_in_d > 0.0:
            yield Events(
                "anchor", times=draws.start_d - ANCHOR_LEAD_D, fields={"volume": volume},
                members=np.arange(self.shape[0]),
            )  # fmt: skip
        if draws.courses.phases:
            yield self._fractions(draws.courses.phases)
        yield self._resections()

    def _fractions(self, phases: tuple[DrawnPhase, ...]) -> Events:
        number = [[len(days) for days in phase.days_d] for phase in phases]
        rows = [np.repeat(np.arange(self.shape[0]), one) for one in number]
        members = np.concatenate(rows)
        times = np.concatenate([np.concatenate(phase.days_d) for phase in phases])
        order = np.lexsort((times, members))
        fields = {
            name: np.concatenate(
                [getattr(p.cells, f"{name}_gy")[k] for p, k in zip(phases, rows, strict=True)]
            )[order]
            for name in ("blood", "lymphoid", "nodes")
        }
        dose = [self._doses_gy(p)[k] for p, k in zip(phases, rows, strict=True)]
        each = np.concatenate(dose)[order]
        fields |= {one.name: each[:, :, k] for k, one in enumerate(DOSES)}
        return Events("fraction", times=times[order], fields=fields, members=members[order])

    def _doses_gy(self, phase: DrawnPhase) -> Floats:
        """Return the doses of the parts of every lesion of every draw, (draws, lesions, parts)."""
        out = np.zeros((*self.shape, BINS))
        drawn = {
            id(lesion): doses
            for lesion, doses in zip(self.draws.lesions, phase.lesions, strict=True)
        }
        for slot in self.slots:
            dose = drawn[id(slot.lesion)][slot.number]
            parts = equal_parts_of_gy(dose.dose_gy[slot.rows], dose.volume_frac[slot.rows])
            out[slot.rows, slot.places] = parts
        return out

    def _resections(self) -> Events:
        members: list[int] = []
        times: list[float] = []
        left: list[Floats] = []
        done = self.draws.procedures
        for k, start in enumerate(self.draws.start_d.tolist()):
            for day, lesion in zip(done.cut_d, done.cut, strict=True):
                for slot in self.slots if start <= day <= self.horizon else ():
                    if slot.lesion is lesion and slot.number < lesion.n_members[k]:
                        row = np.ones(self.shape[1])
                        row[slot.places[np.searchsorted(slot.rows, k)]] = 0.0
                        members.append(k)
                        times.append(day)
                        left.append(row)
        fields = {"left": np.array(left).reshape(-1, self.shape[1])}
        return Events(
            "resection", times=np.array(times), fields=fields, members=np.array(members, np.int64)
        )
