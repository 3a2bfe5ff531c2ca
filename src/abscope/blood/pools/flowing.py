"""What a fraction leaves alive of the cells in flowing blood, mixed or frozen inside organs."""

import math
from collections.abc import Callable

import numpy as np

from abscope.blood.circulation import network_for
from abscope.blood.delivery import Delivery, deliver_body
from abscope.blood.doses import BodyDose
from abscope.blood.engines.transform import dose_transform, survival_gradient
from abscope.blood.network import Network
from abscope.blood.pools.doses import blood_mean_gy
from abscope.blood.sojourn import Transit
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = [
    "FROZEN_LEVELS",
    "BloodSlopes",
    "BloodSurvival",
    "flowing_blood_slopes",
    "flowing_blood_survival",
    "frozen_blood_survival",
    "mixed_blood_survival",
]

#: (dose, sensitivities per Gy (n,), beam-on time in s) -> surviving share of the blood cells (n,)
BloodSurvival = Callable[[BodyDose, Floats, float], Floats]

#: (dose, sensitivity per Gy, beam-on time in s) -> surviving share, and its change by compartment
#: when all its dose is multiplied by 1 + e, per e
BloodSlopes = Callable[[BodyDose, float, float], tuple[float, dict[str, float]]]

#: Setting: dose levels of a compartment where its parts are not mixed.
FROZEN_LEVELS = 12


def mixed_blood_survival(sex: Sex | Network) -> BloodSurvival:
    """Return the survival of blood that mixes within the fraction: exp(-s mean blood dose).

    The lowest survival that any flow can have with this mean dose (Jensen), independent of the
    beam time.
    """

    def survival(body: BodyDose, sensitivity_per_gy: Floats, beam_on_time_s: float) -> Floats:
        del beam_on_time_s  # mixing is complete whatever the time
        return np.asarray(np.exp(-sensitivity_per_gy * blood_mean_gy(body, sex=sex)))

    return survival


def flowing_blood_survival(
    sex: Sex | Network, *, tau_mix_s: float = 0.0, unlisted_gy: float | None = None
) -> BloodSurvival:
    """Return the survival of blood that flows through the organs of the reference adult.

    E[exp(-s D)] of the blood dose of one beam, by transform. Inside an organ a cell is at a new
    place after ``tau_mix_s``: 0 mixes at once, infinity are frozen streamlines (then, and between,
    the levels of a histogram are joined to 12). A body dose has to name every compartment, or
    ``unlisted_gy`` says what the others get.
    """
    network = network_for(sex)
    transit = Transit(tau_mix_s=tau_mix_s)

    def survival(body: BodyDose, sensitivity_per_gy: Floats, beam_on_time_s: float) -> Floats:
        fraction = _fraction(network, body, beam_on_time_s, tau_mix_s, unlisted_gy)
        mean = dose_transform(fraction, sensitivity_per_gy, transit=transit).real
        return np.asarray(np.clip(mean, 0.0, 1.0), dtype=np.float64)

    return survival


def frozen_blood_survival(sex: Sex | Network) -> BloodSurvival:
    """Return the survival at the other limit: frozen streamlines inside every organ.

    Where only mean doses are known the parts of an organ are not: then the loss -ln S is that of
    mixed blood times ``frozen_loss_ratio`` of the catalog, which is an assumption.
    """
    frozen, mixed = flowing_blood_survival(sex, tau_mix_s=math.inf), flowing_blood_survival(sex)

    def survival(body: BodyDose, sensitivity_per_gy: Floats, beam_on_time_s: float) -> Floats:
        if body.tier != "means":
            return frozen(body, sensitivity_per_gy, beam_on_time_s)
        ratio = lymphocyte_parameter("frozen_loss_ratio").value
        return np.asarray(mixed(body, sensitivity_per_gy, beam_on_time_s) ** ratio)

    return survival


def flowing_blood_slopes(
    sex: Sex | Network, *, tau_mix_s: float = 0.0, frozen_frac: float = 0.0
) -> BloodSlopes:
    """Return survival of flowing blood with its slopes: dS per relative change of each dose.

    ``frozen_frac`` above 0 lies between ``tau_mix_s`` and frozen streamlines as in
    `abscope.blood.pools.kill.KillTable`: with the loss L = -ln S, ln L is interpolated.
    """
    network = network_for(sex)

    def at(body: BodyDose, a: float, seconds: float, tau: float) -> tuple[float, dict[str, float]]:
        fraction = _fraction(network, body, seconds, tau, None)
        survival, per_gy, _ = survival_gradient(fraction, a, transit=Transit(tau_mix_s=tau))
        known = {item.compartment: item.mean_gy for item in body.compartments}
        return survival, {
            name: per_gy[name] * known[name] for name in network.names if name in known
        }

    def slopes(
        body: BodyDose, sensitivity_per_gy: float, beam_on_time_s: float
    ) -> tuple[float, dict[str, float]]:
        first = at(body, sensitivity_per_gy, beam_on_time_s, tau_mix_s)
        if frozen_frac == 0.0 or first[0] >= 1.0:
            return first
        if body.tier == "means":
            ratio = lymphocyte_parameter("frozen_loss_ratio").value
            other = first[0] ** ratio
            last = (other, {n: ratio * other / first[0] * x for n, x in first[1].items()})
        else:
            last = at(body, sensitivity_per_gy, beam_on_time_s, math.inf)
        return _between(first, last, frozen_frac)

    return slopes


def _between(
    first: tuple[float, dict[str, float]], last: tuple[float, dict[str, float]], g: float
) -> tuple[float, dict[str, float]]:
    """Return S and dS with ln L = (1 - g) ln L_first + g ln L_last for the loss L = -ln S."""
    one, two = -math.log(first[0]), -math.log(last[0])
    loss = one ** (1 - g) * two**g
    survival = math.exp(-loss)
    return survival, {
        name: survival
        * loss
        * ((1 - g) * slope / (first[0] * one) + g * last[1][name] / (last[0] * two))
        for name, slope in first[1].items()
    }


def _fraction(
    network: Network,
    body: BodyDose,
    beam_on_time_s: float,
    tau_mix_s: float,
    unlisted_gy: float | None,
) -> Delivery:
    levels = None if tau_mix_s == 0 else FROZEN_LEVELS
    return deliver_body(
        network, body, beam_on_time_s=beam_on_time_s, unlisted_gy=unlisted_gy, n_levels=levels
    )
