"""Rows of adjudicated time points, checked all at once before anything is derived."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from abscope.errors import Problem, ProtocolError
from abscope.response.best import TimePoint

__all__ = ["RESPONSES", "Assessment", "Rows", "read_rows"]

#: The responses that the criteria have, worst first where a date has several; ND is not done.
RESPONSES: dict[str, tuple[str, ...]] = {
    "RECIST": ("PD", "NON-CR/NON-PD", "SD", "PR", "CR", "NED", "NE", "ND"),
    "iRECIST": (
        "iCPD", "iUPD", "NON-iCR/NON-iUPD", "iSD", "iPR", "iCR", "NED", "NE", "ND",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessment:
    """One adjudicated time point; ``where`` is its place in the source (``visits.csv:7``)."""

    subject: str
    date: date
    response: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The time points per subject in time order, the visit named by its date."""

    points: dict[str, list[TimePoint]]
    warnings: tuple[str, ...]
    excluded: tuple[str, ...]
    n_in: int


def read_rows(
    rows: Iterable[Assessment],
    *,
    criteria: Literal["RECIST", "iRECIST"],
    same_day: Literal["error", "worst"],
) -> Rows:
    """Return the checked rows by subject.

    Raises:
        ProtocolError: No rows, a response that the criteria do not have, a date twice (unless the
            worst is to be taken); all of them at once.
    """
    listed = list(rows)
    valid = RESPONSES[criteria]
    problems = [problem for row in listed if (problem := _fault(row, valid, criteria))]
    if not listed:
        problems.append(
            Problem(
                "time points", "no rows", "at least one time point",
                "Check the file and every filter that was applied to it.",
            )
        )  # fmt: skip
    by_day: dict[tuple[str, date], list[Assessment]] = {}
    for row in listed:
        by_day.setdefault((row.subject, row.date), []).append(row)
    doubled = {key: found for key, found in by_day.items() if len(found) > 1}
    if same_day == "error":
        problems += [_doubled(*key, found) for key, found in doubled.items()]
    if problems:
        raise ProtocolError(problems)
    warnings, excluded = [], []
    points: dict[str, list[TimePoint]] = {}
    for (subject, day), found in sorted(by_day.items(), key=lambda item: item[0][1]):
        worst, *others = sorted(found, key=lambda row: valid.index(row.response))
        if others:
            values = ", ".join(row.response for row in found)
            warnings.append(f"{subject}: {values} on {day.isoformat()}, {worst.response} is taken")
            excluded += [f"{subject}: {row.response} on {day.isoformat()}" for row in others]
        point = TimePoint(day.isoformat(), float(day.toordinal()), worst.response)
        points.setdefault(subject, []).append(point)
    return Rows(points, tuple(warnings), tuple(excluded), len(listed))


def _place(row: Assessment) -> str:
    return row.where or f"{row.subject} {row.date}"


def _fault(row: Assessment, valid: tuple[str, ...], criteria: str) -> Problem | None:
    if not isinstance(row.date, date) or isinstance(row.date, datetime):
        return Problem(
            _place(row), f"date is {row.date!r}", "a calendar date", "Give the date of the visit."
        )
    if row.response in valid:
        return None
    return Problem(
        _place(row),
        f"response '{row.response}' is not one of {criteria}",
        "one of " + ", ".join(valid),
        _advice(row.response, valid),
    )


def _advice(response: str, valid: tuple[str, ...]) -> str:
    alike = [name for name in valid if name.casefold() == str(response).strip().casefold()]
    return f"Did you mean {alike[0]}?" if alike else "Correct it, or choose the other criteria."


def _doubled(subject: str, day: date, found: list[Assessment]) -> Problem:
    values = ", ".join(row.response for row in found)
    return Problem(
        " and ".join(_place(row) for row in found),
        f"subject '{subject}' has {values} on {day}",
        "one response per subject and date",
        "Remove all but one, or choose to take the worst.",
    )
