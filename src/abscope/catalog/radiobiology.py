"""Fractionation sensitivity of tumors and normal tissue."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["alpha_beta"]


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
