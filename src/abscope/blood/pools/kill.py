"""What a kind of fraction leaves alive in every pool, tabulated over the sensitivity."""

from collections.abc import Callable

import numpy as np

from abscope.blood.circulation import reference_network
from abscope.blood.delivery import deliver
from abscope.blood.doses import BodyDose
from abscope.blood.engines.transform import dose_transform, survival_gradient
from abscope.blood.pools.doses import blood_mean_gy, pool_doses, static_survival_frac
from abscope.blood.sojourn import Transit
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = [
    "BloodSlopes",
    "BloodSurvival",
    "KillTable",
    "flowing_blood_slopes",
    "flowing_blood_survival",
    "mixed_blood_survival",
]

#: (dose, sensitivities per Gy (n,), beam-on time in s) -> surviving share of the blood cells (n,)
BloodSurvival = Callable[[BodyDose, Floats, float], Floats]

#: (dose, sensitivity per Gy, beam-on time in s) -> surviving share, and its change by compartment
#: when all its dose is multiplied by 1 + e, per e
BloodSlopes = Callable[[BodyDose, float, float], tuple[float, dict[str, float]]]

#: Sensitivities of the table per Gy; alpha times every factor on the dose stays inside.
_LOWEST, _HIGHEST = 1e-3, 60.0
_NODES, _BLOOD_NODES = 129, 11
_NO_LOSS = 1e-300


def mixed_blood_survival(sex: Sex) -> BloodSurvival:
    """Return the survival of blood that mixes within the fraction: exp(-s mean blood dose).

    The lowest survival that any flow can have with this mean dose (Jensen), independent of the
    beam time.
    """

    def survival(body: BodyDose, sensitivity_per_gy: Floats, beam_on_time_s: float) -> Floats:
        del beam_on_time_s  # mixing is complete whatever the time
        return np.asarray(np.exp(-sensitivity_per_gy * blood_mean_gy(body, sex=sex)))

    return survival


def flowing_blood_survival(sex: Sex) -> BloodSurvival:
    """Return the survival of blood that flows through the organs of the reference adult.

    E[exp(-s D)] of the blood dose of one beam, by transform; blood mixes inside an organ.
    """
    network = reference_network(sex)

    def survival(body: BodyDose, sensitivity_per_gy: Floats, beam_on_time_s: float) -> Floats:
        doses = [item for item in body.compartments if item.compartment in network.names]
        fraction = deliver(network, doses, windows_s=[(0.0, beam_on_time_s)], unlisted_gy=0.0)
        mean = dose_transform(fraction, sensitivity_per_gy, transit=Transit()).real
        return np.asarray(np.clip(mean, 0.0, 1.0), dtype=np.float64)

    return survival


def flowing_blood_slopes(sex: Sex) -> BloodSlopes:
    """Return survival of flowing blood with its slopes: dS per relative change of each dose."""
    network = reference_network(sex)

    def slopes(
        body: BodyDose, sensitivity_per_gy: float, beam_on_time_s: float
    ) -> tuple[float, dict[str, float]]:
        doses = [item for item in body.compartments if item.compartment in network.names]
        fraction = deliver(network, doses, windows_s=[(0.0, beam_on_time_s)], unlisted_gy=0.0)
        survival, per_gy, _ = survival_gradient(fraction, sensitivity_per_gy, transit=Transit())
        return survival, {
            item.compartment: per_gy[item.compartment] * item.mean_gy for item in doses
        }

    return slopes


class KillTable:
    """The loss -ln S of every pool for one fraction, by sensitivity (alpha times dose factor).

    Interpolated in ln(-ln S) over ln sensitivity, which is a straight line for a uniform dose;
    survival is within 1e-4 of the exact one for a pool at rest and within 2e-3 for blood.
    """

    def __init__(self, body: BodyDose, *, blood: BloodSurvival) -> None:
        self._grid = np.linspace(np.log(_LOWEST), np.log(_HIGHEST), _NODES)
        sensitivity = np.exp(self._grid)
        static = [
            _log_loss(static_survival_frac(item.dose, sensitivity_per_gy=sensitivity))
            for item in pool_doses(body)
        ]
        time = lymphocyte_parameter("beam_on_time")
        known = body.beam_on_time_s
        self._times_s = np.array([known] if known else [time.low, time.value, time.high])
        coarse = np.linspace(self._grid[0], self._grid[-1], _BLOOD_NODES)
        in_blood = [
            np.interp(self._grid, coarse, _log_loss(blood(body, np.exp(coarse), float(seconds))))
            for seconds in self._times_s
        ]
        self._blood = np.stack(in_blood)
        self._static = np.stack(static, axis=1)

    def loss(self, sensitivity_per_gy: Floats, *, beam_on_time_s: Floats) -> Floats:
        """Return -ln S (n, pools) for sensitivities (n,) and beam times (n,), blood first."""
        x = np.log(np.clip(sensitivity_per_gy, _LOWEST, _HIGHEST))
        place = (x - self._grid[0]) / (self._grid[1] - self._grid[0])
        low = np.minimum(place.astype(np.int64), _NODES - 2)
        share = (place - low)[:, None]
        static = self._static[low] * (1 - share) + self._static[low + 1] * share
        blood = self._blood[:, low].T * (1 - share) + self._blood[:, low + 1].T * share
        logs = np.column_stack([self._at_time(blood, beam_on_time_s), static])
        return np.asarray(np.exp(logs), dtype=np.float64)

    def _at_time(self, blood: Floats, beam_on_time_s: Floats) -> Floats:
        if len(self._times_s) == 1:
            return blood[:, 0]
        nodes = np.log(self._times_s)
        x = np.clip(np.log(beam_on_time_s), nodes[0], nodes[-1])
        low = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, len(nodes) - 2)
        share = (x - nodes[low]) / (nodes[low + 1] - nodes[low])
        rows = np.arange(len(x))
        return np.asarray(blood[rows, low] * (1 - share) + blood[rows, low + 1] * share)


def _log_loss(survival_frac: Floats) -> Floats:
    loss = -np.log(np.maximum(survival_frac, 1e-280))
    return np.asarray(np.log(np.maximum(loss, _NO_LOSS)), dtype=np.float64)
