"""Quantities of the record, one annotated type per unit, each with its plausible range."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from abscope.case.facts import MISSING, Quantity, QuantityVersion, complain
from abscope.case.units import parse_amount

__all__ = [
    "Centimeters", "Cycles", "Days", "DoseGy", "Flag", "FractionDoseGy", "Fractions",
    "FractionsDelivered", "Kilograms", "Mg", "MgOrZero", "MgPerKg", "MgPerM2", "Milliliters",
    "Millimeters", "Minutes", "Number", "PlainMillimeters", "Positive", "Share", "Whole", "Years",
    "quantity_in", "with_amount",
]  # fmt: skip

_CHECK = "Check the value and its unit."


def quantity_in(
    unit: str, *, low: float | None = None, high: float | None = None, above_zero: bool = False,
    hint: str = _CHECK,
) -> BeforeValidator:  # fmt: skip
    """Return a validator that reads numbers and unit strings into ``unit`` and checks the range.

    A bare number is taken to be in ``unit``; a string must name a unit that converts to it.
    ``low`` and ``high`` are the limits of what is plausible (inclusive; ``above_zero`` excludes
    zero itself), ``hint`` the question to ask above the upper one, with ``{value}`` for the number.
    """
    rule = _rule(unit, low, high, above_zero=above_zero)

    def read(data: Any) -> Any:
        if data is None or isinstance(data, Quantity) or _says_missing(data):
            return data
        if not isinstance(data, dict):
            return one(data)
        out = one(data)
        if isinstance(out.get("versions"), (list, tuple)):
            out["versions"] = tuple(
                item if item is None or isinstance(item, QuantityVersion) else at(index, item)
                for index, item in enumerate(out["versions"])
            )
        return out

    def at(index: int, item: Any) -> Any:
        try:
            return one(item)
        except PydanticCustomError as error:
            raise _deeper(error, ("versions", index)) from None

    def one(item: Any) -> dict[str, Any]:
        if not isinstance(item, dict):
            return checked(parse_amount(item, unit))
        out = dict(item)
        for key in ("low", "high", "value"):
            if out.get(key) is None:
                continue
            try:
                amount = checked(parse_amount(out.pop(key), unit), key)
            except PydanticCustomError as error:
                raise _deeper(error, (key,)) from None
            out = with_amount(out, key, amount)
        return out

    def checked(amount: dict[str, Any], key: str = "") -> dict[str, Any]:
        for part, number in amount.items():
            if part == "note":
                continue
            below = (low is not None and number < low) or (above_zero and number <= 0)
            if below and number == 0 and ("high" in amount or key == "low"):
                continue  # "< 5 Gy" starts at zero
            if below or (high is not None and number > high):
                action = _CHECK if below else hint.format(value=f"{number:g}")
                shown = f"{number:g}" if unit == "1" else f"{number:g} {unit}"
                raise complain(f"value is {shown}", rule, action)
        return amount

    return BeforeValidator(read)


def with_amount(record: dict[str, Any], key: str, amount: dict[str, Any]) -> dict[str, Any]:
    """Return a quantity's mapping with one of its numbers (value, low or high) as it was read.

    Raises PydanticCustomError where an interval would have to replace limits that are given.
    """
    found = dict(amount)
    note = found.pop("note", None)
    if key != "value" and set(found) == {"value"}:
        found = {key: found["value"]}
    elif set(found) != {"value"} and (key != "value" or {"low", "high"} & set(record)):
        raise complain(
            f"'{key}' holds an interval beside other limits",
            "one number in each of low, value and high",
            "Write the limits once.",
            path=(key,),
        )
    if note is not None:
        given = record.get("note")
        found["note"] = note if given is None else f"{note}; {given}"
    return {**record, **found}


def _deeper(error: PydanticCustomError, path: tuple[str | int, ...]) -> PydanticCustomError:
    parts = dict(error.context or {})
    inner = parts.get("path", ())
    return complain(parts["what"], parts["expected"], parts["action"], path=(*path, *inner))


def _says_missing(data: Any) -> bool:
    return isinstance(data, str) and data.strip().lower() in MISSING


def _rule(unit: str, low: float | None, high: float | None, *, above_zero: bool) -> str:
    shown = "" if unit == "1" else f" {unit}"
    if above_zero:
        return f"more than 0{shown}" if high is None else f"0 < value <= {high:g}{shown}"
    if low is None:
        return "a number" if high is None else f"at most {high:g}{shown}"
    return f"at least {low:g}{shown}" if high is None else f"{low:g} to {high:g}{shown}"


def _plain_millimeters(data: Any) -> float:
    amount = parse_amount(data, "mm")
    value = amount.get("value")
    if value is None or "note" in amount or not 0 <= value <= 600:
        raise complain(f"size is {data!r}", "one number, 0 to 600 mm", _CHECK)
    return float(value)


Days = Annotated[Quantity, quantity_in("d", low=0, high=36525, hint=_CHECK)]
Years = Annotated[Quantity, quantity_in("years", low=0, high=120, hint="Is it in months or days?")]
Kilograms = Annotated[Quantity, quantity_in("kg", low=0.3, high=400, hint="Is it in grams?")]
Minutes = Annotated[Quantity, quantity_in("min", low=0)]
Millimeters = Annotated[
    Quantity, quantity_in("mm", low=0, high=600, hint="Is the value in another unit than mm?")
]
Centimeters = Annotated[Quantity, quantity_in("cm", low=20, high=260, hint="Is it in mm or m?")]
Milliliters = Annotated[Quantity, quantity_in("ml", low=0, high=50000, hint="Is it in mm3?")]
#: Total dose of a phase, or dose in a lesion. 200 Gy physical covers external beam and most
#: brachytherapy; above, the value is nearly always in cGy.
DoseGy = Annotated[Quantity, quantity_in("Gy", low=0, high=200, hint="Is the value in cGy?")]
#: Single-fraction radiosurgery and SBRT use up to 34 Gy.
FractionDoseGy = Annotated[
    Quantity, quantity_in("Gy", above_zero=True, high=40, hint="Is the value in cGy?")
]
Mg = Annotated[
    Quantity, quantity_in("mg", above_zero=True, high=50000, hint="Is it in micrograms?")
]
#: A daily amount that can be none at all, such as morphine equivalents without any analgesic.
MgOrZero = Annotated[Quantity, quantity_in("mg", low=0, high=50000, hint="Is it in micrograms?")]
MgPerKg = Annotated[
    Quantity,
    quantity_in(
        "mg/kg", above_zero=True, high=60, hint="Is it {value} mg, a flat dose? Use dose_mg."
    ),
]
MgPerM2 = Annotated[
    Quantity, quantity_in("mg/m2", above_zero=True, high=20000, hint="Is it in micrograms?")
]
Number = Annotated[Quantity, quantity_in("1")]
Positive = Annotated[Quantity, quantity_in("1", low=0)]
Share = Annotated[Quantity, quantity_in("1", low=0, high=1, hint="Is it in percent?")]

PlainMillimeters = Annotated[float, BeforeValidator(_plain_millimeters)]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Cycles = Annotated[int, Field(strict=True, ge=0, le=1000)]
Fractions = Annotated[int, Field(strict=True, ge=1, le=200)]
FractionsDelivered = Annotated[int, Field(strict=True, ge=0, le=200)]
