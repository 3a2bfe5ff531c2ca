"""What the model expects: one small panel per lesion, with the band, and what was measured."""

import math
from collections.abc import Iterator, Sequence

from abscope.case.record import Case
from abscope.model.expectation import Expectation, LesionExpectation
from abscope.report.axis import TimeAxis
from abscope.report.figures import Figure
from abscope.report.lettering import shorten, wrap
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, circle, group, label, line, path, polygon

__all__ = ["expectation_figure", "expectation_figures", "expectation_scene", "fit_figure"]

_PANEL_PX, _GAP_PX, _TITLE_PX, _FOOT_PX = 104.0, 22.0, 20.0, 18.0
_LEFT_PX = 40.0
#: What a panel shows: changes of the diameter up to its doubling.
_LOWEST, _HIGHEST = -1.0, 1.0
_GUIDES = (-1.0, -0.3, 0.0, 0.2, 1.0)
_WRITTEN = (-1.0, 0.0, 1.0)


def expectation_figure(case: Case, found: Expectation) -> Figure:
    """Return the figure of an expectation in a wide and a narrow drawing."""
    return Figure(
        "expectation",
        "Change of each lesion's diameter that the model expects, over draws from the prior. It is "
        "not calibrated to this patient.",
        expectation_scene(case, found, narrow=False),
        expectation_scene(case, found, narrow=True),
    )


def fit_figure(case: Case, found: Expectation, *, before: Expectation | None = None) -> Figure:
    """Return the figure of what a fit expects, with what was measured over it.

    ``before`` is the same before the data: its band is drawn as dotted lines.
    """
    return Figure(
        "fit",
        "Change of each lesion's diameter over draws of the fit, with what the record has of it.",
        expectation_scene(case, found, narrow=False, name="fit", before=before),
        expectation_scene(case, found, narrow=True, name="fit", before=before),
    )


def expectation_figures(case: Case, found: Expectation | None) -> dict[str, Figure]:
    """Return the figure of an expectation by its name; none where there is no expectation."""
    if found is None:
        return {}
    figure = expectation_figure(case, found)
    return {figure.name: figure}


def expectation_scene(
    case: Case,
    found: Expectation,
    *,
    narrow: bool,
    name: str = "expectation",
    before: Expectation | None = None,
) -> Scene:
    """Return the drawing: per lesion the 90 % band and the median, and recorded changes.

    The band of ``before`` is drawn as dotted lines.
    """
    first = {one.lesion: one for one in before.lesions} if before is not None else {}
    width = 330.0 if narrow else 1120.0
    columns = 1 if narrow else min(4, max(1, len(found.lesions)))
    each = (width - 8.0 - columns * _LEFT_PX - (columns - 1) * _GAP_PX) / columns
    parts: list[Element] = []
    for index, lesion in enumerate(found.lesions):
        row, column = divmod(index, columns)
        left = 4.0 + _LEFT_PX + column * (each + _LEFT_PX + _GAP_PX)
        top = 4.0 + _TITLE_PX + row * (_PANEL_PX + _TITLE_PX + _FOOT_PX + _GAP_PX / 2)
        axis = TimeAxis(float(found.days_d[0]), float(found.days_d[-1]), left, left + each)
        if before is not None and lesion.lesion in first:
            parts += _edges(before, first[lesion.lesion], axis, top)
        parts += _panel(case, found, lesion, axis, top)
    rows = math.ceil(len(found.lesions) / columns)
    y = 4.0 + rows * (_PANEL_PX + _TITLE_PX + _FOOT_PX + _GAP_PX / 2) + 12.0
    dotted = ["Dotted: the band before the data."] if first else []
    for text in (*_legend(found), *dotted):
        for written in wrap(text, width - 16, 11, lines=6):
            parts.append(label((8, y), written, size_px=11, fill="muted"))
            y += 15
    title = "Expected change of each lesion with its 90 % band"
    return Scene(
        f"{name}-{'narrow' if narrow else 'wide'}",
        width,
        y,
        title,
        "; ".join(_told(found)),
        tuple(parts),
    )


