"""The delivered treatment simulated once, with its states kept, and others that go on from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from abscope.decide.fraction_events import Fractions
from abscope.decide.rows import events_from, holds_from, initial_from
from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch
from abscope.engine.simulation import Settings, Trajectories, simulate
from abscope.errors import ModelError, Problem
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.patient import Infusion, Patient
from abscope.model.routes import Homing
from abscope.model.run import compiled_core
from abscope.model.switches import Switches

__all__ = ["Continuation", "WhatIfOptions", "differ_d"]

#: Days between kept states, and after the last fraction of a phase at which blood is drawn.
_KEPT_EVERY_D = 28.0
_COUNTED_AFTER_D = (1.0, 4.0, 14.0, 28.0)
#: Accurate enough for what is shown with two digits: against 1e-7 a change of a diameter is off by
#: at most 1e-3 of the start and a lowest count by 1e-3. Members of one chunk are few, so that two
#: threads are busy with 200 draws.
_SETTINGS = Settings(rtol=1e-3, first_step=0.1, n_threads=2, chunk=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOptions:
    """How what-ifs are simulated."""

    homing: Homing = "lesion"
    switches: Switches = field(default_factory=Switches)
    settings: Settings = _SETTINGS


class Continuation:
    """Patients simulated as delivered, from whose states another treatment goes on.

    ``patients`` are as delivered with the ``weight_kg`` (draws,) of all, ``fractions`` what they
    were given, ``visits_d`` the days of scans. ``volume_ml`` (draws, visits, places) and
    ``count_per_ul`` (draws, visits) are as delivered. Raises ModelError where no draw can be
    finished.
    """

    def __init__(
        self,
        patients: Sequence[Patient],
        fractions: Fractions,
        *,
        weight_kg: Floats,
        visits_d: Floats,
        options: WhatIfOptions,
    ) -> None:
        self._patients, self._options = tuple(patients), options
        self._weight_kg, self._visits_d = weight_kg, visits_d
        self.horizon_d = self._patients[0].horizon_d
        self._draws = len(self._patients)
        self._core = CoreOptions(switches=options.switches, homing=options.homing)
        self._batch = batch_of(
            self._patients, observe_at_d=np.zeros((self._draws, 0)), options=self._core
        )
        self._other = tuple(one for one in self._batch.events if one.name != "fraction")
        self._kept_d = self._days_to_keep(fractions)
        kept = simulate(
            compiled_core(options.switches.growth),
            replace(self._batch, observe_at=self._kept_d),
            replace(options.settings, keep_states=True),
        )
        if not kept.ok.any():
            what = f"no draw could be finished: {'; '.join(kept.failures()[:3])}"
            where = self._patients[0].id.partition(".")[0]
            raise ModelError(Problem(where, what, "a trajectory", "Report it with the case."))
        self._states, self.ok = kept.states, kept.ok
        with np.errstate(invalid="ignore"):
            at = (self._kept_d[:, None, :] <= visits_d[:, None]).sum(axis=2) - 1
        at = np.maximum(at, 0)
        self.volume_ml = np.take_along_axis(kept["volume_ml"], at[..., None], axis=1)
        self.count_per_ul = np.take_along_axis(kept["alc_per_ul"], at, axis=1)

    def _days_to_keep(self, fractions: Fractions) -> Floats:
        """Return days of the run-in and after it, and those just before each phase begins."""
        start_d = np.array([patient.start_d for patient in self._patients])[:, None]
        run_in_d = self._core.run_in_d
        early = start_d - run_in_d + np.arange(0.0, run_in_d, _KEPT_EVERY_D)
        later = start_d + np.arange(0.0, self.horizon_d, _KEPT_EVERY_D)
        phases = [fractions.first_of(frozenset({name}))[:, None] for name in fractions.phases]
        visits = np.broadcast_to(self._visits_d, (self._draws, len(self._visits_d)))
        days = np.concatenate([early, later, visits, *phases], axis=1)
        days = np.where(days >= early[:, :1], days, np.nan)
        return np.sort(np.where(days <= self.horizon_d, days, np.nan), axis=1)

    def go_on(
        self,
        fractions: Fractions,
        *,
        infusions: tuple[tuple[Infusion, ...], ...] | None,
        differs_d: Floats,
    ) -> tuple[Trajectories, Floats]:
        """Return the trajectories of a treatment and the days (draws, n) that were looked at.

        ``infusions`` are None where they are as delivered. It goes on from the last kept day that
        is not after ``differs_d`` (draws,). Days are the visits, then those of counts; NaN stands
        for a day before the treatments differ or after the horizon.
        """
        with np.errstate(invalid="ignore"):
            at = (self._kept_d <= differs_d[:, None]).sum(axis=1) - 1
        at = np.maximum(at, 0)
        from_d = self._kept_d[np.arange(self._draws), at]
        compiled = compiled_core(self._options.switches.growth)
        body, own = initial_from(self._states, compiled.system, at)
        given = self._batch if infusions is None else self._with(infusions)
        days = self._days_to_look(fractions, from_d)
        end_d = float(np.nanmax(days))  # nobody looks at what comes later
        batch = Batch(
            members=self._draws,
            start=from_d,
            horizon=end_d,
            observe_at=np.sort(days, axis=1),
            replicates=given.replicates,
            parameters=given.parameters,
            own=given.own,
            initial=body,
            replicate_initial=own,
            events=(
                *events_from(self._other, from_d, to_d=end_d),
                fractions.events(from_d=from_d),
            ),
            holds=holds_from(given.holds, from_d, to_d=end_d),
        )
        return simulate(compiled, batch, self._options.settings), days

    def _with(self, infusions: tuple[tuple[Infusion, ...], ...]) -> Batch:
        """Return the batch with other infusions, which may be of other agents."""
        patients = tuple(
            replace(patient, infusions=new, weight_kg=patient.weight_kg or float(weight))
            for patient, new, weight in zip(self._patients, infusions, self._weight_kg, strict=True)
        )
        return batch_of(patients, observe_at_d=np.zeros((self._draws, 0)), options=self._core)

    def _days_to_look(self, fractions: Fractions, from_d: Floats) -> Floats:
        visits = np.broadcast_to(self._visits_d, (self._draws, len(self._visits_d)))
        after = [fractions.days_d]
        for k in range(len(fractions.phases)):
            days = fractions.days_d[:, fractions.column == k]
            last = np.fmax.reduce(days, axis=1, initial=np.nan)
            after.append(last[:, None] + np.array(_COUNTED_AFTER_D))
        days = np.concatenate([visits, *after], axis=1)
        with np.errstate(invalid="ignore"):
            return np.where((days >= from_d[:, None]) & (days <= self.horizon_d), days, np.nan)


def differ_d(old: Sequence[Sequence[Infusion]], new: Sequence[Sequence[Infusion]]) -> Floats:
    """Return the day of the first infusion that only one of two treatments has, by draw.

    Infinite where there is none.
    """
    return np.array([_first_difference(a, b) for a, b in zip(old, new, strict=True)])


def _first_difference(old: Sequence[Infusion], new: Sequence[Infusion]) -> float:
    for a, b in zip(old, new, strict=False):
        if a != b:
            return min(a.day_d, b.day_d)
    rest = (old if len(old) > len(new) else new)[min(len(old), len(new)) :]
    return rest[0].day_d if rest else float(np.inf)
