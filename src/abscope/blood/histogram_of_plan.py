"""The blood dose distribution of every course, by the events engine."""

from collections.abc import Sequence

from abscope.blood.blood_dose import blood_dose
from abscope.blood.circulation import network_for
from abscope.blood.delivery import deliver_body
from abscope.blood.engines.events import Particles
from abscope.blood.histogram import DoseHistogram
from abscope.blood.network import Network
from abscope.blood.planned import PlannedDose
from abscope.blood.sojourn import Transit
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter

__all__ = ["blood_histograms"]

#: Setting: particles of each course, for a figure.
_PARTICLES = 200_000


def blood_histograms(
    planned: Sequence[PlannedDose],
    *,
    sex: Sex | Network,
    n_fractions: Sequence[float],
    seed: int,
    tau_mix_s: float = 0.0,
) -> dict[str, DoseHistogram]:
    """Return the distribution of the blood dose after all fractions, by course.

    Sure targets, preferred doses; blood is at a new place of an organ after ``tau_mix_s`` and mixes
    fully between fractions.
    """
    network = network_for(sex)
    out = {}
    for item, n in zip(planned, n_fractions, strict=True):
        seconds = item.body.beam_on_time_s or lymphocyte_parameter("beam_on_time").value
        fraction = deliver_body(network, item.body, beam_on_time_s=seconds)
        particles = Particles(count=_PARTICLES, seed=seed)
        found = blood_dose(
            fraction, engine="events", transit=Transit(tau_mix_s=tau_mix_s), particles=particles
        ).histogram
        if found is not None:
            out[item.name] = found.repeated(max(1, round(n)))
    return out
