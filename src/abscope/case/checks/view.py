"""A case as the checks look at it: examinations in time order, sightings per lesion, courses.

Every index is built once and only when a check asks for it, in time linear in the record.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.observation import Finding, Imaging
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.case.record import Case
from abscope.case.references import Path, walk

__all__ = ["Exam", "Sighting", "View"]

_GONE = frozenset({"gone", "complete_response"})


@dataclass(frozen=True, slots=True)
class Exam:
    """One examination with its place in the file, in time order and on the axis of days."""

    index: int
    order: int
    imaging: Imaging
    span: Span | None

    @property
    def path(self) -> Path:
        """The path of the examination in the record."""
        return ("imaging", self.index)

    @property
    def modalities(self) -> frozenset[str]:
        """Every modality that some version names; empty where unknown."""
        fact = self.imaging.modalities
        found = {name for group in (fact.candidates if fact else ()) for name in group}
        return frozenset(found - {"unknown"})

    @property
    def specimen(self) -> bool:
        """Whether this is pathology and not an examination of the patient."""
        return self.modalities == {"pathology"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding with the examination it belongs to."""

    exam: Exam
    index: int
    finding: Finding

    @property
    def path(self) -> Path:
        """The path of the finding in the record."""
        return (*self.exam.path, "findings", self.index)

    @property
    def sizes_mm(self) -> tuple[float, ...]:
        """Every size that some version gives."""
        return self.finding.size_mm.candidates if self.finding.size_mm else ()

    @property
    def changes(self) -> frozenset[str]:
        """Every change in words that some version gives."""
        return frozenset(self.finding.change.candidates if self.finding.change else ())

    @property
    def gone(self) -> bool:
        """Whether the lesion is stated to be absent here, by state, size or words."""
        if self.sizes_mm and max(self.sizes_mm) > 0:
            return False
        return bool(
            self.finding.state == "absent"
            or self.sizes_mm
            or (self.changes and self.changes <= _GONE)
        )

    @property
    def unseen(self) -> bool:
        """Whether the finding says only that the lesion could not be judged."""
        return self.finding.state in ("not_imaged", "not_evaluable")


