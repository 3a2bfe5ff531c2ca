"""What stands before every request: the host, the origin, the user, the size; and the headers."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from abscope.errors import Problem
from abscope.web.answers import refusal
from abscope.web.sessions import Sessions
from abscope.web.settings import ServeSettings

__all__ = ["PAGE_POLICY", "Guard"]

#: Pages load what this server sends, and nothing inline.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/static/", "/login")
_UPLOADS = ("/import", "/dose", "/project")


class _TooLargeError(HTTPException):
    """The body went past its bound while it was read."""

    def __init__(self) -> None:
        super().__init__(413, "the request is larger than its bound")


class Guard:
    """An ASGI layer around the whole application."""

    def __init__(self, app: ASGIApp, *, settings: ServeSettings, sessions: Sessions) -> None:
        self._app = app
        self._settings = settings
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on with the user's name in its state."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        limit = self._limit(request)
        refused = self._refuse(request) or self._too_large(request, limit)
        sender = _Sender(send, own_policy=request.url.path)
        if refused is not None:
            await refused(scope, receive, sender)
            return
        counted = _Counted(receive, limit)
        try:
            await self._app(scope, counted, sender)
        except _TooLargeError:
            if not sender.started:
                await _too_large(request, limit)(scope, receive, sender)

    def _refuse(self, request: Request) -> Response | None:
        settings = self._settings
        if request.headers.get("host", "") not in settings.hosts:
            return refusal(request, 421, _problem("Host", "is not a name of this server"))
        origin = request.headers.get("origin")
        if origin is not None and origin not in settings.origins:
            return refusal(request, 403, _problem("Origin", "is another page than ours"))
        user = self._sessions.user(request)
        request.state.user = user or ""
        if user is not None:
            foreign = origin is None and request.method not in _SAFE
            if foreign and "authorization" not in request.headers and not settings.user_header:
                return refusal(request, 403, _problem("Origin", "is missing from a change"))
            return _without_token(request)
        if request.url.path.startswith(_OPEN):
            return None
        known = self._sessions.by_token(request) if request.method == "GET" else None
        if known is not None:
            response = _without_token(request) or RedirectResponse("/")
            self._sessions.open(response, known)
            return response
        if settings.password and request.method == "GET" and _wants_page(request):
            return RedirectResponse(f"/login?{urlencode({'next': request.url.path})}", 303)
        return refusal(
            request,
            401,
            Problem(
                "access",
                "the request has no valid session",
                "the address that 'abscope serve' printed, with its token",
                "Open that address again; a new start of the server has a new one.",
            ),
        )

    def _limit(self, request: Request) -> int:
        large = request.url.path.rstrip("/").endswith(_UPLOADS)
        return self._settings.upload_bytes if large else self._settings.text_bytes

    def _too_large(self, request: Request, limit: int) -> Response | None:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            return _too_large(request, limit)
        return None


class _Sender:
    """Adds the headers of safety to a response."""

    def __init__(self, send: Send, *, own_policy: str) -> None:
        self._send = send
        self._path = own_policy
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("content-security-policy", PAGE_POLICY)
            if not self._path.startswith("/static/"):
                headers.setdefault("cache-control", "no-store")
        await self._send(message)


class _Counted:
    """Hands on the body of a request up to its bound."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise _TooLargeError
        return message


def _without_token(request: Request) -> Response | None:
    """Return a redirect to the same address without its token; None where it has none."""
    if "token" not in request.query_params or request.method != "GET":
        return None
    rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
    query = f"?{urlencode(rest)}" if rest else ""
    return RedirectResponse(f"{request.url.path}{query}", 303)


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/")


def _too_large(request: Request, limit: int) -> Response:
    what = f"is larger than {limit >> 20} MiB"
    return refusal(request, 413, Problem("request", what, "less", "Send it in parts."))


def _problem(where: str, what: str) -> Problem:
    return Problem(where, what, "a request from a page of this server", "Open the page anew.")
