"""What many series of sizes say together: the population of a curve, and what it foretells.

Of patient i the diameters d_ij on days t_ij are known. With y the curve of `size_curves`,

    ln d_ij = h_ij + s_i e_ij
    h_ij = h_i,j-1 + y(t_ij) - y(t_i,j-1) + w_i sqrt(t_ij - t_i,j-1) n_ij + [j last] b_i

with e, n standard normal: a reader's error, and a wandering of the lesion about its curve, which no
smooth curve has. b is what the last step of a series has more than the others: a series ends when
the disease goes on. The deviates of the curve, ln s, ln w and b of a patient are one draw of the
population N(m, C); h_i1 is flat. "Too small to measure" tells only that d is below the smallest
measurable size. Given the draw the likelihood of a series is that of a Kalman filter (with two
moments kept where a size is too small). (m, C) are those that make the data most likely, by
expectation and maximization: draws x_k of the population, the same for all patients, count for
patient i by the likelihood of the series.

Neglected: that the day on which a series ends depends on the lesion; arms of treatment.
Sources: Wei and Tanner 1990, doi:10.1080/01621459.1990.10474930 (Monte Carlo EM).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import qmc

from abscope.catalog.reader import reader_limits
from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, TableError
from abscope.infer.size_curves import SizeCurve

__all__ = ["Foretold", "Population", "PopulationSettings", "Series", "fit_population", "foretell"]

#: Draws handled at a time, so that memory stays small.
_CHUNK = 256
#: Where a fit begins: ln of the error and of the wandering (per square root of a day), last step.
_NOISE = ((-2.5, -5.0, 0.0), (0.5, 1.0, 0.1))
#: No wandering at all, for curves as they were published.
_STILL = -20.0


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The sizes of one lesion: days (n,) that rise and diameters (n,) in mm, 0 where too small."""

    id: str
    days_d: Floats
    diameter_mm: Floats

    def __post_init__(self) -> None:
        days, sizes = self.days_d, self.diameter_mm
        if len(days) != len(sizes) or not len(days) or not np.isfinite([*days, *sizes]).all():
            what, expected = f"{len(days)} days, {len(sizes)} sizes", "one number of each or more"
            raise TableError(Problem(self.id, what, expected, "Leave the series out."))
        if (np.diff(days) <= 0).any() or (sizes < 0).any() or sizes[0] == 0:
            what = "days that do not rise, a negative size or no first size"
            expected = "rising days, a first size above 0 mm"
            raise TableError(Problem(self.id, what, expected, "Leave the series out."))


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationSettings:
    """Draws of the population per step, steps and seed.

    ``wandering`` False keeps to the curve, ``ending`` False lets the last step be as the others.
    """

    draws: int = 1024
    steps: int = 20
    seed: int = 1
    wandering: bool = True
    ending: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Mean (k + 3,) and covariance of the deviates of a curve, of ln s, ln w and b."""

    curve: SizeCurve
    mean: Floats
    covariance: Floats
    settings: PopulationSettings

    def draws(self, number: int, *, seed: int) -> Floats:
        """Return deviates (number, k + 3) from the population, spread evenly (Sobol)."""
        size = len(self.mean)
        points = qmc.Sobol(size, scramble=True, rng=np.random.default_rng(seed)).random(number)
        root = np.linalg.cholesky(self.covariance + 1e-12 * np.eye(size))
        found = self.mean + ndtri(np.clip(points, 1e-9, 1 - 1e-9)) @ root.T
        if not self.settings.wandering:
            found[:, -2] = _STILL
        if not self.settings.ending:
            found[:, -1] = 0.0
        return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What is expected of one measurement: median and 90 % interval, and what was measured's score.

    ``log_score`` is the logarithm of the density of ln d, of a probability where the lesion was too
    small to measure.
    """

    median_mm: float
    low_mm: float
    high_mm: float
    log_score: float


def fit_population(
    curve: SizeCurve, series: Sequence[Series], *, settings: PopulationSettings | None = None
) -> Population:
    """Return the population of a curve that makes the series most likely.

    Raises TableError where there is no series.
    """
    settings = settings or PopulationSettings()
    if not series:
        raise TableError(Problem("series", "none", "one or more", "Give series of sizes."))
    center, spread = (
        np.array([*of_curve, *noise])
        for of_curve, noise in zip((curve.center, curve.spread), _NOISE, strict=True)
    )
    found = Population(curve, center, np.diag(spread**2), settings)
    data = _Table.of(series)
    for step in range(settings.steps):
        x = found.draws(settings.draws, seed=settings.seed + step)
        logs = np.concatenate([s.log_likelihood for s in _filtered(found.curve, data, x)])
        share = _weights(logs).mean(axis=1)
        mean = share @ x
        apart = x - mean
        found = Population(curve, mean, (apart * share[:, None]).T @ apart, settings)
    return found


def foretell(
    population: Population,
    seen: Sequence[Series],
    *,
    then: Sequence[tuple[float, float]],
    draws: int = 8192,
    seed: int = 7,
) -> list[Foretold]:
    """Return what each series so far foretells of (day, measured mm), for scoring; 0 mm is small.

    The median and the 90 % interval are those of the measurement, error included. Raises TableError
    for a day that is not after the series.
    """
    for (day, _), one in zip(then, seen, strict=True):
        if day <= one.days_d[-1]:
            what, expected = f"day {day:g}", f"after day {one.days_d[-1]:g}"
            raise TableError(Problem(one.id, what, expected, "Correct it."))
    data = _Table.of(seen, ahead=[day for day, _ in then])
    x = population.draws(draws, seed=seed)
    parts = list(_filtered(population.curve, data, x))
    weight = _weights(np.concatenate([part.log_likelihood for part in parts]))
    height = np.concatenate([part.height for part in parts])
    sd = np.sqrt(np.concatenate([part.variance for part in parts]))
    return [
        _foretold(weight[:, i], height[:, i], sd[:, i], measured)
        for i, (_, measured) in enumerate(then)
    ]


