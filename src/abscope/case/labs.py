"""Laboratory tests with one unit each; values in another unit are converted on reading."""

from typing import Any

from pydantic_core import PydanticCustomError

from abscope.case.amounts import with_amount
from abscope.case.facts import MISSING, complain
from abscope.case.units import UNITS, canonical_unit, parse_amount, split_amount

__all__ = ["TESTS", "read_lab_value"]

#: test -> its unit, a key of `abscope.case.units.UNITS`
TESTS: dict[str, str] = {
    "lymphocytes": "per_ul",
    "neutrophils": "per_ul",
    "leukocytes": "per_ul",
    "cd4": "per_ul",
    "cd8": "per_ul",
    "platelets": "per_ul",
}

#: Highest count per microliter that any disease gives; above, the unit is wrong.
_HIGHEST_PER_UL = {"platelets": 5e6, "cd4": 1e5, "cd8": 1e5}
_HIGHEST_WHITE_PER_UL = 5e5

_KEYS = ("value", "lower_limit", "upper_limit")
_PARTS = ("value", "low", "high")


def read_lab_value(data: dict[str, Any]) -> dict[str, Any]:
    """Return the raw lab mapping with value and limits in the unit of its test.

    A count of a known test without any unit is refused: 0.64 and 640 mean the same blood.
    For other tests the unit is kept as written, and has to be one for the value and its limits.
    """
    test, out = data.get("test"), dict(data)
    if not isinstance(test, str):
        return out
    if test not in TESTS:
        return _with_own_unit(out, test)
    unit, written = TESTS[test], out.pop("unit", None)
    if written is not None and canonical_unit(str(written)[:40]) not in UNITS[unit]:
        raise complain(
            f"unit '{str(written)[:40]}' of {test} is not known",
            f"one of {', '.join(UNITS[unit])}",
            "Write the count per microliter, for example 640 /mm3.",
            path=("unit",),
        )
    for key in _KEYS:
        if key in out:
            out[key] = _counts(out[key], test, written, (key,))
    out["unit"] = unit
    return out


def _counts(item: Any, test: str, written: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(item, dict):
        out = dict(item)
        for part in _PARTS:
            if out.get(part) is not None:
                amount = _count(out.pop(part), test, written, (*path, part))
                out = with_amount(out, part, amount)
        if isinstance(out.get("versions"), (list, tuple)):
            out["versions"] = [
                _counts(version, test, written, (*path, "versions", index))
                for index, version in enumerate(out["versions"])
            ]
        return out
    missing = isinstance(item, str) and item.strip().lower() in MISSING
    if item is None or missing or isinstance(item, (bool, list, tuple)):
        return item
    amount = _count(item, test, written, path)
    return amount["value"] if set(amount) == {"value"} else amount


def _count(item: Any, test: str, written: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
    unit = TESTS[test]
    number, spelled = str(item), ""
    if isinstance(item, str):
        number, spelled = split_amount(item) or (item, "")
    if not spelled and written is None:
        raise complain(
            f"{test} is {number[:40]} without a unit",
            "a count with its unit",
            f"Write '{number[:40]} /mm3' or '{number[:40]} 10^9/L'.",
            path=path,
        )
    factors = UNITS[unit]
    if spelled and written is not None:
        inside = factors.get(canonical_unit(spelled))
        if inside is not None and inside != factors[canonical_unit(str(written))]:
            raise complain(
                f"{test} is {item} with unit '{written}'", "one unit", "Remove one.", path=path
            )
    try:
        amount = parse_amount(f"{number} {spelled or written}", unit)
    except PydanticCustomError as error:
        said = dict(error.context or {})
        raise complain(said["what"], said["expected"], said["action"], path=path) from None
    _plausible(amount, test, path)
    return amount


def _plausible(amount: dict[str, Any], test: str, path: tuple[str | int, ...]) -> None:
    highest = _HIGHEST_PER_UL.get(test, _HIGHEST_WHITE_PER_UL)
    for part in _PARTS:
        count = amount.get(part)
        if count is None or count == 0 or 1 <= count <= highest:
            continue
        question = "Is the unit 10^9/L?" if 0 < count < 1 else "Is the unit /mm3?"
        raise complain(
            f"{test} is {count:g} per microliter",
            f"0, or 1 to {highest:.0f} per microliter",
            question if count > 0 else "Correct the count.",
            path=path,
        )


def _with_own_unit(out: dict[str, Any], test: str) -> dict[str, Any]:
    """Move the unit out of ``12 U/L`` into the field unit."""
    for key in _KEYS:
        text = out.get(key)
        parts = split_amount(text) if isinstance(text, str) else None
        if parts is None or not parts[1]:
            continue
        number, spelled = parts
        written = out.get("unit")
        if written is not None and canonical_unit(str(written)[:40]) != canonical_unit(spelled):
            raise complain(
                f"{test} has the units '{spelled}' and '{str(written)[:40]}'",
                "one unit for the value and its limits",
                "Convert them to one unit.",
                path=(key,),
            )
        out[key], out["unit"] = number, written or spelled
    return out
