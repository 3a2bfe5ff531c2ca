"""What models of several groups make of one case, side by side, on the same draws.

Ours stands beside published ones whose form can take what a case tells (`FAMILIES`). They differ in
what they leave out, and most have the numbers of mice: what they share is the direction in which
the treatment acts, not the size of what it does.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from abscope.case.record import Case
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem
from abscope.model.case_checks import check_case
from abscope.model.case_draws import CaseDraws
from abscope.model.expectation import Band, VisitDay, band_of, visit_days
from abscope.model.families.family import Curves, Family, members_of
from abscope.model.families.lymphocytes import JIN
from abscope.model.families.one_tumor import KOSINSKY, SERRE
from abscope.model.families.several_tumors import FRIEDRICH, SITES
from abscope.model.patient import Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws
from abscope.model.registry import model_card

__all__ = ["FAMILIES", "OURS", "FamilyOutcome", "families"]

OURS = "abscope-core"
_EARLY_WEEKS = (2, 4)
#: The published models that take a case, by name.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {one.name: one for one in (JIN, KOSINSKY, SERRE, SITES, FRIEDRICH)}
)


@dataclass(frozen=True, slots=True, eq=False)
class FamilyOutcome:
    """What one model says of a case.

    ``lesions`` has per lesion of the record the volume of all its members over that at the start,
    ``alc_per_ul`` the lymphocyte count; None where the model has none. ``treated_ratio`` is the
    volume over that of the same draw without the fractions of radiotherapy, by lesion. ``days_d``
    are the days of the bands, ``draws`` how many draws they are over, ``failed`` how many of them
    could not be finished. ``dropped`` and ``taken`` say what of the case is left out, and how the
    rest is put.
    """

    name: str
    title: str
    scope: str
    days_d: Floats
    visits: tuple[VisitDay, ...]
    draws: int
    failed: int
    lesions: Mapping[str, Band]
    treated_ratio: Mapping[str, Band]
    alc_per_ul: Band | None
    dropped: tuple[str, ...]
    taken: tuple[str, ...]
    unknowns: tuple[str, ...]


def families(
    case: Case,
    prior: PriorDraws,
    *,
    names: Sequence[str] = (OURS, *FAMILIES),
    doses: PlanDoses | None = None,
    without: Collection[str] = (),
) -> dict[str, FamilyOutcome]:
    """Return what each of the models says of a case, by name, over the same draws.

    ``doses`` of a plan stand in the place of guesses, ``without`` leaves out courses, phases and
    therapies. Models that go in small steps are run on the first draws only (`Family.most_draws`).
    Raises ModelError for a model that takes no case, CaseError where the case cannot be simulated.
    """
    wrong = [name for name in names if name != OURS and name not in FAMILIES]
    if wrong:
        expected = ", ".join((OURS, *FAMILIES))
        raise ModelError(
            Problem("families", f"'{name}' takes no case", expected, "Choose one of them.")
            for name in wrong
        )
    check_case(case, without=without)
    patients = CaseDraws(case, prior, doses=doses).patients(without=without)
    visits, days = visit_days(case, patients)
    visits = tuple(sorted((*_early(patients, days), *visits), key=lambda visit: visit.day_d))
    return {name: _outcome(name, patients, visits, days) for name in names}


def _early(patients: Sequence[Patient], days: Floats) -> tuple[VisitDay, ...]:
    """Return the days two and four weeks after the first fraction: mice are seen no later."""
    first = [one.day_d for one in patients[0].fractions]
    if not first:
        return ()
    places = [int(np.searchsorted(days, min(first) + weeks * 7.0)) for weeks in _EARLY_WEEKS]
    return tuple(
        VisitDay(f"week {weeks}", float(days[place]), place)
        for weeks, place in zip(_EARLY_WEEKS, places, strict=True)
        if place < len(days)
    )


def _outcome(
    name: str, patients: Sequence[Patient], visits: tuple[VisitDay, ...], days: Floats
) -> FamilyOutcome:
    family = FAMILIES.get(name)
    most = family.most_draws if family is not None else None
    mine = patients[:most]
    start = np.array([patient.start_d for patient in mine])
    seen = np.maximum(days, start[:, None])
    begun = days >= np.floor(start)[:, None]
    run = family.run if family is not None else _ours
    given = run(mine, seen)
    bare = run([replace(one, fractions=()) for one in mine], seen)
    lesions, ratio, failed = {}, {}, 0
    if given.volume_frac is not None and bare.volume_frac is not None:
        with_rt, without = (_totals(mine, x.volume_frac) for x in (given, bare))
        for lesion, values in with_rt.items():
            lesions[lesion] = band_of(np.where(begun, values, np.nan))
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(without[lesion] > 0.0, values / without[lesion], np.nan)
            ratio[lesion] = band_of(np.where(begun, share, np.nan))
        failed = int(np.isnan(given.volume_frac).all(axis=(1, 2)).sum())
    counts = given.alc_per_ul
    if counts is not None and given.volume_frac is None:
        failed = int(np.isnan(counts).all(axis=1).sum())
    card = model_card(name)
    return FamilyOutcome(
        name=name,
        title=card.title,
        scope=card.scope,
        days_d=days,
        visits=visits,
        draws=len(mine),
        failed=failed,
        lesions=lesions,
        treated_ratio=ratio,
        alc_per_ul=None if counts is None else band_of(np.where(begun, counts, np.nan)),
        dropped=family.dropped if family is not None else (),
        taken=family.taken if family is not None else (),
        unknowns=mine[0].unknowns,
    )


def _ours(patients: Sequence[Patient], days: Floats) -> Curves:
    from abscope.model.run import simulate_patients

    found = simulate_patients(patients, observe_at_d=days)
    most = max(len(patient.lesions) for patient in patients)
    first = np.ones((len(patients), most))
    there = np.zeros((len(patients), most), bool)
    for i, patient in enumerate(patients):
        first[i, : len(patient.lesions)] = [lesion.volume_ml for lesion in patient.lesions]
        there[i, : len(patient.lesions)] = True
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = found["volume_ml"] / first[:, None, :]
    good = there[:, None, :] & found.ok[:, None, None]
    return Curves(
        np.where(good, volume, np.nan), np.where(found.ok[:, None], found["alc_per_ul"], np.nan)
    )


def _totals(patients: Sequence[Patient], volume_frac: Floats | None) -> dict[str, Floats]:
    """Return the volume of all members of each lesion over that at the start, (patients, days)."""
    places = members_of(patients)
    out: dict[str, Floats] = {}
    if volume_frac is None:
        return out
    for name in dict.fromkeys(name for place in places for name in place):
        rows = np.full(volume_frac.shape[:2], np.nan)
        for i, (patient, place) in enumerate(zip(patients, places, strict=True)):
            mine = list(place.get(name, ()))
            if mine:
                sizes = np.array([patient.lesions[k].volume_ml for k in mine])
                whole = float(sizes.sum())
                weight = sizes / whole if whole > 0.0 else np.full(len(mine), 1.0 / len(mine))
                rows[i] = volume_frac[i][:, mine] @ weight
        out[name] = rows
    return out
