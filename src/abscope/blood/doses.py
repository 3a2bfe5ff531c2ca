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


@dataclass(frozen=True, slots=True, eq=False)
class BodyDose:
    """The doses of one kind of fraction, the days it was given on, and where they come from.

    ``days_d`` (n fractions,) are days from the day zero of the case. ``beam_on_time_s`` is per
    fraction, None where it is not known (the model then has a prior for it). ``scale_sd_log`` is
    the standard deviation of the logarithm of a common factor on all doses: 0 for a computed dose,
    large for a guess.
    """

    course: str
    compartments: tuple[CompartmentDose, ...]
    days_d: tuple[float, ...]
    beam_on_time_s: float | None
    tier: Tier
    scale_sd_log: float
    notes: tuple[str, ...] = ()
