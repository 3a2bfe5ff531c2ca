"""The application: pages for people, an API for programs, behind one guard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

import abscope
from abscope.errors import AbscopeError, Problem
from abscope.web import endpoints, pages
from abscope.web.answers import refusal, said
from abscope.web.guard import Guard
from abscope.web.jobs import Jobs
from abscope.web.reading import Reader
from abscope.web.rooms import Rooms
from abscope.web.sessions import Sessions
from abscope.web.settings import ServeSettings, check_settings
from abscope.web.store.project import Project
from abscope.web.store.recovery import recover
from abscope.web.templating import style

__all__ = ["make_app"]

_THREADS = 120


def make_app(settings: ServeSettings) -> FastAPI:
    """Return the application of one project; raise UsageError for settings that are not safe."""
    check_settings(settings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    project = Project(settings.folder)
    rooms = Rooms(settings, project, Reader(), Jobs(), recover(project))
    app = FastAPI(
        title="abscope",
        version=abscope.__version__,
        description=f"{abscope.RESEARCH_USE_ONLY} Every answer has `ok`, `status` and `errors`.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.rooms = rooms
    app.state.sessions = Sessions(settings)
    app.add_api_route("/static/style.css", _style, include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("abscope.web", "static")]))
    app.include_router(endpoints.router, prefix="/api/v1")
    app.include_router(pages.router, include_in_schema=False)
    app.add_exception_handler(AbscopeError, _abscope_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(Guard, settings=settings, sessions=app.state.sessions)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # many sessions may wait for one what-if each; pages must not wait behind them
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield
    app.state.rooms.jobs.close()


async def _style() -> Response:
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return PlainTextResponse(style(), media_type="text/css", headers=headers)


def _abscope_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, AbscopeError):
        raise error
    return said(request, error)


def _wrong_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    where = [tuple(one["loc"]) for one in error.errors()]
    if ("path", "shelf") in where:
        return refusal(request, 404, _no_address(request, "not found"))
    problems = [
        Problem(
            "request",
            " ".join(str(one["msg"]).split()),
            "what /api/v1/openapi.json describes",
            "Correct it.",
            ".".join(str(part) for part in one["loc"]),
        )
        for one in error.errors()
    ]
    return refusal(request, 422, *problems)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404 and request.url.path == "/":
        return RedirectResponse("/cases")
    problem = _no_address(request, str(error.detail).lower())
    response = refusal(request, error.status_code, problem)
    response.headers.update(error.headers or {})
    return response


def _no_address(request: Request, what: str) -> Problem:
    return Problem(request.url.path[:200], what, "an address of this server", "Check it.")


def _bug(request: Request, error: Exception) -> Response:
    what = f"this is a bug of abscope: {type(error).__name__}: {' '.join(str(error).split())}"
    problem = Problem("abscope", what, "no error", "Report it, with what you did before.")
    return refusal(request, 500, problem)
