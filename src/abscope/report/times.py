"""Times of a record in words: as written, and as days and dates where something ties them down."""

import math

from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.timing import When
from abscope.report.words import brief, day_month_year

__all__ = ["day_words", "span_words", "time_words"]


def day_words(day_d: float) -> str:
    """Return a day of the axis: ``day 14``, ``day −3``."""
    return f"day {round(day_d):d}".replace("-", "−")


def span_words(span: Span | None, clock: Clock, *, dates: bool = True) -> str:
    """Return a span of days, with calendar dates where day zero has one and they are wanted."""
    if span is None:
        return "not tied to day zero"
    low, high = span.low_d, span.high_d
    if span.exact:
        return _with_date(low, clock, dates)
    if math.isinf(low) and math.isinf(high):
        return "at no known time"
    if math.isinf(low):
        return f"{_with_date(high, clock, dates)} or earlier"
    if math.isinf(high):
        return f"{_with_date(low, clock, dates)} or later"
    return f"{_with_date(low, clock, dates)} to {_with_date(high, clock, dates)}"


def _with_date(day: float, clock: Clock, dates: bool) -> str:
    date = clock.date_of(day) if dates else None
    return f"{day_words(day)} ({day_month_year(date)})" if date else day_words(day)


def time_words(fact: Fact[When] | None, *, missing: str) -> str:
    """Return a time as the record has it; every version where they conflict."""
    return brief(fact) or missing
