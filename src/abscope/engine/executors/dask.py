"""Tasks over a Dask cluster: any scheduler, from this machine to a supercomputer's queue."""

import uuid
from collections.abc import Callable, Generator, Iterator
from typing import Any

from abscope.engine.executors.tasks import Done, Failure, Order, Task, even_size, work
from abscope.errors import EngineError, Problem

__all__ = ["Dask"]


def _distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        what, action = "the extra dask is not installed", "pip install 'abscope[dask]'"
        raise EngineError(Problem("executor dask", what, "distributed", action)) from error
    return distributed


def _packed(order: Order) -> bytes:
    """Return an order as bytes, functions of a notebook by value."""
    from distributed.protocol.pickle import dumps

    return bytes(dumps(order))  # type: ignore[no-untyped-call]


class Dask:
    """A Dask cluster by scheduler address ('tcp://host:8786') or by its Client.

    With neither, the client that this process already has is used. Workers need abscope and the
    modules that the tasks import. A worker that dies is replaced by others as Dask does; a chunk
    fails where its workers keep dying.
    """

    def __init__(self, scheduler: Any = None, *, chunk: int | None = None) -> None:
        self.chunk = chunk
        self.pack: Callable[[Order], bytes] | None = _packed
        distributed = _distributed()
        self._own = isinstance(scheduler, str)
        try:
            if isinstance(scheduler, str):
                self.client = distributed.Client(scheduler, set_as_default=False)
            else:
                self.client = scheduler or distributed.default_client()
        except (OSError, ValueError) as error:
            where = f"executor dask: {scheduler or 'no scheduler named'}"
            expected = "a scheduler that answers"
            action = "Give Dask('tcp://host:8786') or Dask(client)."
            raise EngineError(
                Problem(where, str(error).splitlines()[0], expected, action)
            ) from error

    def size(self, members: int) -> int:
        """Return the most members of a task."""
        return self.chunk or even_size(members, self._threads())

    def close(self) -> None:
        """Leave the cluster where this executor joined it."""
        if self._own:
            self.client.close()

    def results(self, tasks: Iterator[Task]) -> Generator[Done | Failure, None, None]:
        """Yield what came of each task."""
        running: dict[Any, Task] = {}
        name = f"abscope-{uuid.uuid4().hex[:12]}"
        try:
            for task in tasks:
                running[self._submit(task, name)] = task
                if len(running) >= self._most() or (task.cold and task.number == 0):
                    yield from self._finished(running)
            while running:
                yield from self._finished(running)
        finally:
            if running:
                self.client.cancel(list(running))

    def _most(self) -> int:
        """Return how many tasks may be under way: workers come and go."""
        return 2 * self._threads()

    def _threads(self) -> int:
        return max(1, int(sum(self.client.nthreads().values())))

    def _submit(self, task: Task, name: str) -> Any:
        # a large argument inside a task is copied by the scheduler: it goes to a worker directly
        sent = task if task.part is None else self.client.scatter(task, hash=False)
        return self.client.submit(work, sent, key=f"{name}-{task.number}", pure=False)

    def _finished(self, running: dict[Any, Task]) -> Iterator[Done | Failure]:
        """Yield the tasks that are done now, at least one."""
        with self.client.as_current():
            done = _distributed().wait(list(running), return_when="FIRST_COMPLETED").done
        for future in done:
            task = running.pop(future)
            error = None if future.status == "finished" else future.exception()
            if error is None:
                yield future.result()
            else:
                yield Failure(task.number, f"{type(error).__name__}: {error}".splitlines()[0])
