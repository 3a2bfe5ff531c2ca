"""The data of a case after the start of its simulation: when, and what was read of which lesion."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from abscope.blood.alc.counts import counts_of_case
from abscope.case.clock import Clock
from abscope.case.facts import Quantity
from abscope.case.observation import Finding, Imaging, Lab
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.infer.moments import Moment, moments_of_count, moments_of_fact
from abscope.infer.readings import (
    ChangeReading,
    CountReading,
    GoneReading,
    NumberReading,
    Reading,
    SizeReading,
    Span,
    SumReading,
)
from abscope.model.case_frame import case_frame
from abscope.model.values import AGENTS

__all__ = ["CaseData", "Visit", "data_of_case"]

_VANISHED = ("complete_response", "gone")
_WORDS = ("markedly_decreased", "decreased", "slightly_decreased", "stable", "increased",
          "markedly_increased")  # fmt: skip
_CATEGORIES = (
    (r"\bcomplete\b.*(response|remission)|\bCR\b|\bCMR\b", "complete_response"),
    (r"\bpartial\b.*(response|remission)|\bPR\b|\bPMR\b", "partial_response"),
    (r"\bstable\b|\bSD\b|\bSMD\b", "stable_disease"),
    (r"\bprogress|\bPD\b|\bPMD\b", "progressive_disease"),
)
#: Names of the unit mg/L in a record.
_MG_PER_L = ("mg/l", "ug/ml", "mcg/ml", "µg/ml", "μg/ml")
#: A count of 0 is read as below this (`abscope.blood.alc.counts`).
_LEAST_PER_UL = 10.0


@dataclass(frozen=True, slots=True)
class Visit:
    """Readings that share a time; ``before`` is the visit that changes are against, None: start."""

    label: str
    moments: tuple[Moment, ...]
    readings: tuple[Reading, ...]
    before: str | None = None


@dataclass(frozen=True, slots=True)
class CaseData:
    """Everything that a fit compares with, and in words what of the record it does not use."""

    visits: tuple[Visit, ...]
    notes: tuple[str, ...]

    @property
    def n_readings(self) -> int:
        """Return how many facts there are."""
        return sum(len(visit.readings) for visit in self.visits)

    @property
    def lesions(self) -> tuple[str, ...]:
        """Return the lesions that any reading is of."""
        names = [r.lesion for visit in self.visits for r in visit.readings if r.lesion]
        return tuple(dict.fromkeys(names))


def data_of_case(case: Case, *, lesions: Collection[str]) -> CaseData:
    """Return what the record tells after the start of the simulation of its ``lesions``."""
    clock = Clock(case)
    frame = case_frame(case, clock)
    notes: list[str] = []
    visits: list[Visit] = []
    seen = False
    for scan in case.imaging:
        seen = seen or scan is frame.scan
        if scan is frame.scan or scan.role == "baseline":
            continue
        if scan.modalities is not None and scan.modalities.candidates == (("pathology",),):
            continue
        moments = moments_of_fact(case, clock, scan.when)
        late = [one for one in moments if one.anchor or one.high_d > frame.start.high_d]
        if moments and not late:
            if any(finding.size_mm or finding.volume_ml for finding in scan.findings):
                notes.append(f"{scan.id} is before the start: its sizes are not used")
            continue
        if not moments:
            if scan.findings and scan.role == "follow_up":
                notes.append(f"{scan.id} has no place in time and is not used")
            continue
        visits += _visits_of_scan(case, scan, tuple(late), lesions, notes)
    visits += _counts(case, clock, notes)
    visits += [visit for lab in case.labs if (visit := _level(case, clock, lab, notes))]
    return CaseData(tuple(visit for visit in visits if visit.readings), tuple(notes))


def _visits_of_scan(
    case: Case, scan: Imaging, moments: tuple[Moment, ...], lesions: Collection[str],
    notes: list[str],
) -> list[Visit]:  # fmt: skip
    """Return the readings of a scan, apart for each examination that changes are against."""
    metabolic, by_before = _metabolic(scan), dict[str | None, list[Reading]]()
    for finding in scan.findings:
        if finding.lesion not in lesions:
            if finding.lesion in case.lesions_by_id:
                notes.append(f"{finding.lesion} at {scan.id}: not simulated, not used")
            continue
        found = _reading(finding, metabolic)
        if found is None:
            notes.append(f"{finding.lesion} at {scan.id}: nothing that can be compared")
            continue
        before = finding.relative_to if isinstance(found, ChangeReading) else None
        by_before.setdefault(before, []).append(found)
        number = _number(finding)
        if number is not None and not isinstance(found, (GoneReading, NumberReading)):
            by_before.setdefault(None, []).append(number)
    if not by_before and scan.stated_response is not None:
        words = _categories(tuple(scan.stated_response.candidates))
        if words:
            says = f"{scan.id}: {' or '.join(scan.stated_response.candidates)}"
            by_before[None] = [SumReading(tuple(lesions), words, says)]
    known = {one.id for one in case.imaging}
    return [
        Visit(scan.id, moments, tuple(readings), before if before in known else None)
        for before, readings in by_before.items()
    ]


def _metabolic(scan: Imaging) -> bool | None:
    """Return whether what a scan does not see is uptake; None where versions differ."""
    versions = scan.modalities.candidates if scan.modalities is not None else ()
    found = {any(word.startswith("PET") for word in version) for version in versions}
    return found.pop() if len(found) == 1 else (None if found else False)


def _reading(finding: Finding, metabolic: bool | None) -> Reading | None:
    name, words = finding.lesion, tuple(finding.change.candidates) if finding.change else ()
    if finding.state in ("not_imaged", "not_evaluable", "merged"):
        return None
    size = _sized(finding)
    if size is not None:
        return size
    gone = finding.state == "absent" or (words and all(word in _VANISHED for word in words))
    if gone:
        says = f"{name} {words[0].replace('_', ' ') if words else 'absent'}"
        return GoneReading(name, False, metabolic, says)
    if finding.state == "too_small":
        return GoneReading(name, True, False, f"{name} too small to measure")
    changes = tuple(word for word in words if word in _WORDS)
    if changes:
        said = " or ".join(word.replace("_", " ") for word in changes)
        return ChangeReading(name, changes, f"{name} {said}")
    if finding.stated_response is not None:
        categories = _categories(tuple(finding.stated_response.candidates))
        if categories == ("complete_response",):
            return GoneReading(name, False, metabolic, f"{name} complete response")
        if categories:
            said = " or ".join(word.replace("_", " ") for word in categories)
            return ChangeReading(name, categories, f"{name} {said}")
    return _number(finding)


def _sized(finding: Finding) -> SizeReading | None:
    name = finding.lesion
    if finding.fragments_mm and finding.state == "split":
        return None
    for quantity, key in ((finding.volume_ml, "volume"), (finding.size_mm, "size")):
        spans = _spans(quantity)
        if not spans:
            continue
        unit = "ml" if key == "volume" else "mm"
        said = " or ".join(_written(span) for span in spans)
        kind = "volume" if key == "volume" else "short" if finding.axis == "short" else "longest"
        return SizeReading(name, kind, spans, f"{name} {said} {unit}")  # type: ignore[arg-type]
    return None


def _spans(quantity: Quantity | None) -> tuple[Span, ...]:
    if quantity is None:
        return ()
    found = [
        Span(item.value, item.value) if item.value is not None else Span(item.low, item.high)
        for item in (quantity.versions or (quantity,))
    ]
    return tuple(
        dict.fromkeys(span for span in found if (span.low or 0.0) > 0.0 or (span.high or 0.0) > 0.0)
    )


def _written(span: Span) -> str:
    if span.exact:
        return f"{span.low:g}"
    return f"{span.low or 0:g} to {span.high:g}" if span.high else f"above {span.low:g}"


def _number(finding: Finding) -> NumberReading | None:
    values = [x for x in (finding.count.candidates if finding.count else ()) if isinstance(x, int)]
    if len(values) != 1:
        return None
    return NumberReading(finding.lesion, values[0], f"{finding.lesion}: {values[0]} seen")


def _categories(texts: tuple[str, ...]) -> tuple[str, ...]:
    found = [
        next((word for rule, word in _CATEGORIES if re.search(rule, text, re.IGNORECASE)), None)
        for text in texts
    ]
    return tuple(dict.fromkeys(word for word in found if word is not None))


def _counts(case: Case, clock: Clock, notes: list[str]) -> list[Visit]:
    found = counts_of_case(case, clock)
    notes += found.notes
    sd = case_prior("count_cv").value
    return [
        Visit(
            f"lymphocytes {count.label}",
            moments_of_count(case, count),
            (CountReading(count.values_per_ul, sd, "", _LEAST_PER_UL,
                          f"{' or '.join(f'{x:g}' for x in count.values_per_ul)} lymphocytes/uL"),),
        )
        for count in found.counts
    ]  # fmt: skip


def _level(case: Case, clock: Clock, lab: Lab, notes: list[str]) -> Visit | None:
    """Return the level of a drug that the model knows (mg/L)."""
    agent = lab.test.strip().lower().removesuffix(" level").removesuffix(" concentration")
    if agent not in AGENTS or lab.value is None:
        return None
    values = tuple(x for x in lab.value.candidates if x > 0.0)
    moments = moments_of_fact(case, clock, lab.when)
    if not values or not moments or (lab.unit or "").lower() not in _MG_PER_L:
        notes.append(f"the level of {agent} has no number in mg/L or no place in time, not used")
        return None
    sd = case_prior("level_cv").value
    says = f"{agent} {' or '.join(f'{x:g}' for x in values)} mg/L"
    return Visit(says, moments, (CountReading(values, sd, AGENTS[agent], 0.0, says),))
