"""Profiles of a fit: how well the case can be explained with one quantity held at each value."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from abscope.infer.profile import WITHIN
from abscope.report.figures import Figure
from abscope.report.lettering import shorten, wrap
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, circle, group, label, line, path

__all__ = ["interval_words", "profile_figure", "profile_scene"]

_PANEL_PX, _GAP_PX, _TITLE_PX, _FOOT_PX, _LEFT_PX = 120.0, 26.0, 38.0, 32.0, 36.0
_SMALL_PX = 11
#: What a panel shows: natural logarithms below the best; a line that ends at its foot goes on.
_DEEPEST = 8.0
#: Values that are written below a panel, of those that were tried: every n-th.
_EVERY = 3


def profile_figure(found: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the figure of profiles as `abscope fit --json` has them; at least one."""
    return Figure(
        "profiles",
        "How much worse the best explanation gets with one quantity held at each value, all else "
        "at its best.",
        profile_scene(found, narrow=False),
        profile_scene(found, narrow=True),
    )


def profile_scene(found: Sequence[Mapping[str, Any]], *, narrow: bool) -> Scene:
    """Return the drawing: one panel per quantity, with and without its own prior."""
    width = 330.0 if narrow else 1120.0
    columns = 1 if narrow else min(3, len(found))
    each = (width - 8.0 - columns * _LEFT_PX - (columns - 1) * _GAP_PX) / columns
    tall = _TITLE_PX + _PANEL_PX + _FOOT_PX
    parts: list[Element] = []
    for index, one in enumerate(found):
        row, column = divmod(index, columns)
        left = 4.0 + _LEFT_PX + column * (each + _LEFT_PX + _GAP_PX)
        parts += _panel(one, (left, left + each), 4.0 + _TITLE_PX + row * tall)
    y = 4.0 + math.ceil(len(found) / columns) * tall + 12.0
    for written in wrap(_LEGEND, width - 16, _SMALL_PX, lines=9):
        parts.append(label((8, y), written, size_px=_SMALL_PX, fill="muted"))
        y += 15
    name = f"profiles-{'narrow' if narrow else 'wide'}"
    told = "; ".join(f"{one['meaning']}: {interval_words(one)}" for one in found)
    return Scene(name, width, y, "Profiles of single quantities", told, tuple(parts))


def interval_words(found: Mapping[str, Any]) -> str:
    """Return the 95 % interval of a profile without its prior, with what its ends mean."""
    low, high = (None if end is None else _three(end) for end in found["interval_95"])
    if low is None and high is None:
        return "95 %: no end; the data do not tell"
    if low is None or high is None:
        return f"95 %: {f'to {high}' if low is None else f'from {low}'}"
    return f"95 %: {low} to {high}"


def _three(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _panel(found: Mapping[str, Any], span_px: tuple[float, float], top: float) -> Iterator[Element]:
    left, right = span_px
    bottom, room = top + _PANEL_PX, right - left
    title = shorten(found["meaning"][:1].upper() + found["meaning"][1:], room, 12, bold=True)
    yield group([label((left, top - 22), title, bold=True)], title=f"{found['name']}")
    words = interval_words(found) + ("" if found["converged"] else "; not at rest: a lower limit")
    yield label((left, top - 7), shorten(words, room, _SMALL_PX), size_px=_SMALL_PX, fill="muted")
    for drop in (0.0, WITHIN, _DEEPEST):
        y = top + drop / _DEEPEST * _PANEL_PX
        dash = {"stroke_dasharray": "4 3"} if drop == WITHIN else {}
        yield line((left, y), (right, y), stroke="rule", **dash)
        text = "0" if drop == 0.0 else f"−{drop:g}"
        yield label((left - 4, y + 4), text, size_px=_SMALL_PX, fill="muted", anchor="end")
    deviates = found["deviates"]
    low, high = min(deviates), max(deviates)
    places = [left + (z - low) / (high - low) * room for z in deviates]
    for k, (x, value) in enumerate(zip(places, found["values"], strict=True)):
        yield line((x, bottom), (x, bottom + 3), stroke="rule")
        if k % _EVERY == 0:
            anchor: Literal["middle", "end"] = "middle" if x < right - 8 else "end"
            yield label((x, bottom + 15), _three(value), size_px=_SMALL_PX, fill="muted",
                        anchor=anchor)  # fmt: skip
    if found["unit"] and found["unit"] != "1":
        yield label((right, bottom + 28), found["unit"], size_px=_SMALL_PX, fill="muted",
                    anchor="end")  # fmt: skip
    top_height = max((x for x in found["log_posterior"] if x is not None), default=0.0)
    whole = [None if x is None else top_height - x for x in found["log_posterior"]]
    alone = [None if x is None else -x for x in found["without_prior"]]
    yield from _curve(found, places, whole, (top, "ink"))
    yield from _curve(found, places, alone, (top, "in_field"))


def _curve(
    found: Mapping[str, Any],
    places: Sequence[float],
    drops: Sequence[float | None],
    drawn: tuple[float, Role],
) -> Iterator[Element]:
    """Draw one curve by pieces inside the panel, a point for each value that it holds."""
    top, role = drawn
    dash = {"stroke_dasharray": "5 3"} if role == "in_field" else {}
    known = [(x, drop) for x, drop in zip(places, drops, strict=True)]
    for (x0, d0), (x1, d1) in itertools.pairwise(known):
        if d0 is None or d1 is None or min(d0, d1) > _DEEPEST:
            continue
        ends = _inside(x0, d0, x1, d1)
        (a, b), (c, d) = [(x, top + drop / _DEEPEST * _PANEL_PX) for x, drop in ends]
        yield path(f"M{a:.1f},{b:.1f} L{c:.1f},{d:.1f}", stroke=role, stroke_width=1.5, **dash)
    what = "without its prior" if role == "in_field" else "below the best"
    for (x, drop), value in zip(known, found["values"], strict=True):
        if drop is not None and drop <= _DEEPEST:
            mark = circle((x, top + drop / _DEEPEST * _PANEL_PX), 2.5, fill=role)
            yield group([mark], title=f"{_three(value)} {found['unit']}: {drop:.2f} {what}")


def _inside(x0: float, d0: float, x1: float, d1: float) -> list[tuple[float, float]]:
    """Return both ends of a piece, cut at the foot of the panel."""
    ends = []
    for (x, d), (other_x, other_d) in (((x0, d0), (x1, d1)), ((x1, d1), (x0, d0))):
        if d <= _DEEPEST:
            ends.append((x, d))
        else:
            share = (_DEEPEST - other_d) / (d - other_d)
            ends.append((other_x + share * (x - other_x), _DEEPEST))
    return ends


_LEGEND = (
    "Solid: natural logarithm of the best explanation with the quantity held at each value, below "
    "that of the best of all. Dashed: the same without the prior of the quantity itself, which is "
    "what the data add; where it stays above −1.92 (thin dashes) lies its 95 % interval, and where "
    "it is flat the data do not tell. Values are evenly spaced in standard deviations of the prior."
)
