"""Diameters on the scale on which the error of a reader is standard normal.

One reader's ln d has the standard deviation s(d) = min(max(sd_reader, r / d), 1), r that of a
repeated scan (mm). On the scale

    g(ln d) = integral of 1 / s,    g = d / r between r and r / sd_reader, straight in ln d outside

a reading of a lesion of diameter d is g(ln d) + z, z standard normal, whatever its size: the error
belongs to the true diameter, not to the one that was read. Sources: Yoon 2016, Oxnard 2011 (catalog
of the reader).
"""

import math

import numpy as np

from abscope.catalog.reader import reader_limits
from abscope.dose.geometry.grid import Floats
from abscope.model.lesion_sizes import reader_sd_frac

__all__ = ["read_log_size", "reader_scale", "reading_sd_log"]


def _repeat_mm() -> float:
    """Return the standard deviation of one of two scans (mm), that of their change over sqrt 2."""
    return reader_limits("repeat_scan_change_sd_mm").value / math.sqrt(2.0)


def reading_sd_log(size_mm: float) -> float:
    """Return the standard deviation of the logarithm of one reader's diameter of a lesion.

    The larger of the error of a reader and, for small lesions, that of a repeated scan over the
    size, sd_change / (sqrt(2) d).
    """
    repeat = _repeat_mm()
    return max(reader_sd_frac(), repeat / max(size_mm, repeat))


def reader_scale(x: Floats) -> tuple[Floats, Floats]:
    """Return g and its slope along x = ln d, d diameters (mm)."""
    x = np.asarray(x, float)
    repeat, sd = _repeat_mm(), reader_sd_frac()
    low, high = math.log(repeat), math.log(repeat / sd)
    inner = np.exp(np.clip(x, low, high)) / repeat
    value = inner + np.minimum(x - low, 0.0) + np.maximum(x - high, 0.0) / sd
    return value, inner


def read_log_size(x: Floats, z: Floats) -> Floats:
    """Return ln of what is read of diameters (mm), x = ln d, z standard normal: g^-1(g(x) + z)."""
    repeat, sd = _repeat_mm(), reader_sd_frac()
    value = reader_scale(x)[0] + z
    inner = np.log(repeat * np.clip(value, 1.0, 1.0 / sd))
    return np.asarray(inner + np.minimum(value - 1.0, 0.0) + np.maximum(value - 1.0 / sd, 0.0) * sd)
