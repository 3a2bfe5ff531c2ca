"""Who a request comes from: a token, a signed cookie, a password or a proxy's header."""

import hashlib
import hmac
import secrets
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

from starlette.requests import Request
from starlette.responses import Response

from abscope.web.settings import ServeSettings

__all__ = ["Sessions"]

#: A session ends after this; the printed address, or the password, opens a new one.
_LASTS_S = 12 * 3600.0
_TRIES, _WINDOW_S = 5, 60.0
_LONGEST_USER = 64


class Sessions:
    """Tells users apart; what it signs is valid until the server stops."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._key = secrets.token_bytes(32)
        self._failed: list[float] = []
        self._lock = threading.Lock()
        self.cookie = f"abscope-{settings.port}"

    def user(self, request: Request) -> str | None:
        """Return who sent the request; None where nothing says that they may."""
        settings = self._settings
        if settings.user_header:
            near = request.client.host if request.client else ""
            name = request.headers.get(settings.user_header, "").strip()[:_LONGEST_USER]
            return name or None if near in settings.trusted_proxies else None
        bearer = request.headers.get("authorization", "")
        if bearer.startswith("Bearer ") and self._is_token(bearer.removeprefix("Bearer ")):
            return settings.user
        return self._signed(request.cookies.get(self.cookie, ""))

    def by_token(self, request: Request) -> str | None:
        """Return the user where the address holds the right token."""
        token = request.query_params.get("token", "")
        return self._settings.user if token and self._is_token(token) else None

    def by_password(self, user: str, password: str) -> str | None:
        """Return the user's name for the right password; None, and more slowly, for another."""
        with self._lock:
            recent = [at for at in self._failed if time.monotonic() - at < _WINDOW_S]
            self._failed = recent
            if len(recent) >= _TRIES:
                return None
            right = self._settings.password
            given = password.encode("utf-8", errors="replace")
            if right and user.strip() and hmac.compare_digest(given, right.encode("utf-8")):
                return user.strip()[:_LONGEST_USER]
            self._failed.append(time.monotonic())
        return None

    def open(self, response: Response, user: str) -> None:
        """Set the cookie that stands for a user."""
        name = urlsafe_b64encode(user.encode("utf-8")).decode("ascii")
        body = f"{name}.{int(time.time() + _LASTS_S)}"
        response.set_cookie(
            self.cookie,
            f"{body}.{self._sign(body)}",
            max_age=int(_LASTS_S),
            httponly=True,
            samesite="strict",
            secure=self._settings.secure,
        )

    def _signed(self, cookie: str) -> str | None:
        body, _, sign = cookie.rpartition(".")
        if not body or not hmac.compare_digest(sign.encode(), self._sign(body).encode()):
            return None
        name, _, until = body.rpartition(".")
        if float(until) < time.time():
            return None
        return urlsafe_b64decode(name).decode("utf-8")

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, body.encode("utf-8"), hashlib.sha256).hexdigest()

    def _is_token(self, given: str) -> bool:
        # with a password the token opens nothing: it is known to the machine, not to the user
        right = self._settings.token if self._settings.alone else ""
        return bool(right) and hmac.compare_digest(given.encode("utf-8"), right.encode("utf-8"))
