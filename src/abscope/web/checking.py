"""What is wrong with the text of a case, by line, for the editor."""

import re
from dataclasses import dataclass
from typing import Any

from abscope.case.checks import check_case
from abscope.case.reader import read_case_text
from abscope.errors import CaseError, Problem

__all__ = ["Checked", "check_text", "line_of"]

_PLACE = re.compile(r":(\d+)(?::\d+)?$")


@dataclass(frozen=True, slots=True)
class Checked:
    """Problems that make a text no case, and what the checks find where it is one."""

    problems: tuple[Problem, ...]
    findings: tuple[tuple[str, Problem], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return both lists as the JSON output shows them, with the line of each."""
        return {
            "problems": [_plain(problem, "error") for problem in self.problems],
            "findings": [_plain(problem, severity) for severity, problem in self.findings],
        }


def check_text(text: str, name: str) -> Checked:
    """Return the problems of a text with their lines; findings only where it is a valid case."""
    try:
        located = read_case_text(text, name=name)
    except CaseError as error:
        return Checked(error.problems, ())
    found = [
        (item.severity, Problem(located.place(item.path), item.what, item.expected, item.action))
        for item in check_case(located.case)
    ]
    return Checked((), tuple(sorted(found, key=lambda pair: pair[0] != "warning")))


def line_of(problem: Problem) -> int | None:
    """Return the line that a problem points at; None where it points at no line."""
    found = _PLACE.search(problem.where)
    return int(found[1]) if found else None


def _plain(problem: Problem, severity: str) -> dict[str, Any]:
    return {**problem.to_dict(), "severity": severity, "line": line_of(problem)}
