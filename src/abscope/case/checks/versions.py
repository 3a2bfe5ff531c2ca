"""Two values for one fact, and every contradiction that the record itself writes down."""

from collections.abc import Iterator
from typing import Any

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import shown, subject, version_text, versions_of
from abscope.case.facts import Fact
from abscope.case.references import Path

__all__ = ["CHECKS"]

#: Kinds of a discrepancy that cannot both be true; the others are gaps and reminders.
_SHARP = frozenset({"contradiction", "impossible"})


@check("conflicting-value", "the source gives two or more values for one fact")
def _conflicting_value(view: View) -> Iterator[Remark]:
    """Report each fact with versions once, with every version and its place.

    Versions that agree in value (the same number from two methods) make a note.
    """
    for path, fact in view.conflicts:
        field = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
        statements = versions_of(fact, field)
        groups = _by_value(fact, field)
        preferred = f"; the record uses {shown(fact.value, field)}" if fact.known else ""
        said = " or ".join(
            f"{text} ({'; '.join(places)})" if places else text for text, places in groups.items()
        )
        yield Remark(
            path,
            f"{subject(view.case, path)}: {said}{preferred}",
            "one value" if len(groups) > 1 else "one statement",
            "Every version is kept; say which conclusion holds under each, or ask the authors."
            if len(groups) > 1
            else "The value agrees; check whether method and time of the statements do.",
            _lesions_at(view, path),
            statements,
            fact.ref,
            "warning" if len(groups) > 1 else "note",
        )


def _by_value(fact: Fact[Any], field: str) -> dict[str, list[str]]:
    """Return the places of each distinct value, in the order of the record."""
    groups: dict[str, list[str]] = {}
    for version in fact.versions:
        places = groups.setdefault(version_text(version, field), [])
        if version.loc:
            places.append(version.loc)
        elif version.note:
            places.append(version.note)
    return groups


def _lesions_at(view: View, path: Path) -> tuple[str, ...]:
    """Return the lesions that the record at a path speaks of."""
    found: tuple[str, ...] = ()
    item: Any = view.case
    for part in path:
        item = item[part] if isinstance(part, int) else getattr(item, part)
        if path[0] == "lesions" and item is not None and getattr(item, "site", None) is not None:
            found = (item.id,)
        elif isinstance(getattr(item, "lesion", None), str):
            found = (item.lesion,)
        elif isinstance(getattr(item, "targets", None), tuple):
            found = item.targets
        elif item is not view.case and isinstance(getattr(item, "lesions", None), tuple):
            found = item.lesions
    return found


@check("recorded-discrepancy", "a contradiction, gap or confounder that the record writes down")
def _recorded_discrepancy(view: View) -> Iterator[Remark]:
    """Repeat each entry of ``discrepancies`` with both statements and its effect."""
    for index, entry in enumerate(view.case.discrepancies):
        inferred = ", our inference" if entry.inferred else ""
        yield Remark(
            ("discrepancies", index),
            f"{entry.topic} ({entry.kind}{inferred}): {entry.effect.rstrip('.')}",
            "sources without open questions",
            entry.handling,
            entry.lesions,
            entry.statements,
            entry.ref,
            "warning" if entry.kind in _SHARP else "note",
        )


CHECKS: tuple[Check, ...] = (_conflicting_value, _recorded_discrepancy)
