"""What-ifs of one case: prepared once, then any scenario on the same draws, quickly.

Every draw is simulated once as delivered, and its states are kept at many days. A scenario goes on
from the last of those days before anything differs, so the years before radiotherapy are not run
again; the delivered treatment is run from the same day, so that errors of the integration are
alike. A scenario that runs from the beginning gives the same within the tolerance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from abscope.blood.alc.bodies import spared_plan
from abscope.blood.case_plan import CasePlan, case_plan
from abscope.blood.planned import PlannedDose
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.decide.editing import EditedCase, edit_case
from abscope.decide.fraction_events import Fractions, Places, fractions_of
from abscope.decide.names import Names
from abscope.decide.outcome import ArmOutcome, Course, course_of
from abscope.decide.rows import events_from, holds_from, initial_from
from abscope.decide.scenario import Scenario
from abscope.decide.schedule_checks import check_schedule
from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch
from abscope.engine.simulation import Settings, Trajectories, simulate
from abscope.errors import CaseError, ModelError, Problem
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.case_courses import DrawnPhase, drawn_courses
from abscope.model.case_draws import CaseDraws
from abscope.model.case_drugs import drug_plan
from abscope.model.expectation import VisitDay, visit_days
from abscope.model.from_case import can_be_simulated
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.patient import Infusion, Patient
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing
from abscope.model.run import compiled_core
from abscope.model.switches import Switches

__all__ = ["Arm", "WhatIf", "WhatIfOptions"]

#: Days between kept states, and after the last fraction of a phase at which blood is drawn.
_KEPT_EVERY_D = 28.0
_COUNTED_AFTER_D = (1.0, 4.0, 14.0, 28.0)
#: A lesion that gets this share of a prescription from a phase is in its field.
_IN_FIELD_FRAC = 0.5


#: Accurate enough for what is shown with two digits; members of one chunk are few, so that two
#: threads are busy with 200 draws.
_SETTINGS = Settings(rtol=1e-4, n_threads=2, chunk=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOptions:
    """How what-ifs are simulated."""

    homing: Homing = "lesion"
    switches: Switches = field(default_factory=Switches)
    settings: Settings = _SETTINGS


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One treatment on the draws: what was changed, its fractions and its outcome."""

    scenario: Scenario | None
    fractions: Fractions
    outcome: ArmOutcome
    assumed: tuple[str, ...]


