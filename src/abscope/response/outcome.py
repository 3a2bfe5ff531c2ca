"""Progression-free survival, duration of response and time to response of one patient."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from abscope.response.best import (
    RECIST,
    BestCall,
    Scale,
    TimePoint,
    best_response,
    cr_then_pr,
    first_response,
    select,
    span_d,
)
from abscope.response.coding import Reason
from abscope.response.policy import Policy
from abscope.response.recist import RecistReading, VisitCall
from abscope.response.records import PatientRecord

__all__ = ["Outcome", "TimeTo", "outcome", "outcome_of", "time_points"]


@dataclass(frozen=True, slots=True)
class TimeTo:
    """A time to an event (d) with its start and end; the event is ``censored`` where none came."""

    event: Literal["progression", "death", "censored"]
    start_d: float
    end_d: float
    reason: Reason

    @property
    def duration_d(self) -> float:
        """Days from start to end, not counting the start itself."""
        return span_d(self.end_d, self.start_d)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The responses and times of one patient over all visits.

    ``dor`` and ``ttr_d`` are None without a response; whether that needs confirmation stands in the
    policy. ``signals`` are queries to the data, ``excluded`` the visits that do not count.
    """

    subject: str
    best: BestCall
    confirmed_best: BestCall
    pfs: TimeTo
    dor: TimeTo | None
    ttr_d: float | None
    signals: tuple[Reason, ...]
    excluded: tuple[Reason, ...]
    policy: Policy


def time_points(reading: RecistReading) -> tuple[TimePoint, ...]:
    """Return the overall responses of a reading with the days of their images."""
    return tuple(
        TimePoint(call.visit, call.day_d, call.overall, call.pd_d if call.overall == "PD" else None)
        for call in reading.visits
    )


def outcome(record: PatientRecord, reading: RecistReading) -> Outcome:
    """Return best responses, PFS, DOR and TTR of a patient read by RECIST 1.1."""
    kept, left = select(time_points(reading), stop=("PD",), new_therapy_d=record.new_therapy_d)
    progression = kept[-1] if kept and kept[-1].response == "PD" else None
    found = outcome_of(record, kept, left, progression=progression, policy=reading.policy)
    names = {point.visit for point in kept}
    back = tuple(
        Reason("BACK_AFTER_CR", f"{call.visit}: PD because disease is back after CR, please query")
        for call in reading.visits
        if call.visit in names and _is_back(call)
    )
    return replace(found, signals=found.signals + back)


def _is_back(call: VisitCall) -> bool:
    target = call.target is not None and call.target.rule == "C3"
    return target or (call.nontarget is not None and call.nontarget.rule == "D-BACK")


def outcome_of(
    record: PatientRecord,
    kept: Sequence[TimePoint],
    left: tuple[Reason, ...],
    *,
    progression: TimePoint | None,
    policy: Policy,
    scale: Scale = RECIST,
) -> Outcome:
    """Return the outcome over the visits that count, given the visit that dates progression."""
    start_d = record.reference_d
    best = best_response(kept, reference_d=start_d, policy=policy, confirm=False, scale=scale)
    confirmed = best_response(kept, reference_d=start_d, policy=policy, confirm=True, scale=scale)
    pfs = _pfs(record, kept, progression, policy)
    start = first_response(kept, policy=policy, confirm=policy.confirmation, scale=scale)
    return Outcome(
        subject=record.subject,
        best=best,
        confirmed_best=confirmed,
        pfs=pfs,
        dor=TimeTo(pfs.event, start.day_d, pfs.end_d, pfs.reason) if start else None,
        ttr_d=span_d(start.day_d, record.reference_d) if start else None,
        signals=_signals(kept, progression, scale),
        excluded=left,
        policy=policy,
    )


def _pfs(
    record: PatientRecord,
    kept: Sequence[TimePoint],
    progression: TimePoint | None,
    policy: Policy,
) -> TimeTo:
    start, death = record.reference_d, record.death_d
    before = [p for p in kept if p.response not in ("NE", "ND")]
    if progression is not None:
        before = before[: before.index(progression)]
    last = before[-1].day_d if before else start
    censor = "at the last evaluable visit" if before else "at the start: no evaluable visit"
    event: Literal["progression", "death"]
    if progression is not None:
        event, end = "progression", progression.progression_d
        reason = Reason("PD", f"{progression.response} at {progression.visit}")
    elif death is not None and (record.new_therapy_d is None or death < record.new_therapy_d):
        event, end, reason = "death", death, Reason("DEATH", "death without progression")
    else:
        code = "NO_EVENT" if record.new_therapy_d is None else "NEW_THERAPY"
        return TimeTo("censored", start, last, Reason(code, f"censored {censor}"))
    gap = span_d(end, last)
    if policy.pfs_max_gap_d is not None and gap > policy.pfs_max_gap_d:
        text = f"{event} {gap:g} d after the last evaluable visit; censored {censor}"
        return TimeTo("censored", start, last, Reason("GAP", text))
    return TimeTo(event, start, end, reason)


def _signals(
    kept: Sequence[TimePoint], progression: TimePoint | None, scale: Scale
) -> tuple[Reason, ...]:
    found = [
        Reason("SIG-1", f"{p.response} at {p.visit}: {scale.cr} and then {scale.pr}, please query")
        for p in cr_then_pr(kept, scale=scale)
    ]
    if progression is not None:
        earlier = [p.response for p in kept if p.day_d < progression.day_d]
        if earlier[-2:] == ["NE", "NE"]:
            text = "two NE visits right before progression; the protocol may censor"
            found.append(Reason("MISSED_BEFORE_PD", text))
    return tuple(found)
