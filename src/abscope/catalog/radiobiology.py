"""Radiosensitivity of tumors and normal tissue: alpha/beta, growth, repair, dose-response."""

from dataclasses import dataclass

from abscope.catalog.entries import Parameter, load, look_up
from abscope.errors import ModelError, Problem

__all__ = [
    "GrowthTimes",
    "LogisticSet",
    "LymanSet",
    "alpha",
    "alpha_beta",
    "growth_times",
    "logistic_set",
    "lyman_set",
    "repair_half_time",
]


@dataclass(frozen=True, slots=True)
class GrowthTimes:
    """Growth of clonogens during a course: when it speeds up, and how fast it is then (days)."""

    kick_off: Parameter
    doubling_time: Parameter


@dataclass(frozen=True, slots=True)
class LymanSet:
    """Parameters of the Lyman model for one endpoint; TD50 is in 2 Gy fractions at alpha/beta."""

    endpoint: str
    n: Parameter
    m: Parameter
    td50: Parameter
    alpha_beta: Parameter


@dataclass(frozen=True, slots=True)
class LogisticSet:
    """Parameters of a logistic dose-response; D50 is in 2 Gy fractions at alpha/beta."""

    endpoint: str
    d50: Parameter
    gamma50: Parameter
    alpha_beta: Parameter


def alpha_beta(tumor_type: str) -> Parameter:
    """Return alpha/beta in Gy for a tumor type of `abscope.case.record.Diagnosis`.

    ``late_normal_tissue`` and ``early_normal_tissue`` are known as well. Values of one tumor type
    differ widely between studies (I2 > 75 % over 64 studies: van Leeuwen 2018,
    PMC5956964), so show the range, and `Parameter.assumed` where it holds.

    Raises ModelError for any other name.

    >>> alpha_beta("breast").value
    3.5
    """
    return look_up(tumor_type, entries=load("alpha_beta"), where="catalog/alpha_beta.toml")


def alpha(tumor_type: str) -> Parameter:
    """Return alpha in 1/Gy for a tumor type of `abscope.case.record.Diagnosis`.

    Most are a wide prior of our own (`Parameter.assumed`). An alpha belongs to the alpha/beta it
    was fitted with, which the note names. Raises ModelError for any other name.

    >>> alpha("prostate").value
    0.15
    """
    return look_up(tumor_type, entries=load("alpha"), where="catalog/alpha.toml")


def growth_times(tumor_type: str) -> GrowthTimes | None:
    """Return the times of repopulation of a tumor type (days); None where nothing is known."""
    entries = load("repopulation")
    if f"{tumor_type}_kick_off" not in entries:
        return None
    return GrowthTimes(entries[f"{tumor_type}_kick_off"], entries[f"{tumor_type}_doubling_time"])


def repair_half_time(name: str) -> Parameter:
    """Return the half-time of repair (min) of a tumor type or an effect on normal tissue.

    For example ``hnscc``, ``myelopathy``. Raises ModelError for a name that is not in
    ``catalog/data/repair.toml``.
    """
    return look_up(name, entries=load("repair"), where="catalog/repair.toml")


def lyman_set(endpoint: str) -> LymanSet:
    """Return the Lyman parameters of an endpoint, for example ``pneumonitis``.

    Raises ModelError for an endpoint without a set.

    >>> lyman_set("xerostomia").td50.value
    39.9
    """
    return LymanSet(endpoint, *_set(endpoint, ("n", "m", "td50", "alpha_beta")))


def logistic_set(endpoint: str) -> LogisticSet:
    """Return the logistic parameters of an endpoint, for example ``myelopathy``.

    Raises ModelError for an endpoint without a set.

    >>> logistic_set("myelopathy").d50.value
    69.4
    """
    return LogisticSet(endpoint, *_set(endpoint, ("d50", "gamma50", "alpha_beta")))


def _set(endpoint: str, parts: tuple[str, ...]) -> list[Parameter]:
    entries = load("ntcp")
    if not all(f"{endpoint}_{part}" in entries for part in parts):
        last = f"_{parts[-2]}"
        known = sorted(name.removesuffix(last) for name in entries if name.endswith(last))
        hint = f"Known: {', '.join(known)}."
        what = f"'{endpoint}' has no set of {', '.join(parts)}"
        raise ModelError(Problem("catalog/ntcp.toml", what, "an endpoint of the file", hint))
    return [entries[f"{endpoint}_{part}"] for part in parts]