class WhatIf:
    """A case with draws of what its record does not tell, ready for any scenario.

    ``prior`` are draws of a fit (`Posterior.prior`) or of the prior alone. Raises CaseError where
    the case is no patient with lesions and radiotherapy, ModelError where no draw can be finished.
    """

    def __init__(
        self, case: Case, prior: PriorDraws, *, options: WhatIfOptions | None = None
    ) -> None:
        _check(case)
        self.case, self.prior = case, prior
        self.options = options or WhatIfOptions()
        self._drawn_case = CaseDraws(case, prior)
        self._clock, self._frame = self._drawn_case.clock, self._drawn_case.frame
        self._lesions = self._drawn_case.lesions
        self.patients = self._drawn_case.patients()
        self._plan = self._drawn_case.plan
        self._places = Places.of(self._lesions)
        self.start_d = self._drawn_case.start_d
        self.horizon_d = self.patients[0].horizon_d
        self.names = Names(
            case, self._frame, self._plan.planned,
            lesions=self._places.names,
            gone=_gone(case, self.patients[0].unknowns, self._places.names),
        )  # fmt: skip
        visits, _ = visit_days(case, self.patients)
        self.visits: tuple[VisitDay, ...] = visits
        self._visits_d = np.array([visit.day_d for visit in visits])
        self._phases = self._drawn(EditedCase(case), self._plan)
        self._fractions = fractions_of(self._phases, places=self._places)
        self._outside = self._never_in_field()
        self._start_mm = self._diameters(
            np.stack([_volumes(patient, self._places.most) for patient in self.patients])[:, None]
        )[:, 0]
        self._prepare()
        self.delivered = self._arm(None, EditedCase(case), self._fractions)

    @property
    def draws(self) -> int:
        """Return how many draws there are."""
        return self.prior.n

    @property
    def first_fraction_d(self) -> Floats:
        """Return the day of the first delivered fraction of every draw."""
        return self._fractions.first_d

    @property
    def planned(self) -> tuple[PlannedDose, ...]:
        """Return the delivered fractions, phase by phase, in every version of the record."""
        mine = set(self._fractions.phases)
        return tuple(plan for plan in self._plan.planned if plan.name in mine)

    def edited(self, scenario: Scenario) -> EditedCase:
        """Return the case of a scenario; raises UsageError with all that it cannot be."""
        planned = {plan.name: plan for plan in self._plan.planned}
        return edit_case(self.case, scenario, clock=self._clock, planned=planned, names=self.names)

    def run(self, scenario: Scenario) -> Arm:
        """Return a scenario on the draws. Raises UsageError where it cannot be."""
        edited = self.edited(scenario)
        changed = edited.touched | edited.without | set(edited.added)
        fractions = self._fractions
        if changed or edited.spare_frac:
            fractions = self._edited_fractions(edited)
            check_schedule(
                scenario, self._fractions, fractions, changed=frozenset(changed),
                window_d=(self.start_d, self.horizon_d),
            )  # fmt: skip
        return self._arm(scenario, edited, fractions)

    def _edited_fractions(self, edited: EditedCase) -> Fractions:
        clock = Clock(edited.case)
        plan = case_plan(edited.case, clock)
        if edited.spare_frac:
            plan = replace(plan, planned=spared_plan(plan.planned, factors_frac=edited.spare_frac))
        phases = _together(self._drawn(edited, plan), self._phases, edited)
        return fractions_of(
            phases, places=self._places, without=edited.without,
            factor_frac=edited.lesion_factor_frac,
        )  # fmt: skip

    def _drawn(self, edited: EditedCase, plan: CasePlan) -> tuple[DrawnPhase, ...]:
        """Return the phases of a case in every draw, of the courses that are simulated."""
        mine = {course.id for course in self._frame.courses}
        new = {phase[:-1] for phase in edited.added}
        courses = tuple(c for c in edited.case.rt_courses if c.id in mine | new)
        frame, setting = replace(self._frame, courses=courses), self._drawn_case.setting
        return drawn_courses(edited.case, frame, plan=plan, setting=setting).phases

    def _never_in_field(self) -> NDArray[np.bool_]:
        """Return which places (draws, most) get no prescription in the delivered treatment."""
        hit = np.zeros((self.draws, self._places.most), bool)
        planned = {plan.name: plan for plan in self._plan.planned}
        for k, name in enumerate(self._fractions.phases):
            dose = planned[name].prescribed_gy or np.inf
            hit |= self._fractions.dose_gy[k].mean(axis=1) >= _IN_FIELD_FRAC * dose
        there = np.arange(self._places.most) < self._places.n_members.sum(axis=1)[:, None]
        return np.asarray(there & ~hit)

    # ---- simulation

    def _prepare(self) -> None:
        """Run the delivered treatment once, and keep its states at many days."""
        core = CoreOptions(switches=self.options.switches, homing=self.options.homing)
        run_in = self.start_d - core.run_in_d
        self._core = core
        self._batch = batch_of(self.patients, observe_at_d=np.zeros((self.draws, 0)), options=core)
        self._other = tuple(one for one in self._batch.events if one.name != "fraction")
        grid = run_in[:, None] + np.arange(0.0, core.run_in_d, _KEPT_EVERY_D)
        later = self.start_d[:, None] + np.arange(0.0, self.horizon_d, _KEPT_EVERY_D)
        phases = [self._fractions.first_of(frozenset({x})) for x in self._fractions.phases]
        days = np.concatenate([grid, later, *(first[:, None] for first in phases)], axis=1)
        days = np.where(days <= self.horizon_d, days, np.nan)
        self._kept_d = np.sort(days, axis=1)
        settings = replace(self.options.settings, keep_states=True)
        kept = simulate(
            compiled_core(self.options.switches.growth),
            replace(self._batch, observe_at=self._kept_d),
            settings,
        )
        if not kept.ok.any():
            what = f"no draw could be finished: {'; '.join(kept.failures()[:3])}"
            raise ModelError(Problem(self.case.id, what, "a trajectory", "Report it."))
        self._states, self._ok = kept.states, kept.ok

    def _arm(self, scenario: Scenario | None, edited: EditedCase, fractions: Fractions) -> Arm:
        infusions = self._infusions(edited)
        differs = self._differs_d(edited, fractions, infusions)
        found, days = self._go_on(fractions, infusions, differs)
        return Arm(scenario, fractions, self._outcome(found, days), edited.assumed)

    def _differs_d(
        self,
        edited: EditedCase,
        fractions: Fractions,
        infusions: tuple[tuple[Infusion, ...], ...] | None,
    ) -> Floats:
        """Return the first day of every draw on which a scenario differs from the delivered."""
        changed = frozenset(edited.touched | edited.without | set(edited.added))
        if edited.spare_frac:
            changed |= frozenset((*self._fractions.phases, *fractions.phases))
        if not changed and infusions is None:
            changed = frozenset(self._fractions.phases)
        day = np.minimum(self._fractions.first_of(changed), fractions.first_of(changed))
        if infusions is not None:
            first = [
                _first_difference(patient.infusions, new)
                for patient, new in zip(self.patients, infusions, strict=True)
            ]
            day = np.minimum(day, first)
        return np.asarray(np.minimum(day, self._fractions.first_d))

    def _infusions(self, edited: EditedCase) -> tuple[tuple[Infusion, ...], ...] | None:
        if not edited.drugs:
            return None
        return drug_plan(
            edited.case,
            self._frame,
            weight_kg=self._drawn_case.weight_kg,
            horizon_d=self.horizon_d,
            prior=self.prior,
        ).infusions

    def _go_on(
        self,
        fractions: Fractions,
        infusions: tuple[tuple[Infusion, ...], ...] | None,
        differs_d: Floats,
    ) -> tuple[Trajectories, Floats]:
        """Return the trajectories from the last kept day before the difference, and their days."""
        with np.errstate(invalid="ignore"):
            at = (self._kept_d <= differs_d[:, None]).sum(axis=1) - 1
        at = np.maximum(at, 0)
        from_d = self._kept_d[np.arange(self.draws), at]
        compiled = compiled_core(self.options.switches.growth)
        body, own = initial_from(self._states, compiled.system, at)
        batch = self._batch
        if infusions is not None:
            patients = tuple(
                replace(patient, infusions=new, weight_kg=patient.weight_kg or float(weight))
                for patient, new, weight in zip(
                    self.patients, infusions, self._drawn_case.weight_kg, strict=True
                )
            )
            batch = batch_of(patients, observe_at_d=np.zeros((self.draws, 0)), options=self._core)
        days = self._observed_d(fractions, from_d)
        batch = Batch(
            members=self.draws,
            start=from_d,
            horizon=self.horizon_d,
            observe_at=np.sort(days, axis=1),
            replicates=batch.replicates,
            parameters=batch.parameters,
            own=batch.own,
            initial=body,
            replicate_initial=own,
            events=(*events_from(self._other, from_d), fractions.events(from_d=from_d)),
            holds=holds_from(batch.holds, from_d),
        )
        return simulate(compiled, batch, self.options.settings), days

    def _observed_d(self, fractions: Fractions, from_d: Floats) -> Floats:
        """Return the days (draws, n) to look at: visits first, then those of counts, with NaN."""
        visits = np.broadcast_to(self._visits_d, (self.draws, len(self._visits_d)))
        after = [fractions.days_d]
        for k in range(len(fractions.phases)):
            days = fractions.days_d[:, fractions.column == k]
            last = np.fmax.reduce(days, axis=1, initial=np.nan)
            after.append(last[:, None] + np.array(_COUNTED_AFTER_D))
        days = np.concatenate([visits, *after], axis=1)
        with np.errstate(invalid="ignore"):
            return np.where((days >= from_d[:, None]) & (days <= self.horizon_d), days, np.nan)

    # ---- outcome

    def _outcome(self, found: Trajectories, days_d: Floats) -> ArmOutcome:
        order = np.argsort(days_d, axis=1, kind="stable")
        back = np.argsort(order, axis=1, kind="stable")
        visits = len(self._visits_d)
        count = np.take_along_axis(found["alc_per_ul"], back, axis=1)
        volume = np.take_along_axis(found["volume_ml"], back[:, :visits, None], axis=1)
        diameter = self._diameters(volume)
        ok = found.ok & self._ok
        diameter[~ok], count[~ok] = np.nan, np.nan
        names = self._places.names
        every = self._places.n_members > 0
        members = [self._places.mask(i) for i in range(len(names))]
        outside = np.stack([(self._outside & mine).any(axis=1) for mine in members], axis=1)
        first = np.fmin.reduce(count, axis=1, initial=np.nan)

        def course(counted: NDArray[np.bool_]) -> Course:
            return course_of(self._start_mm, diameter_mm=diameter, counted_frac=counted)

        return ArmOutcome(
            visits_d=self._visits_d,
            whole=course(every),
            outside=course(outside & every),
            lesions={
                name: course(every & (np.arange(len(names)) == i)) for i, name in enumerate(names)
            },
            nadir_per_ul=first,
            count_per_ul=count[:, :visits],
            ok=ok,
        )

    def _diameters(self, volume_ml: Floats) -> Floats:
        """Return the diameter of each lesion of the record (draws, visits, lesions)."""
        out = []
        for i in range(len(self._places.names)):
            mine = self._places.mask(i)[:, None, :]
            out.append(diameter_mm(np.where(mine, volume_ml, 0.0).sum(axis=2)))
        return np.stack(out, axis=2)


