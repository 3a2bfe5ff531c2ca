"""The JSON Schema of a case file, for editors that complete and check while one types."""

import re
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from abscope.case.record import Case

__all__ = ["SCHEMA_ID", "json_schema"]

SCHEMA_ID = "urn:abscope:schema:case:1"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_POINTER = "#/$defs/"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a case file.

    It accepts the short forms of facts, quantities with units and one-line regimens. It holds no
    rule that needs two places of a file, such as references between records: reading a case
    checks more than the schema does.
    """
    schema = _renamed(Case.model_json_schema(by_alias=True, schema_generator=GenerateJsonSchema))
    definitions = schema["$defs"]
    _allow_shorthand(definitions["RTPhase"], "schedule", "5 x 4.5 Gy daily from 2018-04-20")
    _allow_shorthand(definitions["Agent"], "regimen", "200 mg q21d x 6")
    agent = definitions["Agent"]
    agent.pop("required")
    definitions["Agent"] = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {**agent, "anyOf": [{"required": ["name"]}, {"required": ["regimen"]}]},
        ]
    }
    return {"$schema": _DIALECT, "$id": SCHEMA_ID, **schema, "title": "abscope case"}


def _allow_shorthand(definition: dict[str, Any], key: str, example: str) -> None:
    definition["properties"][key] = {"type": "string", "examples": [example]}


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """Give the generic facts names that a person can read: Fact1, Fact2, Version1, ..."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name in sorted(schema["$defs"]):
        short = re.match(r"(Fact|Version)_", name)
        if short:
            kind = short.group(1)
            counts[kind] = counts.get(kind, 0) + 1
            names[name] = f"{kind}{counts[kind]}"

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        out = {key: walk(item) for key, item in node.items()}
        target = out.get("$ref")
        if isinstance(target, str):
            name = target.removeprefix(_POINTER)
            out["$ref"] = _POINTER + names.get(name, name)
        title = out.get("title")
        if isinstance(title, str) and "[" in title:
            out["title"] = title.split("[")[0]
        return out

    out: dict[str, Any] = walk(schema)
    out["$defs"] = {names.get(key, key): item for key, item in out["$defs"].items()}
    return out
