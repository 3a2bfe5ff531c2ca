"""What a check says, and what a check is: a code, one line of description and one function."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from abscope.case.checks.view import View
from abscope.case.record import Statement
from abscope.case.references import Path

__all__ = ["Check", "CheckFinding", "Remark", "Rule", "Severity", "check"]

#: A warning can change a conclusion or is a contradiction; a note is a gap or a reminder.
Severity = Literal["warning", "note"]


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One thing about a valid case that a reader has to know, with its place in the record.

    ``path`` leads through the record, so that `LocatedCase.place(path)` gives file, line and
    column. ``statements`` are the versions that disagree, each with its place in the source;
    ``ref`` names the entry of an outside list of reported issues that the record gives there.
    """

    code: str
    severity: Severity
    path: Path
    what: str
    expected: str
    action: str
    lesions: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    ref: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain mappings and lists, as the JSON output shows it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "path": list(self.path),
            "what": self.what,
            "expected": self.expected,
            "action": self.action,
            "lesions": list(self.lesions),
            "statements": [{"text": item.text, "loc": item.loc} for item in self.statements],
            "ref": self.ref,
        }

    def __str__(self) -> str:
        return f"{self.code}: {self.what}; expected {self.expected}. {self.action}"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding as a rule yields it, before the check adds its code.

    ``severity`` None takes the usual severity of the check.
    """

    path: Path
    what: str
    expected: str
    action: str
    lesions: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    ref: str | None = None
    severity: Severity | None = None


Rule = Callable[[View], Iterator[Remark]]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule with its code (kebab-case), one line that describes it and its usual severity."""

    code: str
    description: str
    severity: Severity
    rule: Rule

    def run(self, view: View) -> Iterator[CheckFinding]:
        """Yield what the rule finds in a case."""
        for remark in self.rule(view):
            yield CheckFinding(
                self.code,
                remark.severity or self.severity,
                remark.path,
                remark.what,
                remark.expected,
                remark.action,
                remark.lesions,
                remark.statements,
                remark.ref,
            )


def check(
    code: str, description: str, *, severity: Severity = "warning"
) -> Callable[[Rule], Check]:
    """Return a decorator that makes a check of a rule."""

    def register(rule: Rule) -> Check:
        return Check(code, description, severity, rule)

    return register
