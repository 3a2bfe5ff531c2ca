"""Population pharmacokinetics of checkpoint inhibitors, each as a model of its own.

The equations are those of `abscope.model.drugs`: two compartments, elimination that is linear, in
part saturable or changing with time, occupancy C / (C + IC50). Values of the reference patient;
`abscope.model.drug_covariates` has those of another. Sources: `abscope.catalog.drug_kinetics`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from abscope.catalog import DrugKinetics, drug_kinetics, drug_kinetics_names
from abscope.catalog.entries import Parameter
from abscope.engine.declaration import Body, Observable, System
from abscope.errors import ModelError, Problem
from abscope.model import drugs
from abscope.model.card import ModelCard
from abscope.model.values import AGENTS, QUANTITY, agent_values

if TYPE_CHECKING:
    from abscope.dose.geometry.grid import Floats
    from abscope.engine.batch import Batch
    from abscope.model.patient import Infusion

__all__ = ["drug_batch", "drug_system", "kinetics_cards"]

#: What a sentence of the card says of an agent that binds the ligand.
_LIGAND = (
    "The antibody binds PD-L1; its occupancy is shown with the concentration of pembrolizumab at"
    " half occupancy of PD-1, for want of a number of its own."
)
_SERUM = "Occupancy in tissue is taken as that of the concentration in serum."
_NO_COVARIATES = "No covariates are carried: their values were not readable."


def drug_system(model: str) -> System:
    """Return a population model as a system of the engine; days, mg, liters.

    Raises ModelError for a name that `abscope.catalog.drug_kinetics` does not know.
    """
    key = AGENTS[drug_kinetics(model).agent]

    def of_key(group: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(item for item in group if item.name.startswith(f"{key}_"))

    def rates(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
        return drugs.drug_rates(key, body, p)

    def observe(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
        return {
            "concentration": drugs.concentration(key, body, p),
            "occupancy": drugs.occupancy(key, body, p),
        }

    return System(
        name=drug_kinetics(model).name,
        body=Body(
            states=of_key(drugs.STATES),
            parameters=of_key(drugs.SHARED),
            inputs=of_key(drugs.INPUTS),
            rates=rates,
            observables=(
                Observable("concentration", "mg/L", "concentration in serum", "C"),
                Observable("occupancy", "1", "share of receptors taken", "RO"),
            ),
            observe=observe,
        ),
    )


def drug_batch(
    model: str,
    *,
    infusions: "Sequence[Infusion]",
    observe_d: "Floats",
    quantities: Mapping[str, "float | Floats"] | None = None,
    members: int = 1,
) -> "Batch":
    """Return a batch of a population model for the infusions of one agent.

    ``quantities`` are those of `abscope.model.drug_covariates.patient_kinetics`, a number or one
    per member; without them, those of the reference patient. Clearance changes with time from the
    first infusion on. Raises ModelError where there is no infusion.
    """
    import numpy as np

    from abscope.engine.batch import Batch, Holds

    if not infusions:
        problem = Problem("drug_batch", "no infusion", "at least one", "Give one.", "infusions")
        raise ModelError(problem)
    key = AGENTS[drug_kinetics(model).agent]
    numbers: dict[str, Any] = {name: entry.value for name, entry in agent_values(model).items()}
    given = quantities or {}
    numbers |= {f"{key}_{name}": given[q] for name, q in QUANTITY.items() if q in given}
    starts = np.array([item.day_d for item in infusions])
    lasting = np.array([item.duration_d for item in infusions])
    amounts = np.array([item.amount_mg for item in infusions])
    horizon = max(float(np.nanmax(observe_d)), float((starts + lasting).max()))
    first = float(starts.min())
    return Batch(
        members=members,
        start=min(0.0, first),
        horizon=horizon,
        observe_at=observe_d,
        parameters=numbers,
        initial={f"{key}_{where}": 0.0 for where in ("blood", "tissue", "days")},
        holds=(
            Holds(
                f"{key}_infusion", starts=starts, ends=starts + lasting, values=amounts / lasting
            ),
            Holds(f"{key}_started", starts=[first], ends=[horizon], values=[1.0]),
        ),
    )


def kinetics_cards() -> tuple[ModelCard, ...]:
    """Return the card of every population model of the catalog."""
    return tuple(_card(drug_kinetics(name)) for name in drug_kinetics_names())


def _card(kinetics: DrugKinetics) -> ModelCard:
    said = [_SERUM]
    if kinetics.agent in ("atezolizumab", "durvalumab"):
        said.append(_LIGAND)
    if not kinetics.effects:
        said.append(_NO_COVARIATES)
    values: Callable[[], Mapping[str, Parameter]] = partial(agent_values, kinetics.name)
    year = kinetics.name[-4:]
    author = kinetics.name.partition("-")[2].removesuffix(year).title()
    return ModelCard(
        name=kinetics.name,
        title=f"Concentration of {kinetics.agent} and the occupancy of its receptor",
        source=f"{author} et al. {year}, {kinetics.source}",
        system=partial(drug_system, kinetics.name),
        values=values,
        scope="Patients with solid tumors, infusions into a vein; one agent at a time.",
        departures=tuple(said),
    )
