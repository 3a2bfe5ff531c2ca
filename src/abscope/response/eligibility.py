"""Which lesions can be targets at baseline, which should be, and why the others are not.

Limits: longest diameter 10 mm on CT or MRI and never below twice the slice interval when that is
above 5 mm; node short axis 15 mm (10 to below 15 mm non-target, below 10 mm normal); skin by
caliper 10 mm, chest film 20 mm; bone only through a soft-tissue part; at most 5 targets, 2 per
organ. Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, sections 3.1 and 3.2.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from abscope.response.coding import Reason
from abscope.response.records import LesionBaseline, NewLesion, PatientRecord

__all__ = [
    "MAX_PER_ORGAN",
    "MAX_TARGETS",
    "Eligibility",
    "choose_targets",
    "eligibility",
    "eligibility_notes",
    "organ_of",
]

MAX_TARGETS = 5
MAX_PER_ORGAN = 2

_LESION_MM = Decimal(10)
_NODE_TARGET_MM = Decimal(15)
_NODE_MM = Decimal(10)
_CHEST_FILM_MM = Decimal(20)
_THIN_SLICE_MM = Decimal(5)
_SIDES = ("left ", "right ", "left_", "right_", "bilateral ")


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What a lesion can be at baseline: ``target``, ``non_target`` or ``none`` (normal node).

    ``size_mm`` is the size that would count as target, ``flag`` a word for tables (NORMAL,
    NONTARGET, NONMEASURABLE, UNKNOWN; empty for a target).
    """

    lesion: str
    role: Literal["target", "non_target", "none"]
    flag: str
    size_mm: Decimal | None
    reason: Reason


def organ_of(lesion: LesionBaseline | NewLesion) -> str:
    """Return the organ as the limit of two counts it: all nodes one, paired organs one.

    >>> organ_of(LesionBaseline(id="a", role="target", organ="left lung"))
    'lung'
    """
    if lesion.is_node:
        return "lymph nodes"
    name = lesion.organ.strip().lower()
    for side in _SIDES:
        name = name.removeprefix(side)
    for side in (" left", " right", "_left", "_right"):
        name = name.removesuffix(side)
    return name


def eligibility(lesion: LesionBaseline) -> Eligibility:
    """Return what one lesion can be at baseline, with the rule that decides."""
    if lesion.is_node:
        return _node(lesion)
    blocked = _not_measurable(lesion)
    if blocked is not None:
        return _non_target(lesion, *blocked)
    size = lesion.size_mm
    if size is None:
        return _non_target(lesion, "UNKNOWN", "NO_SIZE", "no size at baseline")
    limit, rule = _limit(lesion)
    if size < limit:
        text = f"{size} mm is below {limit} mm ({rule})"
        if size < _LESION_MM / 2:
            text += "; is the size in cm?"
        return _non_target(lesion, "NONMEASURABLE", "TOO_SHORT", text)
    text = f"{size} mm is at least {limit} mm ({rule})"
    return Eligibility(lesion.id, "target", "", size, Reason("MEASURABLE", text, lesion.id))


def _non_target(lesion: LesionBaseline, flag: str, code: str, text: str) -> Eligibility:
    return Eligibility(lesion.id, "non_target", flag, None, Reason(code, text, lesion.id))


def _node(lesion: LesionBaseline) -> Eligibility:
    size = lesion.short_axis_mm
    if size is None:
        return _non_target(lesion, "UNKNOWN", "NO_SHORT_AXIS", "a node needs its short axis")
    if size < _NODE_MM:
        reason = Reason("NODE_NORMAL", f"short axis {size} mm is below 10 mm", lesion.id)
        return Eligibility(lesion.id, "none", "NORMAL", None, reason)
    if _treated_unchanged(lesion):
        return _non_target(lesion, "NONMEASURABLE", *_TREATED)
    limit, rule = _limit(lesion)
    if size < limit:
        flag = "NONTARGET" if size < _NODE_TARGET_MM else "NONMEASURABLE"
        text = f"short axis {size} mm is below {limit} mm ({rule})"
        return _non_target(lesion, flag, "NODE_SMALL", text)
    text = f"short axis {size} mm is at least {limit} mm ({rule})"
    return Eligibility(lesion.id, "target", "", size, Reason("MEASURABLE", text, lesion.id))


_TREATED = (
    "IRRADIATED",
    "treated locally before, no progression shown since",
)


