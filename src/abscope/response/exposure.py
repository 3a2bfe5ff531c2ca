"""What each lesion got from each course: exposure class, whether it was meant, how it is known.

Two independent axes, never mixed: was the lesion a target, and what dose did it get. A lesion that
was a target at 10 Gy is an in-field lesion at low dose, never an abscopal one. A dose that nobody
reported is unknown; it counts as out of field only where the anatomy makes it so (evidence D1) or,
in the second reading, where the authors say so (D2).

A class that was computed from the plan (`abscope.dose.exposure_table`) goes before words; where it
is unknown, because the lesion lies outside the dose grid, anatomy and words decide as without it.

Evidence: D0 dose known or bounded; D1 another body region than every target; D2 stated out of
field, in the same or a neighboring region or at a site that is not visible; D3 neither, or stated
so although several targets share its region, one lies in the same organ, or no site is visible.

Lines: below ``low_gy`` no dose, up to ``high_gy`` low dose (Menon 2019, doi 10.1186/
s40425-019-0718-6; Welsh 2019, doi 10.1158/2326-6066.CIR-18-0793).
"""

from dataclasses import dataclass, replace
from typing import Literal

from abscope.case.anatomy import SITES, Relation, relation
from abscope.case.facts import Quantity
from abscope.case.lesion import Lesion
from abscope.case.radiotherapy import Exposure, RTCourse
from abscope.case.record import Case
from abscope.response.computed_exposure import ComputedExposure, computed_exposure
from abscope.response.dose_lines import ExposureLines, lines_from_catalog

__all__ = [
    "CourseView", "Evidence", "ExposureName", "Intended", "LesionExposure", "classify",
    "exposures", "prescribed_gy", "view_courses", "worst",
]  # fmt: skip

Intended = Literal["target", "possible_target", "not_target"]
ExposureName = Literal["in_field", "partial", "low_dose", "out_of_field", "uncertain", "unknown"]
Evidence = Literal["D0", "D1", "D2", "D3"]

