"""imRECIST: new lesions are added to the sum and are not progression by themselves.

The total is the sum of the targets plus the measured new lesions. PD is a total of 5 mm and 20 %
above its nadir; non-target growth and new lesions alone are not PD but block CR. A PD that the next
evaluable scan at least 4 weeks later does not show is void.
Source: Hodi 2018, doi 10.1200/JCO.2017.75.1644.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from abscope.response.best import TimePoint, select, span_d
from abscope.response.checks import require_valid
from abscope.response.coding import Contribution, Reason, code_lesion, code_lesions, treated_until
from abscope.response.nontarget import (
    NontargetCall,
    call_nontarget,
    has_nontarget,
    is_gone,
    settle_new_lesions,
)
from abscope.response.outcome import Outcome, outcome_of
from abscope.response.policy import Policy
from abscope.response.recist import Overall, baseline_history
from abscope.response.records import PatientRecord
from abscope.response.target import is_growth, total_mm

__all__ = ["ImRecistReading", "ImVisitCall", "assess_imrecist", "imrecist_outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImVisitCall:
    """The imRECIST call of one visit; ``void`` marks a PD that the next scan did not show."""

    visit: str
    day_d: float
    overall: Overall
    total_mm: Decimal
    complete: bool
    nadir_mm: Decimal
    contributions: tuple[Contribution, ...]
    void: bool = False
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImRecistReading:
    """One patient read by imRECIST, the visits in time order."""

    subject: str
    visits: tuple[ImVisitCall, ...]
    policy: Policy


def assess_imrecist(record: PatientRecord, policy: Policy | None = None) -> ImRecistReading:
    """Return the imRECIST reading of a patient, from lesions.

    Raises:
        ProtocolError: The record breaks rules without which no call can be made; all are listed.
    """
    require_valid(record)
    rules = policy or Policy(reader=record.reader)
    history = baseline_history(record)
    baseline = history.baseline_mm if history else Decimal(0)
    nadir = baseline
    settled = settle_new_lesions(record.visits)
    calls: list[ImVisitCall] = []
    for index, visit in enumerate(record.visits):
        treated = treated_until(record.visits[: index + 1])
        coded = code_lesions(record.targets, visit=visit, policy=rules, treated=treated)
        known = [new for new in settled if new.first <= index]
        added = tuple(code_lesion(n.lesion, visit=visit) for n in known if n.lesion.measured)
        present = [new.id for new in known if not is_gone(new.lesion, visit)]
        nontarget = call_nontarget(record, visit, policy=rules, cr_before=False)
        sums = _Sums(coded + added, baseline, nadir)
        overall, reason = _overall(record, sums, nontarget, present, rules)
        calls.append(
            ImVisitCall(
                visit=visit.id,
                day_d=visit.day_d,
                overall=overall,
                total_mm=sums.total,
                complete=sums.complete,
                nadir_mm=nadir,
                contributions=sums.contributions,
                reasons=(
                    reason,
                    *(Reason("NEW", "new lesion, no PD by itself", x) for x in present),
                ),
            )
        )
        nadir = min(nadir, sums.total) if sums.complete else nadir
    return ImRecistReading(subject=record.subject, visits=_voided(calls, rules), policy=rules)


@dataclass(frozen=True, slots=True)
class _Sums:
    contributions: tuple[Contribution, ...]
    baseline: Decimal
    nadir: Decimal

    @property
    def total(self) -> Decimal:
        return total_mm(self.contributions)

    @property
    def complete(self) -> bool:
        return all(c.value_mm is not None for c in self.contributions)

    @property
    def gone(self) -> bool:
        return all(c.resolved for c in self.contributions)


def _overall(
    record: PatientRecord,
    sums: _Sums,
    nontarget: NontargetCall | None,
    present: Sequence[str],
    policy: Policy,
) -> tuple[Overall, Reason]:
    grown = is_growth(sums.total, nadir_mm=sums.nadir)
    rise = f"total {sums.total} mm after a nadir of {sums.nadir} mm"
    response = nontarget.response if nontarget else None
    if not sums.complete:
        if grown and policy.partial_sum_pd:
            return "PD", Reason("IM-PARTIAL-PD", f"incomplete {rise}")
        return "NE", Reason("IM-NE", f"incomplete {rise}")
    disease = bool(record.targets) or has_nontarget(record)
    if disease and sums.gone and not present and response in ("CR", None):
        return "CR", Reason("IM-CR", "all targets, non-targets and new lesions are gone")
    if grown:
        return "PD", Reason("IM-PD", f"{rise}: at least 5 mm and 20 %")
    if record.targets:
        if 10 * sums.total <= 7 * sums.baseline:
            return "PR", Reason("IM-PR", f"{rise}; at most 70 % of {sums.baseline} mm")
        return "SD", Reason("IM-SD", rise)
    if response == "NE":
        return "NE", Reason("IM-NE", "non-target disease not assessed")
    if response is None and not present:
        return "NED", Reason("IM-NED", "no disease")
    return "NON-CR/NON-PD", Reason("IM-NON", "no target disease, no growth of the total")


def _voided(calls: Sequence[ImVisitCall], policy: Policy) -> tuple[ImVisitCall, ...]:
    least = policy.irecist_min_d - policy.irecist_variance_d
    out = []
    for index, call in enumerate(calls):
        after = next(
            (
                later
                for later in calls[index + 1 :]
                if later.overall != "NE" and span_d(later.day_d, call.day_d) >= least
            ),
            None,
        )
        if call.overall == "PD" and after is not None and after.overall != "PD":
            text = f"{after.visit} is {after.overall}: the PD is void"
            call = replace(call, void=True, reasons=(*call.reasons, Reason("IM-VOID", text)))
        out.append(call)
    return tuple(out)


def imrecist_outcome(record: PatientRecord, reading: ImRecistReading) -> Outcome:
    """Return best responses and times; a void PD is left out as if the visit had not been."""
    points = [
        TimePoint(call.visit, call.day_d, call.overall) for call in reading.visits if not call.void
    ]
    kept, left = select(points, stop=("PD",), new_therapy_d=record.new_therapy_d)
    left += tuple(
        Reason("VOID_PD", f"{call.visit}: PD not shown by the next scan")
        for call in reading.visits
        if call.void
    )
    progression = kept[-1] if kept and kept[-1].response == "PD" else None
    return outcome_of(record, kept, left, progression=progression, policy=reading.policy)
