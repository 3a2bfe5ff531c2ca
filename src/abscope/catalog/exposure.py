"""The dose lines between no dose, low dose and in-field, and the limits of out-of-field dose."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["exposure_line"]


def exposure_line(name: str) -> Parameter:
    """Return one default option of the exposure classes.

    ``no_dose_below_gy`` and ``low_dose_up_to_gy`` (Gy), ``out_of_field_scatter_frac`` (share of
    the prescribed dose that a lesion outside the field can get), ``out_of_field_inflation``
    (factor on a computed out-of-field dose), and the lines of the classes by computed dose and of
    registrations that the file lists. Raises ModelError for any other name.

    >>> exposure_line("no_dose_below_gy").value
    1.0
    """
    return look_up(name, entries=load("exposure"), where="catalog/exposure.toml")