def _foretold(weight: Floats, height: Floats, sd: Floats, measured: float) -> Foretold:
    if measured > 0:
        z = (np.log(measured) - height) / sd
        density = np.exp(-0.5 * z * z) / (sd * np.sqrt(2.0 * np.pi))
    else:
        density = ndtr((_log_least() - height) / sd)
    score = float(np.log(max(float(weight @ density), 1e-300)))
    low, median, high = np.exp(_quantiles(height, sd, weight))
    return Foretold(float(median), float(low), float(high), score)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Series as columns of visits: ``days`` (visits, series) from the first, NaN where none is."""

    days: Floats
    log: Floats
    small: NDArray[np.bool_]
    ahead: Floats | None
    last: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of(cls, series: Sequence[Series], *, ahead: Sequence[float] | None = None) -> "_Table":
        most = max(len(one.days_d) for one in series)
        days = np.full((most, len(series)), np.nan)
        sizes = np.full((most, len(series)), np.nan)
        for i, one in enumerate(series):
            days[: len(one.days_d), i] = one.days_d - one.days_d[0]
            sizes[: len(one.days_d), i] = one.diameter_mm
        small = sizes == 0
        with np.errstate(invalid="ignore"):
            log = np.log(np.where(small, 1.0, sizes))
        begin = np.array([one.days_d[0] for one in series])
        later = None if ahead is None else np.asarray(ahead, float) - begin
        last = np.array([len(one.days_d) - 1 for one in series])
        return cls(days, log, small, later, last)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Where the filter is: mean and variance of what comes next, and the log likelihood so far."""

    log_likelihood: Floats
    height: Floats
    variance: Floats


def _filtered(curve: SizeCurve, data: _Table, x: Floats) -> Iterator[_State]:
    """Return the filter after all visits, some draws at a time: arrays (draws, series)."""
    for first in range(0, len(x), _CHUNK):
        yield _filter(curve, data, x[first : first + _CHUNK])


def _filter(curve: SizeCurve, data: _Table, x: Floats) -> _State:
    noise = np.exp(2.0 * x[:, -3:-2])
    walk = np.exp(2.0 * x[:, -2:-1])
    height = np.broadcast_to(data.log[0], (len(x), data.log.shape[1])).copy()
    variance = np.broadcast_to(noise, height.shape).copy()
    logs = np.zeros_like(height)
    level = np.zeros_like(height)
    day = np.zeros(height.shape[1])
    for visit in range(1, len(data.days)):
        here = np.flatnonzero(~np.isnan(data.days[visit]))
        now = data.days[visit, here]
        reached = curve.log_ratio(x[:, :-3], now)
        ahead = height[:, here] + reached - level[:, here]
        if data.ahead is None:
            ahead += x[:, -1:] * (data.last[here] == visit)
        spread = variance[:, here] + walk * (now - day[here])
        term, height[:, here], variance[:, here] = _update(
            ahead, spread, noise, data.log[visit, here], data.small[visit, here]
        )
        logs[:, here] += term
        level[:, here], day[here] = reached, now
    if data.ahead is None:
        return _State(logs, height, variance)
    step = curve.log_ratio(x[:, :-3], data.ahead) - level + x[:, -1:]
    return _State(logs, height + step, variance + walk * (data.ahead - day) + noise)


def _update(
    ahead: Floats, spread: Floats, noise: Floats, log: Floats, small: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Return the log likelihood of a visit, and mean and variance of the height after it."""
    total = spread + noise
    gain = spread / total
    residual = log - ahead
    term = -0.5 * (residual**2 / total + np.log(2.0 * np.pi * total))
    mean, variance = ahead + gain * residual, spread * (1.0 - gain)
    if small.any():
        sd = np.sqrt(total[:, small])
        z = (_log_least() - ahead[:, small]) / sd
        term[:, small] = log_ndtr(z)
        ratio = np.exp(-0.5 * z * z - log_ndtr(z)) / np.sqrt(2.0 * np.pi)
        kept = gain[:, small]
        mean[:, small] = ahead[:, small] - kept * sd * ratio
        variance[:, small] = spread[:, small] * (1.0 - kept * ratio * (z + ratio))
    return term, mean, np.maximum(variance, 1e-12)


def _weights(logs: Floats) -> Floats:
    weight = np.exp(logs - logs.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))


def _log_least() -> float:
    return float(np.log(reader_limits("smallest_measurable_mm").value))


def _quantiles(height: Floats, sd: Floats, weight: Floats) -> Floats:
    """Return 5, 50 and 95 % of a weighted mixture of normals, by bisection."""
    kept = weight > 1e-7 * weight.max()
    height, sd, weight = height[kept], sd[kept], weight[kept]
    low = np.full(3, float((height - 8.0 * sd).min()))
    high = np.full(3, float((height + 8.0 * sd).max()))
    for _ in range(40):
        middle = (low + high) / 2
        below = (ndtr((middle[:, None] - height) / sd) * weight).sum(1) < (0.05, 0.5, 0.95)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
