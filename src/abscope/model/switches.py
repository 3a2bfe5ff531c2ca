"""Which mechanisms of ``abscope-core`` are on; what is off equals the simpler model."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["OFF", "GrowthLaw", "Switches"]

GrowthLaw = Literal["exponential", "logistic", "generalized", "gompertz"]

#: Mechanism -> what its parameters are where it is off.
OFF: dict[str, dict[str, float]] = {
    "immune_kill": {"kill_max": 0.0},
    "innate_signal": {"signal_gain": 0.0, "signal_from_kill": 0.0},
    "trex1": {"trex1_on": 0.0},
    "priming": {"priming_rate": 0.0},
    "traffic": {"capture": 0.0},
    "inflamed_vessels": {"vessel_gain": 0.0},
    "exhaustion": {"tiring": 0.0, "pdl1_protection": 0.0, "spread_stopped": 0.0},
    "stroma": {"stroma_strength": 0.0},
    "low_dose_stroma": {"low_dose_depth": 0.0},
    "high_dose_stroma": {"high_dose_rise": 0.0},
    "memory": {"memory_share": 0.0, "recall": 0.0},
    "lymphocyte_depletion": {"lymphocyte_alpha": 0.0},
    "node_irradiation": {"node_alpha": 0.0, "dendritic_alpha": 0.0},
    "tissue_t_cell_kill": {"tissue_alpha": 0.0, "tissue_beta": 0.0},
    "anti_pd1": {"pd1_effect": 0.0},
    "anti_ctla4": {"ctla4_gain": 0.0, "ctla4_release": 0.0},
    "straight_survival": {"transition": 1e9},
    "hypoxia": {"hypoxic": 0.0},
    "scar": {"scar_share": 0.0},
    "lymphocyte_supply": {"supply_bend": 0.0},
    "clearance_drift": {"pd1_drift": 0.0, "ctla4_drift": 0.0},
    "saturable_clearance": {"pd1_saturable": 0.0, "ctla4_saturable": 0.0},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Every mechanism of the model, on unless it says otherwise, and the law of growth.

    ``straight_survival`` is LQ-L above a transition dose instead of LQ everywhere.
    """

    growth: GrowthLaw = "generalized"
    immune_kill: bool = True
    innate_signal: bool = True
    trex1: bool = True
    priming: bool = True
    traffic: bool = True
    inflamed_vessels: bool = True
    exhaustion: bool = True
    stroma: bool = True
    low_dose_stroma: bool = True
    high_dose_stroma: bool = True
    memory: bool = True
    lymphocyte_depletion: bool = True
    node_irradiation: bool = True
    tissue_t_cell_kill: bool = True
    anti_pd1: bool = True
    anti_ctla4: bool = True
    straight_survival: bool = True
    hypoxia: bool = True
    scar: bool = True
    lymphocyte_supply: bool = True
    clearance_drift: bool = True
    saturable_clearance: bool = True

    def overrides(self) -> dict[str, float]:
        """Return the parameters that the mechanisms which are off set, by name."""
        return {
            name: value
            for mechanism, values in OFF.items()
            if not getattr(self, mechanism)
            for name, value in values.items()
        }
