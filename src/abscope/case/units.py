"""Unit strings, read once at the edge into the one unit each quantity has inside."""

import math
import re
from typing import Any

from pydantic_core import PydanticCustomError

__all__ = ["UNITS", "canonical_unit", "parse_amount", "split_amount"]

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
        "/ul": 1.0, "/mm3": 1.0, "cells/ul": 1.0, "cells/mm3": 1.0, "per_ul": 1.0, "/mcl": 1.0,
        "cells/mcl": 1.0, "10^9/l": 1000.0, "10e9/l": 1000.0, "x10^9/l": 1000.0, "10*9/l": 1000.0,
        "x10e9/l": 1000.0, "giga/l": 1000.0, "g/l": 1000.0, "10^3/ul": 1000.0, "10*3/ul": 1000.0,
        "x10^3/ul": 1000.0, "10^3/mm3": 1000.0, "x10^3/mm3": 1000.0, "k/ul": 1000.0,
        "10^6/l": 1.0, "x10^6/l": 1.0, "/nl": 1000.0,
    },
    "MBq": {"mbq": 1.0, "gbq": 1000.0, "kbq": 0.001, "mci": 37.0},
    "min": {"min": 1.0, "minute": 1.0, "minutes": 1.0, "s": 1 / 60, "h": 60.0},
    "1": {"": 1.0, "1": 1.0},
    "percent": {"%": 1.0, "percent": 1.0},
}  # fmt: skip

#: Units of whole things, where a comma before three digits can only group thousands.
_COUNTED = frozenset({"/ul", "/mm3", "cells/ul", "cells/mm3", "per_ul", "/mcl", "cells/mcl"})
#: Longest text that is taken for a quantity.
_LONGEST = 80