def _treated_unchanged(lesion: LesionBaseline) -> bool:
    return lesion.previously_irradiated is True and lesion.progressed_since is not True


def _not_measurable(lesion: LesionBaseline) -> tuple[str, str, str] | None:
    if _treated_unchanged(lesion):
        return "NONMEASURABLE", *_TREATED
    if lesion.kind == "bone_blastic":
        return "NONMEASURABLE", "BONE_BLASTIC", "blastic bone lesions are not measurable"
    if lesion.kind in ("bone_lytic", "bone_mixed") and lesion.soft_tissue_mm is None:
        text = "a bone lesion is measurable only through a soft-tissue part, whose size is missing"
        return "NONMEASURABLE", "BONE_NO_SOFT_TISSUE", text
    if lesion.kind == "simple_cyst":
        return "NONMEASURABLE", "CYST", "a simple cyst is no disease"
    if lesion.kind == "effusion":
        return "NONMEASURABLE", "EFFUSION", "an effusion is not measurable"
    return None


def _limit(lesion: LesionBaseline) -> tuple[Decimal, str]:
    usual = _NODE_TARGET_MM if lesion.is_node else _LESION_MM
    if lesion.method == "chest_x_ray":
        return _CHEST_FILM_MM, "chest film"
    if lesion.method == "caliper":
        return _LESION_MM, "caliper"
    if lesion.slice_mm is not None and lesion.slice_mm > _THIN_SLICE_MM:
        return max(usual, 2 * lesion.slice_mm), f"slices of {lesion.slice_mm} mm"
    return usual, "node short axis" if lesion.is_node else "longest diameter"


def choose_targets(
    lesions: Iterable[LesionBaseline],
    *,
    max_targets: int = MAX_TARGETS,
    max_per_organ: int = MAX_PER_ORGAN,
) -> tuple[tuple[str, ...], tuple[Eligibility, ...]]:
    """Return the ids of the targets to follow and what every lesion was found to be.

    The largest measurable lesions are taken first, solid before cystic, within both limits; ties
    go by name, so the order of the lesions does not matter.
    """
    listed = tuple(lesions)
    found = {lesion.id: eligibility(lesion) for lesion in listed}
    able = [lesion for lesion in listed if found[lesion.id].role == "target"]
    able.sort(key=lambda x: (x.kind == "cystic_metastasis", -(x.size_mm or 0), x.id))
    chosen: list[str] = []
    used: Counter[str] = Counter()
    for lesion in able:
        organ = organ_of(lesion)
        if len(chosen) < max_targets and used[organ] < max_per_organ:
            chosen.append(lesion.id)
            used[organ] += 1
    return tuple(chosen), tuple(found[lesion.id] for lesion in listed)


def eligibility_notes(record: PatientRecord) -> tuple[Reason, ...]:
    """Return what the choice of targets and new targets of a record does against the rules.

    Notes only: a record is read by the targets that its reader chose.
    """
    targets = record.targets
    notes = []
    for lesion in targets:
        found = eligibility(lesion)
        if found.role != "target":
            text = f"target, but {found.reason.text}"
            notes.append(Reason(f"TARGET_{found.reason.code}", text, lesion.id))
        if lesion.previously_irradiated is None:
            text = "not known whether it was treated locally before"
            notes.append(Reason("TREATED_BEFORE_UNKNOWN", text, lesion.id))
    notes += _limits("target", targets)
    new: dict[str, NewLesion] = {}
    for visit in record.visits:
        for fresh in visit.new_lesions:
            if fresh.measured:
                new.setdefault(fresh.id, fresh)
    return (*notes, *_limits("new target", tuple(new.values())))


def _limits(what: str, lesions: Sequence[LesionBaseline | NewLesion]) -> list[Reason]:
    notes = []
    if len(lesions) > MAX_TARGETS:
        text = f"{len(lesions)} {what} lesions; at most {MAX_TARGETS}"
        notes.append(Reason("TOO_MANY_TARGETS", text))
    named = Counter(organ_of(lesion) for lesion in lesions if organ_of(lesion))
    for organ, count in sorted(named.items()):
        if count > MAX_PER_ORGAN:
            text = f"{count} {what} lesions in {organ}; at most {MAX_PER_ORGAN}"
            notes.append(Reason("TOO_MANY_IN_ORGAN", text))
    return notes
