"""iRECIST as a state machine: iUPD opens a block, iCPD closes it for good, improvement undoes it.

A block remembers the visit of its first iUPD: which categories were progressive (target T,
non-target NT, new lesions NL), the target sizes and the new-target sizes. A later visit confirms
when T has grown by 5 mm since then, when NT grew any further, when NL grew (sum 5 mm, any growth
of a new non-target, one more lesion), or when another category turns progressive.

Decided here where the publication is silent: growth since an incomplete iUPD sum is taken over the
lesions judged then; a lesion first seen at a visit that came too early counts as additional at the
next one; a non-target that was progressive and is not assessed now cannot undo a block; new
lesions that stay after a block was undone open no second one, a warning names their growth.

Source: Seymour 2017, doi 10.1016/S1470-2045(17)30074-8, tables 2 and 3.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from abscope.response.best import IRECIST, TimePoint, select, span_d
from abscope.response.checks import require_valid
from abscope.response.coding import Reason, code_lesion, code_lesions, treated_until
from abscope.response.iupd import (
    Category,
    Finding,
    Pending,
    growth,
    recist_response,
    undone_by,
)
from abscope.response.nontarget import (
    NontargetCall,
    SettledNew,
    call_nontarget,
    is_gone,
    settle_new_lesions,
)
from abscope.response.outcome import Outcome, outcome_of
from abscope.response.policy import Policy
from abscope.response.recist import baseline_history, target_days
from abscope.response.records import PatientRecord
from abscope.response.target import TargetCall, TargetHistory, call_target, is_growth

__all__ = [
    "IOverall",
    "IRecistReading",
    "IVisitCall",
    "assess_irecist",
    "irecist_outcome",
]

IOverall = Literal["iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iUPD", "iCPD", "NE", "NED"]

_I: dict[str, IOverall] = {
    "CR": "iCR", "PR": "iPR", "SD": "iSD", "NON-CR/NON-PD": "NON-iCR/NON-iUPD", "NE": "NE",
    "NED": "NED",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class IVisitCall:
    """The iRECIST call of one visit; ``overall`` is None after iCPD, where reading stops.

    ``used`` says whether the visit counts for the state and the nadir, ``block`` the visit of the
    first iUPD of the block that was open when the visit was read.
    """

    visit: str
    day_d: float
    overall: IOverall | None
    target: TargetCall | None = None
    nontarget: NontargetCall | None = None
    new_lesions: tuple[str, ...] = ()
    new_sum_mm: Decimal | None = None
    categories: frozenset[Category] = frozenset()
    used: bool = True
    block: str | None = None
    pd_d: float | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IRecistReading:
    """One patient read by iRECIST, the visits in time order."""

    subject: str
    visits: tuple[IVisitCall, ...]
    policy: Policy


@dataclass(slots=True)
class _State:
    history: TargetHistory | None
    pending: Pending | None = None
    known_new: frozenset[str] = frozenset()
    cr_before: bool = False
    last_used_d: float = 0.0
    new_nadir_mm: Decimal | None = None
    stopped: bool = False


def assess_irecist(record: PatientRecord, policy: Policy | None = None) -> IRecistReading:
    """Return the iRECIST reading of a patient, from lesions.

    Raises:
        ProtocolError: The record breaks rules without which no call can be made; all are listed.
    """
    require_valid(record)
    rules = policy or Policy(reader=record.reader)
    state = _State(baseline_history(record), last_used_d=record.baseline_d)
    settled = settle_new_lesions(record.visits)
    calls = []
    for index, visit in enumerate(record.visits):
        if state.stopped:
            reason = Reason("AFTER_ICPD", "reading stops with iCPD")
            calls.append(
                IVisitCall(
                    visit=visit.id, day_d=visit.day_d, overall=None, used=False, reasons=(reason,)
                )
            )
            continue
        found = _find(record, index, settled, state, rules)
        calls.append(_judge(record, found, state, rules))
    return IRecistReading(subject=record.subject, visits=tuple(calls), policy=rules)


def _find(
    record: PatientRecord,
    index: int,
    settled: tuple[SettledNew, ...],
    state: _State,
    policy: Policy,
) -> Finding:
    visit = record.visits[index]
    target = None
    if state.history is not None:
        treated = treated_until(record.visits[: index + 1])
        coded = code_lesions(record.targets, visit=visit, policy=policy, treated=treated)
        target = call_target(coded, history=state.history, policy=policy)
    nontarget = call_nontarget(record, visit, policy=policy, cr_before=state.cr_before)
    known = [new for new in settled if new.first <= index]
    present = tuple(new for new in known if not is_gone(new.lesion, visit))
    fresh = tuple(new.id for new in present if new.id not in state.known_new)
    sizes = {
        new.id: size
        for new in known
        if new.lesion.measured
        and (size := code_lesion(new.lesion, visit=visit).value_mm) is not None
    }
    return Finding(visit, target, nontarget, present, fresh, sizes)


def _judge(record: PatientRecord, found: Finding, state: _State, policy: Policy) -> IVisitCall:
    overall, used, reasons = _transition(record, found, state, policy)
    visit, pending = found.visit, state.pending
    days = target_days(found.target) if found.target and "T" in found.categories else []
    if found.nontarget and found.nontarget.pd_d is not None:
        days.append(found.nontarget.pd_d)
    days += [
        new.first_seen_d if new.seen_at == visit.id else visit.day_d
        for new in found.present
        if new.id in found.fresh
    ]
    call = IVisitCall(
        visit=visit.id,
        day_d=visit.day_d,
        overall=overall,
        target=found.target,
        nontarget=found.nontarget,
        new_lesions=tuple(new.id for new in found.present),
        new_sum_mm=sum(found.new_mm.values(), Decimal(0)) if found.new_mm else None,
        categories=found.categories,
        used=used,
        block=pending.visit if pending else None,
        pd_d=min(days) if days else None,
        reasons=reasons + _warnings(found, state, policy),
    )
    _advance(found, overall, used, state)
    return call


def _transition(
    record: PatientRecord, found: Finding, state: _State, policy: Policy
) -> tuple[IOverall, bool, tuple[Reason, ...]]:
    """Return the response, whether the visit is used, and the rule that decided."""
    pending = state.pending
    why = (*(found.target.reasons if found.target else ()),)
    why += found.nontarget.reasons if found.nontarget else ()
    if pending is None:
        if found.categories:
            names = ", ".join(sorted(found.categories))
            return "iUPD", True, (Reason("I-OPEN", f"progressive: {names}"), *why)
        return _plain(record, found), True, (Reason("I-RECIST", "no block open"), *why)
    gap = span_d(found.visit.day_d, pending.day_d)
    if gap < policy.irecist_min_d - policy.irecist_variance_d:
        if found.visit.for_symptoms and found.fresh:
            text = f"{gap:g} d after iUPD, for new symptoms, with one more new lesion"
            return "iCPD", True, (Reason("I-EARLY-ICPD", text), *why)
        text = f"{gap:g} d after iUPD at {pending.visit}: too early, the visit is not used"
        return "iUPD", False, (Reason("I-EARLY", text), *why)
    confirming = growth(found, pending=pending, policy=policy)
    if confirming:
        return "iCPD", True, (*confirming, *why)
    if recist_response(found) == "NE":
        text = f"not evaluable; the block from {pending.visit} stays open"
        return "NE", False, (Reason("I-NE", text), *why)
    undone = undone_by(found, pending=pending, policy=policy)
    if undone:
        return _plain(record, found), True, (undone, *why)
    text = f"neither 5 mm more nor better than at {pending.visit}"
    return "iUPD", True, (Reason("I-KEEP", text), *why)


def _plain(record: PatientRecord, found: Finding) -> IOverall:
    """Return the response without a block; new lesions that are still there block iCR only."""
    response = recist_response(found)
    if found.present and response == "CR":
        return "iPR" if record.targets else "NON-iCR/NON-iUPD"
    if found.present and response == "NED":
        return "NON-iCR/NON-iUPD"
    return _I[response]


def _advance(found: Finding, overall: IOverall, used: bool, state: _State) -> None:
    """Move the state past a visit; a visit that is not used leaves no trace."""
    if not used:
        return
    present = frozenset(new.id for new in found.present)
    if overall == "iUPD" and state.pending is None:
        state.pending = Pending(
            visit=found.visit.id,
            day_d=found.visit.day_d,
            categories=found.categories,
            target_response=found.target_response,
            target_mm=found.sizes_mm,
            new_mm={name: size for name, size in found.new_mm.items() if name in present},
            known_new=present,
        )
    elif overall not in ("iUPD", "NE"):
        state.pending = None
    state.stopped = overall == "iCPD"
    state.known_new |= present
    state.last_used_d = found.visit.day_d
    state.cr_before = state.cr_before or overall == "iCR"
    if found.new_mm:
        total = sum(found.new_mm.values(), Decimal(0))
        state.new_nadir_mm = min(total, total if state.new_nadir_mm is None else state.new_nadir_mm)
    if state.history is not None and found.target is not None:
        history = state.history.after(found.target, day_d=found.visit.day_d)
        state.history = replace(history, cr_before=state.cr_before)


def _warnings(found: Finding, state: _State, policy: Policy) -> tuple[Reason, ...]:
    out = []
    pending = state.pending
    since = span_d(found.visit.day_d, state.last_used_d)
    if pending is not None and since > policy.irecist_max_d + policy.irecist_variance_d:
        text = f"{since:g} d after the scan before; iUPD asks for a scan within "
        out.append(Reason("W-LATE", f"{text}{policy.irecist_max_d:g} d"))
    if pending is None and state.new_nadir_mm is not None and not found.categories:
        total = sum(found.new_mm.values(), Decimal(0))
        if is_growth(total, nadir_mm=state.new_nadir_mm):
            text = f"new targets {state.new_nadir_mm} -> {total} mm after the block was undone"
            out.append(Reason("W-NEW-GROWTH", text))
    return tuple(out)


def irecist_outcome(record: PatientRecord, reading: IRecistReading) -> Outcome:
    """Return iBOR, iPFS, iDOR and time to response.

    iPFS ends at the first iUPD of the block that iCPD closed, or of the block still open at the
    end (no further scan, or iUPD throughout); a block that was undone does not count.
    """
    points = [
        TimePoint(call.visit, call.day_d, call.overall, call.pd_d)
        for call in reading.visits
        if call.overall is not None
    ]
    kept, left = select(points, stop=("iCPD",), new_therapy_d=record.new_therapy_d)
    left += tuple(
        Reason("AFTER_ICPD", f"{call.visit} is after iCPD")
        for call in reading.visits
        if call.overall is None
    )
    opened: TimePoint | None = None
    for point in kept:
        if point.response == "iUPD" and opened is None:
            opened = point
        elif point.response not in ("iUPD", "iCPD", "NE"):
            opened = None
    return outcome_of(record, kept, left, progression=opened, policy=reading.policy, scale=IRECIST)
