"""Where the fractions of a phase and the cycles of a drug lie in time, and how surely."""

from dataclasses import dataclass
from datetime import timedelta

from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.case.regimen import Segment, expand_regimen
from abscope.case.therapy import Agent, SystemicTherapy

__all__ = ["Cycle", "Fraction", "Fractions", "cycles_of", "fractions_of", "phase_span"]

_INTERVAL_D = {
    "single": 1.0, "daily": 1.0, "weekdays": 1.0, "alternate_days": 2.0, "twice_daily": 0.5,
    "twice_weekly": 3.5, "weekly": 7.0,
}  # fmt: skip
#: More marks than this are drawn as one bar.
_MOST_MARKS = 120


@dataclass(frozen=True, slots=True)
class Fraction:
    """One fraction: its number, days after the first (None: not known), whether surely given."""

    number: int
    offset_d: float | None
    delivered: bool | None


@dataclass(frozen=True, slots=True)
class Fractions:
    """The fractions of a phase; ``dated`` says that their days follow from the record."""

    items: tuple[Fraction, ...]
    dated: bool
    note: str

    def end(self, start: Span | None) -> Span | None:
        """Return when the last fraction was due, where the days follow from the record."""
        last = self.items[-1].offset_d if self.items else None
        return None if start is None or last is None else start.shifted(last, last)


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle of a drug; ``derived`` where its time is start plus interval."""

    number: int
    span: Span
    derived: bool


def phase_span(clock: Clock, course: RTCourse, phase: RTPhase) -> tuple[Span | None, Span | None]:
    """Return when a phase starts and ends; a course of one phase lends its own times."""
    start, end = clock.fact(phase.start), clock.fact(phase.end)
    if phase is course.phases[0] and start is None and phase.start is None:
        start = clock.event(f"{course.id}.start")
    if phase is course.phases[-1] and end is None and phase.end is None:
        end = clock.event(f"{course.id}.end")
    return start, end


def fractions_of(clock: Clock, course: RTCourse, phase: RTPhase) -> Fractions:
    """Return the fractions of a phase with what is known of their days and their delivery."""
    planned, delivered = _counts(phase.n_fractions_planned), _counts(phase.n_fractions_delivered)
    number = max(planned + delivered, default=0)
    if not number or number > _MOST_MARKS:
        return Fractions((), False, "number of fractions not reported" if not number else "")
    start, end = phase_span(clock, course, phase)
    offsets = _offsets(phase, number, start, clock)
    note = "days not reported, order only"
    if offsets is not None and start is not None and end is not None:
        last = start.shifted(offsets[-1], offsets[-1])
        if last.high_d < end.low_d or last.low_d > end.high_d:
            offsets = None
            note = "schedule and dates disagree, order only"
    items = tuple(
        Fraction(
            index + 1,
            None if offsets is None else offsets[index],
            _given(index + 1, delivered),
        )
        for index in range(number)
    )
    return Fractions(items, offsets is not None, "" if offsets is not None else note)


def _given(number: int, delivered: list[int]) -> bool | None:
    if not delivered:
        return None
    if number <= min(delivered):
        return True
    return None if number <= max(delivered) else False


def _counts(fact: Fact[int] | None) -> list[int]:
    return [count for count in (fact.candidates if fact else ()) if count > 0]


def _offsets(phase: RTPhase, number: int, start: Span | None, clock: Clock) -> list[float] | None:
    """Return days after the first fraction, by the calendar where weekends are skipped."""
    kind = phase.fractionation.value if phase.fractionation else None
    if number == 1:
        return [0.0]
    if kind not in _INTERVAL_D or phase.pauses:
        return None
    first = clock.date_of(start.low_d) if start is not None and start.exact else None
    if kind == "weekdays" and first is None:
        return None
    segment = Segment(
        label="",
        amount=1.0,
        unit="Gy",
        n_doses=number,
        interval_d=_INTERVAL_D[kind],
        start_date=first if kind == "weekdays" else None,
        start_d=None if kind == "weekdays" else 0.0,
        skip_weekends=kind == "weekdays",
    )
    doses = expand_regimen((segment,))
    if kind == "weekdays":
        dates = [dose.date for dose in doses if dose.date is not None]
        return [(when - dates[0]) / timedelta(days=1) for when in dates]
    return [dose.day_d for dose in doses if dose.day_d is not None]


def cycles_of(clock: Clock, therapy: SystemicTherapy, agent: Agent) -> tuple[Cycle, ...]:
    """Return the cycles of one drug that start, interval and number allow to place."""
    start = clock.fact(agent.start or therapy.start)
    if start is None or not start.bounded:
        return ()
    interval = agent.interval_d or therapy.interval_d
    counts = _counts(agent.n_cycles or therapy.n_cycles)
    if interval is None or interval.value is None or not counts or interval.value <= 0:
        return ()
    number = min(max(counts), _MOST_MARKS)
    segment = Segment("", 1.0, "mg", n_doses=number, interval_d=interval.value, start_d=0.0)
    days = [dose.day_d for dose in expand_regimen((segment,)) if dose.day_d is not None]
    return tuple(
        Cycle(index + 1, start.shifted(day, day), derived=index > 0 or not start.exact)
        for index, day in enumerate(days)
    )
