"""A visit to the pages in a real browser, which holds what went wrong and what was asked for."""

import re
from typing import Any

from web_server import Served


class Visit:
    """One page in its own context, which holds what went wrong and what was asked for."""

    def __init__(self, browser: Any, server: Served, *, width: int = 1280, scheme: str = "light"):
        self.server = server
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(server.address)

    def _note(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.wrong.append(message.text)

    def go(self, path: str) -> Any:
        self.page.goto(self.server.root + path)
        return self.page

    def close(self) -> None:
        assert self.wrong == []
        hosts = {re.sub(r"(https?://[^/]+).*", r"\1", url) for url in self.asked}
        assert hosts <= {self.server.root}, "a page asked another host"
        self.context.close()
