"""Delimited text, plain or gzipped, row by row: encoding, delimiter and header are settled here."""

import csv
import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO

from abscope.errors import Problem, TableError, UsageError

__all__ = ["MAX_LINES", "Delimited", "open_bytes", "open_delimited", "refuse_file", "unify"]

#: Largest number of lines that a table may have below its header.
MAX_LINES = 1_000_000

_BLOCK = 1 << 20
_BINARY = {
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"%PDF": "a PDF file",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True, slots=True)
class Delimited:
    """An open table: its delimiter, its header as written, and its rows with their line."""

    delimiter: str
    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def refuse_file(where: str, what: str, expected: str, action: str) -> TableError:
    """Return the error of a file whose content cannot be taken as a whole."""
    return TableError(Problem(where, what, expected, action))


@contextmanager
def open_bytes(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give the bytes of a file, unpacked where it is gzipped.

    Raises:
        UsageError: There is no readable file of this name.
        TableError: A gzipped file is cut off or damaged.
    """
    name = os.fspath(path)
    try:
        raw = open(name, "rb")  # noqa: SIM115 (closed below; what fails here is another error)
    except IsADirectoryError:
        raise _usage(name, "is a directory", "a file", "Name a file in it.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise _usage(name, "there is no such file", "a file", "Check the name.") from None
    except PermissionError:
        raise _usage(name, "may not be read", "a readable file", "Change its rights.") from None
    except (OSError, ValueError) as error:
        raise _usage(name, f"cannot be read ({error})", "a readable file", "Check it.") from None
    with raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            yield stream  # type: ignore[misc]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise refuse_file(
                name, f"the gzip stream is cut off or damaged ({error})", "a complete file",
                "Copy it again.",
            ) from None  # fmt: skip


@contextmanager
def open_delimited(
    path: str | os.PathLike[str], *, max_lines: int = MAX_LINES
) -> Iterator[Delimited]:
    """Give a table of UTF-8 text separated by comma, semicolon or tab.

    The lines are counted before any is parsed, so a table that is too large costs one quick read.

    Raises:
        UsageError: There is no readable file of this name.
        TableError: The file is empty, binary, cut off, not UTF-8, or has more than ``max_lines``.
    """
    name = os.fspath(path)
    with open_bytes(path) as stream:
        _count_lines(name, stream, max_lines)
    with open_bytes(path) as stream:
        text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        place = _Place(name)
        with _readable(place):
            head = _first_line(text, place)
            delimiter = max(",;\t", key="".join(head.split('"')[::2]).count)
            header = next(csv.reader([head], delimiter=delimiter, strict=True))
        yield Delimited(delimiter, tuple(header), _rows(text, delimiter, place))
        text.detach()


def _count_lines(name: str, stream: IO[bytes], max_lines: int) -> None:
    lines, first, last = 0, True, b"\n"
    while block := stream.read(_BLOCK):
        if first:
            _refuse_binary(name, block)
            first = False
        lines += block.count(b"\n")
        last = block[-1:]
        if lines - 1 > max_lines:
            break
    lines += last != b"\n"
    if first:
        raise _empty(name)
    if lines - 1 > max_lines:
        raise refuse_file(
            name, f"the table has more than {max_lines:,} rows", f"at most {max_lines:,} rows",
            "Split it by subject into several files and read them one after the other.",
        )  # fmt: skip


def _refuse_binary(name: str, block: bytes) -> None:
    kind = next((kind for magic, kind in _BINARY.items() if block.startswith(magic)), None)
    if kind is None and b"\x00" in block:
        kind = "binary, or UTF-16 text"
    if kind:
        raise refuse_file(
            name, f"the file is {kind}", "delimited text in UTF-8",
            "Save the table as CSV (UTF-8).",
        )  # fmt: skip


def _empty(name: str) -> TableError:
    return refuse_file(
        name, "the table is empty", "a header line and at least one row",
        "Export it again with its header.",
    )  # fmt: skip


@dataclass(slots=True)
class _Place:
    name: str
    line: int = 1


@contextmanager
def _readable(place: _Place) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise refuse_file(
            f"{place.name}:{place.line}", f"the row cannot be split ({error})",
            "complete, evenly quoted rows",
            "Close the quotation mark, or copy the file again if it was cut off.",
        ) from None  # fmt: skip
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise refuse_file(
            f"{place.name}:{place.line}",
            f"a byte (0x{byte:02x}) at or after this row is not UTF-8",
            "text in UTF-8", "Save the table as CSV (UTF-8).",
        ) from None  # fmt: skip


def _first_line(text: TextIOWrapper, place: _Place) -> str:
    """Return the first line that is not blank."""
    while line := text.readline():
        if line.strip():
            return line
        place.line += 1
    raise _empty(place.name)


def _rows(text: TextIOWrapper, delimiter: str, place: _Place) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the line on which it starts."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    above = place.line
    while True:
        place.line = above + reader.line_num + 1
        with _readable(place):
            cells = next(reader, None)
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield place.line, cells


def unify(header: Sequence[str]) -> list[str]:
    """Return column names as they are compared: lower case, blanks and hyphens as underscores."""
    return ["_".join(name.strip().casefold().replace("-", " ").split()) for name in header]


def _usage(where: str, what: str, expected: str, action: str) -> UsageError:
    return UsageError(Problem(where, what, expected, action))