class View:
    """The indexes of one case that the checks share."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.clock = Clock(case)

    @cached_property
    def exams(self) -> tuple[Exam, ...]:
        """The examinations in time order; one without a time stays behind the one before it."""
        keyed: list[tuple[tuple[float, float], int, Imaging, Span | None]] = []
        last = (-math.inf, 0.0)
        for index, imaging in enumerate(self.case.imaging):
            span = self.clock.fact(imaging.when)
            last = _order_key(span) if span is not None else last
            keyed.append((last, index, imaging, span))
        keyed.sort(key=lambda item: (item[0], item[1]))
        return tuple(Exam(index, n, img, span) for n, (_, index, img, span) in enumerate(keyed))

    @cached_property
    def sightings(self) -> dict[str, tuple[Sighting, ...]]:
        """The findings of each lesion in time order."""
        found: dict[str, list[Sighting]] = defaultdict(list)
        for exam in self.exams:
            for index, finding in enumerate(exam.imaging.findings):
                found[finding.lesion].append(Sighting(exam, index, finding))
        return {lesion: tuple(items) for lesion, items in found.items()}

    @cached_property
    def not_assessed(self) -> dict[int, frozenset[str]]:
        """Per examination, by its place in the file, the lesions it says it did not assess."""
        return {e.index: frozenset(e.imaging.not_assessed) for e in self.exams}

    @cached_property
    def courses(self) -> tuple[tuple[Path, RTCourse], ...]:
        """Every radiotherapy course with its path, those of the members of a series included."""
        own = [(("rt_courses", i), course) for i, course in enumerate(self.case.rt_courses)]
        theirs = [
            (("members", m, "rt_courses", i), course)
            for m, member in enumerate(self.case.members)
            for i, course in enumerate(member.rt_courses)
        ]
        return (*own, *theirs)

    def phases(self) -> Iterator[tuple[Path, RTCourse, RTPhase]]:
        """Yield every phase of every course with its path."""
        for path, course in self.courses:
            for number, phase in enumerate(course.phases):
                yield (*path, "phases", number), course, phase

    @cached_property
    def reference(self) -> RTCourse | None:
        """The course that day zero belongs to, else the first; None without radiotherapy."""
        name = (self.case.day_zero or "").split(".")[0]
        for course in self.case.rt_courses:
            if name == course.id or any(name == phase.id for phase in course.phases):
                return course
        return self.case.rt_courses[0] if self.case.rt_courses else None

    def start_of(self, course: RTCourse) -> Span | None:
        """Return when a course started, in days from day zero."""
        return self.clock.event(f"{course.id}.start")

    def end_of(self, course: RTCourse) -> Span | None:
        """Return when a course ended, in days from day zero."""
        return self.clock.event(f"{course.id}.end")

    def is_baseline(self, exam: Exam) -> bool:
        """Return whether an examination is a baseline: by its role, else before the reference."""
        if exam.imaging.role is not None:
            return exam.imaging.role == "baseline"
        start = self.start_of(self.reference) if self.reference else None
        return bool(start and exam.span and exam.span.high_d <= start.low_d)

    def is_follow_up(self, exam: Exam) -> bool:
        """Return whether an examination is a follow-up: by role, else after the reference."""
        if exam.imaging.role is not None:
            return exam.imaging.role == "follow_up"
        start = self.start_of(self.reference) if self.reference else None
        return bool(start and exam.span and exam.span.low_d > start.high_d)

    def precedes(self, first: Exam, second: Exam) -> bool:
        """Return whether one examination is surely earlier than another."""
        if first.span is not None and second.span is not None:
            if first.span.high_d <= second.span.low_d and first.span != second.span:
                return True
            roles = (first.imaging.role, second.imaging.role)
            return roles == ("baseline", "follow_up")
        return first.order < second.order

    def name(self, lesion_id: str) -> str:
        """Return a lesion's identifier with its label: 'L08 (left anterior chest wall mass)'."""
        lesion = self.case.lesions_by_id.get(lesion_id)
        label = lesion.label if lesion else lesion_id
        return lesion_id if label == lesion_id else f"{lesion_id} ({label})"

    @cached_property
    def resections(self) -> dict[str, tuple[tuple[int, Span | None, bool], ...]]:
        """Per lesion its resections: index, time, and whether the lesion surely was meant."""
        found: dict[str, list[tuple[int, Span | None, bool]]] = defaultdict(list)
        for index, procedure in enumerate(self.case.procedures):
            if procedure.kind != "resection":
                continue
            span = self.clock.fact(procedure.when)
            for lesion in procedure.lesions:
                found[lesion].append((index, span, True))
            for lesion in procedure.lesions_uncertain:
                found[lesion].append((index, span, False))
        return {lesion: tuple(items) for lesion, items in found.items()}

    @cached_property
    def _parts(self) -> tuple[list[tuple[Path, Fact[Any]]], list[tuple[Path, str]]]:
        conflicts: list[tuple[Path, Fact[Any]]] = []
        texts: list[tuple[Path, str]] = []
        for path, value in walk(self.case):
            if isinstance(value, str):
                texts.append((path, value))
            elif isinstance(value, Fact) and value.versions:
                conflicts.append((path, value))
        return conflicts, texts

    @property
    def conflicts(self) -> list[tuple[Path, Fact[Any]]]:
        """Every fact with several versions, with its path."""
        return self._parts[0]

    @property
    def texts(self) -> list[tuple[Path, str]]:
        """Every text of the record with its path."""
        return self._parts[1]


def _order_key(span: Span) -> tuple[float, float]:
    if span.middle_d is not None:
        return span.middle_d, 0.0
    if math.isfinite(span.low_d):
        return span.low_d, 1.0
    return span.high_d, -1.0
