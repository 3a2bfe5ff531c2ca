"""Target response: sums, nadir and the six steps of RECIST 1.1 in their order.

    PD  when S - N >= 5 mm and S - N >= 0.20 N
    PR  when S <= 0.70 B

S is the sum now, B the baseline sum and N the smallest complete sum so far, baseline included. All
comparisons are exact in decimals. Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, 4.3.1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from abscope.response.coding import Contribution, Reason
from abscope.response.policy import Policy

__all__ = ["TargetCall", "TargetHistory", "TargetResponse", "call_target", "is_growth", "total_mm"]

TargetResponse = Literal["CR", "PR", "SD", "PD", "NE"]

_PERCENT = Decimal(100)


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """What table C needs to know of the past: the two reference sums and two earlier calls."""

    baseline_mm: Decimal
    nadir_mm: Decimal
    nadir_d: float
    cr_before: bool = False
    pr_before: bool = False

    def after(self, call: "TargetCall", *, day_d: float) -> "TargetHistory":
        """Return the history with this visit in it; an incomplete sum never becomes the nadir."""
        lower = call.complete and call.sum_mm < self.nadir_mm
        return TargetHistory(
            self.baseline_mm,
            call.sum_mm if lower else self.nadir_mm,
            day_d if lower else self.nadir_d,
            self.cr_before,
            self.pr_before or call.response in ("CR", "PR"),
        )


@dataclass(frozen=True, slots=True)
class TargetCall:
    """Target response of one visit with its numbers and the step of table C that decided.

    ``sum_mm`` is the sum of the lesions that could be judged; it is the sum of diameters only
    where ``complete``. A percentage is None where its reference is 0.
    """

    response: TargetResponse
    rule: str
    sum_mm: Decimal
    complete: bool
    baseline_mm: Decimal
    nadir_mm: Decimal
    nadir_d: float
    contributions: tuple[Contribution, ...]
    reasons: tuple[Reason, ...]

    @property
    def change_from_nadir_mm(self) -> Decimal:
        """Sum minus nadir (mm); a lower bound where the sum is not complete."""
        return self.sum_mm - self.nadir_mm

    @property
    def change_from_nadir_percent(self) -> Decimal | None:
        """Change from the nadir (%), None after a nadir of 0."""
        return None if not self.nadir_mm else self.change_from_nadir_mm / self.nadir_mm * _PERCENT

    @property
    def change_from_baseline_percent(self) -> Decimal | None:
        """Change from baseline (%), None where the baseline sum is 0."""
        if not self.baseline_mm:
            return None
        return (self.sum_mm - self.baseline_mm) / self.baseline_mm * _PERCENT


def total_mm(contributions: Iterable[Contribution]) -> Decimal:
    """Return the sum of the values that are known (mm)."""
    return sum((c.value_mm for c in contributions if c.value_mm is not None), Decimal(0))


def is_growth(sum_mm: Decimal, *, nadir_mm: Decimal) -> bool:
    """Return whether a sum is 5 mm and 20 % above the nadir; after a nadir of 0, 5 mm suffice.

    >>> is_growth(Decimal("32.4"), nadir_mm=Decimal("27.0"))
    True
    """
    rise = sum_mm - nadir_mm
    return rise >= 5 and 5 * rise >= nadir_mm


def call_target(
    contributions: Sequence[Contribution], *, history: TargetHistory, policy: Policy
) -> TargetCall:
    """Return the target response of one visit by the first step of table C that applies."""
    total = total_mm(contributions)
    unknown = tuple(c.reason for c in contributions if c.value_mm is None and c.reason)
    response, rule, text = _steps(contributions, total, history, policy)
    reasons = (Reason(rule, text), *unknown, *_flag_reasons(contributions))
    return TargetCall(
        response, rule, total, not unknown, history.baseline_mm, history.nadir_mm,
        history.nadir_d, tuple(contributions), reasons,
    )  # fmt: skip


def _steps(
    contributions: Sequence[Contribution], total: Decimal, history: TargetHistory, policy: Policy
) -> tuple[TargetResponse, str, str]:
    nadir, baseline = history.nadir_mm, history.baseline_mm
    grown = is_growth(total, nadir_mm=nadir)
    rise = f"sum {total} mm is {total - nadir} mm above the nadir of {nadir} mm"
    missing = [c.lesion for c in contributions if c.value_mm is None]
    if missing:
        partial = f"partial {rise}, without {', '.join(missing)}"
        if grown and policy.partial_sum_pd:
            return "PD", "C1-PD", f"{partial}: enough for PD whatever the rest measures"
        return "NE", "C1-NE", f"{partial}: the sum cannot be judged"
    gone = all(c.resolved for c in contributions)
    if gone and (total == 0 or not policy.cr_needs_zero_sum):
        return "CR", "C2", f"every target is gone or a normal node; sum {total} mm"
    if history.cr_before and policy.cr_then_pr == "PD":
        left = ", ".join(c.lesion for c in contributions if not c.resolved)
        return "PD", "C3", f"target disease after a complete response: {left or f'{total} mm'}"
    if grown:
        return "PD", "C4", f"{rise}: at least 5 mm and 20 %"
    if 10 * total <= 7 * baseline:
        return "PR", "C5", f"sum {total} mm is at most 70 % of the baseline of {baseline} mm"
    if history.pr_before and policy.pr_carry_forward:
        return "PR", "C6-CARRY", f"sum {total} mm; no PD after a PR, which is carried forward"
    return "SD", "C6", f"sum {total} mm; neither PR from {baseline} mm nor PD from {nadir} mm"


_FLAG_TEXT = {
    "DEFAULT5": "too small to measure: 5 mm entered",
    "SPLIT": "split: sum of its fragments",
    "MERGED": "merged: the joint diameter counts once",
    "SLICE": "smaller than twice the slice interval",
    "LOCAL_TX": "treated locally after baseline",
}


def _flag_reasons(contributions: Iterable[Contribution]) -> list[Reason]:
    return [Reason(flag, _FLAG_TEXT[flag], c.lesion) for c in contributions for flag in c.flags]
