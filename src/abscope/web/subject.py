"""The case that long work is about: with its dose where that was read, and where runs are kept."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from abscope.web.dosing import DoseRead, dose_read
from abscope.web.reading import Opened
from abscope.web.rooms import Rooms
from abscope.web.store.paths import Layout

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.report.material import Material

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """A case at one revision on a server; it is as it was when the page was asked for."""

    rooms: Rooms
    opened: Opened

    @property
    def layout(self) -> Layout:
        """The places of the project."""
        return self.rooms.project.layout

    @cached_property
    def read(self) -> DoseRead | None:
        """The dose of the case, None where it was not read."""
        return dose_read(self.rooms.jobs, self.layout, self.opened)

    @property
    def material(self) -> "Material":
        """What the parts of the report are made from."""
        return self.opened.material if self.read is None else self.read.material

    @property
    def case(self) -> "Case":
        """The case, with the doses that were read."""
        return self.opened.case if self.read is None else self.read.material.case

    @property
    def variant(self) -> str:
        """What tells the same revision with other dose data apart, empty without any."""
        return "" if self.read is None else self.read.key

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells cases, revisions and dose data apart."""
        shown = self.opened.shown
        return (shown.shelf, shown.name, shown.revision, self.variant)
