"""What a computed dose says of the exposure of a lesion in one course.

A course of several plans has one computed record per plan: the most exposed class counts, and plans
that are each out of field must stay so together, inflation times the sum of their D2 below the
no-dose line. Of a group that the record holds as one lesion, each member is judged on its own. A
dose that somebody stated and that does not agree leaves the exposure uncertain.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from abscope.case.facts import Quantity
from abscope.case.radiotherapy import Exposure
from abscope.catalog.exposure import exposure_line
from abscope.response.dose_lines import ExposureLines

__all__ = ["ComputedExposure", "ComputedName", "computed_exposure"]

ComputedName = Literal["in_field", "partial", "low_dose", "out_of_field", "uncertain", "unknown"]
_ORDER: tuple[ComputedName, ...] = ("out_of_field", "unknown", "low_dose", "partial", "in_field")
_Span = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class ComputedExposure:
    """The class over the plans of a course; 'unknown' where the doses leave it to other evidence.

    ``dose_gy`` is the interval of the summed mean, None where a mean is missing. ``evidence`` is D0
    where doses decide, D1 where out of field rests on a confirmed distance.
    """

    name: ComputedName
    evidence: Literal["D0", "D1"]
    dose_gy: _Span | None
    reasons: tuple[str, ...]


def computed_exposure(
    recorded: tuple[Exposure, ...],
    *,
    stated_gy: _Span | None,
    words: frozenset[str],
    lines: ExposureLines,
) -> ComputedExposure | None:
    """Return what the computed records of one lesion in one course say; None without any.

    ``stated_gy`` is the interval of a stated mean dose and ``words`` the stated classes, both only
    to say where they do not agree.
    """
    members: dict[str | None, list[Exposure]] = {}
    for item in recorded:
        if item.computed_class is not None:
            members.setdefault(item.region, []).append(item)
    if not members:
        return None
    found = {region: _over_plans(items, lines) for region, items in members.items()}
    name, dose, reasons = _over_members(found) if len(found) > 1 else next(iter(found.values()))
    if (fault := _disagreement(name, stated_gy, lines)) is not None:
        name = "uncertain"
        reasons.append(fault)
    if "out_of_field" in words and name in ("low_dose", "partial", "in_field"):
        reasons.append("the words 'out of field' do not agree with the computed dose")
    by_distance = name == "out_of_field" and dose is None
    return ComputedExposure(name, "D1" if by_distance else "D0", dose, tuple(reasons))


_Found = tuple[ComputedName, _Span | None, list[str]]


def _over_plans(computed: list[Exposure], lines: ExposureLines) -> _Found:
    """Class, summed mean dose and reasons over the plans of one course."""
    classes = [
        name for item in computed if item.computed_class for name in item.computed_class.candidates
    ]
    name: ComputedName = max(classes, key=_ORDER.index, default="unknown")
    decisive = sorted(computed, key=lambda item: _class_of(item) != name)
    reasons = list(dict.fromkeys(reason for item in decisive for reason in item.reasons))
    dose = _sum([item.mean_dose_gy for item in computed])
    if name == "unknown" and all(_inside(item) for item in computed):
        name = "uncertain"
    if name == "out_of_field" and len(computed) > 1:
        top = _sum([item.d2_dose_gy for item in computed])
        if top is not None and top[1] is not None and lines.inflation * top[1] >= lines.low_gy:
            name = "uncertain"
            reasons.insert(
                0,
                f"the D2 of its plans sum to {top[1]:.2f} Gy, times {lines.inflation:g} not below "
                f"{lines.low_gy:g} Gy",
            )
    return name, dose, reasons


def _class_of(item: Exposure) -> str | None:
    return item.computed_class.value if item.computed_class is not None else None


def _over_members(found: Mapping[str | None, _Found]) -> _Found:
    """The class that holds for every member of a group, the interval of their doses.

    Which member responded is not known: the group is out of field only where each one is.
    """
    classes = Counter(name for name, _, _ in found.values())
    if len(classes) == 1:
        name = next(iter(classes))
    elif set(classes) <= {"low_dose", "partial", "in_field"}:
        name = min(classes, key=_ORDER.index)
    else:
        name = "unknown" if set(classes) == {"out_of_field", "unknown"} else "uncertain"
    counted = ", ".join(
        f"{classes[word]} {word.replace('_', ' ')}"
        for word in (*_ORDER, "uncertain")
        if classes[word]
    )
    reasons = [f"a group of {len(found)}: {counted}"]
    reasons += [f"{region}: {said[0]}" for region, (_, _, said) in found.items() if said]
    doses = [dose for _, dose, _ in found.values()]
    known = [dose for dose in doses if dose is not None]
    if len(known) < len(doses):
        return name, None, reasons
    highs = [high for _, high in known]
    high = None if None in highs else max(high for high in highs if high is not None)
    return name, (min(low or 0.0 for low, _ in known), high), reasons


def _inside(item: Exposure) -> bool:
    """Whether the lesion lies inside the dose grid, so that its dose is known."""
    share = item.in_grid_frac.value if item.in_grid_frac is not None else None
    return share is not None and share >= exposure_line("in_grid_share_frac").value


def _sum(amounts: list[Quantity | None]) -> _Span | None:
    spans = [amount.bounds for amount in amounts if amount is not None]
    known = [span for span in spans if span is not None]
    if len(known) < len(amounts):
        return None
    highs = [high for _, high in known]
    total = None if None in highs else sum(high for high in highs if high is not None)
    return sum(low or 0.0 for low, _ in known), total


def _disagreement(name: ComputedName, stated_gy: _Span | None, lines: ExposureLines) -> str | None:
    """Why a stated dose and a computed class cannot both be right."""
    if stated_gy is None or name in ("uncertain", "unknown"):
        return None
    low, high = stated_gy[0] or 0.0, stated_gy[1]
    none = high is not None and high < lines.low_gy
    if none and name != "out_of_field":
        return f"stated with at most {high:g} Gy, computed {name.replace('_', ' ')}"
    if low >= lines.low_gy and name == "out_of_field":
        return f"stated with {low:g} Gy or more, computed out of field"
    return None
