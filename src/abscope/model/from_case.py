"""A case as virtual patients: what the record tells, and a draw of a stated prior for the rest."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from abscope.blood.alc.counts import counts_of_case
from abscope.blood.case_plan import case_plan
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.entries import Parameter
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.catalog.radiobiology import alpha, alpha_beta
from abscope.dose.geometry.grid import Floats
from abscope.dose.results import OrganDose
from abscope.errors import CaseError, Problem
from abscope.model.case_courses import CoursePlan, course_plan
from abscope.model.case_drugs import drug_plan
from abscope.model.case_frame import CaseFrame, case_frame
from abscope.model.case_lesions import DrawnLesion, lesion_plan
from abscope.model.patient import LesionStart, Patient, Resection
from abscope.model.prior_draws import PriorDraws
from abscope.model.system import core_system
from abscope.model.values import core_values

__all__ = ["can_be_simulated", "patients_from", "patients_of"]

#: Parameters of drugs are those of the population model for the patient.
_OF_DRUGS = ("pd1_clear", "pd1_central", "pd1_exchange", "pd1_periph", "pd1_drift", "pd1_satur",
             "pd1_ic50", "ctla4_clear", "ctla4_central", "ctla4_exchange", "ctla4_periph",
             "ctla4_drift", "ctla4_satur", "ctla4_ic50")  # fmt: skip
_ENDING = ("resection", "ablation")
#: More lesions than anybody follows; each is 8 equations in every draw.
_MOST_LESIONS = 100


def patients_of(
    case: Case,
    *,
    draws: int,
    seed: int | None,
    organs: Sequence[OrganDose] = (),
    without: Collection[str] = (),
) -> tuple[Patient, ...]:
    """Return a case as ``draws`` virtual patients, drawn by a seed: see `patients_from`.

    Draw k depends on the seed, k and the name of the quantity only. Without a seed every draw is
    the middle of its prior.
    """
    if draws < 1:
        raise CaseError(Problem("draws", f"{draws}", "1 or more", "Correct it."))
    return patients_from(case, PriorDraws(draws, seed=seed), organs=organs, without=without)


def patients_from(
    case: Case,
    prior: PriorDraws,
    *,
    organs: Sequence[OrganDose] = (),
    without: Collection[str] = (),
) -> tuple[Patient, ...]:
    """Return a case as one virtual patient per draw of ``prior``.

    They agree with the record; what it does not tell is drawn, each quantity by its name.
    ``without`` leaves out courses and therapies by identifier. ``organs`` are organ doses in place
    of guesses. The sentences of `Patient.unknowns` are the same for all.

    Raises CaseError where there is no lesion to simulate or an identifier of ``without`` is not of
    the case; UsageError where a course of the organ doses is not.
    """
    _check(case, without)
    clock, draws = Clock(case), prior.n
    frame = case_frame(case, clock)
    lesions = lesion_plan(case, frame, clock=clock, prior=prior)
    if not lesions.drawn:
        why = "; ".join(lesions.unknowns) or "the record has no lesions"
        expected = "a lesion that is there before radiotherapy"
        raise CaseError(Problem(case.id, why, expected, "Record one.", "lesions"))
    weight, sentences = _weight(case, prior)
    shared, more = _shared(case, clock, prior)
    kept = replace(frame, courses=tuple(c for c in frame.courses if c.id not in without))
    alpha_per_gy = shared["lymphocyte_alpha"]
    courses = course_plan(
        case, kept, lesions=lesions.drawn, alpha_per_gy=alpha_per_gy, prior=prior, organs=organs
    )
    full = (
        courses
        if kept == frame
        else course_plan(
            case,
            frame,
            lesions=lesions.drawn,
            alpha_per_gy=alpha_per_gy,
            prior=prior,
            organs=organs,
        )
    )
    start, horizon = _limits(frame, full, prior)
    given = _without_therapies(case, without)
    drugs = drug_plan(given, frame, weight_kg=weight, horizon_d=horizon, prior=prior)
    own, own_told = _own(case, lesions.drawn, prior)
    unknowns = (
        *frame.unknowns, *lesions.unknowns, *courses.unknowns, *drugs.unknowns, *sentences, *more,
        *own_told,
    )  # fmt: skip
    said = _joined(unknowns, {item.lesion.id for item in lesions.drawn})
    known_weight = case.patient.weight_kg is not None and case.patient.weight_kg.known
    sex = case.patient.sex.value if case.patient.sex else None
    cut = _resections(case, clock, frame, lesions.drawn)
    return tuple(
        Patient(
            id=f"{case.id}.{k + 1}",
            sex=sex if sex in ("female", "male") else None,
            weight_kg=float(weight[k]) if known_weight or drugs.infusions[k] else None,
            lesions=tuple(_starts(lesions.drawn, own, k)),
            fractions=courses.fractions(k, lesions.drawn),
            infusions=drugs.infusions[k],
            resections=tuple(
                Resection(day_d=day, lesion=member)
                for day, item in cut
                for member in item.members(k)
                if start[k] <= day <= horizon
            ),
            start_d=float(start[k]),
            horizon_d=horizon,
            parameters={name: float(values[k]) for name, values in shared.items()},
            unknowns=said,
        )
        for k in range(draws)
    )


def can_be_simulated(case: Case) -> bool:
    """Return whether a case is one patient with a lesion to simulate and a fraction to give."""
    if case.kind == "series" or _lesions_on_record(case) > _MOST_LESIONS:
        return False
    clock = Clock(case)
    frame = case_frame(case, clock)
    phases = {phase.id for course in frame.courses for phase in course.phases}
    if not any(item.name in phases for item in case_plan(case, clock).planned):
        return False
    return bool(lesion_plan(case, frame, clock=clock, prior=PriorDraws(1, seed=0)).drawn)


def _lesions_on_record(case: Case) -> int:
    """Return how many lesions the numbers of a record add up to, a word counting as one."""
    most = dict.fromkeys(case.lesions_by_id, 1)
    told = [(lesion.id, lesion.count) for lesion in case.lesions]
    told += [(found.lesion, found.count) for scan in case.imaging for found in scan.findings]
    for name, fact in told:
        for number in fact.candidates if fact is not None else ():
            if isinstance(number, int) and name in most:
                most[name] = max(most[name], number)
    return sum(most.values())


def _check(case: Case, without: Collection[str]) -> None:
    problems = []
    if case.kind == "series":
        what, hint = "a series of patients of whom one line each is known", "Simulate a patient."
        problems.append(Problem(case.id, what, "the record of one patient", hint, "kind"))
    if (number := _lesions_on_record(case)) > _MOST_LESIONS:
        expected, hint = f"at most {_MOST_LESIONS}", "Simulate a part of them."
        problems.append(Problem(case.id, f"{number} lesions", expected, hint, "lesions"))
    known = [course.id for course in case.rt_courses]
    known += [therapy.id for therapy in case.systemic_therapy]
    problems += [
        Problem(case.id, f"there is no course or therapy '{name}'", ", ".join(known) or "none",
                "Name one of them.")
        for name in without
        if name not in known
    ]  # fmt: skip
    if problems:
        raise CaseError(problems)


def _without_therapies(case: Case, without: Collection[str]) -> Case:
    kept = tuple(item for item in case.systemic_therapy if item.id not in without)
    if len(kept) == len(case.systemic_therapy):
        return case
    return case.model_copy(update={"systemic_therapy": kept})


def _limits(frame: CaseFrame, courses: CoursePlan, prior: PriorDraws) -> tuple[Floats, float]:
    """Return the start of every draw, never after its first fraction, and the one horizon."""
    start = prior.between("start", low=frame.start.low_d, high=frame.start.high_d)
    first = np.array([courses.first_d(k) for k in range(prior.n)])
    last = max(courses.last_d(k) for k in range(prior.n))
    follow, longest = case_prior("follow_on").value, case_prior("longest").value
    start = np.minimum(start, first)
    end = max(frame.end_d, last + follow)
    least = float(start.max()) + 1.0
    return start, max(min(end, float(start.min()) + longest), least, last + 1.0)


def _weight(case: Case, prior: PriorDraws) -> tuple[Floats, list[str]]:
    fact = case.patient.weight_kg
    values = fact.candidates if fact is not None else ()
    if values:
        return np.asarray(values, float)[prior.choice("weight", values)], []
    entry = case_prior("weight")
    text = f"weight not on record, taken as {entry.value:g} kg ({entry.low:g} to {entry.high:g})"
    told = [text] if case.systemic_therapy else []
    return prior.log_normal("weight", entry), told


def _shared(case: Case, clock: Clock, prior: PriorDraws) -> tuple[dict[str, Floats], list[str]]:
    """Return the parameters of the body in every draw, each from the range of its source."""
    declared = {parameter.name for parameter in core_system().body.parameters}
    out = {
        name: _from_range(f"parameter {name}", entry, prior)
        for name, entry in core_values().items()
        if name in declared and entry.high > entry.low and not name.startswith(_OF_DRUGS)
    }
    told = [f"{len(out)} parameters of the model are drawn from the ranges of their sources"]
    counts = counts_of_case(case, clock).baseline_per_ul
    entry = case_prior("count_cv")
    if counts:
        measured = np.asarray(counts)[prior.choice("lymphocytes before", counts)]
        out["baseline"] = measured * np.exp(entry.value * prior.normal("count before"))
    else:
        usual = lymphocyte_parameter("baseline_count")
        out["baseline"] = prior.log_normal("lymphocytes before", usual)
        told.append(
            f"lymphocytes before radiotherapy not on record, taken as {usual.value:g} per uL "
            f"({usual.low:g} to {usual.high:g})"
        )
    return out, told


def _from_range(name: str, entry: Parameter, prior: PriorDraws) -> Floats:
    """Return draws inside the range: log-normal about a value inside it, else uniform."""
    if entry.low <= 0.0 or entry.value in (entry.low, entry.high):
        return prior.spread(name, entry)
    return np.asarray(np.clip(prior.log_normal(name, entry), entry.low, entry.high))


def _own(
    case: Case, lesions: Sequence[DrawnLesion], prior: PriorDraws
) -> tuple[dict[str, dict[str, Floats]], list[str]]:
    """Return growth, sensitivity and antigen match of every member of every lesion by name."""
    values = core_values()
    fact = case.diagnosis.tumor_type
    kind = fact.value if fact is not None and fact.value is not None else "other"
    sensitivity, ratio = alpha(kind), alpha_beta(kind)
    common = {
        "growth": _from_range("growth", values["growth"], prior),
        "alpha": prior.log_normal("alpha", sensitivity),
        "alpha_beta": prior.log_normal("alpha/beta", ratio),
    }
    spread = {
        "growth": case_prior("doubling_between_lesions").value,
        "alpha": case_prior("alpha_between_lesions").value,
    }
    out = {}
    for lesion in lesions:
        for k in range(lesion.volume_ml.shape[1]):
            member = f"{lesion.lesion.id}.{k + 1}"
            mine = {
                name: column * np.exp(spread.get(name, 0.0) * prior.normal(f"{member} {name}"))
                for name, column in common.items()
            }
            mine["match"] = prior.spread(f"{member} match", values["match"])
            out[member] = mine
    doubling = np.log(2) / values["growth"].value
    told = [
        f"growth of the lesions not on record, doubling in about {doubling:.0f} d "
        f"({np.log(2) / values['growth'].high:.0f} to {np.log(2) / values['growth'].low:.0f})",
        f"alpha of {kind} {sensitivity.value:g} /Gy ({sensitivity.low:g} to {sensitivity.high:g}), "
        f"alpha/beta {ratio.value:g} Gy ({ratio.low:g} to {ratio.high:g})",
    ]
    return out, told


def _starts(
    lesions: Sequence[DrawnLesion], own: dict[str, dict[str, Floats]], draw: int
) -> list[LesionStart]:
    return [
        LesionStart(
            id=member,
            compartment=lesion.compartments[draw],
            volume_ml=float(lesion.volume_ml[draw, k]),
            own={
                name: float(values[draw])
                for name, values in own[f"{lesion.lesion.id}.{k + 1}"].items()
            },
        )
        for lesion in lesions
        for k, member in enumerate(lesion.members(draw))
    ]


def _resections(
    case: Case, clock: Clock, frame: CaseFrame, lesions: Sequence[DrawnLesion]
) -> list[tuple[float, DrawnLesion]]:
    """Return the lesions that are taken out after the start, each with the middle of its day."""
    out = []
    for procedure in case.procedures:
        span = clock.fact(procedure.when)
        if procedure.kind not in _ENDING or span is None or span.middle_d is None:
            continue
        if span.high_d > frame.start.high_d:
            out += [
                (span.middle_d, item) for item in lesions if item.lesion.id in procedure.lesions
            ]
    return out


def _joined(lines: Sequence[str], names: Collection[str]) -> tuple[str, ...]:
    """Return the sentences with those that say the same of several lesions as one."""
    subjects: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        first = re.match(r"[\w-]+", line)
        name = first.group() if first else ""
        if name in names:
            subjects.setdefault(line[len(name) :], []).append(name)
        else:
            subjects.setdefault(line, [])
    return tuple(f"{', '.join(found)}{rest}" for rest, found in subjects.items())
