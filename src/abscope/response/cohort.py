"""RECIST 1.1 of a whole cohort, with the answers of the record path and the speed of arrays.

`adjudicate_cohort` reads as `abscope.response.recist.assess` and `abscope.response.outcome.outcome`
read one patient at a time, without their trails. What it cannot be told: states of single lesions
(split, merged, too small), local treatment of a target, equivocal new lesions, image days within a
visit. Where they matter, read the patient as a `PatientRecord`.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from abscope.errors import Problem, ProtocolError, UsageError
from abscope.response.cohort_calls import PFS_EVENTS, call_endpoints, call_visits
from abscope.response.cohort_chunk import (
    FAULTS,
    FINER_FAULT,
    TENFOLD_FAULT,
    Faults,
    Finer,
    load_chunk,
)
from abscope.response.cohort_records import (
    RESPONSES,
    Codes,
    Cohort,
    Flags,
    Indices,
    Numbers,
)
from abscope.response.policy import Policy

__all__ = ["CohortReading", "adjudicate_cohort"]

#: Patients of one chunk; from 16,000 to 130,000 the time is the same, and memory stays small.
_CHUNK = 32_768
_UM_PER_MM = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortReading:
    """The calls of every patient that could be judged, and who could not be and why.

    The first axis of all calls is ``patient``, the place of each judged patient in the cohort; the
    second, where there is one, is the follow-up visit (visit 1 of the cohort comes first). Codes
    are places in `RESPONSES`, those of ``pfs_event`` in `PFS_EVENTS`; all arrays are read-only.

    - ``target``: NED without target disease, ND at a visit not done.
    - ``overall``: ND at a visit not done.
    - ``baseline_mm``, ``sum_mm``, ``nadir_mm``: sums of diameters; NaN without targets, ``sum_mm``
      also where a target was not evaluable. ``nadir_mm`` is the smallest complete sum before the
      visit.
    - ``best``, ``confirmed_best``: best response and its visit's day (NaN where the response is
      MISSING).
    - ``first_pd_d``: day of the first progression that counts; NaN for none.
    - ``ttr_d``, ``dor_d``: time to and duration of response; NaN without one; whether it has to be
      confirmed stands in the policy. dor_d ends where pfs_d ends.
    - ``pfs_event``, ``pfs_d``: event and its day from the reference day.
    - ``cr_then_pr``: a PR follows a CR: query the record.
    - ``reported``, ``faults``: place of each patient that was not judged, and the bits of `FAULTS`.
    - ``n_rounded``: sizes of judged patients that were rounded to a micrometer.
    """

    patient: Indices
    target: Codes
    overall: Codes
    baseline_mm: Numbers
    sum_mm: Numbers
    nadir_mm: Numbers
    best: Codes
    best_d: Numbers
    confirmed_best: Codes
    confirmed_best_d: Numbers
    first_pd_d: Numbers
    ttr_d: Numbers
    dor_d: Numbers
    pfs_event: Codes
    pfs_d: Numbers
    cr_then_pr: Flags
    reported: Indices
    faults: Faults
    n_rounded: int
    policy: Policy

    @property
    def n_patients(self) -> int:
        """Number of patients that came in: judged and reported."""
        return self.patient.size + self.reported.size

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many patients have each best response and PFS event, and each fault.

        A reported patient counts once under each of its faults.
        """
        return {
            "patients": {"judged": self.patient.size, "reported": self.reported.size},
            "best": _tally(self.best, RESPONSES),
            "confirmed_best": _tally(self.confirmed_best, RESPONSES),
            "pfs_event": _tally(self.pfs_event, PFS_EVENTS),
            "faults": {
                name: int(np.count_nonzero(self.faults >> bit & 1))
                for bit, name in enumerate(FAULTS)
                if (self.faults >> bit & 1).any()
            },
        }

    def problems(self, *, source: str = "cohort") -> tuple[Problem, ...]:
        """Return one problem for each fault that occurs, with its count and its first patients."""
        return tuple(self._problems(source))

    def _problems(self, source: str) -> Iterator[Problem]:
        for bit, name in enumerate(FAULTS):
            who = self.reported[(self.faults >> bit & 1).astype(bool)]
            if who.size:
                first = ", ".join(str(place) for place in who[:5])
                more = ", ..." if who.size > 5 else ""
                yield Problem(
                    source,
                    f"{name}: {who.size} of {self.n_patients} patients (places {first}{more})",
                    "records to which the criteria apply",
                    _ACTIONS.get(name, "Correct these patients; they were not judged."),
                )


