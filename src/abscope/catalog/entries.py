"""Numbers from the literature, each with its unit, range and source, read from TOML files.

A file holds one table per entry with ``value``, ``low``, ``high``, ``unit``, ``source`` and
``note``. An entry without a source does not load. A source is one or more of ``doi:10.x/y``,
``pmid:123``, ``url:https://...`` and ``assumed: why``, separated by ``'; '``; ``assumed`` marks a
number nobody here has verified in print: taken from memory, a rule of thumb or our own proposal.
"""

import contextlib
import difflib
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from abscope.engine.cache import cache_folder, kept, write_kept
from abscope.errors import ModelError, Problem

__all__ = [
    "UNITS",
    "Parameter",
    "load",
    "look_up",
    "parse",
    "parse_entry",
    "read_text",
    "source_problem",
]

#: The units that an entry can have; ``frac`` is a signed change or a share of 1, ``1`` a count
#: or a ratio, ``ln`` the natural logarithm of a factor, ``mcell`` a million cells.
UNITS = (
    "Gy", "frac", "1", "mm", "d", "per_ul", "months", "log10", "per_Gy", "per_d", "s", "min",
    "ml", "m", "kg", "l", "l_per_min", "l_per_kg", "l_per_m3", "l_per_d", "mg_per_d", "mg_per_l",
    "g_per_l", "ml_per_min", "ln", "cells", "cells_per_d", "per_cell", "per_cell_d", "ul", "nmol",
    "nmol_per_l", "per_Gy2", "per_d_Gy", "per_ml", "mcell", "mcell_per_ml", "mg",
    "mg_per_kg",
)  # fmt: skip

_KEYS = ("value", "low", "high", "unit", "source", "note")
_SOURCES = (
    re.compile(r"^doi:10\.\d{4,9}/\S+$"),
    re.compile(r"^pmid:\d{1,9}$"),
    re.compile(r"^url:https?://[^\s/]+\.\S+$"),
    re.compile(r"^assumed: \S.*$"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number in ``unit`` with the range it is known or assumed to lie in, and its source.

    What the range is (95 % interval, range of studies, own guess) is said in ``note``.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    source: str
    note: str

    @property
    def assumed(self) -> bool:
        """Whether the number, or a part of it, rests on an assumption rather than on print."""
        return "assumed:" in self.source


@cache
def load(name: str) -> Mapping[str, Parameter]:
    """Return the entries of one file of the catalog by name, for example ``load("alpha_beta")``.

    Raises ModelError with every problem of the file at once.
    """
    text, where = read_text(name), f"catalog/{name}.toml"
    return MappingProxyType(_entries(_kept_tables(text, where=where), where=where))


def read_text(name: str) -> str:
    """Return the text of a data file of the catalog; ModelError when there is none."""
    folder = files("abscope.catalog") / "data"
    known = sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml"))
    if name not in known:
        raise _unknown(name, known, "catalog", "a file of the catalog")
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def parse(text: str, *, where: str) -> dict[str, Parameter]:
    """Return the entries of a TOML text by name; ModelError lists all that is wrong."""
    return _entries(_tables(text, where=where), where=where)


def _tables(text: str, *, where: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(
            Problem(where, f"not TOML: {error}", "a TOML file", "Correct the syntax.")
        ) from error


def _kept_tables(text: str, *, where: str) -> dict[str, Any]:
    """Return the tables of a file of the catalog; once a kernel is kept, they are beside it.

    Python reads TOML at 2 MB/s, which would be a twentieth of a simulation from the command line.
    The first line of what is kept is the hash of the rest: numbers that were changed are not used.
    """
    key = f"catalog_{_hash(text)}"
    if (path := kept(key, ".json")) is not None:
        with contextlib.suppress(OSError, ValueError):
            mark, _, rest = path.read_text(encoding="utf-8").partition("\n")
            if mark == _hash(rest):
                return dict(json.loads(rest))
    tables = _tables(text, where=where)
    if cache_folder().is_dir():
        with contextlib.suppress(OSError):
            rest = json.dumps(tables)
            write_kept(key, f"{_hash(rest)}\n{rest}", ".json")
    return tables


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _entries(tables: Mapping[str, Any], *, where: str) -> dict[str, Parameter]:
    problems: list[Problem] = []
    out: dict[str, Parameter] = {}
    for name, table in tables.items():
        entry, found = parse_entry(name, table, where=where)
        problems += found
        if entry is not None:
            out[name] = entry
    if not tables:
        problems.append(Problem(where, "no entries", "at least one entry", "Add one."))
    if problems:
        raise ModelError(problems)
    return out


def parse_entry(name: str, table: Any, *, where: str) -> tuple[Parameter | None, list[Problem]]:
    """Return the entry of one table, or None with all that is wrong with the table."""
    if found := _entry_problems(table):
        return None, [Problem(where, *parts, path=name) for parts in found]
    value, low, high = (float(table[key]) for key in _KEYS[:3])
    return Parameter(name, value, low, high, table["unit"], table["source"], table["note"]), []


def look_up(name: str, *, entries: Mapping[str, Parameter], where: str) -> Parameter:
    """Return one entry by name; ModelError with the nearest names when there is none."""
    if name not in entries:
        raise _unknown(name, sorted(entries), where, "an entry of the catalog")
    return entries[name]


def source_problem(source: Any) -> tuple[str, str, str] | None:
    """Return what is wrong with a source (what, expected, action), or None when it is fine."""
    parts = source.split("; ") if isinstance(source, str) else []
    if parts and all(any(rule.match(part) for rule in _SOURCES) for part in parts):
        return None
    return (
        "no source" if source is None else f"source is {source!r}",
        "doi:10.x/y, pmid:number, url:https://... or 'assumed: reason', joined by '; '",
        "Name the source; a number without one does not load.",
    )


def _entry_problems(table: Any) -> list[tuple[str, str, str]]:
    if not isinstance(table, dict):
        return [(f"entry is {table!r}", "a table", f"Give {', '.join(_KEYS)}.")]
    out = []
    if extra := sorted(set(table) - set(_KEYS)):
        out.append((f"unknown key(s) {', '.join(extra)}", ", ".join(_KEYS), "Remove them."))
    if wrong := source_problem(table.get("source")):
        out.append(wrong)
    if table.get("unit") not in UNITS:
        out.append((f"unit is {table.get('unit')!r}", f"one of {', '.join(UNITS)}", "Convert it."))
    if not (isinstance(table.get("note"), str) and table["note"].strip()):
        out.append(("no note", "what the number and its range are", "Write one sentence."))
    numbers = [table.get(key) for key in _KEYS[:3]]
    if not all(_is_number(number) for number in numbers):
        out.append((f"value, low, high are {numbers}", "three finite numbers", "Give all three."))
    elif not numbers[1] <= numbers[0] <= numbers[2]:  # type: ignore[operator]
        out.append((f"value, low, high are {numbers}", "low <= value <= high", "Correct them."))
    return out


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item)


def _unknown(name: str, known: list[str], where: str, expected: str) -> ModelError:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(known)}."
    return ModelError(Problem(where, f"'{name}' is not known", expected, hint))
