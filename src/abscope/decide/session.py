"""What-ifs of one case: prepared once, then any scenario on the same draws, quickly.

Every draw is simulated once as delivered, and its states are kept at many days. A scenario goes on
from the last of those days before anything differs, so the years before radiotherapy are not run
again; the delivered treatment is run from the same kind of day, so that errors of the integration
are alike. A scenario that runs from the beginning gives the same within the tolerance.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abscope.blood.alc.bodies import organ_groups, spared_plan
from abscope.blood.case_plan import CasePlan, case_plan
from abscope.blood.planned import PlannedDose
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.catalog.exposure import exposure_line
from abscope.decide.continuation import Continuation, WhatIfOptions, differ_d
from abscope.decide.editing import EditedCase, edit_case
from abscope.decide.fraction_events import Fractions, PhaseTable, Places, fractions_of, phase_table
from abscope.decide.given_days import Given, GivenDays, drug_days_of, phase_days_of, together
from abscope.decide.names import Names
from abscope.decide.outcome import ArmOutcome, Course, course_of, courses_of
from abscope.decide.scenario import Scenario
from abscope.decide.schedule_checks import check_schedule
from abscope.decide.seen import unread
from abscope.dose.geometry.grid import Floats
from abscope.engine.simulation import Trajectories
from abscope.errors import CaseError, Problem
from abscope.model.case_courses import DrawnPhase, drawn_courses
from abscope.model.case_draws import CaseDraws
from abscope.model.case_drugs import drug_plan
from abscope.model.expectation import VisitDay, visit_days
from abscope.model.from_case import can_be_simulated
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.patient import Infusion, Patient
from abscope.model.prior_draws import PriorDraws

__all__ = ["Arm", "WhatIf", "check_scenario", "names_of"]

#: A lesion that gets this share of a prescription from a phase is in its field.
_IN_FIELD_FRAC = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One treatment on the draws: what was changed, its plan, its fractions and its outcome.

    ``outside_as_delivered`` are the lesions outside the fields of this treatment and of the
    delivered one, under the delivered one; ``outcome.outside`` are the same lesions under this.
    ``infusions`` are by draw.
    """

    scenario: Scenario | None
    planned: tuple[PlannedDose, ...]
    fractions: Fractions
    outcome: ArmOutcome
    outside_as_delivered: Course
    assumed: tuple[str, ...]
    infusions: tuple[tuple[Infusion, ...], ...]


