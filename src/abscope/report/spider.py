"""Spider: each lesion's change from its baseline over the days from a course of radiotherapy.

A time known as an interval is a whisker, an open one an arrow; a size whose day nothing ties to
the course stands right of the axis in the order of the record. Lesions in words stand beside.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from abscope.case.clock import Clock, Span
from abscope.case.record import Case
from abscope.report.axis import TimeAxis
from abscope.report.changes import CoursePanel, LesionLine, Step, WordsOnly, course_panels
from abscope.report.exposure_marks import exposure_key, look
from abscope.report.glyphs import Glyph, arrow, point_glyph, sign
from abscope.report.lettering import shorten, text_width_px, wrap
from abscope.report.palette import Role
from abscope.report.percent import PercentScale, percent, percent_scale
from abscope.report.svg import Element, Scene, group, label, line, polygon, rect
from abscope.report.times import day_words
from abscope.report.words import join, plural
from abscope.response.assessment import CaseAssessment

__all__ = ["spider_figure", "spider_scene", "step_time"]

#: Lesions drawn per panel, names in words per panel, and panels; the rest is counted in words.
MOST_LINES, MOST_WORDS, MOST_PANELS = 40, 12, 6
_NAME_PX = 14.0

_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the parts of one panel lie; ``strip`` holds the places of sizes without a day."""

    axis: TimeAxis | None
    scale: PercentScale
    left_px: float
    right_px: float
    strip: dict[int, float]


def spider_figure(case: Case, found: CaseAssessment, clock: Clock, *, narrow: bool) -> Scene | None:
    """Return the figure, or None where no lesion has two sizes."""
    panels = course_panels(case, found, clock)
    return spider_scene(panels, narrow=narrow) if panels else None


def spider_scene(panels: tuple[CoursePanel, ...], *, narrow: bool) -> Scene:
    """Return the panels, one per course, one below the other, with a key."""
    width = 330.0 if narrow else 1120.0
    parts: list[Element] = []
    y = 0.0
    for panel in panels[:MOST_PANELS]:
        drawn, y = _panel(panel, width, y, narrow=narrow)
        parts += drawn
        y += 10
    if len(panels) > MOST_PANELS:
        text = f"{plural(len(panels) - MOST_PANELS, 'more course')} in the table only"
        parts.append(label((8, y + 8), text, size_px=11, fill="muted"))
        y += 18
    used = {item.exposure for panel in panels for item in panel.lines}
    used |= {item.exposure for panel in panels for item in panel.words}
    lines = [item for panel in panels for item in panel.lines]
    spans = [step.span for item in lines for step in item.steps if step.span is not None]
    key, y = exposure_key(used, place_px=(8, y + 8), right_px=width - 8, more=_signs(spans))
    ends = ", ".join(f"{item.name} {percent(item.steps[-1].change_frac)}" for item in lines[:8])
    return Scene(
        f"spider-{'narrow' if narrow else 'wide'}",
        width,
        y + 4,
        "Change of each lesion from its baseline",
        f"{plural(len(lines), 'lesion')} with sizes after {plural(len(panels), 'course')}; at the "
        f"last size: {ends}. The table below the figure holds every size.",
        (*parts, *key),
    )


def _signs(spans: list[Span]) -> tuple[tuple[tuple[Element, ...], str], ...]:
    """The signs of times in use, in ink because they mean the same in every color."""
    hollow = sign("value", 13, 0, role="ink", hollow=True)
    held: list[tuple[tuple[Element, ...], str]] = []
    if any(span.bounded and not span.exact for span in spans):
        held.append(((line((2, 0), (24, 0), stroke="ink"), hollow), "some day in the interval"))
    if any(not span.bounded for span in spans):
        held.append(((*arrow(2, 0, 1, role="ink"),), "open: before or after"))
    return tuple(held)


