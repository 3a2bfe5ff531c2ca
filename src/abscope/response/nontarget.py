"""Non-target disease and new lesions at one visit.

Non-target: CR when all is gone, nodes below 10 mm and markers normal; PD on unequivocal growth, or
on disease that is back after an overall CR; NE when a part was not assessed; else NON-CR/NON-PD.
Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, sections 4.3.3 to 4.3.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from abscope.response.coding import Contribution, Reason, code_lesion, code_lesions
from abscope.response.policy import Policy
from abscope.response.records import NewLesion, PatientRecord, Visit

__all__ = [
    "NontargetCall",
    "NontargetResponse",
    "SettledNew",
    "call_nontarget",
    "has_nontarget",
    "is_gone",
    "settle_new_lesions",
]

NontargetResponse = Literal["CR", "NON-CR/NON-PD", "PD", "NE"]


@dataclass(frozen=True, slots=True)
class NontargetCall:
    """Non-target response of one visit; ``pd_d`` is the earliest day of an image that shows PD."""

    response: NontargetResponse
    rule: str
    reasons: tuple[Reason, ...]
    increased: tuple[str, ...] = ()
    pd_d: float | None = None


@dataclass(frozen=True, slots=True)
class SettledNew:
    """A new lesion as the whole record judges it: visits by index of first sight and of proof."""

    lesion: NewLesion
    first: int
    proven: int
    seen_at: str
    first_seen_d: float

    @property
    def id(self) -> str:
        """The name of the lesion."""
        return self.lesion.id


def has_nontarget(record: PatientRecord) -> bool:
    """Return whether there is non-target disease: lesions, raised markers or a stated category."""
    stated = any(visit.stated_nontarget is not None for visit in record.visits)
    return bool(record.nontargets) or record.markers_elevated or stated


def call_nontarget(
    record: PatientRecord, visit: Visit, *, policy: Policy, cr_before: bool
) -> NontargetCall | None:
    """Return the non-target response of a visit, None where there is no non-target disease."""
    if not has_nontarget(record):
        return None
    listed = [m for m in map(visit.of, (x.id for x in record.nontargets)) if m is not None]
    if not listed and visit.stated_nontarget is not None:
        return _stated(visit)
    if not record.nontargets and not record.markers_elevated:
        reason = Reason("NOT_MENTIONED", "the visit says nothing of the non-target disease")
        return NontargetCall("NE", "D-NE", (reason,))
    increased = tuple(m.lesion for m in listed if m.increased)
    worse = [m for m in listed if m.unequivocal_growth]
    if worse:
        days = [visit.day_d if m.day_d is None else m.day_d for m in worse]
        reasons = [Reason("D-PD", "unequivocal growth", m.lesion) for m in worse]
        return NontargetCall("PD", "D-PD", tuple(reasons), increased, min(days))
    coded = code_lesions(record.nontargets, visit=visit, policy=Policy())
    left = [c for c in coded if _is_left(c)]
    if left and cr_before and policy.cr_then_pr == "PD":
        reasons = [Reason("D-BACK", "back after a complete response", c.lesion) for c in left]
        days = [visit.day_d if c.day_d is None else c.day_d for c in left]
        return NontargetCall("PD", "D-BACK", tuple(reasons), increased, min(days))
    return _without_growth(record, visit, coded, increased)


def _stated(visit: Visit) -> NontargetCall:
    response = visit.stated_nontarget
    assert response is not None
    reason = Reason("D-STATED", f"the reader states {response} for the non-target disease")
    pd_d = visit.day_d if response == "PD" else None
    return NontargetCall(response, "D-STATED", (reason,), pd_d=pd_d)


def _is_left(coded: Contribution) -> bool:
    if coded.value_mm is None:
        return coded.reason is not None and coded.reason.code in _SEEN_WITHOUT_SIZE
    return not coded.resolved


#: Coding reasons that still say that the lesion was seen.
_SEEN_WITHOUT_SIZE = ("NO_SIZE", "NO_SHORT_AXIS", "MERGED_WITHOUT_SIZE")


def _without_growth(
    record: PatientRecord,
    visit: Visit,
    coded: Sequence[Contribution],
    increased: tuple[str, ...],
) -> NontargetCall:
    unknown = [c.reason for c in coded if c.value_mm is None and not _is_left(c) and c.reason]
    if unknown:
        return NontargetCall("NE", "D-NE", tuple(unknown), increased)
    left = [c.lesion for c in coded if _is_left(c)]
    if left:
        reasons = [Reason("D-LEFT", "still there, without unequivocal growth", x) for x in left]
        return NontargetCall("NON-CR/NON-PD", "D-LEFT", tuple(reasons), increased)
    if record.markers_elevated and visit.markers_normal is None:
        reason = Reason("MARKERS_UNKNOWN", "raised at baseline, not known at this visit")
        return NontargetCall("NE", "D-NE", (reason,), increased)
    if record.markers_elevated and not visit.markers_normal:
        reason = Reason("MARKERS_RAISED", "all lesions gone, markers not yet normal")
        return NontargetCall("NON-CR/NON-PD", "D-LEFT", (reason,), increased)
    reason = Reason("D-CR", "all non-target disease is gone")
    return NontargetCall("CR", "D-CR", (reason,), increased)


def settle_new_lesions(visits: Sequence[Visit]) -> tuple[SettledNew, ...]:
    """Return the new lesions that the record proves, each dated back to its first sight.

    An equivocal lesion counts when a later visit calls it unequivocal, and then from its first
    sight; one that a later visit dismisses never counts.
    """
    first: dict[str, tuple[int, NewLesion]] = {}
    proven: dict[str, int] = {}
    for index, visit in enumerate(visits):
        for lesion in visit.new_lesions:
            first.setdefault(lesion.id, (index, lesion))
            if lesion.certainty == "unequivocal":
                proven.setdefault(lesion.id, index)
            elif lesion.certainty == "dismissed":
                proven.pop(lesion.id, None)
    return tuple(
        SettledNew(
            lesion,
            index,
            proven[name],
            visits[index].id,
            visits[index].day_d if lesion.day_d is None else lesion.day_d,
        )
        for name, (index, lesion) in first.items()
        if name in proven
    )


def is_gone(lesion: NewLesion, visit: Visit) -> bool:
    """Return whether a visit shows that a new lesion is no longer there; silence does not."""
    coded = code_lesion(lesion, visit=visit)
    return coded.value_mm is not None and coded.resolved
