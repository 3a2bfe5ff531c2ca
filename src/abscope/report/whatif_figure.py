"""Differences from the delivered treatment: one line per scenario, the middle 90 % of the draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from abscope.decide.answers import Answers
from abscope.decide.compare import Comparison
from abscope.decide.differences import Difference
from abscope.report.figures import Figure
from abscope.report.lettering import shorten, wrap
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, circle, group, label, line, rect

__all__ = ["whatif_figure", "whatif_scene"]

_ROW_PX, _HEAD_PX, _FOOT_PX, _GAP_PX = 30.0, 40.0, 30.0, 28.0
_Anchor = Literal["start", "middle", "end"]
_SIZE_PX, _SMALL_PX = 12, 11
#: Ends of the scales, whichever holds all; beyond the last a line ends in an arrow. A change of the
#: size below 1 % of the start is none.
_SHARES = (0.1, 0.2, 0.4, 0.6, 1.0, 1.5)
_NOTHING_FRAC = 0.01
_COUNTS = (200.0, 400.0, 1000.0, 2000.0, 4000.0)


def whatif_figure(found: Answers) -> Figure:
    """Return the figure of answers in a wide and a narrow drawing."""
    label_, day = found.comparisons[0].visits_d[-1]
    return Figure(
        "what-if",
        f"What other treatments would have done, against the delivered one on the same "
        f"{found.draws.n} draws, at {label_} (day {day:g}).",
        whatif_scene(found, narrow=False),
        whatif_scene(found, narrow=True),
    )


@dataclass(frozen=True, slots=True)
class _Panel:
    """A scale of differences from ``low`` to ``high`` between two places in pixels."""

    title: str
    better: str
    left_px: float
    right_px: float
    low: float
    high: float
    percent: bool

    def x(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left_px + share * (self.right_px - self.left_px)

    def written(self, value: float) -> str:
        sign = "+" if value > 0 else "−" if value < 0 else ""
        size = f"{abs(value):.0%}" if self.percent else f"{abs(value):.0f}"
        return f"{sign}{size}"


def whatif_scene(found: Answers, *, narrow: bool) -> Scene:
    """Return the drawing: per scenario the change of sizes, of the response and of lymphocytes."""
    width = 330.0 if narrow else 1120.0
    parts: list[Element] = []
    top = 4.0
    if narrow:
        for panel in _panels(found, [(8.0, width - 8.0)] * 3):
            block, top = _block(found, panel, (8.0, width - 8.0), top, names_above=True)
            parts += block
    else:
        left, each = 300.0, (width - 300.0 - 8.0 - 2 * _GAP_PX) / 3
        spans = [
            (left + k * (each + _GAP_PX), left + k * (each + _GAP_PX) + each) for k in range(3)
        ]
        bottom = top
        for k, panel in enumerate(_panels(found, spans)):
            block, bottom = _block(found, panel, (8.0, left - 12.0), top, names_above=False,
                                   names=k == 0)  # fmt: skip
            parts += block
        top = bottom
    for written in wrap(_legend(found), width - 16, _SMALL_PX, lines=8):
        top += 15
        parts.append(label((8, top), written, size_px=_SMALL_PX, fill="muted"))
    name = f"what-if-{'narrow' if narrow else 'wide'}"
    title = "Differences from the delivered treatment"
    return Scene(name, width, top + 10, title, "; ".join(_told(found)), tuple(parts))


def _panels(found: Answers, spans_px: list[tuple[float, float]]) -> Iterator[_Panel]:
    ends = [x for item in found.comparisons if (x := item.whole.change[-1])]
    shares = [item.whole.response for item in found.comparisons]
    counts = [item.nadir for item in found.comparisons]
    sizes = _scale([v for x in ends for v in x.difference], _SHARES)
    response = _scale(
        [x.difference_frac + k * x.error_frac for x in shares for k in (-1, 1)], _SHARES
    )
    blood = _scale([v for x in counts for v in x.difference], _COUNTS)
    rows = (
        ("Sum of diameters, of the start", "smaller is better", sizes, True),
        ("Response of all lesions together", "more is better", response, True),
        ("Lowest lymphocytes, per µL", "more is better", blood, False),
    )
    for (title, better, limit, share), (left, right) in zip(rows, spans_px, strict=True):
        yield _Panel(title, better, left, right, -limit, limit, share)


def _scale(values: list[float], limits: tuple[float, ...]) -> float:
    """Return the first limit that holds every value, the last where none does."""
    highest = max((abs(value) for value in values), default=0.0)
    return next((limit for limit in limits if highest <= limit), limits[-1])


def _block(
    found: Answers,
    panel: _Panel,
    names_px: tuple[float, float],
    top: float,
    *,
    names_above: bool,
    names: bool = True,
) -> tuple[list[Element], float]:
    """Return one panel with a row per scenario, and where it ends."""
    each = _ROW_PX + (14.0 if names_above else 0.0)
    first = top + _HEAD_PX
    last = first + each * len(found.comparisons)
    out: list[Element] = [
        label((panel.left_px, top + 14), panel.title, size_px=_SIZE_PX, bold=True),
        label((panel.left_px, top + 30), panel.better, size_px=_SMALL_PX, fill="muted"),
    ]
    for value in (panel.low, panel.low / 2, 0.0, panel.high / 2, panel.high):
        x = panel.x(value)
        dash = {} if value == 0.0 else {"stroke_dasharray": "2 4"}
        out.append(line((x, first), (x, last), stroke="ink" if value == 0.0 else "rule", **dash))
        anchor: _Anchor = "middle"
        if value in (panel.low, panel.high):
            anchor = "start" if value == panel.low else "end"
        out.append(label((x, last + 14), panel.written(value), size_px=_SMALL_PX, fill="muted",
                         anchor=anchor))  # fmt: skip
    for k, item in enumerate(found.comparisons):
        y = first + each * k + each - _ROW_PX / 2
        room = names_px[1] - names_px[0]
        text = shorten(item.scenario.name, room, _SIZE_PX)
        if names_above:
            out.append(label((names_px[0], y - 13), text, size_px=_SIZE_PX))
        elif names:
            if k % 2 == 0:
                band = (names_px[0], y - _ROW_PX / 2, 1104.0, _ROW_PX)
                out.insert(0, rect(band, fill="band"))
            out.append(label((names_px[0], y + 4), text, size_px=_SIZE_PX))
        out += list(_mark(item, panel, y))
    return out, last + _FOOT_PX


def _mark(item: Comparison, panel: _Panel, y: float) -> Iterator[Element]:
    if panel.title.startswith("Response"):
        share = item.whole.response
        low, high = (share.difference_frac + k * share.error_frac for k in (-1, 1))
        told = (f"{item.scenario.name}: {share.delivered_frac:.0%} to {share.scenario_frac:.0%}, "
                f"difference {share.difference_frac:+.0%}")  # fmt: skip
        yield from _bar((low, share.difference_frac, high), panel, y, (_role(low, high, 1), told))
        return
    sizes = panel.title.startswith("Sum")
    found: Difference | None = item.whole.change[-1] if sizes else item.nadir
    if found is None:
        return
    low, middle, high = found.difference
    told = (
        f"{item.scenario.name}: {panel.written(middle)} ({panel.written(low)} to "
        f"{panel.written(high)}), better in {found.better_frac:.0%} of {found.draws} draws"
    )
    role: Role = "surgery"
    if not sizes or max(abs(low), abs(high)) > _NOTHING_FRAC:
        role = _role(low, high, -1 if sizes else 1)
    yield from _bar((low, middle, high), panel, y, (role, told))


def _role(low: float, high: float, better: int) -> Role:
    """Return a color: the interval is on the better side of 0, on the worse, or on both."""
    if low * better > 0 and high * better > 0:
        return "lymphocytes"
    return "in_field" if low * better < 0 and high * better < 0 else "surgery"


def _bar(
    values: tuple[float, float, float], panel: _Panel, y: float, words: tuple[Role, str]
) -> Iterator[Element]:
    role, told = words
    low, middle, high = (panel.x(value) for value in values)
    marks = [
        line((low, y), (high, y), stroke=role, stroke_width=2.5),
        circle((middle, y), 4.5, fill=role),
    ]
    for value, x, side in ((values[0], low, -1), (values[2], high, 1)):
        if not panel.low <= value <= panel.high:  # an arrow: it goes on beyond the scale
            marks += [line((x, y), (x - 6 * side, y - 5), stroke=role, stroke_width=2),
                      line((x, y), (x - 6 * side, y + 5), stroke=role, stroke_width=2)]  # fmt: skip
        else:
            marks.append(line((x, y - 5), (x, y + 5), stroke=role, stroke_width=1.5))
    yield group(marks, title=told)


def _told(found: Answers) -> Iterator[str]:
    for item in found.comparisons:
        end = item.whole.change[-1]
        if end is not None:
            yield (
                f"{item.scenario.name}: sum of diameters {end.difference[1]:+.0%} "
                f"({end.difference[0]:+.0%} to {end.difference[2]:+.0%}) of the start, response "
                f"{item.whole.response.difference_frac:+.0%}"
            )


def _legend(found: Answers) -> str:
    origin = "fitted to this case" if found.draws.fitted else "of the prior, not of this patient"
    return (
        f"Points: medians of the differences, scenario less delivered; lines: the middle 90 % of "
        f"{found.draws.n} draws ({origin}); of the response, the difference of two shares "
        "with the error of the finite number of draws. Green: all of the line is better than what "
        "was delivered; red: all of it is worse; gray: it holds both. Arrows go on beyond the "
        "scale."
    )
