"""SAS transport files (XPT, versions 5 and 8), read by the optional package pyreadstat."""

import math
import os
from collections.abc import Iterator
from typing import Any

from abscope.errors import Problem, TableError, UsageError
from abscope.io.delimited import open_bytes

__all__ = ["read_xport"]


def read_xport(path: str | os.PathLike[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield row number (from 1) and values by variable name; a missing number is None.

    Raises:
        UsageError: There is no such file, or abscope was installed without the extra ``xpt``.
        TableError: The file is no SAS transport file.
    """
    name = os.fspath(path)
    with open_bytes(path) as stream:
        head = stream.read(20)
    if head != b"HEADER RECORD*******":
        raise _refuse(name, "the file does not start like a SAS transport file")
    try:
        import pyreadstat
    except ImportError:
        raise UsageError(
            Problem(
                name, "reading XPT needs pyreadstat, which is not installed", "the extra 'xpt'",
                "Run: pip install 'abscope[xpt]'. Or export the dataset as CSV or Dataset-JSON.",
            )
        ) from None  # fmt: skip
    try:
        columns, _ = pyreadstat.read_xport(
            name, output_format="dict", disable_datetime_conversion=True
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise _refuse(name, f"the file cannot be read ({error})") from None
    names = list(columns)
    for number, row in enumerate(zip(*columns.values(), strict=True), start=1):
        yield number, {key: _plain(value) for key, value in zip(names, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    number = float(value)
    return None if math.isnan(number) else number


def _refuse(name: str, what: str) -> TableError:
    return TableError(Problem(name, what, "a SAS transport file (XPT)", "Export it again."))
