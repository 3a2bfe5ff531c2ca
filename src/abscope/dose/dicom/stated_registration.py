"""Registrations that a person states between two objects of a source, by a matrix of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from abscope.dose.dicom.scan import Found, Scan
from abscope.dose.geometry.grid import Floats
from abscope.dose.plans import Registration
from abscope.errors import Problem, UsageError

__all__ = ["StatedMatrix", "stated_registrations"]


@dataclass(frozen=True, slots=True, eq=False)
class StatedMatrix:
    """A rigid matrix (4, 4) that carries points (mm) of one object's frame to that of another.

    ``source`` and ``target`` name a dose or a structure set by its file or by its label in results
    ('dose 2').
    """

    source: str
    target: str
    to_target: Floats


def stated_registrations(
    scanned: Scan, matrices: Iterable[StatedMatrix]
) -> tuple[Registration, ...]:
    """Return the registrations between the frames of reference of the named objects.

    Raises UsageError with every name that is no dose and no structure set of the source, and where
    both are in one frame already.
    """
    frames: dict[str, str] = {}
    names: list[str] = []
    for item in (*scanned.of("dose"), *scanned.of("structures")):
        names.append(item.file.name)
        frames[item.file.name] = frames[item.label] = _frame_uid(item)
    found, problems = [], []
    for matrix in matrices:
        ends = matrix.source, matrix.target
        unknown = [name for name in ends if name not in frames]
        problems += [
            Problem(
                "--registration",
                f"there is no dose and no structure set '{name}'",
                f"one of {', '.join(names)}",
                "Name the file.",
            )
            for name in unknown
        ]
        if unknown:
            continue
        source, target = (frames[name] for name in ends)
        if source == target:
            what = f"{matrix.source} and {matrix.target} are in one frame of reference"
            problems.append(
                Problem("--registration", what, "two frames of reference", "Leave it out.")
            )
        found.append(Registration(source, target, matrix.to_target, "stated"))
    if problems:
        raise UsageError(problems)
    return tuple(found)


def _frame_uid(item: Found) -> str:
    content: Any = item.instance.content
    owner = content.structures if hasattr(content, "structures") else content
    return str(owner.frame_uid)
