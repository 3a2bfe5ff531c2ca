"""Days from the case's day zero: what each time text of a record means on one axis.

Every time becomes a span [low_d, high_d]; an open end is infinite, and a time that nothing ties to
day zero has no span at all (None). Calendar dates can be placed only where day zero, or the event
it names, has an exact date.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from abscope.case.facts import Fact
from abscope.case.record import Case
from abscope.case.timing import Absolute, Between, Expression, Offset, Relative, When

__all__ = ["Clock", "Span"]


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of days from day zero, both ends included; ends may be infinite."""

    low_d: float
    high_d: float

    @property
    def exact(self) -> bool:
        """Whether the span is a single day."""
        return self.low_d == self.high_d

    @property
    def bounded(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.low_d) and math.isfinite(self.high_d)

    @property
    def middle_d(self) -> float | None:
        """The middle of a bounded span; None where an end is open."""
        return (self.low_d + self.high_d) / 2 if self.bounded else None

    def shifted(self, low_d: float, high_d: float) -> "Span":
        """Return the span moved by a distance that lies between two numbers of days."""
        return Span(self.low_d + low_d, self.high_d + high_d)


def _around(spans: Iterable[Span | None]) -> Span | None:
    """Return the smallest span that holds every known one; None where none is known."""
    known = [span for span in spans if span is not None]
    if not known:
        return None
    return Span(min(s.low_d for s in known), max(s.high_d for s in known))


class Clock:
    """Places the events of one case on the axis of days from its day zero."""

    def __init__(self, case: Case) -> None:
        self._times = _event_times(case)
        self._case = case
        self._zero_event, self.zero_date = self._find_zero(case)
        self._cache: dict[str, Span | None] = {}
        self._open: set[str] = set()
        self._facts: dict[int, tuple[Fact[When], Span | None]] = {}

    def _find_zero(self, case: Case) -> tuple[str | None, date | None]:
        name = case.day_zero
        if name is None and case.rt_courses:
            name = f"{case.rt_courses[0].id}.start"
        if name is not None and name not in self._times and f"{name}.start" in self._times:
            name = f"{name}.start"
        if name is None:
            every = (when.expression for times in self._times.values() for when in times)
            exact = [span.first for span in every if isinstance(span, Absolute)]
            return None, min(exact, default=None)
        try:
            return None, date.fromisoformat(name)
        except ValueError:
            pass
        spans = [when.expression for when in self._times.get(name, ())]
        dated = [span for span in spans if isinstance(span, Absolute)]
        for span in dated:
            if span.first == span.last:
                return name, span.first
        if dated:
            # Known to the month or year: days count from the first day it can mean, and the
            # event itself keeps its width.
            return None, min(span.first for span in dated)
        return name, None

    @property
    def zero_label(self) -> str:
        """What day zero is, for an axis title: the event or date, with its date where known."""
        if self._zero_event and self.zero_date:
            return f"{self._zero_event} ({self.zero_date.isoformat()})"
        if self._zero_event:
            return f"{self._zero_event} (date not known)"
        return self.zero_date.isoformat() if self.zero_date else "not defined"

    def event(self, name: str) -> Span | None:
        """Return when a named event happened, or None where nothing ties it to day zero."""
        if name == self._zero_event:
            return Span(0.0, 0.0)
        if name in self._open and name not in self._cache:
            return None  # an event that is timed, in the end, by itself
        # A stack of our own: a chain of events may be longer than Python's.
        stack = [name]
        while stack and name not in self._cache:
            last = stack[-1]
            needed = [] if last in self._cache or last in self._open else self._needed_by(last)
            self._open.add(last)
            if needed:
                stack += needed
                continue
            stack.pop()
            if last not in self._cache:
                self._cache[last] = _around(self.when(when) for when in self._times.get(last, ()))
            self._open.discard(last)
        return self._cache[name]

    def _needed_by(self, name: str) -> list[str]:
        """Return the events that the times of an event refer to and that are not placed yet."""
        named = {event for when in self._times.get(name, ()) for event in when.events}
        parts = {f"{event}{part}" for event in named for part in ("", ".start", ".end")}
        return sorted(
            part
            for part in parts & set(self._times)
            if part not in self._cache and part not in self._open and part != self._zero_event
        )

    def fact(self, fact: Fact[When] | None) -> Span | None:
        """Return the span that holds every version of a time fact."""
        if fact is None:
            return None
        known = self._facts.get(id(fact))
        if known is None or known[0] is not fact:
            span = _around(self.when(when) for when in fact.candidates)
            known = self._facts[id(fact)] = (fact, span)
        return known[1]

    def when(self, when: When) -> Span | None:
        """Return the span of one time text."""
        return self._span(when.expression)

    def date_of(self, day_d: float) -> date | None:
        """Return the calendar date of a day from day zero, where day zero has a date.

        None where it has none, and where the day lies outside the calendar (years 1 to 9999).
        """
        if self.zero_date is None or not math.isfinite(day_d):
            return None
        try:
            return self.zero_date + timedelta(days=math.floor(day_d))
        except OverflowError:
            return None

    def _span(self, expression: Expression) -> Span | None:
        if isinstance(expression, Offset):
            return Span(expression.low_d, expression.high_d)
        if isinstance(expression, Absolute):
            if self.zero_date is None:
                return None
            return Span(
                float((expression.first - self.zero_date).days),
                float((expression.last - self.zero_date).days),
            )
        if isinstance(expression, Between):
            first, last = self._span(expression.first), self._span(expression.last)
            low = -math.inf if first is None else first.low_d
            high = math.inf if last is None else last.high_d
            return None if first is None and last is None else Span(low, high)
        return self._relative(expression)

    def _relative(self, expression: Relative) -> Span | None:
        far = math.inf if expression.high_d is None else expression.high_d
        name = expression.event
        if expression.relation == "at":
            return self.event(name)
        first = self.event(f"{name}.start") or self.event(name)
        last = self.event(f"{name}.end") or self.event(name)
        if expression.relation == "during":
            if first is None and last is None:
                return None
            return Span(first.low_d if first else -math.inf, last.high_d if last else math.inf)
        if expression.relation == "before":
            return None if first is None else first.shifted(-far, -expression.low_d)
        if last is None and first is not None:
            # The end is unknown: no earlier than the distance after the start.
            return Span(first.low_d + expression.low_d, math.inf)
        return None if last is None else last.shifted(expression.low_d, far)


def _event_times(case: Case) -> dict[str, tuple[When, ...]]:
    times: dict[str, tuple[When, ...]] = {}

    def add(name: str, fact: Fact[When] | None) -> None:
        if fact is not None and fact.candidates:
            times[name] = fact.candidates

    add("diagnosis", case.diagnosis.date)
    add("metastatic_diagnosis", case.diagnosis.metastatic_date)
    for course in case.rt_courses:
        add(f"{course.id}.start", course.start or course.phases[0].start)
        add(f"{course.id}.end", course.end or (course.phases[-1].end))
        for phase in course.phases:
            add(f"{phase.id}.start", phase.start)
            add(f"{phase.id}.end", phase.end)
    for therapy in case.systemic_therapy:
        add(f"{therapy.id}.start", therapy.start)
        add(f"{therapy.id}.end", therapy.stop)
    for room in (case.procedures, case.imaging):
        for item in room:
            add(item.id, item.when)
    for lab in case.labs:
        if lab.id:
            add(lab.id, lab.when)
    for outcome in case.outcomes:
        if outcome.kind in ("death", "last_contact"):
            add(outcome.kind, outcome.when)
    return times
