"""What every request needs: the project, the cases that were read, the long jobs, the user."""

from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import Depends, Request

from abscope.web.jobs import Jobs
from abscope.web.reading import Opened, Reader
from abscope.web.settings import ServeSettings
from abscope.web.store.project import Project, Shown

__all__ = ["CaseHere", "OpenedHere", "Rooms", "RoomsHere", "ShelfName", "ShownHere", "UserHere"]

ShelfName = Literal["cases", "library"]


@dataclass(frozen=True, slots=True)
class Rooms:
    """The parts of one running server."""

    settings: ServeSettings
    project: Project
    reader: Reader
    jobs: Jobs
    recovered: tuple[str, ...] = ()


# no thread for what only looks something up: handing it over costs more than the look
async def _rooms(request: Request) -> Rooms:
    return cast(Rooms, request.app.state.rooms)


async def _user(request: Request) -> str:
    return cast(str, request.state.user)


RoomsHere = Annotated[Rooms, Depends(_rooms)]
UserHere = Annotated[str, Depends(_user)]


def _shown(shelf: ShelfName, name: str, rooms: RoomsHere) -> Shown:
    return rooms.project.show(shelf, name)


ShownHere = Annotated[Shown, Depends(_shown)]


# one thread for both: handing a request from thread to thread costs as much as the look
def _opened(shelf: ShelfName, name: str, rooms: RoomsHere) -> Opened:
    return rooms.reader.open(rooms.project.show(shelf, name))


OpenedHere = Annotated[Opened, Depends(_opened)]


@dataclass(frozen=True, slots=True)
class CaseHere:
    """The case that an address names, with the server it is on."""

    request: Request
    rooms: RoomsHere
    opened: OpenedHere
    user: UserHere

    @property
    def shown(self) -> Shown:
        """The text that was opened."""
        return self.opened.shown
