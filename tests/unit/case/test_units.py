"""Amounts as people write them, in the one unit inside; what can mean two things is refused."""

from typing import Any

import pytest

from abscope.case.units import canonical_unit, parse_amount, split_amount


@pytest.mark.parametrize(
    ("written", "unit", "amount"),
    [
        ("120 mm", "mm", {"value": 120.0}),
        ("2.2 cm", "mm", {"value": 22.0}),
        ("1.1cm", "mm", {"value": 11.0}),
        ("22,5 Gy", "Gy", {"value": 22.5}),
        ("450 cGy", "Gy", {"value": 4.5}),
        ("0.64 10^9/L", "per_ul", {"value": 640.0}),
        ("0,64 10^9/L", "per_ul", {"value": 640.0}),
        ("0,640 x10^9/L", "per_ul", {"value": 640.0}),
        ("0.64 × 10⁹/L", "per_ul", {"value": 640.0}),
        ("0.64 G/L", "per_ul", {"value": 640.0}),
        ("640 /mm3", "per_ul", {"value": 640.0}),
        ("640/mm³", "per_ul", {"value": 640.0}),
        ("640 cells/µL", "per_ul", {"value": 640.0}),
        ("1,150 /mm3", "per_ul", {"value": 1150.0}),
        ("1,150,000 /uL", "per_ul", {"value": 1_150_000.0}),
        ("0.5-0.8 10^9/L", "per_ul", {"low": 500.0, "high": 800.0}),
        ("20-30 mm", "mm", {"low": 20.0, "high": 30.0}),
        ("2 to 3 cm", "mm", {"low": 20.0, "high": 30.0}),
        ("5 mm - 1 cm", "mm", {"low": 5.0, "high": 10.0}),
        ("1,5–2,5 cm", "mm", {"low": 15.0, "high": 25.0}),
        ("-5--3", "1", {"low": -5.0, "high": -3.0}),
        ("< 5 mm", "mm", {"low": 0.0, "high": 5.0}),
        ("≥5mm", "mm", {"low": 5.0}),
        ("about 20 mm", "mm", {"value": 20.0, "note": "about"}),
        ("1e-5 mm", "mm", {"value": 1e-5}),
        ("-5 mm", "mm", {"value": -5.0}),
        (7, "mm", {"value": 7.0}),
        (0.5, "1", {"value": 0.5}),
        ("6 weeks", "d", {"value": 42.0}),
    ],
)
def test_amounts_are_read_in_the_unit_inside(written: Any, unit: str, amount: Any) -> None:
    assert parse_amount(written, unit) == amount


@pytest.mark.parametrize(
    ("written", "unit", "message"),
    [
        ("23 parsec", "mm", "unit 'parsec' in '23 parsec' is not known here; expected mm"),
        ("5 Gy", "mm", "unit 'Gy' in '5 Gy' is not known here"),
        ("40%", "1", "unit '%' in '40%' is not known here; expected a number without a unit. "
         "Write the number alone."),
        ("1,150 10^9/L", "per_ul", "the comma in '1,150 10^9/L' can group thousands or mark "
         "decimals; expected a decimal point, and no grouping. Write 1.150 or 1150."),
        ("1,500 mg", "mg", "the comma in '1,500 mg' can group thousands or mark decimals"),
        ("nan", "mm", "'nan' is no quantity; expected a finite number in mm, or one with its "
         "unit. Write for example 22 mm, 20-30 mm or not reported."),
        ("", "mm", "'' is no quantity"),
        ("5 10 mm", "mm", "'5 10 mm' is no quantity"),
        ("2 x 3 cm", "mm", "unit 'x 3 cm' in '2 x 3 cm' is not known here"),
        ("1e400", "mm", "a number that is not finite is no quantity"),
        (10**400, "mm", "a number that is not finite is no quantity"),
        (float("nan"), "mm", "a number that is not finite is no quantity"),
        (True, "mm", "true is no quantity"),
        (None, "mm", "a NoneType is no quantity"),
        ([1], "mm", "a list is no quantity"),
        ("9" * 5000, "mm", "is no quantity"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(written: Any, unit: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"quantity|unit|comma") as caught:
        parse_amount(written, unit)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_units_are_compared_without_spelling() -> None:
    assert canonical_unit(" × 10⁹ / L") == "x10^9/l"
    assert canonical_unit("mm³") == canonical_unit("mm^3") == "mm3"


@pytest.mark.parametrize(
    ("written", "parts"),
    [("< 5 U/L", ("< 5", "U/L")), ("20-30 g/dL", ("20-30", "g/dL")), ("5", ("5", "")),
     ("high", None)],
)  # fmt: skip
def test_number_and_unit_are_split(written: str, parts: Any) -> None:
    assert split_amount(written) == parts
