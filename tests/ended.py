"""How a command ended, for the tests of the command line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "Done"]


@dataclass(frozen=True)
class Done:
    """How one command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Call = Callable[..., Done]
