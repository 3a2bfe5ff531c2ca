"""Starts the server: refuses what is not safe, says the address, ends on Ctrl-C."""

import contextlib
import ctypes
import os
import platform
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from abscope.errors import Problem, UsageError
from abscope.web.settings import ServeSettings, check_settings

__all__ = ["Started", "address", "serve"]

_BACKLOG = 128
#: Setting: how long a stopped server waits for long work, in seconds.
_PATIENCE_S = 5.0
#: What `mallopt` of glibc takes, by number: memory given back above, mapped alone above, arenas.
_KEEP = ((-1, 256 << 20), (-3, 32 << 20), (-8, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a person must know of a server that listens now."""

    project: str
    url: str
    recovered: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return it as lines of text."""
        return [
            *(f"recovered: {text}" for text in self.recovered),
            f"project: {self.project}",
            f"open {self.url}",
            "Research use only. Stop with Ctrl-C.",
        ]


def serve(settings: ServeSettings, *, start_path: str, say: Callable[[Started], None]) -> None:
    """Serve until stopped; ``say`` is told once where, as soon as the server listens.

    Where long work does not stop within five seconds, the process ends here. Raises UsageError
    where the settings are not safe or the address is taken.
    """
    import uvicorn

    from abscope.web.app import make_app

    check_settings(settings)
    _keep_memory()
    listener = _listener(settings)
    settings = replace(settings, port=listener.getsockname()[1])
    app = make_app(settings)
    started = Started(
        project=str(settings.folder),
        url=address(settings, start_path),
        recovered=tuple(app.state.rooms.recovered),
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=65_536,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):  # it may come as soon as the address is told
        say(started)
        server.run(sockets=[listener])
    if not app.state.rooms.jobs.ended_within(_PATIENCE_S):
        _leave()


def _leave() -> None:
    """End the process without its threads: what they have kept is whole, and a fit goes on there.

    Python would wait for a chunk of long work that nobody wants any more.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _keep_memory() -> None:
    """Have glibc keep what was freed for the next what-if, which asks for the same large arrays.

    Else each takes some 10 MB anew from the system, page by page: a tenth of its time. Other
    libraries do as they do.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        for name, value in _KEEP:
            library.mallopt(name, value)


def address(settings: ServeSettings, path: str) -> str:
    """Return the address that a person opens; alone on this machine it holds the token."""
    host = "127.0.0.1" if settings.alone else settings.local_hosts[-1]
    root = settings.public_url.rstrip("/") or f"http://{host}:{settings.port}"
    return f"{root}{quote(path)}" + (f"?token={settings.token}" if settings.alone else "")


def _listener(settings: ServeSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sets no delay only where the protocol is named; without it an answer waits 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            Problem(
                "--port",
                f"{settings.host}:{settings.port} cannot be taken ({error.strerror})",
                "a free port",
                "Stop the other server, or choose another with --port.",
            )
        ) from None
    listener.set_inheritable(True)
    return listener
