"""The block that an iUPD opens: what it remembers, what confirms it, what undoes it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from abscope.response.coding import Reason
from abscope.response.nontarget import NontargetCall, SettledNew
from abscope.response.policy import Policy
from abscope.response.recist import Overall, overall_response
from abscope.response.records import Visit
from abscope.response.target import TargetCall

__all__ = ["Category", "Finding", "Pending", "growth", "recist_response", "undone_by"]

Category = Literal["T", "NT", "NL"]

_RANK = {"PD": 0, "SD": 1, "PR": 2, "CR": 3}


@dataclass(frozen=True, slots=True)
class Pending:
    """An open block: what was progressive at its first iUPD, and how large."""

    visit: str
    day_d: float
    categories: frozenset[Category]
    target_response: str | None
    target_mm: dict[str, Decimal]
    new_mm: dict[str, Decimal]
    known_new: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one visit shows, before the state is asked."""

    visit: Visit
    target: TargetCall | None
    nontarget: NontargetCall | None
    present: tuple[SettledNew, ...]
    fresh: tuple[str, ...]
    new_mm: dict[str, Decimal] = field(default_factory=dict)

    @property
    def target_response(self) -> str | None:
        """Target response, None without target disease."""
        return self.target.response if self.target else None

    @property
    def nontarget_response(self) -> str | None:
        """Non-target response, None without non-target disease."""
        return self.nontarget.response if self.nontarget else None

    @property
    def categories(self) -> frozenset[Category]:
        """The categories that are progressive at this visit."""
        found: set[Category] = set()
        if self.target_response == "PD":
            found.add("T")
        if self.nontarget_response == "PD":
            found.add("NT")
        if self.fresh:
            found.add("NL")
        return frozenset(found)

    @property
    def sizes_mm(self) -> dict[str, Decimal]:
        """The target sizes that could be judged (mm)."""
        coded = self.target.contributions if self.target else ()
        return {c.lesion: c.value_mm for c in coded if c.value_mm is not None}


def recist_response(found: Finding) -> Overall:
    """Return the overall response of the baseline disease alone, as RECIST 1.1 has it."""
    target = found.target.response if found.target else None
    nontarget = found.nontarget.response if found.nontarget else None
    return overall_response(target, nontarget, new_lesion=False)


def growth(found: Finding, *, pending: Pending, policy: Policy) -> tuple[Reason, ...]:
    """Return every rule by which the visit confirms the block; none where it does not."""
    out = []
    if "T" in pending.categories:
        text = _summed_growth(found.sizes_mm, pending.target_mm, policy)
        out += [Reason("I-T5", f"target sum {text}")] if text else []
    if "NT" in pending.categories and found.nontarget:
        out += [Reason("I-NT", "non-target grew further", x) for x in found.nontarget.increased]
    if "NL" in pending.categories:
        text = _summed_growth(found.new_mm, pending.new_mm, policy) if pending.new_mm else ""
        out += [Reason("I-NL5", f"sum of new targets {text}")] if text else []
        out += [Reason("I-NL", "new non-target grew", x) for x in _grown_new(found, pending)]
        out += [Reason("I-NL-MORE", "one more new lesion", x) for x in found.fresh]
    names = {"T": "targets", "NT": "non-targets", "NL": "a new lesion"}
    for category in sorted(found.categories - pending.categories):
        text = f"{names[category]} progressive for the first time since {pending.visit}"
        out.append(Reason("I-OTHER", text))
    return tuple(out)


def _summed_growth(now: dict[str, Decimal], then: dict[str, Decimal], policy: Policy) -> str:
    before = sum(then.values(), Decimal(0))
    after = sum((size for name, size in now.items() if name in then), Decimal(0))
    if after < before + policy.irecist_growth_mm:
        return ""
    return f"{before} -> {after} mm, at least {policy.irecist_growth_mm} mm since iUPD"


def _grown_new(found: Finding, pending: Pending) -> list[str]:
    loose = {new.id for new in found.present if not new.lesion.measured}
    return [
        m.lesion
        for m in found.visit.measurements
        if m.increased and m.lesion in loose & pending.known_new
    ]


def undone_by(found: Finding, *, pending: Pending, policy: Policy) -> Reason | None:
    """Return why the block is undone, None where it is not."""
    if "PD" in (found.target_response, found.nontarget_response):
        return None
    if "NT" in pending.categories and found.nontarget_response == "NE":
        return None
    since = f"since iUPD at {pending.visit}"
    now, then = _RANK.get(found.target_response or ""), _RANK.get(pending.target_response or "")
    if now is not None and then is not None and now > then:
        text = f"targets {pending.target_response} -> {found.target_response} {since}"
        return Reason("I-RESET-T", text)
    if "NT" in pending.categories:
        return Reason("I-RESET-NT", f"non-targets no longer progressive {since}")
    if "NL" in pending.categories and not found.present:
        return Reason("I-RESET-NL", f"new lesions gone {since}")
    if policy.irecist_reset == "any_non_pd":
        return Reason("I-RESET-ANY", f"nothing progressive {since}; the policy asks no more")
    return None
