"""What a person decided about names of regions, kept in a small YAML file.

``organs:`` maps the name of a region, as the planning system writes it, to an organ of the catalog,
to ``body`` (the outer contour) or to ``none`` (it stays in the organ or remainder it lies in). It
is the same key as in the map of lesions (`abscope.dose.lesion_map`), whose other keys are left
alone.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from abscope.case.files import read_text, write_text
from abscope.catalog.organs import organ_catalog
from abscope.dose.organ_cells import shown
from abscope.dose.organ_names import NO_ORGAN, OrganMapping, candidates
from abscope.errors import CaseError, Problem, TableError

if TYPE_CHECKING:
    from abscope.case.yamltext import Node

__all__ = ["mapping_text", "read_mapping", "write_mapping"]

_KEYS = {"organs", "lesions", "courses"}
_HEAD = """\
# Which organ each region of interest is, for abscope. Left and right have the same organ.
# body: the outer contour; none: no organ of its own.
organs:
"""


def read_mapping(path: str | Path) -> dict[str, str]:
    """Return what a mapping file decides, name of a region to organ, body or none.

    Raises UsageError where there is no such file, TableError with the line of everything that is
    wrong: an organ that is not known (the nearest are named), a name that stands twice, no text.
    """
    from abscope.case.yamltext import read_yaml

    name = os.fspath(path)
    try:
        tree = read_yaml(read_text(path), name=name)
    except CaseError as error:
        raise TableError(error.problems) from None
    problems = [problem for _, _, problem in tree.problems]
    organs = tree.root.children.get("organs")
    if not isinstance(tree.root.plain, dict) or organs is None or set(tree.root.plain) - _KEYS:
        expected = "the key organs, and beside it at most lesions and courses"
        problems.append(Problem(f"{name}:1", "not a mapping of organs", expected, "See the docs."))
    elif not isinstance(organs.plain, dict):
        place = f"{name}:{organs.spot.line}"
        problems.append(Problem(place, "organs is no mapping", "region: organ", "Correct it."))
    else:
        problems += [
            problem
            for roi_name, node in organs.children.items()
            if (problem := _organ_problem(name, str(roi_name), node))
        ]
    if problems:
        raise TableError(problems)
    return {str(key): node.plain for key, node in organs.children.items()} if organs else {}


def write_mapping(path: str | Path, mapping: Mapping[str, str], *, force: bool) -> None:
    """Write decisions to a file that `read_mapping` reads; a failure leaves an old file as it was.

    Raises UsageError where the file exists and ``force`` is false, or cannot be written.
    """
    lines = (f"  {_quoted(name)}: {organ}\n" for name, organ in mapping.items())
    write_text(path, _HEAD + ("".join(lines) or "  {}\n"), force=force)


def mapping_text(found: OrganMapping) -> str:
    """Return a mapping file to fill in: what is settled, and each open name with its candidates.

    Open names stand in comments, so that nothing is decided by a similar name.
    """
    lines = [_HEAD]
    for match in found.matches:
        word = match.organ or ("body" if match.how == "body" else "none")
        if match.how != "open":
            lines.append(f"  {_quoted(match.roi_name)}: {word}\n")
            continue
        hints = ", ".join(f"{item.organ} ({item.score_frac:.2f})" for item in match.candidates)
        lines.append(f"  # {_quoted(match.roi_name)}: ?    {hints or 'nothing similar'}\n")
    if all(match.how == "open" for match in found.matches):
        lines.append("  {}\n")
    return "".join(lines)


def _organ_problem(name: str, roi_name: str, node: "Node") -> Problem | None:
    value = node.plain
    if isinstance(value, str) and (value in organ_catalog().organs or value in NO_ORGAN):
        return None
    near = ", ".join(item.organ for item in candidates(value)) if isinstance(value, str) else ""
    return Problem(
        f"{name}:{node.spot.line}",
        f"'{shown(str(value))}' is no organ",
        "an organ of the catalog, body or none",
        f"Did you mean {near}?" if near else "See abscope.catalog.organs.",
        path=shown(roi_name),
    )


def _quoted(name: str) -> str:
    """Return a name as a double-quoted YAML scalar."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
