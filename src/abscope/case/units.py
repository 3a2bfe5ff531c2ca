"""Unit strings, read once at the edge into the one unit each quantity has inside."""

import math
import re
from typing import Any

from pydantic_core import PydanticCustomError

__all__ = ["UNITS", "canonical_unit", "parse_amount"]

#: unit inside -> {spelling as written: factor that converts to the unit inside}
UNITS: dict[str, dict[str, float]] = {
    "Gy": {"gy": 1.0, "gray": 1.0, "cgy": 0.01, "mgy": 0.001, "gy(rbe)": 1.0, "gyrbe": 1.0},
    "mm": {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001},
    "mm3": {"mm3": 1.0, "cm3": 1000.0, "cc": 1000.0, "ml": 1000.0, "l": 1e6},
    "ml": {"ml": 1.0, "cc": 1.0, "cm3": 1.0, "l": 1000.0, "mm3": 0.001},
    "d": {
        "d": 1.0, "day": 1.0, "days": 1.0, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24,
        "w": 7.0, "week": 7.0, "weeks": 7.0, "month": 30.4375, "months": 30.4375,
        "y": 365.25, "year": 365.25, "years": 365.25,
    },
    "years": {"y": 1.0, "yr": 1.0, "year": 1.0, "years": 1.0, "month": 1 / 12, "months": 1 / 12},
    "kg": {"kg": 1.0, "g": 0.001, "lb": 0.45359237},
    "cm": {"cm": 1.0, "mm": 0.1, "m": 100.0},
    "mg": {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001},
    "mg/kg": {"mg/kg": 1.0, "ug/kg": 0.001, "g/kg": 1000.0},
    "mg/m2": {"mg/m2": 1.0, "g/m2": 1000.0},
    "per_ul": {
        "/ul": 1.0, "/mm3": 1.0, "cells/ul": 1.0, "cells/mm3": 1.0, "per_ul": 1.0,
        "10^9/l": 1000.0, "10e9/l": 1000.0, "x10^9/l": 1000.0, "giga/l": 1000.0,
        "10^3/ul": 1000.0, "x10^3/ul": 1000.0, "k/ul": 1000.0, "10^6/l": 1.0, "/nl": 1000.0,
    },
    "MBq": {"mbq": 1.0, "gbq": 1000.0, "kbq": 0.001, "mci": 37.0},
    "min": {"min": 1.0, "minute": 1.0, "minutes": 1.0, "s": 1 / 60, "h": 60.0},
    "1": {"": 1.0, "1": 1.0},
    "percent": {"%": 1.0, "percent": 1.0},
}  # fmt: skip

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"^\s*({_NUMBER})\s*([^\d\s].*?)?\s*(?:-|–|to|\.\.)\s*({_NUMBER})\s*(.*?)\s*$")
_SINGLE = re.compile(rf"^\s*(<=|>=|<|>|≤|≥|about|~|≈)?\s*({_NUMBER})\s*(.*?)\s*$")
_THOUSANDS = re.compile(r"^\s*\d{1,3}(,\d{3})+(?=\D|$)")


def canonical_unit(text: str) -> str:
    """Return a unit spelling without spaces, superscripts and case, for look-up in `UNITS`."""
    table = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "⁹": "^9", "⁶": "^6", "×": "x"})
    return re.sub(r"\s+", "", text.translate(table)).lower()


def parse_amount(data: Any, unit: str) -> dict[str, float]:
    """Return ``{"value": x}``, or ``low`` and/or ``high`` for an interval, in ``unit``.

    Accepts a number (taken to be in ``unit``), ``"22 mm"``, ``"2.2 cm"``, ``"20-30 mm"``,
    ``"< 5 mm"`` and ``"0.64 10^9/L"``. Raises PydanticCustomError for a text that is no number,
    for a number that is not finite and for a unit that does not convert to ``unit``.

    >>> parse_amount("2.2 cm", "mm")
    {'value': 22.0}
    """
    if isinstance(data, bool) or not isinstance(data, (int, float, str)):
        raise _refuse(f"{type(data).__name__} {data!r}", unit)
    if not isinstance(data, str):
        return {"value": _finite(float(data), data, unit)}
    text = _THOUSANDS.sub(lambda m: m.group().replace(",", ""), data)
    if (match := _RANGE.match(text)) and not re.match(r"^\s*[eE^]", match.group(2) or ""):
        first, unit_a, second, unit_b = match.groups()
        factor_b = _factor(unit_b or unit_a or "", unit, data)
        factor_a = _factor(unit_a, unit, data) if unit_a else factor_b
        return {
            "low": _finite(_number(first) * factor_a, data, unit),
            "high": _finite(_number(second) * factor_b, data, unit),
        }
    if match := _SINGLE.match(text):
        sign, number, spelled = match.groups()
        value = _finite(_number(number) * _factor(spelled, unit, data), data, unit)
        if sign in ("<", "<=", "≤"):
            return {"low": 0.0, "high": value}
        if sign in (">", ">=", "≥"):
            return {"low": value}
        return {"value": value}
    raise _refuse(repr(data), unit)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _factor(spelled: str, unit: str, data: str) -> float:
    known = UNITS[unit]
    spelling = canonical_unit(spelled)
    if spelling == "":
        return 1.0
    if spelling not in known:
        raise PydanticCustomError(
            "abscope",
            "{what}; expected {expected}. {action}",
            {
                "what": f"unit '{spelled}' in {data!r} is not known here",
                "expected": f"{unit} (or one of: {', '.join(k for k in known if k)})",
                "action": "Write the value in one of these units.",
            },
        )
    return known[spelling]


def _finite(number: float, data: object, unit: str) -> float:
    if not math.isfinite(number):
        raise _refuse(repr(data), unit)
    return number


def _refuse(what: str, unit: str) -> PydanticCustomError:
    return PydanticCustomError(
        "abscope",
        "{what}; expected {expected}. {action}",
        {
            "what": f"{what} is no quantity",
            "expected": f"a finite number in {unit}, or a number with its unit",
            "action": "Write for example 22 mm, 20-30 mm or not reported.",
        },
    )
