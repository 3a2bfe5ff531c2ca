"""Text files in and out: bounded reading, and writing that never leaves half a file."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from abscope.errors import CaseError, Problem, UsageError

__all__ = ["MAX_BYTES", "read_text", "write_files", "write_text"]

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
    write_files({Path(path): text}, force=force)


def write_files(
    contents: Mapping[Path, str | bytes], *, force: bool, folder: Path | None = None
) -> None:
    """Write several files, texts as UTF-8, all of them or none.

    ``folder`` is made where it is missing. Every file gets a temporary name first; none gets its
    own name before all are written. Raises UsageError with every file that cannot be taken.
    """
    made = folder is not None and _make_folder(folder)
    written: dict[str, Path] = {}
    try:
        problems = [problem for path in contents for problem in _obstacle(path, force=force)]
        if problems:
            raise UsageError(problems)
        for path, content in contents.items():
            data = _encoded(path, content)
            place = Path(os.path.realpath(path)) if path.is_symlink() else path
            written[_temporary(path, place, data)] = place
        for temporary, place in list(written.items()):
            _rename(temporary, place)
            del written[temporary]
    except BaseException:
        for temporary in written:
            os.unlink(temporary)
        if made and folder is not None:
            with suppress(OSError):  # it holds files that were already renamed
                folder.rmdir()
        raise


def _encoded(path: Path, content: str | bytes) -> bytes:
    try:
        return content.encode("utf-8") if isinstance(content, str) else content
    except UnicodeEncodeError as error:
        raise _unwritable(os.fspath(path), error) from None


def _obstacle(path: Path, *, force: bool) -> list[Problem]:
    name = os.fspath(path)
    try:
        if path.is_dir():
            return [Problem(name, "is a directory", "a file name", "Name a file in it.")]
        if os.path.lexists(path) and not force:
            return [Problem(name, "already exists", "a new name", "Use --force to replace it.")]
        if path.exists() and not path.is_file():
            return [Problem(name, "is a device or pipe", "a file name", "Name a plain file.")]
        if not path.parent.is_dir():
            what = "its folder does not exist"
            return [Problem(name, what, "a folder", "Make the folder first.")]
    except (OSError, ValueError) as error:
        return list(_unwritable(name, error).problems)
    return []


def _unwritable(name: str, error: Exception) -> UsageError:
    if isinstance(error, PermissionError):
        what = "the folder may not be written to"
        return _usage(name, what, "a writable folder", "Choose another folder.")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return _usage(name, f"cannot be written ({reason})", "a writable file", "Check it.")


def _make_folder(folder: Path) -> bool:
    """Make a folder; return whether it was missing."""
    name = os.fspath(folder)
    try:
        folder.mkdir()
    except FileExistsError:
        if folder.is_dir():
            return False
        raise _usage(name, "is a file", "a folder", "Choose another name.") from None
    except FileNotFoundError:
        what = "the folder it shall stand in does not exist"
        raise _usage(name, what, "a folder", "Make that folder first.") from None
    except (OSError, ValueError) as error:
        raise _unwritable(name, error) from None
    return True


def _temporary(path: Path, place: Path, data: bytes) -> str:
    """Return the name of a new file beside ``place`` that holds the data."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{place.name[:40]}.", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, _mode(place))
        except BaseException:
            os.unlink(temporary)
            raise
    except (OSError, ValueError) as error:
        raise _unwritable(os.fspath(path), error) from None
    return temporary


def _rename(temporary: str, place: Path) -> None:
    try:
        os.replace(temporary, place)
    except OSError as error:
        raise _unwritable(os.fspath(place), error) from None


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
