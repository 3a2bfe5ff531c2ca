"""Numbers of the model ``abscope-core``: its parameters and the volumes of organs."""

from collections.abc import Mapping

from abscope.catalog.circulation import Sex
from abscope.catalog.entries import Parameter, load, look_up
from abscope.errors import ModelError, Problem

__all__ = [
    "core_parameter", "core_parameters", "naive_pool", "organ_volume", "organs_with_volume",
]  # fmt: skip


def core_parameters() -> Mapping[str, Parameter]:
    """Return every parameter of ``abscope-core`` that no patient brings, by name."""
    return load("model_core")


def core_parameter(name: str) -> Parameter:
    """Return one number of ``catalog/data/model_core.toml``, in the unit that it holds.

    Raises ModelError for a name that is not there.

    >>> core_parameter("trex1_dose").value
    15.0
    """
    return look_up(name, entries=load("model_core"), where="catalog/model_core.toml")


def naive_pool(tumor_type: str) -> Parameter:
    """Return the naive T cells (mcell) that know a tumor of this type, over patients.

    low to high holds 95 % of patients. Types without an entry have that of ``model_core.toml``.

    >>> naive_pool("colorectal").value < naive_pool("other").value
    True
    """
    return load("naive_pool").get(tumor_type) or core_parameter("naive_pool")


def organ_volume(organ: str, *, sex: Sex) -> Parameter:
    """Return the volume (ml) of a compartment of the circulation that a lesion can lie in.

    Raises ModelError where the compartment is no organ (a vessel, a chamber of the heart) or the
    volume is not known.

    >>> organ_volume("liver", sex="male").value
    1800.0
    """
    entries = load("organ_volumes")
    if f"{organ}-{sex}" not in entries:
        known = ", ".join(organs_with_volume())
        where = "catalog/organ_volumes.toml"
        raise ModelError(Problem(where, f"'{organ}' has no volume", known, "Choose an organ."))
    return entries[f"{organ}-{sex}"]


def organs_with_volume() -> tuple[str, ...]:
    """Return the compartments of the circulation that are organs, by name."""
    return tuple(sorted({name.partition("-")[0] for name in load("organ_volumes")}))
