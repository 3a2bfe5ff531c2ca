"""A case as a function of standard normal deviates: patients, simulation, what the data would be.

Points z are (n, names): a deviate for every quantity that the record does not tell. The likelihood
of the data of a visit, which share a time t that may not be known, is

    ln p = ln sum_j w_j exp(sum_r ln p_r(x_r(z, t_j)))

over the nodes t_j of its days and its readings r; visits are independent given z.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.dose.geometry.grid import Floats
from abscope.dose.results import OrganDose
from abscope.engine.batch import Batch
from abscope.engine.compiling import LANES
from abscope.engine.cores import cores
from abscope.engine.gradients import gradients
from abscope.engine.simulation import Settings, simulate
from abscope.errors import CaseError, Problem
from abscope.infer.computed import (
    Computed,
    Members,
    Row,
    anchored,
    members_of,
    members_of_draws,
)
from abscope.infer.edges import Likely
from abscope.infer.informing import tells_of_a_lesion
from abscope.infer.moments import (
    KnownDays,
    Node,
    days_of_draws,
    days_of_nodes,
    days_of_patients,
    nodes_of,
)
from abscope.infer.readings import Read
from abscope.infer.tangents import first_members, stacked_points, tangents_of
from abscope.infer.visits import CaseData, Visit, data_of_case
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.case_draws import CaseDraws, read_case
from abscope.model.case_lesions import recorded_id
from abscope.model.draws_batch import batch_of_draws, slots_of
from abscope.model.from_case import patients_from
from abscope.model.patient import Patient
from abscope.model.plan_doses import PlanDoses
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing
from abscope.model.run import compiled_core
from abscope.model.switches import Switches
from abscope.model.timetable import ANCHOR_LEAD_D

__all__ = ["CaseModel", "FitOptions", "Information", "Ready", "case_model"]

#: Setting: draws of the prior among which every quantity of a case is asked for.
_SCOUTS = 64
_SCOUT_SEED = 1
#: The state before the volumes of the start are set is looked at this long before it.
_BEFORE_ANCHOR_D = 2.0 * ANCHOR_LEAD_D


def _settings() -> Settings:
    # an error a thousandth of that of a reader: the log likelihood moves by 1e-4, at most 0.01
    return Settings(rtol=1e-3, n_threads=cores(), chunk=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """What is fitted: homing and mechanisms of the model, time before the start, solver settings.

    ``organs`` are organ doses in place of guesses, ``doses`` all doses of a plan.
    ``most_directions`` bounds how many combinations of quantities are estimated,
    ``informative_frac`` is the posterior over prior standard deviation below which one counts as
    carried by the data.
    """

    homing: Homing = "lesion"
    switches: Switches = field(default_factory=Switches)
    run_in_d: float = 365.0
    settings: Settings = field(default_factory=_settings)
    organs: tuple[OrganDose, ...] = ()
    doses: PlanDoses | None = None
    most_directions: int = 16
    informative_frac: float = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Information:
    """Log likelihood (n,) with its gradient, and rows of information (n, rows, directions).

    The rows are the slopes of what was read times the root of its curvature (``newton``) or of
    how well such a reading could tell it at best (``sharp``): J^T J approximates the Hessian.
    """

    log_likelihood: Floats
    gradient: Floats
    newton: Floats
    sharp: Floats


class CaseModel:
    """A case with its data; ``names`` are the quantities that it does not tell."""

    def __init__(self, case: Case, options: FitOptions, data: CaseData) -> None:
        self.case, self.options, self.data = case, options, data
        doses = options.doses or PlanDoses(organs=tuple(options.organs))
        self._read = read_case(case, doses=doses)
        scouts = PriorDraws(_SCOUTS, seed=_SCOUT_SEED)
        self.scouts = patients_from(self._read, scouts)
        self.names: tuple[str, ...] = scouts.asked
        self._visits = tuple(_Placed(visit, nodes_of(visit.moments)) for visit in data.visits)
        self._early = _early_times(self._visits)
        self._core = CoreOptions(
            switches=options.switches, homing=options.homing, run_in_d=options.run_in_d
        )

    def prior(self, z: Floats) -> PriorDraws:
        """Return the deviates z (n, names) as draws of the case."""
        return PriorDraws(len(z), seed=None, given=dict(zip(self.names, z.T, strict=True)))

    def patients(self, z: Floats) -> tuple[Patient, ...]:
        """Return the patients of points z."""
        return patients_from(self._read, self.prior(z))

    def prepared(self, z: Floats) -> "Ready":
        """Return the points z ready to simulate."""
        prior = self.prior(z)
        draws = CaseDraws(self._read, prior)
        slots = slots_of(draws)
        members = members_of_draws(draws, slots, _log_axes([x.member for x in slots], prior))
        observed, places = self._times(days_of_draws(draws, draws.horizon_d_of_all()))
        batch = batch_of_draws(draws, observe_at_d=observed, options=self._core)
        return Ready(batch, places, members)

    def _prepared_patients(self, patients: Sequence[Patient], prior: PriorDraws) -> "Ready":
        """Return patients of the draws of ``prior`` ready to simulate."""
        names = dict.fromkeys(x.id for patient in patients for x in patient.lesions)
        axes = _log_axes([x if "." in x else f"{x}.1" for x in names], prior)
        observed, places = self._times(days_of_patients(patients))
        batch = batch_of(patients, observe_at_d=observed, options=self._core)
        return Ready(batch, places, members_of(patients, axes))

    def _times(self, span: KnownDays) -> tuple[Floats, NDArray[np.int64]]:
        """Return the days to look at, ascending, and the place of each time of the data in them.

        These are the nodes of all visits, then the middle of each visit; where any visit is before
        the start, then the start, before and after its volumes are set.
        """
        before = (self._core.run_in_d, _BEFORE_ANCHOR_D)
        columns = [
            days_of_nodes(span, visit.nodes, early_d=before if visit.visit.early else None)
            for visit in self._visits
        ]
        middles = [
            (found * np.array([node.weight_frac for node in visit.nodes])).sum(axis=1)[:, None]
            for found, visit in zip(columns, self._visits, strict=True)
        ]
        ends = [span.start_d[:, None] - _BEFORE_ANCHOR_D, span.start_d[:, None]]
        found = np.concatenate([*columns, *middles, *(ends if self._early else ())], axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        return np.take_along_axis(found, order, axis=1), np.argsort(order, axis=1, kind="stable")

    def computed(self, z: Floats) -> Computed:
        """Return what the model computes at points z (n, names)."""
        ready = self.prepared(z)
        core = compiled_core(self.options.switches.growth)
        found = simulate(core, ready.batch, self._settings(len(z)))
        return self._known(found.ok, found.observables, ready.places, ready.members, None)

    def _settings(self, points: int) -> Settings:
        """Return the settings with chunks so small that every core has some points."""
        settings = self.options.settings
        even = -(-points // (2 * settings.n_threads))
        return replace(settings, chunk=max(LANES, min(settings.chunk, even)))

    def computed_along(self, z: Floats, directions: Floats) -> Computed:
        """Return the same with the slopes along directions (directions, names).

        They hold for directions that move no time and no choice (`latents.smooth_names`).
        """
        n = len(z)
        ready = self.prepared(stacked_points(z, directions))
        batch, core = ready.batch, compiled_core(self.options.switches.growth)
        found = gradients(
            core, first_members(batch, n), tangents_of(batch, n), self.options.settings
        )
        members = {name: mine.at_points(n) for name, mine in ready.members.items()}
        trajectories = found.trajectories
        return self._known(
            trajectories.ok, trajectories.observables, ready.places[:n], members, found.slopes
        )

    def _known(self, *of: Any) -> Computed:
        """Return the observables in the order of the times, volumes before the start as known."""
        found = _computed(*of)
        return anchored(found, self._early) if self._early else found

    def log_likelihood(self, found: Computed) -> Floats:
        """Return the log likelihood (n,); minus infinity where a point could not be simulated."""
        total = np.zeros(len(found.ok))
        for visit, times, before in self._timed():
            logs = [visit.at(found, time, before, k)[0] for k, time in enumerate(times)]
            total += _log_sum_exp(np.stack(logs))[0]
        return np.where(found.ok & ~np.isnan(total), total, -np.inf)

    def information(self, found: Computed) -> Information:
        """Return the log likelihood with gradient and information rows along the directions."""
        total = np.zeros(len(found.ok))
        gradient: Floats | float = 0.0
        newton, sharp = [], []
        for visit, times, before in self._timed():
            nodes = [visit.at(found, time, before, k) for k, time in enumerate(times)]
            log_p, shares = _log_sum_exp(np.stack([log for log, _ in nodes]))
            total += log_p
            for share, (_, reads) in zip(shares, nodes, strict=True):
                for read in reads:
                    slopes, likely = _slopes(read.row), read.likely
                    gradient = gradient + (share * likely.slope)[:, None] * slopes
                    newton.append(np.sqrt(share * likely.curvature)[:, None] * slopes)
                    sharp.append(np.sqrt(share * likely.sharpness)[:, None] * slopes)
        bad = ~found.ok | np.isnan(total)
        total = np.where(bad, -np.inf, total)
        rows = [np.where(bad[:, None, None], 0.0, np.stack(part, axis=1)) for part in
                (newton, sharp)]  # fmt: skip
        return Information(total, np.where(bad[:, None], 0.0, gradient), *rows)

    def readings(self, found: Computed) -> list[tuple[Visit, str, Likely, Floats]]:
        """Return every reading at the middle of its visit: visit, words, likelihood, number."""
        out = []
        first = sum(len(visit.nodes) for visit in self._visits)
        for k, (visit, _, before) in enumerate(self._timed()):
            for reading in visit.visit.readings:
                out += [
                    (visit.visit, reading.says, read.likely, read.row.value)
                    for read in reading.read(found, first + k, before)
                ]
        return out

    def _timed(self) -> "list[tuple[_Placed, range, int | None]]":
        out, at = [], 0
        first = sum(len(visit.nodes) for visit in self._visits)
        labels = [visit.visit.label for visit in self._visits]
        for visit in self._visits:
            before = visit.visit.before
            place = first + labels.index(before) if before in labels else None
            out.append((visit, range(at, at + len(visit.nodes)), place))
            at += len(visit.nodes)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A batch, the place of each time of the data in it (points, times), and its lesions."""

    batch: Batch
    places: NDArray[np.int64]
    members: dict[str, Members]