def _panel(
    panel: CoursePanel, width: float, top: float, *, narrow: bool
) -> tuple[list[Element], float]:
    lines = panel.lines[:MOST_LINES]
    left = 54.0
    column = _names_column(lines, narrow=narrow)
    names_width = 32 + sum(column)
    aside = 0.0 if narrow or not panel.words else 230.0
    right = width - 8 - aside - names_width
    head, y = _head(panel, len(lines), width, top)
    plot_top = y + 28
    height = max(230.0 if narrow else 300.0, _NAME_PX * len(lines) + 14)
    scale = percent_scale(
        (step.change_frac for item in lines for step in item.steps),
        bottom_px=plot_top + height,
        top_px=plot_top,
    )
    frame = _frame(lines, scale, (left, right))
    parts = [*head, *_ground(panel, frame, narrow=narrow), *_lines(lines, frame)]
    parts += _names(lines, frame, column, narrow=narrow)
    y = scale.bottom_px + 34
    if panel.words and narrow:
        drawn, y = _words(panel.words, (8, y + 6), width - 16)
        parts += drawn
    elif panel.words:
        drawn, low = _words(panel.words, (width - aside + 6, plot_top - 8), aside - 14)
        parts += drawn
        y = max(y, low)
    return parts, y


def _head(panel: CoursePanel, shown: int, width: float, top: float) -> tuple[list[Element], float]:
    """Return the title of a panel and, where lesions are left out, which: the summary."""
    y = top + 14
    title = f"Change from baseline after {panel.course}"
    parts: list[Element] = [label((8, y), shorten(title, width - 16, 12, bold=True), bold=True)]
    rest = panel.lines[shown:]
    if rest:
        classes = Counter(look(item.exposure).words for item in rest)
        counts = join(f"{number} {words}" for words, number in classes.most_common())
        low, high = min(x.best_frac for x in rest), max(x.best_frac for x in rest)
        text = (
            f"The first {shown} of {plural(len(panel.lines), 'lesion')} with sizes are drawn, in "
            f"the order of the record; not drawn: {counts}, best changes from {percent(low)} to "
            f"{percent(high)}"
        )
        for row in wrap(text, width - 16, 11, lines=5):
            y += 15
            parts.append(label((8, y), row, size_px=11, fill="muted"))
    return parts, y


def _frame(
    lines: tuple[LesionLine, ...],
    scale: PercentScale,
    ends: tuple[float, float],
) -> _Frame:
    """Return the places of a panel: an axis for known days, a strip for the others."""
    left, right = ends
    steps = [step for item in lines for step in item.steps]
    placed = [step.span for step in steps if step.span is not None]
    lost = sorted({step.index for step in steps if step.span is None})
    share = 1.0 if not placed else 0.3
    strip = min(share * (right - left), 44.0 * len(lost) + 20) if lost and placed else 0.0
    if not placed:
        strip = right - left
    pitch = strip / max(len(lost), 1)
    places = {index: right - strip + pitch * (n + 0.5) for n, index in enumerate(lost)}
    axis = None
    if placed:
        days = [d for span in placed for d in (span.low_d, span.high_d) if math.isfinite(d)]
        low, high = min([0.0, *days]), max([0.0, *days])
        if high - low < 7:
            low, high = low - 3.5, high + 3.5
        inset = 40.0 if any(not span.bounded for span in placed) else 14.0
        day_px = (right - strip - left - 2 * inset) / (high - low)
        axis = TimeAxis(low - inset / day_px, high + inset / day_px, left, right - strip)
    return _Frame(axis, scale, left, right, places)


def _ground(panel: CoursePanel, frame: _Frame, *, narrow: bool) -> Iterator[Element]:
    """Draw the course as a band, the percent lines, and the days below."""
    axis, scale = frame.axis, frame.scale
    bottom, top = scale.bottom_px, scale.top_px
    if axis is not None and panel.end is not None and math.isfinite(panel.end.high_d):
        low = axis.x_px(0.0)
        width = max(axis.x_px(panel.end.high_d) - low, 3.0)
        title = f"{panel.course}, to {day_words(panel.end.high_d)}"
        yield group([rect((low, top, width, bottom - top), fill="band")], title=title)
    if frame.strip:
        edge = axis.right_px if axis is not None else frame.left_px
        yield line((edge, top), (edge, bottom + 6), stroke="muted")
        words = "day not known" if axis is None else "no day"
        yield label(
            ((edge + frame.right_px) / 2, bottom + 17), words, size_px=11, fill="muted",
            anchor="middle",
        )  # fmt: skip
    yield from scale.rows(frame.left_px, frame.right_px)
    if axis is None:
        return
    zero = axis.x_px(0.0)
    yield line((zero, top - 4), (zero, bottom + 4), stroke="ink", stroke_dasharray="2 3")
    text = shorten(f"{panel.course} starts", frame.right_px - frame.left_px, 11)
    half = text_width_px(text, 11) / 2
    x = min(max(zero, frame.left_px + half), frame.right_px - half)
    yield label((x, top - 8), text, size_px=11, fill="muted", anchor="middle")
    days = [
        day
        for item in panel.lines[:MOST_LINES]
        for step in item.steps
        if step.span is not None
        for day in (step.span.low_d, step.span.high_d)
    ]
    if not any(day and math.isfinite(day) for day in days):
        yield label((zero - 6, bottom + 17), "before", size_px=11, anchor="end")
        yield label((zero + 6, bottom + 17), "after", size_px=11)
        return
    for tick in axis.ticks(50 if narrow else 70):
        half = text_width_px(tick.text, 11) / 2
        if frame.left_px - 8 <= tick.x_px - half and tick.x_px + half <= axis.right_px + 4:
            yield line((tick.x_px, bottom), (tick.x_px, bottom + 4), stroke="ink")
            yield label((tick.x_px, bottom + 17), tick.text, size_px=11, anchor="middle")


