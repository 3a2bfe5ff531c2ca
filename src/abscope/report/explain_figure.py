"""What each lesion's change was due to: a bar per cause with its 90 % interval, a panel each."""

import math
from collections.abc import Iterator
from typing import Literal

from abscope.infer.attribution import LesionDraws
from abscope.infer.explanation import Explanation
from abscope.infer.spread import Spread
from abscope.infer.worlds import Cause
from abscope.report.explain_words import CAUSE_WORDS, had_drugs, point_words
from abscope.report.figures import Figure
from abscope.report.lettering import shorten, wrap
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, circle, group, label, line, rect

__all__ = ["explain_figure", "explain_figures", "explain_scene"]

_ROW_PX, _TITLE_PX, _FOOT_PX, _GAP_PX, _NAME_PX = 26.0, 24.0, 26.0, 26.0, 140.0
_BAR_PX, _SIZE_PX, _SMALL_PX = 12.0, 12, 11
#: Ends of the scale, whichever holds all; beyond the last an interval ends at the edge.
_LIMITS = (0.5, 1.0, 1.5, 2.0)
_Anchor = Literal["start", "middle", "end"]
_ROLES: dict[Cause, Role] = {
    "own_dose": "in_field",
    "dose_elsewhere": "out_of_field",
    "drugs": "drug",
    "lymphocyte_dose": "lymphocytes",
}


def explain_figure(found: Explanation) -> Figure:
    """Return the figure of an explanation in a wide and a narrow drawing."""
    visit = found.attribution.visits[found.visit]
    kind = "prior" if found.posterior is None else "posterior"
    return Figure(
        "attribution",
        f"What the change of each lesion until {visit.label} (day {visit.day_d:g}) was due to in "
        f"the model, over {found.options.draws} draws of the {kind}.",
        explain_scene(found, narrow=False),
        explain_scene(found, narrow=True),
    )


def explain_figures(found: Explanation | None) -> dict[str, Figure]:
    """Return the figure of an explanation by its name; none where there is no explanation."""
    if found is None:
        return {}
    figure = explain_figure(found)
    return {figure.name: figure}


def explain_scene(found: Explanation, *, narrow: bool) -> Scene:
    """Return the drawing: per lesion a bar from zero to the median of each part of its change."""
    width = 330.0 if narrow else 1120.0
    items = sorted(found.attribution.lesions, key=lambda item: item.lesion != found.focus)
    columns = 1 if narrow else min(2, len(items))
    each = (width - 16.0 - (columns - 1) * _GAP_PX) / columns
    limit = _limit(found)
    height = _TITLE_PX + len(_rows(found, items[0])) * _ROW_PX + _FOOT_PX
    parts: list[Element] = []
    for index, item in enumerate(items):
        row, column = divmod(index, columns)
        left = 8.0 + column * (each + _GAP_PX)
        parts += _panel(found, item, (left, 8.0 + row * (height + _GAP_PX / 2), each), limit)
    y = 8.0 + math.ceil(len(items) / columns) * (height + _GAP_PX / 2) + 6.0
    for written in wrap(_legend(found), width - 16, _SMALL_PX, lines=8):
        parts.append(label((8, y), written, size_px=_SMALL_PX, fill="muted"))
        y += 15
    name = f"attribution-{'narrow' if narrow else 'wide'}"
    return Scene(
        name, width, y, "What each change was due to", "; ".join(_told(found)), tuple(parts)
    )


def _rows(found: Explanation, item: LesionDraws) -> list[tuple[str, Spread | None, Role]]:
    shares = item.shares(found.visit)
    rows: list[tuple[str, Spread | None, Role]] = [
        ("in all", item.total(found.visit), "ink"),
        ("natural course", item.natural(found.visit), "muted"),
    ]
    return rows + [
        (word, shares[cause], _ROLES[cause])
        for cause, word in CAUSE_WORDS.items()
        if cause != "drugs" or had_drugs(found)
    ]


def _limit(found: Explanation) -> float:
    ends = [
        max(abs(spread.low_frac), abs(spread.high_frac))
        for item in found.attribution.lesions
        for _, spread, _ in _rows(found, item)
        if spread is not None
    ]
    most = max(ends, default=0.0)
    return next((limit for limit in _LIMITS if most <= limit), _LIMITS[-1])


def _panel(
    found: Explanation, item: LesionDraws, place: tuple[float, float, float], limit: float
) -> Iterator[Element]:
    left, top, width = place
    title = shorten(f"{item.lesion} {item.label}", width, _SIZE_PX, bold=True)
    role: Role = "in_field" if item.lesion in found.targets else "out_of_field"
    yield label((left, top + 12), title, fill=role, bold=True)
    first, last = left + _NAME_PX, left + width
    rows = _rows(found, item)
    bottom = top + _TITLE_PX + len(rows) * _ROW_PX

    def x(change_frac: float) -> float:
        share = (min(max(change_frac, -limit), limit) + limit) / (2 * limit)
        return first + share * (last - first)

    for guide in (-limit, -limit / 2, 0.0, limit / 2, limit):
        dash = {} if guide == 0.0 else {"stroke_dasharray": "3 3"}
        yield line((x(guide), top + _TITLE_PX), (x(guide), bottom), stroke="rule", **dash)
        if guide in (-limit, 0.0, limit):
            anchor: _Anchor = "middle" if guide == 0.0 else "start" if guide < 0.0 else "end"
            sign = "+" if guide > 0.0 else "−" if guide < 0.0 else ""
            yield label(
                (x(guide), bottom + 14), f"{sign}{abs(guide):.0%}", size_px=_SMALL_PX,
                fill="muted", anchor=anchor,
            )  # fmt: skip
    for k, (word, spread, role) in enumerate(rows):
        middle = top + _TITLE_PX + (k + 0.5) * _ROW_PX
        yield label((left, middle + 4), word, size_px=_SIZE_PX)
        if spread is None:
            yield label((x(0.0) + 4, middle + 4), "not known", size_px=_SMALL_PX, fill="muted")
            continue
        begin, end = sorted((x(0.0), x(spread.median_frac)))
        low, high = x(spread.low_frac), x(spread.high_frac)
        yield group(
            [
                rect((begin, middle - _BAR_PX / 2, end - begin, _BAR_PX), fill=role, opacity=0.45),
                line((low, middle), (high, middle), stroke=role, stroke_width=2),
                line((low, middle - 4), (low, middle + 4), stroke=role, stroke_width=2),
                line((high, middle - 4), (high, middle + 4), stroke=role, stroke_width=2),
                circle((x(spread.median_frac), middle), 3.5, fill=role),
            ],
            title=f"{item.lesion}, {word}: {point_words(spread)} %",
        )


def _legend(found: Explanation) -> str:
    visit = found.attribution.visits[found.visit]
    return (
        f"Change of the diameter until {visit.label} in percent of the diameter at the start. Bar "
        f"and point: median; line: 90 % of {found.options.draws} draws. The parts of a draw add up "
        "to its change in all; medians need not. Left of zero: smaller. Red titles: targets; blue: "
        f"no target. Scale cut at ±{_limit(found):.0%}."
    )


def _told(found: Explanation) -> Iterator[str]:
    for item in found.attribution.lesions:
        for word, spread, _ in _rows(found, item):
            yield f"{item.lesion}, {word}: {point_words(spread)} %"
