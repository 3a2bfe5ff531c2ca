"""The one time axis of a figure: days from day zero to pixels, and its ticks."""

from dataclasses import dataclass
from datetime import date

from abscope.case.clock import Clock
from abscope.report.words import MONTHS

__all__ = ["Tick", "TimeAxis"]

#: Mean Gregorian month and the steps between ticks, in days, smallest first, with their word.
_MONTH_D = 30.4375
_STEPS: tuple[tuple[float, str, float], ...] = (
    (1, "d", 1), (2, "d", 1), (7, "wk", 7), (14, "wk", 7), (28, "wk", 7),
    *((months * _MONTH_D, "mo", _MONTH_D) for months in (1, 2, 3, 6, 12, 24, 60, 120, 240)),
)  # fmt: skip
_CALENDAR_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on the axis."""

    x_px: float
    text: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Maps days linearly to pixels; what lies outside the range is held at its edge."""

    low_d: float
    high_d: float
    left_px: float
    right_px: float

    def x_px(self, day_d: float) -> float:
        """Return the place of a day."""
        share = (day_d - self.low_d) / (self.high_d - self.low_d)
        return self.left_px + min(max(share, 0.0), 1.0) * (self.right_px - self.left_px)

    @property
    def px_per_d(self) -> float:
        """How many pixels one day takes."""
        return (self.right_px - self.left_px) / (self.high_d - self.low_d)

    def ticks(self, spacing_px: float) -> list[Tick]:
        """Return ticks counted from day zero, at least ``spacing_px`` apart."""
        step, word, unit = next(
            (item for item in _STEPS if item[0] * self.px_per_d >= spacing_px), _STEPS[-1]
        )
        first = -int(-self.low_d // step) if self.low_d < 0 else int(-(-self.low_d // step))
        ticks = []
        number = first
        while number * step <= self.high_d:
            count = round(number * step / unit)
            sign = "+" if count > 0 else "−" if count < 0 else ""
            text = f"{sign}{abs(count)} {word}" if count else "day 0"
            ticks.append(Tick(self.x_px(number * step), text))
            number += 1
        return ticks

    def calendar(self, clock: Clock, spacing_px: float) -> list[Tick]:
        """Return ticks at first days of calendar months; none where day zero has no date."""
        zero, first = clock.zero_date, clock.date_of(self.low_d)
        if zero is None or first is None:
            return []
        wanted = spacing_px / self.px_per_d / _MONTH_D
        step = next((n for n in _CALENDAR_MONTHS if n >= wanted), _CALENDAR_MONTHS[-1])
        index = -(-(first.year * 12 + first.month - 1) // step) * step
        ticks = []
        while index // 12 <= 9999:
            day = float((date(index // 12, index % 12 + 1, 1) - zero).days)
            if day > self.high_d:
                break
            if day >= self.low_d:
                name = f"{MONTHS[index % 12]} " if step < 12 else ""
                ticks.append(Tick(self.x_px(day), f"{name}{index // 12}"))
            index += step
        return ticks