def _lines(lines: tuple[LesionLine, ...], frame: _Frame) -> Iterator[Element]:
    taken: list[_Box] = []
    marks = [[(step, *_mark(step, item, frame)) for step in item.steps] for item in lines]
    for row in marks:
        taken += [(g.low_px, y - 4.5, g.high_px, y + 4.5) for _, g, _, y in row]
        taken += [(x - 6, y - 7, x + 6, y + 7) for _, _, x, y in row]
    for item, row in zip(lines, marks, strict=True):
        style = look(item.exposure)
        for (_, _, *a), (_, _, *b) in itertools.pairwise(row):
            if b[0] >= a[0]:
                ends = (a[0], a[1]), (b[0], b[1])
                yield line(*ends, stroke=style.role, stroke_width=1.8, stroke_dasharray=style.dash)
                taken += _along(*ends)
    for item, row in zip(lines, marks, strict=True):
        for step, drawn, x, y in row:
            parts = list(drawn.elements)
            if frame.scale.beyond(step.change_frac):
                tip = [(x, y - 15), (x + 4, y - 9), (x - 4, y - 9)]
                parts.append(polygon(tip, fill=look(item.exposure).role))
            if step is not item.steps[0]:
                parts += _value(percent(step.change_frac), x, y, frame, taken)
            yield group(parts, title=_title(item, step))


