"""When the patient was examined in relation to radiotherapy, and what a comparison rests on."""

from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, Severity, check
from abscope.case.checks.fractions import shortest_course_d
from abscope.case.checks.view import Exam, View
from abscope.case.checks.wording import listed, text_of
from abscope.case.radiotherapy import RTCourse

__all__ = ["CHECKS"]

#: RECIST 1.1 (Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026): baseline at most 4 weeks before.
_BASELINE_WINDOW_D = 28.0
#: A time known no better than this says nothing about the side of a course it lies on.
_VAGUE_D = 62.0


def _refers_after(exam: Exam, course: RTCourse) -> bool:
    """Whether the text itself places the scan before or after the course."""
    names = {
        f"{x}{end}" for x in (course.id, *(p.id for p in course.phases)) for end in ("", ".end")
    }
    when = exam.imaging.when
    return any(
        word in text and any(event in names for event in item.events)
        for item in (when.candidates if when else ())
        for text in (str(item).split(),)
        for word in ("after", "before")
    )


@check("scan-during-rt", "an examination lies, or may lie, before the end of radiotherapy")
def _scan_during_rt(view: View) -> Iterator[Remark]:
    """Compare each scan with the time a course takes.

    Where the end is not stated, the fractions bound it from below: given once a day on weekdays
    (or in the stated rhythm), 27 fractions last 36 days.
    """
    for path, course in view.courses:
        if path[0] == "members":
            continue
        start, end = view.start_of(course), view.end_of(course)
        bound = shortest_course_d(course)
        if start is None or not start.bounded:
            continue
        stated = end is not None and end.bounded
        end_d = (
            end.low_d if end is not None and stated else start.low_d + (bound[1] if bound else 0)
        )
        latest_d = (
            end.high_d if end is not None and stated else start.high_d + (end_d - start.low_d)
        )
        for exam in view.exams:
            if exam.span is None or not exam.span.bounded or _refers_after(exam, course):
                continue
            low_d, high_d = exam.span.low_d, exam.span.high_d
            if high_d <= start.low_d or low_d >= latest_d or end_d <= start.low_d:
                continue
            middle_d = (low_d + high_d) / 2
            certain = low_d > start.high_d and high_d < end_d
            likely = start.high_d < middle_d < end_d
            if high_d - low_d > _VAGUE_D and not certain:
                continue
            how = "lies" if certain else "most likely lies" if likely else "may lie"
            yield _during(exam, course, how, bound if not stated else None)


def _during(exam: Exam, course: RTCourse, how: str, bound: tuple[int, int] | None) -> Remark:
    lasting = ""
    if bound:
        lasting = f"; its {bound[0]} fractions last about {bound[1] + 1} days"
    severity: Severity = "note" if how == "may lie" else "warning"
    return Remark(
        (*exam.path, "when"),
        f"{exam.imaging.id} ({text_of(exam.imaging.when)}) {how} within {course.id}, before its "
        f"end{lasting}",
        "a baseline before the first fraction, a follow-up after the last",
        "Give the day of the examination and of the last fraction; a scan during radiotherapy is "
        "neither baseline nor follow-up.",
        ref=exam.imaging.when.ref if exam.imaging.when else None,
        severity=severity,
    )


@check("follow-up-without-baseline", "a follow-up has no examination before radiotherapy")
def _follow_up_without_baseline(view: View) -> Iterator[Remark]:
    """Find cases that compare with nothing: no baseline in the record at all."""
    if view.reference is None or any(view.is_baseline(exam) for exam in view.exams):
        return
    after = [exam for exam in view.exams if view.is_follow_up(exam)]
    if after:
        yield Remark(
            after[0].path,
            f"{listed(exam.imaging.id for exam in after)} "
            f"{'is a follow-up' if len(after) == 1 else 'are follow-ups'}, but no examination is "
            f"recorded before {view.reference.id}",
            "a baseline within 4 weeks before radiotherapy",
            "Add the baseline with its sizes; without it no change can be computed.",
            tuple(dict.fromkeys(f.lesion for f in after[0].imaging.findings)),
        )


@check("no-follow-up", "radiotherapy without any later examination")
def _no_follow_up(view: View) -> Iterator[Remark]:
    """Find cases whose imaging, if any, ends before radiotherapy."""
    if view.reference is None or any(view.is_follow_up(exam) for exam in view.exams):
        return
    untimed = [e for e in view.exams if e.span is None and e.imaging.role is None]
    if untimed or view.case.kind == "series":
        return
    yield Remark(
        ("imaging",) if view.case.imaging else ("rt_courses", 0),
        f"no examination is recorded after {view.reference.id}",
        "at least one follow-up examination",
        "Add it, or say in an outcome why there was none; no response can be judged.",
    )


@check("baseline-too-early", "the last baseline is more than 4 weeks before radiotherapy")
def _baseline_too_early(view: View) -> Iterator[Remark]:
    """Measure the time from the last examination before a course to its start."""
    for path, course in view.courses:
        start = view.start_of(course)
        if start is None or path[0] == "members":
            continue
        before = [
            exam
            for exam in view.exams
            if exam.span and exam.imaging.findings and exam.span.low_d <= start.high_d
            and not exam.specimen
        ]  # fmt: skip
        latest = max((e.span.high_d for e in before if e.span), default=None)
        if latest is None or start.low_d - latest <= _BASELINE_WINDOW_D:
            continue
        last = next(exam for exam in before if exam.span and exam.span.high_d == latest)
        yield Remark(
            (*last.path, "when"),
            f"{last.imaging.id}, the last examination before {course.id}, was at least "
            f"{start.low_d - latest:.0f} days before its start",
            "a baseline at most 28 days before (RECIST 1.1)",
            "Use a later scan if there is one; growth in between counts as response lost.",
        )


@check("baseline-after-start", "a baseline was taken after the start of radiotherapy")
def _baseline_after_start(view: View) -> Iterator[Remark]:
    """Find examinations called baseline that lie after the start of every course."""
    starts = [view.start_of(course) for course in view.case.rt_courses]
    known = [span for span in starts if span is not None]
    if not known or len(known) < len(starts):
        return
    last_d = max(span.high_d for span in known)
    for exam in view.exams:
        if exam.imaging.role == "baseline" and exam.span and exam.span.low_d > last_d:
            yield Remark(
                (*exam.path, "when"),
                f"{exam.imaging.id} is called a baseline, but was at least "
                f"{exam.span.low_d - last_d:.0f} days after the start of radiotherapy",
                "a baseline before the first fraction",
                "Correct its role or its date.",
            )


@check("same-day-exams", "two examinations of one kind have the same date")
def _same_day_exams(view: View) -> Iterator[Remark]:
    """Find examinations on one exact day that share a modality, or of which it is not known."""
    first: dict[float, Exam] = {}
    for exam in view.exams:
        if exam.span is None or not exam.span.exact or exam.specimen:
            continue
        other = first.setdefault(exam.span.low_d, exam)
        if other is exam:
            continue
        if not other.modalities or not exam.modalities or other.modalities & exam.modalities:
            yield Remark(
                (*exam.path, "when"),
                f"{other.imaging.id} and {exam.imaging.id} have the same date "
                f"({text_of(exam.imaging.when)})",
                "one record per examination and day",
                "Join them if they are one examination; else correct a date.",
            )


CHECKS: tuple[Check, ...] = (
    _scan_during_rt, _follow_up_without_baseline, _no_follow_up, _baseline_too_early,
    _baseline_after_start, _same_day_exams,
)  # fmt: skip
