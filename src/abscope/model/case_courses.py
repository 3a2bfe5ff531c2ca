"""The fractions of a case in every draw: days, doses of lesions, doses of cells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.blood.case_plan import CasePlan, case_plan
from abscope.blood.planned import PlannedDose
from abscope.case.clock import Clock
from abscope.case.radiotherapy import RTPhase
from abscope.case.record import Case
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats
from abscope.dose.results import OrganDose
from abscope.model.case_frame import CaseFrame
from abscope.model.case_lesions import DrawnLesion
from abscope.model.cell_doses import CellDoses, CellDraws, cell_doses, node_weights_frac
from abscope.model.lesion_doses import (
    CourseSetting,
    DrawnDose,
    PhaseView,
    follows,
    lesion_dose,
)
from abscope.model.patient import BinnedDose, Fraction
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import drawn_value, has_value

__all__ = ["CoursePlan", "DrawnPhase", "drawn_courses", "planned_courses", "recorded_plan"]

_WORKDAYS = 5
_GUESSED = "doses of blood, nodes and lymphoid tissue are guessed from the sites of targets"


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPhase:
    """The fractions of one phase: days by draw (lists), and doses of lesions and cells.

    ``told`` says in words what had to be assumed of them, ``guessed`` whether the doses of the body
    are a guess.
    """

    course: str
    phase: str
    days_d: tuple[tuple[float, ...], ...]
    lesions: tuple[tuple[DrawnDose, ...], ...]
    cells: CellDoses
    told: tuple[str, ...] = ()
    guessed: bool = False


class CoursePlan:
    """Every phase that is simulated, and in words what had to be assumed or left out.

    ``notes`` has remarks on the plan, each with the course and the course or phase that it names.
    """

    def __init__(
        self, phases: tuple[DrawnPhase, ...], notes: tuple[tuple[str, str, str], ...]
    ) -> None:
        self.phases, self._notes = phases, notes
        self._built: dict[int, tuple[tuple[Fraction, ...], ...]] = {}

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Return what had to be assumed or left out."""
        told = [text for *_, text in self._notes]
        told += [text for phase in self.phases for text in phase.told]
        if any(phase.guessed for phase in self.phases):
            told.append(_GUESSED)
        return tuple(dict.fromkeys(told))

    def without(self, names: Collection[str]) -> "CoursePlan":
        """Return the plan without courses and phases of these names; what was built is kept."""
        if not names:
            return self
        kept = tuple(p for p in self.phases if not {p.course, p.phase} & set(names))
        notes = tuple(note for note in self._notes if not {*note[:2]} & set(names))
        found = CoursePlan(kept, notes)
        found._built = self._built
        return found

    def first_d(self, draw: int) -> float:
        """Return the day of the first fraction of a draw, infinite where there is none."""
        return min((days[0] for p in self.phases if (days := p.days_d[draw])), default=np.inf)

    def last_d(self, draw: int) -> float:
        """Return the day of the last fraction of a draw, minus infinity where there is none."""
        return max((days[-1] for p in self.phases if (days := p.days_d[draw])), default=-np.inf)

    def fractions(self, draw: int, lesions: Sequence[DrawnLesion]) -> tuple[Fraction, ...]:
        """Return the fractions of one draw in the order of their days."""
        for phase in self.phases:
            if id(phase) not in self._built:  # the phase is held by the plan, so its id stays
                self._built[id(phase)] = _fractions(phase, lesions)
        out = [one for phase in self.phases for one in self._built[id(phase)][draw]]
        return tuple(sorted(out, key=lambda one: one.day_d))


def _fractions(
    phase: DrawnPhase, lesions: Sequence[DrawnLesion]
) -> tuple[tuple[Fraction, ...], ...]:
    """Return the fractions of a phase in every draw."""
    cells, n = phase.cells, len(phase.days_d)
    doses: list[dict[str, BinnedDose]] = [{} for _ in range(n)]
    for lesion, drawn in zip(lesions, phase.lesions, strict=True):
        number = lesion.n_members.tolist()
        for place, (name, dose) in enumerate(zip(lesion.every_member, drawn, strict=True)):
            rows = zip(doses, number, dose.dose_gy, dose.volume_frac, strict=True)
            for mine, several, dose_gy, share in rows:
                if place < several:
                    mine[name] = BinnedDose(dose_gy, share)
    body = zip(
        phase.days_d, doses, cells.blood_gy.tolist(), cells.lymphoid_gy.tolist(),
        cells.nodes_gy.tolist(), strict=True,
    )  # fmt: skip
    return tuple(
        tuple(
            Fraction(
                day_d=day, course=phase.course, lesions=mine, blood_gy=blood,
                lymphoid_gy=lymphoid, nodes_gy=nodes,
            )
            for day in days
        )
        for days, mine, blood, lymphoid, nodes in body
    )  # fmt: skip


