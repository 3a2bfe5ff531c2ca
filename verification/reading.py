"""Simulated cohorts as readers see them: diameters with the reader error, then RECIST 1.1.

The same rules as `abscope.model.observe`, on arrays; a test holds the two together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.catalog.reader import reader_limits
from abscope.engine.simulation import Trajectories
from abscope.model.batch import CoreOptions
from abscope.model.lesion_sizes import diameter_mm, reader_sd_frac
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients
from abscope.response.cohort import CohortReading, adjudicate_cohort
from abscope.response.cohort_records import RESPONSE_CODES, Cohort

__all__ = ["Seen", "best_change", "recist", "responders", "see", "share"]

_NODE_MM, _MEASURABLE_MM, _NORMAL_NODE_MM = 15.0, 10.0, 10.0
_MOST_TARGETS, _MOST_IN_ORGAN = 5, 2
#: Mean time to a new lesion, which ends the time that a response counts: own. Median progression of
#: the trials is at 3 months (0.007 per day), and half of progressions are taken to be new lesions.
NEW_LESION_D = 280.0


@dataclass(frozen=True, eq=False)
class Seen:
    """Diameters (mm) by patient, visit and lesion, NaN without a lesion; and what is true.

    ``new_d`` is when a new lesion of each patient would first be seen.
    """

    days_d: np.ndarray
    sizes_mm: np.ndarray
    nodes: np.ndarray
    organs: np.ndarray
    alc_per_ul: np.ndarray
    new_d: np.ndarray
    true: Trajectories


def see(
    patients: Sequence[Patient],
    days_d: Sequence[float],
    *,
    seed: int = 1,
    noise: bool = True,
    options: CoreOptions | None = None,
) -> Seen:
    """Return what visits on these days record; RuntimeError where a member fails."""
    found = simulate_patients(patients, observe_at_d=days_d, options=options)
    if not found.ok.all():
        raise RuntimeError("; ".join(found.failures()[:5]))
    most = found["volume_ml"].shape[2]
    organs = np.array(
        [[one.compartment for one in p.lesions] + [""] * (most - len(p.lesions)) for p in patients]
    )
    nodes, ratio = organs == "lymph_nodes", case_prior("axis_ratio").value
    true = diameter_mm(found["volume_ml"], axis_ratio_frac=ratio)
    repeat = reader_limits("repeat_scan_change_sd_mm").value / math.sqrt(2.0)
    spread = np.maximum(reader_sd_frac(), repeat / np.maximum(true, repeat))
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(true.shape) if noise else np.zeros(true.shape)
    longest = true * np.exp(spread * z)
    small = reader_limits("smallest_measurable_mm").value
    sizes = np.where(nodes[:, None, :], longest * ratio, longest)
    sizes = np.where(longest < small, small, sizes)
    sizes = np.where(true < case_prior("size_vanished").value, 0.0, sizes)
    sizes = np.where(np.isnan(true), np.nan, np.round(sizes, 1))
    days = np.asarray(days_d, float)
    alone = np.random.default_rng([seed, 1]).exponential(NEW_LESION_D, len(patients))
    return Seen(days, sizes, nodes, organs, found["alc_per_ul"], days[0] + alone, found)


def _targets(seen: Seen, which: np.ndarray) -> np.ndarray:
    """Return which lesions are targets: the five largest, at most two of an organ."""
    first = seen.sizes_mm[:, 0]
    least = np.where(seen.nodes, _NODE_MM, _MEASURABLE_MM)
    chosen = np.zeros(first.shape, bool)
    for i, row in enumerate(first):
        taken: list[str] = []
        for k in np.argsort(-np.nan_to_num(row)):
            organ = str(seen.organs[i, k])
            fits = taken.count(organ) < _MOST_IN_ORGAN and len(taken) < _MOST_TARGETS
            if which[i, k] and row[k] >= least[i, k] and fits:
                chosen[i, k] = True
                taken.append(organ)
    return chosen


def recist(seen: Seen, which: np.ndarray) -> CohortReading:
    """Return RECIST 1.1 on these lesions, (patients, lesions) flags, and on new ones.

    Lesions that are no targets are non-target: gone, or there. Patients without a target among them
    are left out; ``patient`` has the places of the others among all.
    """
    targets = _targets(seen, which)
    usable = targets.any(axis=1)
    others = which & ~targets & np.isfinite(seen.sizes_mm[:, 0])
    normal = np.where(seen.nodes[:, None, :], seen.sizes_mm < _NORMAL_NODE_MM, seen.sizes_mm == 0)
    gone = (normal | ~others[:, None, :]).all(axis=2)
    code = np.where(gone, RESPONSE_CODES["CR"], RESPONSE_CODES["NON-CR/NON-PD"])
    code[:, 0] = RESPONSE_CODES["NON-CR/NON-PD"]
    code[~others.any(axis=1)] = RESPONSE_CODES["NED"]
    sizes = np.where(targets[:, None, :], seen.sizes_mm, np.nan)
    found = adjudicate_cohort(
        Cohort(
            diameters_mm=sizes[usable],
            is_node=seen.nodes[usable],
            nontarget=code[usable],
            new_lesion=(seen.days_d >= seen.new_d[:, None])[usable],
            days_d=np.broadcast_to(seen.days_d - seen.days_d[0], code[usable].shape),
            sizes_checked=True,
        )
    )
    return replace(found, patient=np.flatnonzero(usable)[found.patient])


def best_change(seen: Seen, *, visit: int | None = None) -> np.ndarray:
    """Return the change of each lesion that is 10 mm or more, the smallest or at a visit; NaN."""
    first = np.where(seen.sizes_mm[:, 0] >= _MEASURABLE_MM, seen.sizes_mm[:, 0], np.nan)
    later = seen.sizes_mm[:, 1:].min(axis=1) if visit is None else seen.sizes_mm[:, visit]
    return np.asarray(later / first - 1.0)


def share(reading: CohortReading) -> tuple[int, int]:
    """Return how many have PR or CR as best response, and of how many."""
    return int(responders(reading).sum()), reading.patient.size


def responders(reading: CohortReading) -> np.ndarray:
    """Return who has PR or CR as best response."""
    return np.isin(reading.best, [RESPONSE_CODES["CR"], RESPONSE_CODES["PR"]])
