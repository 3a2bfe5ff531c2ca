"""Checks of a valid case that find contradictions and gaps, each with its place and reason.

A check never changes a case and never raises: what cannot be computed is not reported. Add a rule
as one small function in the file of its family; `CHECKS` lists every code for the documentation.
"""

from abscope.case.checks import (
    audit,
    bloods,
    comparison,
    dose,
    drugs,
    fractions,
    identity,
    privacy,
    scans,
    sizes,
    symptoms,
    targets,
    times,
    versions,
)
from abscope.case.checks.finding import Check, CheckFinding, Severity
from abscope.case.checks.view import View
from abscope.case.record import Case
from abscope.case.references import Path

__all__ = ["CHECKS", "Check", "CheckFinding", "Severity", "check_case"]

#: Every check, in the order in which findings are listed.
CHECKS: tuple[Check, ...] = (
    *fractions.CHECKS,
    *dose.CHECKS,
    *targets.CHECKS,
    *audit.CHECKS,
    *scans.CHECKS,
    *comparison.CHECKS,
    *identity.CHECKS,
    *sizes.CHECKS,
    *bloods.CHECKS,
    *symptoms.CHECKS,
    *times.CHECKS,
    *drugs.CHECKS,
    *privacy.CHECKS,
    *versions.CHECKS,
)

_ROOMS = {field.alias or name: n for n, (name, field) in enumerate(Case.model_fields.items())}
_ORDER = {item.code: number for number, item in enumerate(CHECKS)}


def check_case(case: Case) -> tuple[CheckFinding, ...]:
    """Return every finding: warnings first, then notes; within each by check and by place."""
    view = View(case)
    found = [finding for item in CHECKS for finding in item.run(view)]
    return tuple(sorted(found, key=_sort_key))


def _sort_key(finding: CheckFinding) -> tuple[bool, int, list[tuple[int, int, str]], str]:
    return (
        finding.severity == "note",
        _ORDER[finding.code],
        _path_key(finding.path),
        finding.what,
    )


def _path_key(path: Path) -> list[tuple[int, int, str]]:
    room = _ROOMS.get(str(path[0]), 0) if path else 0
    rest = [(1, part, "") if isinstance(part, int) else (0, 0, part) for part in path[1:]]
    return [(0, room, ""), *rest]
