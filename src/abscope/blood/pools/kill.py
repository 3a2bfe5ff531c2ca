"""What a kind of fraction leaves alive in every pool, tabulated over the sensitivity."""

import numpy as np
from numpy.typing import NDArray

from abscope.blood.doses import BodyDose
from abscope.blood.pools.doses import pool_doses, static_survival_frac, thymus_dose
from abscope.blood.pools.flowing import BloodSurvival
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["KillTable"]

#: Sensitivities of the table per Gy; alpha times every factor on the dose stays inside.
_LOWEST, _HIGHEST = 1e-3, 60.0
_NODES, _BLOOD_NODES = 129, 11
_NO_LOSS = 1e-300


class KillTable:
    """The loss -ln S of every pool for one fraction, by sensitivity (alpha times dose factor).

    Interpolated in ln(-ln S) over ln sensitivity, which is a straight line for a uniform dose;
    survival is within 1e-4 of the exact one for a pool at rest and within 2e-3 for blood. With
    ``frozen`` the blood has a second limit, and the loss lies between the two.
    """

    def __init__(
        self, body: BodyDose, *, blood: BloodSurvival, frozen: BloodSurvival | None = None
    ) -> None:
        self._grid = np.linspace(np.log(_LOWEST), np.log(_HIGHEST), _NODES)
        sensitivity = np.exp(self._grid)
        static = [
            _log_loss(static_survival_frac(item.dose, sensitivity_per_gy=sensitivity))
            for item in (*pool_doses(body), thymus_dose(body))
        ]
        time = lymphocyte_parameter("beam_on_time")
        known = body.beam_on_time_s
        self._times_s = np.array([known] if known else [time.low, time.value, time.high])
        self._blood = self._in_blood(body, blood)
        self._frozen = None if frozen is None else self._in_blood(body, frozen)
        self._static = np.stack(static, axis=1)

    def _in_blood(self, body: BodyDose, blood: BloodSurvival) -> Floats:
        """Return ln(-ln S) of the blood (times, nodes)."""
        coarse = np.linspace(self._grid[0], self._grid[-1], _BLOOD_NODES)
        return np.stack(
            [
                np.interp(
                    self._grid, coarse, _log_loss(blood(body, np.exp(coarse), float(seconds)))
                )
                for seconds in self._times_s
            ]
        )

    def loss(
        self,
        sensitivity_per_gy: Floats,
        *,
        beam_on_time_s: Floats,
        frozen_frac: Floats | float = 0.0,
    ) -> Floats:
        """Return -ln S (n, pools) for sensitivities (n,) and beam times (n,), blood first.

        ``frozen_frac`` (n,) is where the blood lies between perfect mixing in every organ (0) and
        frozen streamlines (1): ln L = (1 - g) ln L_mixed + g ln L_frozen.
        """
        low, share = self._place(sensitivity_per_gy)
        blood = self._at(self._blood, low, share, beam_on_time_s)
        if self._frozen is not None:
            frozen = self._at(self._frozen, low, share, beam_on_time_s)
            blood = blood + frozen_frac * (frozen - blood)
        static = self._static[low, :-1] * (1 - share) + self._static[low + 1, :-1] * share
        return np.asarray(np.exp(np.column_stack([blood, static])), dtype=np.float64)

    def thymus_loss(self, sensitivity_per_gy: Floats) -> Floats:
        """Return -ln S (n,) of the thymus, which is not one of the recirculating pools."""
        low, share = self._place(sensitivity_per_gy)
        logs = self._static[low, -1] * (1 - share[:, 0]) + self._static[low + 1, -1] * share[:, 0]
        return np.asarray(np.exp(logs), dtype=np.float64)

    def _place(self, sensitivity_per_gy: Floats) -> tuple[NDArray[np.int64], Floats]:
        x = np.log(np.clip(sensitivity_per_gy, _LOWEST, _HIGHEST))
        place = (x - self._grid[0]) / (self._grid[1] - self._grid[0])
        low = np.minimum(place.astype(np.int64), _NODES - 2)
        return low, (place - low)[:, None]

    def _at(
        self, table: Floats, low: NDArray[np.int64], share: Floats, beam_on_time_s: Floats
    ) -> Floats:
        blood = table[:, low].T * (1 - share) + table[:, low + 1].T * share
        if len(self._times_s) == 1:
            return np.asarray(blood[:, 0])
        nodes = np.log(self._times_s)
        x = np.clip(np.log(beam_on_time_s), nodes[0], nodes[-1])
        before = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, len(nodes) - 2)
        after = (x - nodes[before]) / (nodes[before + 1] - nodes[before])
        rows = np.arange(len(x))
        return np.asarray(blood[rows, before] * (1 - after) + blood[rows, before + 1] * after)


def _log_loss(survival_frac: Floats) -> Floats:
    loss = -np.log(np.maximum(survival_frac, 1e-280))
    return np.asarray(np.log(np.maximum(loss, _NO_LOSS)), dtype=np.float64)
