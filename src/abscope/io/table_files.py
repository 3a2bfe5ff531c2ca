"""Result tables as CSV or Parquet, never half a file.

Parquet is written by DuckDB, an optional extra: its wheel is less than half of that of pyarrow
(24 against 55 MB) and it needs no other package.
"""

import csv
import datetime
import os
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from abscope.case.files import write_text
from abscope.errors import Problem, UsageError

__all__ = ["csv_text", "write_table"]


def write_table(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    force: bool,
) -> None:
    """Write rows as CSV, as Parquet where the name ends in .parquet; None is an empty cell.

    ``rows`` map column names to values; a column that a row lacks is empty, a key that is no
    column is an error. Raises UsageError where the ending is another, the file exists and
    ``force`` is false, the folder cannot take it, or Parquet needs the extra ``parquet``.
    """
    name = os.fspath(path)
    unknown = sorted({key for row in rows for key in row} - set(columns))
    if unknown:
        raise ValueError(f"rows have keys that are no columns: {', '.join(unknown)}")
    if name.endswith(".csv"):
        write_text(name, csv_text(columns, rows), force=force)
    elif name.endswith(".parquet"):
        _write_parquet(name, columns, rows, force=force)
    else:
        raise _usage(name, "the ending is not known", ".csv or .parquet", "Rename the file.")


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header; None is an empty cell."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else value


def _write_parquet(
    name: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, force: bool
) -> None:
    try:
        import duckdb
    except ImportError:
        raise _usage(
            name, "writing Parquet needs DuckDB, which is not installed", "the extra 'parquet'",
            "Run: pip install 'abscope[parquet]'. Or write .csv.",
        ) from None  # fmt: skip
    target = Path(name)
    _check_target(target, force)
    values = [[row.get(column) for row in rows] for column in columns]
    kinds = [_sql_type(column) for column in values]
    lists = [
        [_as(kind, value) for value in column] for kind, column in zip(kinds, values, strict=True)
    ]
    selected = ", ".join(
        f"unnest(${number}::{kind}[]) AS {_quoted(column)}"
        for number, (column, kind) in enumerate(zip(columns, kinds, strict=True), start=1)
    )
    with tempfile.TemporaryDirectory(prefix=".abscope.", dir=target.parent) as folder:
        made = Path(folder) / "table.parquet"
        with duckdb.connect(":memory:") as database:
            database.execute(f"CREATE TABLE result AS SELECT {selected}", lists)
            place = str(made).replace("'", "''")
            database.execute(f"COPY result TO '{place}' (FORMAT parquet, COMPRESSION zstd)")
        os.replace(made, target)


def _check_target(target: Path, force: bool) -> None:
    name = str(target)
    if target.is_dir():
        raise _usage(name, "is a directory", "a file name", "Name a file in it.")
    if os.path.lexists(target) and not force:
        raise _usage(name, "already exists", "a new name", "Use --force to replace it.")
    if not target.parent.is_dir():
        raise _usage(name, "its folder does not exist", "a folder", "Make the folder first.")
    if not os.access(target.parent, os.W_OK):
        raise _usage(
            name, "the folder may not be written to", "a writable folder", "Choose another folder."
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql_type(values: Sequence[Any]) -> str:
    """Return the narrowest type that holds every value; text where the kinds differ."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds == {int}:
        return "BIGINT"
    if kinds and kinds <= {int, float, Decimal}:
        return "DOUBLE"
    return "DATE" if kinds == {datetime.date} else "VARCHAR"


def _as(kind: str, value: Any) -> Any:
    if value is None or kind not in ("DOUBLE", "VARCHAR"):
        return value
    return float(value) if kind == "DOUBLE" else str(value)


def _usage(where: str, what: str, expected: str, action: str) -> UsageError:
    return UsageError(Problem(where, what, expected, action))
