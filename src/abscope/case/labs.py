"""Laboratory tests with one unit each; values in another unit are converted on reading."""

from typing import Any

from abscope.case.facts import MISSING, complain
from abscope.case.units import UNITS, canonical_unit, parse_amount

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

_KEYS = ("value", "lower_limit", "upper_limit")


def read_lab_value(data: dict[str, Any]) -> dict[str, Any]:
    """Return the raw lab mapping with value and limits in the unit of its test.

    A count of a known test without any unit is refused: 0.64 and 640 mean the same blood.
    For other tests the unit is kept as written.
    """
    test = data.get("test")
    out = dict(data)
    if test not in TESTS:
        for key in _KEYS:
            if isinstance(out.get(key), str) and out.get("unit") is None:
                number, _, unit = str(out[key]).strip().partition(" ")
                if unit and str(out[key]).strip().lower() not in MISSING:
                    out[key], out["unit"] = number, unit.strip()
        return out
    unit = TESTS[str(test)]
    written = out.pop("unit", None)
    if written is not None and canonical_unit(str(written)) not in UNITS[unit]:
        raise complain(
            f"unit '{written}' of {test} is not known",
            f"one of {', '.join(UNITS[unit])}",
            "Write the count per microliter, for example 640 /mm3.",
        )
    for key in _KEYS:
        if key in out:
            out[key] = _convert(out[key], unit, written, str(test))
    out["unit"] = unit
    return out


def _convert(item: Any, unit: str, written: str | None, test: str) -> Any:
    if item is None or (isinstance(item, str) and item.strip().lower() in MISSING):
        return item
    if isinstance(item, dict):
        out = dict(item)
        for part in ("value", "low", "high"):
            if out.get(part) is not None:
                converted = _convert(out.pop(part), unit, written, test)
                out.update({part: converted["value"]} if "value" in converted else converted)
        if "versions" in out:
            out["versions"] = tuple(_convert(v, unit, written, test) for v in out["versions"])
        return out
    if not isinstance(item, (int, float, str)):
        return item
    text = str(item).strip()
    bare = not isinstance(item, str) or not any(c.isalpha() or c == "/" for c in text)
    if bare and written is None:
        raise complain(
            f"{test} is {item} without a unit",
            "a count with its unit",
            f"Write '{item} /mm3' or '{item} 10^9/L'.",
        )
    return parse_amount(f"{text} {written}" if bare else text, unit)
