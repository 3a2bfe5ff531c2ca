"""What a patient's covariates and own deviation make of the kinetics of a drug.

    q = typical * prod (covariate / reference)^power * prod (1 + change) * prod e^change * e^eta

for every quantity q of a population model, eta normal with the published covariance; emax of a
clearance that changes with time takes its changes and its eta added. Neglected: covariates that
change during treatment. Sources: `abscope.catalog.drug_kinetics`.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from abscope.catalog import drug_kinetics, drug_kinetics_names
from abscope.catalog.entries import Parameter
from abscope.errors import ModelError, Problem

if TYPE_CHECKING:
    from abscope.dose.geometry.grid import Floats

__all__ = ["half_lives_d", "kinetic_deviations", "patient_kinetics"]


def patient_kinetics(
    model: str,
    *,
    covariates: "Mapping[str, float | Floats] | None" = None,
    deviations: "Mapping[str, float | Floats] | None" = None,
) -> dict[str, Any]:
    """Return the quantities of a population model by name, in its units.

    They are numbers for one patient; where a covariate or a deviation is an array, one for each.

    ``covariates`` are those of the catalog: numbers (``weight_kg``, ``albumin_g_per_l``,
    ``burden_mm``, ``egfr_ml_per_min``) and, from 0 to 1, what holds (``female``, ``male``,
    ``ecog_above_0`` ...); one that is not given is the reference patient's, one that this model
    does not use counts for nothing. ``deviations`` are etas by quantity. Raises ModelError for a
    name that no model has and for a number that is not above 0 (a share not in 0..1).

    >>> lighter = patient_kinetics("ipilimumab-sanghavi2020", covariates={"weight_kg": 60})
    >>> round(lighter["clearance"], 4)
    0.2768
    """
    kinetics = drug_kinetics(model)
    given, own = dict(covariates or {}), dict(deviations or {})
    problems = _problems(given, set(own) - set(kinetics.typical))
    if problems:
        raise ModelError(problems)
    found: dict[str, Any] = {}
    for quantity, typical in kinetics.typical.items():
        shift = own.get(quantity, 0.0)
        for covariate, effect in kinetics.effects.get(quantity, {}).items():
            if covariate in given:
                reference = kinetics.reference.get(covariate)
                shift = shift + _shift(effect, given[covariate], reference)
        value = typical.value
        number = value + shift if quantity == "emax" else value * np.exp(shift)
        found[quantity] = number if np.ndim(number) else float(number)
    return found


def kinetic_deviations(model: str, *, members: int, seed: int) -> "dict[str, Floats]":
    """Return etas by quantity, (members,) each, drawn with the published covariance."""
    kinetics = drug_kinetics(model)
    names = sorted({name for pair in kinetics.covariance for name in pair})
    if not names:
        return {}
    matrix = np.zeros((len(names), len(names)))
    for (first, second), entry in kinetics.covariance.items():
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = entry.value
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(np.zeros(len(names)), matrix, members, method="svd")
    return {name: drawn[:, k] for k, name in enumerate(names)}


def half_lives_d(quantities: Mapping[str, float]) -> tuple[float, float]:
    """Return the first and the terminal half-life of two compartments, in days.

    ln 2 / x with x^2 - (CL + Q)/V1 x - Q/V2 x + CL Q / (V1 V2) = 0; the saturable elimination and
    the change of clearance with time are left out.
    """
    central, peripheral = quantities["central"], quantities["peripheral"]
    clearance, exchange = quantities["clearance"], quantities["exchange"]
    both = (clearance + exchange) / central + exchange / peripheral
    product = clearance * exchange / (central * peripheral)
    fast = 0.5 * (both + math.sqrt(both**2 - 4.0 * product))
    return math.log(2.0) / fast, math.log(2.0) * fast / product


def _shift(effect: Parameter, value: Any, reference: Parameter | None) -> Any:
    """Return what a covariate adds to the logarithm of a quantity (to emax itself)."""
    if reference is not None:
        return effect.value * np.log(value / reference.value)
    return value * (effect.value if effect.unit == "ln" else math.log1p(effect.value))


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """Return the covariates of all models: numbers, and what holds or does not."""
    models = [drug_kinetics(name) for name in drug_kinetics_names()]
    numbers = frozenset(name for model in models for name in model.reference)
    every = {name for model in models for row in model.effects.values() for name in row}
    return numbers, frozenset(every - numbers)


def _problems(given: Mapping[str, Any], strange: set[str]) -> list[Problem]:
    numbers, shares = _known()
    where, quantity = "kinetics of a patient", "is no quantity of this model"
    out = [Problem(where, quantity, "one it has", "Correct it.", name) for name in sorted(strange)]
    for name, value in given.items():
        if name not in numbers | shares:
            expected = ", ".join(sorted(numbers | shares))
            out.append(Problem(where, "is no covariate", expected, "Correct it.", name))
            continue
        found, is_share = np.ravel(value), name in shares
        fine = (found >= 0.0) & (found <= 1.0) if is_share else (found > 0.0) & (found < math.inf)
        if not fine.all():
            expected = "0 (no) to 1 (yes)" if is_share else "a number above 0"
            what = f"is {found[~fine][0]:g}"
            out.append(Problem(where, what, expected, "Correct it.", name))
    return out
