"""A case as virtual patients: what the record tells, and a draw of a stated prior for the rest."""

from collections.abc import Collection, Sequence

from abscope.blood.case_plan import case_plan
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.dose.results import OrganDose
from abscope.errors import CaseError, Problem
from abscope.model.case_checks import MOST_LESIONS, check_case, lesions_on_record
from abscope.model.case_draws import CaseDraws, ReadCase
from abscope.model.case_frame import case_frame
from abscope.model.case_lesions import lesion_plan
from abscope.model.patient import Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws

__all__ = ["can_be_simulated", "patients_from", "patients_of"]


def patients_of(
    case: Case,
    *,
    draws: int,
    seed: int | None,
    organs: Sequence[OrganDose] = (),
    without: Collection[str] = (),
    doses: PlanDoses | None = None,
) -> tuple[Patient, ...]:
    """Return a case as ``draws`` virtual patients, drawn by a seed: see `patients_from`.

    Draw k depends on the seed, k and the name of the quantity only. Without a seed every draw is
    the middle of its prior.
    """
    if draws < 1:
        raise CaseError(Problem("draws", f"{draws}", "1 or more", "Correct it."))
    prior = PriorDraws(draws, seed=seed)
    return patients_from(case, prior, organs=organs, without=without, doses=doses)


def patients_from(
    case: Case | ReadCase,
    prior: PriorDraws,
    *,
    organs: Sequence[OrganDose] = (),
    without: Collection[str] = (),
    doses: PlanDoses | None = None,
) -> tuple[Patient, ...]:
    """Return a case as one virtual patient per draw of ``prior``.

    They agree with the record; what it does not tell is drawn, each quantity by its name.
    ``without`` leaves out courses, phases and therapies by identifier. ``organs`` are organ doses
    in place of guesses, ``doses`` all doses of a plan; a case that was read before
    (`case_draws.read_case`) brings them along. The sentences of `Patient.unknowns` are the
    same for all. To ask for several treatments of one case, keep `case_draws.CaseDraws`.

    Raises CaseError where there is no lesion to simulate or an identifier of ``without`` is not of
    the case; UsageError where a course of the organ doses is not.
    """
    if isinstance(case, Case):
        check_case(case, without=without)
    draws = CaseDraws(case, prior, doses=doses or PlanDoses(organs=tuple(organs)))
    return draws.patients(without=without)


def can_be_simulated(case: Case) -> bool:
    """Return whether a case is one patient with a lesion to simulate and a fraction to give."""
    if case.kind == "series" or lesions_on_record(case) > MOST_LESIONS:
        return False
    clock = Clock(case)
    frame = case_frame(case, clock)
    phases = {phase.id for course in frame.courses for phase in course.phases}
    if not any(item.name in phases for item in case_plan(case, clock).planned):
        return False
    return bool(lesion_plan(case, frame, clock=clock, prior=PriorDraws(1, seed=0)).drawn)