def _log_axes(members: Sequence[str], prior: PriorDraws) -> dict[str, Floats]:
    """Return the logarithm of the second axis over the longest of members by name."""
    ratio = case_prior("axis_ratio")
    return {name: np.log(prior.spread(f"{name} axes", ratio)) for name in members}


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A visit with its nodes."""

    visit: Visit
    nodes: tuple[Node, ...]

    def at(
        self, found: Computed, time: int, before: int | None, node: int
    ) -> tuple[Floats, list[Read]]:
        """Return the log weight of a node plus that of what was read, and the readings."""
        reads = [x for reading in self.visit.readings for x in reading.read(found, time, before)]
        log_p = np.sum([read.likely.log_density for read in reads], axis=0)
        return log_p + np.log(self.nodes[node].weight_frac), reads


def _early_times(visits: Sequence[_Placed]) -> tuple[int, ...]:
    """Return the times before the start among the nodes of all visits and their middles."""
    each = [k for k, visit in enumerate(visits) for _ in visit.nodes]
    every = [*each, *range(len(visits))]
    return tuple(at for at, k in enumerate(every) if visits[k].visit.early)


def _slopes(row: Row) -> Floats:
    if row.slopes is None:  # asked for by `information` after `computed_along` only
        raise TypeError("no slopes")
    return row.slopes


def _log_sum_exp(logs: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the sum over the first axis, and the share of each."""
    top = np.max(logs, axis=0)
    safe = np.where(np.isfinite(top), top, 0.0)
    parts = np.exp(logs - safe)
    total = parts.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(total) + safe, np.where(total > 0.0, parts / total, 0.0)


