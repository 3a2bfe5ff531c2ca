"""What the change of each lesion was due to, draw by draw, and whether it would have come anyway.

The outcome of a world is the change of the diameter of a lesion (a sphere of the volume of all its
members) against the start, in fractions of the diameter at the start: -0.3 is a partial response.
Per draw the change is split without an order (`abscope.infer.shares`):

    change = natural course + own dose + dose elsewhere + drugs + loss of lymphocytes

*Own dose* is all that the dose in the lesion itself does, killing and local immunity; for a lesion
outside the fields it is the scatter dose. *Dose elsewhere* reaches the lesion through immunity: it
is the abscopal effect. *Natural course* is what is left without any treatment: growth and the
immunity that the disease itself raised. The split is of the model's, not of the patient's: it is as
true as the model, and `abscope.infer.structures` shows how far other models of traffic move it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.dose.geometry.grid import Floats
from abscope.errors import CaseError, Problem
from abscope.infer.case_model import FitOptions
from abscope.infer.shares import shapley_shares
from abscope.infer.spread import Chance, Spread, chance_of, spread_of
from abscope.infer.worlds import CAUSES, EVERYTHING, Cause, Worlds, simulate_worlds
from abscope.model.batch import CoreOptions
from abscope.model.case_lesions import recorded_id
from abscope.model.expectation import VisitDay, visit_days
from abscope.model.from_case import patients_from
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws

__all__ = [
    "RESPONSE_FRAC", "WORLDS", "Attribution", "LesionDraws", "attribute", "core_options",
    "followed_lesions",
]  # fmt: skip

#: Change of the diameter that is a response (RECIST 1.1, doi 10.1016/j.ejca.2008.10.026).
RESPONSE_FRAC = -0.30
_BIT: dict[Cause, int] = {cause: 1 << k for k, cause in enumerate(CAUSES)}
#: The worlds that have a name, by the causes that act.
WORLDS: dict[str, int] = {
    "delivered": EVERYTHING,
    "no_radiotherapy": _BIT["drugs"],
    "no_dose_elsewhere": EVERYTHING & ~_BIT["dose_elsewhere"],
    "no_own_dose": EVERYTHING & ~_BIT["own_dose"],
    "no_drugs": EVERYTHING & ~_BIT["drugs"],
    "no_lymphocyte_dose": EVERYTHING & ~_BIT["lymphocyte_dose"],
    "nothing": 0,
}


@dataclass(frozen=True, slots=True, eq=False)
class LesionDraws:
    """One lesion of the record in every world.

    ``change_frac`` is (worlds, draws, visits), ``diameter_mm`` the same as a diameter,
    ``start_mm`` the diameter at the start and ``own_dose_gy`` the mean dose of all its fractions,
    (draws,). A draw that could not be simulated is NaN. ``effective_draws`` is how many
    independent draws they are at most.
    """

    lesion: str
    label: str
    change_frac: Floats = field(repr=False)
    diameter_mm: Floats = field(repr=False)
    start_mm: Floats = field(repr=False)
    own_dose_gy: Floats = field(repr=False)
    effective_draws: float = math.inf

    def natural(self, visit: int, weights: Floats | None = None) -> Spread | None:
        """Return the change without any treatment."""
        return spread_of(self.change_frac[0, :, visit], weights)

    def total(self, visit: int, weights: Floats | None = None) -> Spread | None:
        """Return the change with what was delivered."""
        return spread_of(self.change_frac[EVERYTHING, :, visit], weights)

    def share_draws_frac(self, visit: int) -> dict[Cause, Floats]:
        """Return what each cause changed, (draws,), in fractions of the diameter at the start."""
        shares = shapley_shares(self.change_frac[:, :, visit])
        return dict(zip(CAUSES, shares, strict=True))

    def shares(self, visit: int, weights: Floats | None = None) -> dict[Cause, Spread | None]:
        """Return the spread of what each cause changed."""
        found = self.share_draws_frac(visit)
        return {cause: spread_of(values, weights) for cause, values in found.items()}

    def responds(
        self, world: str, visit: int, weights: Floats | None = None, *, complete: bool = False
    ) -> Chance | None:
        """Return how probable a response is in a world; ``complete``: that nothing is to be seen.

        Complete is a diameter below the one at which a lesion is reported as absent.
        """
        change = self.change_frac[WORLDS[world], :, visit]
        known = np.isfinite(change)
        happened = change <= RESPONSE_FRAC
        if complete:
            gone = case_prior("size_vanished").value
            happened = self.diameter_mm[WORLDS[world], :, visit] < gone
        mine = known.astype(float) if weights is None else weights * known
        return chance_of(happened, mine, effective_draws=self.effective_draws)

    def needed(self, visit: int, weights: Floats | None = None) -> Chance | None:
        """Return how probable it is that a response would not have come without radiotherapy.

        Among the draws that respond with what was delivered; None where no draw does.
        """
        delivered = self.change_frac[EVERYTHING, :, visit] <= RESPONSE_FRAC
        anyway = self.change_frac[WORLDS["no_radiotherapy"], :, visit] <= RESPONSE_FRAC
        mine = delivered.astype(float) if weights is None else weights * delivered
        return chance_of(~anyway, mine, effective_draws=self.effective_draws)


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Every lesion that was asked for; ``failed`` counts draws that could not be simulated.

    ``worlds`` and ``patients`` are what it was made from, ``days_d`` (draws, days) the days of the
    worlds, the first of which are those of ``visits``.
    """

    case_id: str
    options: FitOptions
    draws: int
    visits: tuple[VisitDay, ...]
    lesions: tuple[LesionDraws, ...]
    failed: int
    days_d: Floats = field(repr=False)
    worlds: Worlds = field(repr=False)
    patients: tuple[Patient, ...] = field(repr=False)

    @property
    def by_lesion(self) -> Mapping[str, LesionDraws]:
        """Return the lesions by identifier."""
        return {item.lesion: item for item in self.lesions}


