"""Incomplete repair: what is left of the quadratic term in long and in close fractions.

Damage that can still be repaired decays with rate mu = ln 2 / half-time (one component). Two hits
t apart act together with the weight exp(-mu t); the quadratic term beta D^2 is multiplied by the
mean of that weight over all pairs of hits,

    G = (2 / D^2) int_0^inf dt D'(t) int_0^t ds D'(s) exp(-mu (t - s)).

Neglected: a second, slower repair component, which matters for late effects of the spinal cord and
skin when fractions are less than about 8 h apart.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.dose.radiobiology.arguments import require
from abscope.errors import ModelError, Problem

__all__ = ["lea_catcheside_factor", "pulse_train_factor", "thames_factor"]

#: Below this mu T the closed form loses digits to cancellation, and the series is exact.
_SMALL = 1e-2


def lea_catcheside_factor(duration_min: ArrayLike, *, half_time_min: float) -> Floats:
    """Return G of one fraction at constant dose rate, 0..1, of the shape of the durations.

    G = 2 (x - 1 + exp(-x)) / x^2 with x = mu T. It is 1 for an acute fraction and falls as 2/x.

    Raises ModelError for a negative duration or a half-time that is not positive.
    Source: Lea and Catcheside 1942, J Genet 44:216; Dale 1985, Br J Radiol 58:515.

    >>> f"{lea_catcheside_factor(30.0, half_time_min=30.0):.4f}"
    '0.8040'
    """
    duration, half_time = require(
        "Lea-Catcheside factor",
        (("duration_min", duration_min, ">= 0"), ("half_time_min", half_time_min, "> 0")),
    )
    return np.asarray(_self_weight(math.log(2.0) / float(half_time) * duration))[()]


def thames_factor(n_per_day: int, *, interval_min: float, half_time_min: float) -> float:
    """Return h of ``n_per_day`` short fractions ``interval_min`` apart; 0 for one a day.

    h = 2 p / (m (1 - p)) (m - (1 - p^m) / (1 - p)) with p = exp(-mu interval). The quadratic term
    of each fraction is multiplied by 1 + h. Repair overnight is taken as complete.

    Raises ModelError for a number below 1, a negative interval or a half-time not positive.
    Source: Thames 1985, Int J Radiat Biol 47:319.

    >>> thames_factor(2, interval_min=60.0, half_time_min=60.0)
    0.5
    """
    require(
        "Thames factor",
        (
            ("n_per_day", n_per_day, "whole and >= 1"),
            ("interval_min", interval_min, ">= 0"),
            ("half_time_min", half_time_min, "> 0"),
        ),
    )
    weight = math.exp(-math.log(2.0) * interval_min / half_time_min)
    pairs = sum((n_per_day - apart) * weight**apart for apart in range(1, n_per_day))
    return 2.0 * pairs / n_per_day


def pulse_train_factor(
    starts_min: Sequence[float] | Floats,
    *,
    durations_min: Sequence[float] | Floats,
    doses_gy: Sequence[float] | Floats,
    half_time_min: float,
) -> float:
    """Return G of any sequence of pulses, each at constant rate, relative to (sum of doses)^2.

    Exact for pulses that do not overlap; a duration of 0 is an acute dose. Multiply beta D^2 of
    the whole dose D by it. For m equal acute fractions it is (1 + h) / m.

    Raises ModelError for pulses that overlap, for negative durations or doses, or no dose at all.
    """
    starts, durations, doses, _ = require(
        "pulse train",
        (
            ("starts_min", starts_min, "finite"),
            ("durations_min", durations_min, ">= 0"),
            ("doses_gy", doses_gy, ">= 0"),
            ("half_time_min", half_time_min, "> 0"),
        ),
    )
    _check_pulses(starts, durations, doses)
    order = np.argsort(starts, kind="stable")
    starts, durations, doses = starts[order], durations[order], doses[order]
    rate = math.log(2.0) / half_time_min
    lengths = rate * durations
    gaps = rate * (starts[None, :] - (starts + durations)[:, None])
    later = np.triu(np.ones(gaps.shape, dtype=bool), 1)
    weight = np.exp(-np.where(later, np.maximum(gaps, 0.0), np.inf))
    reach = doses * _end_weight(lengths)
    own = float(np.sum(doses * doses * _self_weight(lengths)))
    cross = float(reach @ weight @ reach)
    return (own + 2.0 * cross) / float(doses.sum()) ** 2


def _check_pulses(starts: Floats, durations: Floats, doses: Floats) -> None:
    problems = []
    if not starts.ndim == 1 == durations.ndim == doses.ndim or not (
        starts.size == durations.size == doses.size > 0
    ):
        problems.append(("starts, durations and doses differ in length", "one each per pulse"))
    elif doses.sum() == 0:
        problems.append(("no pulse has a dose", "at least one dose > 0 Gy"))
    else:
        order = np.argsort(starts, kind="stable")
        ends = (starts + durations)[order]
        if np.any(starts[order][1:] < ends[:-1] - 1e-9 * np.maximum(1.0, np.abs(ends[:-1]))):
            problems.append(("two pulses overlap", "pulses one after the other"))
    if problems:
        raise ModelError([Problem("pulse train", *p, "Check the times.") for p in problems])


def _self_weight(x: Floats) -> Floats:
    """2 (x - 1 + exp(-x)) / x^2, by its series where x is small."""
    safe = np.where(x < _SMALL, 1.0, x)
    exact = 2.0 * (safe + np.expm1(-safe)) / safe**2
    series = 1.0 - x / 3.0 + x**2 / 12.0 - x**3 / 60.0 + x**4 / 360.0
    return np.where(x < _SMALL, series, exact)


def _end_weight(x: Floats) -> Floats:
    """(1 - exp(-x)) / x: the mean weight of a pulse seen from one of its ends."""
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, -np.expm1(-safe) / safe)
