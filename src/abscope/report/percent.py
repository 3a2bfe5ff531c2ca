"""The scale of signed changes, from -100 % up, with the two thresholds of RECIST as lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from abscope.report.svg import Element, group, label, line

__all__ = ["THRESHOLDS", "PercentScale", "percent", "percent_scale"]

#: RECIST 1.1 (Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026), drawn as guides only.
THRESHOLDS = (
    (-0.30, "−30 %: partial response"),
    (0.20, "+20 %: growth that may be progression"),
)
_TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
_LEAST_TOP_FRAC, _MOST_TOP_FRAC = 0.4, 2.0


def percent(change_frac: float) -> str:
    """Return a signed change as text: ``−36 %``, ``+1 100 %``; zero has no sign."""
    number = round(100 * change_frac)
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{abs(number):,} %".replace(",", " ")


@dataclass(frozen=True, slots=True)
class PercentScale:
    """Maps changes linearly to a stretch of pixels; growth beyond its end is held there.

    ``bottom_px`` is where -100 % lies, ``top_px`` where ``top_frac`` lies.
    """

    bottom_px: float
    top_px: float
    top_frac: float

    def at_px(self, change_frac: float) -> float:
        """Return the place of a change."""
        share = (min(max(change_frac, -1.0), self.top_frac) + 1) / (self.top_frac + 1)
        return self.bottom_px + share * (self.top_px - self.bottom_px)

    def beyond(self, change_frac: float) -> bool:
        """Whether a change lies past the end of the scale."""
        return change_frac > self.top_frac

    def ticks(self) -> list[tuple[float, str]]:
        """Return the labelled places without the thresholds."""
        return [(self.at_px(t), percent(t)) for t in _TICKS if t <= self.top_frac]

    def rows(self, left_px: float, right_px: float) -> Iterator[Element]:
        """Draw ticks and thresholds as horizontal lines with their labels to the left."""
        for y, text in self.ticks():
            heavy = text == "0 %"
            yield line((left_px, y), (right_px, y), stroke="ink" if heavy else "rule",
                       stroke_width=1 if heavy else 0.8)  # fmt: skip
            yield label((left_px - 6, y + 4), text, size_px=11, fill="muted", anchor="end")
        for change, words in THRESHOLDS:
            y = self.at_px(change)
            drawn = line((left_px, y), (right_px, y), stroke="ink", stroke_dasharray="1 4")
            written = label(
                (left_px - 6, y + 4), percent(change), size_px=11, anchor="end", bold=True
            )
            yield group((drawn, written), title=words)


def percent_scale(
    changes_frac: Iterable[float], *, bottom_px: float, top_px: float
) -> PercentScale:
    """Return a scale that holds the changes, from -100 % to between +40 % and +200 %."""
    highest = max(changes_frac, default=0.0)
    top = min(max(_LEAST_TOP_FRAC, highest * 1.08), _MOST_TOP_FRAC)
    return PercentScale(bottom_px, top_px, top)
