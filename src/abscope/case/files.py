"""Text files in and out: bounded reading, and writing that never leaves half a file."""

import os
import tempfile
from pathlib import Path

from abscope.errors import CaseError, Problem, UsageError

__all__ = ["MAX_BYTES", "read_text", "write_text"]

#: Largest text file that is read; a long case has some 100 kB.
MAX_BYTES = 10_000_000


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises UsageError where there is no file to read, CaseError where its content is too large or
    is not UTF-8.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise _usage(name, "is a directory", "a file", "Name a file in it.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise _usage(name, "there is no such file", "a file", "Check the name.") from None
    except PermissionError:
        raise _usage(name, "may not be read", "a readable file", "Change its rights.") from None
    except (OSError, ValueError) as error:
        raise _usage(name, f"cannot be read ({error})", "a readable file", "Check it.") from None
    if len(data) > MAX_BYTES:
        raise CaseError(
            Problem(
                name,
                f"the file is larger than {MAX_BYTES // 1_000_000} MB",
                f"at most {MAX_BYTES} bytes",
                "Is it a case file? Split a series into one file per patient.",
            )
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CaseError(
            Problem(
                f"{name}:{line}",
                f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8",
                "text in UTF-8",
                "Save the file as UTF-8.",
            )
        ) from None


def write_text(path: str | Path, text: str, *, force: bool) -> None:
    """Write a text as UTF-8 under a temporary name beside the file, then rename it.

    Whatever fails, an existing file stays as it was. Raises UsageError where the file exists and
    ``force`` is false, and where the folder cannot take it.
    """
    name = os.fspath(path)
    target = Path(name)
    try:
        if target.is_dir():
            raise _usage(name, "is a directory", "a file name", "Name a file in it.")
        if os.path.lexists(target) and not force:
            raise _usage(name, "already exists", "a new name", "Use --force to replace it.")
        if not target.parent.is_dir():
            raise _usage(name, "its folder does not exist", "a folder", "Make the folder first.")
        _replace(target, text)
    except PermissionError:
        raise _usage(
            name, "the folder may not be written to", "a writable folder", "Choose another folder."
        ) from None
    except (OSError, ValueError) as error:
        raise _usage(name, f"cannot be written ({error})", "a writable file", "Check it.") from None


def _replace(target: Path, text: str) -> None:
    data = text.encode("utf-8")
    place = target.resolve() if target.is_symlink() else target
    handle, temporary = tempfile.mkstemp(prefix=f".{place.name[:40]}.", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(place))
        os.replace(temporary, place)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(place: Path) -> int:
    """Return the rights of the file that is replaced, else those of a new file."""
    try:
        return place.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _usage(where: str, what: str, expected: str, action: str) -> UsageError:
    return UsageError(Problem(where, what, expected, action))
