"""How one lesion moved: its readings on the time axis and what they amount to after a course.

Sizes are judged by the RECIST thresholds on the single lesion (-30 %, +20 % and 5 mm), words are
kept as words: 'decreased' is a regression that RECIST cannot evaluate. A reading that says nothing
of the lesion is no reading.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from abscope.case.clock import Clock, Span
from abscope.case.lesion import Lesion
from abscope.case.observation import Finding, Imaging
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case

__all__ = [
    "LesionResponse", "Reading", "Trajectory", "Verdict", "Word", "changes", "course_span",
    "days_after", "is_specimen", "readings", "respond",
]  # fmt: skip

Word = Literal["gone", "regressed", "stable", "present", "grown", "new", "reappeared"]
LesionResponse = Literal["CR", "PR", "regression", "SD", "PD", "NE"]

_WORDS: dict[str, Word] = {
    "complete_response": "gone", "gone": "gone", "markedly_decreased": "regressed",
    "decreased": "regressed", "slightly_decreased": "regressed", "stable": "stable",
    "present": "present", "increased": "grown", "markedly_increased": "grown", "new": "new",
    "reappeared": "reappeared",
}  # fmt: skip

#: RECIST 1.1 thresholds on one lesion (Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026).
_PR_FRAC, _PD_FRAC, _PD_MM, _NODE_NORMAL_MM = -0.30, 0.20, 5.0, 10.0
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Reading:
    """One lesion at one examination; ``size_mm`` is 0 where the lesion is stated to be gone.

    ``index`` is the place in the record, which orders readings whose time is not known. Where the
    source gives several sizes or an interval, ``size_mm`` is None and ``versions`` has the reading
    with the smallest and the one with the largest of them.
    """

    scan: str
    index: int
    span: Span | None
    size_mm: float | None
    word: Word | None
    uncertain: bool = False
    versions: tuple["Reading", ...] = ()


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What one lesion did after one course.

    ``response`` is the best one; ``change_frac`` the deepest measured change from ``baseline``
    (signed), None without sizes; ``first`` the reading that first shows the response; ``lapsed``
    the later reading that takes it back, if any; ``confirmed`` whether a second reading at least
    28 days later still shows it (None where times are not known).
    """

    lesion: str
    course: str
    before: tuple[Reading, ...]
    after: tuple[Reading, ...]
    baseline: Reading | None
    response: LesionResponse
    change_frac: float | None
    first: Reading | None
    lapsed: Reading | None
    confirmed: bool | None
    onset_d: Span | None
    reasons: tuple[str, ...]

    @property
    def responded(self) -> bool:
        """Whether the lesion shrank by the criteria or by the words of the source."""
        return self.response in ("CR", "PR", "regression")


def course_span(clock: Clock, course: RTCourse) -> tuple[Span | None, Span | None]:
    """Return when a course started and ended, each None where nothing ties it to day zero."""
    return clock.event(f"{course.id}.start"), clock.event(f"{course.id}.end")


def changes(path: Trajectory) -> tuple[tuple[Reading, float], ...]:
    """Return the reference reading with 0.0, then every later size with its signed change (frac).

    change = size / size of the reference - 1, so a lesion that is gone has -1.0. The reference is
    the baseline, or the first size after the course where no size was taken before it. Empty
    where no size can serve as reference; readings in words only are left out.
    """
    reference = path.baseline if path.baseline and path.baseline.size_mm else None
    later = path.after
    if reference is None:
        first = next((n for n, reading in enumerate(later) if reading.size_mm), None)
        if first is None:
            return ()
        reference, later = later[first], later[first + 1 :]
    base_mm = reference.size_mm or math.nan
    sized = ((reading, reading.size_mm) for reading in later)
    found = ((reading, size / base_mm - 1) for reading, size in sized if size is not None)
    return ((reference, 0.0), *found)


def days_after(start: Span | None, *, span: Span | None) -> Span | None:
    """Return the days that may lie between a start and a time; None where either is not known."""
    if start is None or span is None:
        return None
    return Span(span.low_d - start.high_d, span.high_d - start.low_d)


