"""What a case with invalid values still says about references, so that all problems come at once.

References are checked on a valid case only. Here the values that are wrong are left out, as long
as no identifier goes with them, until the rest is valid; then its references can be judged.
"""

from typing import Any

from pydantic import ValidationError

from abscope.case.complaints import Complaint, complaints_of
from abscope.case.record import Case
from abscope.case.yamltext import Tree

__all__ = ["reference_complaints"]

_ROUNDS = 4


def reference_complaints(tree: Tree, complaints: tuple[Complaint, ...]) -> tuple[Complaint, ...]:
    """Return the reference problems of a case that also has the given other problems.

    Empty where the rest of the case cannot be made valid by leaving out single values.
    """
    plain = tree.root.plain
    for _ in range(_ROUNDS):
        paths = {_removable(tree.follow(complaint.path)[0]) for complaint in complaints}
        for path in sorted(paths, key=len, reverse=True):
            left = _without(plain, path) if path else None
            if left is None:
                return ()
            plain = left
        try:
            Case.model_validate(plain)
        except ValidationError as error:
            details = error.errors(include_url=False)
            complaints = complaints_of(details, root=Case)
            if all(detail["type"] == "abscope_references" for detail in details):
                return complaints
        else:
            return ()
    return ()


def _removable(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the path of the field that holds a value: list items would renumber the others."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path


def _without(plain: Any, path: tuple[str | int, ...]) -> Any:
    """Return a copy that lacks one field; None where an identifier would be lost."""
    first, rest = path[0], path[1:]
    if isinstance(plain, list) and isinstance(first, int) and rest:
        inner = _without(plain[first], rest)
        return None if inner is None else [*plain[:first], inner, *plain[first + 1 :]]
    if not isinstance(plain, dict):
        return None
    if first not in plain:
        return plain
    if rest:
        inner = _without(plain[first], rest)
        return None if inner is None else {**plain, first: inner}
    if first == "id" or _identifies(plain[first]):
        return None
    return {key: value for key, value in plain.items() if key != first}


def _identifies(value: Any) -> bool:
    if isinstance(value, dict):
        return "id" in value or any(_identifies(item) for item in value.values())
    return isinstance(value, list) and any(_identifies(item) for item in value)