def _along(a: tuple[float, float], b: tuple[float, float]) -> Iterator[_Box]:
    """Boxes along a line, so that no text is set over it."""
    number = int(math.hypot(b[0] - a[0], b[1] - a[1]) // 5) + 1
    for n in range(number + 1):
        x, y = (p + (q - p) * n / number for p, q in zip(a, b, strict=True))
        yield (x - 1.5, y - 1.5, x + 1.5, y + 1.5)


def _mark(step: Step, item: LesionLine, frame: _Frame) -> tuple[Glyph, float, float]:
    """Return the sign of a size, and the point that its line runs through."""
    style, y = look(item.exposure), frame.scale.at_px(step.change_frac)
    if step.span is None or frame.axis is None:
        x = frame.strip[step.index]
        drawn = sign(style.shape, x, y, role=style.role, hollow=True)
        return Glyph((drawn,), x - 6, x + 6), x, y
    glyph = point_glyph(style.shape, step.span, frame.axis, y, role=style.role)
    x = (glyph.low_px + glyph.high_px) / 2
    if math.isinf(step.span.low_d) and math.isfinite(step.span.high_d):
        x = frame.axis.x_px(step.span.high_d) - 9
    elif math.isinf(step.span.high_d) and math.isfinite(step.span.low_d):
        x = frame.axis.x_px(step.span.low_d) + 9
    return glyph, x, y


def _title(item: LesionLine, step: Step) -> str:
    note = f". {item.note[0].upper()}{item.note[1:]}" if item.note else ""
    words = look(item.exposure).words
    return f"{item.name}, {words}: {step.detail}, {step.scan}, {step_time(step)}{note}."


def step_time(step: Step) -> str:
    """Return the days after the start of the course in words, or that they are not known."""
    span = step.span
    if span is None or (math.isinf(span.low_d) and math.isinf(span.high_d)):
        return "day not known"
    if span.exact:
        return day_words(span.low_d)
    if math.isinf(span.low_d):
        return f"{day_words(span.high_d)} or earlier"
    if math.isinf(span.high_d):
        return f"{day_words(span.low_d)} or later"
    return f"{day_words(span.low_d)} to {day_words(span.high_d)}"


def _value(text: str, x: float, y: float, frame: _Frame, taken: list[_Box]) -> list[Element]:
    """Return the change beside its sign where there is room for it; else nothing."""
    width = text_width_px(text, 11, bold=True)
    places = (
        (x - width / 2, y - 10), (x + 9, y - 7), (x - width / 2, y + 19), (x - 9 - width, y - 7),
        (x + 9, y + 15), (x - 9 - width, y + 15),
    )  # fmt: skip
    for left, base in places:
        box = (left - 1, base - 9, left + width + 1, base + 2)
        inside = (
            box[0] >= frame.left_px + 2 and box[2] <= frame.right_px + 2
            and box[1] >= frame.scale.top_px and box[3] <= frame.scale.bottom_px - 1
        )  # fmt: skip
        if inside and not any(
            box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken
        ):
            taken.append(box)
            return [label((left, base), text, size_px=11, bold=True)]
    return []


def _names_column(lines: tuple[LesionLine, ...], *, narrow: bool) -> tuple[float, float]:
    """Return how wide the last changes and the names run; narrow drawings show identifiers."""
    ends = (percent(item.steps[-1].change_frac) for item in lines)
    names = (item.id if narrow else item.name for item in lines)
    return (
        max(text_width_px(text, 11, bold=True) for text in ends),
        min(max(text_width_px(text, 11) for text in names) + 1, 52.0 if narrow else 160.0),
    )


def _names(
    lines: tuple[LesionLine, ...], frame: _Frame, column: tuple[float, float], *, narrow: bool
) -> Iterator[Element]:
    """Write the names right of the plot near the last size, apart from one another."""
    order = sorted(lines, key=lambda item: frame.scale.at_px(item.steps[-1].change_frac))
    wanted = [frame.scale.at_px(item.steps[-1].change_frac) + 4 for item in order]
    places: list[float] = []
    for y in wanted:
        places.append(max(y, places[-1] + _NAME_PX) if places else y)
    limit = frame.scale.bottom_px + 4
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], limit)
        limit = places[n] - _NAME_PX
    for item, y, home in zip(order, places, wanted, strict=True):
        style = look(item.exposure)
        end = percent(item.steps[-1].change_frac)
        text = shorten(item.id if narrow else item.name, column[1], 11)
        x = frame.right_px + 8
        parts = [
            line((frame.right_px + 1, home - 4), (x, y - 4), stroke="rule"),
            sign(style.shape, x + 7, y - 4, role=style.role),
            label((x + 16, y), end, size_px=11, bold=True),
            label((x + 21 + column[0], y), text, size_px=11),
        ]
        yield group(parts, title=_title(item, item.steps[-1]))


def _words(
    words: tuple[WordsOnly, ...], place_px: tuple[float, float], width: float
) -> tuple[list[Element], float]:
    """List the lesions that have no two sizes, in words."""
    x, y = place_px
    parts: list[Element] = []
    parts.append(label((x, y), "Without two sizes, in words:", size_px=11, fill="muted"))
    y += 17
    for item in words[:MOST_WORDS]:
        style = look(item.exposure)
        rows = [sign(style.shape, x + 6, y - 4, role=style.role)]
        roles: tuple[tuple[str, Role], ...] = (
            (item.name, "ink"), (f"{style.words}: {item.text}", "muted"),
        )  # fmt: skip
        for text, role in roles:
            for row in wrap(text, width - 18, 11, lines=2):
                rows.append(label((x + 17, y), row, size_px=11, fill=role))
                y += 14
        parts.append(group(rows, title=f"{item.name}, {style.words}: {item.text}."))
        y += 4
    if len(words) > MOST_WORDS:
        rest = Counter(look(item.exposure).words for item in words[MOST_WORDS:])
        counts = join(f"{number} {name}" for name, number in rest.most_common())
        for row in wrap(f"and {len(words) - MOST_WORDS} more ({counts})", width, 11, lines=3):
            parts.append(label((x, y), row, size_px=11, fill="muted"))
            y += 14
    return parts, y
