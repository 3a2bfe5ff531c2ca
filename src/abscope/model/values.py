"""What the parameters of ``abscope-core`` are where no patient brings another value."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from abscope.catalog.circulation import Sex
from abscope.catalog.entries import Parameter
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.catalog.model_core import core_parameters
from abscope.catalog.pharmacokinetics import drug_kinetics, half_occupancy
from abscope.dose.geometry.grid import Floats
from abscope.model.drug_covariates import patient_kinetics

__all__ = [
    "AGENTS", "ENGINE_UNIT", "QUANTITY", "agent_numbers", "agent_values", "core_values",
]  # fmt: skip

#: Unit of the catalog -> unit of the declaration.
ENGINE_UNIT = {
    "per_d": "1/d", "ml": "mL", "1": "1", "frac": "1", "ln": "1", "per_Gy": "1/Gy", "d": "d",
    "per_Gy2": "1/Gy^2", "Gy": "Gy", "mcell": "Mcell", "mcell_per_ml": "Mcell/mL", "l": "L",
    "per_ul": "1/uL", "l_per_d": "L/d", "mg_per_d": "mg/d", "mg_per_l": "mg/L",
    "per_ml": "1/mL",
}  # fmt: skip

#: What each agent that the model knows is against; PD-L1 counts as PD-1. The first of each is the
#: one whose numbers stand where a patient has none: without a dose they have no effect.
AGENTS = {
    "pembrolizumab": "pd1", "nivolumab": "pd1", "atezolizumab": "pd1", "durvalumab": "pd1",
    "ipilimumab": "ctla4",
}  # fmt: skip

#: Parameters that are those of another table of the catalog.
_LYMPHOCYTES = {
    "baseline": "baseline_count", "lymphocyte_alpha": "alpha", "node_alpha": "alpha",
    "recovery": "recovery_rate", "plateau": "plateau",
}  # fmt: skip
#: Parameter of the model -> quantity of the population models.
QUANTITY = {
    "clearance": "clearance", "central": "central", "exchange": "exchange",
    "peripheral": "peripheral", "drift": "emax", "drift_half": "t50", "drift_bend": "hill",
    "saturable": "vmax", "saturable_half": "km",
}  # fmt: skip


@cache
def core_values() -> Mapping[str, Parameter]:
    """Return the parameters of ``abscope-core`` by name, each with range, unit and source.

    Not in it: ``rounds``, ``perfusion`` and ``passage``, which come from the circulation
    (`abscope.model.routes`).
    """
    found = dict(core_parameters())
    for name, entry in _LYMPHOCYTES.items():
        found[name] = replace(lymphocyte_parameter(entry), name=name)
    for agent in dict(reversed([(key, name) for name, key in AGENTS.items()])).values():
        found |= agent_values(agent)
    return found


@cache
def agent_values(agent: str) -> Mapping[str, Parameter]:
    """Return the parameters of an agent, or of one of its models, for the reference patient.

    A term that its population model does not have is off (``no_drift``, ``no_saturation``).
    """
    kinetics = drug_kinetics(agent)
    key, typical = AGENTS[kinetics.agent], kinetics.typical
    found = {f"{key}_ic50": half_occupancy(key)}
    for suffix, quantity in QUANTITY.items():
        off = core_parameters()[f"absent_{suffix}"] if quantity not in typical else None
        found[f"{key}_{suffix}"] = off or typical[quantity]
    return {name: replace(entry, name=name) for name, entry in found.items()}


def agent_numbers(
    agent: str, *, sex: Sex | None, weight_kg: float | Floats | None
) -> dict[str, Any]:
    """Return the parameters of an agent for a patient, or for patients by weight, by name.

    Weight and sex count as in the population model (`drug_covariates`) where they are known; every
    other covariate (albumin, tumor burden, renal function) stays at the reference patient.
    """
    known: dict[str, Any] = {} if weight_kg is None else {"weight_kg": weight_kg}
    if sex is not None:
        known |= {"female": float(sex == "female"), "male": float(sex == "male")}
    found = patient_kinetics(agent, covariates=known)
    key = AGENTS[drug_kinetics(agent).agent]
    out = {name: entry.value for name, entry in agent_values(agent).items()}
    return out | {
        f"{key}_{suffix}": found[quantity]
        for suffix, quantity in QUANTITY.items()
        if quantity in found
    }
