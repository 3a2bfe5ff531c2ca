"""Arguments and options that several commands share, each with its one help text."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "CaseArgument", "FolderOption", "ForceOption", "JsonOption", "OutputOption", "ParquetOption",
]  # fmt: skip

CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="A library name ('abscope cases' lists them) or a case file.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to this file.", show_default=False),
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="Write the tables into this folder.",
        show_default=False,
    ),
]  # fmt: skip
ParquetOption = Annotated[bool, typer.Option("--parquet", help="Write Parquet instead of CSV.")]
