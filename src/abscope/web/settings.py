"""How the server is reached and who may use it; what is not safe is refused before it listens."""

import getpass
import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from abscope.errors import Problem, UsageError

__all__ = ["ServeSettings", "check_settings"]

_MIB = 1 << 20
_LONGEST_HEADER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What was asked for on the command line.

    ``password`` or ``user_header`` (with ``trusted_proxies``) let others in; ``public_url`` is the
    address that browsers see, where it is not that of this machine. ``text_bytes`` and
    ``upload_bytes`` bound what a request may carry.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8765
    password: str = field(default="", repr=False)
    user_header: str = ""
    trusted_proxies: tuple[str, ...] = ()
    public_url: str = ""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    user: str = field(default_factory=lambda: _user())
    text_bytes: int = 12 * _MIB
    upload_bytes: int = 2048 * _MIB

    @property
    def origins(self) -> frozenset[str]:
        """The origins that pages of this server have."""
        own = {f"http://{host}:{self.port}" for host in self.local_hosts}
        if self.public_url:
            parts = urlsplit(self.public_url)
            own.add(f"{parts.scheme}://{parts.netloc}")
        return frozenset(own)

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that a request may have."""
        found = {f"{host}:{self.port}" for host in self.local_hosts}
        if self.public_url:
            found.add(urlsplit(self.public_url).netloc)
        return frozenset(found)

    @property
    def local_hosts(self) -> tuple[str, ...]:
        """The names under which this machine itself reaches the server."""
        names = ["127.0.0.1", "localhost", "[::1]"]
        if not _loopback(self.host) and not _everywhere(self.host):
            names.append(f"[{self.host}]" if ":" in self.host else self.host)
        return tuple(names)

    @property
    def alone(self) -> bool:
        """Whether only the person at this machine, with the token, may come in."""
        return not self.password and not self.user_header

    @property
    def secure(self) -> bool:
        """Whether browsers reach the server by HTTPS."""
        return self.public_url.startswith("https://")


def check_settings(settings: ServeSettings) -> None:
    """Raise UsageError with every reason not to listen as asked."""
    problems = []
    if not _loopback(settings.host) and settings.alone:
        problems.append(
            Problem(
                "--host",
                f"{settings.host} can be reached from other machines, without a password",
                "127.0.0.1, or --password-file, or --user-header with --trusted-proxy",
                "Choose one of them.",
            )
        )
    if bool(settings.user_header) != bool(settings.trusted_proxies):
        problems.append(
            Problem(
                "--user-header",
                "a header with the user's name needs the address of the proxy that sets it",
                "--user-header and --trusted-proxy together",
                "Give both; anybody else could send the header too.",
            )
        )
    if _everywhere(settings.host) and not settings.public_url:
        problems.append(
            Problem(
                "--host", f"{settings.host} stands for every address of this machine",
                "--public-url, the address that browsers will show", "Give it, or one address.",
            )
        )  # fmt: skip
    if settings.public_url and urlsplit(settings.public_url).scheme not in ("http", "https"):
        what = f"'{settings.public_url[:100]}' is no address of a page"
        problems.append(Problem("--public-url", what, "https://name", "Write it so."))
    if settings.password and len(settings.password) < 12:
        problems.append(
            Problem("--password-file", "the password is short", "12 characters or more", "Change.")
        )
    if problems:
        raise UsageError(problems)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return not host


def _user() -> str:
    try:
        return getpass.getuser()[:_LONGEST_HEADER]
    except (OSError, KeyError, ImportError):  # an account without a name
        return "local user"
