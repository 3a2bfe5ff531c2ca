"""Population pharmacokinetics of checkpoint inhibitors: typical values, covariates, variances."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from abscope.catalog.entries import Parameter, load, look_up
from abscope.errors import ModelError, Problem

__all__ = ["DrugKinetics", "drug_kinetics", "drug_kinetics_names", "half_occupancy"]

_FILE = "catalog/pharmacokinetics.toml"
_TYPICAL = (
    "clearance", "central", "exchange", "peripheral", "vmax", "km", "emax", "t50", "hill",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class DrugKinetics:
    """One published population model of one agent.

    ``typical`` holds what the reference patient has: ``clearance`` and ``exchange`` (L/d),
    ``central`` and ``peripheral`` (L); where the model has them ``vmax`` (mg/d) and ``km`` (mg/L)
    of a saturable elimination, and ``emax``, ``t50`` (d), ``hill`` of a clearance that changes
    with time. ``reference`` is that patient's covariates. ``effects`` holds, for each quantity
    that covariates change, the effect by covariate: unit ``1`` an exponent of covariate over
    reference, ``frac`` a factor 1 + value, ``ln`` a factor e^value (for emax: a value added).
    ``covariance`` holds variances (a quantity with itself) and covariances between patients.
    """

    name: str
    agent: str
    source: str
    typical: Mapping[str, Parameter]
    reference: Mapping[str, Parameter]
    effects: Mapping[str, Mapping[str, Parameter]]
    covariance: Mapping[tuple[str, str], Parameter]


@cache
def drug_kinetics_names() -> tuple[str, ...]:
    """Return the names of all models, for example ``pembrolizumab-ahamadi2017``."""
    names = (name.partition(".")[0] for name in load("pharmacokinetics"))
    return tuple(sorted({name for name in names if "-" in name}))


@cache
def drug_kinetics(name: str) -> DrugKinetics:
    """Return one population model; an agent's name alone means the first of its models.

    Raises ModelError for a name that is not in ``catalog/data/pharmacokinetics.toml``.

    >>> drug_kinetics("nivolumab").typical["clearance"].value
    0.2256
    """
    names = drug_kinetics_names()
    chosen = next((known for known in names if name in (known, known.partition("-")[0])), None)
    if chosen is None:
        hint = f"Known: {', '.join(names)}."
        what = f"'{name}' has no pharmacokinetics"
        raise ModelError(Problem(_FILE, what, "a model or an agent of the file", hint))
    mine = {
        tuple(key.split(".")[1:]): entry
        for key, entry in load("pharmacokinetics").items()
        if key.partition(".")[0] == chosen
    }
    effects: dict[str, dict[str, Parameter]] = {}
    for path, entry in mine.items():
        if len(path) == 2 and path[0] in _TYPICAL:
            effects.setdefault(path[0], {})[path[1]] = entry
    return DrugKinetics(
        name=chosen,
        agent=chosen.partition("-")[0],
        source=mine[("clearance",)].source.partition("; ")[0],
        typical={key: mine[(key,)] for key in _TYPICAL if (key,) in mine},
        reference={path[1]: entry for path, entry in mine.items() if path[0] == "reference"},
        effects=effects,
        covariance={
            (path[1], path[-1]): entry
            for path, entry in mine.items()
            if path[0] in ("variance", "covariance")
        },
    )


def half_occupancy(receptor: str) -> Parameter:
    """Return the serum concentration (mg/L) at which half of ``pd1`` or ``ctla4`` is taken.

    Raises ModelError for another receptor.

    >>> half_occupancy("pd1").value
    0.535
    """
    return look_up(f"occupancy.{receptor}", entries=load("pharmacokinetics"), where=_FILE)
