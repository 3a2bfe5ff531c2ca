"""SDTM oncology: tumor identification (TU), results (TR) and responses (RS), several readers.

Values are taken as submitted: dates may be partial, a response may be no category of any criteria.
What is no value at all (a size that is no number, a visit without a number) refuses the tables.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from abscope.errors import Problem, TableError
from abscope.io.faults import CellError, Faults
from abscope.io.sdtm_files import find_domains, read_domain

__all__ = ["ResponseRow", "ResultRow", "SdtmTables", "TumorRow", "read_domains", "read_sdtm"]

_DATE = re.compile(r"(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T[\d:.+-]+Z?)?)?)?)?")
_SIZES = ("DIAMETER", "LDIAM", "LPERP", "SUMDIAM")
_TO_MM = {"mm": Decimal(1), "cm": Decimal(10)}
_NEEDED = {
    "TU": (("USUBJID",), ("TULNKID",), ("TUSTRESC", "TUORRES")),
    "TR": (("USUBJID",), ("TRTESTCD",), ("TRSTRESC", "TRORRES"), ("VISITNUM",)),
    "RS": (("USUBJID",), ("RSTESTCD",), ("RSSTRESC", "RSORRES"), ("VISITNUM",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _SdtmRow:
    file: str
    row: int
    subject: str
    reader: str
    accepted: bool
    visit_number: Decimal | None
    visit: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TumorRow(_SdtmRow):
    """One tumor as one reader identified it; ``role`` is TARGET, NON-TARGET or NEW."""

    lesion: str
    role: str
    location: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow(_SdtmRow):
    """One result of one tumor, or a sum where ``lesion`` is empty.

    ``size_mm`` is None for a test without a size and for one that was not done (``not_done``).
    """

    lesion: str
    group: str
    test: str
    text: str
    size_mm: Decimal | None
    not_done: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRow(_SdtmRow):
    """One submitted response: test (OVRLRESP, TRGRESP, NTRGRESP, ...) and category as written."""

    test: str
    criteria: str
    response: str
    not_done: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SdtmTables:
    """The three domains; ``responses`` is empty where there is no RS. ``files`` by domain.

    ``repeats`` names every row that says the same as an earlier one; it is not taken twice. The
    rows of all domains and ``repeats`` together are all rows that were read.
    """

    files: dict[str, str]
    tumors: tuple[TumorRow, ...]
    results: tuple[ResultRow, ...]
    responses: tuple[ResponseRow, ...]
    repeats: tuple[Problem, ...]

    @property
    def readers(self) -> tuple[str, ...]:
        """The readers in the order of TR, as EVALID names them, EVAL where it is empty."""
        return tuple(dict.fromkeys(row.reader for row in self.results))


Row = TypeVar("Row")


def read_sdtm(place: str | os.PathLike[str]) -> SdtmTables:
    """Return TU, TR and RS from a folder, or from the files that a pattern with * names.

    CSV and Dataset-JSON may be gzipped; XPT needs the extra ``xpt``. Sizes in cm become mm.

    Raises:
        UsageError: The folder, TU or TR is missing, or a domain has more than one file.
        TableError: Every bad cell of the three files, each at file:row:column.
    """
    return read_domains(find_domains(place))


def read_domains(paths: Mapping[str, Path]) -> SdtmTables:
    """Return the tables of the files that are named by domain.

    Raises:
        TableError: Every bad cell of the files, each at file:row:column.
    """
    found: dict[str, list[Any]] = {"TU": [], "TR": [], "RS": []}
    problems: list[Problem] = []
    repeats: list[Problem] = []
    for domain, path in paths.items():
        faults = Faults(str(path))
        n_rows = 0
        for number, cells in read_domain(path):
            if not n_rows:
                problems += _missing(str(path), domain, cells)
                if problems:
                    break
            n_rows += 1
            row = _attempt(_READ[domain], path, number, cells, faults)
            if row is not None:
                found[domain].append(row)
        if not n_rows and not problems:
            problems.append(Problem(str(path), "the table is empty", "rows", "Export it again."))
        found[domain], again = _unrepeated(found[domain], faults)
        repeats += again
        if domain == "TR":
            _check_tumors(found, faults)
        problems += faults.problems(n_rows=n_rows)
    if problems:
        raise TableError(problems)
    return SdtmTables(
        files={domain: str(path) for domain, path in paths.items()},
        tumors=tuple(found["TU"]),
        results=tuple(found["TR"]),
        responses=tuple(found["RS"]),
        repeats=tuple(repeats),
    )


def _missing(file: str, domain: str, cells: dict[str, str]) -> Iterator[Problem]:
    for names in _NEEDED[domain]:
        if not any(name in cells for name in names):
            word = " or ".join(names)
            yield Problem(
                f"{file}:1", f"the variable {word} is missing", f"an SDTM {domain} dataset",
                "Export it with this variable.",
            )  # fmt: skip


def _attempt(
    read: Callable[[Path, int, dict[str, str]], Row],
    path: Path,
    number: int,
    cells: dict[str, str],
    faults: Faults,
) -> Row | None:
    try:
        return read(path, number, cells)
    except _BadCellError as bad:
        error = bad.error
        faults.add(
            number, bad.column, what=error.what, expected=error.expected, action=error.action
        )
        return None


class _BadCellError(Exception):
    def __init__(self, column: str, what: str, expected: str, action: str) -> None:
        super().__init__(what)
        self.column, self.error = column, CellError(what, expected, action)


def _keys(path: Path, number: int, cells: dict[str, str], domain: str) -> dict[str, Any]:
    date = cells.get(f"{domain}DTC", "")
    if not _DATE.fullmatch(date):
        raise _BadCellError(
            f"{domain}DTC", f"'{date[:30]}' is no date", "an ISO 8601 date, which may be partial",
            "Write for example 2014-02 or 2014-02-12.",
        )  # fmt: skip
    if not cells["USUBJID"]:
        raise _BadCellError("USUBJID", "the cell is empty", "a subject", "Fill it in.")
    return {
        "file": str(path),
        "row": number,
        "subject": cells["USUBJID"],
        "reader": cells.get(f"{domain}EVALID") or cells.get(f"{domain}EVAL") or "INVESTIGATOR",
        "accepted": cells.get(f"{domain}ACPTFL", "") == "Y",
        "visit_number": _visit_number(cells, required=domain != "TU"),
        "visit": cells.get("VISIT", ""),
        "date": date,
    }


def _visit_number(cells: dict[str, str], *, required: bool) -> Decimal | None:
    text = cells.get("VISITNUM", "")
    if not text and not required:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _BadCellError(
            "VISITNUM", f"'{text[:30]}' is no number", "a visit number", "Fill it in."
        )
    return Decimal(f"{number.normalize():f}")


def _result(cells: dict[str, str], domain: str) -> str:
    return cells.get(f"{domain}STRESC") or cells.get(f"{domain}ORRES", "")


def _tumor(path: Path, number: int, cells: dict[str, str]) -> TumorRow:
    role = _result(cells, "TU").upper()
    if not cells["TULNKID"]:
        raise _BadCellError("TULNKID", "the cell is empty", "a tumor identifier", "Fill it in.")
    return TumorRow(
        **_keys(path, number, cells, "TU"),
        lesion=cells["TULNKID"],
        role=role,
        location=cells.get("TULOC", "").upper(),
        method=cells.get("TUMETHOD", "").upper(),
    )


def _tr_row(path: Path, number: int, cells: dict[str, str]) -> ResultRow:
    test = cells["TRTESTCD"].upper()
    not_done = cells.get("TRSTAT", "").upper() == "NOT DONE"
    return ResultRow(
        **_keys(path, number, cells, "TR"),
        lesion=cells.get("TRLNKID", ""),
        group=cells.get("TRGRPID", "").upper(),
        test=test,
        text=_result(cells, "TR"),
        size_mm=_size(cells) if test in _SIZES and not not_done else None,
        not_done=not_done,
        reason=cells.get("TRREASND", ""),
    )


def _size(cells: dict[str, str]) -> Decimal:
    """Return the size (mm): the standard number, else the original one, in its unit."""
    standard = "TRSTRESN" if cells.get("TRSTRESN") else "TRSTRESC"
    stem = standard if cells.get(standard) else "TRORRES"
    text = cells.get(stem, "")
    unit = cells.get("TRORRESU" if stem == "TRORRES" else "TRSTRESU", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise _BadCellError(
            stem, f"'{text[:30]}' is no size", "a number of 0 or more, or TRSTAT NOT DONE",
            "Correct it.",
        )  # fmt: skip
    if unit.lower() not in _TO_MM:
        raise _BadCellError(
            "TRORRESU" if stem == "TRORRES" else "TRSTRESU",
            f"the unit of a size is '{unit}'", "mm or cm", "Give the unit.",
        )  # fmt: skip
    return number * _TO_MM[unit.lower()]


def _response(path: Path, number: int, cells: dict[str, str]) -> ResponseRow:
    return ResponseRow(
        **_keys(path, number, cells, "RS"),
        test=cells["RSTESTCD"].upper(),
        criteria=cells.get("RSCAT", ""),
        response=_result(cells, "RS"),
        not_done=cells.get("RSSTAT", "").upper() == "NOT DONE",
        reason=cells.get("RSREASND", ""),
    )


_READ: dict[str, Callable[[Path, int, dict[str, str]], Any]] = {
    "TU": _tumor,
    "TR": _tr_row,
    "RS": _response,
}


def _unrepeated(rows: list[Any], faults: Faults) -> tuple[list[Any], list[Problem]]:
    """Return the rows without those that repeat another; one that contradicts it is a fault."""
    seen: dict[tuple[object, ...], Any] = {}
    kept, repeats = [], []
    for row in rows:
        key = _identity(row)
        first = seen.setdefault(key, row)
        if first is row:
            kept.append(row)
            continue
        words = ", ".join(str(part) for part in key if part not in ("", None))
        expected = "one row per subject, reader, tumor, test, visit and date"
        if replace(row, row=first.row) == first:
            what = f"the row says the same as row {first.row} ({words})"
            action = "Taken once; remove one of the two."
            repeats.append(Problem(f"{row.file}:{row.row}", what, expected, action))
        else:
            what = f"the row contradicts row {first.row} ({words})"
            faults.add(row.row, "", what=what, expected=expected, action="Remove one of the two.")
    return kept, repeats


def _check_tumors(found: dict[str, list[Any]], faults: Faults) -> None:
    known = {(row.subject, row.reader, row.lesion) for row in found["TU"]}
    for row in found["TR"]:
        if row.lesion and (row.subject, row.reader, row.lesion) not in known:
            faults.add(
                row.row, "TRLNKID", what=f"TU has no tumor '{row.lesion}' of this subject and "
                "reader", expected="each tumor of TR in TU", action="Add it, or correct the name.",
            )  # fmt: skip


def _identity(row: Any) -> tuple[object, ...]:
    visit = (row.visit_number, row.date)
    if isinstance(row, TumorRow):
        return (row.subject, row.reader, row.lesion, *visit)
    if isinstance(row, ResultRow):
        return (row.subject, row.reader, row.lesion, row.test, *visit)
    return (row.subject, row.reader, row.criteria, row.test, *visit)