def recorded_plan(case: Case, clock: Clock, *, organs: Sequence[OrganDose] = ()) -> CasePlan:
    """Return the fractions on record; ``organs`` take the place of body doses that are guessed.

    Raises UsageError where a course of the organ doses is not of the case.
    """
    if organs:
        from abscope.blood.case_forecast import plan_with_organs, table_tier

        return plan_with_organs(case, clock, organs=organs, tier=table_tier(organs))
    return case_plan(case, clock)


def planned_courses(
    case: Case,
    frame: CaseFrame,
    *,
    plan: CasePlan,
    lesions: Sequence[DrawnLesion],
    alpha_per_gy: Floats,
    prior: PriorDraws,
) -> CoursePlan:
    """Return the fractions of the courses of a frame without the doses of a treatment plan.

    ``alpha_per_gy`` (n,) is the sensitivity of lymphocytes in every draw.
    """
    setting = CourseSetting(tuple(lesions), {"lymphocyte_alpha": alpha_per_gy}, {}, prior)
    return drawn_courses(case, frame, plan=plan, setting=setting)


def drawn_courses(
    case: Case,
    frame: CaseFrame,
    *,
    plan: CasePlan,
    setting: CourseSetting,
    only: Collection[str] | None = None,
) -> CoursePlan:
    """Return the fractions of the courses of a frame, of a plan with the doses of the body.

    ``only`` names the phases to draw, with the boosts that follow them; None stands for all.
    """
    lesions, prior = setting.lesions, setting.prior
    weights = node_weights_frac(lesions)
    sex: Sex = "male" if case.patient.sex and case.patient.sex.value == "male" else "female"
    phases: list[DrawnPhase] = []
    for view in _views(plan, frame, prior):
        if only is not None and view.phase.id.removesuffix(" boost") not in only:
            continue
        told: list[str] = []
        doses = tuple(lesion_dose(case, item, view, setting=setting, told=told) for item in lesions)
        cells = cell_doses(
            view.plan,
            sex=sex,
            draws=CellDraws(
                setting.shared["lymphocyte_alpha"], _factor(view, prior), _open(view, prior)
            ),
            node_weight_frac=weights,
            prior=prior,
        )
        before = next((p.days_d for p in phases if f"{p.phase} boost" == view.phase.id), None)
        days, guessed = _days(view, prior, before), view.plan.body.tier == "guess"
        phases.append(
            DrawnPhase(
                view.course.id, view.phase.id, days, doses, cells, tuple(dict.fromkeys(told)),
                guessed,
            )
        )  # fmt: skip
    return CoursePlan(tuple(phases), _notes(plan, frame))


def _notes(plan: CasePlan, frame: CaseFrame) -> tuple[tuple[str, str, str], ...]:
    """Return the notes of the plan that are of the courses of the frame."""
    course_of = {phase.id: course.id for course in frame.courses for phase in course.phases}
    course_of |= {course.id: course.id for course in frame.courses}
    lines = [*plan.notes, *(f"{text}: not simulated" for text in plan.skipped)]
    names = {item.name for item in plan.planned}
    lines += [
        f"{phase.id}: the boost that follows it is not simulated beside the organ doses that are "
        "given; record it as a phase"
        for course in frame.courses
        for phase in course.phases
        if follows(phase)
        and phase.id in names
        and f"{phase.id} boost" not in names
        and all(item.body.tier != "guess" for item in plan.planned if item.name == phase.id)
    ]
    named = [(text.split(":")[0].split(",")[0], text) for text in lines]
    return tuple((course_of[name], name, text) for name, text in named if name in course_of)


