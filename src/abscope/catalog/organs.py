"""The organs of a dose table: their names, what they are in the circulation, who has priority."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from abscope.catalog.entries import read_text, source_problem
from abscope.errors import ModelError, Problem

__all__ = [
    "Organ",
    "OrganCatalog",
    "name_key",
    "name_side",
    "organ_catalog",
    "parse_organs",
    "sideless_key",
]

_KINDS = ("tg263", "total_segmentator", "other")
_KEYS = {"name", "compartments", "pool", "paired", "note", *_KINDS}
_LEFT = frozenset({"l", "lt", "left"})
_RIGHT = frozenset({"r", "rt", "right"})
_SIDES = _LEFT | _RIGHT
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_GAPS = re.compile(r"[\s_.\-]+")


@dataclass(frozen=True, slots=True)
class Organ:
    """One organ: ``name`` is the word of every table, ``rank`` the priority (0 is the highest).

    ``compartments`` are those of the circulation (ICRP 89) that lie in it, ``pool`` the lymphocyte
    pool or ''. ``names`` are spellings of TG-263, TotalSegmentator and clinics; for a ``paired``
    organ they stand without the side.
    """

    name: str
    rank: int
    compartments: tuple[str, ...]
    pool: str
    paired: bool
    names: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class OrganCatalog:
    """All organs by name in the order of priority, and how their names are found.

    ``exact`` maps every spelling, as `name_key` gives it, to its organ; ``sideless`` those of the
    paired organs as `sideless_key` gives them. ``body`` and ``elsewhere`` are keys of the outer
    contour and of what is no organ, ``elsewhere_starts`` how the names of targets begin.
    """

    organs: Mapping[str, Organ]
    exact: Mapping[str, str]
    sideless: Mapping[str, str]
    body: frozenset[str]
    elsewhere: frozenset[str]
    elsewhere_starts: tuple[str, ...]


def name_key(name: str) -> str:
    """Return a name as it is compared: no case, blanks, underscores, hyphens or points.

    Compatibility forms of Unicode are unified (NFKC). Every other sign stays, so that
    ``Lung_L~`` (a part) or ``Lungs^Ex`` is another name.

    >>> name_key("Spinal_Cord") == name_key("spinalCord")
    True
    """
    return "".join(_words(name))


def sideless_key(name: str) -> str:
    """Return the key of a name without a side (left, lt, l, ...) as its first or last word.

    The key of the whole name where it has no side.

    >>> sideless_key("Lt Lung"), sideless_key("lung_upper_lobe_left")
    ('lung', 'lungupperlobe')
    """
    words = _words(name)
    if len(words) > 1 and words[-1] in _SIDES:
        return "".join(words[:-1])
    if len(words) > 1 and words[0] in _SIDES:
        return "".join(words[1:])
    return "".join(words)


def name_side(name: str) -> str:
    """Return the side that a name tells: 'left', 'right', or '' for none or both.

    >>> name_side("Lt Lung"), name_side("rib_right_4"), name_side("Lungs")
    ('left', 'right', '')
    """
    words = set(_words(name))
    left, right = bool(words & _LEFT), bool(words & _RIGHT)
    if left == right:
        return ""
    return "left" if left else "right"


@cache
def organ_catalog() -> OrganCatalog:
    """Return the organs and their names; ModelError with every fault of the file at once."""
    return parse_organs(read_text("organs"), where="catalog/organs.toml")


def parse_organs(text: str, *, where: str) -> OrganCatalog:
    """Return the organs of a TOML text in their order; ModelError lists all that is wrong."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(
            Problem(where, f"not TOML: {error}", "a TOML file", "Correct the syntax.")
        ) from error
    problems = _source_problems(tables, where)
    organs: dict[str, Organ] = {}
    exact: dict[str, str] = {}
    sideless: dict[str, str] = {}
    for table in tables.get("organ", []):
        if wrong := _table_problem(table, organs, where):
            problems.append(wrong)
            continue
        organ = _organ(table, len(organs))
        organs[organ.name] = organ
        for name in organ.names:
            problems += _enter(exact, name_key(name), organ.name, name, where)
            if organ.paired:
                problems += _enter(sideless, name_key(name), organ.name, name, where)
    body = frozenset(map(name_key, tables.get("body", {}).get("names", [])))
    elsewhere = frozenset(map(name_key, tables.get("elsewhere", {}).get("names", [])))
    for key in (body | elsewhere) & exact.keys():
        what = f"'{key}' is {exact[key]} and no organ at once"
        problems.append(Problem(where, what, "one meaning of a name", "Remove one."))
    if not organs:
        problems.append(Problem(where, "no organs", "at least one [[organ]]", "Add one."))
    if problems:
        raise ModelError(problems)
    starts = tuple(map(name_key, tables.get("elsewhere", {}).get("starts", [])))
    return OrganCatalog(
        MappingProxyType(organs), MappingProxyType(exact), MappingProxyType(sideless), body,
        elsewhere, starts,
    )  # fmt: skip


def _words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return [word for word in _GAPS.split(folded) if word]


def _expanded(name: str) -> Iterator[str]:
    """Yield the names that a name with braces stands for."""
    found = _BRACES.search(name)
    if found is None:
        yield name
        return
    if span := _RANGE.fullmatch(found[1]):
        parts = [str(number) for number in range(int(span[1]), int(span[2]) + 1)]
    else:
        parts = found[1].split(",")
    for part in parts:
        yield from _expanded(name[: found.start()] + part + name[found.end() :])


def _organ(table: Mapping[str, Any], rank: int) -> Organ:
    listed = [table["name"], *(name for kind in _KINDS for name in table.get(kind, []))]
    names = dict.fromkeys(full for name in listed for full in _expanded(name))
    return Organ(
        table["name"], rank, tuple(table["compartments"]), table.get("pool", ""),
        table.get("paired", False), tuple(names), table.get("note", ""),
    )  # fmt: skip


def _enter(into: dict[str, str], key: str, organ: str, name: str, where: str) -> list[Problem]:
    if into.setdefault(key, organ) == organ:
        return []
    what = f"'{name}' is {into[key]} and {organ}"
    return [Problem(where, what, "one organ for a name", "Remove one of the two.", path=organ)]


def _table_problem(table: Any, organs: Mapping[str, Organ], where: str) -> Problem | None:
    name = table.get("name", "?") if isinstance(table, dict) else "?"
    if not isinstance(table, dict) or not {"name", "compartments"} <= table.keys() <= _KEYS:
        expected = f"name, compartments and only {', '.join(sorted(_KEYS))}"
        return Problem(where, f"keys of organ {name} do not fit", expected, "Correct them.")
    if name in organs:
        return Problem(where, f"organ {name} is there twice", "one table", "Remove one.")
    if not table["compartments"]:
        return Problem(where, f"{name} has no compartment", "at least one", "Name it.", name)
    return None


def _source_problems(tables: Mapping[str, Any], where: str) -> list[Problem]:
    sources = tables.get("sources", {})
    return [
        Problem(where, *wrong, path=f"sources.{kind}")
        for kind in (*_KINDS, "compartments")
        if (wrong := source_problem(sources.get(kind)))
    ]
