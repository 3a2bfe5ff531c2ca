"""Colors of dose, computed in CIELAB so that equal steps of dose class look equally far apart.

The lightness rises evenly from dark blue to light yellow while the hue turns through green, with
the chroma that the screen can show; whoever sees no hue still sees the order by lightness.
"""

import base64
import math
import struct
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rgb", "class_colors", "data_uri", "hex_color", "indexed_png"]

Rgb = tuple[int, int, int]

_DARKEST, _LIGHTEST = 28.0, 93.0
_HUE_LOW, _HUE_HIGH, _CHROMA = 285.0, 92.0, 62.0
#: White of D65, CIE 1931, with Y = 1.
_WHITE = (0.95047, 1.0, 1.08883)


@cache
def class_colors(number: int) -> tuple[Rgb, ...]:
    """Return so many colors from dark blue to light yellow, evenly spaced in lightness."""
    shares = [n / (number - 1) if number > 1 else 0.5 for n in range(number)]
    return tuple(_shown(share) for share in shares)


def hex_color(color: Rgb) -> str:
    """Return a color as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def _shown(share: float) -> Rgb:
    """Return the color at a share of the way; the chroma shrinks until a screen can show it."""
    lightness = _DARKEST + share * (_LIGHTEST - _DARKEST)
    hue = math.radians(_HUE_LOW + share * (_HUE_HIGH - _HUE_LOW))
    chroma = _CHROMA
    while True:
        linear = _linear(lightness, chroma * math.cos(hue), chroma * math.sin(hue))
        if all(-1e-6 <= part <= 1 + 1e-6 for part in linear) or chroma < 1:
            break
        chroma -= 1
    parts = [min(max(part, 0.0), 1.0) for part in linear]
    coded = [12.92 * p if p <= 0.0031308 else 1.055 * p ** (1 / 2.4) - 0.055 for p in parts]
    red, green, blue = (round(255 * part) for part in coded)
    return red, green, blue


def _linear(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """Return linear sRGB of a CIELAB color (IEC 61966-2-1, D65)."""
    fy = (lightness + 16) / 116
    x, y, z = (
        white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for white, f in zip(_WHITE, (fy + a / 500, fy, fy - b / 200), strict=True)
    )
    return (
        3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
        -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
        0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
    )


def indexed_png(index: NDArray[np.uint8], colors: tuple[Rgb, ...]) -> bytes:
    """Return a PNG (rows, columns) whose pixels are indices into at most 256 colors."""
    rows, columns = index.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    plain = np.zeros((rows, columns + 1), dtype=np.uint8)
    plain[:, 1:] = index
    table = bytes(part for color in colors for part in color)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (
            (b"IHDR", head),
            (b"PLTE", table),
            (b"IDAT", zlib.compress(plain.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def data_uri(png: bytes) -> str:
    """Return a PNG as an address that needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
