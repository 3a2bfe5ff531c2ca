"""A case as lines of text, field by field, so that nothing of the record is left out."""

import textwrap
from collections.abc import Iterator
from typing import Any

from abscope import RESEARCH_USE_ONLY
from abscope.case.clock import Clock
from abscope.case.facts import Fact, Record
from abscope.case.reader import LocatedCase
from abscope.report.material import Material
from abscope.report.sections.summary import summary
from abscope.report.words import MISSING_WORDS, Statement, plain, said

__all__ = ["case_lines"]

_STEP = "  "
_WIDTH = 100

#: The ending of a field name -> the unit as it is printed; the longest that fits counts.
_UNITS = {
    "_mg_per_day": "mg/day", "_mg_per_kg": "mg/kg", "_mg_per_m2": "mg/m2", "_gy": "Gy",
    "_mm": "mm", "_cm": "cm", "_ml": "ml", "_mg": "mg", "_kg": "kg", "_d": "days",
    "_min": "min", "_years": "years", "_frac": "(fraction of 1)",
}  # fmt: skip
_UNIT_WORDS = {"per_ul": "per µL"}
_ACRONYMS = {"rt": "RT", "suv": "SUV", "sul": "SUL", "tlg": "TLG", "doi": "DOI", "pmid": "PMID",
             "pmcid": "PMCID", "url": "URL", "omed": "OMED", "d95": "D95"}  # fmt: skip

#: What names an entry of a list, in the order it is printed.
_HEADINGS = (
    "id",
    "lesion",
    "name",
    "term",
    "topic",
    "test",
    "symptom",
    "scale",
    "relation",
    "text",
)
_SKIPPED = frozenset({"schema_name", "id", "title", "kind", "default_missing", "day_zero"})
_NAMES = {"loc": "place in source", "loc_note": "places in the source"}


def case_lines(located: LocatedCase) -> Iterator[str]:
    """Yield a case as text: what it is, then each part of the record under its heading."""
    case, clock = located.case, Clock(located.case)
    yield f"{case.id} ({case.kind})"
    yield case.title
    yield f"Day zero: {clock.zero_label}"
    yield f"What this record does not mention is {MISSING_WORDS[case.default_missing]}."
    yield RESEARCH_USE_ONLY
    yield ""
    paragraph = str(summary(Material(located, (), clock)).context["paragraph"])
    yield from textwrap.wrap(paragraph, _WIDTH)
    for name in type(case).model_fields:
        value = getattr(case, name)
        if name in _SKIPPED or value in (None, ()):
            continue
        body = list(_field(name, value, unit=""))
        if not body:
            continue
        yield ""
        if isinstance(value, Record) and not isinstance(value, Fact):
            yield _label(name).capitalize()
            yield from _indented(_block(value))
        elif isinstance(value, tuple) and isinstance(value[0], Record):
            yield f"{_label(name)[:1].upper()}{_label(name)[1:]} ({len(value)})"
            for item in value:
                yield from _indented(_entry(item))
        else:
            yield f"{body[0][:1].upper()}{body[0][1:]}"
            yield from body[1:]


def _label(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    words = name.removeprefix("n_").split("_")
    return " ".join(_ACRONYMS.get(word, word) for word in words)


def _unit_of(name: str) -> tuple[str, str]:
    """Return a field name without the unit in it, and the unit."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending), unit
    return name, ""


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"{_STEP}{line}" for line in lines)


def _block(record: Record, *, without: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the fields of a record that say something, each on lines of its own."""
    fields = type(record).model_fields
    unit = _UNIT_WORDS.get(getattr(record, "unit", None) or "", getattr(record, "unit", "") or "")
    for name, field in fields.items():
        value = getattr(record, name)
        if name in without or value is None or value == () or value == field.default:
            continue
        if name == "unit":
            continue
        yield from _field(name, value, unit=unit)


def _field(name: str, value: Any, *, unit: str) -> Iterator[str]:
    bare, own_unit = _unit_of(name)
    if name in ("value", "lower_limit", "upper_limit"):
        own_unit = unit
    label = _label(bare)
    if isinstance(value, Fact):
        yield from _fact(label, value, own_unit)
    elif isinstance(value, Record) and hasattr(value, "expression"):
        yield f"{label}: {plain(value)}"
    elif isinstance(value, Record):
        yield f"{label}:"
        yield from _indented(_block(value))
    elif isinstance(value, tuple) and value and isinstance(value[0], Record):
        if hasattr(value[0], "expression"):
            yield f"{label}: {plain(value)}"
            return
        yield f"{label}:"
        for item in value:
            yield from _indented(_entry(item))
    else:
        tail = f" {own_unit}" if own_unit else ""
        yield f"{label}: {plain(value)}{tail}"


def _fact(label: str, fact: Fact[Any], unit: str) -> Iterator[str]:
    told = said(fact, missing="not_reported", unit=unit)
    if not told.versions:
        yield f"{label}: {told.text}{_provenance(told.status, told.loc, told.note)}"
        return
    kept = f"; the record uses {told.text}" if fact.known else ""
    yield f"{label}: conflicting{kept}{_provenance('', told.loc, told.note)}"
    yield from (f"{_STEP}- {_version(version)}" for version in told.versions)


def _version(version: Statement) -> str:
    return f"{version.text}{_provenance('', version.loc, version.note)}"


def _provenance(status: str, loc: str, note: str) -> str:
    parts = [part for part in (status, loc and f"at {loc}", note) if part]
    return f" [{'; '.join(parts)}]" if parts else ""


def _entry(item: Record) -> Iterator[str]:
    """Yield one entry of a list: on one line where it fits, else its name and its fields."""
    named = tuple(
        name for name in _HEADINGS if isinstance(getattr(item, name, None), str)
    )[:2]  # fmt: skip
    head = " ".join(str(getattr(item, name)) for name in named)
    lines = list(_block(item, without=named))
    joined = "; ".join(lines)
    line = f"- {head}: {joined}" if head and joined else f"- {head or joined}"
    if len(line) <= _WIDTH and not any(part.startswith(_STEP) for part in lines):
        yield line
        return
    if head:
        yield f"- {head}"
        yield from _indented(iter(lines))
    else:
        yield f"- {lines[0]}"
        yield from _indented(iter(lines[1:]))
