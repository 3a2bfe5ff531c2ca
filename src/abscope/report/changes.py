"""What spider and waterfall show of a case: per course, each lesion's sizes or its words."""

from dataclasses import dataclass

from abscope.case.clock import Clock, Span
from abscope.case.record import Case
from abscope.report.percent import percent
from abscope.response.assessment import CaseAssessment, CourseAssessment, LesionChange
from abscope.response.exposure import ExposureName, LesionExposure
from abscope.response.trajectory import Reading, changes, course_span, days_after

__all__ = ["CoursePanel", "LesionLine", "Step", "WordsOnly", "course_panels"]


@dataclass(frozen=True, slots=True)
class Step:
    """One size: days after the start of the course, change from the reference, all in words.

    ``span`` is None where nothing ties the examination to the course; ``index`` is its place in
    the record.
    """

    scan: str
    index: int
    span: Span | None
    size_mm: float
    change_frac: float
    detail: str


@dataclass(frozen=True, slots=True)
class LesionLine:
    """One lesion with two sizes or more; ``best_frac`` is its deepest change."""

    id: str
    name: str
    exposure: ExposureName
    steps: tuple[Step, ...]
    best_frac: float
    note: str


@dataclass(frozen=True, slots=True)
class WordsOnly:
    """A lesion that cannot be plotted, with what is known of it."""

    id: str
    name: str
    exposure: ExposureName
    text: str


@dataclass(frozen=True, slots=True)
class CoursePanel:
    """One course: its last day after its first, the lesions with sizes and those in words."""

    course: str
    end: Span | None
    lines: tuple[LesionLine, ...]
    words: tuple[WordsOnly, ...]


def course_panels(case: Case, found: CaseAssessment, clock: Clock) -> tuple[CoursePanel, ...]:
    """Return the courses after which at least one lesion has two sizes.

    A lesion stands in the panels of the courses that it was measured before; one that was measured
    before none of them counts from its first size, which its note says.
    """
    classes = {(item.lesion, item.course): item for item in found.exposures}
    anchored = {
        item.path.lesion
        for course in found.courses
        for item in course.lesions
        if item.path.baseline and item.path.baseline.size_mm and len(changes(item.path)) > 1
    }
    panels = (_panel(case, course, clock, classes, anchored) for course in found.courses)
    return tuple(panel for panel in panels if panel.lines)


def _panel(
    case: Case,
    course: CourseAssessment,
    clock: Clock,
    classes: dict[tuple[str, str], LesionExposure],
    anchored: set[str],
) -> CoursePanel:
    recorded = next(item for item in case.rt_courses if item.id == course.course)
    start, end = course_span(clock, recorded)
    lines, words = [], []
    for item in course.lesions:
        name = item.path.lesion
        exposure = classes[name, course.course].exposure
        steps = changes(item.path)
        own = bool(item.path.baseline and item.path.baseline.size_mm)
        if len(steps) > 1 and (own or name not in anchored):
            lines.append(_line(case, item, steps, exposure, start))
        else:
            words.append(WordsOnly(name, _name(case, name), exposure, _words(item, steps)))
    return CoursePanel(course.course, days_after(start, span=end), tuple(lines), tuple(words))


def _line(
    case: Case,
    item: LesionChange,
    found: tuple[tuple[Reading, float], ...],
    exposure: ExposureName,
    start: Span | None,
) -> LesionLine:
    own = found[0][0] is item.path.baseline
    steps = []
    for reading, change in found:
        size_mm = reading.size_mm or 0.0
        said = f"{size_mm:g} mm"
        said += " (reference)" if reading is found[0][0] else f" ({percent(change)})"
        said += ", uncertain" if reading.uncertain else ""
        span = days_after(start, span=reading.span)
        steps.append(Step(reading.scan, reading.index, span, size_mm, change, said))
    note = "" if own else "counted from its first size, taken after the course"
    if item.passes_pr is not None:
        chance = f"{item.passes_pr.probability_frac:.2f}"
        note = f"{note}; " * bool(note) + f"true change passes −30 % with probability {chance}"
    best = item.path.change_frac
    if best is None:
        raise ValueError(f"{item.path.lesion} has two sizes but no change")
    name = item.path.lesion
    return LesionLine(name, _name(case, name), exposure, tuple(steps), best, note)


def _words(item: LesionChange, steps: tuple[tuple[Reading, float], ...]) -> str:
    """What is known of a lesion without a line: its words in order, and sizes that stand alone."""
    if len(steps) > 1:
        return "first measured after this course; drawn after a later one"
    texts = []
    for reading in (*item.path.before[-1:], *item.path.after):
        size = f"{reading.size_mm:g} mm" if reading.size_mm else ""
        texts.append(", ".join(text for text in (reading.word, size) if text))
    return ", then ".join(dict.fromkeys(texts))


def _name(case: Case, name: str) -> str:
    lesion = case.lesions_by_id.get(name)
    return name if lesion is None or lesion.label == name else f"{name} {lesion.label}"
