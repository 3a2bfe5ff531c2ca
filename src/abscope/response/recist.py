"""RECIST 1.1 from lesions to the overall response of every visit, with the trail of each call.

Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, tables 1 and 2; the decision tables with
their letters (A to G) stand in docs/explanation/response-criteria.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from abscope.response.checks import require_valid
from abscope.response.coding import (
    NODE_NORMAL_MM,
    Contribution,
    Reason,
    code_lesions,
    treated_until,
)
from abscope.response.nontarget import (
    NontargetCall,
    NontargetResponse,
    SettledNew,
    call_nontarget,
    is_gone,
    settle_new_lesions,
)
from abscope.response.policy import Policy
from abscope.response.records import LesionBaseline, PatientRecord, restrict
from abscope.response.target import TargetCall, TargetHistory, TargetResponse, call_target

__all__ = [
    "Overall",
    "RecistReading",
    "VisitCall",
    "assess",
    "baseline_history",
    "overall_response",
    "target_days",
]

Overall = Literal["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "NED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCall:
    """The calls of one visit. ``pd_d`` is the earliest day of the images that show a PD."""

    visit: str
    day_d: float
    target: TargetCall | None
    nontarget: NontargetCall | None
    new_lesions: tuple[str, ...]
    overall: Overall
    pd_d: float | None
    reasons: tuple[Reason, ...]

    @property
    def target_response(self) -> TargetResponse | None:
        """Target response, None without target disease."""
        return self.target.response if self.target else None

    @property
    def nontarget_response(self) -> NontargetResponse | None:
        """Non-target response, None without non-target disease."""
        return self.nontarget.response if self.nontarget else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecistReading:
    """One patient read by RECIST 1.1: the visits in time order and the policy they were read by.

    ``without_treated`` is the second reading that leaves out every target which was treated locally
    after baseline; None where none was.
    """

    subject: str
    visits: tuple[VisitCall, ...]
    policy: Policy
    without_treated: "RecistReading | None" = None
    treated: tuple[str, ...] = ()


def overall_response(
    target: TargetResponse | None, nontarget: NontargetResponse | None, *, new_lesion: bool
) -> Overall:
    """Return the overall response; None stands for no such disease at baseline.

    >>> overall_response("CR", "NE", new_lesion=False)
    'PR'
    """
    if new_lesion or "PD" in (target, nontarget):
        return "PD"
    if target is None:
        return "NED" if nontarget is None else nontarget
    if target == "CR" and nontarget not in ("CR", None):
        return "PR"
    return target


def assess(record: PatientRecord, policy: Policy | None = None) -> RecistReading:
    """Return the RECIST 1.1 reading of a patient; visits after a PD are read on, for the trail.

    Raises:
        ProtocolError: The record breaks rules without which no call can be made; all are listed.
    """
    require_valid(record)
    rules = policy or Policy(reader=record.reader)
    treated = treated_until(record.visits)
    local = tuple(lesion.id for lesion in record.targets if lesion.id in treated)
    second = None
    if local:
        names = {x.id for x in record.lesions} | {
            m.id for v in record.visits for m in v.new_lesions
        }
        kept = restrict(record, names - set(local))
        stated = zip(kept.visits, record.visits, strict=True)
        kept = replace(
            kept,
            markers_elevated=record.markers_elevated,
            visits=tuple(replace(v, stated_nontarget=old.stated_nontarget) for v, old in stated),
        )
        second = RecistReading(subject=record.subject, visits=_read(kept, rules), policy=rules)
    return RecistReading(
        subject=record.subject,
        visits=_read(record, rules),
        policy=rules,
        without_treated=second,
        treated=local,
    )


def baseline_history(record: PatientRecord) -> TargetHistory | None:
    """Return the sums before the first visit, None without target lesions."""
    if not record.targets:
        return None
    baseline = sum((lesion.size_mm or Decimal(0) for lesion in record.targets), Decimal(0))
    return TargetHistory(baseline, baseline, record.baseline_d)


def target_days(call: TargetCall) -> list[float]:
    """Return the days of the images of the targets that could be judged."""
    return [c.day_d for c in call.contributions if c.value_mm is not None and c.day_d is not None]


def _read(record: PatientRecord, policy: Policy) -> tuple[VisitCall, ...]:
    history = baseline_history(record)
    settled = settle_new_lesions(record.visits)
    calls: list[VisitCall] = []
    cr_before = False
    last = {lesion.id: lesion.size_mm for lesion in record.targets}
    for index, visit in enumerate(record.visits):
        target = None
        if history is not None:
            treated = treated_until(record.visits[: index + 1])
            coded = code_lesions(record.targets, visit=visit, policy=policy, treated=treated)
            target = call_target(coded, history=history, policy=policy)
        nontarget = call_nontarget(record, visit, policy=policy, cr_before=cr_before)
        known = [new for new in settled if new.first <= index]
        present = [new for new in known if not is_gone(new.lesion, visit)]
        call = _combine(record, index, target, nontarget, present)
        if target is not None and history is not None:
            call = replace(call, reasons=call.reasons + _node_notes(record.targets, target, last))
            last |= {c.lesion: c.value_mm for c in target.contributions if c.value_mm is not None}
            history = history.after(target, day_d=visit.day_d)
        if call.overall == "CR":
            cr_before = True
            history = replace(history, cr_before=True) if history else None
        calls.append(call)
    return tuple(calls)


def _combine(
    record: PatientRecord,
    index: int,
    target: TargetCall | None,
    nontarget: NontargetCall | None,
    present: list[SettledNew],
) -> VisitCall:
    visit = record.visits[index]
    overall = overall_response(
        target.response if target else None,
        nontarget.response if nontarget else None,
        new_lesion=bool(present),
    )
    days = target_days(target) if target and target.response == "PD" else []
    if nontarget and nontarget.pd_d is not None:
        days.append(nontarget.pd_d)
    days += [new.first_seen_d if new.first == index else visit.day_d for new in present]
    reasons = (target.reasons if target else ()) + (nontarget.reasons if nontarget else ())
    return VisitCall(
        visit=visit.id,
        day_d=visit.day_d,
        target=target,
        nontarget=nontarget,
        new_lesions=tuple(new.id for new in present),
        overall=overall,
        pd_d=min(days) if days else None,
        reasons=reasons + tuple(_new_reason(new, index, record) for new in present),
    )


def _new_reason(new: SettledNew, index: int, record: PatientRecord) -> Reason:
    if new.proven > index:
        proof = record.visits[new.proven].id
        text = f"equivocal here, proven at {proof}: progression dates back to the first sight"
        return Reason("NEW-BACKDATED", text, new.id)
    return Reason("NEW" if new.first == index else "NEW-STILL", "unequivocal new lesion", new.id)


def _node_notes(
    targets: Iterable[LesionBaseline],
    call: TargetCall,
    last: dict[str, Decimal | None],
) -> tuple[Reason, ...]:
    nodes = {lesion.id for lesion in targets if lesion.is_node}
    return tuple(
        Reason("NODE_JUDGEMENT", f"{last[c.lesion]} -> {c.value_mm} mm: may be noise", c.lesion)
        for c in call.contributions
        if c.lesion in nodes and _regrown(c, last[c.lesion])
    )


def _regrown(now: Contribution, before: Decimal | None) -> bool:
    if now.value_mm is None or before is None:
        return False
    return before < NODE_NORMAL_MM <= now.value_mm
