"""What PEtab estimates of a patient: parameters with the priors that `from_case` draws from.

Growth and sensitivity of lesion i are q_i = q f_i, with q of the patient and a factor f_i of the
lesion, both log-normal; the other parameters of the body have the range of their source, the drugs
stay as they are. In PEtab a prior is cut off at its bounds; `from_case` moves what is beyond to
them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from abscope.blood.alc.counts import counts_of_case
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.entries import Parameter
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.catalog.model_core import naive_pool
from abscope.catalog.radiobiology import alpha, alpha_beta
from abscope.engine.declaration import System
from abscope.engine.sbml import Constant, sbml_id
from abscope.io.petab import PetabChange, PetabParameter
from abscope.model.batch import resting_body
from abscope.model.drugs import SHARED as OF_DRUGS
from abscope.model.values import core_values

__all__ = ["Estimated", "estimated"]

_Z95 = 1.959963984540054
#: Bounds of a prior that has none: this many standard deviations.
_FAR = 4.0


@dataclass(frozen=True, slots=True)
class Estimated:
    """Rows of the parameter table, and what follows from them at the start."""

    parameters: tuple[PetabParameter, ...]
    changes: tuple[PetabChange, ...]


def estimated(
    case: Case, system: System, constants: Mapping[str, Constant], *, fixed: Mapping[str, float]
) -> Estimated:
    """Return what is estimated; ``constants`` are those of the model by id.

    ``fixed`` are parameters that switches have set, by name; they stay.
    """
    rows = [row for row in _shared(case, system, constants) if row.id not in fixed]
    lesions = sorted({c.replicate for c in constants.values() if c.replicate is not None})
    own, changes = _own(case, system, constants, lesions)
    changes = [*_at_rest(system, constants, {row.id for row in rows}), *changes]
    return Estimated((*rows, *own), tuple(changes))


def _shared(case: Case, system: System, constants: Mapping[str, Constant]) -> list[PetabParameter]:
    known = {**core_values(), "naive_pool": naive_pool(_tumor_type(case))}
    drugs = {parameter.name for parameter in OF_DRUGS}
    rows = []
    for declared in system.body.parameters:
        name = declared.name
        entry = known.get(name)
        value = constants[name].value
        if name == "baseline":
            rows.append(_baseline(case, declared.meaning, value))
        elif entry is not None and entry.low < entry.high and name not in drugs:
            rows.append(_in_range(name, declared.meaning, value, entry))
    return rows


def _tumor_type(case: Case) -> str:
    fact = case.diagnosis.tumor_type
    return fact.value if fact is not None and fact.value is not None else "other"


def _baseline(case: Case, meaning: str, value: float) -> PetabParameter:
    counts = counts_of_case(case, Clock(case)).baseline_per_ul
    if not counts:
        entry = lymphocyte_parameter("baseline_count")
        return _log_normal("baseline", meaning, value, (entry.value, _sd(entry)))
    middle = counts[min(len(counts) // 2, len(counts) - 1)]
    return _log_normal("baseline", meaning, value, (middle, case_prior("count_cv").value))


def _own(
    case: Case, system: System, constants: Mapping[str, Constant], lesions: list[int]
) -> tuple[list[PetabParameter], list[PetabChange]]:
    known, kind = core_values(), _tumor_type(case)
    sensitivity, ratio = alpha(kind), alpha_beta(kind)
    commons = {
        "growth": _in_range("growth_of_patient", "growth", known["growth"].value, known["growth"]),
        "alpha": _log_normal(
            "alpha_of_patient", "alpha", sensitivity.value, (sensitivity.value, _sd(sensitivity))
        ),
        "alpha_beta": _log_normal(
            "alpha_beta_of_patient",
            "alpha/beta",
            constants[sbml_id(system, "alpha_beta", replicate=lesions[0])].value,
            (ratio.value, _sd(ratio)),
        ),
    }
    spreads = {
        "growth": case_prior("doubling_between_lesions").value,
        "alpha": case_prior("alpha_between_lesions").value,
    }
    rows, changes = list(commons.values()), []
    for i in lesions:
        for name, row in commons.items():
            target = sbml_id(system, name, replicate=i)
            if name not in spreads:
                changes.append(PetabChange(target, row.id))
                continue
            factor = f"{target}_factor"
            value = constants[target].value / row.value
            meaning = f"{name} of lesion {i + 1} over that of the patient"
            rows.append(_log_normal(factor, meaning, value, (1.0, spreads[name])))
            changes.append(PetabChange(target, f"{row.id}*{factor}"))
        target = sbml_id(system, "match", replicate=i)
        meaning = f"match of lesion {i + 1}"
        rows.append(_uniform(target, meaning, constants[target].value, known["match"]))
    return rows, changes


def _at_rest(
    system: System, constants: Mapping[str, Constant], free: set[str]
) -> list[PetabChange]:
    """Return the states that follow from parameters that are estimated."""
    import sympy as sp

    shared: dict[str, Any] = {
        one.id: sp.Symbol(one.id) if one.id in free else sp.Float(one.value)
        for one in constants.values()
        if one.replicate is None
    }
    found = {name: sp.sympify(value) for name, value in resting_body(shared, system).items()}
    return [
        PetabChange(name, sp.sstr(value, full_prec=False).replace("**", "^"))
        for name, value in found.items()
        if value.free_symbols
    ]


def _sd(entry: Parameter) -> float:
    """Return the standard deviation of the logarithm where the range holds 95 %."""
    return math.log(entry.high / entry.low) / (2.0 * _Z95)


def _in_range(name: str, meaning: str, value: float, entry: Parameter) -> PetabParameter:
    """Return a log-normal prior about a value inside the range, else a uniform one."""
    if entry.low <= 0.0 or entry.value in (entry.low, entry.high):
        return _uniform(name, meaning, value, entry)
    numbers = f"{math.log(entry.value)!r};{_sd(entry)!r}"
    return PetabParameter(name, meaning, entry.low, entry.high, value, "log-normal", numbers)


def _uniform(name: str, meaning: str, value: float, entry: Parameter) -> PetabParameter:
    numbers = f"{entry.low!r};{entry.high!r}"
    return PetabParameter(name, meaning, entry.low, entry.high, value, "uniform", numbers)


def _log_normal(
    name: str, meaning: str, value: float, center: tuple[float, float]
) -> PetabParameter:
    """Return a log-normal prior of a median and a standard deviation of the logarithm."""
    median, sd = center
    far = math.exp(_FAR * sd)
    low, high = min(median / far, value), max(median * far, value)
    return PetabParameter(
        name, meaning, low, high, value, "log-normal", f"{math.log(median)!r};{sd!r}"
    )
