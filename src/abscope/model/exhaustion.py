"""Effector T cells in a lesion: arrival, spread, death, exhaustion, reinvigoration, PD-L1.

    brake = P (1 - b_R RO) (1 - r RC)
    E' = arrival + p_E E f (1 - s_P brake) sigma / (1 + E / E_c)
         - d_E E - k_x brake E + k_r b_R RO X
    X' = k_x brake E - (d_X + k_r b_R RO) X
    P' = k_L (E / (E + K_P) - P)
    f = ag / (ag + ag50),    ag = dying / V

sigma is what the stroma leaves of the activity (`cytotoxicity`), RO the occupancy of PD-1, b_R 1,
or 0 where the drug is switched off, RC that of CTLA-4, whose drug takes away a share r of the brake
(it removes regulatory T cells from the lesion). At a fraction E and X -> mean of
exp(-a_T d - b_T d^2) over the parts. Assumed: densities follow the volume; exhaustion needs PD-L1
and goes back under anti-PD-1 alone; spread is bounded by the room E_c. Neglected: stem-like cells,
TIM-3 and LAG-3. Sources: PD-L1 kinetics after Kosinsky 2018, doi:10.1186/s40425-018-0327-9; the
rest own.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp, maximum, named
from abscope.model.kill import binned_mean

__all__ = ["SHARED", "brake", "effector_rates", "effectors_after"]

SHARED = (
    Parameter("spread", "1/d", "division of effectors that see antigen", "p_E", low=0.0),
    Parameter("spread_half", "1/d", "dying share of half that division", "ag_{50}", low=1e-9),
    Parameter("spread_stopped", "1", "share of division that PD-L1 stops", "s_P", low=0, high=1),
    Parameter("spread_room", "Mcell/mL", "density that halves the division", "E_c", low=1e-6),
    Parameter("effector_loss", "1/d", "loss of effectors in lesions", "d_E", low=0.0),
    Parameter("tiring", "1/d", "exhaustion at full PD-L1", "k_x", low=0.0),
    Parameter("rousing", "1/d", "reinvigoration under anti-PD-1", "k_r", low=0.0),
    Parameter("exhausted_loss", "1/d", "loss of exhausted cells", "d_X", low=0.0),
    Parameter("pdl1_rate", "1/d", "turnover of PD-L1", "k_L", low=0.0),
    Parameter("pdl1_half", "Mcell/mL", "effectors of half the PD-L1", "K_P", low=1e-9),
    Parameter("pd1_effect", "1", "1 with the drug, 0 switched off", "b_R", low=0, high=1),
    Parameter(
        "ctla4_release", "1", "share of the brake that anti-CTLA-4 lifts", "r", low=0, high=1
    ),
    Parameter("tissue_alpha", "1/Gy", "linear sensitivity of T cells in tissue", "a_T", low=0.0),
    Parameter("tissue_beta", "1/Gy^2", "quadratic sensitivity of the same", "b_T", low=0.0),
)


def brake(x: Any, pd1_occupancy: Any, ctla4_occupancy: Any, p: Any) -> Any:
    """Return what is left of the brake of PD-L1, 0..1."""
    free = 1.0 - p.pd1_effect * pd1_occupancy
    return x.pdl1 * free * (1.0 - p.ctla4_release * ctla4_occupancy)


def effector_rates(
    x: Any, p: Any, *, arrival: Any, dying_frac: Any, suppression: Any, checked: tuple[Any, Any]
) -> dict[str, Any]:
    """Return the rates of E, X and P by name.

    ``arrival`` is in Mcell/mL/d, ``dying_frac`` the share of the volume that dies, in 1/d,
    ``checked`` the `brake` and the occupancy of PD-1.
    """
    braked, occupancy = checked
    drive = dying_frac / (dying_frac + p.spread_half) * (1.0 - p.spread_stopped * braked)
    present = maximum(x.effector, 0.0)  # the error of a step must not divide
    spread = p.spread * present * drive * suppression / (1.0 + present / p.spread_room)
    tired = p.tiring * braked * x.effector
    roused = p.rousing * p.pd1_effect * occupancy * x.exhausted
    return {
        "effector": arrival + spread - p.effector_loss * x.effector - tired + roused,
        "exhausted": tired - roused - p.exhausted_loss * x.exhausted,
        "pdl1": p.pdl1_rate * (present / (present + p.pdl1_half) - x.pdl1),
    }


def effectors_after(x: Any, p: Any, e: Any) -> dict[str, Any]:
    """Return E and X after a fraction, by name."""
    left = named("S_T", binned_mean(e, lambda d: exp(-d * (p.tissue_alpha + p.tissue_beta * d))))
    return {"effector": x.effector * left, "exhausted": x.exhausted * left}