def _computed(
    ok: NDArray[np.bool_],
    observables: Mapping[str, Floats],
    places: NDArray[np.int64],
    members: dict[str, Members],
    slopes: Mapping[str, Floats] | None,
) -> Computed:
    """Return the observables in the order of the times of the data."""
    points = np.arange(len(ok))[:, None]
    ok = ok & np.isfinite(observables["alc_per_ul"]).all(axis=1)

    def ordered(values: Floats) -> Floats:
        return np.nan_to_num(values[points, places])

    levels = {target: ordered(observables[f"{target}_mg_per_l"]) for target in ("pd1", "ctla4")}
    wanted = ("volume_ml", "viable_ml", "alc_per_ul", "pd1_mg_per_l", "ctla4_mg_per_l")
    return Computed(
        ok=ok,
        members=members,
        volume_ml=ordered(observables["volume_ml"]),
        viable_ml=ordered(observables["viable_ml"]),
        alc_per_ul=ordered(observables["alc_per_ul"]),
        levels_mg_per_l=levels,
        slopes=None if slopes is None else {name: ordered(slopes[name]) for name in wanted},
    )


def case_model(case: Case, options: FitOptions | None = None) -> CaseModel:
    """Return a case as a function of deviates, with its data.

    Raises CaseError where there is nothing to simulate or nothing to compare with, and where the
    record tells nothing of any lesion.
    """
    options = options or FitOptions()
    scouts = patients_from(
        case, PriorDraws(1, seed=None), organs=options.organs, doses=options.doses
    )
    lesions = tuple(dict.fromkeys(recorded_id(x.id) for x in scouts[0].lesions))
    data = data_of_case(case, lesions=lesions)
    if options.run_in_d < case_prior("washout").value:  # what is compared has to be simulated
        data = replace(data, visits=tuple(visit for visit in data.visits if not visit.early))
    if not data.visits:
        notes = f" ({'; '.join(data.notes)})" if data.notes else ""
        what = f"nothing was measured after the start that a fit could use{notes}"
        expected = "a size, a word for a change or a lymphocyte count with a time"
        raise CaseError(Problem(case.id, what, expected, "Record one.", "imaging"))
    if not tells_of_a_lesion(case, data, lesions=lesions):
        what = "no lesion has a size, nor a word for how it changed; blood counts tell of none"
        expected = "a size of one lesion, or a word for its change"
        raise CaseError(Problem(case.id, what, expected, "Record one.", "imaging"))
    return CaseModel(case, options, data)
