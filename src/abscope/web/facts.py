"""The record behind a mark of the timeline: its fields, how each is known, and its places."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abscope.case.facts import Record
from abscope.errors import Problem, UsageError
from abscope.web.reading import Opened

if TYPE_CHECKING:
    from abscope.report.words import Said

__all__ = ["ChosenFact", "fact_of"]


@dataclass(frozen=True, slots=True)
class ChosenFact:
    """A record with its path, its place in the case file, and its fields in words."""

    path: str
    title: str
    place: str
    line: int
    rows: "tuple[tuple[str, Said], ...]"

    def to_dict(self) -> dict[str, Any]:
        """Return the record as the JSON output shows it."""
        return {
            "path": self.path,
            "title": self.title,
            "place": self.place,
            "line": self.line,
            "fields": [_plain(name, value) for name, value in self.rows],
        }


def fact_of(opened: Opened, path: str) -> ChosenFact:
    """Return the record that a path such as ``imaging.2`` leads to; UsageError where none does."""
    from abscope.report.facts import fact_rows

    steps = tuple(int(part) if part.isdigit() else part for part in path[:200].split("."))
    found: Any = opened.case
    for step in steps:
        found = _child(found, step)
    if not isinstance(found, Record) or found is opened.case:
        raise UsageError(
            Problem(
                "mark", f"there is no record '{path[:80]}'", "a path such as imaging.0",
                "Click a mark of the timeline.",
            )
        )  # fmt: skip
    place = opened.located.place(steps)
    rows = fact_rows(found, missing=opened.case.default_missing)
    kind = str(steps[0]).replace("_", " ")
    title = (
        f"{kind} {getattr(found, 'id', None) or int(str(steps[-1])) + 1 if len(steps) > 1 else ''}"
    )
    return ChosenFact(path, title.strip(), place, int(place.rsplit(":", 2)[-2]), rows)


def _child(found: Any, step: str | int) -> Any:
    if isinstance(step, int):
        inside = isinstance(found, tuple) and step < len(found)
        return found[step] if inside else None
    known = isinstance(found, Record) and step in type(found).model_fields
    return getattr(found, step) if known else None


def _plain(name: str, value: "Said") -> dict[str, Any]:
    return {
        "name": name,
        "text": value.line,
        "status": "missing" if value.missing else value.status,
        "loc": value.loc,
        "note": value.note,
        "versions": [
            {"text": item.text, "loc": item.loc, "note": item.note} for item in value.versions
        ],
    }
