"""How a command answers: one JSON object or lines of text, on streams that may fail."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

import typer

from abscope.errors import Problem

__all__ = [
    "CLOSED_PIPE",
    "OutputRefusedError",
    "answer",
    "fail",
    "prepare_streams",
    "table",
    "write",
]

#: What a shell reports for a program whose reader went away (128 + SIGPIPE).
CLOSED_PIPE = 141

#: Control characters of a case file must not reach the terminal as commands.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


class OutputRefusedError(Exception):
    """A standard stream cannot take more text, for example on a full disk."""

    def __init__(self, error: OSError) -> None:
        self.problem = Problem(
            where="standard output",
            what=f"cannot be written ({error.strerror})",
            expected="an open file, pipe or terminal",
            action="Free space, or send the output somewhere else.",
        )
        super().__init__(str(self.problem))


def prepare_streams() -> None:
    """Let the standard streams print any text: what their encoding lacks becomes an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def answer(
    payload: Mapping[str, Any],
    text: Callable[[], Iterable[str]],
    *,
    as_json: bool,
    status: int = 0,
) -> None:
    """Print the result of a command and end it with ``status``.

    ``payload`` is what the JSON object holds besides ``ok``, ``status`` and ``errors``; ``text``
    gives the lines of the readable form and is called only for it.
    """
    if as_json:
        _write_json({"ok": status == 0, "status": status, "errors": [], **payload})
    else:
        write(text())
    if status:
        raise typer.Exit(status)


def fail(problems: Sequence[Problem], *, status: int, as_json: bool) -> None:
    """Print every problem: one line each on standard error, or one JSON object."""
    if as_json:
        _write_json(
            {
                "ok": False,
                "error": str(problems[0]),
                "errors": [problem.to_dict() for problem in problems],
                "status": status,
            }
        )
    else:
        write((f"error: {problem}" for problem in problems), to=sys.stderr)


def table(rows: Iterable[Sequence[str]], *, head: Sequence[str]) -> list[str]:
    """Return the lines of a table whose columns are as wide as their widest cell."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def write(lines: Iterable[str], *, to: TextIO | None = None) -> None:
    """Print lines, each cleared of control characters, on standard output or the stream given."""
    _send("".join(f"{line.translate(_CONTROLS)}\n" for line in lines), to or sys.stdout)


def _write_json(data: Mapping[str, Any]) -> None:
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    plain = encoding != "utf8"
    _send(json.dumps(data, indent=2, ensure_ascii=plain, allow_nan=False) + "\n", sys.stdout)


def _send(text: str, stream: TextIO | None) -> None:
    if stream is None:  # a process started without this stream
        return
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        raise typer.Exit(CLOSED_PIPE) from None
    except OSError as error:
        _discard(stream)
        raise OutputRefusedError(error) from error


def _discard(stream: TextIO) -> None:
    """Send what is still buffered nowhere, or Python complains about it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