def core_options(options: FitOptions) -> CoreOptions:
    """Return the options of the model that is fitted."""
    return CoreOptions(homing=options.homing, switches=options.switches, run_in_d=options.run_in_d)


def followed_lesions(case: Case, visits: tuple[VisitDay, ...]) -> tuple[str, ...]:
    """Return the lesions of which an examination of the visits says something."""
    scans = {visit.label for visit in visits}
    found = [
        finding.lesion
        for scan in case.imaging
        if scan.id in scans
        for finding in scan.findings
        if finding.size_mm or finding.volume_ml or finding.change or finding.state
    ]
    return tuple(dict.fromkeys(found))


def attribute(
    case: Case,
    prior: PriorDraws,
    *,
    options: FitOptions | None = None,
    lesions: tuple[str, ...] = (),
    more_days_d: tuple[float, ...] = (),
    effective_draws: float = math.inf,
) -> Attribution:
    """Return what the changes of ``lesions`` were due to, over the draws of a prior or posterior.

    Without names: of the lesions that were followed, else of all. ``more_days_d`` are further days
    on which the worlds are seen, after the first fraction, or where negative before the start;
    ``effective_draws`` is how many independent draws a posterior has. Raises CaseError where the
    case has nothing to simulate or a lesion is not simulated.
    """
    options = options or FitOptions()
    patients = patients_from(case, prior, organs=options.organs)
    visits, _ = visit_days(case, patients)
    known = dict.fromkeys(recorded_id(x.id) for patient in patients for x in patient.lesions)
    followed = tuple(name for name in followed_lesions(case, visits) if name in known)
    chosen = tuple(dict.fromkeys(lesions)) or followed or tuple(known)
    problems = [
        Problem(case.id, f"lesion '{name}' is not simulated", ", ".join(known), "Name another.")
        for name in chosen
        if name not in known
    ]
    if problems:
        raise CaseError(problems)
    days = _days(patients, visits, more_days_d)
    worlds = simulate_worlds(
        patients,
        lesions=chosen,
        observe_at_d=days,
        options=core_options(options),
        settings=options.settings,
    )
    return Attribution(
        case_id=case.id,
        options=options,
        draws=len(patients),
        visits=visits,
        lesions=tuple(
            replace(
                _lesion(case, name, worlds, patients, len(visits)),
                effective_draws=effective_draws,
            )
            for name in chosen
        ),
        failed=int((~worlds.ok).sum()),
        days_d=days,
        worlds=worlds,
        patients=patients,
    )


def _days(
    patients: tuple[Patient, ...], visits: tuple[VisitDay, ...], more_d: tuple[float, ...]
) -> Floats:
    """Return the days of the visits, then those after the first fraction, per draw."""
    start = np.array([patient.start_d for patient in patients])
    first = np.array(
        [min((x.day_d for x in patient.fractions), default=patient.start_d) for patient in patients]
    )
    horizon = min(patient.horizon_d for patient in patients)
    at = np.tile([visit.day_d for visit in visits], (len(patients), 1))
    more = np.where(
        np.array(more_d) < 0.0, start[:, None] + np.array(more_d), first[:, None] + np.array(more_d)
    )
    every = np.concatenate([at, more.reshape(len(patients), -1)], axis=1)
    return np.asarray(np.minimum(every, horizon))


def _lesion(
    case: Case, name: str, worlds: Worlds, patients: tuple[Patient, ...], visits: int
) -> LesionDraws:
    start = diameter_mm(worlds.start_ml[name])
    seen = diameter_mm(worlds.volume_ml[name][..., :visits])
    with np.errstate(divide="ignore", invalid="ignore"):
        change = seen / start[:, None] - 1.0
    return LesionDraws(
        lesion=name,
        label=case.lesions_by_id[name].label,
        change_frac=change,
        diameter_mm=seen,
        start_mm=start,
        own_dose_gy=np.array([_dose(patient, name) for patient in patients]),
    )


def _dose(patient: Patient, lesion: str) -> float:
    """Return the mean dose of all fractions in Gy, over the members of a lesion."""
    doses = [
        float(np.dot(dose.dose_gy, dose.volume_frac))
        for one in patient.fractions
        for name, dose in one.lesions.items()
        if recorded_id(name) == lesion
    ]
    members = sum(recorded_id(x.id) == lesion for x in patient.lesions)
    return sum(doses) / members if members else 0.0
