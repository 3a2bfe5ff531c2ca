"""Conflicts and gaps: every discrepancy, every fact with several versions, every check finding."""

from collections.abc import Iterator
from dataclasses import dataclass

from abscope.case.checks.finding import CheckFinding
from abscope.case.facts import Fact, Quantity, QuantityVersion
from abscope.case.references import walk
from abscope.report.material import Material, Row, Section, Table
from abscope.report.words import Said, Statement, amount, plain

__all__ = ["conflicts"]

_MOST_ROWS = 300
_UNITS = {
    "_gy": "Gy", "_mm": "mm", "_mg": "mg", "_ml": "mL", "_d": "days", "_years": "years",
    "_min": "min", "_kg": "kg", "_per_ul": "per µL",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Issue:
    """One discrepancy for the page: what kind, every statement with its place, effect, handling."""

    topic: str
    kind: str
    statements: tuple[Statement, ...]
    effect: str
    handling: str
    lesions: tuple[str, ...]
    inferred: bool
    ref: str
    place: str


def conflicts(material: Material) -> Section:
    """Return discrepancies, conflicting facts and findings of the checks, each with its place."""
    issues = tuple(_issues(material))
    versions = tuple(_versions(material))
    tables = []
    if versions:
        columns = ("Field", "Versions", "Used", "Place in the file")
        tables.append(
            Table("Facts with several versions", columns, versions[:_MOST_ROWS], _cut(versions))
        )
    warnings = [item for item in material.findings if item.severity == "warning"]
    notes = [item for item in material.findings if item.severity != "warning"]
    if warnings:
        tables.append(_findings(material, "Warnings of the consistency checks", warnings))
    return Section(
        "conflicts",
        "Conflicts and gaps",
        "conflicts.html",
        {
            "issues": issues[:_MOST_ROWS],
            "tables": tables,
            "note": _cut(issues),
            "notes": _findings(material, "Notes of the consistency checks", notes),
        },
    )


def _findings(material: Material, caption: str, items: list[CheckFinding]) -> Table:
    columns = ("Check", "Found", "Expected", "What to do", "Place in the file")
    rows = tuple(_finding(material, item) for item in items[:_MOST_ROWS])
    return Table(caption, columns, rows, _cut(tuple(items)))


def _finding(material: Material, item: CheckFinding) -> Row:
    statements = tuple(Said(s.text, missing=True, loc=s.loc or "") for s in item.statements)
    return Row(
        (item.code, item.ref or ""),
        (
            (item.what, *statements),
            item.expected,
            item.action,
            material.located.place(tuple(item.path)),
        ),
    )


def _cut(items: tuple[object, ...]) -> str:
    return f"{_MOST_ROWS} of {len(items)} are shown." if len(items) > _MOST_ROWS else ""


def _issues(material: Material) -> Iterator[_Issue]:
    for index, item in enumerate(material.case.discrepancies):
        yield _Issue(
            item.topic,
            item.kind,
            tuple(Statement(s.text, s.loc or "") for s in item.statements),
            item.effect,
            item.handling,
            tuple(material.lesion(name) for name in item.lesions),
            item.inferred,
            item.ref or "",
            material.located.place(("discrepancies", index)),
        )


def _versions(material: Material) -> Iterator[Row]:
    for path, value in walk(material.case):
        if not isinstance(value, Fact) or not value.versions:
            continue
        unit = _unit(str(path[-1]))
        statements = tuple(
            Said(
                amount(version, unit)
                if isinstance(version, QuantityVersion)
                else plain(version.value),
                loc=version.loc or "",
                note=version.note or "",
            )
            for version in value.versions
        )
        if isinstance(value, Quantity):
            used = amount(value, unit) if value.value is not None else "none: all are kept"
        else:
            used = plain(value.value) if value.value is not None else "none: all are kept"
        yield Row(_field(material, path), (statements, used, material.located.place(path)))


def _unit(field: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if field.endswith(ending)), "")


def _field(material: Material, path: tuple[str | int, ...]) -> str:
    """Return a record path in words: the identifiers it passes, then the field."""
    value: object = material.case
    names: list[str] = []
    last = ""
    for part in path:
        if isinstance(part, int):
            if not isinstance(value, tuple):
                break
            value = value[part]
            name = getattr(value, "id", None) or getattr(value, "lesion", None)
            names.append(str(name) if name else f"{last} {part + 1}")
        else:
            value = getattr(value, part, None)
            last = part.replace("_", " ")
    ending = last.removesuffix(" gy").removesuffix(" mm").removesuffix(" mg").removesuffix(" d")
    return " ".join([*names, ending.removeprefix("n ")])
