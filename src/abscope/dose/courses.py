"""The courses of a study: which dose each plan delivered, in how many fractions.

A course is one fraction group of one plan. Its dose is the planned dose times delivered over
planned fractions. A plan that was given beside another one is a course of its own, with its own
number of fractions; a simultaneous boost and a lattice are one course with several levels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from abscope.dose.delivery import delivered_fractions
from abscope.dose.findings import DoseFinding, settle
from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.plan_dose import PlanDose, plan_doses
from abscope.dose.plans import Beam, Level, Plan
from abscope.dose.study import Study
from abscope.errors import Problem, UsageError

__all__ = ["Course", "DeliveredFrom", "courses_of"]

DeliveredFrom = Literal["stated", "records", "planned", "unknown"]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One fraction group of a plan with the dose that it delivered.

    ``dose`` is what was delivered in all fractions; where ``complete`` is False a beam is missing
    and it is a lower bound. ``n_fractions_planned`` is None where no plan tells it.
    ``delivered_from`` says how the delivered fractions are known: 'planned' means that planned was
    used as delivered. ``prescribed_dose_gy`` is the lowest of ``levels``, all planned fractions.
    ``beams`` are those of the group, for the beam-on time; empty where no plan tells them.
    """

    name: str
    dose: DoseGrid
    n_fractions_planned: int | None
    n_fractions_delivered: int | None
    delivered_from: DeliveredFrom
    levels: tuple[Level, ...]
    complete: bool
    structure_set_uid: str | None
    day: int | None
    source: str
    findings: tuple[DoseFinding, ...] = ()
    beams: tuple[Beam, ...] = ()

    @property
    def prescribed_dose_gy(self) -> float | None:
        """The lowest dose that the plan prescribes, all planned fractions (Gy); None: unknown."""
        return min((level.dose_gy for level in self.levels), default=None)

    @property
    def n_fractions(self) -> int | None:
        """Fractions that ``dose`` was delivered in, for BED; None where they are not known."""
        known = self.n_fractions_planned is not None
        return self.n_fractions_delivered if known else None

    @property
    def delivered_frac(self) -> float:
        """Delivered over planned fractions; 1 where either is not known."""
        planned, delivered = self.n_fractions_planned, self.n_fractions_delivered
        return delivered / planned if planned and delivered is not None else 1.0


def courses_of(
    study: Study,
    *,
    stated: Mapping[str, int] | None = None,
    accepted: Mapping[str, str] | None = None,
) -> tuple[Course, ...]:
    """Return the courses of a study, named C1, C2, ... in the order of their days.

    ``stated`` gives delivered fractions by course name, which go before treatment records;
    ``accepted`` gives reasons for refused findings by code. Raises DicomError with every refused
    finding, UsageError for a stated course that there is not or a number below zero.
    """
    found = [
        (dose, plan, number)
        for number, plan in enumerate((*study.plans, None))
        for dose in plan_doses(study.doses, plan=plan, plans=study.plans)
    ]
    found.sort(key=lambda item: (item[0].day is None, item[0].day or 0, item[2]))
    names = [f"C{place}" for place in range(1, len(found) + 1)]
    _check_stated(stated or {}, names)
    courses = [
        _course(name, dose, plan, study=study, stated=(stated or {}).get(name))
        for name, (dose, plan, _) in zip(names, found, strict=True)
    ]
    every = [finding for course in courses for finding in course.findings]
    settled = iter(settle(every, accepted=accepted or {}))
    return tuple(
        replace(course, findings=tuple(next(settled) for _ in course.findings))
        for course in courses
    )


def _course(
    name: str, dose: PlanDose, plan: Plan | None, *, study: Study, stated: int | None
) -> Course:
    group = dose.group
    planned = group.n_fractions_planned if group else None
    counted, remarks = delivered_fractions(plan, group=group, treatments=study.treatments)
    delivered, how = counted, "records" if counted is not None else "unknown"
    findings = [*dose.findings, *remarks]
    if stated is not None:
        if counted is not None and counted != stated:
            findings.append(_disagreement(counted, stated))
        delivered, how = stated, "stated"
        planned = planned if planned is not None else stated
    elif counted is None and planned is not None:
        delivered, how = planned, "planned"
        findings.append(_planned_as_delivered(planned))
    if delivered is not None and planned is not None and delivered > planned:
        findings.append(_more_than_planned(delivered, planned))
    return Course(
        name=name,
        dose=_scaled(dose.dose, planned, delivered),
        n_fractions_planned=planned,
        n_fractions_delivered=delivered,
        delivered_from=how,  # type: ignore[arg-type]
        levels=_levels(plan, dose),
        complete=dose.complete,
        structure_set_uid=plan.structure_set_uid if plan else None,
        day=dose.day,
        source=dose.source,
        findings=tuple(replace(finding, about=name) for finding in findings),
        beams=tuple(beam for beam in plan.beams if beam.number in group.beams)
        if plan and group
        else (),
    )


def _levels(plan: Plan | None, dose: PlanDose) -> tuple[Level, ...]:
    """The levels of the plan, where the dose is that of the whole plan."""
    return plan.levels if plan and len(plan.groups) <= 1 and not dose.several_plans else ()


def _scaled(dose: DoseGrid, planned: int | None, delivered: int | None) -> DoseGrid:
    if planned is None or delivered is None or planned == delivered:
        return dose
    factor = np.asarray(delivered / planned, dtype=dose.dose_gy.dtype)
    return replace(dose, dose_gy=dose.dose_gy * factor)


def _check_stated(stated: Mapping[str, int], names: Sequence[str]) -> None:
    problems = [
        Problem(
            f"--fractions {name}={count}",
            f"there is no course {name}" if name not in names else f"{count} fractions",
            f"one of {', '.join(names) or 'no course at all'}"
            if name not in names
            else "a number from 0 to 100",
            "See the courses in the output of 'abscope dose'.",
        )
        for name, count in stated.items()
        if name not in names or not 0 <= count <= 100
    ]
    if problems:
        raise UsageError(problems)


def _planned_as_delivered(planned: int) -> DoseFinding:
    return DoseFinding(
        "planned-as-delivered", "warning", "", f"{planned} fractions are planned, none recorded",
        "a treatment record of every fraction",
        "Planned is used as delivered; state the delivered fractions with --fractions.",
    )  # fmt: skip


def _disagreement(counted: int, stated: int) -> DoseFinding:
    return DoseFinding(
        "fractions-disagree", "warning", "",
        f"{stated} fractions are stated, the treatment records hold {counted}",
        "one number of delivered fractions", "The stated number is used; check the records.",
    )  # fmt: skip


def _more_than_planned(delivered: int, planned: int) -> DoseFinding:
    return DoseFinding(
        "more-than-planned", "warning", "", f"{delivered} of {planned} planned fractions",
        "at most as many delivered as planned", "Check the records and the plan.",
    )  # fmt: skip
