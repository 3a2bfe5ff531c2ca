"""A user's changes to the circulation, laid over the tables of the catalog."""

import difflib
from collections.abc import Mapping
from typing import Any

from abscope.catalog.entries import source_problem
from abscope.errors import Problem

__all__ = ["layered"]

_EDITABLE = ("source", "name", "blood_volume", "cardiac_output", "compartment")


def layered(
    tables: Mapping[str, Any], *, edits: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the tables with the edits in place, and what is wrong with the edits themselves.

    A compartment that is not in the tables is a problem: a misspelt name would change nothing.
    """
    problems = []
    if wrong := source_problem(edits.get("source")):
        problems.append(Problem(where, *wrong, path="source"))
    if extra := sorted(set(edits) - set(_EDITABLE)):
        action = "Remove them."
        what = f"unknown key(s) {', '.join(extra)}"
        problems.append(Problem(where, what, ", ".join(_EDITABLE), action))
    rows = dict(tables["compartment"])
    changes = edits.get("compartment", {})
    for name, change in changes.items() if isinstance(changes, dict) else ():
        if name not in rows:
            close = difflib.get_close_matches(name, rows, n=3, cutoff=0.5)
            action = f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(rows)}."
            what = f"there is no compartment '{name}'"
            problems.append(Problem(where, what, "one of the circulation", action))
        elif not isinstance(change, dict):
            what, rule = f"is {change!r}", "a table with the entries that change"
            path = f"compartment.{name}"
            problems.append(Problem(where, what, rule, "Give the changes.", path=path))
        else:
            rows[name] = _changed(rows[name], change)
    out = {**tables, **{key: edits[key] for key in edits if key not in ("source", "compartment")}}
    source = f"{tables['source']}; {edits.get('source')}"
    return {**out, "compartment": rows, "source": source}, problems


def _changed(row: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    out = {**row, **change}
    if isinstance(row["to"], dict) and isinstance(change.get("to"), dict):
        flows = {**row["to"], **change["to"]}
        out["to"] = {name: flow for name, flow in flows.items() if flow != 0}
    return out