def _check(case: Case) -> None:
    if not can_be_simulated(case):
        what = "a case without radiotherapy that can be simulated, or without a lesion"
        expected = "a course with a dose and a site, and a lesion that is there before it"
        raise CaseError(Problem(case.id, what, expected, "Choose another case."))


def _gone(case: Case, unknowns: Sequence[str], simulated: Sequence[str]) -> dict[str, str]:
    """Return why lesions of a case are not simulated."""
    out = {lesion.id: "it is not there" for lesion in case.lesions if lesion.id not in simulated}
    for text in unknowns:
        names, _, why = text.partition(": not simulated, ")
        for name in names.split(", "):
            if name in out and why:
                out[name] = why
    return out


def _volumes(patient: Patient, most: int) -> Floats:
    out = np.zeros(most)
    out[: len(patient.lesions)] = [lesion.volume_ml for lesion in patient.lesions]
    return out


def _first_difference(old: Sequence[Infusion], new: Sequence[Infusion]) -> float:
    """Return the day of the first infusion that only one of two sequences has."""
    for a, b in zip(old, new, strict=False):
        if a != b:
            return min(a.day_d, b.day_d)
    rest = (old if len(old) > len(new) else new)[min(len(old), len(new)) :]
    return rest[0].day_d if rest else float(np.inf)


def _together(
    phases: Sequence[DrawnPhase], delivered: Sequence[DrawnPhase], edited: EditedCase
) -> tuple[DrawnPhase, ...]:
    """Return phases with new ones begun on the day of the delivered phase they go with."""
    first = {phase.phase: [days[0] for days in phase.days_d] for phase in delivered}
    out = []
    for phase in phases:
        like = edited.added.get(phase.phase)
        if like is not None:
            days = tuple(
                tuple(day + first[like][k] - mine[0] for day in mine)
                for k, mine in enumerate(phase.days_d)
            )
            phase = replace(phase, days_d=days)
        out.append(phase)
    return tuple(out)
