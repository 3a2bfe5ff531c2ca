"""Reference limits of laboratories."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["lymphocyte_lower_limit"]


def lymphocyte_lower_limit() -> Parameter:
    """Return the range, in cells per microliter, in which laboratories set the lower limit.

    For saying what is possible when a laboratory's own limit is not reported; the value must not
    replace it.
    """
    return look_up(
        "lymphocyte_lower_limit", entries=load("laboratory"), where="catalog/laboratory.toml"
    )
