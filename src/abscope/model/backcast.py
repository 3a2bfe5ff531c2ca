"""The volume that a growing lesion had before: the laws of growth solved backward in time."""

from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.model.switches import GrowthLaw

__all__ = ["Room", "volume_before_ml"]

#: A lesion at its capacity has no past under a law that never reaches it.
_FULLEST = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What bounds growth: capacity K, reference volume V_r and exponent theta of `growth`."""

    capacity_ml: Floats
    reference_ml: Floats
    exponent: Floats


def volume_before_ml(
    volume_ml: Floats, *, law: GrowthLaw, growth_per_d: Floats, before_d: float, room: Room
) -> Floats:
    """Return the volume (ml) some days before, by growth alone.

    With y = (V/K)^theta, a = g / (1 - (V_r/K)^theta): y' = theta a y (1 - y), the logistic
    equation; theta = 1 is the logistic law. Gompertz: u = ln(K/V), u' = -g u / ln(K/V_r).
    """
    volume = np.asarray(volume_ml, float)
    if law == "exponential":
        return np.asarray(volume * np.exp(-growth_per_d * before_d))
    full = np.clip(volume / room.capacity_ml, 0.0, _FULLEST)
    reference = np.minimum(room.reference_ml / room.capacity_ml, _FULLEST)
    with np.errstate(divide="ignore", invalid="ignore"):
        if law == "gompertz":
            back = np.log(full) * np.exp(growth_per_d * before_d / -np.log(reference))
            return np.asarray(np.where(volume > 0, room.capacity_ml * np.exp(back), 0.0))
        theta = 1.0 if law == "logistic" else room.exponent
        y = full**theta
        rate = theta * growth_per_d / (1.0 - reference**theta)
        y = y / (y + (1.0 - y) * np.exp(rate * before_d))
        return np.asarray(np.where(volume > 0, room.capacity_ml * y ** (1.0 / theta), 0.0))
