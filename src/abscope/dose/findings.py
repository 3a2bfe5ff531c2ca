"""What a check of dose data found, and what was accepted all the same, with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from abscope.errors import DicomError, Problem, UsageError

__all__ = ["DoseFinding", "Severity", "settle"]

Severity = Literal["refused", "warning", "note"]


@dataclass(frozen=True, slots=True)
class DoseFinding:
    """One result of a check: ``code`` names the rule, ``about`` the object or region.

    A refused finding stops the work unless its code was accepted with a reason; ``accepted`` then
    holds that reason, and the finding stays with every result. A ``firm`` one cannot be accepted:
    without what is missing there is no number to take. ``brief`` is the value alone, for a list.
    """

    code: str
    severity: Severity
    about: str
    what: str
    expected: str
    action: str
    accepted: str = ""
    firm: bool = False
    brief: str = ""

    def __str__(self) -> str:
        """Return the finding on one line, as the readable output shows it."""
        kept = f" (accepted: {self.accepted})" if self.accepted else ""
        return f"{self.about}: {self.what}; expected {self.expected}. {self.action}{kept}"


def settle(found: Iterable[DoseFinding], *, accepted: Mapping[str, str]) -> tuple[DoseFinding, ...]:
    """Return the findings, those accepted marked with their reason.

    A reason for a firm finding changes nothing. Raises DicomError with every refused finding whose
    code is not a key of ``accepted``, and UsageError where a reason is empty.
    """
    empty = [
        Problem(f"accept {code}", "no reason is given", "one sentence", f"Write {code}=REASON.")
        for code, reason in accepted.items()
        if not reason.strip()
    ]
    if empty:
        raise UsageError(empty)
    out: list[DoseFinding] = []
    refused: list[Problem] = []
    for item in found:
        open_to_reason = item.severity == "refused" and not item.firm
        reason = accepted.get(item.code, "") if open_to_reason else ""
        if item.severity == "refused" and not reason:
            how = item.action
            if open_to_reason:
                how += f" To accept it: --accept {item.code}=REASON."
            refused.append(Problem(item.about, item.what, item.expected, how, path=item.code))
        out.append(replace(item, accepted=reason) if reason else item)
    if refused:
        raise DicomError(refused)
    return tuple(out)
