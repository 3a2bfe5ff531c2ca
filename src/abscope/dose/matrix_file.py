"""A rigid registration from a file: 4 x 4 numbers as text or JSON."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from abscope.case.files import read_text
from abscope.dose.geometry.grid import Floats
from abscope.dose.plans import Registration
from abscope.dose.transforms import rigid_faults
from abscope.errors import Problem, TableError

__all__ = ["read_registration"]

_ACTION = 'Write 4 lines of 4 numbers (mm), or JSON {"matrix": [[...], ...]}.'


def read_registration(
    path: str | Path, *, source_frame_uid: str, target_frame_uid: str
) -> Registration:
    """Return the registration of a file whose matrix carries source points (mm) to the target.

    Text: 16 numbers separated by blanks, commas or line ends, row after row; a line that starts
    with # is a comment. JSON: four lists of four numbers, or a mapping with ``matrix``. The axes
    are DICOM's (x to the left, y to the back, z to the head).

    Raises UsageError where there is no file to read, TableError where it holds no rigid transform.
    """
    name = str(path)
    text = read_text(path)
    matrix = _from_json(text, name) if text.lstrip()[:1] in ("[", "{") else _from_text(text, name)
    faults = rigid_faults(matrix)
    if faults:
        raise TableError([Problem(name, *fault) for fault in faults])
    return Registration(source_frame_uid, target_frame_uid, matrix)


def _from_text(text: str, name: str) -> Floats:
    numbers: list[float] = []
    problems: list[Problem] = []
    for place, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            continue
        for word in re.split(r"[\s,;]+", line.strip()):
            try:
                numbers += [float(word)] if word else []
            except ValueError:
                problems.append(Problem(f"{name}:{place}", f"'{word[:40]}'", "a number", _ACTION))
    if not problems and len(numbers) != 16:
        problems.append(Problem(name, f"{len(numbers)} numbers", "16", _ACTION))
    if problems:
        raise TableError(problems)
    return np.array(numbers).reshape(4, 4)


def _from_json(text: str, name: str) -> Floats:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableError(Problem(name, f"not JSON: {error}", "JSON or text", _ACTION)) from None
    rows = data.get("matrix") if isinstance(data, dict) else data
    whole = isinstance(rows, list) and len(rows) == 4 and all(_is_row(row) for row in rows)
    if not whole:
        raise TableError(Problem(name, "no 4 x 4 matrix", "four lists of four numbers", _ACTION))
    return np.array(rows, dtype=float)


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 4
        and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in row)
    )
