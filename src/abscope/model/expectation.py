"""What the model expects of a case: bands over draws from the prior, per lesion and for blood."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import get_args

import numpy as np

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem, UsageError
from abscope.model.batch import CoreOptions
from abscope.model.case_checks import check_case
from abscope.model.case_draws import CaseDraws
from abscope.model.case_lesions import grouped
from abscope.model.from_case import can_be_simulated
from abscope.model.homing_shares import (
    MemberShare,
    Shares,
    mean_shares,
    member_shares,
    shares_by_mode,
)
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.patient import Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing
from abscope.model.switches import Switches

__all__ = [
    "QUANTILES", "Band", "Expectation", "ExpectationOptions", "LesionExpectation",
    "RecordedChange", "VisitDay", "band_of", "check_draws", "expect_case",
    "expectation_or_none", "visit_days",
]  # fmt: skip

#: The ends of the 90 % band, with the median between them.
QUANTILES = (0.05, 0.5, 0.95)
_VANISHED = ("complete_response", "gone")
_WEEK_D = 7.0
_USUAL_VISITS_D = (30.0, 90.0, 180.0)
_MOST_DRAWS = 20_000
_FITTED = (
    "The model is fitted to this patient: the bands are what the data leave open, without the "
    "error of a reader."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationOptions:
    """How a case is simulated; ``without`` are courses and therapies that are left out."""

    draws: int = 100
    seed: int = 1
    homing: Homing = "lesion"
    switches: Switches = field(default_factory=Switches)
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Low end, median and high end of the 90 % band, (times,) each; NaN before every draw began."""

    low: Floats
    median: Floats
    high: Floats

    def at(self, index: int) -> tuple[float, float, float]:
        """Return the three numbers of one time."""
        return float(self.low[index]), float(self.median[index]), float(self.high[index])


@dataclass(frozen=True, slots=True)
class VisitDay:
    """A day on which the record has a scan or a count, or a usual one; ``place`` in ``days_d``."""

    label: str
    day_d: float
    place: int


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """What the record has of the diameter of a lesion, against the last size before the start."""

    scan: str
    low_d: float
    high_d: float
    change_frac: float


