"""The library of published cases that comes with abscope, and the one way to open a case."""

import difflib
import os
from functools import cache
from importlib import resources
from pathlib import Path

from abscope.case.files import read_text
from abscope.case.reader import LocatedCase, read_case, read_case_text
from abscope.errors import Problem, UsageError

__all__ = ["library_names", "library_text", "open_case"]

_FOLDER = resources.files("abscope.case") / "library"
_SUFFIX = ".yaml"


@cache
def library_names() -> tuple[str, ...]:
    """Return the names of the cases of the library in alphabetical order."""
    files = (item.name for item in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def library_text(name: str) -> str:
    """Return the YAML text of a case of the library; raise UsageError for another name."""
    if name not in library_names():
        raise _no_such_case(name)
    with resources.as_file(_FOLDER / f"{name}{_SUFFIX}") as path:
        return read_text(path)


def open_case(name_or_path: str | Path) -> LocatedCase:
    """Return a case of the library by its name, else the case of a file.

    Raises UsageError where there is neither, CaseError where the file has problems.
    """
    name = os.fspath(name_or_path)
    if name in library_names():
        return read_case_text(library_text(name), name=f"{name}{_SUFFIX}")
    if not os.path.lexists(name) and not _looks_like_a_file(name):
        raise _no_such_case(name)
    return read_case(name_or_path)


def _looks_like_a_file(name: str) -> bool:
    return "\0" in name or (os.sep in name and not Path(name).parent.is_dir())


def _no_such_case(name: str) -> UsageError:
    return UsageError(
        Problem(
            name.replace("\0", "\\0") or "''",
            "there is no library case and no file of this name",
            "a name that 'abscope cases' lists, or a YAML file",
            _hint(name),
        )
    )


def _hint(name: str) -> str:
    given = Path(name)
    close = difflib.get_close_matches(name[:80].lower(), library_names(), n=3, cutoff=0.5)
    close += [x for x in library_names() if name and x.startswith(name.lower()) and x not in close]
    try:
        beside = [item.name for item in given.parent.iterdir() if item.suffix in (".yaml", ".yml")]
    except OSError:
        beside = []
    for found in difflib.get_close_matches(given.name[:80], beside, n=3, cutoff=0.6):
        close.append(str(given.parent / found))
    return f"Did you mean {' or '.join(close[:4])}?" if close else "Check the name."
