"""The fields of any record in words: value, how it is known, place in the source."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from abscope.case.facts import Fact, Record
from abscope.report.words import Said, plain, said

__all__ = ["fact_rows"]

#: Endings of field names that are units, as people write them.
_UNITS = {
    "_gy": "Gy", "_mm": "mm", "_cm": "cm", "_d": "d", "_kg": "kg", "_years": "years",
    "_mg": "mg", "_mg_per_kg": "mg/kg", "_mg_per_m2": "mg/m²", "_mg_per_day": "mg per day",
    "_ml": "ml", "_min": "min", "_mm3": "mm³", "_per_ul": "per µL",
}  # fmt: skip
_ENDING = re.compile("(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + r")$")
_SKIPPED = ("id", "loc", "note")
_LISTS = 12


def fact_rows(record: Record, *, missing: str) -> tuple[tuple[str, Said], ...]:
    """Return every field of a record that holds something, as name and value with its status.

    ``missing`` is how the record reads a field that it does not mention; see `said`.
    """
    return tuple(_rows(record, missing, ""))


def _rows(record: BaseModel, missing: str, above: str) -> Iterator[tuple[str, Said]]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        if value is None or value == () or (name in _SKIPPED and above):
            continue
        label, unit = _label(name)
        yield from _field(f"{above}{label}", unit, value, missing)


def _field(label: str, unit: str, value: Any, missing: str) -> Iterator[tuple[str, Said]]:
    if isinstance(value, Fact):
        found = said(value, missing=missing, unit=unit)
        yield label, found if found.missing or found.status else replace(found, status="stated")
    elif isinstance(value, Record):
        yield from _rows(value, missing, f"{label}: ")
    elif isinstance(value, tuple) and any(isinstance(item, Record) for item in value):
        for number, item in enumerate(value[:_LISTS], start=1):
            yield from _field(f"{label} {number}", unit, item, missing)
        if len(value) > _LISTS:
            yield label, Said(f"{len(value) - _LISTS} more in the file", missing=True)
    else:
        yield label, Said(f"{plain(value)} {unit}".rstrip())


def _label(name: str) -> tuple[str, str]:
    found = _ENDING.search(name)
    words = name[: found.start()] if found else name
    return words.replace("_", " "), _UNITS[found.group()] if found else ""