@dataclass(frozen=True, slots=True, eq=False)
class LesionExpectation:
    """One lesion or group of the record.

    ``volume_ml`` is of all its members together; ``change_frac`` that of the diameter of a sphere
    of this volume, against the start. ``dose_gy`` is the mean dose of all fractions, over draws.
    ``share_frac`` has the mean share of homing T cells at the start by mode, ``shares_of_members``
    that of each member of a group in the draws that have it, ``recorded`` the changes on record.
    ``ratio_frac`` is the volume over that of the same draw with nothing left out or switched off,
    None where nothing is. ``not_simulated`` are the courses that irradiate it on record and of
    which no draw has a fraction: their dose is not in ``dose_gy``.
    """

    lesion: str
    label: str
    members: tuple[int, int]
    compartments: tuple[str, ...]
    volume_ml: Band
    change_frac: Band
    dose_gy: tuple[float, float, float]
    share_frac: dict[str, float]
    recorded: tuple[RecordedChange, ...]
    volume_draws_ml: Floats = field(repr=False)
    ratio_frac: Band | None = None
    not_simulated: tuple[str, ...] = ()
    shares_of_members: tuple[MemberShare, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """The bands of a case with what they rest on.

    ``failed`` counts draws that the engine could not finish; they are left out of the bands.
    ``fractions_d`` are the days of fractions of the first draw, ``doses_from`` says in words where
    doses come from.
    """

    case_id: str
    options: ExpectationOptions
    days_d: Floats
    lesions: tuple[LesionExpectation, ...]
    visits: tuple[VisitDay, ...]
    alc_per_ul: Band
    pd1_occupancy_frac: Band
    fractions_d: tuple[float, ...]
    failed: int
    unknowns: tuple[str, ...]
    doses_from: str
    scope: str = (
        "The model is not calibrated to this patient: the bands are what the priors allow, not a "
        "prediction."
    )


def expect_case(
    case: Case,
    *,
    options: ExpectationOptions | None = None,
    doses: PlanDoses | None = None,
    fitted: PriorDraws | None = None,
) -> Expectation:
    """Return what the model expects of a case over draws from the prior.

    ``doses`` of a plan or a table stand in the place of guesses, ``fitted`` draws (as many as the
    options say) in the place of those of the prior.

    Raises CaseError where the case has nothing to simulate, UsageError for an option outside its
    range, ModelError where no draw could be finished.
    """
    from abscope.model.run import simulate_patients

    options = options or ExpectationOptions()
    _check(options)
    check_case(case, without=options.without)
    prior = fitted or PriorDraws(options.draws, seed=options.seed)
    prepared = CaseDraws(case, prior, doses=doses)
    patients = prepared.patients(without=options.without)
    visits, days = visit_days(case, patients)
    start = np.array([patient.start_d for patient in patients])
    seen = np.maximum(days, start[:, None])
    core = CoreOptions(switches=options.switches, homing=options.homing)
    found = simulate_patients(patients, observe_at_d=seen, options=core)
    if not found.ok.any():
        what = f"no draw could be finished: {'; '.join(found.failures()[:3])}"
        raise ModelError(Problem(case.id, what, "a trajectory", "Report it with the case."))
    begun = (days >= np.floor(start)[:, None]) & found.ok[:, None]
    shares = shares_by_mode(patients)
    volume = np.where(begun[..., None], found["volume_ml"], np.nan)
    whole = None
    every = Switches(growth=options.switches.growth)
    if options.without or options.switches != every:
        other = simulate_patients(
            prepared.patients(), observe_at_d=seen, options=replace(core, switches=every)
        )
        whole = np.where((begun & other.ok[:, None])[..., None], other["volume_ml"], np.nan)
    return Expectation(
        case_id=case.id,
        options=options,
        days_d=days,
        lesions=_lesions(case, patients, volume, shares, found["volume_ml"][:, 0], whole),
        visits=visits,
        alc_per_ul=band_of(np.where(begun, found["alc_per_ul"], np.nan)),
        pd1_occupancy_frac=band_of(np.where(begun, found["pd1_occupancy_frac"], np.nan)),
        fractions_d=tuple(one.day_d for one in patients[0].fractions),
        failed=int((~found.ok).sum()),
        unknowns=patients[0].unknowns,
        doses_from=(doses or PlanDoses()).words,
        **({} if fitted is None else {"scope": _FITTED}),
    )  # fmt: skip


@lru_cache(maxsize=32)
def expectation_or_none(
    case: Case, *, draws: int = 64, doses: PlanDoses | None = None
) -> Expectation | None:
    """Return the expectation of a case with fixed seed, None where there is nothing to simulate.

    Remembered by what the case says and by ``doses`` as an object, for a report that shows it in
    several places.
    """
    if not can_be_simulated(case):
        return None
    return expect_case(case, options=ExpectationOptions(draws=draws), doses=doses)


def check_draws(n_draws: int, *, seed: int) -> None:
    """Raise UsageError for a number of draws or a seed outside its range."""
    problems = _draw_problems(n_draws, seed)
    if problems:
        raise UsageError(problems)


def _draw_problems(n_draws: int, seed: int) -> list[Problem]:
    problems = []
    if not 1 <= n_draws <= _MOST_DRAWS:
        expected = f"1 to {_MOST_DRAWS}"
        problems.append(Problem("draws", f"{n_draws}", expected, "Choose another number."))
    if not 0 <= seed < 2**63:
        problems.append(Problem("seed", f"{seed}", "0 or more", "Choose another."))
    return problems


def _check(options: ExpectationOptions) -> None:
    problems = _draw_problems(options.draws, options.seed)
    if options.homing not in get_args(Homing):
        modes = ", ".join(get_args(Homing))
        problems.append(Problem("homing", f"'{options.homing}'", modes, "Choose one of them."))
    if problems:
        raise UsageError(problems)


def visit_days(case: Case, patients: Sequence[Patient]) -> tuple[tuple[VisitDay, ...], Floats]:
    """Return the visits after the start, and a grid of weeks (days_d) that has their days in it."""
    first = float(np.floor(min(patient.start_d for patient in patients)))
    latest = max(patient.start_d for patient in patients)
    horizon = patients[0].horizon_d
    clock, found = Clock(case), list[tuple[float, str]]()
    for scan in case.imaging:
        span = clock.fact(scan.when)
        if span is not None and span.middle_d is not None and latest < span.middle_d <= horizon:
            found.append((round(span.middle_d), scan.id))
    if not found:
        after = max((one.day_d for one in patients[0].fractions), default=latest)
        found = [(round(after + day), f"day {round(after + day)}") for day in _USUAL_VISITS_D]
        found = [(day, label) for day, label in found if day <= horizon]
    weeks = np.arange(first, horizon, _WEEK_D)
    days = np.array(sorted({*weeks.tolist(), *(day for day, _ in found), horizon}))
    visits = tuple(
        VisitDay(label, float(day), int(np.searchsorted(days, day))) for day, label in sorted(found)
    )
    return visits, days


def _lesions(
    case: Case,
    patients: Sequence[Patient],
    volume_ml: Floats,
    shares: Shares,
    first_ml: Floats,
    whole_ml: Floats | None,
) -> tuple[LesionExpectation, ...]:
    places = [dict(grouped(tuple(x.id for x in patient.lesions))) for patient in patients]
    names = dict.fromkeys(name for place in places for name in place)
    latest = max(patient.start_d for patient in patients)
    given = {one.course for patient in patients for one in patient.fractions}
    doses = [_doses(patient) for patient in patients]
    out = []
    for name in names:
        mine = [list(place.get(name, ())) for place in places]
        total = _summed(volume_ml, mine)
        before = np.array([first_ml[k, rows].sum() for k, rows in enumerate(mine)])
        with np.errstate(divide="ignore", invalid="ignore"):
            change = diameter_mm(total) / diameter_mm(before)[:, None] - 1.0
        counts = [len(rows) for rows in mine]
        dose = np.array(
            [sum(own[k] for k in rows) / len(rows) for own, rows in zip(doses, mine, strict=True)]
        )
        organs = dict.fromkeys(
            patient.lesions[rows[0]].compartment
            for patient, rows in zip(patients, mine, strict=True)
        )
        out.append(
            LesionExpectation(
                lesion=name,
                label=case.lesions_by_id[name].label,
                members=(min(counts), max(counts)),
                compartments=tuple(organs),
                volume_ml=band_of(total),
                change_frac=band_of(change),
                dose_gy=band_of(dose[:, None]).at(0),
                share_frac=mean_shares(shares, mine),
                shares_of_members=member_shares(patients, shares, mine),
                recorded=_recorded(case, name, latest),
                volume_draws_ml=total,
                ratio_frac=None if whole_ml is None else _ratio(total, whole_ml, mine),
                not_simulated=tuple(
                    course.id
                    for course in case.rt_courses
                    if course.id not in given and name in course.targets
                ),
            )
        )
    return tuple(out)


def _summed(volume_ml: Floats, mine: Sequence[list[int]]) -> Floats:
    """Return the volume of the members of a lesion together, (draws, times)."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for k, rows in enumerate(mine):
        alike.setdefault(tuple(rows), []).append(k)
    out = np.empty(volume_ml.shape[:2])
    for members, draws in alike.items():
        out[draws] = volume_ml[draws][:, :, members].sum(axis=2)
    return out


def _ratio(total_ml: Floats, whole_ml: Floats, mine: Sequence[list[int]]) -> Band:
    """Return the volume over that of the same draw with nothing left out."""
    whole = _summed(whole_ml, mine)
    with np.errstate(divide="ignore", invalid="ignore"):
        return band_of(np.where(whole > 0.0, total_ml / whole, np.nan))


def _recorded(case: Case, lesion: str, latest_d: float) -> tuple[RecordedChange, ...]:
    """Return the changes that the record tells of one lesion; none where it has no first size."""
    clock, base, out = Clock(case), None, []
    for scan in case.imaging:
        span = clock.fact(scan.when)
        for found in scan.findings:
            if found.lesion != lesion or span is None or not span.bounded:
                continue
            size = found.size_mm.value if found.size_mm is not None else None
            word = found.change.value if found.change is not None else None
            size = 0.0 if found.state == "absent" or word in _VANISHED else size
            if size is None:
                continue
            if span.low_d <= latest_d and scan.role != "follow_up":
                base = size or None
            elif base is not None:
                out.append(RecordedChange(scan.id, span.low_d, span.high_d, size / base - 1.0))
    return tuple(out)


def _doses(patient: Patient) -> list[float]:
    """Return the mean dose of all fractions to every lesion, in Gy."""
    times = Counter(id(one.lesions) for one in patient.fractions)  # a phase has one for all of it
    phases = {id(one.lesions): one.lesions for one in patient.fractions}
    total = {lesion.id: 0.0 for lesion in patient.lesions}
    for key, given in phases.items():
        for name, one in given.items():
            if name in total:
                total[name] += times[key] * float(np.dot(one.dose_gy, one.volume_frac))
    return list(total.values())


def band_of(of_draws: Floats) -> Band:
    """Return the band over draws, (draws, times); NaN where no draw has a value."""
    ordered = np.sort(of_draws, axis=0)  # draws without a value come last
    last = np.maximum((~np.isnan(of_draws)).sum(axis=0) - 1, 0)
    place = np.multiply.outer(QUANTILES, last)
    lower = place.astype(np.intp)
    below = np.take_along_axis(ordered, lower, 0)
    above = np.take_along_axis(ordered, np.minimum(lower + 1, last), 0)
    return Band(*_between(below, above, place - lower))


def _between(below: Floats, above: Floats, part: Floats) -> Floats:
    """Return the numbers at a part of the way between others, rounded as NumPy's quantiles are."""
    with np.errstate(invalid="ignore"):
        width = above - below
        return np.where(part < 0.5, below + width * part, above - width * (1.0 - part))