#: From least to most exposed; what is not known stands between.
_ORDER: tuple[ExposureName, ...] = (
    "out_of_field", "uncertain", "unknown", "low_dose", "partial", "in_field",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LesionExposure:
    """The exposure of one lesion in one course, or over several (``course`` joined by '+').

    ``exposure`` is the strict reading, ``accepted`` the reading that takes the authors' words
    'out of field' for no dose. ``dose_gy`` is the known interval (None for an open end), or None.
    """

    lesion: str
    course: str
    intended: Intended
    exposure: ExposureName
    accepted: ExposureName
    evidence: Evidence
    where: Relation
    dose_gy: tuple[float | None, float | None] | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course with what the classification asks of it, gathered once for all lesions."""

    course: RTCourse
    targets: frozenset[str]
    possible_targets: frozenset[str]
    sites_of: dict[str, frozenset[str]]
    phase_sites: frozenset[str]
    recorded: dict[str, tuple[Exposure, ...]]
    prescribed_gy: tuple[float | None, float | None]


def view_courses(case: Case) -> tuple[CourseView, ...]:
    """Return a view of every course of a case."""
    return tuple(_view(case, course) for course in case.rt_courses)


def _view(case: Case, course: RTCourse) -> CourseView:
    recorded: dict[str, tuple[Exposure, ...]] = {}
    for item in course.exposures:
        recorded[item.lesion] = (*recorded.get(item.lesion, ()), item)
    sites_of: dict[str, frozenset[str]] = {}
    for name in (*course.targets, *course.targets_uncertain):
        sites_of[name] = frozenset(site.name for site in case.lesions_by_id[name].sites)
    return CourseView(
        course=course,
        targets=frozenset(course.targets),
        possible_targets=frozenset(course.targets_uncertain),
        sites_of=sites_of,
        phase_sites=frozenset(site for phase in course.phases for site in phase.sites),
        recorded=recorded,
        prescribed_gy=prescribed_gy(course),
    )


def exposures(case: Case, *, lines: ExposureLines | None = None) -> tuple[LesionExposure, ...]:
    """Return one exposure per lesion and course of a case, in the order of the record."""
    chosen = lines or lines_from_catalog()
    views = view_courses(case)
    return tuple(
        classify(lesion, view=view, lines=chosen) for lesion in case.lesions for view in views
    )


def classify(lesion: Lesion, *, view: CourseView, lines: ExposureLines) -> LesionExposure:
    """Return what one lesion got from one course."""
    recorded = view.recorded.get(lesion.id, ())
    stated = tuple(item for item in recorded if item.computed_class is None)
    dose, words = _recorded_dose(stated), _words(recorded)
    computed = computed_exposure(recorded, stated_gy=dose, words=words, lines=lines)
    if computed is not None and computed.dose_gy is not None:
        dose = computed.dose_gy
    where = _where(lesion, view)
    intended = _intended(lesion.id, view, words)
    course = view.course.id
    if intended == "target":
        name, reasons = _as_target(view, recorded, dose, lines, computed)
        return LesionExposure(
            lesion.id, course, intended, name, name, _known(dose), where, dose, reasons
        )
    if computed is not None and computed.name != "unknown":
        return LesionExposure(
            lesion.id, course, intended, computed.name, computed.name, computed.evidence, where,
            computed.dose_gy, computed.reasons,
        )  # fmt: skip
    if computed is not None:
        others = replace(view, recorded={**view.recorded, lesion.id: stated})
        found = classify(lesion, view=others, lines=lines)
        return replace(found, reasons=(*computed.reasons, *found.reasons))
    if dose is not None:
        name, reasons = _by_dose(dose, lines, words)
        return LesionExposure(lesion.id, course, intended, name, name, "D0", where, dose, reasons)
    if intended == "possible_target":
        reason = f"{lesion.id} may have been a target of {course}; no dose is reported"
        return LesionExposure(
            lesion.id, course, intended, "unknown", "unknown", "D3", where, None, (reason,)
        )
    return _without_dose(lesion, view, words, where, lines)


def _without_dose(
    lesion: Lesion,
    view: CourseView,
    words: frozenset[str],
    where: Relation,
    lines: ExposureLines,
) -> LesionExposure:
    stated = words == {"out_of_field"}
    name: ExposureName = "unknown"
    accepted: ExposureName = "out_of_field" if "out_of_field" in words else "unknown"
    evidence: Evidence = "D3"
    reasons: list[str] = []
    bound_gy = _scatter_bound_gy(view, lines)
    dose: tuple[float | None, float | None] | None = None
    if where == "remote":
        name = accepted = "out_of_field"
        evidence = "D1"
        reasons.append(f"{lesion.label} lies in another body region than every target")
    elif stated and bound_gy is not None and bound_gy < lines.low_gy:
        name = accepted = "out_of_field"
        evidence, dose = "D0", (0.0, bound_gy)
        reasons.append(
            f"stated out of field; scatter from this course is at most {bound_gy:.2g} Gy, "
            f"below {lines.low_gy:g} Gy"
        )
    elif stated and (near := _beside_fields(lesion, view)):
        reasons.append(f"stated out of field, but {near}")
    elif stated:
        evidence = "D2"
        place = {"same": "in the same body region as", "near": "next to"}.get(where)
        reasons.append(
            f"stated out of field, but {place} a target and no dose is reported"
            if place
            else "stated out of field; where it lies to the targets is not visible"
        )
    else:
        if len(words) > 1:
            reasons.append("the source is read in several ways: " + ", ".join(sorted(words)))
        elif not words:
            reasons.append("nothing is stated about its dose")
        else:
            reasons.append(f"recorded as {next(iter(words))}")
        reasons.append(
            {
                "same": "it shares a body region with a target",
                "near": "it lies next to a target",
                "unknown": "its site is not known",
            }[where]
        )
    return LesionExposure(
        lesion.id,
        view.course.id,
        "not_target",
        name,
        accepted,
        evidence,
        where,
        dose,
        tuple(reasons),
    )


def worst(found: list[LesionExposure], lesion: str) -> LesionExposure:
    """Return the exposure over several courses: the most exposed class, its weakest evidence.

    An abscopal candidate must be out of field in every course before its response.
    """
    if not found:
        return LesionExposure(
            lesion, "", "not_target", "out_of_field", "out_of_field", "D0", "remote",
            (0.0, 0.0), ("no radiotherapy before this time",),
        )  # fmt: skip
    if len(found) == 1:
        return found[0]
    intents: tuple[Intended, ...] = ("target", "possible_target", "not_target")
    wheres: tuple[Relation, ...] = ("same", "near", "unknown", "remote")
    decisive = max(found, key=lambda item: _ORDER.index(item.exposure))
    dose: tuple[float | None, float | None] | None = None
    if all(item.dose_gy is not None for item in found):
        lows = [item.dose_gy[0] or 0.0 for item in found if item.dose_gy]
        highs = [item.dose_gy[1] for item in found if item.dose_gy]
        dose = (sum(lows), None if None in highs else sum(x for x in highs if x is not None))
    return LesionExposure(
        lesion=lesion,
        course="+".join(item.course for item in found),
        intended=min((item.intended for item in found), key=intents.index),
        exposure=decisive.exposure,
        accepted=max((item.accepted for item in found), key=_ORDER.index),
        evidence=max(item.evidence for item in found if item.exposure == decisive.exposure),
        where=min((item.where for item in found), key=wheres.index),
        dose_gy=dose,
        reasons=tuple(f"{item.course}: {reason}" for item in found for reason in item.reasons),
    )


def _known(dose: tuple[float | None, float | None] | None) -> Evidence:
    return "D3" if dose is None else "D0"


def _recorded_dose(recorded: tuple[Exposure, ...]) -> tuple[float | None, float | None] | None:
    """The interval of the mean dose summed over records; the maximum is used where no mean is."""
    spans = []
    for item in recorded:
        amount = item.mean_dose_gy or item.max_dose_gy
        if amount is not None and amount.bounds is not None:
            low, high = amount.bounds
            spans.append((low if item.mean_dose_gy else None, high))
    if not spans:
        return None
    lows = [low or 0.0 for low, _ in spans]
    highs = [high for _, high in spans]
    return sum(lows), None if None in highs else sum(x for x in highs if x is not None)


def _words(recorded: tuple[Exposure, ...]) -> frozenset[str]:
    return frozenset(
        word for item in recorded if item.stated_class for word in item.stated_class.candidates
    )


def _intended(lesion: str, view: CourseView, words: frozenset[str]) -> Intended:
    if lesion in view.targets or words == {"in_field"}:
        return "target"
    return "possible_target" if lesion in view.possible_targets else "not_target"


def _where(lesion: Lesion, view: CourseView) -> Relation:
    """The closest relation of the lesion to any site that the course treated or may have."""
    others = {name: sites for name, sites in view.sites_of.items() if name != lesion.id}
    names = view.phase_sites.union(*others.values())
    pairs = {relation(mine, SITES[name]) for mine in lesion.sites for name in names}
    if "same" in pairs:
        return "same"
    if "near" in pairs:
        return "near"
    blind = not pairs or any(not sites for sites in others.values())
    return "unknown" if blind or "unknown" in pairs else "remote"


def _beside_fields(lesion: Lesion, view: CourseView) -> str:
    """Why words cannot exclude a dose: nothing is visible, or targets lie beside the lesion."""
    sites = {name: [SITES[s] for s in sites] for name, sites in view.sites_of.items()}
    if not lesion.sites and not view.phase_sites and not any(sites.values()):
        return "neither its site nor that of the target is visible"
    around = [
        name
        for name, others in sites.items()
        if any(relation(mine, other) == "same" for mine in lesion.sites for other in others)
    ]
    if len(around) >= 2:
        return f"{len(around)} targets share its body region ({', '.join(around)})"
    organs = {site.organ for site in lesion.sites if site.kind == "parenchymal"}
    own = [name for name in around if organs & {site.organ for site in sites[name]}]
    return f"{own[0]} is a target in the same organ" if own else ""


def prescribed_gy(course: RTCourse) -> tuple[float | None, float | None]:
    """Return the interval of the summed prescription of a course; None where it is not known."""
    low_sum, high_sum = 0.0, 0.0
    low_known = high_known = True
    for phase in course.phases:
        bounds = _phase_total(phase.total_dose_gy, phase.dose_per_fraction_gy, phase)
        if bounds is None or bounds[0] is None:
            low_known = False
        else:
            low_sum += bounds[0]
        if bounds is None or bounds[1] is None:
            high_known = False
        else:
            high_sum += bounds[1]
    return (low_sum if low_known else None, high_sum if high_known else None)


def _phase_total(
    total: Quantity | None, per_fraction: Quantity | None, phase: object
) -> tuple[float | None, float | None] | None:
    if total is not None and total.bounds is not None:
        return total.bounds
    planned = getattr(phase, "n_fractions_planned", None)
    if per_fraction is None or per_fraction.bounds is None or not (planned and planned.candidates):
        return None
    low, high = per_fraction.bounds
    counts = planned.candidates
    return (
        None if low is None else low * min(counts),
        None if high is None else high * max(counts),
    )


def _scatter_bound_gy(view: CourseView, lines: ExposureLines) -> float | None:
    high = view.prescribed_gy[1]
    return None if high is None else high * lines.scatter_frac * lines.inflation


def _as_target(
    view: CourseView,
    recorded: tuple[Exposure, ...],
    dose: tuple[float | None, float | None] | None,
    lines: ExposureLines,
    computed: ComputedExposure | None,
) -> tuple[ExposureName, tuple[str, ...]]:
    reasons = [f"a target of {view.course.id}"]
    if computed is not None:
        reasons += computed.reasons
        if computed.name == "partial":
            return "partial", tuple(reasons)
    parts = [item.partial_frac for item in recorded if item.partial_frac is not None]
    if any(part.bounds and part.bounds[1] is not None and part.bounds[1] < 1 for part in parts):
        return "partial", (*reasons, "part of it lies outside the 50 % isodose")
    low, high = dose or view.prescribed_gy
    if dose is not None and high is not None and high < lines.low_gy:
        reasons.append(f"its dose is below {lines.low_gy:g} Gy: delivery error? Query it")
    elif high is not None and high <= lines.high_gy:
        reasons.append(f"low-dose target: at most {high:g} Gy")
    elif low is not None and low <= lines.high_gy:
        reasons.append("its dose is known only as an interval")
    return "in_field", tuple(reasons)


def _by_dose(
    dose: tuple[float | None, float | None], lines: ExposureLines, words: frozenset[str]
) -> tuple[ExposureName, tuple[str, ...]]:
    low, high = dose[0] or 0.0, dose[1]
    span = f"{low:g} Gy" if low == high else f"{low:g} to {'?' if high is None else f'{high:g}'} Gy"
    reasons = [f"its dose is {span}"]
    if "out_of_field" in words and (high is None or high >= lines.low_gy):
        reasons.append("the words 'out of field' do not agree with that dose")
    if high is not None and high < lines.low_gy:
        return "out_of_field", tuple(reasons)
    if high is not None and low >= lines.low_gy and high <= lines.high_gy:
        return "low_dose", tuple(reasons)
    if low > lines.high_gy:
        reasons.append("not a target: unplanned in-field dose, query it")
        return "in_field", tuple(reasons)
    reasons.append(f"the interval straddles the {lines.low_gy:g} or {lines.high_gy:g} Gy line")
    return "uncertain", tuple(reasons)
