"""The server of `abscope serve`: inside a test, and as the process that a person starts."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from abscope.web.app import make_app
from abscope.web.settings import ServeSettings

HERE = "http://127.0.0.1:8765"


def client_of(folder: Path, **settings: object) -> TestClient:
    """Return a client that has the token of a server inside this process."""
    chosen = ServeSettings(folder=folder, **settings)  # type: ignore[arg-type]
    client = TestClient(make_app(chosen), base_url=HERE, raise_server_exceptions=False)
    client.headers["authorization"] = f"Bearer {chosen.token}"
    return client


class Served:
    """A running server: the address with its token, and its first words."""

    def __init__(self, process: "subprocess.Popen[str]", words: list[str]) -> None:
        self.process = process
        self.words = words
        self.address = next(line for line in words if line.startswith("open ")).split()[1]
        self.root = re.sub(r"(https?://[^/]+).*", r"\1", self.address)
        self.token = self.address.partition("token=")[2]


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[Served]:
    """Start the program as a person does and stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "abscope", "serve", str(folder), "--port", "0", *more],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    words: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            words.append(line.strip())
            if line.startswith("Research use only"):
                break
        yield Served(process, words)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=90)
        assert process.stdout is not None
        process.stdout.close()
