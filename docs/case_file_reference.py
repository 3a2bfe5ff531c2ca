"""Writes docs/reference/case-file.md from the records themselves.

    python docs/case_file_reference.py

A test compares the page with what this module returns, so the two cannot drift apart.
"""

import ast
import inspect
import types
import typing
from pathlib import Path

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from abscope.case import amounts, anatomy
from abscope.case.facts import Fact
from abscope.case.record import Case
from abscope.case.timing import When

__all__ = ["page"]

PAGE = Path(__file__).parent / "reference" / "case-file.md"

HEAD = """\
# The case file, field by field

<!-- Written by docs/case_file_reference.py. Change the records, then run it again. -->

A case file is YAML (UTF-8) with `schema: abscope-case/1` at its top. Unknown keys are refused with
the nearest known name. [Write a case file](../how-to/write-a-case-file.md) shows how the parts fit;
`abscope schema` prints the same rules as JSON Schema for editors.

## Short and long forms

A field marked **fact** takes a bare value, `not reported`, `not seen`, or the long form:

| key | meaning |
|---|---|
| `value` | the value; absent where nothing is known, or where versions conflict |
| `status` | `stated` (default), `derived`, `inferred`, `conflicting`, `not_reported`, `not_seen` |
| `versions` | two or more `{value, loc, note}`, when the source contradicts itself |
| `loc` | place in the source: page, table, figure |
| `note` | a remark in our own words |
| `ref` | entry of an outside list of reported issues that this fact settles or shows |

A field with a **unit** is a fact that holds a number: `22`, `2.2 cm`, `20-30 mm`, `< 5 mm`,
`{value: 22, loc: "p. 3"}`. A bare number is in the unit of the field. The long form also takes
`low` and `high`.

A **time** is `2018-04-20`, `2018-04`, `2018`, `2021-10..2021-11`, `day 14`,
`3 months after RT1.end`, `2-4 weeks before I1`, `before RT1`, `during RT1`, `at I1`, each possibly
with `about` in front.
"""


def page() -> str:
    """Return the text of the whole page."""
    parts = [HEAD, "## Records\n"]
    parts += [_section(record) for record in _records(Case)]
    parts.append(_sites())
    return "\n".join(parts)


def _records(first: type[BaseModel]) -> list[type[BaseModel]]:
    """Return the record and every record its fields hold, in the order they are met."""
    found: list[type[BaseModel]] = []
    waiting = [first]
    while waiting:
        record = waiting.pop(0)
        if record not in found:
            found.append(record)
            waiting += [
                item for field in record.model_fields.values() for item in _held(field.annotation)
            ]
    return found


def _held(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [] if issubclass(annotation, Fact | When) else [annotation]
    return [item for inner in typing.get_args(annotation) for item in _held(inner)]


def _section(record: type[BaseModel]) -> str:
    lines = [f"### {record.__name__}", "", _docstring(record), "", "| field | takes |", "|---|---|"]
    for name, field in record.model_fields.items():
        key = f"`{field.alias or name}`" + (" (required)" if field.is_required() else "")
        lines.append(f"| {key} | {_field(field)} |")
    return "\n".join([*lines, ""])


def _docstring(record: type[BaseModel]) -> str:
    text = (record.__doc__ or "").strip()
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).replace("``", "`")


def _field(field: FieldInfo) -> str:
    words = _words(field.annotation)
    limits = [limit for item in field.metadata if (limit := _limit(item))]
    return ", ".join([words, *limits]).replace("|", "\\|")


def _limit(item: object) -> str:
    match item:
        case Ge(ge=number):
            return f"at least {number}"
        case Le(le=number):
            return f"at most {number}"
        case MinLen(min_length=number):
            return f"at least {number}"
        case MaxLen(max_length=number):
            return f"at most {number} characters"
        case FieldInfo(metadata=inner):
            return ", ".join(filter(None, map(_limit, inner)))
    pattern = getattr(item, "pattern", None)
    return f"pattern `{pattern}`" if pattern else ""


def _quantities() -> dict[object, str]:
    """Return the words for each quantity type, by its validator, read from their definitions."""
    words: dict[object, str] = {}
    for node in ast.parse(inspect.getsource(amounts)).body:
        calls = [item for item in ast.walk(node) if _is_quantity(item)]
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and calls:
            validator = getattr(amounts, node.targets[0].id).__metadata__[0]
            words[validator] = _quantity_words(typing.cast(ast.Call, calls[0]))
    return words


def _is_quantity(item: ast.AST) -> bool:
    return (
        isinstance(item, ast.Call)
        and isinstance(item.func, ast.Name)
        and item.func.id == "quantity_in"
    )


def _quantity_words(call: ast.Call) -> str:
    unit = ast.literal_eval(call.args[0])
    limited = [word for word in call.keywords if word.arg != "hint"]
    given = {word.arg: ast.literal_eval(word.value) for word in limited}
    low, high = given.get("low"), given.get("high")
    limits = ["more than 0"] if given.get("above_zero") else []
    limits += [f"at least {low:g}"] if low is not None else []
    limits += [f"at most {high:g}"] if high is not None else []
    name = "number" if unit == "1" else f"number in **{unit}**"
    return f"{name} ({', '.join(limits)})" if limits else name


_QUANTITIES = _quantities()


def _words(annotation: object) -> str:
    """Return in words what a field of this type takes."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _annotated_words(inside[0], inside[1:])
    if origin is typing.Literal:
        return ", ".join(f"`{item}`" for item in inside)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(item) for item in inside if item is not type(None))
    if origin is tuple:
        return f"list of {_words(inside[0])}"
    assert isinstance(annotation, type), annotation
    if issubclass(annotation, Fact):
        value = annotation.__pydantic_generic_metadata__["args"][0]
        return f"fact: {_words(value)}"
    if issubclass(annotation, When):
        return "time"
    if issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}[
        annotation
    ]


def _annotated_words(inner: object, metadata: tuple[object, ...]) -> str:
    for item in metadata:
        if isinstance(item, BeforeValidator) and item in _QUANTITIES:
            return _QUANTITIES[item]
        extra = item.json_schema_extra if isinstance(item, FieldInfo) else None
        if isinstance(extra, dict) and "enum" in extra:
            return "a [site](#sites)"
    if inner is float and metadata:
        return "number in **mm**"
    limits = [limit for item in metadata if (limit := _limit(item))]
    return f"{_words(inner)} ({', '.join(limits)})" if limits else _words(inner)


def _sites() -> str:
    """Return the table of the anatomical vocabulary."""
    lines = [
        "## Sites", "",
        "| `site` | meaning | organ | regions | kind | paired |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [
        f"| `{site.name}` | {site.label} | {site.organ} | {', '.join(site.regions)} | {site.kind} "
        f"| {'yes' if site.paired else ''} |"
        for site in anatomy.SITES.values()
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE}")