def _views(plan: CasePlan, frame: CaseFrame, prior: PriorDraws) -> list[PhaseView]:
    planned = {item.name: item for item in plan.planned}
    out = []
    for course in frame.courses:
        # without a prescription the doses of lesions are not known, those of organs may be
        phases = [
            phase
            for phase in course.phases
            if phase.id in planned and planned[phase.id].prescribed_gy is not None
        ]
        phases = [one for phase in phases for one in _with_boost(phase, planned)]
        total = sum(float(np.mean(planned[phase.id].n_fractions)) for phase in phases)
        for place, phase in enumerate(phases):
            item = planned[phase.id]
            versions = np.asarray(item.dose_factor_frac)
            chosen = versions[prior.choice(f"{phase.id} dose", versions)]
            dose = chosen * (item.prescribed_gy or 0.0)
            out.append(PhaseView(course, phase, item, dose, place, len(phases), total))
    return out


def _with_boost(phase: RTPhase, planned: Mapping[str, PlannedDose]) -> tuple[RTPhase, ...]:
    """Return a phase, and its boost as a phase of its own where that follows it.

    A boost within the same fractions stays with the phase.
    """
    boost = phase.boost
    if boost is None or not follows(phase):
        return (phase,)
    alone = phase.model_copy(update={"boost": None})
    after = f"{phase.id} boost"
    if after not in planned:
        return (alone,)
    own = {"id": after, "boost": boost, "pauses": (), "lattice": None}
    if boost.lesions:
        own |= {"targets": boost.lesions, "targets_uncertain": ()}
    return alone, phase.model_copy(update=own)


def _factor(view: PhaseView, prior: PriorDraws) -> Floats:
    """Return the factor on the doses of the body: version, common spread, that of the course."""
    own = 0.0
    if view.plan.body.tier == "guess":
        own = lymphocyte_parameter("guess_course_sd_log").value
    spread = view.plan.body.scale_sd_log * prior.normal("dose scale")
    spread = spread + own * prior.normal(f"{view.phase.id} dose scale")
    version = view.prescribed_gy / (view.plan.prescribed_gy or 1.0)
    return np.asarray(version * np.exp(spread))


def _open(view: PhaseView, prior: PriorDraws) -> Floats:
    """Return 1 where any target that is left open was treated, in step with its own dose."""
    share = lymphocyte_parameter("uncertain_target_share").value
    hit = np.zeros(prior.n)
    for name in view.phase.targets_uncertain:
        hit = np.maximum(hit, prior.uniform(f"{name} {view.course.id} target") < share)
    return hit


def _days(
    view: PhaseView, prior: PriorDraws, before_d: tuple[tuple[float, ...], ...] | None
) -> tuple[tuple[float, ...], ...]:
    """Return the days of a phase; one that follows begins after the last of ``before_d``."""
    item: PlannedDose = view.plan
    low, high = item.start_d
    start = prior.between(f"{view.phase.id} start", low=low, high=high)
    if before_d is not None:
        start = np.array([days[-1] + item.interval_d for days in before_d])
    number = np.asarray(item.n_fractions)[prior.choice(f"{view.phase.id} number", item.n_fractions)]
    weekday = prior.choice("weekday of day zero", range(_WORKDAYS))
    if item.weekday is not None:
        weekday = np.full(prior.n, item.weekday, np.int64)
    pauses = {
        pause.after_fraction: drawn_value(
            pause.duration_d, f"{view.phase.id} pause {pause.after_fraction}", prior, zero=True
        )
        for pause in view.phase.pauses
        if pause.duration_d is not None and has_value(pause.duration_d)
    }
    if item.exact:
        return (tuple(item.body.days_d),) * prior.n
    return _with_weekends(start, number, weekday=weekday, item=item, pauses_d=pauses)


def _with_weekends(
    start_d: Floats,
    number: NDArray[np.int64],
    *,
    weekday: NDArray[np.int64],
    item: PlannedDose,
    pauses_d: Mapping[int, Floats],
) -> tuple[tuple[float, ...], ...]:
    """Return the days of the fractions; one that falls on a weekend moves to Monday."""
    most = int(number.max(initial=0))
    days, day = np.zeros((len(start_d), most)), start_d
    for index in range(most):
        if index in pauses_d and index:
            day = day + pauses_d[index]
        if item.weekdays:
            today = (np.floor(day).astype(np.int64) + weekday) % 7
            day = day + np.where(today >= _WORKDAYS, 7.0 - today, 0.0)
        days[:, index] = day
        day = day + item.interval_d
    return tuple(tuple(row[:n]) for row, n in zip(days.tolist(), number.tolist(), strict=True))
