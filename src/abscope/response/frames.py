"""A case as the response criteria read it: one frame per course, baseline to last examination.

The baseline is the last examination before the course. Lesions with a size that counts are target
lesions as far as eligibility allows, all others are followed as non-target; a lesion that a visit
does not mention is not imaged, never unchanged. Examinations of specimens are left out. Where a
time is not known the visits keep their order, and nothing that needs days is derived.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, get_args

from abscope.case.clock import Clock, Span
from abscope.case.lesion import Lesion
from abscope.case.observation import Finding, Imaging
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.response.eligibility import choose_targets
from abscope.response.recist import Overall
from abscope.response.records import (
    Kind,
    LesionBaseline,
    Measurement,
    NewLesion,
    PatientRecord,
    State,
    Visit,
    mm,
)
from abscope.response.trajectory import is_specimen

__all__ = [
    "DatedScans",
    "Frame",
    "build_frame",
    "examinations",
    "is_baseline",
    "rt_frame",
    "treated_before",
]

#: Examinations with their middle day from day zero (d), None where it is not known.
DatedScans = tuple[tuple[Imaging, float | None], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The record of one course for the criteria, or the reason why there is none.

    ``ordered_only`` marks that some time is not known: the days of the record are then mere ranks.
    ``in_field`` are the lesions that the course surely meant to treat, ``possible`` those that it
    may have.
    """

    id: str
    baseline: str | None
    record: PatientRecord | None
    ordered_only: bool
    in_field: frozenset[str]
    possible: frozenset[str]
    notes: tuple[str, ...]


def examinations(case: Case, *, clock: Clock) -> DatedScans:
    """Return the examinations of the patient with their middle day, in time order where known."""
    found = []
    for scan in case.imaging:
        if is_specimen(scan):
            continue
        span = clock.fact(scan.when)
        found.append((scan, span.middle_d if span else None))
    if all(day is not None for _, day in found):
        found.sort(key=lambda item: item[1] or 0.0)
    return tuple(found)


def rt_frame(case: Case, course: RTCourse, *, clock: Clock) -> Frame:
    """Return the frame of one radiotherapy course."""
    scans = examinations(case, clock=clock)
    start = clock.event(f"{course.id}.start")
    before = [
        index
        for index, (scan, _) in enumerate(scans)
        if is_baseline(scan, clock.fact(scan.when), start)
    ]
    treated, possible = frozenset(course.targets), frozenset(course.targets_uncertain)
    if not before:
        missing = ("no examination before the course",)
        return Frame(course.id, None, None, False, treated, possible, missing)
    frame = build_frame(case, course.id, scans=scans[before[-1] :], clock=clock)
    return replace(frame, in_field=treated, possible=possible)


def is_baseline(scan: Imaging, span: Span | None, start: Span | None) -> bool:
    """Return whether an examination precedes a course; its stated role decides without times."""
    if span is None or start is None:
        return scan.role == "baseline"
    day = span.middle_d
    return span.high_d <= start.high_d if day is None else day <= start.high_d


