"""Lymphocytes in numbers: sensitivity, pools, recovery, active marrow by bone, EDIC."""

from collections.abc import Mapping

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["edic_parameter", "lymphocyte_parameter", "marrow_shares"]


def lymphocyte_parameter(name: str) -> Parameter:
    """Return one number of ``catalog/data/lymphocytes.toml``, in the unit that it holds.

    Raises ModelError for a name that is not there.

    >>> lymphocyte_parameter("recovery_rate").value
    0.0186
    """
    return look_up(name, entries=load("lymphocytes"), where="catalog/lymphocytes.toml")


def marrow_shares() -> Mapping[str, Parameter]:
    """Return the share of the active marrow that each bone holds; they add up to 1."""
    return load("marrow")


def edic_parameter(name: str) -> Parameter:
    """Return one number of the EDIC formula or of the rules published with it.

    Raises ModelError for a name that is not in ``catalog/data/edic.toml``.

    >>> edic_parameter("lung").value
    0.12
    """
    return look_up(name, entries=load("edic"), where="catalog/edic.toml")
