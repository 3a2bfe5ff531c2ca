"""Reference limits of laboratories."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["ctcae_lymphocyte_floor", "lymphocyte_lower_limit"]


def lymphocyte_lower_limit() -> Parameter:
    """Return the range, in cells per microliter, in which laboratories set the lower limit.

    For saying what is possible when a laboratory's own limit is not reported; the value must not
    replace it.
    """
    return look_up(
        "lymphocyte_lower_limit", entries=load("laboratory"), where="catalog/laboratory.toml"
    )


def ctcae_lymphocyte_floor(grade: int) -> Parameter:
    """Return the lowest count (cells per microliter) of CTCAE v5 grade 1, 2 or 3.

    A count at the floor has that grade; below the floor of grade 3 it is grade 4. Raises
    ModelError for another grade.

    >>> ctcae_lymphocyte_floor(2).value
    500.0
    """
    return look_up(
        f"ctcae_grade_{grade}_floor", entries=load("laboratory"), where="catalog/laboratory.toml"
    )