def _panel(
    case: Case, found: Expectation, lesion: LesionExpectation, axis: TimeAxis, top: float
) -> Iterator[Element]:
    role = _role(case, lesion.lesion)
    width, bottom = axis.right_px - axis.left_px, top + _PANEL_PX
    low, high = lesion.members
    many = "" if high == 1 else f" ×{high}" if low == high else f" ×{low}–{high}"
    dose = f"{lesion.dose_gy[1]:.3g} Gy"
    title = shorten(f"{lesion.lesion} {lesion.label}{many}", width - 8 * len(dose), 12, bold=True)
    yield label((axis.left_px, top - 6), title, fill=role, bold=True)
    yield label((axis.right_px, top - 6), dose, size_px=11, fill="muted", anchor="end")
    yield from _band(found, lesion, axis, top, role)
    for guide in _GUIDES:
        y = _y(guide, top)
        dash = {} if guide in _WRITTEN else {"stroke_dasharray": "4 3"}
        yield line((axis.left_px, y), (axis.right_px, y), stroke="rule", **dash)
        if guide in _WRITTEN:
            text = "0" if guide == 0 else f"{'+' if guide > 0 else '−'}{abs(guide):.0%}"
            yield label((axis.left_px - 4, y + 4), text, size_px=11, fill="muted", anchor="end")
    for day in found.fractions_d:
        x = axis.x_px(day)
        yield line((x, bottom - 6), (x, bottom), stroke="in_field", stroke_width=1.5)
    for one in lesion.recorded:
        yield from _recorded(one.low_d, one.high_d, one.change_frac, (axis, top), one.scan)
    for tick in axis.ticks(58):
        yield line((tick.x_px, bottom), (tick.x_px, bottom + 3), stroke="rule")
        if tick.x_px < axis.right_px - 24:
            where = (tick.x_px, bottom + 14)
            yield label(where, tick.text, size_px=11, fill="muted", anchor="middle")


def _edges(
    found: Expectation, lesion: LesionExpectation, axis: TimeAxis, top: float
) -> Iterator[Element]:
    """Draw the ends of the band before the data."""
    for values in (lesion.change_frac.low.tolist(), lesion.change_frac.high.tolist()):
        known = [(day, x) for day, x in zip(found.days_d, values, strict=True) if math.isfinite(x)]
        points = [(axis.x_px(float(day)), _y(x, top)) for day, x in known]
        if points:
            commands = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
            yield path(commands, stroke="muted", stroke_width=1, stroke_dasharray="1 3")


def _y(change_frac: float, top: float) -> float:
    share = (_HIGHEST - min(max(change_frac, _LOWEST), _HIGHEST)) / (_HIGHEST - _LOWEST)
    return top + share * _PANEL_PX


def _band(
    found: Expectation, lesion: LesionExpectation, axis: TimeAxis, top: float, role: Role
) -> Iterator[Element]:
    places = [k for k, value in enumerate(lesion.change_frac.median) if math.isfinite(value)]
    xs = [axis.x_px(float(found.days_d[k])) for k in places]

    def edge(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(x, _y(float(values[k]), top)) for x, k in zip(xs, places, strict=True)]

    low, high = edge(lesion.change_frac.low.tolist()), edge(lesion.change_frac.high.tolist())
    told = " · ".join(
        f"{visit.label}: {_words(lesion.change_frac.at(visit.place))}" for visit in found.visits
    )
    yield group([polygon([*low, *reversed(high)], fill="band", stroke="rule")], title=told)
    middle = edge(lesion.change_frac.median.tolist())
    if middle:
        commands = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in middle)
        yield path(commands, stroke=role, stroke_width=2)


def _recorded(
    low_d: float, high_d: float, change_frac: float, place: tuple[TimeAxis, float], scan: str
) -> Iterator[Element]:
    axis, top = place
    y, first, last = _y(change_frac, top), axis.x_px(low_d), axis.x_px(high_d)
    marks = [circle(((first + last) / 2, y), 4, fill="ink")]
    if last - first > 8:
        marks.insert(0, line((first, y), (last, y), stroke="ink", stroke_width=2))
    yield group(marks, title=f"{scan}, recorded: {change_frac:+.0%}")


def _role(case: Case, lesion: str) -> Role:
    if any(lesion in course.targets for course in case.rt_courses):
        return "in_field"
    if any(lesion in course.targets_uncertain for course in case.rt_courses):
        return "low_dose"
    return "out_of_field"


def _words(values: tuple[float, float, float]) -> str:
    low, median, high = values
    return f"{median:+.0%} ({low:+.0%} to {high:+.0%})"


def _told(found: Expectation) -> Iterator[str]:
    for lesion in found.lesions:
        for visit in found.visits[:1]:
            yield f"{lesion.lesion} at {visit.label}: {_words(lesion.change_frac.at(visit.place))}"


def _legend(found: Expectation) -> Iterator[str]:
    yield (
        f"Line: median; band: 90 % of {found.options.draws} draws; dashed: −30 % and +20 %. Bands "
        "are cut at +100 %. Red titles: targets; brown: perhaps a target; blue: no target; doses "
        "are medians over draws. Short red lines: fractions of one draw. Points: what the "
        "record has of the diameter."
    )
    yield found.scope
