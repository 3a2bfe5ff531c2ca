"""Symptom scores per site as small panels on one scale, conflicting statements both drawn."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.observation import Symptom
from abscope.case.record import Case
from abscope.report.lettering import shorten, wrap
from abscope.report.svg import Element, Scene, circle, group, label, line
from abscope.report.times import span_words
from abscope.report.words import amount, brief, plural

__all__ = ["pain_figure"]

_PLOT_PX = 104.0
_MOST_PANELS = 24
_MOST_POINTS = 5


@dataclass(frozen=True, slots=True)
class _Point:
    """The values that the record supports at one time, lowest to highest."""

    values: tuple[float, ...]
    time: str
    detail: str
    shared: bool


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    top: float
    points: tuple[_Point, ...]


def pain_figure(case: Case, clock: Clock, *, narrow: bool) -> Scene | None:
    """Return one panel per site with a score, or None where no score is on record."""
    panels = _panels(case, clock)
    if not panels:
        return None
    width = 330.0 if narrow else 1120.0
    columns = 1 if narrow else 4
    pitch = (width - 16) / columns
    shown = panels[:_MOST_PANELS]
    parts: list[Element] = []
    tall = (
        _PLOT_PX
        + 34
        + 13
        * max(
            len(
                wrap(
                    point.time, (pitch - 42) / min(len(panel.points), _MOST_POINTS) - 4, 11, lines=3
                )
            )
            for panel in shown
            for point in panel.points[:_MOST_POINTS]
        )
        + 14
    )
    for number, panel in enumerate(shown):
        x = 8 + (number % columns) * pitch
        y = (number // columns) * tall
        parts.append(group(_panel(panel, x, y, pitch - 20), title=panel.title))
    height = math.ceil(len(shown) / columns) * tall
    if len(panels) > len(shown):
        text = f"{plural(len(panels) - len(shown), 'more site')} in the table only"
        parts.append(label((8, height + 8), text, size_px=11, fill="muted"))
        height += 16
    return Scene(
        f"pain-{'narrow' if narrow else 'wide'}",
        width,
        height,
        "Symptom scores per site",
        f"{plural(len(panels), 'site')}; the table below holds every score.",
        tuple(parts),
    )


def _panels(case: Case, clock: Clock) -> list[_Panel]:
    rooms: dict[tuple[str, str, str], list[Symptom]] = {}
    for item in case.symptoms:
        if item.value is None or item.value.bounds is None:
            continue
        places = list(item.lesions) or [item.where or "place not said"]
        for place in places:
            rooms.setdefault((item.symptom, item.scale, place), []).append(item)
    panels = []
    for (symptom, scale, place), items in rooms.items():
        lesion = case.lesions_by_id.get(place)
        name = place if lesion is None or lesion.label == place else f"{place} {lesion.label}"
        known = [_ends(item) for item in items]
        limits = [item.scale_max.value for item in items if item.scale_max and item.scale_max.value]
        top = max([*limits, *(ends[-1] for ends in known), 1.0])
        ordered = sorted(items, key=lambda item: _order(item, clock))
        panels.append(
            _Panel(
                f"{name}: {symptom}, {scale}", top, tuple(_point(item, clock) for item in ordered)
            )
        )
    return panels


def _ends(item: Symptom) -> tuple[float, ...]:
    if item.value is None:
        return ()
    versions = item.value.versions
    values = {v.value for v in versions if v.value is not None}
    if not values and item.value.value is not None:
        values = {item.value.value}
    if not values and item.value.bounds:
        values = {end for end in item.value.bounds if end is not None}
    return tuple(sorted(values))


def _order(item: Symptom, clock: Clock) -> tuple[float, float]:
    span = clock.fact(item.when)
    if span is None:
        return (math.inf, math.inf)
    return (span.low_d, span.high_d)


def _point(item: Symptom, clock: Clock) -> _Point:
    time = brief(item.when) or "time not reported"
    value = " or ".join(dict.fromkeys(amount(v) for v in item.value.versions)) if item.value else ""
    value = value or brief(item.value)
    shared = len(item.lesions) > 1
    detail = f"{value}, {time} ({span_words(clock.fact(item.when), clock)})"
    if shared:
        detail += f"; one score for {', '.join(item.lesions)}"
    return _Point(_ends(item), time, detail, shared)


def _panel(panel: _Panel, x: float, y: float, width: float) -> Iterator[Element]:
    base = y + 24 + _PLOT_PX
    yield label((x, y + 13), shorten(panel.title.split(":")[0], width, 12, bold=True), bold=True)
    for share in (0.0, 0.5, 1.0):
        height = base - share * (_PLOT_PX - 10)
        yield line((x + 22, height), (x + width, height), stroke="rule", stroke_width=0.8)
        yield label(
            (x + 18, height + 4), f"{share * panel.top:g}", size_px=11, fill="muted", anchor="end"
        )
    points = panel.points[:_MOST_POINTS]
    step = (width - 22) / max(len(points), 1)
    places = [x + 22 + step * (n + 0.5) for n in range(len(points))]

    def height_px(value: float) -> float:
        return base - min(value / panel.top, 1.0) * (_PLOT_PX - 10)

    for n in range(len(points) - 1):
        for a in points[n].values:
            for b in points[n + 1].values:
                ends = ((places[n], height_px(a)), (places[n + 1], height_px(b)))
                dashed = "2 3" if len(points[n].values) + len(points[n + 1].values) > 2 else "none"
                yield line(*ends, stroke="muted", stroke_dasharray=dashed)
    for place, point in zip(places, points, strict=True):
        yield _dots(point, place, step, base, [height_px(value) for value in point.values])
    if len(panel.points) > len(points):
        text = f"{len(panel.points) - len(points)} later in the table"
        yield label((x + width, y + 28), text, size_px=11, fill="muted", anchor="end")


def _dots(point: _Point, x: float, step: float, base: float, heights: list[float]) -> Element:
    parts: list[Element] = []
    if len(heights) > 1:
        parts.append(line((x, heights[0]), (x, heights[-1]), stroke="in_field", stroke_width=2))
    for value, height in zip(point.values, heights, strict=True):
        fill = "panel" if point.shared else "ink"
        parts.append(
            circle((x, height), 4.4, fill=fill, stroke="ink", stroke_width=1.8)  # type: ignore[arg-type]
        )
        parts.append(label((x + 8, height - 5), f"{value:g}", bold=True))
    for n, row in enumerate(wrap(point.time, step - 4, 11, lines=3)):
        parts.append(label((x, base + 18 + 13 * n), row, size_px=11, fill="muted", anchor="middle"))
    return group(parts, title=point.detail)
