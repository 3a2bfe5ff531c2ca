"""The abscopal call: did disease outside every field respond, and does anything else explain it?

Per lesion that was not a target, and per course: exposure, response, rivals. From these the call in
two readings. *Strict*: the responding lesion has a known dose below the no-dose line or lies in
another body region, no systemic therapy, no rival cause. *Field-only*: the same with the authors'
words 'out of field' accepted as no dose. ``yes``, ``possible_confounded``, ``no`` (lesions outside
the fields were followed and none responded, or new disease appeared with the response), or
``cannot_judge`` (no lesion outside the fields of which the response can be judged).
"""

from dataclasses import dataclass
from typing import Literal

from abscope.case.clock import Clock, Span
from abscope.case.lesion import Lesion
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.response.context import context_caveats
from abscope.response.contradictions import respond_in_versions
from abscope.response.dose_lines import ExposureLines, lines_from_catalog
from abscope.response.exposure import (
    CourseView,
    Evidence,
    LesionExposure,
    classify,
    view_courses,
    worst,
)
from abscope.response.rivals import (
    Rival,
    drug_rivals,
    endocrine_rival,
    lesion_rivals,
    onset_window_d,
)
from abscope.response.trajectory import Reading, Trajectory, readings

__all__ = ["AbscopalCall", "Call", "Candidate", "Scene", "abscopal_call", "candidates"]

