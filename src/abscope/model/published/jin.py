"""Lymphocytes in five compartments under fractions of dose, after Jin et al. 2020.

With N_b in blood and N_j in spleen, nodes, tissue and marrow, as shares of all cells at rest, mean
stays tau and probabilities p_j to enter j on leaving blood:

    N_b' = sum_j N_j / tau_j - N_b / tau_b + rho (1 - N_b - sum_j N_j)
    N_j' = p_j N_b / tau_b - N_j / tau_j
    a fraction: N_j -> N_j exp(-alpha D_j),   count = baseline N_b / w_b

where w_b = tau_b / (tau_b + sum_j p_j tau_j) is the share of blood at rest and the p_j add up to 1.
All cells are made up at the rate rho times the deficit, into blood. Only the abstract of the print
is known: five compartments with traffic, dose to each from its organs and the flow of blood,
radiosensitivity and reproduction as the two parameters of a patient, median alpha 0.40 /Gy in 51
patients. Compartments, traffic and the law of recovery are assumed. Neglected: cells that die late,
subsets. Source: Jin et al. 2020, Radiother Oncol 144:105-113, pmid 31794944.
"""

from collections.abc import Mapping
from typing import Any

from abscope.catalog import Parameter as Number
from abscope.catalog import lymphocyte_parameter, published_parameters
from abscope.engine.declaration import (
    Body,
    Event,
    Field,
    Observable,
    Parameter,
    State,
    System,
)
from abscope.engine.functions import exp
from abscope.model.card import ModelCard

__all__ = ["CARD", "jin_system", "resting_shares"]

_TISSUES = ("spleen", "nodes", "tissue", "marrow")
_ALL = ("blood", *_TISSUES)
#: Where the traffic of this model stands among the numbers of our own lymphocyte model.
_NUMBERS = {
    "recovery": "recovery_rate", "baseline": "baseline_count",
    "stay_blood": "residence_blood", "stay_spleen": "residence_spleen",
    "stay_nodes": "residence_node", "stay_tissue": "residence_tissue",
    "stay_marrow": "residence_marrow", "way_spleen": "route_spleen",
    "way_nodes": "route_nodes", "way_tissue": "route_tissue", "way_marrow": "route_marrow",
}  # fmt: skip


def _of(space: Any, name: str) -> Any:
    return getattr(space, name)


def _resting(p: Any) -> dict[str, Any]:
    """Return the share of each compartment at rest."""
    held = {"blood": p.stay_blood}
    held |= {name: _of(p, f"way_{name}") * _of(p, f"stay_{name}") for name in _TISSUES}
    return {name: held[name] / sum(held.values()) for name in _ALL}


def resting_shares(values: Mapping[str, float]) -> dict[str, float]:
    """Return the share of all lymphocytes that each compartment holds at rest, adding up to 1."""
    from types import SimpleNamespace

    return _resting(SimpleNamespace(**values))


def _rates(body: Any, _total: Any, p: Any) -> Mapping[str, Any]:
    out = body.blood / p.stay_blood
    back = {name: _of(body, name) / _of(p, f"stay_{name}") for name in _TISSUES}
    missing = 1.0 - sum(_of(body, name) for name in _ALL)
    into = {name: _of(p, f"way_{name}") * out - back[name] for name in _TISSUES}
    return {"blood": sum(back.values()) - out + p.recovery * missing, **into}


def _fraction(body: Any, p: Any, e: Any) -> Mapping[str, Any]:
    return {name: _of(body, name) * exp(-p.alpha * _of(e, f"dose_{name}")) for name in _ALL}


def jin_system() -> System:
    """Return the five compartments as a system of the engine; days, shares, counts per uL."""
    return System(
        name="Jin 2020",
        body=Body(
            states=tuple(
                State(name, "1", f"lymphocytes in {name}", rf"N_{{\mathrm{{{name}}}}}", scale=0.1)
                for name in _ALL
            ),
            parameters=(
                Parameter("alpha", "1/Gy", "radiosensitivity", r"\alpha", low=0.0),
                Parameter("recovery", "1/d", "recovery of the deficit", r"\rho", low=0.0),
                Parameter("baseline", "1/uL", "count at rest", "B", low=0.0),
                *(
                    Parameter(f"stay_{name}", "d", f"mean stay in {name}",
                              rf"\tau_{{\mathrm{{{name}}}}}", low=1e-6)
                    for name in _ALL
                ),
                *(
                    Parameter(f"way_{name}", "1", f"chance to enter {name} from blood",
                              rf"p_{{\mathrm{{{name}}}}}", low=0.0, high=1.0)
                    for name in _TISSUES
                ),
            ),
            rates=_rates,
            observables=(Observable("count", "1/uL", "lymphocyte count in blood", "C"),),
            observe=lambda body, _total, p: {
                "count": p.baseline * body.blood / _resting(p)["blood"],
            },
        ),
        events=(
            Event(
                name="fraction",
                meaning="Leaves a share of the cells of each compartment, by its uniform dose",
                fields=tuple(
                    Field(f"dose_{name}", "Gy", f"dose of {name}", rf"D_{{\mathrm{{{name}}}}}")
                    for name in _ALL
                ),
                body=_fraction,
            ),
        ),
    )  # fmt: skip


def _values() -> Mapping[str, Number]:
    ours = {name: lymphocyte_parameter(entry) for name, entry in _NUMBERS.items()}
    return {"alpha": published_parameters("jin2020")["alpha"], **ours}


CARD = ModelCard(
    name="jin2020",
    title="Lymphocytes in five compartments under radiation",
    source="Jin et al. 2020, Radiother Oncol 144:105, pmid:31794944 (abstract)",
    system=jin_system,
    values=_values,
    scope="Blood counts of patients during and after radiation; no drug, no tumor.",
    departures=(
        "Only the abstract is known: which five compartments, the traffic between them and the law"
        " of recovery are assumed; alpha and its being fitted to each patient are the print's.",
        "The dose of a compartment is the uniform dose of equal effect, computed outside.",
    ),
)
