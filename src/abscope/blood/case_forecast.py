"""A forecast straight from a case, with guessed organ doses or with those of an organ table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from abscope.blood.alc.counts import CaseCounts, counts_of_case, unit_doubts
from abscope.blood.case_plan import CasePlan, case_plan
from abscope.blood.doses import Tier
from abscope.blood.forecast import Forecast, ForecastOptions, forecast
from abscope.blood.planned import PlannedDose
from abscope.blood.tiers import body_doses
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.catalog.circulation import Sex
from abscope.dose.results import OrganDose
from abscope.errors import CaseError, Problem, UsageError

__all__ = [
    "CaseForecast",
    "case_forecast_or_none",
    "circulation_sex",
    "forecast_case",
    "plan_with_organs",
    "planned_of_table",
    "table_tier",
]


@dataclass(frozen=True, slots=True, eq=False)
class CaseForecast:
    """The forecast of a case, the counts it rests on, and what of its treatment was left out."""

    counts: CaseCounts
    plan: CasePlan
    forecast: Forecast


def forecast_case(
    case: Case,
    *,
    organs: Sequence[OrganDose] = (),
    tier: Tier | None = None,
    options: ForecastOptions | None = None,
) -> CaseForecast:
    """Return the forecast of a case; ``organs`` replace the guessed doses of their courses.

    ``tier`` says where the organ doses come from; None tells histograms from means.

    Steroids and chemotherapy count where the case says that they were given. Raises CaseError
    where no fraction can be used, UsageError where a course of the table is not of the case.
    """
    options = options or ForecastOptions()
    if organs:
        return _forecast(case, tuple(organs), options, tier or table_tier(organs))
    return _remembered(case.id, _Held(case), options)


def case_forecast_or_none(case: Case) -> Forecast | None:
    """Return the forecast of a case with a usable fraction and a lymphocyte count, else None.

    For a report of any case: without a count there is nothing to set the model beside, and counts
    whose units are in doubt are left to the checks of the case.
    """
    if not any(lab.test == "lymphocytes" and lab.value is not None for lab in case.labs):
        return None
    clock = Clock(case)
    if not case_plan(case, clock).planned or unit_doubts(counts_of_case(case, clock)):
        return None
    return forecast_case(case).forecast


class _Held:
    """Lets a case be remembered by what it says."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def __hash__(self) -> int:
        return hash(self.case.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and (self.case is other.case or self.case == other.case)


@lru_cache(maxsize=8)
def _remembered(case_id: str, held: _Held, options: ForecastOptions) -> CaseForecast:
    del case_id
    return _forecast(held.case, (), options, "guess")


def _forecast(
    case: Case, organs: tuple[OrganDose, ...], options: ForecastOptions, tier: Tier
) -> CaseForecast:
    clock = Clock(case)
    plan = (
        plan_with_organs(case, clock, organs=organs, tier=tier)
        if organs
        else case_plan(case, clock)
    )
    if not plan.planned:
        raise CaseError(
            Problem(
                case.id,
                "; ".join(plan.skipped) or "no radiotherapy is on record",
                "a dose and a site of at least one course",
                "Add them, or give organ doses.",
                "rt_courses",
            )
        )
    counts = counts_of_case(case, clock)
    if doubts := unit_doubts(counts):
        raise CaseError(
            Problem(case.id, doubt, "counts in one unit", "Is one of them in 10^9/L?", "labs")
            for doubt in doubts
        )
    sex, notes = circulation_sex(case)
    steroid, chemotherapy, told = _drugs(case)
    options = replace(
        options,
        steroid=options.steroid or steroid,
        chemotherapy=options.chemotherapy or chemotherapy,
    )
    skipped = tuple(f"not used: {text}" for text in plan.skipped)
    found = forecast(
        plan.planned, counts=counts, sex=sex, options=options,
        notes=(*plan.notes, *skipped, *notes, *told),
    )  # fmt: skip
    return CaseForecast(counts, plan, found)


def planned_of_table(organs: Sequence[OrganDose]) -> tuple[PlannedDose, ...]:
    """Return the courses of an organ table without a case, one after the other from day 0.

    Fractions are daily without weekends, on a weekday of day zero that is not known; the next
    course begins on the day after the last fraction.
    """
    numbers = {row.course: row.n_fractions for row in organs}
    bodies = body_doses(organs, days_d=dict.fromkeys(numbers, (0.0,)), tier=table_tier(organs))
    out, first = [], 0.0
    for body in bodies:
        n = numbers[body.course]
        out.append(
            PlannedDose(body.course or "course", body, n_fractions=(n,), start_d=(first, first),
                        course=body.course)
        )  # fmt: skip
        first += n + 2 * ((n - 1) // 5)
    return tuple(out)


def table_tier(organs: Sequence[OrganDose]) -> Tier:
    """Return 'histograms' where any organ has more than one dose level, else 'means'."""
    return "histograms" if any(len(row.dose_per_fraction_gy) > 1 for row in organs) else "means"


def plan_with_organs(
    case: Case, clock: Clock, *, organs: Sequence[OrganDose], tier: Tier
) -> CasePlan:
    """Return the plan of a case with the organ doses of a table in the place of its guesses.

    A row belongs to the phase or course that it names; of a case with one phase it need not name
    it. Raises UsageError where a course of the table is not of the case, ModelError for doses that
    cannot be.
    """
    numbers = {row.course: row.n_fractions for row in organs}
    phases = [phase.id for course in case.rt_courses for phase in course.phases]
    names = {*phases, *(course.id for course in case.rt_courses)}
    single = len(phases) == 1 and len(numbers) == 1
    strangers = [name or "without a name" for name in numbers if name not in names]
    if strangers and not single:
        raise UsageError(
            Problem(
                "organ doses",
                f"courses {', '.join(strangers)} are not of the case",
                f"one of {', '.join(sorted(names)) or 'its courses, of which there is none'}",
                "Name the courses of the table as the case does.",
            )
        )
    found = body_doses(organs, days_d=dict.fromkeys(numbers, (0.0,)), tier=tier)
    bodies = {phases[0] if single else body.course: (body, numbers[body.course]) for body in found}
    return case_plan(case, clock, bodies=bodies)


def circulation_sex(case: Case) -> tuple[Sex, tuple[str, ...]]:
    """Return the reference adult whose circulation a case takes, and a note where it is a guess."""
    known = case.patient.sex.value if case.patient.sex else None
    if known == "male":
        return "male", ()
    if known == "female":
        return "female", ()
    return "female", ("sex not on record: the circulation of the reference woman is used",)


def _drugs(case: Case) -> tuple[bool, bool, tuple[str, ...]]:
    steroid = any(item.kind == "steroid" and item.given.value is True for item in case.medications)
    chemotherapy = any(
        agent.drug_class is not None and agent.drug_class.value == "chemotherapy"
        for therapy in case.systemic_therapy
        for agent in therapy.agents
    )
    notes = []
    if steroid:
        notes.append("a steroid is on record: an uncertain factor on every count since day zero")
    if chemotherapy:
        notes.append("chemotherapy is on record: an uncertain factor on every count since day zero")
    return steroid, chemotherapy, tuple(notes)
