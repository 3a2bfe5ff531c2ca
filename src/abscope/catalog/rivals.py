"""Numbers behind the other explanations of a distant response: timing, chance and background."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["background_rate", "onset_time", "spontaneous_regression"]


def onset_time(name: str) -> Parameter:
    """Return a time in days between radiotherapy and a distant response.

    ``window_start``, ``window_end`` and ``drug_window`` are options of the evidence grade (own
    proposals), ``longest_published`` and the medians are what was seen. Raises ModelError for a
    name that is not in ``catalog/data/onset.toml``.
    """
    return look_up(name, entries=load("onset"), where="catalog/onset.toml")


def background_rate(name: str) -> Parameter:
    """Return a share of patients, as a fraction with its 95 % interval.

    For example ``pseudoprogression_melanoma`` or ``response_alc_above_median_after_rt``. Raises
    ModelError for a name that is not in ``catalog/data/rates.toml``.
    """
    return look_up(name, entries=load("rates"), where="catalog/rates.toml")


def spontaneous_regression(tumor_type: str) -> Parameter | None:
    """Return what is known of regression without treatment; None where nothing was found.

    The unit tells which: ``frac`` is a rate, ``1`` a number of published patients without any
    denominator, which shows that it happens and not how often.
    """
    return load("spontaneous_regression").get(tumor_type)
