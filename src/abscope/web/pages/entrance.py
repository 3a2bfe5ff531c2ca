"""The way in: the first address, and the page that asks for the password."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.errors import Problem
from abscope.web.rooms import RoomsHere
from abscope.web.templating import render

__all__ = [
    "ask",
    "enter",
    "first",
    "router",
]

router = APIRouter()


@router.get("/")
def first() -> Response:
    """Lead to the list of cases."""
    return RedirectResponse("/cases")


@router.get("/login")
def ask(request: Request, next: str = "/cases") -> Response:
    """Ask for name and password."""
    page = render(request, "login.html", {"next": _own(next), "problems": ()})
    return HTMLResponse(page)


@router.post("/login")
def enter(
    request: Request,
    rooms: RoomsHere,
    user: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=1024)],
    next: Annotated[str, Form()] = "/cases",
) -> Response:
    """Open a session for the right password."""
    found = request.app.state.sessions.by_password(user, password)
    rooms.project.audit.add(who=user[:64], what="enter" if found else "refuse", of="project")
    if found is None:
        problem = Problem(
            "password", "name and password do not open this server", "the password it was started "
            "with", "Try again; after five wrong ones it waits a minute.",
        )  # fmt: skip
        page = render(request, "login.html", {"next": _own(next), "problems": (problem,)})
        return HTMLResponse(page, 403)
    response = RedirectResponse(_own(next), 303)
    request.app.state.sessions.open(response, found)
    return response


def _own(path: str) -> str:
    """Return a path of this server, never an address of another one."""
    fit = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if fit and "\\" not in path else "/cases"