# Atomic, so that the minus of 1e-5 is never taken for the dash of a range.
_NUMBER = (
    r"(?>[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?(?![\d,.])|\d+(?:[.,]\d+)?|\.\d+)"
    r"(?:[eE][+-]?\d+)?)"
)
_UNIT = r"[^\d\s<>=].*?|[x×]?\s*10(?:\^|\*|e|E|⁹|⁶|³).*?|"
_RANGE = re.compile(
    rf"\s*({_NUMBER})\s*([^\d\s<>=+-][^-–]*?|)\s*(?:-|–|to|\.\.)\s*({_NUMBER})\s*({_UNIT})\s*",
    re.IGNORECASE | re.ASCII,
)
_SINGLE = re.compile(
    rf"\s*(<=|>=|<|>|≤|≥|about|approximately|circa|~|≈)?\s*({_NUMBER})\s*({_UNIT})\s*",
    re.IGNORECASE | re.ASCII,
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?\Z", re.ASCII)
_SPELLING = str.maketrans(
    {"µ": "u", "μ": "u", "²": "2", "³": "^3", "⁹": "^9", "⁶": "^6", "×": "x", "−": "-"}
)


def canonical_unit(text: str) -> str:
    """Return a unit spelling without spaces, superscripts and case, for look-up in `UNITS`."""
    spelled = re.sub(r"\s+", "", text.translate(_SPELLING)).lower()
    return re.sub(r"(mm|cm|m)\^([23])", r"\1\2", spelled)


def split_amount(text: str) -> tuple[str, str] | None:
    """Return the number part (with its sign or range) and the unit of an amount as written.

    None where the text is no amount.

    >>> split_amount("< 5 U/L")
    ('< 5', 'U/L')
    """
    if len(text) > _LONGEST:
        return None
    if match := _RANGE.fullmatch(text):
        unit = match.group(4) or match.group(2)
        return f"{match.group(1)}-{match.group(3)}", unit
    if match := _SINGLE.fullmatch(text):
        return " ".join(part for part in match.group(1, 2) if part), match.group(3)
    return None


def parse_amount(data: Any, unit: str) -> dict[str, Any]:
    """Return ``{"value": x}``, or ``low`` and/or ``high`` for an interval, in ``unit``.

    Accepts a number (taken to be in ``unit``), ``"22 mm"``, ``"2.2 cm"``, ``"20-30 mm"``,
    ``"< 5 mm"`` and ``"0.64 10^9/L"``; ``"about 20 mm"`` adds the note ``"about"``. Raises
    PydanticCustomError for a text that is no number, for a number that is not finite, for a unit
    that does not convert to ``unit`` and for a comma that can mean two things.

    >>> parse_amount("2.2 cm", "mm")
    {'value': 22.0}
    """
    if isinstance(data, bool) or not isinstance(data, (int, float, str)):
        raise _refuse(_show(data), unit)
    if not isinstance(data, str):
        return {"value": _finite(data, unit)}
    text = data if len(data) <= _LONGEST else ""
    if match := _RANGE.fullmatch(text):
        first, unit_a, second, unit_b = match.groups()
        factor_b = _factor(unit_b or unit_a, unit, data)
        factor_a = _factor(unit_a, unit, data) if unit_a else factor_b
        return {
            "low": _scaled(first, unit_a or unit_b, factor_a, unit=unit, data=data),
            "high": _scaled(second, unit_b or unit_a, factor_b, unit=unit, data=data),
        }
    if match := _SINGLE.fullmatch(text):
        sign, number, spelled = match.groups()
        value = _scaled(number, spelled, _factor(spelled, unit, data), unit=unit, data=data)
        if sign in ("<", "<=", "≤"):
            return {"low": 0.0, "high": value}
        if sign in (">", ">=", "≥"):
            return {"low": value}
        return {"value": value, "note": "about"} if sign else {"value": value}
    raise _refuse(_show(data), unit)


def _scaled(number: str, spelled: str, factor: float, *, unit: str, data: str) -> float:
    if _GROUPED.match(number):
        if number.count(",") == 1 and canonical_unit(spelled) not in _COUNTED:
            raise _complain(
                f"the comma in '{data}' can group thousands or mark decimals",
                "a decimal point, and no grouping",
                f"Write {number.replace(',', '.', 1)} or {number.replace(',', '')}.",
            )
        number = number.replace(",", "")
    value = _finite(float(number.replace(",", ".")), unit)
    # Twelve digits: 1.1 cm is 11 mm, not 11.000000000000002 mm.
    return _finite(value if factor == 1.0 else float(f"{value * factor:.12g}"), unit)


def _factor(spelled: str, unit: str, data: str) -> float:
    known = UNITS[unit]
    spelling = canonical_unit(spelled)
    if spelling == "":
        return 1.0
    if spelling not in known:
        name = "a number without a unit" if unit == "1" else unit
        others = ", ".join(k for k in known if k not in ("", "1"))
        raise _complain(
            f"unit '{spelled}' in '{data}' is not known here",
            f"{name} (or one of: {others})" if others else name,
            "Write the value in one of these units." if others else "Write the number alone.",
        )
    return known[spelling]


def _finite(number: float, unit: str) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise _refuse("a number that is not finite", unit)
    return value


def _show(data: object) -> str:
    if isinstance(data, str):
        return f"'{data}'" if len(data) <= _LONGEST else f"'{data[: _LONGEST - 3]}...'"
    return str(data).lower() if isinstance(data, bool) else f"a {type(data).__name__}"


def _refuse(what: str, unit: str) -> PydanticCustomError:
    example = "5, 4-6" if unit == "1" else f"22 {unit}, 20-30 {unit}"
    return _complain(
        f"{what} is no quantity",
        "a finite number" if unit == "1" else f"a finite number in {unit}, or one with its unit",
        f"Write for example {example} or not reported.",
    )


def _complain(what: str, expected: str, action: str) -> PydanticCustomError:
    return PydanticCustomError(
        "abscope",
        "{what}; expected {expected}. {action}",
        {"what": what, "expected": expected, "action": action},
    )
