"""Parameters of the published models that abscope runs beside its own."""

from collections.abc import Mapping

from abscope.catalog.entries import Parameter, load

__all__ = ["published_parameters"]


def published_parameters(model: str) -> Mapping[str, Parameter]:
    """Return the numbers of a published model by name, for example of ``kosinsky2018``.

    Each is in the unit that it holds. Raises ModelError for a model without a file
    ``catalog/data/published_<model>.toml``.

    >>> published_parameters("jin2020")["alpha"].value
    0.4
    """
    return load(f"published_{model}")