def adjudicate_cohort(
    cohort: Cohort,
    policy: Policy | None = None,
    *,
    finer: Finer = "report",
    threads: int | None = None,
) -> CohortReading:
    """Return the RECIST 1.1 reading of every patient of a cohort.

    Patients to whom the criteria do not apply are reported with their faults, never dropped.
    ``finer`` says what becomes of sizes with more than three decimals: their patients are reported,
    or they are rounded to the micrometer and counted (a simulated size has to be rounded as a
    reader would write it; do that first). ``threads`` defaults to the cores this process may use.
    The policy's iRECIST switches do not touch RECIST 1.1 and are only stored.

    Raises ProtocolError where the policy has a switch that arrays do not support
    (``treated_target='NE'`` needs to know which target was treated), UsageError where ``threads``
    is below 1 or ``finer`` is no such choice.

    Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026.

    >>> reading = adjudicate_cohort(Cohort(
    ...     diameters_mm=[[[27.0], [32.4]]], is_node=[[False]], nontarget=[[4, 4]],
    ...     new_lesion=[[False, False]], days_d=[[0.0, 56.0]],
    ... ))
    >>> RESPONSES[reading.best[0]]
    'PD'
    """
    rules = policy or Policy()
    workers = _cores() if threads is None else threads
    _require_usable(rules, finer=finer, workers=workers)
    patients, visits, _ = cohort.shape
    out = _empty(patients, visits - 1)
    parts = [slice(low, min(low + _CHUNK, patients)) for low in range(0, patients, _CHUNK)]

    def read(part: slice) -> None:
        _read(cohort, part, rules, finer, out)

    if workers == 1:
        for part in parts:
            read(part)
    else:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            list(pool.map(read, parts))
    return _reading(out, rules)


def _require_usable(policy: Policy, *, finer: str, workers: int) -> None:
    if policy.treated_target != "keep":
        raise ProtocolError(
            Problem(
                "policy", f"treated_target is '{policy.treated_target}'",
                "'keep' for a cohort of arrays, which do not say which target was treated",
                "Read these patients as PatientRecord with abscope.response.recist.assess.",
            )
        )  # fmt: skip
    problems = []
    if workers < 1:
        problems.append(Problem("threads", f"{workers}", "1 or more", "Leave it out for all."))
    if finer not in ("report", "round"):
        problems.append(Problem("finer", f"'{finer}'", "'report' or 'round'", "Choose one."))
    if problems:
        raise UsageError(problems)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


_ACTIONS = {
    FINER_FAULT: "Round sizes as a reader writes them, np.round(size_mm, 1) in 64 bits, or "
    "take finer='round'.",
    TENFOLD_FAULT: "Is one of the two in cm? Set sizes_checked where both hold.",
}

_Columns = dict[str, np.ndarray]

_PER_VISIT = {
    "target": np.int8, "overall": np.int8, "sum_mm": np.float64, "nadir_mm": np.float64,
}  # fmt: skip
_PER_PATIENT = {
    "baseline_mm": np.float64, "best": np.int8, "best_d": np.float64, "confirmed_best": np.int8,
    "confirmed_best_d": np.float64, "first_pd_d": np.float64, "ttr_d": np.float64,
    "dor_d": np.float64, "pfs_event": np.int8, "pfs_d": np.float64, "cr_then_pr": np.bool_,
}  # fmt: skip


def _empty(patients: int, follow_ups: int) -> _Columns:
    columns: _Columns = {
        name: np.empty((patients, follow_ups), dtype) for name, dtype in _PER_VISIT.items()
    }
    columns |= {name: np.empty(patients, dtype) for name, dtype in _PER_PATIENT.items()}
    return columns | {
        "faults": np.empty(patients, np.uint16), "n_rounded": np.empty(patients, np.int64)
    }  # fmt: skip


def _read(cohort: Cohort, part: slice, policy: Policy, finer: Finer, out: _Columns) -> None:
    """Write the calls of some patients into their places."""
    chunk = load_chunk(cohort, part, finer=finer)
    calls = call_visits(chunk, policy=policy)
    endpoints = call_endpoints(chunk, calls, policy=policy)
    out["target"][part], out["overall"][part] = calls.target.T, calls.overall.T
    out["baseline_mm"][part] = _in_mm(calls.baseline_um)
    out["sum_mm"][part], out["nadir_mm"][part] = _in_mm(calls.sum_um).T, _in_mm(calls.nadir_um).T
    for field in fields(endpoints):
        out[field.name][part] = getattr(endpoints, field.name)
    out["faults"][part], out["n_rounded"][part] = chunk.faults, chunk.n_rounded


def _in_mm(size_um: Indices) -> Numbers:
    out = size_um / _UM_PER_MM
    out[size_um < 0] = np.nan
    return out


def _reading(out: _Columns, policy: Policy) -> CohortReading:
    """Keep the judged patients; a copy is made only where some are not."""
    faults = out.pop("faults")
    sound = faults == 0
    patient, reported = np.flatnonzero(sound), np.flatnonzero(~sound)
    if reported.size:
        for name in out:
            out[name] = out[name][patient]
    n_rounded = int(out.pop("n_rounded").sum())
    arrays = out | {"patient": patient, "reported": reported, "faults": faults[reported]}
    for array in arrays.values():
        array.flags.writeable = False
    return CohortReading(**arrays, n_rounded=n_rounded, policy=policy)


def _tally(codes: Codes, names: tuple[str, ...]) -> dict[str, int]:
    found = np.bincount(codes, minlength=len(names))
    return {name: int(count) for name, count in zip(names, found, strict=True) if count}
