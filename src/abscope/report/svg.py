"""Drawings as scenes of elements with color roles, written as SVG and PNG.

One scene serves three outputs: inside a page (colors come from the page's style, light or dark), a
standalone SVG file (colors resolved, with a style for dark screens), and PNG (rendered with the
font that comes with abscope, so that it is the same on every machine).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import resvg_py

from abscope.report.axis import TimeAxis
from abscope.report.palette import DARK, LIGHT, ROLES, Role

__all__ = [
    "Element", "Scene", "Theme", "circle", "group", "label", "line", "path", "polygon", "rect",
]  # fmt: skip

Theme = Literal["page", "auto", "light", "dark"]

_FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Verdana, sans-serif"


@dataclass(frozen=True, slots=True)
class Element:
    """One SVG element; ``fill`` and ``stroke`` are color roles, ``hatch`` stripes the fill."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple["Element", ...] = ()
    text: str = ""
    fill: Role | None = None
    stroke: Role | None = None
    hatch: bool = False


def rect(
    place_px: tuple[float, float, float, float],
    *,
    fill: Role | None = None,
    stroke: Role | None = None,
    hatch: bool = False,
    **more: float | str,
) -> Element:
    """Return a rectangle; ``place_px`` is x, y, width and height in pixels."""
    x, y, width, height = place_px
    return Element(
        "rect",
        _numbers(x=x, y=y, width=max(width, 0.0), height=max(height, 0.0)) + _more(more),
        fill=fill,
        stroke=stroke,
        hatch=hatch,
    )


def line(
    start_px: tuple[float, float], end_px: tuple[float, float], *, stroke: Role, **more: float | str
) -> Element:
    """Return a straight line between two points in pixels."""
    ends = _numbers(x1=start_px[0], y1=start_px[1], x2=end_px[0], y2=end_px[1])
    return Element("line", ends + _more(more), stroke=stroke)


def circle(
    center_px: tuple[float, float],
    radius_px: float,
    *,
    fill: Role | None = None,
    stroke: Role | None = None,
    **more: float | str,
) -> Element:
    """Return a circle around a point in pixels."""
    place = _numbers(cx=center_px[0], cy=center_px[1], r=radius_px)
    return Element("circle", place + _more(more), fill=fill, stroke=stroke)


def polygon(
    points_px: Iterable[tuple[float, float]],
    *,
    fill: Role | None = None,
    stroke: Role | None = None,
    hatch: bool = False,
    **more: float | str,
) -> Element:
    """Return a closed shape through points in pixels."""
    text = " ".join(f"{_number(x)},{_number(y)}" for x, y in points_px)
    return Element(
        "polygon", (("points", text), *_more(more)), fill=fill, stroke=stroke, hatch=hatch
    )


def path(commands: str, *, stroke: Role, **more: float | str) -> Element:
    """Return an open path, not filled, in SVG path commands."""
    return Element("path", (("d", commands), *_more(more)), stroke=stroke)


def label(
    point_px: tuple[float, float],
    text: str,
    *,
    size_px: float = 12,
    fill: Role = "ink",
    anchor: Literal["start", "middle", "end"] = "start",
    bold: bool = False,
) -> Element:
    """Return a line of text whose baseline starts (or centers, or ends) at a point in pixels.

    The text keeps a rim of the panel's color, so that it stays readable where it crosses a line.
    """
    attributes = (*_numbers(x=point_px[0], y=point_px[1]), ("font-size", _number(size_px)))
    if anchor != "start":
        attributes += (("text-anchor", anchor),)
    if bold:
        attributes += (("font-weight", "700"),)
    if fill != "panel":
        attributes += (("stroke-width", "3"), ("stroke-linejoin", "round"))
        attributes += (("paint-order", "stroke"),)
        return Element("text", attributes, text=text, fill=fill, stroke="panel")
    return Element("text", attributes, text=text, fill=fill)


