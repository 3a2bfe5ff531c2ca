"""The range in which alternatives of a treatment were observed, and what a standard set gives."""

from collections.abc import Mapping

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["alternative", "seen_ranges"]


def alternative(name: str) -> Parameter:
    """Return one option of the standard set, for example ``drug_step``.

    Raises ModelError for a name that is not in ``catalog/data/alternatives.toml``.

    >>> alternative("spleen_factor").value
    0.5
    """
    return look_up(name, entries=load("alternatives"), where="catalog/alternatives.toml")


def seen_ranges() -> Mapping[str, Parameter]:
    """Return the ranges of published schedules by what they are of: ``low`` to ``high``.

    >>> sorted(seen_ranges())
    ['courses', 'dose_per_fraction', 'fractions', 'sites', 'total_dose']
    """
    prefix = "seen_"
    return {
        name.removeprefix(prefix): entry
        for name, entry in load("alternatives").items()
        if name.startswith(prefix)
    }
