"""Cells of a table of organ doses: each is read into its unit, or refused with a reason."""

import math
import re

from abscope.dose.organ_names import REMAINDER, candidates, exact_organ
from abscope.dose.results import Sides

__all__ = [
    "CellFault",
    "dose_cell",
    "fractions_cell",
    "number_cell",
    "organ_cell",
    "shown",
    "sides_cell",
    "text_cell",
]

_MOST_FRACTIONS = 100
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class CellFault(Exception):  # noqa: N818 (it is caught row by row and never reaches a user)
    """A cell that cannot be taken: its column, what it holds, what was expected, what to do."""

    def __init__(self, column: str, what: str, expected: str, action: str) -> None:
        super().__init__(what)
        self.column, self.parts = column, (what, expected, action)


def shown(cell: str) -> str:
    """Return the start of a cell on one line, as a message quotes it."""
    start = "".join(sign if sign.isprintable() else " " for sign in cell[:60])
    return start if len(cell) <= 60 else f"{start}..."


def organ_cell(cell: str) -> str:
    """Return the organ that a cell names, exactly or by one of its spellings."""
    if not cell:
        raise CellFault("organ", "no organ", "a name", "Fill the cell.")
    if cell.casefold().replace(" ", "_") in (REMAINDER, "remainder_of_body"):
        return REMAINDER
    if organ := exact_organ(cell):
        return organ
    near = ", ".join(dict.fromkeys(item.organ for item in candidates(cell)))
    action = f"Did you mean {near}?" if near else "Use a name of abscope.catalog.organs."
    raise CellFault("organ", f"'{shown(cell)}' is no organ", "an organ or remainder", action)


def text_cell(column: str, cell: str) -> str:
    """Return a name as written; control characters are refused."""
    if not cell.isprintable():
        raise CellFault(column, "control characters", "plain text", "Remove them.")
    return cell


def sides_cell(cell: str) -> Sides:
    """Return both, left or right; both where the cell is empty."""
    match cell.casefold():
        case "" | "both":
            return "both"
        case "left":
            return "left"
        case "right":
            return "right"
    raise CellFault("sides", f"'{shown(cell)}' is no side", "both, left or right", "Correct it.")


def fractions_cell(cell: str, outside: int | None) -> int:
    """Return the number of fractions; ``outside`` serves where the cell is empty."""
    if not cell and outside is not None:
        return outside
    if not (cell.isascii() and cell.isdigit() and 1 <= int(cell[:9]) <= _MOST_FRACTIONS):
        what = f"'{shown(cell)}' is no number of fractions" if cell else "no number of fractions"
        raise CellFault("n_fractions", what, f"1 to {_MOST_FRACTIONS}", "Write a whole number.")
    return int(cell)


def dose_cell(column: str, cell: str, *, n: int, top_gy: float) -> float:
    """Return the dose of one fraction (Gy) of a cell that has the dose of ``n`` fractions.

    More than ``top_gy`` in one fraction is refused: it is a wrong unit or a sum.
    """
    value = number_cell(column, cell)
    if value is None:
        raise CellFault(column, "no dose", "a number of Gy", "Leave out an organ without a dose.")
    if value < 0:
        raise CellFault(column, f"dose {value:g} Gy is negative", "0 Gy or more", "Correct it.")
    each = value / n
    if each > top_gy:
        unit = "cGy" if each / 100 <= top_gy else "mGy"
        what = f"{each:g} Gy in one fraction ({value:g} Gy in {n})"
        action = f"Is the value in {unit}, or the sum of more fractions?"
        raise CellFault(column, what, f"at most {top_gy:g} Gy per fraction", action)
    return each


def number_cell(
    column: str, cell: str, *, low: float = -math.inf, high: float = math.inf
) -> float | None:
    """Return a number above ``low`` and at most ``high``; None where the cell is empty."""
    if not cell:
        return None
    if not _NUMBER.fullmatch(cell):
        comma = re.fullmatch(r"[+-]?\d+,\d+", cell)
        action = f"Write {cell.replace(',', '.')}." if comma else "Write the number alone."
        raise CellFault(column, f"'{shown(cell)}' is no number", "a decimal number", action)
    value = float(cell)
    if not math.isfinite(value) or not low < value <= high:
        expected = f"above {low:g}" + (f" and at most {high:g}" if high < math.inf else "")
        hint = "Is it in percent?" if column == "covered_frac" and value > 1 else "Correct it."
        if column == "beam_on_time_s" and value == 0:
            hint = "Leave the cell empty where it is not known."
        raise CellFault(column, f"{column} is {shown(cell)}", expected, hint)
    return value
