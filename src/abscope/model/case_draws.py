"""A case prepared once as draws from a prior, from which patients of other treatments are cheap.

What does not depend on the treatment (lesions, parameters, start) is drawn once and is the same in
every patient that comes from it: two treatments of a draw differ in nothing but the treatment.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from abscope.blood.case_plan import CasePlan
from abscope.case.clock import Clock
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.case.therapy import SystemicTherapy
from abscope.catalog.case_prior import case_prior
from abscope.dose.geometry.grid import Floats
from abscope.errors import CaseError, Problem
from abscope.model.case_checks import check_case
from abscope.model.case_courses import CoursePlan, drawn_courses, recorded_plan
from abscope.model.case_drugs import DrugPlan, drug_plan
from abscope.model.case_frame import CaseFrame, case_frame
from abscope.model.case_lesions import lesion_plan
from abscope.model.case_parameters import drawn_weight_kg, lesion_parameters, patient_parameters
from abscope.model.case_procedures import procedures_of
from abscope.model.case_words import joined
from abscope.model.infusions import InfusionTable
from abscope.model.lesion_doses import CourseSetting
from abscope.model.patient import Fraction, LesionStart, Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import has_positive

__all__ = ["CaseDraws", "ReadCase", "read_case"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadCase:
    """What a record says by itself, before anything is drawn: made once, used for many draws."""

    case: Case
    doses: PlanDoses
    clock: Clock
    frame: CaseFrame
    plan: CasePlan


def read_case(case: Case, *, doses: PlanDoses | None = None) -> ReadCase:
    """Return a case read for draws; ``doses`` of a plan stand in the place of guesses.

    Raises CaseError as `CaseDraws` does, UsageError where a course of the organ doses is not of the
    case.
    """
    check_case(case)
    doses, clock = doses or PlanDoses(), Clock(case)
    plan = recorded_plan(case, clock, organs=doses.organs)
    return ReadCase(case, doses, clock, case_frame(case, clock), plan)


class CaseDraws:
    """A case as draws of ``prior``; ``doses`` of a plan stand in the place of guesses.

    A case that was read before (`read_case`) brings its doses along.

    ``frame``, ``clock``, ``lesions`` and ``plan`` are what the record says of start, days, lesions
    and fractions; ``shared`` (draws,) by name and ``own`` (draws,) by member and name are the
    parameters, ``courses`` and ``procedures`` what is done. Raises CaseError where there is no
    lesion to simulate, UsageError where a course of the organ doses is not of the case.
    """

    def __init__(
        self, case: Case | ReadCase, prior: PriorDraws, *, doses: PlanDoses | None = None
    ) -> None:
        read = case if isinstance(case, ReadCase) else read_case(case, doses=doses)
        case = read.case
        self.case, self.prior, self.clock = case, prior, read.clock
        self.doses, self.frame = read.doses, read.frame
        found = lesion_plan(
            case, self.frame, clock=self.clock, prior=prior, planned_ml=self.doses.volumes_ml
        )
        if not found.drawn:
            why = "; ".join(found.unknowns) or "the record has no lesions"
            expected = "a lesion that is there before radiotherapy"
            raise CaseError(Problem(case.id, why, expected, "Record one.", "lesions"))
        self.lesions = found.drawn
        self.weight_kg, of_weight = drawn_weight_kg(case, prior)
        self.shared, of_patient = patient_parameters(case, self.clock, prior)
        self.own, of_lesions = lesion_parameters(case, self.lesions, prior)
        self._told = (found.unknowns, (*of_weight, *of_patient, *of_lesions))
        self.setting = CourseSetting(self.lesions, self.shared, self.own, prior, self.doses)
        self.plan = read.plan
        self.courses = drawn_courses(case, self.frame, plan=self.plan, setting=self.setting)
        self.start_d, self.horizon_d = self._limits()
        self._drugs = self._given(case.systemic_therapy)
        self.procedures = procedures_of(case, self.clock, self.frame, self.lesions)

    def patients(
        self,
        *,
        without: Collection[str] = (),
        courses: Sequence[RTCourse] | None = None,
        therapies: Sequence[SystemicTherapy] | None = None,
        plan: CasePlan | None = None,
    ) -> tuple[Patient, ...]:
        """Return the patient of every draw.

        ``without`` leaves out courses, phases and therapies by identifier; ``courses`` and
        ``therapies`` stand in the place of those on record, ``plan`` in that of the fractions and
        body doses that the courses would have by themselves. Start, lesions and parameters stay;
        the horizon moves only where a fraction comes after it. Days are those of the clock of the
        record. Raises CaseError for an identifier that is not known and for a course before the
        start.
        """
        case, frame, found = self.case, self.frame, self.courses
        if courses is not None or therapies is not None:
            changed = {
                "rt_courses": case.rt_courses if courses is None else tuple(courses),
                "systemic_therapy": case.systemic_therapy
                if therapies is None
                else tuple(therapies),
            }
            case = case.model_copy(update=changed)
        check_case(case, without=without)
        if courses is not None or plan is not None:
            left_out = {one.id for one in self.case.rt_courses} - {one.id for one in frame.courses}
            kept = tuple(one for one in case.rt_courses if one.id not in left_out)
            frame = replace(frame, courses=kept)
            plan = plan or recorded_plan(case, self.clock, organs=self.doses.organs)
            found = drawn_courses(case, frame, plan=plan, setting=self.setting)
        given = self._drugs
        if therapies is not None or any(one.id in without for one in case.systemic_therapy):
            kept_therapies = tuple(x for x in case.systemic_therapy if x.id not in without)
            given = self._given(kept_therapies)
        return self._assembled(found.without(without), given)

    def _limits(self) -> tuple[Floats, float]:
        """Return the start of every draw, never after its first fraction, and the one horizon."""
        frame, prior, courses = self.frame, self.prior, self.courses
        start = prior.between("start", low=frame.start.low_d, high=frame.start.high_d)
        first = np.array([courses.first_d(k) for k in range(prior.n)])
        last = max(courses.last_d(k) for k in range(prior.n))
        follow, longest = case_prior("follow_on").value, case_prior("longest").value
        start = np.minimum(start, first)
        end = max(frame.end_d, last + follow)
        least = float(start.max()) + 1.0
        return start, max(min(end, float(start.min()) + longest), least, last + 1.0)

    def _given(self, therapies: tuple[SystemicTherapy, ...]) -> DrugPlan:
        case = self.case
        if therapies != case.systemic_therapy:
            case = case.model_copy(update={"systemic_therapy": therapies})
        return drug_plan(
            case, self.frame, weight_kg=self.weight_kg, horizon_d=self.horizon_d, prior=self.prior
        )

    @cached_property
    def _starts(self) -> tuple[tuple[LesionStart, ...], ...]:
        volumes = [lesion.volume_ml.tolist() for lesion in self.lesions]
        own = {
            member: (tuple(values), list(zip(*(v.tolist() for v in values.values()), strict=True)))
            for member, values in self.own.items()
        }
        rows = []
        for k in range(self.prior.n):
            row = []
            for lesion, volume in zip(self.lesions, volumes, strict=True):
                for place, member in enumerate(lesion.members(k)):
                    names, values = own[f"{lesion.lesion.id}.{place + 1}"]
                    row.append(
                        LesionStart(
                            id=member,
                            compartment=lesion.compartments[k],
                            volume_ml=volume[k][place],
                            own=dict(zip(names, values[k], strict=True)),
                        )
                    )
            rows.append(tuple(row))
        return tuple(rows)

    @cached_property
    def _parameters(self) -> tuple[dict[str, float], ...]:
        columns = [values.tolist() for values in self.shared.values()]
        return tuple(dict(zip(self.shared, row, strict=True)) for row in zip(*columns, strict=True))

    @property
    def sex(self) -> str | None:
        """Return the sex on record where the model tells it apart."""
        sex = self.case.patient.sex.value if self.case.patient.sex else None
        return sex if sex in ("female", "male") else None

    @property
    def infusions(self) -> InfusionTable:
        """Return the infusions of all draws."""
        return self._drugs.table

    def horizon_d_of_all(self) -> float:
        """Return the horizon (d); raises CaseError where a course begins before the start."""
        courses, start = self.courses, self.start_d.tolist()
        first = [courses.first_d(k) for k in range(self.prior.n)]
        if any(day < begin for day, begin in zip(first, start, strict=True)):
            return self._horizon([courses.fractions(k, self.lesions) for k in range(self.prior.n)])
        last = max((courses.last_d(k) for k in range(self.prior.n)), default=-np.inf)
        return float(max(self.horizon_d, last + 1.0))

    def _assembled(self, courses: CoursePlan, drugs: DrugPlan) -> tuple[Patient, ...]:
        case, prior = self.case, self.prior
        of_lesions, of_parameters = self._told
        unknowns = (
            *self.frame.unknowns, *of_lesions, *courses.unknowns, *self.doses.notes,
            *drugs.unknowns, *self.procedures.unknowns, *of_parameters,
        )  # fmt: skip
        said = joined(unknowns, {item.lesion.id for item in self.lesions})
        known_weight = has_positive(case.patient.weight_kg)
        fractions = [courses.fractions(k, self.lesions) for k in range(prior.n)]
        horizon = self._horizon(fractions)
        return tuple(
            Patient(
                id=f"{case.id}.{k + 1}",
                sex=self.sex,
                weight_kg=float(self.weight_kg[k]) if known_weight or drugs.infusions[k] else None,
                lesions=self._starts[k],
                fractions=fractions[k],
                infusions=drugs.infusions[k],
                resections=self.procedures.resections(
                    k, from_d=float(self.start_d[k]), to_d=horizon
                ),
                start_d=float(self.start_d[k]),
                horizon_d=horizon,
                parameters=self._parameters[k],
                unknowns=said,
            )
            for k in range(prior.n)
        )

    def _horizon(self, fractions: Sequence[tuple[Fraction, ...]]) -> float:
        """Return the horizon of a treatment; CaseError where it begins before the start."""
        early = [
            (row[0].day_d, float(start), row[0].course)
            for row, start in zip(fractions, self.start_d, strict=True)
            if row and row[0].day_d < start
        ]
        if early:
            day, start, course = min(early)
            what = f"{course} begins on day {day:g}, before the start of the simulation"
            expected = f"day {start:g} or later"
            raise CaseError(Problem(self.case.id, what, expected, "Move it.", "rt_courses"))
        last = max((row[-1].day_d for row in fractions if row), default=-np.inf)
        return float(max(self.horizon_d, last + 1.0))
