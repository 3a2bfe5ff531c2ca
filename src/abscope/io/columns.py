"""Columns of a flat table: their names, how a cell is read, and the header that declares them."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from abscope.io.delimited import Delimited, unify
from abscope.io.faults import CellError, Faults

__all__ = [
    "MAX_SIZE_MM",
    "Column",
    "choice",
    "iso_date",
    "match_header",
    "number_of_days",
    "read_cells",
    "size_mm",
    "sizes_mm",
    "text",
    "yes_or_no",
]

#: No lesion is longer than a person is tall.
MAX_SIZE_MM = Decimal(2000)

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_WITH_UNIT = re.compile(r"\s*([+-]?[\d.,]+)\s*([a-zµ]+)\s*", re.IGNORECASE)
_YES = {"y": True, "yes": True, "true": True, "1": True}
_NO = {"n": False, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``declared`` must be in the header, ``filled`` needs a value in each row."""

    name: str
    read: Callable[[str], Any]
    declared: bool = False
    filled: bool = False


def text(cell: str) -> str:
    """Return a name without blanks around it; control characters are refused."""
    if not cell.isprintable():
        raise CellError("the cell holds control characters", "plain text", "Remove them.")
    return cell


def choice(*words: str, synonyms: dict[str, str] | None = None) -> Callable[[str], str]:
    """Return a reader of one of the words, in any case, blanks and hyphens as underscores."""
    known = {unify([word])[0]: word for word in words} | (synonyms or {})

    def read(cell: str) -> str:
        key = unify([cell])[0]
        if key in known:
            return known[key]
        close = get_close_matches(key, known, n=1, cutoff=0.6)
        meant = f"Did you mean {known[close[0]]}?" if close else "Use one of these words."
        raise CellError(f"'{cell[:40]}' is not a category", "one of " + ", ".join(words), meant)

    return lru_cache(maxsize=1024)(read)


def yes_or_no(cell: str) -> bool:
    """Return the truth of yes, no, y, n, true, false, 1 or 0."""
    value = (_YES | _NO).get(cell.casefold())
    if value is None:
        raise CellError(
            f"'{cell[:40]}' is neither yes nor no", "yes, no or an empty cell",
            "Leave the cell empty where it is not known.",
        )  # fmt: skip
    return value


@lru_cache(maxsize=65536)
def size_mm(cell: str) -> Decimal:
    """Return a size (mm) exactly as written; negative, absurd and united values are refused."""
    if not _NUMBER.fullmatch(cell):
        raise _no_size(cell)
    size = Decimal(cell)
    if size < 0:
        raise CellError(
            f"the size is negative ({cell} mm)", "0 mm or more",
            "Correct it; a lesion without a size has a state.",
        )  # fmt: skip
    if size > MAX_SIZE_MM:
        raise CellError(
            f"the size is {cell} mm", f"at most {MAX_SIZE_MM} mm", "Is the value in mm?"
        )
    return size


def _no_size(cell: str) -> CellError:
    if match := _WITH_UNIT.fullmatch(cell):
        unit = match[2]
        factor = {"cm": "Multiply by 10", "m": "Multiply by 1000"}.get(
            unit.casefold(), "Convert it"
        )
        action = "Write the number alone." if unit.casefold() == "mm" else f"{factor} and write mm."
        return CellError(f"'{cell[:40]}' has a unit ({unit})", "a number of mm", action)
    if re.fullmatch(r"\d+,\d+", cell):
        action = f"Write {cell.replace(',', '.')}."
        return CellError(f"'{cell}' has a comma", "a number of mm with a decimal point", action)
    return CellError(
        f"'{cell[:40]}' is no size", "a number of mm, or an empty cell and a state",
        "Put words such as too small or not evaluable in the column state.",
    )  # fmt: skip


def sizes_mm(cell: str) -> tuple[Decimal, ...]:
    """Return the sizes (mm) of fragments, joined by plus signs: ``8+6.5``."""
    return tuple(size_mm(part.strip()) for part in cell.split("+"))


@lru_cache(maxsize=65536)
def iso_date(cell: str) -> date:
    """Return a calendar date written as year-month-day."""
    expected = "a date as YYYY-MM-DD"
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell):
        partial = re.fullmatch(r"\d{4}(-\d{2})?", cell)
        what = f"'{cell[:40]}' is {'only a part of a date' if partial else 'no date'}"
        raise CellError(what, expected, "Write for example 2024-03-05.")
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise CellError(f"'{cell}' is not in the calendar", expected, "Correct it.") from None


def number_of_days(cell: str) -> float:
    """Return a finite number of days."""
    if not _NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
        raise CellError(f"'{cell[:40]}' is no day", "a number of days", "Write for example 42.")
    return float(cell)


def match_header(
    table: Delimited, columns: Sequence[Column], *, faults: Faults
) -> tuple[list[tuple[int, Column]], tuple[str, ...]]:
    """Return the columns of the table by position, and the names that are not read.

    A name that occurs twice (in whatever case), one that is missing and one that nearly fits are
    faults of line 1.
    """
    names = unify(table.header)
    known = {column.name: column for column in columns}
    found: dict[str, int] = {}
    ignored: list[str] = []
    for position, (name, written) in enumerate(zip(names, table.header, strict=True)):
        if name in names[:position] and name:
            first = table.header[names.index(name)]
            faults.add(
                1, written.strip(), what=f"the column stands twice ('{first}' and '{written}')",
                expected="each column once", action="Remove or rename one.",
            )  # fmt: skip
        elif name in known:
            found[name] = position
        else:
            ignored.append(written)
    missing = [c.name for c in columns if c.declared and c.name not in found]
    for name in missing:
        close = get_close_matches(name, unify(ignored), n=1, cutoff=0.7)
        hint = f"Is it '{close[0]}'? Rename it." if close else "Add it."
        faults.add(
            1, name, what="the column is missing", expected=f"a column '{name}'", action=hint
        )
    for written in ignored:
        free = [name for name in known if name not in found and name not in missing]
        if close := get_close_matches(unify([written])[0], free, n=1, cutoff=0.8):
            faults.add(
                1, written.strip(), what="the column is not known", expected=f"'{close[0]}'",
                action=f"Did you mean {close[0]}? Rename it, or give it a clearly other name.",
            )  # fmt: skip
    return [(found[c.name], c) for c in columns if c.name in found], tuple(ignored)


def read_cells(
    table: Delimited, columns: Sequence[tuple[int, Column]], *, faults: Faults
) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Yield line, values and whether the row is sound.

    An empty cell is None, a cell that cannot be read is absent; each of these is a fault of its
    own. A row with too few or too many cells has no values at all.
    """
    width = len(table.header)
    for line, cells in table.rows:
        if len(cells) != width:
            faults.add(
                line, "", what=f"the row has {len(cells)} of {width} cells",
                expected="as many cells as the header", action="Was the file cut off? Check it.",
            )  # fmt: skip
            yield line, {}, False
            continue
        values: dict[str, Any] = {}
        sound = True
        for position, column in columns:
            cell = cells[position].strip()
            if not cell:
                values[column.name] = None
                if column.filled:
                    sound = False
                    faults.add(
                        line, column.name, what="the cell is empty", expected="a value",
                        action="Fill it in.",
                    )  # fmt: skip
                continue
            try:
                values[column.name] = column.read(cell)
            except CellError as error:
                sound = False
                faults.add(
                    line, column.name, what=error.what, expected=error.expected,
                    action=error.action,
                )  # fmt: skip
        yield line, values, sound
