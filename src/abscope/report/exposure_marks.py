"""How an exposure class looks in every figure: color, sign and dash pattern, never color alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from abscope.report.glyphs import sign
from abscope.report.lettering import text_width_px
from abscope.report.palette import Role
from abscope.report.svg import Element, group, label, line
from abscope.response.exposure import ExposureName

__all__ = ["Look", "exposure_key", "key_rows", "look"]


@dataclass(frozen=True, slots=True)
class Look:
    """The drawing of one exposure class; ``shape`` names a sign of `abscope.report.glyphs`."""

    words: str
    role: Role
    shape: str
    dash: str


_LOOKS: dict[ExposureName, Look] = {
    "in_field": Look("in field", "in_field", "value", "none"),
    "partial": Look("partly in field", "in_field", "status", "12 3"),
    "low_dose": Look("low dose", "low_dose", "symptom", "7 3"),
    "out_of_field": Look("out of field", "out_of_field", "scan", "2 3"),
    "uncertain": Look("uncertain", "muted", "procedure", "9 3 2 3"),
    "unknown": Look("dose not known", "muted", "procedure", "9 3 2 3"),
}


def look(exposure: ExposureName) -> Look:
    """Return how a class is drawn; uncertain and unknown look the same and differ in words."""
    return _LOOKS[exposure]


def exposure_key(
    used: Iterable[ExposureName],
    *,
    place_px: tuple[float, float],
    right_px: float,
    more: tuple[tuple[tuple[Element, ...], str], ...] = (),
) -> tuple[list[Element], float]:
    """Return the key to the classes in use and to ``more`` signs, wrapped, and where it ends."""
    seen = set(used)
    both = {"uncertain", "unknown"} <= seen
    entries: list[tuple[tuple[Element, ...], str]] = []
    for name, item in _LOOKS.items():
        if name in seen and not (both and name == "uncertain"):
            stroke = line((0, 0), (26, 0), stroke=item.role, stroke_width=1.8,
                          stroke_dasharray=item.dash)  # fmt: skip
            words = "uncertain or not known" if both and name == "unknown" else item.words
            entries.append(((stroke, sign(item.shape, 13, 0, role=item.role)), words))
    return key_rows((*entries, *more), place_px=place_px, right_px=right_px)


def key_rows(
    entries: Iterable[tuple[tuple[Element, ...], str]],
    *,
    place_px: tuple[float, float],
    right_px: float,
) -> tuple[list[Element], float]:
    """Return signs, each drawn within 28 pixels, with their words, wrapped; and where it ends."""
    left, y = place_px
    x = left
    parts: list[Element] = []
    for elements, text in entries:
        width = 34 + text_width_px(text, 11) + 14
        if x + width - 14 > right_px and x > left:
            x, y = left, y + 18
        parts.append(group(elements, transform=f"translate({x:.1f} {y:.1f})"))
        parts.append(label((x + 34, y + 4), text, size_px=11, fill="muted"))
        x += width
    return parts, y + 12
