"""One door to every executor: the results do not depend on where or in what chunks they ran."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch
from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.declaration import System
from abscope.engine.executors.dask import Dask
from abscope.engine.executors.draws import Cohort
from abscope.engine.executors.gpu import Gpu
from abscope.engine.executors.parts import part_of
from abscope.engine.executors.processes import Processes
from abscope.engine.executors.reductions import Reduction, Whole
from abscope.engine.executors.serial import Serial
from abscope.engine.executors.tasks import (
    Executor,
    Failure,
    Order,
    Source,
    Task,
    found_system,
    remember,
)
from abscope.engine.simulation import Prepared, Settings, prepare
from abscope.errors import EngineError, Problem

__all__ = ["EXECUTORS", "RunError", "run"]

#: name -> executor as it is without settings of its own
EXECUTORS: dict[str, Callable[[], Executor]] = {
    "serial": Serial, "processes": Processes, "dask": Dask, "gpu": Gpu,
}  # fmt: skip
_SHOWN = 5


class RunError(EngineError):
    """Some chunks have no result: ``rest`` is that of the others, ``missing`` names the members.

    ``rest`` is what ``run`` returns, of the members that are not missing (None where no chunk has a
    result); ``traces`` holds the traceback of each chunk that stopped with an exception.
    """

    def __init__(self, problems: list[Problem], *, rest: Any, failed: dict[Task, Failure]) -> None:
        super().__init__(problems)
        self.rest = rest
        self.missing = np.sort(np.concatenate([task.members for task in failed]))
        self.traces = tuple(failure.trace for failure in failed.values() if failure.trace)


def run(
    system: System | Compiled | str | Callable[[], System],
    batch: Batch | Cohort,
    *,
    executor: str | Executor = "processes",
    reduce: Reduction | None = None,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Return the Trajectories of a batch or cohort, or what ``reduce`` makes of them.

    ``system`` is a System, a Compiled one (with its method), 'module:function' or the function.
    Tasks that leave this process need what they call to be importable there: name a system whose
    rules are nested functions by the function that returns it. ``executor`` is "serial",
    "processes", "dask", "gpu" or an executor with its settings. ``progress(done, all)`` is called
    with numbers of members after each chunk. Results are those of ``simulate`` to 1e-12, whatever
    the executor and the chunks; those of a GPU to what its arithmetic allows.

    Raises EngineError before anything runs for a batch that cannot be, an unknown executor, an
    extra or a device that is not there, something not importable; RunError after everything has run
    where chunks failed, with the result of the others. Ctrl-C stops every task.
    """
    place, own = _executor(executor)
    compiled, path = _system(system)
    remember(compiled)
    settings = settings or Settings()
    ready = prepare(compiled, batch, settings) if isinstance(batch, Batch) else None
    named = path or compiled.system if place.pack else None
    order = Order(
        source=Source(named, compiled.system.fingerprint, compiled.method, compiled.lanes),
        settings=settings,
        reduce=reduce or Whole(),
    )
    if isinstance(batch, Cohort):
        order = replace(order, draw=batch.draw, seed=batch.seed, arguments=dict(batch.arguments))
    packed = place.pack(order) if place.pack else order
    groups = _groups(batch, ready, place.size(int(batch.members)))
    cold = not compiled.is_kept()
    tasks = (
        Task(number, members, packed, part_of(ready, members) if ready else None, cold)
        for number, members in enumerate(groups)
    )
    try:
        return _gathered(place, tasks, groups, order.reduce, progress)
    finally:
        if own:
            _close(place)


def _close(place: Any) -> None:
    if hasattr(place, "close"):
        place.close()


def _executor(executor: str | Executor) -> tuple[Executor, bool]:
    """Return the executor and whether this run has to close it."""
    if not isinstance(executor, str):
        return executor, False
    if executor not in EXECUTORS:
        what, expected = f"'{executor}' is no executor", f"one of {', '.join(EXECUTORS)}"
        raise EngineError(Problem("executor", what, expected, "Choose one."))
    return EXECUTORS[executor](), True


def _system(system: Any) -> tuple[Compiled, str]:
    """Return the system compiled, and the path by which another process finds it."""
    if isinstance(system, Compiled):
        return system, ""
    if isinstance(system, str):
        return compile_system(found_system(system)), system
    if isinstance(system, System):
        return compile_system(system), ""
    path = f"{system.__module__}:{system.__qualname__}"
    return compile_system(system()), "" if "<" in path else path


def _groups(batch: Batch | Cohort, ready: Prepared | None, chunk: int) -> list[NDArray[np.int64]]:
    """Return the members of each chunk: alike in size where the batch is at hand."""
    members = int(batch.members)
    order = np.arange(members) if ready is None else ready.members.order
    return [np.asarray(group) for group in np.array_split(order, ceil(members / chunk))]


def _gathered(
    place: Executor,
    tasks: Iterator[Task],
    groups: list[NDArray[np.int64]],
    reduce: Reduction,
    progress: Callable[[int, int], None] | None,
) -> Any:
    """Join the parts in the order of the chunks as they come in."""
    early: dict[int, Any] = {}
    failures: list[Failure] = []
    whole, following, done, total = None, 0, 0, sum(group.size for group in groups)
    with closing(place.results(tasks)) as results:
        for result in results:
            if isinstance(result, Failure):
                failures.append(result)
            early[result.number] = None if isinstance(result, Failure) else result.part
            while following in early:
                part = early.pop(following)
                following += 1
                if part is not None:
                    whole = part if whole is None else reduce.join(whole, part)
            done += groups[result.number].size
            if progress is not None:
                progress(done, total)
    rest = None if whole is None else reduce.finish(whole)
    if failures:
        raise _error(failures, groups, rest)
    return rest


def _error(failures: list[Failure], groups: list[NDArray[np.int64]], rest: Any) -> RunError:
    failures = sorted(failures, key=lambda failure: failure.number)
    failed = {Task(f.number, groups[f.number], b""): f for f in failures}
    problems = []
    for task, failure in list(failed.items())[:_SHOWN]:
        for problem in failure.problems[:_SHOWN]:
            where = f"{task.name}, counted from its first: {problem.where}"
            problems.append(replace(problem, where=where))
        if not failure.problems:
            action = "The other chunks are in the attribute rest of this error."
            problems.append(Problem(task.name, failure.what, "a chunk that runs", action))
    if len(failed) > _SHOWN:
        what = f"{len(failed) - _SHOWN} more chunks of {len(groups)} have no result"
        problems.append(Problem("run", what, "chunks that run", "See the first ones."))
    return RunError(problems, rest=rest, failed=failed)
