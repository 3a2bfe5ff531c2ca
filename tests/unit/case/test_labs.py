"""Blood counts arrive in cells per microliter; other tests keep the one unit they are given in."""

from typing import Any

import pytest
from pydantic import ValidationError

from abscope.case.observation import Lab


def lab(**data: Any) -> Lab:
    return Lab.model_validate({"test": "lymphocytes", **data})


@pytest.mark.parametrize(
    ("data", "value", "limit"),
    [
        ({"value": "0.64 10^9/L", "lower_limit": "1.0 10^9/L"}, 640.0, 1000.0),
        ({"value": "640 /mm3", "lower_limit": "1,000 /mm3"}, 640.0, 1000.0),
        ({"value": 0.64, "lower_limit": 1, "unit": "G/L"}, 640.0, 1000.0),
        ({"value": "0.64", "unit": "10^9/L"}, 640.0, None),
        ({"value": {"value": "0.64 10^9/L", "loc": "p. 2"}}, 640.0, None),
        ({"value": 0, "unit": "/ul"}, 0.0, None),
    ],
)
def test_counts_are_converted(data: dict[str, Any], value: float, limit: float | None) -> None:
    record = lab(**data)
    assert record.value is not None
    assert record.value.value == value
    assert record.unit == "per_ul"
    assert (record.lower_limit.value if record.lower_limit else None) == limit
    assert Lab.model_validate(record.to_plain()) == record


def test_versions_and_intervals_of_a_count_are_converted() -> None:
    record = lab(value={"versions": ["0.64 10^9/L", {"value": "600 /mm3", "loc": "table"}]})
    assert record.value is not None
    assert record.value.candidates == (640.0, 600.0)
    spread = lab(value="0.5-0.8 10^9/L")
    assert spread.value is not None
    assert spread.value.bounds == (500.0, 800.0)


def test_an_unreported_count_needs_no_unit() -> None:
    record = lab(value="not reported")
    assert record.value is not None
    assert record.value.status == "not_reported"


def test_other_tests_keep_their_unit() -> None:
    record = lab(test="LDH", value="310 U/L", upper_limit="250 U/L")
    assert record.value is not None
    assert (record.value.value, record.unit) == (310.0, "U/L")
    below = lab(test="CRP", value="< 5 mg/L")
    assert below.value is not None
    assert (below.value.bounds, below.unit) == ((0.0, 5.0), "mg/L")


@pytest.mark.parametrize(
    "data",
    [
        {"value": True, "unit": "/ul"},
        {"value": [640], "unit": "/ul"},
        {"value": {"versions": 5}, "unit": "/ul"},
        {"value": -5, "unit": "/ul"},
        {"value": "640 /mm3", "unit": ["x"]},
        {"test": ["lymphocytes"], "value": 5},
        {"test": "platelets", "value": "250000 10^9/L"},
        {"test": "LDH", "value": "310 U/L", "upper_limit": "250 ukat/L"},
    ],
)
def test_impossible_counts_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab(**data)
