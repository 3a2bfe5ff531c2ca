"""The one call for the dose of blood, whatever the engine, and what it returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from abscope.blood.delivery import Delivery
from abscope.blood.engines import transform
from abscope.blood.engines.events import Particles, simulate
from abscope.blood.engines.mean import contributions_gy
from abscope.blood.histogram import DoseHistogram
from abscope.blood.kill import Kill
from abscope.blood.sojourn import Transit
from abscope.errors import ModelError, Problem

__all__ = ["BloodDose", "Engine", "KillResult", "blood_dose"]

Engine = Literal["mean", "transform", "events"]


@dataclass(frozen=True, slots=True)
class KillResult:
    """Mean surviving fraction of the cells in blood, and what mixing inside organs could make it.

    ``mixed_frac`` and ``frozen_frac`` are the limits of perfect mixing and of frozen streamlines;
    they are equal where no compartment has parts of different dose. ``se_frac`` is the Monte Carlo
    standard error of ``surviving_frac``, 0 for the transform.
    """

    kill: Kill
    surviving_frac: float
    se_frac: float
    mixed_frac: float
    frozen_frac: float


@dataclass(frozen=True, slots=True, eq=False)
class BloodDose:
    """Dose of the blood after ``n_fractions`` equal fractions, mixed in between.

    ``contributions_gy`` add up to ``mean_gy``, both exact. ``sd_gy``, ``unirradiated_frac`` and
    ``survival`` are None or empty for the mean engine, ``histogram`` is of the events engine.
    Standard errors are those of the simulation (0 where nothing is simulated).
    """

    engine: Engine
    n_fractions: int
    mean_gy: float
    contributions_gy: Mapping[str, float]
    sd_gy: float | None
    unirradiated_frac: float | None
    unirradiated_se_frac: float
    survival: tuple[KillResult, ...]
    histogram: DoseHistogram | None
    simulated_mean_gy: float | None
    simulated_mean_se_gy: float

    def repeated(self, n_fractions: int) -> "BloodDose":
        """Return the dose after so many of these fractions, with full mixing in between.

        Blood mixes within a minute and fractions are hours apart, so the doses of fractions are
        independent: means and variances add, surviving and undosed shares multiply.
        """
        if n_fractions < 1:
            what = f"{n_fractions} fractions"
            raise ModelError(Problem("blood dose", what, "at least one", "Correct it."))
        n = n_fractions
        undosed = self.unirradiated_frac
        return replace(
            self,
            n_fractions=self.n_fractions * n,
            mean_gy=self.mean_gy * n,
            contributions_gy=MappingProxyType(
                {name: mean * n for name, mean in self.contributions_gy.items()}
            ),
            sd_gy=None if self.sd_gy is None else float(self.sd_gy * np.sqrt(n)),
            unirradiated_frac=None if undosed is None else undosed**n,
            unirradiated_se_frac=(
                0.0 if undosed is None else n * undosed ** (n - 1) * self.unirradiated_se_frac
            ),
            survival=tuple(_power(result, n) for result in self.survival),
            histogram=None if self.histogram is None else self.histogram.repeated(n),
            simulated_mean_gy=(
                None if self.simulated_mean_gy is None else self.simulated_mean_gy * n
            ),
            simulated_mean_se_gy=self.simulated_mean_se_gy * n,
        )

    def followed_by(self, other: "BloodDose") -> "BloodDose":
        """Return the dose after these fractions and then others, with full mixing in between.

        Raises ModelError where the two were not computed by one engine for the same survival
        curves.
        """
        kills = tuple(result.kill for result in self.survival)
        if self.engine != other.engine or kills != tuple(x.kill for x in other.survival):
            what = f"engines {self.engine} and {other.engine}, or other survival curves"
            rule = "the same engine and survival curves"
            raise ModelError(Problem("blood dose", what, rule, "Compute both alike."))
        names = [*self.contributions_gy, *other.contributions_gy]
        return replace(
            self,
            n_fractions=self.n_fractions + other.n_fractions,
            mean_gy=self.mean_gy + other.mean_gy,
            contributions_gy=MappingProxyType(
                {
                    name: self.contributions_gy.get(name, 0.0)
                    + other.contributions_gy.get(name, 0.0)
                    for name in names
                }
            ),
            sd_gy=_root_sum(self.sd_gy, other.sd_gy),
            unirradiated_frac=_product(self.unirradiated_frac, other.unirradiated_frac),
            unirradiated_se_frac=_product_se(
                (self.unirradiated_frac or 0.0, self.unirradiated_se_frac),
                (other.unirradiated_frac or 0.0, other.unirradiated_se_frac),
            ),
            survival=tuple(
                _together(mine, theirs)
                for mine, theirs in zip(self.survival, other.survival, strict=True)
            ),
            histogram=(
                None
                if self.histogram is None or other.histogram is None
                else self.histogram.added(other.histogram)
            ),
            simulated_mean_gy=(
                None
                if self.simulated_mean_gy is None or other.simulated_mean_gy is None
                else self.simulated_mean_gy + other.simulated_mean_gy
            ),
            simulated_mean_se_gy=float(
                np.hypot(self.simulated_mean_se_gy, other.simulated_mean_se_gy)
            ),
        )


def blood_dose(
    delivery: Delivery,
    *,
    engine: Engine,
    kills: Sequence[Kill] = (),
    transit: Transit | None = None,
    particles: Particles | None = None,
) -> BloodDose:
    """Return the dose of the blood in one fraction.

    ``mean``: closed form. ``transform``: spread, share without dose and survival without noise.
    ``events``: the whole distribution, by particles that are followed from compartment to
    compartment in continuous time; ``particles`` says how many and which seed. ``transit`` None is
    Rayleigh transit times with perfect mixing inside compartments. Raises ModelError where a
    shape needs another engine.
    """
    transit = Transit() if transit is None else transit
    parts = contributions_gy(delivery)
    result = BloodDose(
        engine=engine,
        n_fractions=1,
        mean_gy=float(np.sum(list(parts.values()))),
        contributions_gy=MappingProxyType(parts),
        sd_gy=None,
        unirradiated_frac=None,
        unirradiated_se_frac=0.0,
        survival=(),
        histogram=None,
        simulated_mean_gy=None,
        simulated_mean_se_gy=0.0,
    )
    if engine == "mean":
        return result
    if engine == "transform":
        return replace(
            result,
            sd_gy=transform.sd_gy(delivery, transit=transit),
            unirradiated_frac=transform.unirradiated_frac(delivery, transit=transit),
            survival=tuple(_transformed(delivery, kill, transit) for kill in kills),
        )
    if engine == "events":
        return _simulated(result, delivery, kills, transit, particles or Particles())
    raise ModelError(
        Problem("blood dose", f"engine '{engine}'", "mean, transform or events", "Choose one.")
    )


def _transformed(delivery: Delivery, kill: Kill, transit: Transit) -> KillResult:
    value = transform.mean_survival_frac(delivery, kill, transit=transit)
    limits = {0.0: value, np.inf: value}
    if not delivery.uniform:
        limits = {
            tau: value
            if tau == transit.tau_mix_s
            else transform.mean_survival_frac(
                delivery, kill, transit=replace(transit, tau_mix_s=tau)
            )
            for tau in limits
        }
    return KillResult(kill, value, 0.0, limits[0.0], limits[np.inf])


def _simulated(
    result: BloodDose,
    delivery: Delivery,
    kills: Sequence[Kill],
    transit: Transit,
    particles: Particles,
) -> BloodDose:
    samples = {transit.tau_mix_s: simulate(delivery, transit=transit, particles=particles)}
    if kills and not delivery.uniform:
        for tau in (0.0, np.inf):
            if tau not in samples:
                limit = replace(transit, tau_mix_s=tau)
                samples[tau] = simulate(delivery, transit=limit, particles=particles)
    mine = samples[transit.tau_mix_s]
    count = mine.size
    histogram = DoseHistogram(np.sort(mine), np.full(count, 1 / count))
    undosed = histogram.unirradiated_frac
    survival = []
    for kill in kills:
        means = {tau: float(kill.surviving_frac(dose).mean()) for tau, dose in samples.items()}
        value = means[transit.tau_mix_s]
        error = float(kill.surviving_frac(mine).std() / np.sqrt(count))
        survival.append(
            KillResult(kill, value, error, means.get(0.0, value), means.get(np.inf, value))
        )
    return replace(
        result,
        sd_gy=float(mine.std()),
        unirradiated_frac=undosed,
        unirradiated_se_frac=float(np.sqrt(undosed * (1 - undosed) / count)),
        survival=tuple(survival),
        histogram=histogram,
        simulated_mean_gy=float(mine.mean()),
        simulated_mean_se_gy=float(mine.std() / np.sqrt(count)),
    )


def _power(result: KillResult, n: int) -> KillResult:
    return KillResult(
        result.kill,
        result.surviving_frac**n,
        n * result.surviving_frac ** (n - 1) * result.se_frac,
        result.mixed_frac**n,
        result.frozen_frac**n,
    )


def _together(mine: KillResult, theirs: KillResult) -> KillResult:
    return KillResult(
        mine.kill,
        mine.surviving_frac * theirs.surviving_frac,
        _product_se((mine.surviving_frac, mine.se_frac), (theirs.surviving_frac, theirs.se_frac)),
        mine.mixed_frac * theirs.mixed_frac,
        mine.frozen_frac * theirs.frozen_frac,
    )


def _root_sum(mine: float | None, theirs: float | None) -> float | None:
    return None if mine is None or theirs is None else float(np.hypot(mine, theirs))


def _product(mine: float | None, theirs: float | None) -> float | None:
    return None if mine is None or theirs is None else mine * theirs


def _product_se(mine: tuple[float, float], theirs: tuple[float, float]) -> float:
    return float(np.hypot(mine[0] * theirs[1], theirs[0] * mine[1]))
