"""Arguments and options that several commands share, each with its one help text."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["CaseArgument", "ForceOption", "JsonOption", "OutputOption"]

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
