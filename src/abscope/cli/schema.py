"""``abscope schema``: what a case file may hold, for editors and programs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from abscope.cli.options import ForceOption, JsonOption, OutputOption
from abscope.cli.output import answer, table
from abscope.errors import Problem, UsageError

__all__ = ["schema"]

_Sites = Annotated[
    bool, typer.Option("--sites", help="List the names of anatomical sites instead.")
]


def schema(
    output: OutputOption = None,
    sites: _Sites = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Print the JSON Schema of a case file, or the sites it knows."""
    if sites:
        if output is not None:
            raise UsageError(
                Problem(
                    "--output",
                    "is given together with --sites",
                    "one of the two",
                    "Leave one out; --sites --json prints the list for programs.",
                )
            )
        _sites(as_json=as_json)
    elif output is not None:
        _write(output, force=force, as_json=as_json)
    else:
        from abscope.case.schema import json_schema

        found = json_schema()
        answer({"schema": found}, lambda: _text(found).splitlines(), as_json=as_json)


def _text(found: dict[str, Any]) -> str:
    import json

    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"


def _write(output: Path, *, force: bool, as_json: bool) -> None:
    from abscope.case.files import write_text
    from abscope.case.schema import json_schema

    write_text(output, _text(json_schema()), force=force)
    answer({"file": str(output)}, lambda: [f"{output}: written"], as_json=as_json)


def _sites(*, as_json: bool) -> None:
    from abscope.case.anatomy import SITES

    rows = [
        {
            "name": site.name,
            "label": site.label,
            "organ": site.organ,
            "regions": list(site.regions),
            "kind": site.kind,
            "paired": site.paired,
        }
        for site in SITES.values()
    ]
    head = ("name", "organ", "regions", "kind", "label")
    answer(
        {"sites": rows},
        lambda: table(
            (
                [site.name, site.organ, ", ".join(site.regions), site.kind, site.label]
                for site in SITES.values()
            ),
            head=head,
        ),
        as_json=as_json,
    )
