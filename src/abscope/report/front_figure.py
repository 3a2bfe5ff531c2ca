"""The front of a search: each treatment a numbered point, one goal against another.

A point is a value over all draws. The treatment as delivered is the diamond.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from abscope.decide.goals import GOALS, Goal
from abscope.decide.optimize import Optimum
from abscope.report.figures import Figure
from abscope.report.lettering import text_width_px, wrap
from abscope.report.svg import Element, Scene, circle, group, label, line, path, polygon

__all__ = ["front_figure", "front_scene"]

_SIZE_PX, _SMALL_PX = 12.0, 11.0
_LEFT_PX, _FOOT_PX, _DOT_PX, _NEAR_PX = 62.0, 78.0, 10.0, 20.0
_WORDS_LINES = 3
_STEPS = (1.0, 2.0, 5.0, 10.0)
_TICKS = 5


def front_figure(found: Optimum) -> Figure:
    """Return the figure of a search in a wide and a narrow drawing."""
    goals = " and ".join(str(goal) for goal in found.question.goals)
    caption = (
        f"Treatments that no other one tried beats in {goals}, judged on the same {found.draws} "
        "draws; numbers as in the table. The diamond is the treatment as delivered."
    )
    return Figure(
        "front", caption, front_scene(found, narrow=False), front_scene(found, narrow=True)
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """A scale of one goal from ``low`` to ``high``, between two places in pixels."""

    goal: Goal
    low: float
    high: float
    step: float
    start_px: float
    end_px: float

    def at_px(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start_px + share * (self.end_px - self.start_px)

    @property
    def ticks(self) -> Iterator[tuple[float, str]]:
        for k in range(round((self.high - self.low) / self.step) + 1):
            value = self.low + k * self.step
            text = self.goal.written(0.0 if abs(value) < self.step / 100 else value)
            yield (
                self.at_px(value),
                text.replace("-", "−").replace("+0%", "0%").removesuffix(" per uL"),
            )

    @property
    def words(self) -> str:
        unit = ", per µL" if GOALS[self.goal.name][2] == "per uL" else ""
        better = "more" if self.goal.more_is_better else "less"
        return f"{self.goal}: {self.goal.words}{unit} ({better} is better)"


def front_scene(found: Optimum, *, narrow: bool) -> Scene:
    """Return the drawing: the first goal upward, a panel for each other goal.

    One goal alone stands on the horizontal axis, with the points in the order of the table.
    """
    goals = found.question.goals
    panels = max(len(goals) - 1, 1)
    width = 330.0 if narrow else 1120.0
    per_row = 1 if narrow else min(panels, 2)
    each = width / per_row
    height = 320.0 if narrow else 400.0
    parts: list[Element] = []
    for k in range(panels):
        corner = (each * (k % per_row), height * (k // per_row))
        parts += _panel(found, k, corner, (each, height))
    rows = math.ceil(panels / per_row)
    return Scene(
        f"front-{'narrow' if narrow else 'wide'}",
        width,
        height * rows,
        f"Treatments by {' and '.join(str(goal) for goal in goals)}",
        "; ".join(_told(found)) or "No treatment keeps the limits.",
        tuple(parts),
    )


def _told(found: Optimum) -> Iterator[str]:
    goals = found.question.goals
    rows = [("As delivered", found.delivered)]
    rows += [(f"{n}, {x.scenario.name}", x.values) for n, x in enumerate(found.chosen, 1)]
    for name, values in rows:
        said = (f"{g} {g.written(v)}" for g, v in zip(goals, values, strict=True))
        yield f"{name}: {', '.join(said)}"


def _panel(
    found: Optimum, number: int, corner_px: tuple[float, float], size_px: tuple[float, float]
) -> Iterator[Element]:
    goals = found.question.goals
    left, top = corner_px[0] + _LEFT_PX, corner_px[1] + 44.0
    right, bottom = corner_px[0] + size_px[0] - 22.0, corner_px[1] + size_px[1] - _FOOT_PX
    alone = len(goals) == 1
    x_at = 0 if alone else number + 1
    across = _axis(goals[x_at], _column(found, x_at), (left, right))
    yield from _frame(across, None, (left, top, right, bottom))
    if alone:
        count = len(found.chosen) + 1
        heights = [top + (bottom - top) * (k + 0.5) / count for k in range(count)]
    else:
        up = _axis(goals[0], _column(found, 0), (bottom, top))
        yield from _frame(across, up, (left, top, right, bottom))
        heights = [up.at_px(value) for value in _column(found, 0)]
    places = list(zip((across.at_px(v) for v in _column(found, x_at)), heights, strict=True))
    if len(goals) == 2 and len(places) > 2:
        ordered = sorted(places[1:])
        line_ = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in ordered)
        yield path(line_, stroke="out_of_field", stroke_width=1.5, stroke_dasharray="2 4")
    names = list(_told(found))
    shown = _apart(places)[1:]
    for n, (place, near, name) in enumerate(zip(places[1:], shown, names[1:], strict=True), 1):
        yield _point(n, place, near, name)
    yield _delivered(places[0], names[0])


def _frame(
    across: _Axis, up: _Axis | None, box_px: tuple[float, float, float, float]
) -> Iterator[Element]:
    """Return the grid and the words of the axes; only those of ``up`` where it is there."""
    left, top, right, bottom = box_px
    if up is not None:
        for y, text in up.ticks:
            yield line((left, y), (right, y), stroke="rule")
            yield label((left - 8, y + 4), text, size_px=_SMALL_PX, fill="muted", anchor="end")
        for k, words in enumerate(wrap(up.words, right - left + _LEFT_PX - 16, _SIZE_PX)):
            yield label((left - _LEFT_PX + 8, top - 28 + 15 * k), words, size_px=_SIZE_PX)
        return
    for x, text in across.ticks:
        yield line((x, top), (x, bottom), stroke="rule")
        half = text_width_px(text, _SMALL_PX) / 2
        at = min(max(x, left - _LEFT_PX + half), right + 20 - half)
        yield label((at, bottom + 16), text, size_px=_SMALL_PX, fill="muted", anchor="middle")
    room = right - left + _LEFT_PX - 16
    for k, words in enumerate(wrap(across.words, room, _SIZE_PX, lines=_WORDS_LINES)):
        yield label((left - _LEFT_PX + 8, bottom + 35 + 15 * k), words, size_px=_SIZE_PX)


def _delivered(place: tuple[float, float], name: str) -> Element:
    x, y = place
    shape = polygon(
        [(x, y - 9), (x + 9, y), (x, y + 9), (x - 9, y)],
        fill="panel", stroke="ink", stroke_width=2,
    )  # fmt: skip
    return group([shape], title=name)


def _point(n: int, place: tuple[float, float], near: tuple[float, float], name: str) -> Element:
    marks = [
        circle(near, _DOT_PX, fill="out_of_field", stroke="panel", stroke_width=1.5),
        label((near[0], near[1] + 4), str(n), size_px=_SMALL_PX, fill="panel", anchor="middle",
              bold=True),
    ]  # fmt: skip
    if near != place:
        marks.insert(0, line(place, near, stroke="out_of_field", stroke_width=1.5))
        marks.insert(1, circle(place, 3, fill="out_of_field"))
    return group(marks, title=name, data_point=str(n))


def _apart(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where the numbered dots stand: beside their place where another one is there."""
    out: list[tuple[float, float]] = []
    for place in places:
        free = place
        for k in range(24):
            if all(math.dist(free, other) >= _NEAR_PX for other in out):
                break
            turn, far = k * math.tau / 8 - math.pi / 4, _NEAR_PX * (1 + k // 8)
            free = (place[0] + far * math.cos(turn), place[1] - far * math.sin(turn))
        out.append(free)
    return out


def _column(found: Optimum, k: int) -> list[float]:
    """Return the values of one goal, as delivered first."""
    return [found.delivered[k], *(item.values[k] for item in found.chosen)]


def _axis(goal: Goal, values: Sequence[float], ends_px: tuple[float, float]) -> _Axis:
    low, high = min(values), max(values)
    share = GOALS[goal.name][2] == "frac"
    room = max(high - low, 0.05 if share else 50.0)
    low, high = low - 0.08 * room, high + 0.08 * room
    power = 10.0 ** math.floor(math.log10((high - low) / _TICKS))
    step = power * next(s for s in _STEPS if s * power * _TICKS >= high - low)
    step = max(step, 0.01 if share else 1.0)
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    if share and goal.name != "size":  # a share lies between 0 and 1
        first, last = max(first, 0.0), min(last, math.ceil(1.0 / step - 1e-9) * step)
    return _Axis(goal, first, max(last, first + step), step, *ends_px)