_Given = tuple[Fractions, tuple[PlannedDose, ...]]


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
        self._exposures = {course.id: course.exposures for course in case.rt_courses}
        self.options = options or WhatIfOptions()
        self._drawn_case = drawn = CaseDraws(case, prior)
        self.patients: tuple[Patient, ...] = drawn.patients()
        self.places = Places.of(drawn.lesions)
        self.names = _names(case, drawn)
        self.visits: tuple[VisitDay, ...] = visit_days(case, self.patients)[0]
        self._visits_d = np.array([visit.day_d for visit in self.visits])
        self._phases = self._drawn(EditedCase(case), drawn.plan)
        self._tables = {
            phase.phase: phase_table(phase, places=self.places) for phase in self._phases
        }
        self._fractions = fractions_of(tuple(self._tables.values()), places=self.places)
        begun = np.stack([_volumes(patient, self.places.most) for patient in self.patients])
        self._start_mm = self._diameters(begun[:, None])[:, 0]
        self._continuation = Continuation(
            self.patients, self._fractions, weight_kg=drawn.weight_kg, visits_d=self._visits_d,
            options=self.options,
        )  # fmt: skip
        self._delivered_mm: Floats | None = None
        self.delivered = self._arm(None, EditedCase(case), (self._fractions, self.planned))

    @property
    def draws(self) -> int:
        """Return how many draws there are."""
        return self.prior.n

    @cached_property
    def infusions(self) -> tuple[tuple[Infusion, ...], ...]:
        """Return the delivered infusions of every draw."""
        return tuple(patient.infusions for patient in self.patients)

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """Return in sentences what of the record no draw knows."""
        return unread(self.case, self.patients, lesions=self.places.names, prior=self.prior)

    @cached_property
    def infusion_days(self) -> Given:
        """Return the days on which each agent was given, up to the last visit."""
        return drug_days_of(self.infusions, to_d=self.visits[-1].day_d)

    def given(self, arm: Arm) -> tuple[GivenDays, ...]:
        """Return the days of an arm beside those of the delivered treatment."""
        to_d = self.visits[-1].day_d
        one = phase_days_of(self.delivered.fractions, to_d=to_d) | self.infusion_days
        same = arm.infusions is self.infusions
        drugs = self.infusion_days if same else drug_days_of(arm.infusions, to_d=to_d)
        return together(one, phase_days_of(arm.fractions, to_d=to_d) | drugs)

    @property
    def first_fraction_d(self) -> Floats:
        """Return the day of the first delivered fraction of every draw."""
        return self._fractions.first_d

    @property
    def planned(self) -> tuple[PlannedDose, ...]:
        """Return the delivered fractions, phase by phase, in every version of the record."""
        return tuple(x for x in self._drawn_case.plan.planned if x.name in self._fractions.phases)

    def organ_mean_gy(self, plan: PlannedDose, organ: str) -> float:
        """Return the mean dose of an organ group from one fraction, of its hottest part."""
        parts = organ_groups(plan.body)
        chosen = list(parts.get(organ, ()))
        if organ == "nodes":
            chosen = [x for mine in parts.values() for x in mine if x.startswith("nodes_")]
        doses = [x.mean_gy for x in plan.body.compartments if x.compartment in chosen]
        return max(doses, default=0.0)

    def edited(self, scenario: Scenario) -> EditedCase:
        """Return the case of a scenario; raises UsageError with all that it cannot be."""
        planned = {plan.name: plan for plan in self._drawn_case.plan.planned}
        return edit_case(
            self.case, scenario, clock=self._drawn_case.clock, planned=planned, names=self.names
        )

    def run(self, scenario: Scenario) -> Arm:
        """Return a scenario on the draws. Raises UsageError where it cannot be."""
        edited = self.edited(scenario)
        changed = edited.touched | edited.without | set(edited.added)
        given = self._fractions, self.planned
        if changed or edited.spare_frac:
            given = self._edited_fractions(edited)
            check_schedule(
                scenario, self._fractions, given[0], changed=frozenset(changed),
                window_d=(self._drawn_case.start_d, self._continuation.horizon_d),
                targets={
                    phase.id: frozenset(phase.targets)
                    for course in edited.case.rt_courses
                    for phase in course.phases
                },
            )  # fmt: skip
        return self._arm(scenario, edited, given)

    def _edited_fractions(self, edited: EditedCase) -> _Given:
        """Return the fractions of a scenario; only courses that it changes are drawn again."""
        changed = edited.touched | set(edited.added)
        courses = tuple(
            course
            for course in edited.case.rt_courses
            if edited.spare_frac or {phase.id for phase in course.phases} & changed
        )
        case = edited.case.model_copy(update={"rt_courses": courses})
        plan = case_plan(case, self._drawn_case.clock)
        if edited.spare_frac:
            plan = replace(plan, planned=spared_plan(plan.planned, factors_frac=edited.spare_frac))
        only = None if edited.spare_frac else self._to_draw(courses, changed)
        new = {one.phase: one for one in self._drawn(replace(edited, case=case), plan, only=only)}
        drawn = [new.pop(one.phase, one) for one in self._phases]
        phases = _together((*drawn, *new.values()), self._phases, edited)
        plans = {one.name: one for one in (*self.planned, *plan.planned)}
        tables = [self._table(phase, edited) for phase in phases]
        fractions = fractions_of(
            [table for table in tables if table.phase not in edited.without], places=self.places
        )
        return fractions, tuple(plans[name] for name in fractions.phases)

    def _to_draw(self, courses: Sequence[RTCourse], changed: Set[str]) -> frozenset[str]:
        """Return the changed phases of courses; all of those that share a dose on record."""
        out = set(changed)
        for course in courses:
            shared = any(
                item.mean_dose_gy is not None
                or (item.stated_class is not None and "low_dose" in item.stated_class.candidates)
                for item in course.exposures
            )
            if shared or course.exposures != self._exposures.get(course.id, ()):
                out |= {phase.id for phase in course.phases}
        return frozenset(out)

    def _table(self, phase: DrawnPhase, edited: EditedCase) -> PhaseTable:
        """Return a phase as columns; those of a delivered phase are kept."""
        factors = edited.lesion_factor_frac
        as_delivered = any(phase is one for one in self._phases)
        if as_delivered and not any(name == phase.phase for name, _ in factors):
            return self._tables[phase.phase]
        return phase_table(phase, places=self.places, factor_frac=factors)

    def _drawn(
        self, edited: EditedCase, plan: CasePlan, *, only: frozenset[str] | None = None
    ) -> tuple[DrawnPhase, ...]:
        """Return the phases of a case in every draw, of the courses that are simulated.

        ``only`` names those that are asked for, None stands for all.
        """
        frame = self._drawn_case.frame
        mine = {course.id for course in frame.courses}
        new = {phase[:-1] for phase in edited.added}
        courses = tuple(c for c in edited.case.rt_courses if c.id in mine | new)
        kept, setting = replace(frame, courses=courses), self._drawn_case.setting
        return drawn_courses(edited.case, kept, plan=plan, setting=setting, only=only).phases

    def _arm(self, scenario: Scenario | None, edited: EditedCase, given: _Given) -> Arm:
        fractions, planned = given
        infusions = self._infusions(edited)
        found, days = self._continuation.go_on(
            fractions,
            infusions=infusions,
            differs_d=self._differs_d(edited, fractions, infusions),
        )
        diameter, count = self._seen(found, days)
        if self._delivered_mm is None:
            self._delivered_mm = diameter
        outside = self._outside(given, frozenset(edited.added))
        outcome = self._outcome(diameter, count, outside)
        before = course_of(self._start_mm, diameter_mm=self._delivered_mm, counted_frac=outside)
        drugs = self.infusions if infusions is None else infusions
        return Arm(scenario, planned, fractions, outcome, before, edited.assumed, drugs)

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
        day = np.minimum(self._fractions.first_of(changed), fractions.first_of(changed))
        if infusions is not None:
            day = np.minimum(day, differ_d(self.infusions, infusions))
        return np.asarray(np.minimum(day, self._fractions.first_d))

    def _infusions(self, edited: EditedCase) -> tuple[tuple[Infusion, ...], ...] | None:
        if not edited.drugs:
            return None
        drawn = self._drawn_case
        return drug_plan(
            edited.case, drawn.frame, weight_kg=drawn.weight_kg, horizon_d=drawn.horizon_d,
            prior=self.prior,
        ).infusions  # fmt: skip

    # ---- outcome

    def _seen(self, found: Trajectories, days_d: Floats) -> tuple[Floats, Floats]:
        """Return diameters (draws, visits, lesions) and all counts (draws, days) in their order."""
        order = np.argsort(days_d, axis=1, kind="stable")
        back = np.argsort(order, axis=1, kind="stable")
        count = np.take_along_axis(found["alc_per_ul"], back, axis=1)
        number, base = len(self._visits_d), self._continuation
        volume = np.take_along_axis(found["volume_ml"], back[:, :number, None], axis=1)
        early = np.isnan(days_d[:, :number])  # visits before anything differs
        volume = np.where(early[..., None], base.volume_ml, volume)
        count[:, :number] = np.where(early, base.count_per_ul, count[:, :number])
        diameter = self._diameters(volume)
        failed = ~(found.ok & base.ok)
        diameter[failed], count[failed] = np.nan, np.nan
        return diameter, count

    def _outcome(
        self, diameter_mm: Floats, count_per_ul: Floats, outside: NDArray[np.bool_]
    ) -> ArmOutcome:
        names, every = self.places.names, self.places.n_members > 0
        alone = every & np.eye(len(names), dtype=bool)[:, None, :]
        whole, beside, *each = courses_of(
            self._start_mm,
            diameter_mm=diameter_mm,
            counted_frac=np.concatenate([every[None], outside[None], alone]),
        )
        return ArmOutcome(
            visits_d=self._visits_d,
            whole=whole,
            outside=beside,
            lesions=dict(zip(names, each, strict=True)),
            nadir_per_ul=np.fmin.reduce(count_per_ul, axis=1, initial=np.nan),
            count_per_ul=count_per_ul[:, : len(self._visits_d)],
            ok=np.asarray(np.isfinite(count_per_ul).any(axis=1)),
        )

    def _outside(self, given: _Given, added: frozenset[str]) -> NDArray[np.bool_]:
        """Return which lesions (draws, lesions) are in no field of this nor of the delivered.

        In a field: half of a prescription or more. An added course of low dose makes no field.
        """
        hit = np.zeros((self.draws, self.places.most), bool)
        most = exposure_line("low_dose_up_to_gy").value
        delivered = self._fractions, self.planned
        for fractions, planned in (delivered, given) if given[0] is not delivered[0] else (given,):
            for k, plan in enumerate(planned):
                dose = fractions.dose_gy[k].mean(axis=1)
                low = _IN_FIELD_FRAC * (plan.prescribed_gy or np.inf)
                if plan.name in added:
                    low = max(low, most / float(np.mean(plan.n_fractions)))
                hit |= dose >= low
        return np.stack([(~hit & mine).any(axis=1) for mine in self.places.masks], axis=1)

    def _diameters(self, volume_ml: Floats) -> Floats:
        """Return the diameter of each lesion of the record (draws, visits, lesions)."""
        whole_ml = [
            np.where(mine[:, None, :], volume_ml, 0.0).sum(axis=2) for mine in self.places.masks
        ]
        return diameter_mm(np.stack(whole_ml, axis=2))


def check_scenario(case: Case, scenario: Scenario) -> None:
    """Raise UsageError for a scenario that a case has no place for, before anything is simulated.

    Raises CaseError where the case cannot be simulated. Days are checked when it runs.
    """
    _check(case)
    drawn = CaseDraws(case, PriorDraws(1, seed=None))
    names = _names(case, drawn)
    planned = {plan.name: plan for plan in drawn.plan.planned}
    edit_case(case, scenario, clock=drawn.clock, planned=planned, names=names)


def names_of(case: Case) -> Names:
    """Return what can be named in a case; CaseError where it cannot be simulated."""
    _check(case)
    return _names(case, CaseDraws(case, PriorDraws(1, seed=None)))


def _names(case: Case, drawn: CaseDraws) -> Names:
    lesions = tuple(item.lesion.id for item in drawn.lesions)
    gone = _gone(case, drawn.patients()[0].unknowns, lesions)
    return Names(case, drawn.frame, drawn.plan.planned, lesions=lesions, gone=gone)


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
