"""The form for a new case: a field is named by its path in the record, so that errors find it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import yaml

from abscope.case.reader import read_case_text
from abscope.case.record import Diagnosis
from abscope.case.writer import case_to_yaml
from abscope.errors import Problem

__all__ = ["TUMOR_TYPES", "case_text", "compact", "field_problems"]

_STEP = re.compile(r"([a-z_0-9]+)((?:\[\d{1,2}\])*)")
_LISTS = (".targets", ".modalities", ".seen")


def _tumor_types() -> tuple[str, ...]:
    """Return the closed list of the record; it stands inside the type of the fact."""
    annotation = Diagnosis.model_fields["tumor_type"].annotation
    fact = next(item for item in get_args(annotation) if item is not type(None))
    words = next(iter(get_args(fact.model_fields["value"].annotation)))
    return tuple(get_args(words))


TUMOR_TYPES = _tumor_types()


def compact(values: Mapping[str, str]) -> dict[str, str]:
    """Return the filled fields with their rows numbered anew, without the rows left empty."""
    steps = {path: _steps(path) for path, value in values.items() if value and _steps(path)}
    numbers: dict[tuple[str | int, ...], list[int]] = {}
    for parts in steps.values():
        for n, part in enumerate(parts):
            rows = numbers.setdefault(tuple(parts[:n]), []) if isinstance(part, int) else None
            if rows is not None and part not in rows:
                rows.append(int(part))
    found = {}
    for path, parts in steps.items():
        words = ""
        for n, part in enumerate(parts):
            if isinstance(part, int):
                words += f"[{sorted(numbers[tuple(parts[:n])]).index(part)}]"
            else:
                words += f".{part}" if words else part
        found[words] = values[path]
    return found


def case_text(values: Mapping[str, str]) -> str:
    """Return the case file of a form whose rows are compact; raise CaseError with every problem.

    A field that was left empty is not mentioned: unknown is neither zero nor none.
    """
    tree: dict[str, Any] = {"schema": "abscope-case/1"}
    for path, value in values.items():
        _put(tree, _steps(path), _plain(path, value))
    text = yaml.safe_dump(_dense(tree), sort_keys=False, allow_unicode=True)
    return case_to_yaml(read_case_text(text, name="form").case)


def field_problems(problems: Iterable[Problem]) -> dict[str, str]:
    """Return what is wrong by the name of the field it belongs to."""
    return {
        problem.path: f"{problem.what}; expected {problem.expected}."
        for problem in problems
        if problem.path
    }


def _steps(path: str) -> list[str | int]:
    """Return ``lesions[0].site`` as its parts; empty for what is no field of the record."""
    steps: list[str | int] = []
    for part in path.split("."):
        found = _STEP.fullmatch(part)
        if found is None:
            return []
        steps.append(found[1])
        steps += [int(number) for number in re.findall(r"\d+", found[2])]
    return steps


def _plain(path: str, value: str) -> Any:
    if path.endswith(_LISTS):
        return [item.strip() for item in value.split(",") if item.strip()]
    try:
        known = yaml.safe_load(value) if re.fullmatch(r"[-+]?\d+(\.\d+)?", value) else value
    except yaml.YAMLError:
        return value
    return known


def _put(tree: dict[str, Any], steps: list[str | int], value: Any) -> None:
    """Set a value deep inside; numbered parts are kept as mappings until `_dense`."""
    place: dict[Any, Any] = tree
    for step in steps[:-1]:
        place = place.setdefault(step, {})
    place[steps[-1]] = value


def _dense(node: Any) -> Any:
    """Return mappings with numbers for keys as lists."""
    if not isinstance(node, dict):
        return node
    if node and all(isinstance(key, int) for key in node):
        return [_dense(node[key]) for key in sorted(node)]
    return {key: _dense(value) for key, value in node.items()}
