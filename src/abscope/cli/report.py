"""``abscope report CASE``: the case as one HTML file, its figures as SVG and PNG."""

import os
from pathlib import Path
from typing import Annotated

import typer

from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

__all__ = ["report"]

_Page = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where the report goes; without it, the case's id with .html in this folder.",
        show_default=False,
    ),
]
_Figures = Annotated[
    Path | None,
    typer.Option(
        "--figures",
        metavar="DIR",
        help="Also write each figure to this folder, as SVG and PNG; it is made where missing.",
        show_default=False,
    ),
]


def report(
    case: CaseArgument,
    output: _Page = None,
    figures: _Figures = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a case as one HTML file.

    The file holds all it needs: it can be sent, printed and read without internet.
    """
    from abscope.case.checks import check_case
    from abscope.case.files import write_files
    from abscope.case.shelf import open_case
    from abscope.report.build import build_report
    from abscope.report.figures import figures as draw

    located = open_case(case)
    page = output or Path(f"{located.case.id}.html")
    _keep_the_case(case, page)
    contents: dict[Path, str | bytes] = {
        page: build_report(located, check_case(located.case)),
    }
    if figures is not None:
        for name, figure in draw(located.case).items():
            contents[figures / f"{located.case.id}-{name}.svg"] = figure.svg()
            contents[figures / f"{located.case.id}-{name}.png"] = figure.png()
    write_files(contents, force=force, folder=figures)
    drawn = [str(path) for path in contents if path != page]
    answer(
        {"case": located.case.id, "report": str(page), "figures": drawn},
        lambda: [f"{path}: written" for path in contents],
        as_json=as_json,
    )


def _keep_the_case(case: str, page: Path) -> None:
    """Refuse to write the report over the file it is made from, with --force too."""
    if os.path.exists(case) and os.path.exists(page) and os.path.samefile(case, page):
        raise UsageError(
            Problem(
                str(page),
                "is the case file itself",
                "another name for the report",
                "Give the report a name that ends in .html.",
            )
        )