def readings(case: Case, *, clock: Clock) -> dict[str, tuple[Reading, ...]]:
    """Return every informative reading per lesion, in time order or the record's where unknown."""
    found: dict[str, list[Reading]] = {}
    for index, scan in enumerate(case.imaging):
        if is_specimen(scan):
            continue
        span = clock.fact(scan.when)
        for finding in scan.findings:
            lesion = case.lesions_by_id.get(finding.lesion)
            reading = lesion and _with_versions(lesion, scan, finding, index, span)
            if reading:
                found.setdefault(finding.lesion, []).append(reading)
    for items in found.values():
        if all(r.span is not None for r in items):
            items.sort(key=lambda r: (_middle(r.span), r.index))
    return {name: tuple(items) for name, items in found.items()}


def is_specimen(scan: Imaging) -> bool:
    """Return whether an examination was of a specimen: its sizes are no follow-up of a lesion."""
    methods = scan.modalities.candidates if scan.modalities else ()
    return bool(methods) and all(set(names) == {"pathology"} for names in methods)


def _middle(span: Span | None) -> float:
    if span is None:
        return 0.0
    if span.bounded:
        return (span.low_d + span.high_d) / 2
    return span.high_d if math.isfinite(span.high_d) else span.low_d


def _with_versions(
    lesion: Lesion, scan: Imaging, finding: Finding, index: int, span: Span | None
) -> Reading | None:
    size = finding.size_mm
    if size is None or size.value is not None:
        return _read(lesion, scan, finding, index, span, None if size is None else size.value)
    alone = _read(lesion, scan, finding, index, span, None)
    ends = [x for x in size.bounds or () if x is not None]
    if len(ends) < 2:  # open to one side, such as "> 60 mm"
        return alone
    both = [_read(lesion, scan, finding, index, span, end) for end in ends]
    versions = tuple(reading for reading in both if reading is not None)
    if not versions:
        return alone
    return replace(alone or Reading(scan.id, index, span, None, None), versions=versions)


def _read(
    lesion: Lesion,
    scan: Imaging,
    finding: Finding,
    index: int,
    span: Span | None,
    size: float | None,
) -> Reading | None:
    word: Word | None = None
    uncertain = False
    if finding.change is not None:
        words = {_WORDS[item] for item in finding.change.candidates}
        uncertain = len(words) > 1 or finding.change.status == "inferred"
        word = _WORDS[finding.change.value] if finding.change.value else None
        if word is None and len(words) == 1:
            word = words.pop()
    if finding.state in ("not_imaged", "not_evaluable"):
        return None
    if finding.state == "absent":
        word = "gone"
    if finding.state == "split" and finding.fragments_mm:
        size = sum(finding.fragments_mm)
    if finding.state == "too_small" and size is None:
        size = 5.0
    if word is None and finding.stated_response is not None:
        word = _stated(finding.stated_response.value)
    if word == "gone" or size == 0:
        word, size = "gone", 0.0
    if size is None and word is None:
        return None
    if lesion.is_node and finding.axis == "short" and size is not None and word is None:
        word = "gone" if size < _NODE_NORMAL_MM and span is not None and index > 0 else None
    return Reading(scan.id, index, span, size, word, uncertain)


def _stated(text: str | None) -> Word | None:
    names: dict[str, Word] = {
        "CR": "gone", "CMR": "gone", "PR": "regressed", "PMR": "regressed", "SD": "stable",
        "SMD": "stable", "PD": "grown", "PMD": "grown",
    }  # fmt: skip
    return names.get(text or "")


def respond(
    found: tuple[Reading, ...],
    *,
    lesion: str,
    course: RTCourse,
    clock: Clock,
    roles: Mapping[str, str | None],
) -> Trajectory:
    """Return what a lesion did after a course, judged against its last reading before it.

    ``roles`` gives for each scan whether the record calls it baseline or follow-up. A reading that
    has neither one size nor a word is left out; `respond_in_versions` judges those.
    """
    found = tuple(r for r in found if r.size_mm is not None or r.word is not None)
    start, end = course_span(clock, course)
    before = tuple(r for r in found if _is_before(r, start, roles[r.scan]))
    after = tuple(r for r in found if r not in before)
    baseline = before[-1] if before else None
    if baseline is not None and baseline.size_mm is None:
        sized = [r for r in before if r.size_mm is not None]
        baseline = sized[-1] if sized else baseline
    verdicts, reasons = _verdicts(baseline, after)
    best, first = _best(verdicts)
    if best == "NE" and not after:
        reasons.append("no reading after the course")
    lapsed = _lapse(first, after) if best in ("CR", "PR", "regression") else None
    changes = [change for _, _, change in verdicts if change is not None]
    return Trajectory(
        lesion=lesion,
        course=course.id,
        before=before,
        after=after,
        baseline=baseline,
        response=best,
        change_frac=min(changes, default=None),
        first=first,
        lapsed=lapsed,
        confirmed=_confirmed(first, after, verdicts),
        onset_d=_onset(first, start, end),
        reasons=tuple(reasons),
    )


