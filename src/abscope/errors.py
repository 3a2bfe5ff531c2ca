"""The error tree. Every error says where, what is wrong, what was expected and what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

__all__ = [
    "AbscopeError",
    "CaseError",
    "DicomError",
    "EngineError",
    "ModelError",
    "Problem",
    "ProtocolError",
    "TableError",
    "UsageError",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in the four parts that every message of abscope has.

    ``where`` is a place a person can go to (``kim.yaml:48:12``, ``labs.csv:14``, ``--output``),
    ``path`` the field inside a record (empty where there is none), ``what`` the finding with its
    value and unit, ``expected`` the rule, ``action`` what to do next.
    """

    where: str
    what: str
    expected: str
    action: str
    path: str = ""

    def __str__(self) -> str:
        """Return ``where: path: what; expected ... . action`` on one line."""
        place = f"{self.where}: {self.path}" if self.path else self.where
        return f"{place}: {self.what}; expected {self.expected}. {self.action}"

    def to_dict(self) -> dict[str, str]:
        """Return the five parts by name, as the JSON output shows them."""
        return asdict(self)


class AbscopeError(Exception):
    """Base of every error that abscope raises on purpose; carries all problems found at once."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        if not self.problems:
            raise ValueError("an AbscopeError needs at least one Problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(AbscopeError):
    """The command or the function was asked for something it cannot do (exit code 2)."""

    exit_code = 2


class CaseError(AbscopeError):
    """A case record cannot be read or breaks a rule of the record."""


class DicomError(AbscopeError):
    """A DICOM object is missing, damaged or does not belong to the others."""


class TableError(AbscopeError):
    """Rows of a foreign table (CSV, SDTM, REDCap) cannot be taken in."""


class ProtocolError(AbscopeError):
    """Response criteria cannot be applied to the records given."""


class ModelError(AbscopeError):
    """A mechanistic model was given states, parameters or events it does not have."""


class EngineError(AbscopeError):
    """An integration was set up in a way the engine cannot run."""
