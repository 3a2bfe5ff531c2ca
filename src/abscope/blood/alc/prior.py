"""The prior of the lymphocyte model: every unknown as a function of standard normal coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.blood.planned import PlannedDose
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["Draws", "Prior", "PriorSettings", "log_parameters"]

#: The coordinates that every case has, in this order; those of courses and counts follow.
_SHARED = (
    "alpha", "dose scale", "plateau", "recovery rate", "removal half-life", "count error",
    "beam-on time", "count before", "weekday", "steroid", "chemotherapy", "mixing",
)  # fmt: skip
#: The coordinates of each course.
_PER_COURSE = ("dose of the course", "start", "version of dose", "number of fractions", "targets")


@dataclass(frozen=True, slots=True)
class PriorSettings:
    """What the prior depends on beside the catalog.

    ``baseline_per_ul`` is the count before radiotherapy (None: that of any adult), measured
    ``n_baseline`` times. ``scale_sd_log`` is the spread of the common dose factor.
    ``beam_on_time_s`` fixes the beam time where it is known. ``n_counts`` counts are compared.
    ``plateau_by_dose`` lowers the plateau with the dose of marrow and thymus.
    """

    planned: tuple[PlannedDose, ...]
    baseline_per_ul: float | None = None
    n_counts: int = 0
    beam_on_time_s: float | None = None
    steroid: bool = False
    chemotherapy: bool = False
    plateau_by_dose: bool = False

    @property
    def scale_sd_log(self) -> float:
        """The largest spread that any course's dose has."""
        return max((item.body.scale_sd_log for item in self.planned), default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Draws of every unknown; the first axis of all arrays is the draw (n,), the second a course.

    ``factor_frac`` (n, courses) multiplies the doses of a course: common factor, factor of the
    course, version of the dose. ``count_place_frac`` (n, counts) places a count inside the span
    of its time. ``open_targets`` says whether the targets that are left open were treated.
    ``frozen_frac`` (n,) is where blood lies between mixing at once inside organs (0) and frozen
    streamlines (1), evenly spread: nobody has measured it.
    """

    alpha_per_gy: Floats
    scale_frac: Floats
    plateau_frac: Floats
    recovery_per_d: Floats
    removal_half_life_d: Floats
    observation_sd_log: Floats
    beam_on_time_s: Floats
    baseline_per_ul: Floats
    weekday: NDArray[np.int64]
    steroid_frac: Floats
    chemotherapy_frac: Floats
    frozen_frac: Floats
    factor_frac: Floats
    start_d: Floats
    n_fractions: NDArray[np.int64]
    open_targets: NDArray[np.bool_]
    count_place_frac: Floats


def log_parameters(draws: Draws) -> dict[str, Floats]:
    """Return the parameters that people ask about, on the scale on which they spread evenly."""
    return {
        "alpha": np.log(draws.alpha_per_gy),
        "dose scale": np.log(draws.scale_frac),
        "recovery rate": np.log(draws.recovery_per_d),
        "plateau": draws.plateau_frac,
        "removal half-life": np.log(draws.removal_half_life_d),
    }


class Prior:
    """Maps standard normal coordinates (n, dimension) to draws of the unknowns.

    Every unknown is a quantile of its distribution at Phi(z), so that N(0, 1) in every coordinate
    is the prior, and a sampler never leaves its support.
    """

    def __init__(self, settings: PriorSettings) -> None:
        self.settings = settings
        courses = [f"{name} {item.name}" for item in settings.planned for name in _PER_COURSE]
        counts = [f"place of count {index + 1}" for index in range(settings.n_counts)]
        self.names: tuple[str, ...] = (*_SHARED, *courses, *counts)

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.names)

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """Return n points of the prior (n, dimension)."""
        return rng.standard_normal((n, self.dimension))

    def draws(self, coordinates: Floats) -> Draws:
        """Return the unknowns at coordinates (n, dimension) that are normal with unit spread."""
        z = dict(zip(self.names, np.asarray(coordinates, dtype=np.float64).T, strict=True))
        shared, s = self._shared(z), self.settings
        per = {name: [z[f"{name} {item.name}"] for item in s.planned] for name in _PER_COURSE}
        spread = lymphocyte_parameter("guess_course_sd_log").value
        n = len(z["alpha"])
        factor, start, number, targets = [], [], [], []
        for index, item in enumerate(s.planned):
            own = spread if item.body.tier == "guess" else 0.0
            version = _choice(per["version of dose"][index], item.dose_factor_frac)
            course = np.exp(own * per["dose of the course"][index])
            factor.append(shared["scale_frac"] * course * version)
            low, high = item.start_d
            start.append(low + (high - low) * _uniform(per["start"][index]))
            number.append(_choice(per["number of fractions"][index], item.n_fractions))
            share = 0.0
            if item.open_body is not None:
                share = lymphocyte_parameter("uncertain_target_share").value
            targets.append(_uniform(per["targets"][index]) < share)
        places = [z[name] for name in self.names[len(self.names) - s.n_counts :]]
        return Draws(
            **shared,
            weekday=self._weekday(z["weekday"]),
            factor_frac=_stacked(factor, n),
            start_d=_stacked(start, n),
            n_fractions=_stacked(number, n).astype(np.int64),
            open_targets=_stacked(targets, n).astype(bool),
            count_place_frac=_stacked([_uniform(place) for place in places], n),
        )

    def _shared(self, z: dict[str, Floats]) -> dict[str, Floats]:
        p, s = lymphocyte_parameter, self.settings
        error = p("observation_sd_log")
        sd = error.low + (error.high - error.low) * _uniform(z["count error"])
        plateau = p("plateau").value + p("plateau_sd").value * z["plateau"]
        out = {
            "alpha_per_gy": p("alpha").value * np.exp(p("alpha_sd_log").value * z["alpha"]),
            "scale_frac": np.exp(s.scale_sd_log * z["dose scale"]),
            "plateau_frac": np.clip(plateau, 0.05, 1.0),
            "recovery_per_d": p("recovery_rate").value
            * np.exp(p("recovery_sd_log").value * z["recovery rate"]),
            "removal_half_life_d": p("doomed_slow_half_life").value
            * np.exp(p("doomed_slow_sd_log").value * z["removal half-life"]),
            "observation_sd_log": sd,
            "beam_on_time_s": self._beam_time(z["beam-on time"]),
            "steroid_frac": _factor(z["steroid"], "steroid_factor", s.steroid),
            "chemotherapy_frac": _factor(z["chemotherapy"], "chemotherapy_factor", s.chemotherapy),
            "frozen_frac": _uniform(z["mixing"]),
        }
        if s.baseline_per_ul is None:
            usual = p("baseline_count")
            spread = np.log(usual.high / usual.low) / 3.92
            out["baseline_per_ul"] = usual.value * np.exp(spread * z["count before"])
        else:
            out["baseline_per_ul"] = s.baseline_per_ul * np.exp(sd * z["count before"])
        return out

    def _beam_time(self, z: Floats) -> Floats:
        known = self.settings.beam_on_time_s
        if known is not None:
            return np.full(len(z), known)
        time = lymphocyte_parameter("beam_on_time")
        return np.asarray(time.low * (time.high / time.low) ** _uniform(z))

    def _weekday(self, z: Floats) -> NDArray[np.int64]:
        known = next((x.weekday for x in self.settings.planned if x.weekday is not None), None)
        if known is not None:
            return np.full(len(z), known, dtype=np.int64)
        return np.minimum((5 * _uniform(z)).astype(np.int64), 4)


def _uniform(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)


def _choice(z: Floats, options: Sequence[float]) -> Floats:
    index = np.minimum((len(options) * _uniform(z)).astype(np.int64), len(options) - 1)
    return np.asarray(options, dtype=np.float64)[index]


def _factor(z: Floats, name: str, used: bool) -> Floats:
    if not used:
        return np.ones(len(z))
    entry = lymphocyte_parameter(name)
    return np.asarray(entry.value * np.exp(np.log(entry.high / entry.low) / 3.92 * z))


def _stacked(columns: Sequence[NDArray[np.generic]], n: int) -> Floats:
    return np.stack(columns, axis=1).astype(np.float64) if columns else np.empty((n, 0))
