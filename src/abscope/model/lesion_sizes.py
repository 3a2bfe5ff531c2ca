"""The volume of a lesion from what a scan says of it, with the error of the reader.

An ellipsoid with the longest diameter d, the second axis w and a third like the second has

    V = pi / 6 d w^2,   ln d -> ln d + sd z,   sd = (ln(1 + high) - ln(1 + low)) / (2 1.96 sqrt 2)

with the 95 % limits of two readers of one lesion (catalog, Yoon 2016): each reader has half of the
variance. Neglected: shape beyond an ellipsoid, slice thickness, errors that two scans share.
"""

import math

import numpy as np

from abscope.case.observation import Finding
from abscope.catalog.case_prior import case_prior
from abscope.catalog.reader import reader_limits
from abscope.dose.geometry.grid import Floats
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import drawn_value, has_positive, versions_in_words

__all__ = [
    "diameter_mm", "drawn_volume_ml", "has_size", "reader_sd_frac", "region_volume_ml",
    "size_words", "volume_ml",
]  # fmt: skip

_MM3_PER_ML = 1000.0


def reader_sd_frac() -> float:
    """Return the standard deviation of one reader's diameter, relative to the diameter.

    >>> round(reader_sd_frac(), 3)
    0.086
    """
    limits = reader_limits("single_between_readers")
    return math.log((1 + limits.high) / (1 + limits.low)) / (2 * 1.96 * math.sqrt(2))


def volume_ml(longest_mm: Floats, *, other_mm: Floats) -> Floats:
    """Return the volume (mL) of an ellipsoid with two axes alike.

    >>> round(float(volume_ml(20.0, other_mm=20.0)), 3)
    4.189
    """
    return np.asarray(np.pi / 6 * longest_mm * other_mm**2 / _MM3_PER_ML)


def diameter_mm(volume_ml: Floats, *, axis_ratio_frac: float = 1.0) -> Floats:
    """Return the longest diameter (mm) of an ellipsoid with this volume (mL).

    ``axis_ratio_frac`` is the second axis over the longest, 1 for a sphere.
    """
    return np.asarray(
        np.cbrt(6 * _MM3_PER_ML * np.maximum(volume_ml, 0.0) / np.pi / axis_ratio_frac**2)
    )


def drawn_volume_ml(name: str, found: Finding | None, prior: PriorDraws) -> Floats:
    """Return the volume (mL) of a lesion in every draw, by the best that the finding tells."""
    error = np.exp(reader_sd_frac() * prior.normal(f"{name} reader"))
    if found is not None and found.volume_ml is not None and has_positive(found.volume_ml):
        stated = drawn_value(found.volume_ml, f"{name} volume", prior)
        return np.asarray(stated * error**3)
    ratio = prior.spread(f"{name} axes", case_prior("axis_ratio"))
    if found is not None and found.size_mm is not None and has_positive(found.size_mm):
        size = drawn_value(found.size_mm, f"{name} size", prior) * error
        if found.axis == "short":
            return volume_ml(size / ratio, other_mm=size)
        other = found.other_axis_mm
        if other is not None and has_positive(other):
            second = drawn_value(other, f"{name} other axis", prior) * error
            return volume_ml(size, other_mm=np.minimum(second, size))
        return volume_ml(size, other_mm=ratio * size)
    if found is not None and found.state == "too_small":
        size = prior.log_spread(f"{name} size", case_prior("size_too_small"))
    else:
        size = prior.log_normal(f"{name} size", case_prior("size_unknown"))
    return volume_ml(size, other_mm=ratio * size)


def has_size(found: Finding | None) -> bool:
    """Return whether a finding tells the size of a lesion, or that it is too small to measure."""
    if found is None:
        return False
    sized = has_positive(found.volume_ml) or has_positive(found.size_mm)
    return sized or found.state == "too_small"


def region_volume_ml(name: str, drawn_ml: float, prior: PriorDraws) -> Floats:
    """Return the volume (mL) of a region that somebody drew, with the error of a reader."""
    return np.asarray(drawn_ml * np.exp(3.0 * reader_sd_frac() * prior.normal(f"{name} reader")))


def size_words(found: Finding | None, *, several: bool) -> str:
    """Return in words what stands for the volume of a lesion."""
    each = " each" if several else ""
    if found is not None and has_positive(found.volume_ml):
        versions = versions_in_words(found.volume_ml, "ml")
        stated = f" as {versions}, each as likely" if versions else ""
        return f"volume as recorded{stated}, with the error of a reader"
    if found is not None and has_positive(found.size_mm):
        third = "" if has_positive(found.other_axis_mm) else ", shape not known"
        versions = versions_in_words(found.size_mm, "mm")
        stated = f" of {versions}, each as likely," if versions else ""
        return f"volume from the recorded size{stated} with the error of a reader{third}"
    if found is not None and found.state == "too_small":
        entry = case_prior("size_too_small")
        return f"too small to measure, taken as {entry.low:g} to {entry.high:g} mm{each}"
    entry = case_prior("size_unknown")
    return f"no size on record, taken as {entry.value:g} mm ({entry.low:g} to {entry.high:g}){each}"
