"""How wide a text runs, without a browser: advances of DejaVu Sans, wider than most page fonts."""

import unicodedata

__all__ = ["shorten", "text_width_px", "wrap"]

#: Advance widths of U+0020..U+007E in hundredths of an em (DejaVu Sans 2.37, table hmtx).
_ADVANCE = (
    31, 40, 45, 83, 63, 95, 77, 27, 39, 39, 50, 83, 31, 36, 31, 33, 63, 63, 63, 63, 63, 63, 63,
    63, 63, 63, 33, 33, 83, 83, 83, 53, 100, 68, 68, 69, 77, 63, 57, 77, 75, 29, 29, 65, 55, 86,
    74, 78, 60, 78, 69, 63, 61, 73, 68, 98, 68, 61, 68, 39, 33, 39, 83, 50, 50, 61, 63, 54, 63,
    61, 35, 63, 63, 27, 27, 57, 27, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 81, 59, 59, 52, 63,
    33, 63, 83,
)  # fmt: skip
_BOLD = 1.13


def text_width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Return about how many pixels a line of text takes; rather too many than too few."""
    ems = sum(_advance(character) for character in text) / 100
    return ems * size_px * (_BOLD if bold else 1.0)


def _advance(character: str) -> int:
    code = ord(character)
    if 0x20 <= code <= 0x7E:
        return _ADVANCE[code - 0x20]
    if unicodedata.combining(character):
        return 0
    return 105 if unicodedata.east_asian_width(character) in "WF" else 80


def shorten(text: str, width_px: float, size_px: float, *, bold: bool = False) -> str:
    """Return the text, cut with an ellipsis where it would run wider than ``width_px``."""
    flat = " ".join(text.split())
    if text_width_px(flat, size_px, bold=bold) <= width_px:
        return flat
    room = width_px - text_width_px("…", size_px, bold=bold)
    kept, used = 0, 0.0
    for character in flat:
        used += text_width_px(character, size_px, bold=bold)
        if used > room:
            break
        kept += 1
    return flat[:kept].rstrip() + "…"


def wrap(text: str, width_px: float, size_px: float, *, lines: int = 2) -> list[str]:
    """Return the text in at most ``lines`` lines of ``width_px``; the last is cut if need be."""
    rows: list[str] = []
    words = text.split()
    while words:
        if len(rows) == lines - 1:
            rows.append(shorten(" ".join(words), width_px, size_px))
            return rows
        row = words.pop(0)
        while words and text_width_px(f"{row} {words[0]}", size_px) <= width_px:
            row = f"{row} {words.pop(0)}"
        rows.append(shorten(row, width_px, size_px))
    return rows
