"""Waterfall: best changes sorted from growth to regression, per lesion or, for a cohort, patient.

Wide drawings stand the bars upright, narrow ones lay them down so that each keeps its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.errors import Problem, UsageError
from abscope.report.changes import LesionLine, course_panels
from abscope.report.exposure_marks import exposure_key, look
from abscope.report.glyphs import sign
from abscope.report.lettering import shorten, text_width_px, wrap
from abscope.report.material import Row, Table
from abscope.report.palette import Role
from abscope.report.percent import THRESHOLDS, PercentScale, percent, percent_scale
from abscope.report.svg import Element, Scene, group, label, line, polygon, rect
from abscope.report.words import plural
from abscope.response.assessment import CaseAssessment
from abscope.response.exposure import ExposureName

__all__ = [
    "ChangeBar", "WaterfallPanel", "waterfall_figure", "waterfall_scene", "waterfall_table",
]  # fmt: skip

#: Bars per panel and panels; what is left out is stated.
MOST_BARS, MOST_PANELS = 60, 6
_PLOT_PX, _ROW_PX, _NAME_PX = 280.0, 19.0, 130.0


@dataclass(frozen=True, slots=True)
class ChangeBar:
    """The best change of one lesion or patient (signed, >= -1); ``exposure`` None: not asked."""

    name: str
    change_frac: float
    exposure: ExposureName | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not -1 <= self.change_frac < float("inf"):
            raise UsageError(
                Problem(
                    f"bar '{self.name}'",
                    f"the change is {self.change_frac:g}",
                    "a finite change of at least -1 (gone)",
                    "Give a signed fraction: -0.3 for a third smaller.",
                    path="change_frac",
                )
            )


@dataclass(frozen=True, slots=True)
class WaterfallPanel:
    """The bars of one plot, in any order, and its heading; ``noun`` is what a bar stands for."""

    title: str
    bars: tuple[ChangeBar, ...]
    noun: str = "lesion"


def waterfall_figure(
    case: Case, found: CaseAssessment, clock: Clock, *, narrow: bool
) -> Scene | None:
    """Return the best change of each lesion per course, or None where no lesion has two sizes."""
    panels = tuple(
        WaterfallPanel(
            f"Best change after {panel.course}", tuple(_bar(item) for item in panel.lines)
        )
        for panel in course_panels(case, found, clock)
    )
    return waterfall_scene(panels, narrow=narrow) if panels else None


def _bar(item: LesionLine) -> ChangeBar:
    return ChangeBar(item.name, item.best_frac, item.exposure, item.note)


def waterfall_scene(panels: tuple[WaterfallPanel, ...], *, narrow: bool) -> Scene:
    """Return the panels one below the other, each sorted, with a key to the exposure classes."""
    width = 330.0 if narrow else 1120.0
    parts: list[Element] = []
    y = 0.0
    for panel in panels[:MOST_PANELS]:
        drawn, y = _panel(panel, width, y, narrow=narrow)
        parts += drawn
        y += 12
    if len(panels) > MOST_PANELS:
        text = f"{plural(len(panels) - MOST_PANELS, 'more plot')} not drawn"
        parts.append(label((8, y + 8), text, size_px=11, fill="muted"))
        y += 18
    bars = [bar for panel in panels for bar in panel.bars]
    used = {bar.exposure for bar in bars if bar.exposure is not None}
    if used:
        key, y = exposure_key(used, place_px=(8, y + 8), right_px=width - 8)
        parts += key
    counts = ", ".join(
        f"{plural(sum(b.change_frac <= change for b in bars), 'bar')} at {percent(change)} or less"
        for change, _ in THRESHOLDS[:1]
    )
    return Scene(
        f"waterfall-{'narrow' if narrow else 'wide'}",
        width,
        y + 4,
        "Best changes, sorted",
        f"{plural(len(bars), 'bar')} in {plural(len(panels), 'plot')}; {counts}. The table of the "
        "sizes holds the same in words.",
        tuple(parts),
    )


def waterfall_table(panel: WaterfallPanel) -> Table:
    """Return the bars of a panel in words, sorted as drawn."""
    rows = tuple(
        Row(bar.name, (_class(bar) or "not asked", percent(bar.change_frac), bar.note))
        for bar in _sorted(panel.bars)
    )
    head = panel.noun[0].upper() + panel.noun[1:]
    return Table(panel.title, (head, "Exposure", "Best change", "Note"), rows)


def _sorted(bars: tuple[ChangeBar, ...]) -> list[ChangeBar]:
    return sorted(bars, key=lambda bar: -bar.change_frac)


def _class(bar: ChangeBar) -> str:
    return "" if bar.exposure is None else look(bar.exposure).words


def _role(bar: ChangeBar) -> Role:
    return "drug" if bar.exposure is None else look(bar.exposure).role


def _panel(
    panel: WaterfallPanel, width: float, top: float, *, narrow: bool
) -> tuple[list[Element], float]:
    bars = _sorted(panel.bars)
    y = top + 14
    title = shorten(panel.title, width - 16, 12, bold=True)
    parts: list[Element] = [label((8, y), title, bold=True)]
    half = MOST_BARS // 2
    shown: list[ChangeBar | None] = list(bars)
    if len(bars) > MOST_BARS:
        middle = bars[half:-half]
        shown = [*bars[:half], None, *bars[-half:]]
        text = (
            f"Of {plural(len(bars), panel.noun)} the {half} highest and the {half} lowest changes "
            f"are drawn; {plural(len(middle), panel.noun)} between "
            f"them, from {percent(middle[0].change_frac)} to {percent(middle[-1].change_frac)}, "
            "are not"
        )
        for row in wrap(text, width - 16, 11, lines=5):
            y += 15
            parts.append(label((8, y), row, size_px=11, fill="muted"))
    draw = _lying if narrow else _upright
    drawn, y = draw(shown, width, y + 16)
    return [*parts, *drawn], y


def _upright(
    shown: list[ChangeBar | None], width: float, top: float
) -> tuple[list[Element], float]:
    """Draw the bars side by side from the zero line; names below, turned where bars are thin."""
    left, bottom = 54.0, top + _PLOT_PX
    scale = _scale(shown, bottom, top)
    pitch = min((width - 8 - left) / max(len(shown), 1), 130.0)
    parts = list(scale.rows(left, left + pitch * len(shown)))
    zero = scale.at_px(0)
    widest = max((text_width_px(bar.name, 11) for bar in shown if bar is not None), default=0.0)
    turned = widest > pitch - 6 and pitch < 80
    for n, bar in enumerate(shown):
        x = left + pitch * (n + 0.5)
        if bar is None:
            parts += _gap((x, zero), upright=True)
            continue
        end, thick = scale.at_px(bar.change_frac), min(pitch * 0.72, 46.0)
        inside = [_block((x - thick / 2, min(zero, end), thick, abs(end - zero)), bar)]
        if scale.beyond(bar.change_frac):
            tip = [(x, end - 9), (x + 4, end - 2), (x - 4, end - 2)]
            inside.append(polygon(tip, fill=_role(bar)))
        text = percent(bar.change_frac)
        if text_width_px(text, 11, bold=True) <= pitch - 2:
            base = zero + 15 if bar.change_frac > 0 else zero - 6
            inside.append(label((x, base), text, size_px=11, anchor="middle", bold=True))
        inside += _sign(bar, x, bottom + 12)
        inside += _name(bar.name, (x, bottom + 32), pitch, turned=turned)
        parts.append(group(inside, title=_title(bar)))
    lines = 1 if widest <= pitch - 6 else 3
    return parts, bottom + (26 + min(widest, _NAME_PX) if turned else 24 + 14 * lines)


def _name(
    text: str, place_px: tuple[float, float], pitch: float, *, turned: bool
) -> Iterator[Element]:
    """Return a name below its bar, in up to three lines, or turned to read upward."""
    x, y = place_px
    if turned:
        written = label((0, 0), shorten(text, _NAME_PX, 11), size_px=11, anchor="end")
        yield group([written], transform=f"translate({x + 4:.1f} {y - 9:.1f}) rotate(-90)")
        return
    for row in wrap(text, pitch - 6, 11, lines=3):
        yield label((x, y), row, size_px=11, anchor="middle")
        y += 14


def _lying(shown: list[ChangeBar | None], width: float, top: float) -> tuple[list[Element], float]:
    """Draw one row per bar: name, sign, bar from the zero line, value on its free side."""
    names_px, left = 88.0, 112.0
    right = width - 14
    scale = _scale(shown, left, right)
    bottom = top + 14 + _ROW_PX * len(shown)
    parts = list(_columns(scale, top, bottom))
    zero = scale.at_px(0)
    for n, bar in enumerate(shown):
        y = top + 14 + _ROW_PX * (n + 0.5)
        if bar is None:
            parts += _gap((zero, y), upright=False)
            continue
        end = scale.at_px(bar.change_frac)
        name = shorten(bar.name, names_px - 8, 11)
        text = percent(bar.change_frac)
        grown = bar.change_frac > 0
        inside = [
            label((8, y + 4), name, size_px=11),
            *_sign(bar, names_px + 12, y),
            _block((min(zero, end), y - 6, abs(end - zero), 12), bar),
            label((zero - 5 if grown else zero + 5, y + 4), text, size_px=11, bold=True,
                  anchor="end" if grown else "start"),
        ]  # fmt: skip
        if scale.beyond(bar.change_frac):
            tip = [(end + 9, y), (end + 2, y - 4), (end + 2, y + 4)]
            inside.append(polygon(tip, fill=_role(bar)))
        parts.append(group(inside, title=_title(bar)))
    return parts, bottom + 4


def _columns(scale: PercentScale, top: float, bottom: float) -> Iterator[Element]:
    """Draw the scale across: thresholds named above in bold, ends and zero where they fit."""
    taken: list[tuple[float, float]] = []
    for (change, words), side in zip(THRESHOLDS, (-1, 1), strict=True):
        x, text = scale.at_px(change), percent(change)
        half = text_width_px(text, 11, bold=True) / 2 + 2
        middle = scale.at_px(-0.05) + side * max(half, abs(x - scale.at_px(-0.05)))
        written = label((middle, top + 6), text, size_px=11, anchor="middle", bold=True)
        drawn = line((x, top + 10), (x, bottom), stroke="ink", stroke_dasharray="1 4")
        yield group((drawn, written), title=words)
        taken.append((middle - half, middle + half))
    for x, text in scale.ticks():
        heavy = text == "0 %"
        yield line((x, top + 10), (x, bottom), stroke="ink" if heavy else "rule", stroke_width=0.8)
        half = text_width_px(text, 11) / 2
        if all(x + half <= low or x - half >= high for low, high in taken):
            taken.append((x - half, x + half))
            yield label((x, top + 6), text, size_px=11, fill="muted", anchor="middle")


def _scale(shown: list[ChangeBar | None], bottom: float, top: float) -> PercentScale:
    changes = [bar.change_frac for bar in shown if bar is not None]
    return percent_scale(changes, bottom_px=bottom, top_px=top)


def _block(place: tuple[float, float, float, float], bar: ChangeBar) -> Element:
    """Return the bar itself: striped where the exposure is not known, else filled."""
    x, y, width, height = place
    place = (x, y, max(width, 1.5), max(height, 1.5))
    role, unsure = _role(bar), bar.exposure in ("unknown", "uncertain")
    return rect(place, fill=role, stroke=role, hatch=unsure, stroke_width=1)


def _sign(bar: ChangeBar, x: float, y: float) -> list[Element]:
    if bar.exposure is None:
        return []
    return [sign(look(bar.exposure).shape, x, y, role=_role(bar))]


def _gap(place_px: tuple[float, float], *, upright: bool) -> Iterator[Element]:
    """Draw three dots for the bars that are left out."""
    x, y = place_px
    for n in (-1, 0, 1):
        dot = (x + 5 * n, y) if upright else (x, y + 5 * n)
        yield rect((dot[0] - 1, dot[1] - 1, 2, 2), fill="ink")


def _title(bar: ChangeBar) -> str:
    head = ", ".join(text for text in (bar.name, _class(bar)) if text)
    note = f". {bar.note[0].upper()}{bar.note[1:]}" if bar.note else ""
    return f"{head}: best change {percent(bar.change_frac)}{note}."
