"""``abscope best FILE.csv``: best responses from time points that were adjudicated already."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from abscope.cli.cohort import write_tables
from abscope.cli.options import FolderOption, ForceOption, JsonOption, ParquetOption
from abscope.cli.output import answer, table

__all__ = ["best"]

_MOST_LINES = 200
_FileArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE.csv", help="Columns subject, date, response; see the reference of tables."
    ),
]
_OptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="Option of the table, for example accept_sd_between=true; may be repeated.",
        show_default=False,
    ),
]


def best(
    file: _FileArgument,
    option: _OptionOption = None,
    output: FolderOption = None,
    parquet: ParquetOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Derive best responses from adjudicated time points, as the R package admiralonco does.

    RECIST: PD, RSP, CRSP, CB, CCB, BOR, CBOR, BCP, CBCP. iRECIST: ICPD, IUPD, IRSP, ICRSP, ICB,
    ICCB, IBOR, ICBOR, IBCP, ICBCP. Dates of reference are columns of the table.
    """
    from abscope.io.timepoint_table import read_timepoint_table
    from abscope.response.best_tables import BEST_COLUMNS, best_tables, endpoint_rows

    rows = read_timepoint_table(file)
    tables = best_tables(rows.rows, switches=option or ())
    found = [row for item in tables for row in endpoint_rows(item)]
    switches = {"force": force, "parquet": parquet}
    written = write_tables(output, {"best": (BEST_COLUMNS, found)}, switches=switches)
    payload: dict[str, Any] = {
        "file": file,
        "counts": {
            "rows_in": len(rows.rows),
            "rows_counted": sum(item.table.n_counted for item in tables),
            "rows_excluded": sum(len(item.table.excluded) for item in tables),
        },
        "options": [item.options for item in tables],
        "endpoints": [
            {**row, "ADT": row["ADT"].isoformat() if row["ADT"] else None} for row in found
        ],
        "warnings": [text for item in tables for text in item.table.warnings],
        "excluded": [text for item in tables for text in item.table.excluded],
        "ignored_columns": list(rows.ignored_columns),
        "written": written,
    }
    answer(payload, lambda: _lines(payload), as_json=as_json)


def _lines(payload: dict[str, Any]) -> Iterator[str]:
    rows = payload["endpoints"]
    yield from table(
        (
            (row["USUBJID"], row["RSEVAL"], row["PARAMCD"], row["AVALC"], row["ADT"] or "")
            for row in rows[:_MOST_LINES]
        ),
        head=("subject", "reader", "endpoint", "value", "date"),
    )
    if len(rows) > _MOST_LINES:
        yield f"... and {len(rows) - _MOST_LINES} more; write them with --output DIR"
    yield from (f"warning: {text}" for text in payload["warnings"])
    yield from (f"excluded: {text}" for text in payload["excluded"])
    counts = payload["counts"]
    yield (
        f"rows in {counts['rows_in']}, counted {counts['rows_counted']}, "
        f"excluded {counts['rows_excluded']}"
    )
    yield from (f"{name}: written" for name in payload["written"])
