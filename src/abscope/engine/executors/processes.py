"""Tasks over the cores of this machine: a pool of processes, each started anew (spawn)."""

import multiprocessing
import pickle
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from abscope.engine.cores import cores
from abscope.engine.executors.tasks import Done, Failure, Order, Task, even_size, work
from abscope.errors import EngineError, Problem

__all__ = ["Processes", "packed"]

_DIED = (
    "its worker process died (out of memory, a crash of compiled code, or a script that calls run "
    "outside `if __name__ == '__main__':`)"
)


def packed(order: Order) -> bytes:
    """Return an order as bytes; raises EngineError for what another process cannot import."""
    problems = []
    for what, thing in (
        ("system", order.source.system),
        ("cohort: draw", order.draw),
        ("cohort: arguments", order.arguments),
        ("reduce", order.reduce),
    ):
        try:
            text = pickle.dumps(thing)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            found = f"another process cannot have it ({error})"
        else:
            if b"__main__" not in text or hasattr(sys.modules["__main__"], "__file__"):
                continue
            found = "it is defined in an interactive session, where no other process can look"
        action = "Move it to a module and name it 'module:function', or use executor='serial'."
        problems.append(Problem(what, found, "functions at the top of a module", action))
    if problems:
        raise EngineError(problems)
    return pickle.dumps(order)


def _deaf() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Processes:
    """A pool of worker processes, one for each core unless stated.

    Starts at the first run and serves others until it is closed; ``with Processes() as pool`` does
    that. Each worker gets four chunks of 250 to 2,000 members unless ``chunk`` is stated; at most
    twice as many chunks as workers are in memory. Where a worker dies, the chunks that were running
    are run again one by one, so only the one that kills its worker is lost.
    """

    def __init__(self, workers: int | None = None, *, chunk: int | None = None) -> None:
        self.workers, self.chunk = workers or cores(), chunk
        self.pack: Callable[[Order], bytes] | None = packed
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def size(self, members: int) -> int:
        """Return the most members of a task."""
        return self.chunk or even_size(members, self.workers)

    def close(self) -> None:
        """Let the workers end."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _submit(self, task: Task) -> "Future[Done | Failure]":
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, _deaf)
        return self._pool.submit(work, task)

    def _abandon(self) -> None:
        """End the workers at once."""
        pool, self._pool = self._pool, None
        if pool is not None:
            workers: dict[int, Any] = dict(getattr(pool, "_processes", None) or {})
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers.values():
                worker.terminate()
            for worker in workers.values():
                worker.join()

    def results(self, tasks: Iterator[Task]) -> Generator[Done | Failure, None, None]:
        """Yield what came of each task."""
        running: dict[Future[Done | Failure], Task] = {}
        try:
            for task in tasks:
                if not running and task.cold and task.number == 0:
                    yield from self._alone([task])
                    continue
                running[self._submit(task)] = task
                if len(running) >= 2 * self.workers:
                    yield from self._finished(running)
            while running:
                yield from self._finished(running)
        except BaseException:
            self._abandon()
            raise

    def _finished(self, running: "dict[Future[Done | Failure], Task]") -> Iterator[Done | Failure]:
        """Yield the tasks that are done now, at least one."""
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        lost = []
        for future in done:
            task = running.pop(future)
            try:
                yield future.result()
            except BrokenProcessPool:
                lost.append(task)
        if lost:
            lost += running.values()
            running.clear()
            self._abandon()
            yield from self._alone(sorted(lost, key=lambda task: task.number))

    def _alone(self, tasks: list[Task]) -> Iterator[Done | Failure]:
        """Yield tasks that run with no other: a worker that dies is then theirs."""
        for task in tasks:
            try:
                yield self._submit(task).result()
            except BrokenProcessPool:
                self._abandon()
                yield Failure(task.number, _DIED)
