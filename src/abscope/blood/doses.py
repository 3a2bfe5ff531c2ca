"""The one form in which the dose of a fraction reaches the blood model, whatever its source."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["BodyDose", "CompartmentDose", "Tier"]

#: Where organ doses come from, from the best to a guess.
Tier = Literal["dicom", "histograms", "means", "guess"]


@dataclass(frozen=True, slots=True, eq=False)
class CompartmentDose:
    """The dose of one fraction in one compartment (or lymphoid pool) of the body.

    ``volume_frac`` (n,) of the compartment has ``dose_per_fraction_gy`` (n,); the shares add up
    to 1, what is not irradiated has dose 0.
    """

    compartment: str
    dose_per_fraction_gy: NDArray[np.float64]
    volume_frac: NDArray[np.float64]

    @property
    def mean_gy(self) -> float:
        """Mean dose per fraction (Gy)."""
        return float(self.dose_per_fraction_gy @ self.volume_frac)

    def coarse(self, n_levels: int) -> "CompartmentDose":
        """Return the same dose in at most so many levels: steps of equal width, each at its mean.

        The mean dose is kept exactly, and no dose stays no dose.
        """
        dose, share = self.dose_per_fraction_gy, self.volume_frac
        if len(dose) <= n_levels:
            return self
        top = float(dose.max()) or 1.0
        step = np.where(dose > 0, 1 + np.floor(dose / top * (n_levels - 1.001)), 0)
        _, place = np.unique(step, return_inverse=True)
        volume = np.bincount(place, share).astype(np.float64)
        kept = volume > 0
        levels = np.bincount(place, share * dose)[kept] / volume[kept]
        return CompartmentDose(self.compartment, levels, volume[kept])


@dataclass(frozen=True, slots=True, eq=False)
class BodyDose:
    """The doses of one kind of fraction, the days it was given on, and where they come from.

    ``days_d`` (n fractions,) are days from the day zero of the case. ``beam_on_time_s`` is per
    fraction, None where it is not known (the model then has a prior for it). ``scale_sd_log`` is
    the standard deviation of the logarithm of a common factor on all doses: 0 for a computed dose,
    large for a guess. ``integral_gy_ml`` is the integral dose of the body in one fraction, None
    where the volumes of all organs and of what is left of the body are not known.
    """

    course: str
    compartments: tuple[CompartmentDose, ...]
    days_d: tuple[float, ...]
    beam_on_time_s: float | None
    tier: Tier
    scale_sd_log: float
    notes: tuple[str, ...] = ()
    integral_gy_ml: float | None = None
