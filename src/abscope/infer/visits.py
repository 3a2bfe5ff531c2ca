"""The data of a case, mostly after the start of its simulation: when, and what was read of which.

Examinations before the start count where the simulation holds what happened since (`earlier`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from abscope.blood.alc.counts import counts_of_case
from abscope.case.clock import Clock
from abscope.case.observation import Imaging, Lab
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.infer.earlier import Earlier, is_pathology
from abscope.infer.findings import categories_of, metabolic, number_of, reading_of
from abscope.infer.moments import Moment, moments_of_count, moments_of_fact
from abscope.infer.readings import (
    ChangeReading,
    CountReading,
    GoneReading,
    NumberReading,
    Reading,
    SumReading,
)
from abscope.model.case_frame import case_frame
from abscope.model.values import AGENTS

__all__ = ["CaseData", "Visit", "data_of_case"]

#: Names of the unit mg/L in a record.
_MG_PER_L = ("mg/l", "ug/ml", "mcg/ml", "µg/ml", "μg/ml")
#: A count of 0 is read as below this (`abscope.blood.alc.counts`).
_LEAST_PER_UL = 10.0


@dataclass(frozen=True, slots=True)
class Visit:
    """Readings that share a time; ``before`` is the visit that changes are against, None: start.

    ``early`` is one before the start.
    """

    label: str
    moments: tuple[Moment, ...]
    readings: tuple[Reading, ...]
    before: str | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class CaseData:
    """Everything that a fit compares with, and in words what of the record it does not use."""

    visits: tuple[Visit, ...]
    notes: tuple[str, ...]

    @property
    def n_readings(self) -> int:
        """Return how many facts there are."""
        return sum(len(visit.readings) for visit in self.visits)

    @property
    def lesions(self) -> tuple[str, ...]:
        """Return the lesions that any reading is of."""
        names = [r.lesion for visit in self.visits for r in visit.readings if r.lesion]
        return tuple(dict.fromkeys(names))


def data_of_case(case: Case, *, lesions: Collection[str]) -> CaseData:
    """Return what the record tells of the simulation of its ``lesions``, apart from its start."""
    clock = Clock(case)
    frame = case_frame(case, clock)
    notes: list[str] = []
    visits: list[Visit] = []
    earlier = Earlier(case, clock, frame, lesions)
    for scan in case.imaging:
        if scan is frame.scan or is_pathology(scan):
            continue
        moments = moments_of_fact(case, clock, scan.when)
        late = [one for one in moments if one.anchor or one.high_d > frame.start.high_d]
        if moments and not late:
            found, why_not = earlier.readings(scan)
            visits.append(Visit(scan.id, moments, found, early=True))
            notes += [why_not] if why_not else []
            continue
        if scan.role == "baseline":
            continue
        if not moments:
            if scan.findings and scan.role == "follow_up":
                notes.append(f"{scan.id} has no place in time and is not used")
            continue
        visits += _visits_of_scan(case, scan, tuple(late), lesions, notes)
    visits += _counts(case, clock, notes)
    visits += [visit for lab in case.labs if (visit := _level(case, clock, lab, notes))]
    return CaseData(tuple(visit for visit in visits if visit.readings), tuple(notes))


def _visits_of_scan(
    case: Case, scan: Imaging, moments: tuple[Moment, ...], lesions: Collection[str],
    notes: list[str],
) -> list[Visit]:  # fmt: skip
    """Return the readings of a scan, apart for each examination that changes are against."""
    unseen, by_before = metabolic(scan), dict[str | None, list[Reading]]()
    for finding in scan.findings:
        if finding.lesion not in lesions:
            if finding.lesion in case.lesions_by_id:
                notes.append(f"{finding.lesion} at {scan.id}: not simulated, not used")
            continue
        found = reading_of(finding, unseen)
        if found is None:
            notes.append(f"{finding.lesion} at {scan.id}: nothing that can be compared")
            continue
        before = finding.relative_to if isinstance(found, ChangeReading) else None
        by_before.setdefault(before, []).append(found)
        number = number_of(finding)
        if number is not None and not isinstance(found, (GoneReading, NumberReading)):
            by_before.setdefault(None, []).append(number)
    if not by_before and scan.stated_response is not None:
        words = categories_of(tuple(scan.stated_response.candidates))
        if words:
            says = f"{scan.id}: {' or '.join(scan.stated_response.candidates)}"
            by_before[None] = [SumReading(tuple(lesions), words, says)]
    known = {one.id for one in case.imaging}
    return [
        Visit(scan.id, moments, tuple(readings), before if before in known else None)
        for before, readings in by_before.items()
    ]


def _counts(case: Case, clock: Clock, notes: list[str]) -> list[Visit]:
    found = counts_of_case(case, clock)
    notes += found.notes
    sd = case_prior("count_cv").value
    return [
        Visit(
            f"lymphocytes {count.label}",
            moments_of_count(case, count),
            (CountReading(count.values_per_ul, sd, "", _LEAST_PER_UL,
                          f"{' or '.join(f'{x:g}' for x in count.values_per_ul)} lymphocytes/uL"),),
        )
        for count in found.counts
    ]  # fmt: skip


def _level(case: Case, clock: Clock, lab: Lab, notes: list[str]) -> Visit | None:
    """Return the level of a drug that the model knows (mg/L)."""
    agent = lab.test.strip().lower().removesuffix(" level").removesuffix(" concentration")
    if agent not in AGENTS or lab.value is None:
        return None
    values = tuple(x for x in lab.value.candidates if x > 0.0)
    moments = moments_of_fact(case, clock, lab.when)
    if not values or not moments or (lab.unit or "").lower() not in _MG_PER_L:
        notes.append(f"the level of {agent} has no number in mg/L or no place in time, not used")
        return None
    sd = case_prior("level_cv").value
    says = f"{agent} {' or '.join(f'{x:g}' for x in values)} mg/L"
    return Visit(says, moments, (CountReading(values, sd, AGENTS[agent], 0.0, says),))
