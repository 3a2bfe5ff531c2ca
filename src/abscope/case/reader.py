"""Case files to cases, with every problem at once and the place of each in the file."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from abscope.case.complaints import Complaint, complaints_of
from abscope.case.files import read_text
from abscope.case.record import Case
from abscope.case.remainder import reference_complaints
from abscope.case.yamltext import Spot, Tree, read_yaml
from abscope.errors import CaseError, Problem

__all__ = ["LocatedCase", "read_case", "read_case_text"]

_RecordPath = tuple[str | int, ...]

#: With more problems than this the references are judged once these are corrected: it would take
#: too long to leave out one value after the other.
_FEW = 200
#: Keys that stand for several fields of their record.
_SHORTHANDS = ("schedule", "regimen")


@dataclass(frozen=True, slots=True)
class LocatedCase:
    """A case with the text it was read from, so that findings can point into the file."""

    case: Case
    name: str
    text: str = field(repr=False)
    _tree: Tree = field(repr=False, compare=False)

    def place(self, path: _RecordPath) -> str:
        """Return ``name:line:column`` of the deepest value on a record path that the file has."""
        spot = _spot(self._tree, path)
        return f"{self.name}:{spot.line}:{spot.column}"


def read_case(path: str | Path) -> LocatedCase:
    """Return the case of a YAML file with its places.

    Raises UsageError where there is no file to read, CaseError with every problem of its content.
    """
    return read_case_text(read_text(path), name=os.fspath(path))


def read_case_text(text: str, *, name: str) -> LocatedCase:
    """Return the case of a YAML text; ``name`` stands for the file in messages.

    Raises CaseError with every problem at once.
    """
    tree = read_yaml(text, name=name)
    if not isinstance(tree.root.plain, dict):
        spot = tree.root.spot
        raise CaseError(
            Problem(
                f"{name}:{spot.line}:{spot.column}",
                "the file holds no mapping at its top level",
                "lines 'key: value' such as schema, id and title",
                "Start from a template: abscope new FILE.",
            )
        )
    try:
        case = Case.model_validate(tree.root.plain)
    except ValidationError as error:
        details = error.errors(include_url=False)
        found = complaints_of(details, root=Case)
        if len(found) <= _FEW and all(d["type"] != "abscope_references" for d in details):
            found += reference_complaints(tree, found)
        raise CaseError(_problems(tree, found)) from None
    if tree.problems:
        raise CaseError(_problems(tree, ()))
    return LocatedCase(case, name, text, tree)


def _problems(tree: Tree, complaints: tuple[Complaint, ...]) -> list[Problem]:
    found: list[tuple[Spot, Problem]] = [(spot, problem) for _, spot, problem in tree.problems]
    settled = {path for path, _, _ in tree.problems}
    merged: dict[_RecordPath, list[Complaint]] = {}
    for complaint in complaints:
        path, _ = tree.follow(complaint.path)
        if path not in settled or not path:
            missing = complaint.path[-1:] if complaint.what.endswith("is missing") else ()
            merged.setdefault((*path, *missing), []).append(complaint)
    for path, group in merged.items():
        for complaint in _one_per_branch(group):
            spot = _spot(tree, complaint.path, at_key=complaint.at_key)
            where = f"{tree.name}:{spot.line}:{spot.column}"
            found.append((spot, _problem(where, complaint, path)))
    found.sort(key=lambda item: (item[0].line, item[0].column))
    return [problem for _, problem in found]


def _one_per_branch(group: list[Complaint]) -> list[Complaint]:
    """Join what the branches of one union say about the same value."""
    branches: dict[_RecordPath, list[Complaint]] = {}
    for complaint in group:
        branches.setdefault(complaint.path[:-1], []).append(complaint)
    joined: list[Complaint] = []
    for items in branches.values():
        if len({item.path for item in items}) < len(items):
            joined += items
            continue
        last = items[-1]
        expected = " or ".join(dict.fromkeys(item.expected for item in items))
        joined.append(Complaint(last.path, last.what, expected, last.action, last.at_key))
    return joined


def _problem(where: str, complaint: Complaint, path: _RecordPath) -> Problem:
    dotted = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in path).lstrip(".")
    parts = (complaint.what, complaint.expected, complaint.action)
    what, expected, action = (_one_line(part) for part in parts)
    return Problem(where, what, expected, action, _one_line(dotted))


def _one_line(text: str) -> str:
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat if len(flat) <= 1500 else f"{flat[:1000]} ... {flat[-300:]}"


def _spot(tree: Tree, path: _RecordPath, *, at_key: bool = False) -> Spot:
    known, node = tree.follow(path)
    if at_key and known:
        _, above = tree.follow(known[:-1])
        return above.keys.get(str(known[-1]), node.spot)
    if len(known) < len(path):
        for shorthand in _SHORTHANDS:
            if shorthand in node.children:
                return node.children[shorthand].spot
    return node.spot