def _is_before(reading: Reading, start: Span | None, role: str | None) -> bool:
    if role is not None:
        reference = role == "baseline"
        if reading.span is None or start is None:
            return reference
    if reading.span is None or start is None:
        return reading.word == "present" and reading.index == 0
    if reading.span.high_d <= start.high_d:
        return True
    return reading.span.low_d < start.low_d and _middle(reading.span) < _middle(start)


Verdict = tuple[Reading, LesionResponse, float | None]


def _verdicts(
    baseline: Reading | None, after: tuple[Reading, ...]
) -> tuple[list[Verdict], list[str]]:
    out: list[Verdict] = []
    reasons: list[str] = []
    base = baseline.size_mm if baseline and baseline.size_mm else None
    nadir = base
    for reading in after:
        change = None
        if reading.size_mm is not None and base:
            change = reading.size_mm / base - 1
        verdict = _one(reading, nadir, change)
        out.append((reading, verdict, change))
        if change is not None:
            reasons.append(
                f"{reading.scan}: {base:g} -> {reading.size_mm:g} mm "
                f"({100 * change:+.1f} %): {verdict}"
            )
            nadir = min(x for x in (base, nadir, reading.size_mm) if x is not None)
        elif verdict != "NE":
            reasons.append(f"{reading.scan}: '{reading.word}' in words: {verdict}")
        if reading.size_mm is not None and base is None and reading.size_mm > 0:
            base = nadir = reading.size_mm
    return out, reasons


def _one(reading: Reading, nadir: float | None, change: float | None) -> LesionResponse:
    if reading.word == "gone":
        return "CR"
    if change is not None and nadir is not None and reading.size_mm is not None:
        growth = reading.size_mm - nadir
        if growth >= _PD_MM - _TOLERANCE and growth >= _PD_FRAC * nadir - _TOLERANCE:
            return "PD"
        return "PR" if change <= _PR_FRAC + _TOLERANCE else "SD"
    by_word: dict[Word, LesionResponse] = {
        "regressed": "regression", "stable": "SD", "grown": "PD", "new": "PD", "reappeared": "PD",
    }  # fmt: skip
    return by_word.get(reading.word, "NE") if reading.word else "NE"


def _best(verdicts: list[Verdict]) -> tuple[LesionResponse, Reading | None]:
    shrunk = [(r, v) for r, v, _ in verdicts if v in ("CR", "PR", "regression")]
    if shrunk:
        order = ("CR", "PR", "regression")
        best = min((v for _, v in shrunk), key=order.index)
        return best, shrunk[0][0]
    for name in ("SD", "PD"):
        hit = next((r for r, v, _ in verdicts if v == name), None)
        if hit is not None:
            return name, hit
    return "NE", None


def _lapse(first: Reading | None, after: tuple[Reading, ...]) -> Reading | None:
    """The first later reading that takes the response back: regrowth, reappearance."""
    if first is None:
        return None
    nadir = math.inf
    for reading in after[after.index(first) :]:
        if reading.word in ("reappeared", "grown", "new"):
            return reading
        if reading.size_mm is not None:
            growth = reading.size_mm - nadir
            if growth >= _PD_MM - _TOLERANCE and growth >= _PD_FRAC * nadir - _TOLERANCE:
                return reading
            nadir = min(nadir, reading.size_mm)
    return None


def _confirmed(
    first: Reading | None, after: tuple[Reading, ...], verdicts: list[Verdict]
) -> bool | None:
    if first is None:
        return None
    later = [
        (r, v)
        for r, v, _ in verdicts
        if r.index != first.index and r in after[after.index(first) :]
    ]
    good = [r for r, v in later if v in ("CR", "PR", "regression")]
    if not good:
        return False
    spans = [(r.span, first.span) for r in good]
    if any(a is None or b is None for a, b in spans):
        return None
    return any(a.low_d - b.high_d >= 28 for a, b in spans if a is not None and b is not None)


def _onset(first: Reading | None, start: Span | None, end: Span | None) -> Span | None:
    """Days from the course to the reading that first shows the response."""
    reference = end or start
    if first is None or first.span is None or reference is None:
        return None
    origin = start or reference
    return Span(first.span.low_d - reference.high_d, first.span.high_d - origin.low_d)
