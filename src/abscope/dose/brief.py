"""Findings about many regions as one line per rule, for a person; JSON keeps every finding."""

from collections.abc import Iterable, Iterator, Sequence

from abscope.dose.findings import DoseFinding

__all__ = ["brief_findings"]

_MARKS = {"refused": "accepted", "warning": "warning", "note": "note"}
#: What a rule says of several regions, and what the value after each name is.
_OF_MANY = {
    "roi-outside-grid": "lie outside the dose grid, where the dose is unknown (share outside)",
    "few-dose-voxels": "cover fewer than 50 voxels of the dose grid: D98, D2 and extremes rest on "
    "interpolation (voxels)",
    "few-planes": "are drawn on fewer than 5 planes: volume and D98 depend on the rule for the "
    "end planes (planes)",
    "gap-in-planes": "have planes without a contour, which are not part of them; is one missing? "
    "(gaps)",
    "system-volume": "have a volume more than 5 % from that of the planning system "
    "(ml here, there)",
    "system-mean": "have a mean dose more than 2 % of the prescription from that of the planning "
    "system (Gy here, there)",
    "cap-spread": "have a D98 that depends on the rule for the end planes (change of D98)",
}
_REGION = "region "
_MOST_NAMES = 40


def brief_findings(findings: Iterable[DoseFinding]) -> tuple[str, ...]:
    """Return one line per rule with all that it says, in the order of the findings.

    One finding of a rule stands as it is. Several are one line: what the rule says, how many, and
    each region with its value, those of one region together.
    """
    groups: dict[tuple[str, str, str], list[DoseFinding]] = {}
    for item in findings:
        # what differs in more than names and numbers stays apart, as an accepted reason does
        alike = item.code if item.code in _OF_MANY else f"{item.what}{item.accepted}"
        groups.setdefault((item.severity, item.code, alike), []).append(item)
    return tuple(_line(members) for members in groups.values())


def _line(members: Sequence[DoseFinding]) -> str:
    first = members[0]
    mark = _MARKS[first.severity]
    if len(members) == 1:
        return f"{mark}: {first}"
    if first.code not in _OF_MANY:
        names = ", ".join(dict.fromkeys(item.about for item in members))
        return f"{mark}: {_of(first, names)}"
    values: dict[str, list[str]] = {}
    for item in members:
        values.setdefault(item.about.removeprefix(_REGION), []).append(item.brief)
    listed = "; ".join(_named(values))
    count = "1 region" if len(values) == 1 else f"{len(values)} regions"
    return f"{mark}: {count} {_OF_MANY[first.code]}: {listed}"


def _of(finding: DoseFinding, names: str) -> str:
    kept = f" (accepted: {finding.accepted})" if finding.accepted else ""
    return f"{names}: {finding.what}; expected {finding.expected}. {finding.action}{kept}"


def _named(values: dict[str, list[str]]) -> Iterator[str]:
    for place, (name, found) in enumerate(values.items()):
        if place == _MOST_NAMES:
            yield f"and {len(values) - _MOST_NAMES} more (--json has all)"
            return
        yield f"{name} {' and '.join(dict.fromkeys(found))}".rstrip()
