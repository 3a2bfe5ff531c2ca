"""How the server answers: one JSON shape for the API, one page for people, the same four parts."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from abscope.errors import AbscopeError, Problem, UsageError
from abscope.web.store.conflict import ConflictError
from abscope.web.templating import render

__all__ = [
    "PICTURE",
    "REPORT_POLICY",
    "as_file",
    "fine",
    "problem_body",
    "refusal",
    "said",
    "status_of",
]


def fine(payload: Mapping[str, Any], *, status: int = 200) -> JSONResponse:
    """Return the JSON answer of something that worked."""
    return JSONResponse({"ok": True, "status": status, "errors": [], **payload}, status)


def problem_body(problems: Sequence[Problem], status: int) -> dict[str, Any]:
    """Return the JSON object of problems, as the command line prints it."""
    return {
        "ok": False,
        "error": str(problems[0]),
        "errors": [problem.to_dict() for problem in problems],
        "status": status,
    }


def status_of(error: AbscopeError) -> int:
    """Return the HTTP status of an error of abscope."""
    if isinstance(error, ConflictError):
        return 409
    if isinstance(error, UsageError):
        return 404 if "there is no" in error.problems[0].what else 400
    return 422


def refusal(request: Request, status: int, *problems: Problem) -> Response:
    """Return problems as JSON for the API, else as a page."""
    if request.url.path.startswith("/api/"):
        return JSONResponse(problem_body(problems, status), status)
    page = render(request, "error.html", {"problems": problems, "status": status})
    return HTMLResponse(page, status)


def said(request: Request, error: AbscopeError, *, status: int | None = None) -> Response:
    """Return an error of abscope as JSON for the API, else as a page."""
    return refusal(request, status or status_of(error), *error.problems)


#: The report and single figures are files that hold their own style and run nothing.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-modals"
)
PICTURE = {"content-security-policy": REPORT_POLICY}


def as_file(content: str | bytes, kind: str, name: str, shelf: str) -> Response:
    """Return content as a file to download."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-abscope-shelf": shelf,
        **PICTURE,
    }
    return Response(content, media_type=kind, headers=headers)
