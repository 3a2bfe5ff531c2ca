"""What pydantic finds wrong in a case, in the four parts of a Problem and in clinical words."""

import difflib
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

__all__ = ["Complaint", "complaints_of"]

_Path = tuple[str | int, ...]

_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "model_attributes": "a mapping (key: value)",
}
_ACTIONS = {
    "text": "Put it in quotes.",
    "a whole number": "Write the number without a unit, or not reported.",
    "a number": "Write the number without a unit.",
    "true or false": "Write true, false or not reported.",
    "a list": "Write [a, b], or one entry per line after '- '; leave the key out for none.",
    "a mapping (key: value)": "Write one 'key: value' per line, indented below.",
}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One finding about a record: the path in it, what is wrong, the rule and what to do.

    ``at_key`` tells to point at the key, not at its value.
    """

    path: _Path
    what: str
    expected: str
    action: str
    at_key: bool = False


def complaints_of(
    errors: Iterable[Mapping[str, Any]], *, root: type[BaseModel]
) -> tuple[Complaint, ...]:
    """Return what the errors of a pydantic validation of ``root`` say, one per error."""
    return tuple(complaint for error in errors for complaint in _read(error, root))


def _read(error: Mapping[str, Any], root: type[BaseModel]) -> list[Complaint]:
    loc: _Path = tuple(error["loc"])
    kind, given, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "abscope":
        path = (*loc, *context.get("path", ()))
        return [Complaint(path, context["what"], context["expected"], context["action"])]
    if kind == "abscope_references":
        return [
            Complaint((*loc, *item.path), item.what, item.expected, item.action)
            for item in context["problems"]
        ]
    if kind == "missing":
        return [_missing(loc)]
    if kind == "extra_forbidden":
        return [_unknown_key(loc, root)]
    if kind == "too_short" and len(given or ()) >= context["min_length"]:
        return []  # pydantic counts valid entries only, and tells of the others on their own
    return [Complaint(loc, *_plain(kind, given, context, error["msg"]))]


def _missing(loc: _Path) -> Complaint:
    return Complaint(
        loc, f"'{loc[-1]}' is missing", "a value, which every case file gives here",
        f"Add the line '{loc[-1]}: ...'.",
    )  # fmt: skip


def _unknown_key(loc: _Path, root: type[BaseModel]) -> Complaint:
    key = str(loc[-1])
    names = _keys_at(root, loc[:-1])
    close = _similar(key, tuple(names), 0.6)
    close = close or [name for name in names if name.startswith(f"{key}_")][:3]
    action = f"Known here: {', '.join(names)}."
    if key == "<<":
        action = "Merge keys are not read: write the values."
    elif close:
        action = f"Did you mean {_either(close)}?"
    return Complaint(loc, f"unknown key {_show(key)}", "a known key", action, at_key=True)


def _plain(kind: str, given: Any, context: Mapping[str, Any], msg: str) -> tuple[str, str, str]:
    shown = _show(given)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        return _choice(given, allowed)
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return f"value is {shown}", f"{words} {context[key]}", "Correct the value."
    if kind == "string_pattern_mismatch":
        return f"{shown} has another form", *_pattern(context["pattern"])
    if kind in ("too_short", "string_too_short"):
        return f"{shown} is too short", f"at least {context['min_length']}", "Add what is missing."
    if kind in ("too_long", "string_too_long"):
        return f"{shown} is too long", f"at most {context['max_length']}", "Shorten it."
    if kind == "finite_number":
        return f"{shown} is no finite number", "a number", "Write the value, or not reported."
    form = _KINDS.get(re.sub(r"_(type|parsing|from_float|parsing_size)$", "", kind))
    if form:
        return _mistyped(given), form, _ACTIONS[form]
    return f"{shown}: {msg}", "a value that the schema allows", "See 'abscope schema'."


@lru_cache(maxsize=256)
def _similar(name: str, known: tuple[str, ...], cutoff: float) -> list[str]:
    return difflib.get_close_matches(name[:80], known, n=3, cutoff=cutoff)


def _choice(given: Any, allowed: list[str]) -> tuple[str, str, str]:
    close = []
    if isinstance(given, str):
        lowered = {name.lower(): name for name in allowed}
        spelled = given.strip().lower().replace(" ", "_")[:80]
        close = [lowered[name] for name in _similar(spelled, tuple(lowered), 0.5)]
    action = f"Did you mean {_either(close)}?" if close else "Choose one of them."
    return f"{_show(given)} is not known here", f"one of {', '.join(allowed)}", action


_PATTERNS = {
    r"^[A-Za-z_][A-Za-z0-9_-]*$": (
        "an identifier: letters, digits, _ and -, starting with a letter",
        "Write for example L1.",
    ),
    r"^[a-z0-9][a-z0-9_-]*$": (
        "small letters, digits, _ and -",
        "Write for example kim2021-breast.",
    ),
    r"^10\.\d{4,9}/\S+$": (
        "a DOI that starts with '10.'",
        "Remove 'https://doi.org/' or correct it.",
    ),
    r"^PMC\d+$": ("PMC and digits", "Write for example PMC8245752."),
}


def _pattern(pattern: str) -> tuple[str, str]:
    return _PATTERNS.get(pattern, (f"the form {pattern}", "Correct it."))


def _mistyped(given: Any) -> str:
    if given is None:
        return "nothing is written here"
    if isinstance(given, (dict, list, tuple)):
        return f"a {_show(given)} stands here"
    names = {bool: "a truth value", int: "a whole number", float: "a number", str: "text"}
    return f"{_show(given)} is {names.get(type(given), type(given).__name__)}"


def _show(given: Any) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (dict, list, tuple)):
        return f"{'mapping' if isinstance(given, dict) else 'list'} of {len(given)}"
    if isinstance(given, str):
        return f"'{given}'" if len(given) <= 60 else f"'{given[:57]}...'"
    text = str(given)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _either(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _keys_at(root: type[BaseModel], path: _Path) -> list[str]:
    """Return the keys that the record at a path knows, shorthands included."""
    annotation: Any = root
    for part in path:
        model = _model_in(annotation)
        if isinstance(part, int):
            annotation = _item_of(annotation)
        elif model is not None:
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            if part in fields:
                annotation = fields[part].annotation
    model = _model_in(annotation)
    if model is None:
        return []
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [*names, *getattr(model, "shorthands", ())]


def _parts(annotation: Any) -> list[Any]:
    """Return the alternatives of an annotation, without None and without metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [part for item in get_args(annotation) for part in _parts(item)]
    return [] if annotation in (None, type(None)) or origin is Literal else [annotation]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    models = [x for x in _parts(annotation) if isinstance(x, type) and issubclass(x, BaseModel)]
    return models[0] if models else None


def _item_of(annotation: Any) -> Any:
    tuples = [part for part in _parts(annotation) if get_origin(part) in (tuple, list)]
    return get_args(tuples[0])[0] if tuples else annotation
