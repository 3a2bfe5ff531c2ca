"""How findings name things: lists, values with units, dates, and the place in a record in words."""

from collections.abc import Iterable
from datetime import date
from typing import Any, SupportsFloat

from abscope.case.facts import Fact, Version
from abscope.case.record import Case, Statement
from abscope.case.references import Path
from abscope.case.timing import When

__all__ = [
    "any_of", "day_words", "either", "listed", "shown", "subject", "text_of", "version_text",
    "versions_of",
]  # fmt: skip

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {
    "_gy": "Gy", "_mm": "mm", "_ml": "ml", "_d": "days", "_years": "years", "_kg": "kg",
    "_cm": "cm", "_mg": "mg", "_mg_per_kg": "mg/kg", "_mg_per_m2": "mg/m2", "_min": "min",
    "_mg_per_day": "mg/day",
}  # fmt: skip


def listed(items: Iterable[Any], *, joint: str = "and", limit: int = 12) -> str:
    """Return 'a, b and c'; of more than ``limit`` items the rest as a count."""
    words = [str(item) for item in items]
    if len(words) > limit:
        words = [*words[:limit], f"{len(words) - limit} more"]
    return f"{', '.join(words[:-1])} {joint} {words[-1]}" if len(words) > 1 else "".join(words)


def either(items: Iterable[Any]) -> str:
    """Return 'a, b or c' without repetition."""
    return listed(dict.fromkeys(str(item) for item in items), joint="or")


def any_of(values: Iterable[SupportsFloat]) -> str:
    """Return the distinct numbers in rising order as 'a, b or c'."""
    return either(f"{number:g}" for number in sorted({float(value) for value in values}))


def day_words(day: date) -> str:
    """Return a date with its weekday: 'Friday 2023-07-21'."""
    return f"{_WEEKDAYS[day.weekday()]} {day.isoformat()}"


def shown(value: Any, field: str = "") -> str:
    """Return a value as people write it, with the unit that its field's name ends in."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        ending = max((e for e in _UNITS if field.endswith(e)), key=len, default="")
        return f"{value:g} {_UNITS[ending]}" if ending else f"{value:g}"
    if isinstance(value, (tuple, list)):
        return " + ".join(shown(item) for item in value)
    return str(value)


def versions_of(fact: Fact[Any], field: str) -> tuple[Statement, ...]:
    """Return each version of a fact as a statement with its place in the source."""
    return tuple(_statement(version, field) for version in fact.versions)


def _statement(version: Version[Any], field: str) -> Statement:
    text = version_text(version, field)
    return Statement(text=f"{text} ({version.note})" if version.note else text, loc=version.loc)


def version_text(version: Version[Any], field: str) -> str:
    """Return the value of a version, or its interval, with the unit of the field."""
    if version.value is not None:
        return shown(version.value, field)
    low, high = getattr(version, "low", None), getattr(version, "high", None)
    if high is None:
        return f"at least {shown(low, field)}" if low is not None else "unknown"
    return (
        f"{shown(low)} to {shown(high, field)}"
        if low is not None
        else (f"at most {shown(high, field)}")
    )


def subject(case: Case, path: Path) -> str:
    """Return what a path leads to, in names instead of numbers: 'P7: modalities'."""
    labels: list[str] = []
    fields: list[str] = []
    item: Any = case
    for part in path:
        if isinstance(part, int):
            item = item[part]
            label = _label(item)
            if label is None:
                fields.append(f"{fields.pop() if fields else ''} {part + 1}".strip())
            else:
                labels.append(label)
                fields = []
        else:
            item = getattr(item, part)
            fields.append(part)
    words = " ".join(_plain(field) for field in fields)
    return f"{', '.join(labels)}: {words}" if labels else words


def _plain(field: str) -> str:
    ending = max((e for e in _UNITS if field.endswith(e)), key=len, default="")
    return field.removesuffix(ending).replace("_", " ")


def _label(item: Any) -> str | None:
    if getattr(item, "symptom", None):
        where = listed(item.lesions) or item.where or "a place that is not said"
        return f"{item.symptom} ({item.scale}) at {where}"
    for name in ("id", "lesion", "term", "test", "name", "kind"):
        found = getattr(item, name, None)
        if isinstance(found, str):
            return found
    return None


def text_of(when: Fact[When] | None) -> str:
    """Return a time as the record writes it, all versions of it."""
    return either(when.candidates) if when and when.candidates else "an unknown time"
