"""Any valid case survives YAML; no text at all raises outside the error tree (property)."""

import copy
import math
from typing import Any

import jsonschema
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from abscope.case.clock import Clock
from abscope.case.reader import read_case_text
from abscope.case.record import Case
from abscope.case.references import event_names, walk
from abscope.case.regimen import expand_regimen, parse_regimen
from abscope.case.schema import json_schema
from abscope.case.template import template
from abscope.case.timing import When
from abscope.case.units import UNITS, parse_amount
from abscope.case.writer import case_to_yaml
from abscope.case.yamltext import read_yaml
from abscope.errors import AbscopeError
from properties.strategies import TRICKY, cases

quick = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_SCHEMA = jsonschema.Draft202012Validator(json_schema())


@quick
@given(cases())
def test_a_case_survives_yaml(case: Case) -> None:
    text = case_to_yaml(case)
    again = read_case_text(text, name="again.yaml").case
    assert again == case
    assert case_to_yaml(again) == text


@quick
@given(cases())
def test_the_schema_accepts_what_the_writer_writes(case: Case) -> None:
    errors = _SCHEMA.iter_errors(read_yaml(case_to_yaml(case), name="x").root.plain)
    assert [(list(error.absolute_path), error.message) for error in errors] == []


@quick
@given(cases())
def test_every_event_has_an_ordered_span(case: Case) -> None:
    clock = Clock(case)
    for name in event_names(case):
        span = clock.event(name)
        assert span is None or not math.isnan(span.low_d + 0 * span.high_d) or not span.bounded
    for _, item in walk(case):
        if isinstance(item, When) and (span := clock.when(item)) is not None:
            assert not math.isnan(span.low_d)
            assert not math.isnan(span.high_d)


def _outcome(text: str) -> None:
    try:
        read_case_text(text, name="any.yaml")
    except AbscopeError as error:
        for problem in error.problems:
            assert problem.where.startswith("any.yaml:")
            assert problem.what
            assert problem.expected
            assert problem.action
            assert "\n" not in str(problem)


@settings(quick, max_examples=300)
@given(st.text(max_size=200))
@example("\x00")
@example("\ud800")
@example("a: \x85\n")
@example("&a [*a]")
def test_no_text_escapes_the_error_tree(text: str) -> None:
    _outcome(text)


_TOKENS = [
    "a", "schema: abscope-case/1", "id: x", "lesions:", "- ", "  ", "\n", ": ", "{", "}", "[", "]",
    "&a ", "*a", "'", '"', "|", ">", "#", "---\n", "...", "!!int ", "? ", ",", "\t", "yes", "1e999",
    "%YAML 1.1\n", "<<", "é", "2018-04-20", "0x1", "-", "=",
]  # fmt: skip


@settings(quick, max_examples=400)
@given(st.lists(st.sampled_from(_TOKENS), max_size=30).map("".join))
def test_no_yaml_like_text_escapes_the_error_tree(text: str) -> None:
    _outcome(text)


@settings(quick, max_examples=200)
@given(
    st.integers(0, len(template())),
    st.integers(0, 12),
    st.sampled_from(_TOKENS) | st.text(max_size=5),
)
def test_no_damaged_case_file_escapes_the_error_tree(start: int, length: int, new: str) -> None:
    whole = template()
    _outcome(whole[:start] + new + whole[start + length :])


_PLAIN = read_yaml(template(), name="template").root.plain


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    return [
        below
        for key, item in items
        for below in ([(*path, key)] + (_paths(item, (*path, key)) if _inner(item) else []))
    ]


def _inner(node: Any) -> bool:
    return isinstance(node, (dict, list))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(TRICKY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["value", "versions", "low", "high", "status", "id", "lesion", "when", "unit",
                 "schedule", "regimen", "text", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)  # fmt: skip


@settings(quick, max_examples=400)
@given(st.sampled_from(_paths(_PLAIN)), _JSON)
def test_no_wrong_value_escapes_the_error_tree(path: tuple[Any, ...], new: Any) -> None:
    plain = copy.deepcopy(_PLAIN)
    node = plain
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = new
    _outcome(yaml.safe_dump(plain, allow_unicode=True))


@settings(quick, max_examples=300)
@given(st.text(st.sampled_from("0123456789.,-–eExX× <>≤~/%^mMgGyµ³²⁹l\n"), max_size=14))
def test_no_amount_escapes_its_validator(text: str) -> None:
    for unit in UNITS:
        try:
            amount = parse_amount(text, unit)
        except ValueError:
            continue
        assert all(math.isfinite(x) for x in amount.values() if not isinstance(x, str))


@settings(quick, max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ["5", "x", "4.5", "Gy", "mg", "mg/kg", "daily", "q21d", "from", "2018-04-20", "d0",
             "skip weekends", "then", "&", "after", "14 d", "in", "9999-12-31", "10000", "every",
             "twice daily", "weekdays", "9" * 40, "pembrolizumab"]
        ),
        max_size=12,
    ).map(" ".join)
)  # fmt: skip
def test_no_regimen_escapes_its_validator(text: str) -> None:
    try:
        doses = expand_regimen(parse_regimen(text))
    except ValueError:
        return
    assert all(dose.amount > 0 for dose in doses)
    assert [dose.number for dose in doses] == list(range(1, len(doses) + 1))
