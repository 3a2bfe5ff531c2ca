"""``abscope new FILE``: a commented case file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from abscope.cli.options import ForceOption, JsonOption
from abscope.cli.output import answer

__all__ = ["new"]

_File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The case file to make.", show_default=False)
]


def new(file: _File, force: ForceOption = False, as_json: JsonOption = False) -> None:
    """Write a commented case file to start from.

    The file is a valid case as it stands; change it step by step.
    """
    from abscope.case.files import write_text
    from abscope.case.template import template

    write_text(file, template(), force=force)
    answer(
        {"file": str(file)},
        lambda: [f"{file}: written. Change it, then run: abscope check {file}"],
        as_json=as_json,
    )
