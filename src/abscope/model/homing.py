"""Traffic of effector T cells from blood to every lesion, through the circulation of ICRP 89.

A cell goes round the circulation and meets lesion j with a chance p_j per round (`routes`). With
n rounds per day and B effectors in blood, the limit of small p gives what arrives:

    flow_j = n eta i_j (a_j V + b_j) g_j B,   g_j = V / (V + v w_j)
    arrival = flow_j / V (1 + b_I I_j) per mL of lesion
    B' = from nodes + recall - d_B B - sum over lesions of arrival V

a_j V + b_j is the share of the cardiac output that passes the lesion (``perfusion`` a per mL and
``passage`` b, by the mode of homing), eta the chance to stay per pass, i_j the imprint of the organ
on the cells, b_I the gain by inflamed vessels and v the volume below which a lesion has no vessels
of its own, times the ``part`` w_j. At a fraction B -> B exp(-a_L d_blood). Neglected: at small eta,
that lesions passed earlier on a round leave less for the later ones (`routes` has it exactly).
Source: the idea of Poleszczuk 2016, doi:10.1158/0008-5472.CAN-15-1423; equations own.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp

__all__ = ["OWN", "SHARED", "arrival", "circulating_after", "circulating_rate"]

OWN = (
    Parameter("perfusion", "1/mL", "share of the cardiac output per volume", "a", low=0.0),
    Parameter("passage", "1", "share of it whatever the volume", "b", low=0.0, high=1.0),
    Parameter("imprint", "1", "gain of homing to this organ", "i", low=0.0),
)
SHARED = (
    Parameter("rounds", "1/d", "rounds of the circulation", "n", low=0.0),
    Parameter("capture", "1", "chance to stay in a lesion per pass", r"\eta", low=0.0, high=1.0),
    Parameter("vessel_gain", "1", "gain of capture by the innate signal", "b_I", low=0.0),
    Parameter("vessel_volume", "mL", "volume with half of its vessels", "v", low=1e-12),
    Parameter("circulating_loss", "1/d", "loss of effectors from blood", "d_B", low=0.0),
)


def arrival(x: Any, volume: Any, body: Any, p: Any) -> Any:
    """Return the effectors that come per volume of lesion, in Mcell/mL/d."""
    least = volume + p.vessel_volume * x.part
    output_share = (x.perfusion * volume + x.passage) / least
    warm = 1.0 + p.vessel_gain * x.signal
    return p.rounds * p.capture * x.imprint * output_share * warm * body.circulating


def circulating_rate(body: Any, arriving: Any, leaving: Any, p: Any) -> Any:
    """Return B', in Mcell/d; ``leaving`` is what nodes and memory send out."""
    return leaving - p.circulating_loss * body.circulating - arriving


def circulating_after(body: Any, p: Any, e: Any) -> Any:
    """Return B after a fraction."""
    return body.circulating * exp(-p.lymphocyte_alpha * e.blood)
