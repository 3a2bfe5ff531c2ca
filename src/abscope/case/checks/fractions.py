"""Fractions against the calendar: how many sessions the stated dates can hold.

A course planned as daily or on weekdays is given from Monday to Friday; a weekend session is an
exception that a source should name. Where only the length of the window is known, the widest
window that the dates allow is taken, so that a finding is never an effect of rounding.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import any_of, day_words, listed
from abscope.case.clock import Span
from abscope.case.facts import Fact
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.case.references import Path
from abscope.case.timing import When

__all__ = ["CHECKS", "shortest_course_d"]

_WEEKEND = 5
_DAYS_PER_WEEK = 7
#: Windows longer than this are not gone through day by day; no course lasts two years.
_LONGEST_D = 731

#: Days from one fraction to the next at the least, as the words are used.
_SPACING_D = {"daily": 1, "weekdays": 1, "alternate_days": 2, "twice_weekly": 2, "weekly": 6}
#: Days from one fraction to the next on average, to judge how long a course should take.
_AVERAGE_D = {
    "daily": 1.4, "weekdays": 1.4, "alternate_days": 2.5, "twice_weekly": 3.5, "weekly": 7.0,
    "twice_daily": 0.7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Window:
    """The days between the first and the last fraction, both included."""

    path: Path
    words: str
    most_d: int
    fewest_d: int
    dates: tuple[date, date] | None
    ref: str | None

    def days(self) -> list[date]:
        """Return every day of a window with exact dates."""
        if self.dates is None:
            return []
        first, last = self.dates
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    @property
    def weekdays(self) -> list[date]:
        """Monday to Friday in the window; empty without exact dates."""
        return [day for day in self.days() if day.weekday() < _WEEKEND]

    @property
    def weekend(self) -> list[date]:
        """Saturdays and Sundays in the window; empty without exact dates."""
        return [day for day in self.days() if day.weekday() >= _WEEKEND]


def _window(view: View, path: Path, course: RTCourse, phase: RTPhase) -> _Window | None:
    """Return the window of a phase from its own dates, else from those of its course."""
    start, end = phase.start or course.start, phase.end or course.end
    at = (path if phase.end else path[:-2]) + ("end",)
    first, last = view.clock.fact(start), view.clock.fact(end)
    if start is None and first is None:
        first = view.start_of(course)
    if first is None or last is None or not first.bounded or not last.bounded:
        return None
    if last.high_d < first.low_d:
        return None
    day_one, day_n = view.clock.date_of(first.low_d), view.clock.date_of(last.low_d)
    exact = first.exact and last.exact and last.high_d - first.low_d < _LONGEST_D
    dates = (day_one, day_n) if day_one and day_n and exact else None
    if dates:
        words = f"between {day_words(dates[0])} and {day_words(dates[1])}"
    else:
        words = f"from {_said(start, first)} to {_said(end, last)}"
    return _Window(
        at,
        words,
        math.floor(last.high_d) - math.floor(first.low_d) + 1,
        max(1, math.ceil(last.low_d) - math.floor(first.high_d) + 1),
        dates,
        next((fact.ref for fact in (start, end) if fact is not None and fact.ref), None),
    )


def _said(fact: Fact[When] | None, span: Span) -> str:
    return str(fact.candidates[0]) if fact and fact.candidates else f"day {span.low_d:g}"


def _fractions(phase: RTPhase) -> tuple[int, ...]:
    fact = phase.n_fractions_delivered
    if fact is None or not fact.candidates:
        fact = phase.n_fractions_planned
    return tuple(sorted(set(fact.candidates))) if fact else ()


def _most_weekdays(days: int) -> int:
    """Return the most days from Monday to Friday that any window of this length can hold."""
    weeks, rest = divmod(days, _DAYS_PER_WEEK)
    return 5 * weeks + min(rest, 5)


def _capacity(window: _Window, kind: str | None) -> int | None:
    """Return how many fractions of a kind the window holds; None where nothing can be said."""
    weekdays = len(window.weekdays) if window.dates else _most_weekdays(window.most_d)
    if kind in ("daily", "weekdays"):
        return weekdays
    if kind == "twice_daily":
        return 2 * weekdays
    if kind == "single":
        return 1
    if kind in _SPACING_D:
        return (window.most_d - 1) // _SPACING_D[kind] + 1
    # Without a stated rhythm, two fractions on every day are still possible.
    return 2 * window.most_d if kind is None else None


def _kind(phase: RTPhase) -> str | None:
    return phase.fractionation.value if phase.fractionation else None


@check("fractions-calendar", "more fractions than the stated dates can hold")
def _fractions_calendar(view: View) -> Iterator[Remark]:
    """Compare the fractions of a phase with the days, and weekdays, between its dates."""
    for path, course, phase in view.phases():
        kind, window = _kind(phase), _window(view, path, course, phase)
        if window is None:
            continue
        capacity = _capacity(window, kind)
        over = [n for n in _fractions(phase) if capacity is not None and n > capacity]
        if not over or capacity is None:
            continue
        rhythm = f"{kind.replace('_', ' ')} " if kind else ""
        if window.weekend and kind in ("daily", "weekdays", "twice_daily"):
            what, action = _weekend_words(window)
        else:
            what = f"{window.most_d} {'day' if window.most_d == 1 else 'days'}, room for {capacity}"
            action = "A date, the rhythm or the number of fractions is wrong: ask the source."
        yield Remark(
            window.path,
            f"{phase.id}: {any_of(over)} {rhythm}fractions {window.words}: {what}",
            f"at most {capacity} {rhythm}fraction{'s' if capacity != 1 else ''} in this time",
            action,
            phase.targets,
            ref=window.ref,
        )


def _weekend_words(window: _Window) -> tuple[str, str]:
    count = {1: "one weekday", 2: "two weekdays", 3: "three weekdays", 4: "four weekdays"}
    held = count.get(len(window.weekdays), f"{len(window.weekdays)} weekdays")
    what = (
        f"these {window.most_d} days hold {held} ({listed(map(day_words, window.weekdays))})"
        if len(window.weekdays) <= 10
        else f"these {window.most_d} days hold {held}"
    )
    action = (
        f"Either there was a session on the weekend ({listed(map(day_words, window.weekend))}), "
        "or a date or the number of fractions is wrong: ask the source."
    )
    return what, action


@check("fractions-gap", "a course lasts much longer than its fractions need")
def _fractions_gap(view: View) -> Iterator[Remark]:
    """Find courses that take over twice the usual time, and a week more, without a pause said."""
    for path, course, phase in view.phases():
        window, counts = _window(view, path, course, phase), _fractions(phase)
        if window is None or not counts or phase.pauses:
            continue
        if len(course.phases) > 1 and not (phase.start and phase.end):
            continue
        kind = _kind(phase)
        if kind == "other":
            continue
        usual_d = counts[-1] * _AVERAGE_D.get(kind or "weekly", 1.0)
        if window.fewest_d > 2 * usual_d + _DAYS_PER_WEEK:
            rhythm = f"{kind.replace('_', ' ')} " if kind else ""
            yield Remark(
                window.path,
                f"{phase.id}: {counts[-1]} {rhythm}fractions take about {usual_d:.0f} days, but "
                f"{window.words} there are at least {window.fewest_d}",
                "dates that fit the fractions, or a pause that is recorded",
                "Record the pause under pauses, or correct the dates or the fractions.",
                phase.targets,
                ref=window.ref,
            )


@check("single-fraction", "a single fraction is said, and more than one counted")
def _single_fraction(view: View) -> Iterator[Remark]:
    """Compare the word 'single' with the number of fractions."""
    for path, _, phase in view.phases():
        counts = _fractions(phase)
        if _kind(phase) == "single" and counts and counts[-1] > 1:
            yield Remark(
                (*path, "fractionation"),
                f"{phase.id}: fractionation is 'single', but there are {any_of(counts)} fractions",
                "one fraction",
                "Correct the fractionation or the number.",
                phase.targets,
            )


def shortest_course_d(course: RTCourse) -> tuple[int, int] | None:
    """Return fractions and days that the longest phase lasts from its first to last fraction.

    Once a day on weekdays, or in the stated rhythm, started on a Monday; None where the fractions
    of no phase are known. 27 daily fractions last 36 days: five weekends lie between them.
    """
    spans = [
        (counts[0], _lasts_d(counts[0], _kind(phase)))
        for phase in course.phases
        if (counts := _fractions(phase))
    ]
    return max(spans, key=lambda item: item[1], default=None)


def _lasts_d(n: int, kind: str | None) -> int:
    if kind == "single":
        return 0
    if kind == "twice_daily":
        n = (n + 1) // 2
    if kind in ("alternate_days", "twice_weekly", "weekly"):
        return (n - 1) * _SPACING_D[kind]
    return (n - 1) + 2 * ((n - 1) // 5)


CHECKS: tuple[Check, ...] = (_fractions_calendar, _fractions_gap, _single_fraction)
