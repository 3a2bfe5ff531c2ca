"""What each lesion adds to a sum at a visit, and why it adds nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from abscope.response.policy import Policy
from abscope.response.records import LesionBaseline, Measurement, NewLesion, Visit

__all__ = [
    "NODE_NORMAL_MM",
    "THIN_SLICE_MM",
    "TOO_SMALL_MM",
    "Contribution",
    "Reason",
    "code_lesion",
    "code_lesions",
    "treated_until",
]

#: Entered for a lesion that is there but too small to measure (Eisenhauer 2009,
#: doi 10.1016/j.ejca.2008.10.026, section 4.3.2).
TOO_SMALL_MM = Decimal(5)
#: A node with a shorter short axis is normal (same source, section 3.1.1).
NODE_NORMAL_MM = Decimal(10)
#: Above this slice interval a lesion must be twice as long as the interval (same source).
THIN_SLICE_MM = Decimal(5)

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a trail: a code that programs can count and a sentence that people can read."""

    code: str
    text: str
    lesion: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one lesion adds to the sum of diameters at one visit.

    ``value_mm`` is None where the lesion cannot be judged: the sum is then incomplete, never
    smaller. ``resolved`` says that the lesion no longer stands against a complete response.
    ``flags`` are DEFAULT5, SPLIT, MERGED, SLICE, LOCAL_TX; ``reason`` says why there is no value.
    """

    lesion: str
    value_mm: Decimal | None
    resolved: bool
    flags: tuple[str, ...] = ()
    reason: Reason | None = None
    day_d: float | None = None


def treated_until(visits: Iterable[Visit]) -> frozenset[str]:
    """Return the lesions that were resected or treated locally at or before the last visit."""
    return frozenset(
        m.lesion
        for visit in visits
        for m in visit.measurements
        if m.treated_locally or m.state == "resected"
    )


def code_lesions(
    lesions: Iterable[LesionBaseline | NewLesion],
    *,
    visit: Visit,
    policy: Policy,
    treated: Collection[str] = (),
) -> tuple[Contribution, ...]:
    """Return what each of the lesions adds at the visit, in the order of the lesions.

    ``treated`` names the lesions that had local treatment by now; the policy says what follows.
    """
    return tuple(
        _after_treatment(code_lesion(lesion, visit=visit), policy)
        if lesion.id in treated
        else code_lesion(lesion, visit=visit)
        for lesion in lesions
    )


def code_lesion(lesion: LesionBaseline | NewLesion, *, visit: Visit) -> Contribution:
    """Return what one lesion adds at the visit, before any policy on local treatment.

    A lesion that the visit does not mention was not imaged; it is never taken to be 0 mm.
    """
    found = visit.of(lesion.id)
    if found is None:
        reason = Reason("NOT_MENTIONED", "the visit has no entry for this lesion", lesion.id)
        return Contribution(lesion.id, None, resolved=False, reason=reason)
    coded = _by_state(lesion, found, visit)
    return Contribution(
        lesion.id,
        coded.value_mm,
        resolved=coded.resolved,
        flags=coded.flags + _slice_flag(lesion, found, coded.value_mm),
        reason=coded.reason,
        day_d=visit.day_d if found.day_d is None else found.day_d,
    )


def _by_state(lesion: LesionBaseline | NewLesion, found: Measurement, visit: Visit) -> Contribution:
    match found.state:
        case "absent":
            return Contribution(lesion.id, _ZERO, resolved=True)
        case "not_imaged":
            return _unknown(lesion.id, "NOT_IMAGED", "not imaged")
        case "not_evaluable":
            return _unknown(lesion.id, "NOT_EVALUABLE", "imaged but not evaluable")
        case "resected":
            return _unknown(lesion.id, "RESECTED", "resected, which is no response", "LOCAL_TX")
        case "present":
            return _unknown(lesion.id, "NO_SIZE", "seen, but without a size")
        case "merged":
            return _merged(lesion, found, visit)
        case "split":
            total = sum(found.fragments_mm, _ZERO)
            return Contribution(lesion.id, total, _gone(lesion, total), flags=("SPLIT",))
        case "too_small":
            size = _size(lesion, found)
            value = TOO_SMALL_MM if size is None else size
            flags = ("DEFAULT5",) if size is None else ()
            return Contribution(lesion.id, value, lesion.is_node and _gone(lesion, value), flags)
        case _:
            return _measured(lesion, found)


def _measured(lesion: LesionBaseline | NewLesion, found: Measurement) -> Contribution:
    size = _size(lesion, found)
    if size is not None:
        return Contribution(lesion.id, size, resolved=_gone(lesion, size))
    if lesion.is_node and found.diameter_mm is not None:
        text = "a node counts with its short axis; only the longest diameter is given"
        return _unknown(lesion.id, "NO_SHORT_AXIS", text)
    return _unknown(lesion.id, "NO_SIZE", "measured, but without a size")


def _merged(lesion: LesionBaseline | NewLesion, found: Measurement, visit: Visit) -> Contribution:
    size = _size(lesion, found)
    if size is not None:
        return Contribution(lesion.id, size, resolved=False, flags=("MERGED",))
    partner = visit.of(found.merged_with) if found.merged_with else None
    if partner is not None and partner.state == "merged" and _size(lesion, partner) is not None:
        return Contribution(lesion.id, _ZERO, resolved=False, flags=("MERGED",))
    text = f"merged with {found.merged_with or 'an unnamed lesion'}, of which no size is given"
    return _unknown(lesion.id, "MERGED_WITHOUT_SIZE", text, "MERGED")


def _unknown(lesion: str, code: str, text: str, flag: str = "") -> Contribution:
    flags = (flag,) if flag else ()
    return Contribution(lesion, None, False, flags, Reason(code, text, lesion))


def _size(lesion: LesionBaseline | NewLesion, found: Measurement) -> Decimal | None:
    return found.short_axis_mm if lesion.is_node else found.diameter_mm


def _gone(lesion: LesionBaseline | NewLesion, size: Decimal) -> bool:
    return size < NODE_NORMAL_MM if lesion.is_node else size == 0


def _slice_flag(
    lesion: LesionBaseline | NewLesion, found: Measurement, value: Decimal | None
) -> tuple[str, ...]:
    baseline = lesion.slice_mm if isinstance(lesion, LesionBaseline) else None
    interval = baseline if found.slice_mm is None else found.slice_mm
    if found.state != "measured" or value is None or interval is None or interval <= THIN_SLICE_MM:
        return ()
    return ("SLICE",) if 0 < value < 2 * interval else ()


def _after_treatment(coded: Contribution, policy: Policy) -> Contribution:
    flags = coded.flags if "LOCAL_TX" in coded.flags else (*coded.flags, "LOCAL_TX")
    value, resolved, reason = coded.value_mm, coded.resolved, coded.reason
    if policy.treated_target == "NE" and value is not None:
        value, resolved = None, False
        reason = Reason("LOCAL_TX", "treated locally; the policy makes it NE", coded.lesion)
    return Contribution(coded.lesion, value, resolved, flags, reason, coded.day_d)
