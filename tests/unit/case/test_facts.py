"""A fact keeps how it is known; no short form loses anything."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from abscope.case.amounts import FractionDoseGy, Millimeters, PlainMillimeters, Share
from abscope.case.facts import Fact, Quantity


def plain(fact: Any) -> Any:
    return fact.model_dump(mode="json", exclude_defaults=True)


def millimeters(data: Any) -> Quantity:
    return TypeAdapter(Millimeters).validate_python(data)


@pytest.mark.parametrize(
    ("data", "written"),
    [
        ("lung", "lung"),
        ("not reported", "not reported"),
        ("Not_Seen", "not seen"),
        ({"value": "lung"}, "lung"),
        ({"value": "not reported"}, {"value": "not reported"}),
        ({"value": "lung", "loc": "p. 3"}, {"value": "lung", "loc": "p. 3"}),
        ({"value": "lung", "status": "derived"}, {"value": "lung", "status": "derived"}),
        ({"status": "not_reported", "note": "x"}, {"status": "not_reported", "note": "x"}),
        ({"versions": ["a", {"value": "b", "loc": "3"}]},
         {"versions": ["a", {"value": "b", "loc": "3"}]}),
    ],
)  # fmt: skip
def test_facts_are_written_in_the_shortest_form_that_says_all(data: Any, written: Any) -> None:
    fact = Fact[str].model_validate(data)
    assert plain(fact) == written
    assert Fact[str].model_validate(plain(fact)) == fact


@pytest.mark.parametrize("value", [False, True])
def test_false_is_a_value(value: bool) -> None:
    fact = Fact[bool].model_validate(value)
    assert fact.known
    assert plain(fact) is value


def test_an_empty_list_is_a_value() -> None:
    fact = Fact[tuple[str, ...]].model_validate([])
    assert fact.known
    assert plain(fact) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"value": "x", "status": "not_reported"}, "a value is given with status 'not_reported'"),
        ({"versions": ["x"]}, "status 'conflicting' with 1 version(s)"),
        ({"versions": ["x", "y"], "status": "stated"}, "versions are given with status 'stated'"),
        ({}, "status 'stated' without a value"),
        (None, "status 'stated' without a value"),
    ],
)
def test_a_status_that_does_not_fit_is_refused(data: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Fact[str].model_validate(data)
    assert message in str(caught.value)


def test_quantities_keep_intervals_and_hedges() -> None:
    assert plain(millimeters("20-30 mm")) == {"low": 20.0, "high": 30.0}
    assert plain(millimeters("about 2 cm")) == {"value": 20.0, "note": "about"}
    assert plain(millimeters({"value": "about 20", "note": "CT"}))["note"] == "about; CT"
    assert plain(millimeters({"value": 7, "low": 5, "high": "0.9 cm"})) == {
        "value": 7.0, "low": 5.0, "high": 9.0,
    }  # fmt: skip
    assert millimeters("> 60 mm").bounds == (60.0, None)
    assert millimeters({"versions": [22, "2.5 cm", "< 30 mm"]}).bounds == (0.0, 30.0)
    assert millimeters("not reported").bounds is None


def test_less_than_a_dose_starts_at_zero() -> None:
    dose = TypeAdapter(FractionDoseGy).validate_python("< 5 Gy")
    assert (dose.low, dose.high) == (0.0, 5.0)
    assert TypeAdapter(FractionDoseGy).validate_python(plain(dose)) == dose


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (-5, "value is -5 mm; expected 0 to 600 mm. Check the value and its unit."),
        ("-5 mm", "value is -5 mm"),
        (601, "value is 601 mm; expected 0 to 600 mm. Is the value in another unit than mm?"),
        ({"value": 30, "low": 5, "high": 20}, "the value 30 lies outside its own interval"),
        ({"value": "5-9 mm", "low": 3}, "'value' holds an interval beside other limits"),
        ({"low": "< 5 mm"}, "'low' holds an interval beside other limits"),
        ({"low": 9, "high": 5}, "the interval runs from 9 down to 5"),
        ({"versions": [1, {"low": 9, "high": 5}]}, "the interval runs from 9 down to 5"),
        (True, "true is no quantity"),
        ({"value": [1]}, "a list is no quantity"),
    ],
)
def test_impossible_quantities_are_refused(data: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        millimeters(data)
    assert message in str(caught.value)


def test_a_share_above_one_is_taken_for_percent() -> None:
    with pytest.raises(ValidationError, match=r"value is 40; expected 0 to 1\. Is it in percent"):
        TypeAdapter(Share).validate_python(40)


@pytest.mark.parametrize("data", [True, -1, 601, "5-6 mm", "x", [1]])
def test_a_plain_size_is_one_number_in_range(data: Any) -> None:
    assert TypeAdapter(PlainMillimeters).validate_python("2.2 cm") == 22.0
    with pytest.raises(ValidationError):
        TypeAdapter(PlainMillimeters).validate_python(data)