def group(children: Iterable[Element], *, title: str = "", **more: float | str) -> Element:
    """Return elements as one group, with the text that a pointer resting on it shows."""
    held = tuple(children)
    if title:
        held = (Element("title", text=title), *held)
    return Element("g", _more(more), held)


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawing of a given size with a title and a description for those who cannot see it.

    ``axis`` is the time axis that the whole drawing shares, where it has one.
    """

    name: str
    width_px: float
    height_px: float
    title: str
    desc: str
    elements: tuple[Element, ...] = field(repr=False)
    axis: TimeAxis | None = None

    def svg(self, theme: Theme) -> str:
        """Return the drawing as SVG text: for a page, or standalone in one or both themes."""
        return "".join(self._parts(theme))

    def png(self, width_px: int) -> bytes:
        """Return the light drawing as PNG, ``width_px`` wide, on the light ground."""
        assets = files("abscope.report") / "assets"
        fonts = [str(assets / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")]
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=self.svg("light"),
                width=width_px,
                background=LIGHT["panel"],
                skip_system_fonts=True,
                font_files=fonts,
                font_family="DejaVu Sans",
                sans_serif_family="DejaVu Sans",
            )
        )

    def _parts(self, theme: Theme) -> Iterator[str]:
        width, height = _number(self.width_px), _number(self.height_px)
        names = f"{self.name}-title {self.name}-desc"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-labelledby="{names}" '
        )
        font = "DejaVu Sans" if theme == "light" else _FONTS
        if theme == "page" and self.axis is not None:
            ends = (self.axis.low_d, self.axis.high_d, self.axis.left_px, self.axis.right_px)
            yield f'data-axis="{" ".join(f"{end:.6g}" for end in ends)}" '
        yield ">" if theme == "page" else f'font-family="{font}">'
        yield f'<title id="{self.name}-title">{_clean(self.title)}</title>'
        yield f'<desc id="{self.name}-desc">{_clean(self.desc)}</desc>'
        if theme == "auto":
            yield f"<style>@media (prefers-color-scheme:dark){{{_dark_rules()}}}</style>"
        if hatched := sorted(
            {item.fill for item in _all(self.elements) if item.hatch and item.fill}
        ):
            yield "<defs>"
            for role in hatched:
                yield self._pattern(role, theme)
            yield "</defs>"
        if theme != "page":
            yield self._write(rect((0, 0, self.width_px, self.height_px), fill="panel"), theme)
        for element in self.elements:
            yield self._write(element, theme)
        yield "</svg>"

    def _pattern(self, role: Role, theme: Theme) -> str:
        stripe = path("M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", stroke=role, stroke_width=1.4)
        return (
            f'<pattern id="{self._hatch(role)}" width="6" height="6" '
            f'patternUnits="userSpaceOnUse">{self._write(stripe, theme)}</pattern>'
        )

    def _hatch(self, role: Role) -> str:
        return f"{self.name}-hatch-{role}"

    def _write(self, element: Element, theme: Theme) -> str:
        inside = _clean(element.text) + "".join(
            self._write(child, theme) for child in element.children
        )
        opened = f"<{element.name}{self._attributes(element, theme)}"
        return f"{opened}>{inside}</{element.name}>" if inside else f"{opened}/>"

    def _attributes(self, element: Element, theme: Theme) -> str:
        parts = [f" {name}={quoteattr(_printable(value))}" for name, value in element.attributes]
        classes = []
        colors = DARK if theme == "dark" else LIGHT
        for kind, role in (("fill", element.fill), ("stroke", element.stroke)):
            if kind == "fill" and role and element.hatch:
                parts.append(f' fill="url(#{self._hatch(role)})"')
            elif role:
                classes.append(f"{kind[0]}-{role.replace('_', '-')}")
                if theme != "page":
                    parts.append(f' {kind}="{colors[role]}"')
            elif kind == "fill" and element.name in ("rect", "circle", "polygon", "path"):
                parts.append(' fill="none"')
        if classes and theme in ("page", "auto"):
            parts.insert(0, f' class="{" ".join(classes)}"')
        return "".join(parts)


def _dark_rules() -> str:
    return "".join(
        f".{kind[0]}-{role.replace('_', '-')}{{{kind}:{DARK[role]}}}"
        for role in ROLES
        for kind in ("fill", "stroke")
    )


def _all(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        yield from _all(element.children)


def _numbers(**values: float) -> tuple[tuple[str, str], ...]:
    return tuple((name, _number(value)) for name, value in values.items())


def _more(values: dict[str, float | str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", "-"), value if isinstance(value, str) else _number(value))
        for name, value in values.items()
    )


def _number(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 1e6 else f"{value:.0f}"


def _clean(text: str) -> str:
    return escape(_printable(text))


def _printable(text: str) -> str:
    """Replace what XML cannot hold (control characters, half surrogate pairs)."""
    return "".join(
        c if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff" else " "
        for c in text
    )
