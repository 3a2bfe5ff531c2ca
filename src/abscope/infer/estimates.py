"""What a fit says of each quantity: before and after the data, in the unit of its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abscope.case.record import Case
from abscope.catalog.entries import Parameter
from abscope.dose.geometry.grid import Floats
from abscope.dose.results import OrganDose
from abscope.infer.posterior import Posterior
from abscope.model.from_case import patients_from
from abscope.model.prior_draws import PriorDraws
from abscope.model.values import ENGINE_UNIT

__all__ = ["QUANTILES", "Estimate", "estimates", "values_at"]

#: The ends of the 90 % interval, with the median between them.
QUANTILES = (0.05, 0.5, 0.95)
_DEVIATES = "sd of the prior"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A quantity of a case before and after the data: low end, median and high end of 90 %.

    ``ratio_frac`` is the posterior over prior standard deviation of its deviate: 1 where the data
    say nothing. The numbers are in ``unit``, as the model declares it; what has no number of its
    own (a version, a day) is told in deviates.
    """

    name: str
    meaning: str
    lesion: str | None
    unit: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    ratio_frac: float


class _Recorded(PriorDraws):
    """Draws that keep what they gave, with its unit."""

    def __init__(
        self, n: int, *, seed: int | None, given: Mapping[str, Floats] | None = None
    ) -> None:
        super().__init__(n, seed=seed, given=given)
        self.kept: dict[str, tuple[Floats, str]] = {}

    def spread(self, name: str, entry: Parameter) -> Floats:
        return self._of(name, super().spread(name, entry), entry.unit)

    def log_spread(self, name: str, entry: Parameter) -> Floats:
        return self._of(name, super().log_spread(name, entry), entry.unit)

    def log_normal(self, name: str, entry: Parameter) -> Floats:
        return self._of(name, super().log_normal(name, entry), entry.unit)

    def near_normal(self, name: str, entry: Parameter) -> Floats:
        return self._of(name, super().near_normal(name, entry), entry.unit)

    def in_range(self, name: str, entry: Parameter) -> Floats:
        return self._of(name, super().in_range(name, entry), entry.unit)

    def _of(self, name: str, values: Floats, unit: str) -> Floats:
        self.kept[name] = values, unit
        return values


def estimates(
    case: Case, posterior: Posterior, *, organs: Sequence[OrganDose] = ()
) -> tuple[Estimate, ...]:
    """Return an estimate of every quantity of a posterior, those that the data say most of first.

    As many draws of the prior as the posterior has stand for the time before the data.
    """
    deviates = posterior.deviates()
    size, seed = posterior.size, posterior.seed
    after = _Recorded(size, seed=seed, given=deviates)
    patients_from(case, after, organs=organs)
    before = _Recorded(size, seed=seed)
    patients_from(case, before, organs=organs)
    out = []
    for latent in posterior.latents:
        z = deviates[latent.name]
        if latent.name in after.kept and latent.name in before.kept:
            now, unit = after.kept[latent.name]
            then, _ = before.kept[latent.name]
        else:
            now, then, unit = z, before.normal(latent.name), _DEVIATES
        out.append(
            Estimate(
                name=latent.name,
                meaning=latent.meaning,
                lesion=latent.lesion,
                unit=ENGINE_UNIT.get(unit, unit),
                before=_three(then),
                after=_three(now),
                ratio_frac=float(np.std(z)),
            )
        )
    return tuple(sorted(out, key=lambda one: one.ratio_frac))


def values_at(
    case: Case, name: str, z: Floats, *, organs: Sequence[OrganDose] = ()
) -> tuple[Floats, str]:
    """Return what a quantity is at deviates z (n,), with its unit; all else is at its middle.

    What has no number of its own (a version, a day) is told in deviates.
    """
    given = _Recorded(len(z), seed=None, given={name: np.asarray(z, float)})
    patients_from(case, given, organs=organs)
    if name not in given.kept:
        return np.asarray(z, float), _DEVIATES
    values, unit = given.kept[name]
    return values, ENGINE_UNIT.get(unit) or unit


def _three(values: Floats) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, QUANTILES).tolist()
    return low, middle, high