Call = Literal["yes", "possible_confounded", "no", "cannot_judge"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One lesion that was not a sure target, after one course.

    ``obstacles`` make its response unusable as evidence; ``rivals`` compete with radiotherapy as
    the cause. ``strict`` and ``field_only`` are the verdicts on this lesion; None where it did not
    respond.
    """

    lesion: str
    course: str
    exposure: LesionExposure
    path: Trajectory
    obstacles: tuple[str, ...]
    rivals: tuple[Rival, ...]
    strict: Call | None
    field_only: Call | None


@dataclass(frozen=True, slots=True)
class AbscopalCall:
    """The call of a case in both readings, with the lesions, the reasons and what would change it.

    ``evidence`` is the dose evidence of the lesion that decides the call; ``decisive`` that lesion.
    """

    strict: Call
    field_only: Call
    evidence: Evidence
    decisive: str | None
    irradiated: tuple[str, ...]
    possibly_irradiated: tuple[str, ...]
    new_after: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    would_change: tuple[str, ...]
    lines: ExposureLines


def candidates(
    case: Case, *, lines: ExposureLines, clock: Clock | None = None
) -> tuple[Candidate, ...]:
    """Return every lesion that no course before its response surely meant to treat."""
    timer = clock or Clock(case)
    found = readings(case, clock=timer)
    roles = {scan.id: scan.role for scan in case.imaging}
    views = view_courses(case)
    out: list[Candidate] = []
    for lesion in case.lesions:
        if any(lesion.id in view.targets for view in views) and len(views) == 1:
            continue
        best: Candidate | None = None
        for course in case.rt_courses:
            path = respond_in_versions(
                found.get(lesion.id, ()), lesion=lesion.id, course=course, clock=timer, roles=roles
            )
            candidate = _candidate(
                case, lesion, path=path, course=course, scene=(timer, views, lines)
            )
            if candidate is not None and (best is None or _rank(candidate) >= _rank(best)):
                best = candidate
        if best is not None:
            out.append(best)
    return tuple(out)


Scene = tuple[Clock, tuple[CourseView, ...], ExposureLines]


def _rank(candidate: Candidate) -> tuple[int, int, int]:
    order: tuple[Call | None, ...] = (None, "no", "cannot_judge", "possible_confounded", "yes")
    return (
        order.index(candidate.strict),
        order.index(candidate.field_only),
        int(candidate.path.response != "NE"),
    )


def _candidate(
    case: Case, lesion: Lesion, *, path: Trajectory, course: RTCourse, scene: Scene
) -> Candidate | None:
    clock, views, lines = scene
    seen = path.first.span if path.first else None
    earlier = [view for view in views if _began_before(view.course, course, seen, clock)]
    exposure = worst([classify(lesion, view=view, lines=lines) for view in earlier], lesion.id)
    if exposure.intended == "target" or _gone_before(case, lesion, course, clock):
        return None
    rivals = _rivals(case, lesion, course=course, path=path, clock=clock) if path.responded else ()
    obstacles = _obstacles(lesion, exposure, path, rivals) if path.responded else ()
    return Candidate(
        lesion=lesion.id,
        course=course.id,
        exposure=exposure,
        path=path,
        obstacles=obstacles,
        rivals=rivals,
        strict=_verdict(exposure.exposure, path, obstacles, rivals),
        field_only=_verdict(exposure.accepted, path, obstacles, rivals),
    )


def _began_before(course: RTCourse, index: RTCourse, seen: Span | None, clock: Clock) -> bool:
    """Whether a course can have begun before the response (the index course always has)."""
    if course.id == index.id:
        return True
    start = clock.event(f"{course.id}.start")
    if start is None:
        return True
    if seen is not None:
        return start.low_d < seen.high_d
    reference = clock.event(f"{index.id}.start")
    return reference is None or start.low_d <= reference.high_d


def _gone_before(case: Case, lesion: Lesion, course: RTCourse, clock: Clock) -> bool:
    """Whether the lesion was surely removed before the course."""
    start = clock.event(f"{course.id}.start")
    for procedure in case.procedures:
        if procedure.kind != "resection" or lesion.id not in procedure.lesions:
            continue
        when = clock.event(procedure.id)
        if start is not None and when is not None and when.high_d <= start.low_d:
            return True
    return False


def _rivals(
    case: Case, lesion: Lesion, *, course: RTCourse, path: Trajectory, clock: Clock
) -> tuple[Rival, ...]:
    until = path.first.span if path.first else None
    found = list(drug_rivals(case, course=course, clock=clock, until=until))
    found += lesion_rivals(case, lesion, path=path, clock=clock)
    endocrine = endocrine_rival(case, course=course)
    if endocrine is not None:
        found.append(endocrine)
    found += _medication_rivals(case)
    return tuple(found)


def _medication_rivals(case: Case) -> list[Rival]:
    given = [m for m in case.medications if m.kind == "steroid" and m.given.value]
    lymphoid = (
        case.diagnosis.tumor_type is not None and case.diagnosis.tumor_type.value == "lymphoma"
    )
    if given:
        kind: Literal["rival", "caveat"] = "rival" if lymphoid else "caveat"
        return [Rival("steroids", kind, "steroids were given")]
    if any(m.kind == "steroid" for m in case.medications):
        return []
    return [Rival("steroids-unknown", "caveat", "whether steroids were given is not known")]


def _obstacles(
    lesion: Lesion, exposure: LesionExposure, path: Trajectory, rivals: tuple[Rival, ...]
) -> tuple[str, ...]:
    out: list[str] = []
    longest_d = onset_window_d()[2]
    if exposure.intended == "possible_target" and exposure.evidence != "D0":
        out.append(f"{lesion.id} may itself have been irradiated")
    if path.baseline is None and any(r.word == "new" for r in path.after):
        out.append(f"{lesion.id} did not exist before the course: it appeared after it")
    if path.first is not None and path.first.uncertain:
        out.append(f"what {lesion.id} did is only inferred")
    if path.onset_d is not None and path.onset_d.low_d > longest_d:
        months = path.onset_d.low_d / 30.4375
        out.append(
            f"{lesion.id} responded {months:.0f} months or more after the course, later than any "
            f"published abscopal response ({longest_d / 30.4375:.0f} months)"
        )
    if path.onset_d is not None and path.onset_d.high_d < 0:
        out.append(f"{lesion.id} responded before the course")
    out += [rival.text for rival in rivals if rival.code == "locally-treated"]
    return tuple(out)


def _verdict(
    exposure: str, path: Trajectory, obstacles: tuple[str, ...], rivals: tuple[Rival, ...]
) -> Call | None:
    if not path.responded:
        return None
    if obstacles:
        return "cannot_judge"
    if exposure in ("low_dose", "partial", "in_field"):
        return "no"
    if exposure != "out_of_field" or any(rival.kind == "rival" for rival in rivals):
        return "possible_confounded"
    return "yes"


def abscopal_call(case: Case, *, lines: ExposureLines | None = None) -> AbscopalCall:
    """Return the call of a case, each part with its reason. Needs no size: words are enough."""
    chosen = lines or lines_from_catalog()
    clock = Clock(case)
    found = candidates(case, lines=chosen, clock=clock)
    new_after = _new_after(found)
    strict, reasons = _overall([c.strict for c in found], found, new_after)
    field_only, _ = _overall([c.field_only for c in found], found, new_after)
    decisive = _decisive(found)
    irradiated = tuple(dict.fromkeys(t for course in case.rt_courses for t in course.targets))
    possible = tuple(
        dict.fromkeys(t for course in case.rt_courses for t in course.targets_uncertain)
    )
    rivals = decisive.rivals if decisive else ()
    around = context_caveats(
        case,
        paths=tuple(item.path for item in found if item.exposure.intended == "not_target"),
        start=clock.event(f"{decisive.course}.start") if decisive else None,
        clock=clock,
    )
    if decisive is not None:
        reasons += [f"{decisive.lesion}: {text}" for text in decisive.exposure.reasons]
        reasons += [rival.text for rival in rivals if rival.kind == "rival"]
        reasons += list(decisive.obstacles)
    return AbscopalCall(
        strict=strict,
        field_only=field_only,
        evidence=decisive.exposure.evidence if decisive else "D3",
        decisive=decisive.lesion if decisive else None,
        irradiated=irradiated,
        possibly_irradiated=tuple(t for t in possible if t not in irradiated),
        new_after=new_after,
        candidates=found,
        reasons=tuple(dict.fromkeys(reasons)),
        caveats=tuple(
            dict.fromkeys(rival.text for rival in (*rivals, *around) if rival.kind == "caveat")
        ),
        would_change=_would_change(case, found, decisive),
        lines=chosen,
    )


def _new_after(found: tuple[Candidate, ...]) -> tuple[str, ...]:
    """Lesions that appeared after the course, no later than the first response, and stayed."""
    firsts = [c.path.first for c in found if c.path.responded and c.path.first]
    out = []
    for candidate in found:
        births = [r for r in candidate.path.after if r.word == "new"]
        if not births or candidate.path.responded:
            continue
        if not firsts or any(_no_later(births[0], first) for first in firsts):
            out.append(candidate.lesion)
    return tuple(out)


def _no_later(one: Reading, other: Reading) -> bool:
    """Whether a reading is not after another: by time where both are placed, else as recorded."""
    if one.span is not None and other.span is not None:
        return one.span.low_d <= other.span.high_d
    return one.index <= other.index


def _overall(
    verdicts: list[Call | None], found: tuple[Candidate, ...], new_after: tuple[str, ...]
) -> tuple[Call, list[str]]:
    given = [verdict for verdict in verdicts if verdict is not None]
    followed = [c for c in found if c.path.response in ("SD", "PD")]
    if "yes" in given or "possible_confounded" in given:
        if new_after:
            return "no", [f"new disease ({', '.join(new_after)}) appeared with the response"]
        best: Call = "yes" if "yes" in given else "possible_confounded"
        who = [c.lesion for c, v in zip(found, verdicts, strict=True) if v == best]
        return best, [f"{', '.join(who)} responded outside the targets"]
    if "cannot_judge" in given:
        return "cannot_judge", ["every response outside the targets has an obstacle"]
    if given:
        return "no", ["only lesions that got a dose themselves responded"]
    if followed:
        return "no", [
            f"{', '.join(c.lesion for c in followed)}: followed outside the targets, no response"
        ]
    return "cannot_judge", ["no lesion outside the targets was followed"]


def _decisive(found: tuple[Candidate, ...]) -> Candidate | None:
    responders = [c for c in found if c.path.responded]
    if responders:
        return max(responders, key=_rank)
    followed = [c for c in found if c.path.response in ("SD", "PD")]
    pool = followed or list(found)
    return min(pool, key=lambda c: c.exposure.evidence, default=None)


def _would_change(
    case: Case, found: tuple[Candidate, ...], decisive: Candidate | None
) -> tuple[str, ...]:
    """What a person could still find out that would move the call."""
    out: list[str] = []
    if not case.rt_courses:
        return ("the radiotherapy: no course is recorded",)
    seen = [c for c in found if c.path.before or c.path.after]
    open_dose = [c.lesion for c in seen if c.exposure.evidence in ("D2", "D3")]
    if open_dose:
        out.append(f"the dose of {', '.join(open_dose[:6])} from the plan")
    unsized = [c.lesion for c in seen if c.path.change_frac is None]
    if unsized:
        out.append(f"sizes of {', '.join(unsized[:6])} before and after")
    unfollowed = [c.lesion for c in seen if c.path.response == "NE"]
    if unfollowed:
        out.append(f"what became of {', '.join(unfollowed[:6])}")
    codes = {rival.code for rival in decisive.rivals} if decisive else set()
    wanted = {
        "concurrent-drug": "the dates of each drug dose, and the lesion on the drug before",
        "ongoing-drug": "how the lesion moved on the same drug before the course",
        "drugs-unknown": "which drugs were given, and when",
        "trend-unknown": "an earlier scan that shows how the lesion moved before the course",
        "ovarian-dose": "ovarian dose, menstrual history and estradiol",
        "steroids-unknown": "whether and when steroids were given",
        "no-histology": "histology of the responding lesion",
        "onset-unknown": "the dates of the course and of the scans",
    }
    out += [text for code, text in wanted.items() if code in codes]
    return tuple(out)
