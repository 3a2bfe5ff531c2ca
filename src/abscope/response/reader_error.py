"""How probable it is that a measured change is real, given how far readers differ.

A measured change is m2 / m1. On the log scale the error of that ratio is taken as normal, so with
no prior preference for any true change

    P(true change <= c) = Phi( (ln(1 + c) - ln(m2 / m1)) / sd )

The spread comes from published 95 % limits of agreement (low, high, as fractions):

    sd = (ln(1 + high) - ln(1 + low)) / (2 * 1.96)

Limits such as -31 % and +30 % are uneven as percentages; their width is taken on the log scale and
their center at no change, because which of two readers is called the first is arbitrary.

Which limits (`abscope.catalog.reader_limits`; Yoon 2016, doi 10.1016/j.ejca.2015.10.014):

- one lesion, ``readers="different"`` (also where nobody says who read): the limits of the change
  between two scans, -31.3 % to +30.3 %, sd 0.163. They hold the error of both readers' changes and
  so are on the safe side; two independent single measurements would give 0.121.
- one lesion, ``"same"``: one reader measuring twice, -17.8 % to +16.1 %, sd 0.088. Baseline and
  follow-up carry one error each, as the two measurements of the limits do.
- a sum, ``"different"`` or ``"same"``: -19.2 % to +19.5 % (sd 0.100), -9.8 % to +13.1 % (0.058).

For one lesion the error of small sizes is at least 2.4 mm on the change between two scans (Oxnard
2011): sd is never below 2.4 mm / sqrt(m1 m2). Neglected: differences between organs, slice
thickness and reader experience, and errors in choosing the lesion. The limits themselves are
uncertain by about a third of their size. A flat prior ignores that most true changes are small, so
the probability of a large change is somewhat high.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from abscope.catalog.reader import reader_limits
from abscope.errors import Problem, ProtocolError

__all__ = ["Readers", "TrueChange", "p_true_change"]

Readers = Literal["same", "different"]

_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.975)

#: (more than one lesion, readers) -> entry of the catalog
_LIMITS = {
    (False, "different"): "single_change_between_readers",
    (False, "same"): "single_same_reader",
    (True, "different"): "sum_between_readers",
    (True, "same"): "sum_same_reader",
}


@dataclass(frozen=True, slots=True)
class TrueChange:
    """The probability that a change passes a threshold, with what it was computed from.

    ``threshold_frac`` is the one that was applied: more than the one asked for where an increase
    also has to reach a number of millimeters. ``low_frac`` and ``high_frac`` are the 95 % interval
    of the true change, ``error_sd_frac`` the standard deviation of the log ratio, a relative
    error.
    """

    probability_frac: float
    measured_frac: float
    threshold_frac: float
    low_frac: float
    high_frac: float
    error_sd_frac: float
    limits: str
    source: str
    reasons: tuple[str, ...]


def p_true_change(
    baseline_mm: float,
    *,
    follow_up_mm: float,
    threshold_frac: float,
    n_lesions: int,
    readers: Readers,
    least_increase_mm: float = 0.0,
) -> TrueChange:
    """Return the probability that the true change is at or beyond ``threshold_frac``.

    A negative threshold (-0.30) asks for a true change at or below it, a positive one (+0.20) for
    one at or above it; with ``least_increase_mm`` (5 for progression) the increase must also reach
    that many millimeters over the measured baseline. Diameters or sums of ``n_lesions`` lesions in
    mm. A follow-up of 0 (gone) counts as the smallest measurable size, 5 mm or the baseline where
    that is smaller: the probability of a decrease is then a lower bound, and so it is said.

    Raises ProtocolError for a baseline that is not above 0, a negative follow-up, a threshold of 0
    or at or below -1, fewer than one lesion, or millimeters asked of a decrease.

    22 mm that became 14 mm (-36.4 %) truly fell by 30 % or more with a probability of 0.72 when
    two readers may have measured, 0.76 if one did:

    >>> change = p_true_change(22, follow_up_mm=14, threshold_frac=-0.30, n_lesions=1,
    ...                        readers="different")
    >>> f"{change.measured_frac:.3f} {change.probability_frac:.2f}"
    '-0.364 0.72'
    >>> f"{change.low_frac:.2f} {change.high_frac:.2f}"
    '-0.54 -0.12'
    >>> same = p_true_change(22, follow_up_mm=14, threshold_frac=-0.30, n_lesions=1,
    ...                      readers="same")
    >>> f"{same.probability_frac:.2f}"
    '0.76'
    """
    _check(baseline_mm, follow_up_mm, threshold_frac, n_lesions, least_increase_mm)
    name = _LIMITS[n_lesions > 1, readers]
    entry = reader_limits(name)
    reasons = [f"95 % limits {entry.low:+.1%} to {entry.high:+.1%} ({name.replace('_', ' ')})"]
    size_mm = follow_up_mm
    if follow_up_mm == 0:
        size_mm = min(reader_limits("smallest_measurable_mm").value, baseline_mm)
        reasons.append(f"gone counts as {size_mm:g} mm, so a decrease is at least this probable")
    sd = (math.log1p(entry.high) - math.log1p(entry.low)) / (2 * _Z95)
    if n_lesions == 1:
        sd = _not_below_scan_error(sd, baseline_mm, size_mm, reasons)
    applied = threshold_frac
    if least_increase_mm / baseline_mm > threshold_frac > 0:
        applied = least_increase_mm / baseline_mm
        reasons.append(f"{least_increase_mm:g} mm is {applied:+.1%} of {baseline_mm:g} mm")
    log_ratio = math.log(size_mm / baseline_mm)
    below = _NORMAL.cdf((math.log1p(applied) - log_ratio) / sd)
    return TrueChange(
        probability_frac=below if applied < 0 else 1.0 - below,
        measured_frac=follow_up_mm / baseline_mm - 1.0,
        threshold_frac=applied,
        low_frac=math.expm1(log_ratio - _Z95 * sd),
        high_frac=math.expm1(log_ratio + _Z95 * sd),
        error_sd_frac=sd,
        limits=name,
        source=entry.source,
        reasons=tuple(reasons),
    )


def _not_below_scan_error(
    sd: float, baseline_mm: float, size_mm: float, reasons: list[str]
) -> float:
    scan_mm = reader_limits("repeat_scan_change_sd_mm").value
    least = scan_mm / math.sqrt(baseline_mm * size_mm)
    if least <= sd:
        return sd
    reasons.append(f"small lesion: repeat scans differ by {scan_mm:g} mm (SD), {least:.0%} here")
    return least


def _check(
    baseline_mm: float,
    follow_up_mm: float,
    threshold_frac: float,
    n_lesions: int,
    least_increase_mm: float,
) -> None:
    rules = [
        (math.isfinite(baseline_mm) and baseline_mm > 0, "baseline_mm", baseline_mm, "> 0 mm"),
        (
            math.isfinite(follow_up_mm) and follow_up_mm >= 0,
            "follow_up_mm", follow_up_mm, ">= 0 mm",
        ),
        (
            math.isfinite(threshold_frac) and threshold_frac > -1 and threshold_frac != 0,
            "threshold_frac", threshold_frac, "a change above -1 that is not 0 (-30 % is -0.30)",
        ),
        (n_lesions >= 1, "n_lesions", n_lesions, "1 or more"),
        (
            least_increase_mm == 0 or (least_increase_mm > 0 and threshold_frac > 0),
            "least_increase_mm", least_increase_mm, "0, or > 0 mm with a positive threshold",
        ),
    ]  # fmt: skip
    problems = [
        Problem("reader error", f"{name} is {value:g}", expected, "Correct the value.", name)
        for holds, name, value, expected in rules
        if not holds
    ]
    if problems:
        raise ProtocolError(problems)
