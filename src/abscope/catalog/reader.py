"""How far readers and repeated scans differ when the same lesions are measured."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["reader_limits"]


def reader_limits(name: str) -> Parameter:
    """Return one entry of reader variation; ``low`` and ``high`` are the 95 % limits (fractions).

    Names: ``single_between_readers``, ``single_same_reader``, ``sum_between_readers``,
    ``sum_same_reader``, ``single_change_between_readers``; in mm ``repeat_scan_change_sd_mm`` and
    ``smallest_measurable_mm``. Raises ModelError for any other name.

    >>> reader_limits("single_change_between_readers").low
    -0.313
    """
    return look_up(name, entries=load("reader_variation"), where="catalog/reader_variation.toml")
