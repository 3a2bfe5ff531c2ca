"""Tasks one after another in this process."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from abscope.engine.executors.tasks import Done, Failure, Order, Task, work

__all__ = ["Serial"]


@dataclass(frozen=True, slots=True)
class Serial:
    """Runs chunks here, one at a time; memory is that of one chunk and the result."""

    chunk: int = 1000
    pack: Callable[[Order], bytes] | None = field(default=None, init=False)

    def size(self, members: int) -> int:  # noqa: ARG002
        """Return the most members of a task."""
        return self.chunk

    def results(self, tasks: Iterator[Task]) -> Generator[Done | Failure, None, None]:
        """Yield what came of each task."""
        for task in tasks:
            yield work(task)