def build_frame(
    case: Case,
    name: str,
    *,
    scans: DatedScans,
    clock: Clock,
) -> Frame:
    """Return the frame whose baseline is the first of ``scans``."""
    baseline, first_day = scans[0]
    notes: list[str] = []
    earlier = None
    if first_day is not None:
        earlier = treated_before(case, clock=clock, day_d=first_day, surely=True)
    lesions = _baseline(case, baseline, earlier, notes)
    unknown = [scan.id for scan, day in scans if day is None]
    if unknown:
        notes.append(f"times not known: {', '.join(unknown)}; visits keep their order")
    known = {lesion.id for lesion in lesions}
    seen_earlier = _seen_before(case, baseline)
    visits: list[Visit] = []
    for rank, (scan, day) in enumerate(scans[1:], start=1):
        day_d = float(rank) if unknown or day is None else day
        treated = treated_before(case, clock=clock, day_d=day)
        visits.append(_visit(case, scan, day_d, lesions, seen_earlier, treated))
        seen_earlier |= {finding.lesion for finding in scan.findings}
    missing = sorted(
        {f.lesion for s, _ in scans[1:] for f in s.findings}
        - known
        - {new.id for visit in visits for new in visit.new_lesions}
    )
    if missing:
        notes.append(f"followed but not seen at baseline: {', '.join(missing)}")
    if not visits:
        notes.append("no examination after the baseline")
    if lesions and not any(lesion.role == "target" for lesion in lesions):
        notes.append("no lesion with a size that counts at baseline: no sum of diameters")
    record = PatientRecord(
        subject=case.id,
        lesions=lesions,
        visits=tuple(visits),
        reference_d=0.0 if unknown or first_day is None else first_day,
        baseline_d=0.0 if unknown or first_day is None else first_day,
        day_zero=None if unknown else clock.zero_date,
        source=case.id,
        sizes_checked=True,
    )
    nobody: frozenset[str] = frozenset()
    return Frame(name, baseline.id, record, bool(unknown), nobody, nobody, tuple(notes))


def treated_before(
    case: Case, *, clock: Clock, day_d: float | None, surely: bool = False
) -> frozenset[str]:
    """Return the lesions that radiotherapy or a procedure can have treated before a day.

    With ``surely`` only those that it must have treated: the course or procedure began before the
    day whatever its time is, and its time is known.
    """
    found: set[str] = set()
    for course in case.rt_courses:
        start = clock.event(f"{course.id}.start")
        if _earlier(start, day_d, surely=surely, open_means=not surely):
            found.update(course.targets)
    for procedure in case.procedures:
        when = clock.event(procedure.id)
        known = procedure.kind in ("resection", "ablation", "embolization")
        if known and _earlier(when, day_d, surely=surely, open_means=day_d is None and not surely):
            found.update(procedure.lesions)
    return frozenset(found)


def _earlier(span: Span | None, day_d: float | None, *, surely: bool, open_means: bool) -> bool:
    if span is None or day_d is None:
        return open_means
    return (span.high_d if surely else span.low_d) < day_d


def _baseline(
    case: Case, scan: Imaging, earlier: frozenset[str] | None, notes: list[str]
) -> tuple[LesionBaseline, ...]:
    found: list[LesionBaseline] = []
    slice_mm = scan.slice_mm.value if scan.slice_mm else None
    for finding in scan.findings:
        lesion = case.lesions_by_id.get(finding.lesion)
        if lesion is None or _state(finding) in ("absent", "not_imaged"):
            continue
        size = finding.size_mm.value if finding.size_mm else None
        node = lesion.is_node is True
        if node and size is not None and finding.axis != "short":
            notes.append(f"{lesion.id}: a node without its short axis is followed as non-target")
            size = None
        if finding.size_mm is not None and size is None and finding.size_mm.bounds:
            notes.append(f"{lesion.id}: a size known only as an interval is not summed")
        found.append(
            LesionBaseline(
                id=lesion.id,
                role="non_target",
                organ=lesion.sites[0].organ if lesion.sites else lesion.id,
                kind=_kind(lesion),
                diameter_mm=None if node else _decimal(size),
                short_axis_mm=_decimal(size) if node else None,
                slice_mm=_decimal(slice_mm),
                previously_irradiated=None if earlier is None else lesion.id in earlier,
                progressed_since=_grew(finding),
            )
        )
    chosen, verdicts = choose_targets(found)
    normal = {verdict.lesion for verdict in verdicts if verdict.role == "none"}
    notes += [
        f"{verdict.lesion}: {verdict.reason.text}"
        for verdict, lesion in zip(verdicts, found, strict=True)
        if verdict.role != "target" and lesion.previously_irradiated
    ]
    return tuple(
        replace(lesion, role="target" if lesion.id in chosen else "non_target")
        for lesion in found
        if lesion.id not in normal
    )


