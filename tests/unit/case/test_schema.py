"""The exported schema is valid, accepts every library case and sees planted errors."""

import copy
import json
from typing import Any

import jsonschema
import pytest

from abscope.case.anatomy import SITES
from abscope.case.schema import SCHEMA_ID, json_schema
from abscope.case.shelf import library_names, library_text
from abscope.case.template import template
from abscope.case.yamltext import read_yaml

SCHEMA = json_schema()
JUDGE = jsonschema.Draft202012Validator(SCHEMA)
PLAIN = read_yaml(template(), name="template").root.plain


def errors(plain: Any) -> list[str]:
    return [f"{list(e.absolute_path)}: {e.message}" for e in JUDGE.iter_errors(plain)]


def test_the_schema_itself_is_valid_and_named() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == SCHEMA_ID
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "abscope case"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_definitions_have_names_that_a_person_can_read() -> None:
    assert max(len(name) for name in SCHEMA["$defs"]) <= 20


def test_sites_are_offered_as_a_list() -> None:
    assert f'"enum": {json.dumps(sorted(SITES))}' in json.dumps(SCHEMA)


@pytest.mark.parametrize("name", library_names())
def test_every_library_case_is_accepted(name: str) -> None:
    assert errors(read_yaml(library_text(name), name=name).root.plain) == []


def test_the_template_is_accepted() -> None:
    assert errors(PLAIN) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lesions", 0, "sit"), "lung"),
        (("lesions", 0, "site"), "lungs"),
        (("lesions", 0, "site"), {"valu": "lung"}),
        (("lesions", 0, "id"), "1st lesion"),
        (("lesions", 0, "painful"), "yes"),
        (("lesions", 0, "count"), "three"),
        (("patient", "age_years"), "old"),
        (("patient", "sex"), {"value": "female", "status": "guessed"}),
        (("rt_courses", 0, "phases"), []),
        (("rt_courses", 0, "phases", 0, "n_fractions_delivered"), 500),
        (("systemic_therapy", 0, "agents", 0), {"dose_mg": 200}),
        (("imaging", 0, "modalities"), ["Xray"]),
        (("default_missing",), None),
        (("schema",), "abscope-case/9"),
    ],
)
def test_planted_errors_are_seen(path: tuple[str | int, ...], value: Any) -> None:
    plain = copy.deepcopy(PLAIN)
    node = plain
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    assert errors(plain) != []


@pytest.mark.parametrize("missing", ["id", "title", "default_missing"])
def test_missing_fields_are_seen(missing: str) -> None:
    assert errors({key: value for key, value in PLAIN.items() if key != missing}) != []
