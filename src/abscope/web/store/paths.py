"""Where things lie in a project folder, and which names a case file may have."""

import re
from dataclasses import dataclass
from pathlib import Path

from abscope.errors import Problem, UsageError

__all__ = ["OWN_FOLDER", "Layout", "check_name", "fits_name"]

#: The folder of a project that holds what abscope keeps beside the case files.
OWN_FOLDER = ".abscope"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,79}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The places inside one project folder."""

    folder: Path

    @property
    def own(self) -> Path:
        """The folder with history, drafts, index and audit log."""
        return self.folder / OWN_FOLDER

    @property
    def history(self) -> Path:
        """The folder with one folder of versions per case."""
        return self.own / "history"

    @property
    def drafts(self) -> Path:
        """The folder with texts that were typed and not saved."""
        return self.own / "drafts"

    @property
    def recovered(self) -> Path:
        """The folder with what an interrupted write left behind."""
        return self.own / "recovered"

    @property
    def dose(self) -> Path:
        """The folder with one source of DICOM objects per case."""
        return self.folder / "dose"

    @property
    def runs(self) -> Path:
        """The folder with one folder per fit."""
        return self.folder / "runs"

    def case(self, name: str) -> Path:
        """Return the file of a case: the one that is there, else the one to make."""
        check_name(name)
        short = self.folder / f"{name}.yml"
        return short if short.is_file() else self.folder / f"{name}.yaml"


def check_name(name: str) -> str:
    """Return the name of a case file without its ending; raise UsageError for an unfit one."""
    if not _fits(name):
        raise UsageError(
            Problem(
                "case name",
                f"'{name[:80]}' cannot be the name of a case file",
                "a letter or digit, then up to 79 letters, digits, spaces, dots, _ and -",
                "Choose another name.",
            )
        )
    return name


def fits_name(file: str) -> bool:
    """Return whether a file of a project may have this name."""
    return _fits(file.rpartition(".")[0])


def _fits(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name == name.strip() and ".." not in name
