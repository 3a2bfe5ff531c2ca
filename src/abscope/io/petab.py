"""A problem of parameter estimation as the files of PEtab 2.0: tables, YAML and the model in SBML.

Written with the standard library; what a table may hold is said at
https://petab.readthedocs.io (PEtab data format specification, version 2.0.0).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from abscope.errors import Problem, TableError

__all__ = [
    "CONDITION", "EXPERIMENT", "PETAB_VERSION", "PetabChange", "PetabMeasurement",
    "PetabObservable", "PetabParameter", "PetabProblem", "petab_files",
]  # fmt: skip

PETAB_VERSION = "2.0.0"
#: The one experiment of a problem, and the condition that it begins with.
EXPERIMENT = "course"
CONDITION = "patient"


@dataclass(frozen=True, slots=True)
class PetabObservable:
    """What is measured: a formula of the model, and the standard deviation of its logarithm."""

    id: str
    name: str
    formula: str
    observation_sd_log: float


@dataclass(frozen=True, slots=True)
class PetabMeasurement:
    """A positive value of an observable at a time of the model, whose unit is the day."""

    observable: str
    time_d: float
    value: float


@dataclass(frozen=True, slots=True)
class PetabChange:
    """What a quantity of the model is at the start: a formula of parameters."""

    target: str
    value: str


@dataclass(frozen=True, slots=True)
class PetabParameter:
    """A parameter that is estimated between bounds.

    ``prior`` is ``log-normal`` (with mean and standard deviation of the logarithm, joined by a
    semicolon) or ``uniform`` (with low and high), cut off at the bounds.
    """

    id: str
    name: str
    low: float
    high: float
    value: float
    prior: str
    prior_parameters: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PetabProblem:
    """A model with measurements of one experiment; ``remarks`` become comments of the YAML."""

    id: str
    model_id: str
    model: str
    observables: Sequence[PetabObservable]
    measurements: Sequence[PetabMeasurement]
    changes: Sequence[PetabChange]
    parameters: Sequence[PetabParameter]
    remarks: Sequence[str] = ()


def petab_files(problem: PetabProblem) -> dict[str, str]:
    """Return the files of a problem by name; ``problem.yaml`` names the others.

    Raises TableError where there is nothing to compare with, a measurement is not above zero, an
    observable is not defined, or a nominal value is outside its bounds.
    """
    if problems := _problems(problem):
        raise TableError(problems)
    observed = {one.observable for one in problem.measurements}
    files = {
        "model.xml": problem.model,
        "observables.tsv": _table(
            ("observableId", "observableName", "observableFormula", "noiseFormula",
             "noiseDistribution"),
            (
                (o.id, o.name, o.formula, o.observation_sd_log, "log-normal")
                for o in problem.observables
                if o.id in observed
            ),
        ),
        "measurements.tsv": _table(
            ("observableId", "experimentId", "time", "measurement"),
            ((m.observable, EXPERIMENT, m.time_d, m.value) for m in problem.measurements),
        ),
        "experiments.tsv": _table(
            ("experimentId", "time", "conditionId"),
            [(EXPERIMENT, 0, CONDITION if problem.changes else "")],
        ),
        "parameters.tsv": _table(
            ("parameterId", "parameterName", "lowerBound", "upperBound", "nominalValue",
             "estimate", "priorDistribution", "priorParameters"),
            (
                (p.id, p.name, p.low, p.high, p.value, "true", p.prior,
                 p.prior_parameters)
                for p in problem.parameters
            ),
        ),
    }  # fmt: skip
    if problem.changes:
        files["conditions.tsv"] = _table(
            ("conditionId", "targetId", "targetValue"),
            ((CONDITION, change.target, change.value) for change in problem.changes),
        )
    files["problem.yaml"] = _yaml(problem, files)
    return files


def _problems(problem: PetabProblem) -> list[Problem]:
    where, found = f"PEtab of {problem.id}", []
    if not problem.measurements:
        what, expected = "nothing is measured after the start", "a size or a lymphocyte count"
        found.append(Problem(where, what, expected, "Export SBML, which needs no measurement."))
    known = {observable.id for observable in problem.observables}
    for one in problem.measurements:
        if one.observable not in known:
            what = f"observable '{one.observable}' is not defined"
            found.append(Problem(where, what, ", ".join(sorted(known)), "Define it."))
        if not one.value > 0.0:
            what = f"measurement {one.value:g} of {one.observable}"
            found.append(Problem(where, what, "a number above 0", "Leave it out."))
    for row in problem.parameters:
        if not row.low <= row.value <= row.high:
            what = f"parameter {row.id} is {row.value:g}"
            expected = f"{row.low:g} to {row.high:g}"
            found.append(Problem(where, what, expected, "Widen the bounds."))
    return found


def _table(head: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _yaml(problem: PetabProblem, files: dict[str, str]) -> str:
    lines = [f"# {' '.join(remark.split())}" for remark in problem.remarks]
    lines += [f"format_version: {PETAB_VERSION}", f"id: {problem.id}", "model_files:"]
    lines += [f"  {problem.model_id}:", "    location: model.xml", "    language: sbml"]
    for kind in ("observable", "measurement", "condition", "experiment", "parameter"):
        if (name := f"{kind}s.tsv") in files:
            lines.append(f"{kind}_files: [{name}]")
    return "\n".join(lines) + "\n"