def _grew(finding: Finding) -> bool | None:
    """Whether the finding itself shows progression; None where it does not say."""
    word = finding.change.value if finding.change else None
    return True if word in ("increased", "markedly_increased", "new", "reappeared") else None


def _decimal(size: float | None) -> Decimal | None:
    return None if size is None else mm(size)


def _kind(lesion: Lesion) -> Kind:
    if lesion.is_node:
        return "node"
    if lesion.sites and all(site.kind == "bone" for site in lesion.sites):
        kind = lesion.bone_type.value if lesion.bone_type else None
        return {"lytic": "bone_lytic", "mixed": "bone_mixed"}.get(kind or "", "bone_blastic")  # type: ignore[return-value]
    if lesion.sites and all(site.kind == "skin" for site in lesion.sites):
        return "skin"
    if lesion.cystic and lesion.cystic.value:
        return "cystic_metastasis"
    return "soft_tissue"


def _seen_before(case: Case, baseline: Imaging) -> set[str]:
    seen: set[str] = set()
    for scan in case.imaging:
        seen |= {finding.lesion for finding in scan.findings}
        if scan.id == baseline.id:
            break
    return seen


def _state(finding: Finding) -> State:
    if finding.state == "too_small":
        return "too_small"
    if finding.state in ("absent", "not_imaged", "not_evaluable", "split", "merged"):
        return finding.state
    word = finding.change.value if finding.change else None
    if word in ("gone", "complete_response"):
        return "absent"
    if finding.size_mm is not None and finding.size_mm.value is not None:
        return "absent" if finding.size_mm.value == 0 else "measured"
    return "present" if word or finding.text or finding.stated_response else "not_evaluable"


def _measurement(finding: Finding, lesion: LesionBaseline, treated: frozenset[str]) -> Measurement:
    state = _state(finding)
    size = finding.size_mm.value if finding.size_mm else None
    word = finding.change.value if finding.change else None
    return Measurement(
        lesion=lesion.id,
        state=state,
        diameter_mm=None if lesion.is_node or state != "measured" else _decimal(size),
        short_axis_mm=_decimal(size) if lesion.is_node and state == "measured" else None,
        fragments_mm=tuple(mm(part) for part in finding.fragments_mm),
        merged_with=finding.merged_with,
        unequivocal_growth=word in ("increased", "markedly_increased", "reappeared"),
        increased=word in ("increased", "markedly_increased"),
        treated_locally=lesion.id in treated,
    )


def _visit(
    case: Case,
    scan: Imaging,
    day_d: float,
    lesions: tuple[LesionBaseline, ...],
    seen: set[str],
    treated: frozenset[str],
) -> Visit:
    findings = {finding.lesion: finding for finding in scan.findings}
    measurements = [
        _measurement(findings[lesion.id], lesion, treated)
        if lesion.id in findings
        else Measurement(lesion=lesion.id, state="not_imaged", treated_locally=lesion.id in treated)
        for lesion in lesions
    ]
    new: list[NewLesion] = []
    for name, finding in findings.items():
        lesion = case.lesions_by_id.get(name)
        word = finding.change.value if finding.change else None
        if lesion is None or name in seen or word != "new":
            continue
        certain: Literal["unequivocal", "equivocal"] = "unequivocal"
        if finding.unequivocal is not None and finding.unequivocal.value is False:
            certain = "equivocal"
        new.append(
            NewLesion(
                id=name,
                certainty=certain,
                organ=lesion.sites[0].organ if lesion.sites else name,
                kind=_kind(lesion),
            )
        )
    return Visit(
        id=scan.id,
        day_d=day_d,
        measurements=tuple(measurements),
        new_lesions=tuple(new),
        for_symptoms=bool(scan.for_symptoms and scan.for_symptoms.value),
        stated_overall=_category(scan),
    )


def _category(scan: Imaging) -> str | None:
    """The stated overall response where it is a category; the authors' prose is not one."""
    stated = scan.stated_response.value if scan.stated_response else None
    return stated if stated in get_args(Overall) else None
