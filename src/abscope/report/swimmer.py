"""Swimmer: one lane per patient with courses, responses, progression, death, and who goes on.

The input is plain records, so that tables, simulated cohorts and adjudicated cases can feed it.
Days count from each patient's own start.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from abscope.case.clock import Span
from abscope.errors import Problem, UsageError
from abscope.report.axis import TimeAxis
from abscope.report.exposure_marks import key_rows
from abscope.report.glyphs import arrow, sign
from abscope.report.lettering import shorten, text_width_px, wrap
from abscope.report.material import Cell, Row, Table
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, group, label, line, rect
from abscope.report.times import day_words
from abscope.report.words import plural

__all__ = [
    "LaneEvent", "LaneEventKind", "SwimmerLane", "swimmer_scene", "swimmer_table",
]  # fmt: skip

LaneEventKind = Literal["radiotherapy", "CR", "PR", "SD", "PD"]

#: Lanes drawn; the rest is counted in words.
_MOST_LANES = 60
_ROW_PX, _BAR_PX = 19.0, 9.0


@dataclass(frozen=True, slots=True)
class LaneEvent:
    """Something that happened to a patient on a day, or on some day of an interval.

    ``until_d`` is the day on which a response or a course is known to have ended; None draws the
    start only.
    """

    kind: LaneEventKind
    when: Span
    until_d: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SwimmerLane:
    """One patient from day 0 to the last known day.

    ``end`` says what the last day is: death, followed on (alive at the last contact), or stopped
    (alive, but not followed any more).
    """

    name: str
    last_d: float
    end: Literal["death", "ongoing", "stopped"]
    events: tuple[LaneEvent, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    words: str
    shape: str
    role: Role
    hollow: bool = False
    hatch: bool = False


_LOOKS: dict[LaneEventKind, _Look] = {
    "radiotherapy": _Look("radiotherapy", "stroke", "in_field"),
    "CR": _Look("complete response", "value", "lymphocytes"),
    "PR": _Look("partial response", "value", "lymphocytes", hollow=True, hatch=True),
    "SD": _Look("stable", "procedure", "muted"),
    "PD": _Look("progression", "symptom", "warn"),
}
_ENDS = {"death": "died", "ongoing": "followed on", "stopped": "last known"}


def swimmer_scene(
    lanes: tuple[SwimmerLane, ...], *, narrow: bool, title: str = "Course of each patient"
) -> Scene:
    """Return the lanes, longest first, on one axis of days with a key below.

    Raises UsageError with every lane and event whose days cannot be drawn.
    """
    _check(lanes)
    width = 330.0 if narrow else 1120.0
    order = sorted(lanes, key=lambda lane: -lane.last_d)
    shown = order[:_MOST_LANES]
    names = max((text_width_px(lane.name, 11) for lane in shown), default=0.0)
    left = 20 + min(names, 70.0 if narrow else 180.0)
    longest = max([7.0, *(_furthest(lane) for lane in shown)])
    axis = TimeAxis(0.0, longest, left, width - 44)
    head, top = _head(title, order, width)
    bottom = top + _ROW_PX * len(shown) + 6
    parts = [*head, *_axis(axis, top, bottom, narrow=narrow)]
    for n, lane in enumerate(shown):
        parts.append(_lane(lane, axis, top + 4 + _ROW_PX * (n + 0.5)))
    key, y = _key(shown, width, bottom + 36)
    dead = sum(lane.end == "death" for lane in lanes)
    going = sum(lane.end == "ongoing" for lane in lanes)
    return Scene(
        f"swimmer-{'narrow' if narrow else 'wide'}",
        width,
        y + 4,
        title,
        f"{plural(len(lanes), 'patient')}: {dead} died, {going} followed on. The table holds every "
        "event in words.",
        (*parts, *key),
    )


def swimmer_table(lanes: tuple[SwimmerLane, ...]) -> Table:
    """Return the lanes in words, longest first."""
    rows = []
    for lane in sorted(lanes, key=lambda lane: -lane.last_d):
        events: tuple[Cell, ...] = tuple(_words(event) for event in lane.events)
        end = f"{_ENDS[lane.end]} {day_words(lane.last_d)}"
        rows.append(Row(lane.name, (events or "none recorded", end, lane.note)))
    return Table("Course of each patient", ("Patient", "Events", "End", "Note"), tuple(rows))


def _check(lanes: tuple[SwimmerLane, ...]) -> None:
    """Raise every lane and event at once that has no place on the axis."""
    problems = []
    expected = "finite days from 0 on, each interval in order"
    for lane in lanes:
        days = [("last_d", lane.last_d, lane.last_d)]
        for event in lane.events:
            days.append((f"{event.kind}.when", event.when.low_d, event.when.high_d))
            if event.until_d is not None:
                days.append((f"{event.kind}.until_d", event.when.low_d, event.until_d))
        for path, low, high in days:
            if not (math.isfinite(low) and math.isfinite(high) and 0 <= low <= high):
                what = f"{path} is {low:g}" if low == high else f"{path} is {low:g} to {high:g}"
                problems.append(
                    Problem(
                        f"lane '{lane.name}'",
                        what,
                        expected,
                        "Count the days from the patient's start.",
                        path=path,
                    )
                )
    if problems:
        raise UsageError(problems)


def _furthest(lane: SwimmerLane) -> float:
    ends = [end for e in lane.events for end in (e.when.high_d, e.until_d) if end is not None]
    return max([lane.last_d, *ends])


def _head(title: str, order: list[SwimmerLane], width: float) -> tuple[list[Element], float]:
    """Return the title and, where lanes are left out, which; and where the lanes begin."""
    y = 14.0
    parts: list[Element] = [label((8, y), shorten(title, width - 16, 12, bold=True), bold=True)]
    rest = order[_MOST_LANES:]
    if rest:
        dead = sum(lane.end == "death" for lane in rest)
        text = (
            f"The {_MOST_LANES} longest of {plural(len(order), 'patient')} are drawn; not drawn: "
            f"{plural(len(rest), 'patient')}, {day_words(rest[-1].last_d)} to "
            f"{day_words(rest[0].last_d)}, {dead} died"
        )
        for row in wrap(text, width - 16, 11, lines=4):
            y += 15
            parts.append(label((8, y), row, size_px=11, fill="muted"))
    if not order:
        y += 18
        parts.append(label((8, y), "No patient is on record.", size_px=11, fill="muted"))
    return parts, y + 12


def _axis(axis: TimeAxis, top: float, bottom: float, *, narrow: bool) -> Iterator[Element]:
    for tick in axis.ticks(46 if narrow else 74):
        yield line((tick.x_px, top), (tick.x_px, bottom), stroke="rule", stroke_width=0.8)
        yield label((tick.x_px, bottom + 15), tick.text, size_px=11, anchor="middle")
    yield line((axis.left_px, bottom), (axis.right_px, bottom), stroke="ink")


def _lane(lane: SwimmerLane, axis: TimeAxis, y: float) -> Element:
    """Draw the name, the bar, the stretches in it, the signs on it, and how it ends."""
    low, high = axis.x_px(0.0), axis.x_px(lane.last_d)
    room = axis.left_px - 16
    parts = [
        label((axis.left_px - 8, y + 4), shorten(lane.name, room, 11), size_px=11, anchor="end"),
        rect((low, y - _BAR_PX / 2, max(high - low, 1.5), _BAR_PX), fill="band", stroke="muted",
             stroke_width=0.8),
    ]  # fmt: skip
    for event in lane.events:
        if event.until_d is not None:
            look, start = _LOOKS[event.kind], axis.x_px(event.when.high_d)
            place = (start, y - _BAR_PX / 2, max(axis.x_px(event.until_d) - start, 1.5), _BAR_PX)
            parts.append(
                rect(place, fill=look.role, stroke=look.role, hatch=look.hatch, stroke_width=0.8)
            )
    parts += [_event(event, axis, y) for event in lane.events]
    if lane.end == "death":
        parts.append(sign("death", high + 11, y, role="ink"))
    elif lane.end == "ongoing":
        parts += arrow(high + 3, y, 1, role="ink")
    note = f" {lane.note}" if lane.note else ""
    return group(parts, title=f"{lane.name}: {_ENDS[lane.end]} {day_words(lane.last_d)}.{note}")


def _event(event: LaneEvent, axis: TimeAxis, y: float) -> Element:
    look = _LOOKS[event.kind]
    low, high = axis.x_px(event.when.low_d), axis.x_px(event.when.high_d)
    parts: list[Element] = []
    if high - low > 3:
        parts += _whisker(low, high, y, look.role)
    parts.append(_sign(look, (low + high) / 2, y))
    return group(parts, title=f"{_words(event)}.")


def _sign(look: _Look, x: float, y: float) -> Element:
    """Return the sign of an event; a course is a thin stroke, for responses may follow closely."""
    if look.shape == "stroke":
        return rect((x - 1.5, y - 7.5, 3, 15), fill=look.role)
    return sign(look.shape, x, y, role=look.role, hollow=look.hollow)


def _whisker(low: float, high: float, y: float, role: Role) -> tuple[Element, ...]:
    spans = (((low, y), (high, y)), *(((x, y - 4), (x, y + 4)) for x in (low, high)))
    return tuple(line(a, b, stroke=role, stroke_width=1.6) for a, b in spans)


def _words(event: LaneEvent) -> str:
    when = day_words(event.when.low_d)
    if not event.when.exact:
        when = f"some time from {when} to {day_words(event.when.high_d)}"
    until = f", until {day_words(event.until_d)}" if event.until_d is not None else ""
    note = f": {event.note}" if event.note else ""
    return f"{_LOOKS[event.kind].words}, {when}{until}{note}"


def _key(shown: list[SwimmerLane], width: float, top: float) -> tuple[list[Element], float]:
    """Return the key to the signs in use; it wraps to the width of the drawing."""
    kinds = {event.kind for lane in shown for event in lane.events}
    lasting = {e.kind for lane in shown for e in lane.events if e.until_d is not None}
    ends = {lane.end for lane in shown}
    entries: list[tuple[tuple[Element, ...], str]] = []
    for kind, look in _LOOKS.items():
        if kind in kinds:
            mark = _sign(look, 6, 0)
            bar = rect((6, -4.5, 22, 9), fill=look.role, stroke=look.role, hatch=look.hatch)
            entries.append(((bar, mark) if kind in lasting else (mark,), look.words))
    if any(not event.when.exact for lane in shown for event in lane.events):
        entries.append((_whisker(2, 26, 0, "ink"), "some day in the interval"))
    if "death" in ends:
        entries.append(((sign("death", 13, 0, role="ink"),), "death"))
    if "ongoing" in ends:
        entries.append((arrow(2, 0, 1, role="ink"), "followed on"))
    if "stopped" in ends:
        bar = rect((2, -4.5, 22, 9), fill="band", stroke="muted")
        entries.append(((bar,), "no longer followed"))
    return key_rows(entries, place_px=(8, top), right_px=width - 8)
