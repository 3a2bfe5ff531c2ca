"""The parameters of a patient and of its lesions in every draw: on record, else from a prior."""

from collections.abc import Sequence

import numpy as np

from abscope.blood.alc.counts import counts_of_case
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.catalog.model_core import naive_pool
from abscope.catalog.radiobiology import alpha, alpha_beta
from abscope.dose.geometry.grid import Floats
from abscope.model.case_lesions import DrawnLesion
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import drawn_value, has_positive
from abscope.model.system import core_system
from abscope.model.values import core_values

__all__ = ["drawn_weight_kg", "lesion_parameters", "patient_parameters"]

#: Parameters of drugs are those of the population model for the patient.
_OF_DRUGS = ("pd1_clear", "pd1_central", "pd1_exchange", "pd1_periph", "pd1_drift", "pd1_satur",
             "pd1_ic50", "ctla4_clear", "ctla4_central", "ctla4_exchange", "ctla4_periph",
             "ctla4_drift", "ctla4_satur", "ctla4_ic50")  # fmt: skip


def drawn_weight_kg(case: Case, prior: PriorDraws) -> tuple[Floats, list[str]]:
    """Return the weight (kg) in every draw (n,), and what had to be assumed."""
    fact = case.patient.weight_kg
    if fact is not None and has_positive(fact):
        return drawn_value(fact, "weight", prior), []
    entry = case_prior("weight")
    text = f"weight not on record, taken as {entry.value:g} kg ({entry.low:g} to {entry.high:g})"
    told = [text] if case.systemic_therapy else []
    return prior.log_normal("weight", entry), told


def patient_parameters(
    case: Case, clock: Clock, prior: PriorDraws
) -> tuple[dict[str, Floats], list[str]]:
    """Return the parameters of the body in every draw, each from the range of its source."""
    declared = {parameter.name for parameter in core_system().body.parameters}
    out = {
        name: prior.in_range(f"parameter {name}", entry)
        for name, entry in core_values().items()
        if name in declared and entry.high > entry.low and not name.startswith(_OF_DRUGS)
    }
    out["naive_pool"] = prior.in_range("parameter naive_pool", naive_pool(_tumor_type(case)))
    told = [f"{len(out)} parameters of the model are drawn from the ranges of their sources"]
    counts = counts_of_case(case, clock).baseline_per_ul
    entry = case_prior("count_cv")
    if counts:
        measured = np.asarray(counts)[prior.choice("lymphocytes before", counts)]
        out["baseline"] = measured * np.exp(entry.value * prior.normal("count before"))
    else:
        usual = lymphocyte_parameter("baseline_count")
        out["baseline"] = prior.log_normal("lymphocytes before", usual)
        told.append(
            f"lymphocytes before radiotherapy not on record, taken as {usual.value:g} per uL "
            f"({usual.low:g} to {usual.high:g})"
        )
    return out, told


def _tumor_type(case: Case) -> str:
    fact = case.diagnosis.tumor_type
    return fact.value if fact is not None and fact.value is not None else "other"


def lesion_parameters(
    case: Case, lesions: Sequence[DrawnLesion], prior: PriorDraws
) -> tuple[dict[str, dict[str, Floats]], list[str]]:
    """Return growth, sensitivity and antigen match of every member of every lesion by name."""
    values = core_values()
    kind = _tumor_type(case)
    sensitivity, ratio = alpha(kind), alpha_beta(kind)
    common = {
        "growth": prior.in_range("growth", values["growth"]),
        "alpha": prior.log_normal("alpha", sensitivity),
        "alpha_beta": prior.log_normal("alpha/beta", ratio),
    }
    spread = {
        "growth": case_prior("doubling_between_lesions").value,
        "alpha": case_prior("alpha_between_lesions").value,
    }
    out = {}
    for lesion in lesions:
        for k in range(lesion.volume_ml.shape[1]):
            member = f"{lesion.lesion.id}.{k + 1}"
            mine = {
                name: column * np.exp(spread.get(name, 0.0) * prior.normal(f"{member} {name}"))
                for name, column in common.items()
            }
            mine["match"] = prior.spread(f"{member} match", values["match"])
            out[member] = mine
    doubling = np.log(2) / values["growth"].value
    told = [
        f"growth of the lesions not on record, doubling in about {doubling:.0f} d "
        f"({np.log(2) / values['growth'].high:.0f} to {np.log(2) / values['growth'].low:.0f})",
        f"alpha of {kind} {sensitivity.value:g} /Gy ({sensitivity.low:g} to {sensitivity.high:g}), "
        f"alpha/beta {ratio.value:g} Gy ({ratio.low:g} to {ratio.high:g})",
    ]
    return out, told
