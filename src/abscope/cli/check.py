"""``abscope check CASE``: what is wrong with a case file, and what does not fit together in it."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from abscope.cli.options import CaseArgument, JsonOption
from abscope.cli.output import answer

__all__ = ["check"]

_Strict = Annotated[
    bool, typer.Option("--strict", help="End with exit code 1 where there are warnings.")
]


def check(case: CaseArgument, strict: _Strict = False, as_json: JsonOption = False) -> None:
    """List the errors, contradictions and gaps of a case.

    An error makes the file unreadable as a case (exit code 1). A warning can change a conclusion
    or is a contradiction; a note is a gap or a reminder. Each comes with its line and column.
    """
    from abscope.case.checks import check_case
    from abscope.case.shelf import open_case

    located = open_case(case)
    found = []
    for finding in check_case(located.case):
        entry = {**finding.to_dict(), "where": located.place(finding.path)}
        found.append({**entry, "path": _dotted(finding.path)})
    warnings = [entry for entry in found if entry["severity"] == "warning"]
    notes = [entry for entry in found if entry["severity"] != "warning"]
    payload: dict[str, Any] = {"case": located.case.id, "file": located.name}
    refused = strict and bool(warnings)
    if refused:
        payload["error"] = f"{located.name}: warnings, and --strict allows none"
        payload["errors"] = warnings
    answer(
        {**payload, "warnings": warnings, "notes": notes},
        lambda: _lines(located.name, warnings, notes),
        as_json=as_json,
        status=1 if refused else 0,
    )


def _dotted(path: tuple[str | int, ...]) -> str:
    """Return a path through a record as text: ``imaging[2].findings[0].size_mm``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _lines(name: str, warnings: list[dict[str, Any]], notes: list[dict[str, Any]]) -> Iterator[str]:
    from abscope.report.words import plural

    for entry in (*warnings, *notes):
        kind = f"{entry['severity']} [{entry['code']}]"
        place = f"{entry['path']}: " if entry["path"] else ""
        said = f"{entry['what']}; expected {entry['expected']}. {entry['action']}".rstrip()
        yield f"{entry['where']}: {kind}: {place}{said}"
        for statement in entry["statements"]:
            loc = f" ({statement['loc']})" if statement["loc"] else ""
            yield f"    - {statement['text']}{loc}"
    counts = f"{plural(len(warnings), 'warning')}, {plural(len(notes), 'note')}"
    yield f"{name}: no errors, {counts}"
