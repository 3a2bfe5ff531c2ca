"""Whether a case points only to what it holds: identifiers are unique, references resolve."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from abscope.case.timing import When

if TYPE_CHECKING:
    from abscope.case.record import Case

__all__ = [
    "GENERAL_EVENTS", "Dangling", "Path", "event_names", "named_items", "reference_problems",
    "walk",
]  # fmt: skip

#: Events that every case has, besides its courses, phases, scans, procedures and therapies.
GENERAL_EVENTS = ("diagnosis", "metastatic_diagnosis", "death", "last_contact")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Dangling:
    """A reference or an identifier that does not fit, with its path in the record."""

    path: Path
    what: str
    expected: str
    action: str


def named_items(case: "Case") -> Iterator[tuple[Path, str]]:
    """Yield the path and identifier of everything in a case that other records can refer to."""
    for room in ("lesions", "rt_courses", "systemic_therapy", "procedures", "imaging", "labs"):
        for index, item in enumerate(getattr(case, room)):
            if item.id:
                yield (room, index, "id"), item.id
            if room == "rt_courses":
                for number, phase in enumerate(item.phases):
                    yield (room, index, "phases", number, "id"), phase.id


def event_names(case: "Case") -> set[str]:
    """Return every name that a time text may refer to: ``RT1``, ``RT1.end``, ``I1``, ``death``."""
    names = set(GENERAL_EVENTS)
    for path, name in named_items(case):
        if path[0] == "lesions":
            continue
        names.add(name)
        if path[0] in ("rt_courses", "systemic_therapy"):
            names |= {f"{name}.start", f"{name}.end"}
    return names


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every part of a record that is said with its path, outermost first and in order."""
    stack: list[tuple[Path, Any]] = [(path, value)]
    while stack:
        path, value = stack.pop()
        yield path, value
        if isinstance(value, tuple):
            inner = [((*path, index), item) for index, item in enumerate(value)]
        elif isinstance(value, BaseModel):
            inner = [
                ((*path, key), item)
                for name, key in _keys(type(value))
                if (item := getattr(value, name)) is not None
            ]
        else:
            continue
        stack += reversed(inner)


@cache
def _keys(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    return tuple((name, field.alias or name) for name, field in model.model_fields.items())


#: Names that a misspelled one is compared with; among more, the search takes too long.
_MOST_COMPARED = 2000
_LESION_FIELDS = frozenset(
    {"targets", "targets_uncertain", "lesions", "lesions_uncertain", "not_assessed"}
)


def reference_problems(case: "Case") -> list[Dangling]:
    """Return every duplicate identifier and every reference that leads nowhere.

    A finding of a lesion that is not listed is not among them: sources do that, the record keeps
    it, and `abscope.case.checks` reports it.
    """
    problems: list[Dangling] = []
    first_use: dict[str, Path] = {}
    for path, name in named_items(case):
        if name in first_use:
            problems.append(
                Dangling(
                    path,
                    f"identifier '{name}' is already used at {_dotted(first_use[name])}",
                    "each identifier once in a case",
                    "Rename one of them.",
                )
            )
        first_use.setdefault(name, path)
    lesions = {lesion.id for lesion in case.lesions}
    courses = {course.id for course in case.rt_courses}
    scans = {scan.id for scan in case.imaging}
    events = event_names(case)
    for path, value in walk(case):
        field = path[-1] if path else ""
        above = path[-2] if len(path) > 1 else ""
        if isinstance(value, When):
            problems += [
                _lost(path, e, events, "an event") for e in value.events if e not in events
            ]
        elif not isinstance(value, str) or path[0] == "members":
            continue
        elif _names_a_lesion(path):
            problems += _unless(path, value, lesions, "a lesion")
        elif above == "same_volume_as":
            problems += _unless(path, value, courses, "a radiotherapy course")
        elif above == "ongoing_during":
            problems += _unless(path, value, events, "an event")
        elif field == "relative_to":
            problems += _unless(path, value, scans, "an examination")
        elif field == "day_zero":
            problems += _day_zero(path, value, events)
    return problems


def _names_a_lesion(path: Path) -> bool:
    field, above = path[-1], path[-2] if len(path) > 1 else ""
    if isinstance(field, int):
        return above in _LESION_FIELDS and path[0] != "lesions"
    return field == "lesion" and path[0] != "imaging"


def _day_zero(path: Path, text: str, events: set[str]) -> list[Dangling]:
    from datetime import date

    try:
        date.fromisoformat(text)
    except ValueError:
        return _unless(path, text, events, "a date (YYYY-MM-DD) or an event")
    return []


def _unless(path: Path, name: str, known: set[str], kind: str) -> list[Dangling]:
    return [] if name in known else [_lost(path, name, known, kind)]


def _lost(path: Path, name: str, known: set[str], kind: str) -> Dangling:
    few = len(known) <= _MOST_COMPARED
    close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5) if few else []
    hint = f"Did you mean {', '.join(close)}?" if close else "Add it, or correct the name."
    return Dangling(path, f"'{name}' is not in this case", f"{kind} of this case", hint)


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(
        "."
    )
