"""One task: simulate some members and reduce them. A pure function of what it is given."""

import importlib
import pickle
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.declaration import System
from abscope.engine.executors.draws import Draws
from abscope.engine.executors.parts import Part, fitted, ready_part
from abscope.engine.executors.reductions import Reduction
from abscope.engine.simulation import Prepared, Settings, prepare, run_kernel, trajectories_of
from abscope.engine.tables import Results
from abscope.errors import EngineError, Problem

__all__ = [
    "Done", "Executor", "Failure", "Order", "Runner", "Source", "Task", "even_size", "found_system",
    "loaded", "on_this_processor", "remember", "work",
]  # fmt: skip

#: integrates what is prepared: the kernel on this processor, or a device
Runner = Callable[[Compiled, Prepared, Settings], Results]

_compiled: dict[tuple[str, str, int], Compiled] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Source:
    """Where another process finds a system: itself, or 'module:function' that returns it."""

    system: System | str | None
    fingerprint: str
    method: str
    lanes: int


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What all tasks of a run share."""

    source: Source
    settings: Settings
    reduce: Reduction
    draw: Any = None
    seed: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The members of one chunk; ``part`` where they are given, else they are drawn.

    ``order`` is packed where it has to travel. The first task of a ``cold`` run compiles.
    """

    number: int
    members: NDArray[np.int64]
    order: Order | bytes
    part: Part | None = None
    cold: bool = False

    @property
    def name(self) -> str:
        """Return which members these are, in words."""
        first, last, size = int(self.members[0]), int(self.members[-1]), self.members.size
        if last - first == size - 1:
            return f"chunk {self.number} (members {first} to {last})"
        some = ", ".join(str(int(member)) for member in self.members[:3])
        return f"chunk {self.number} ({size} members: {some}, ...)"


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """The reduced part of a chunk."""

    number: int
    part: Any


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """Why a chunk has no result, in text: an exception may not survive the way back."""

    number: int
    what: str
    problems: tuple[Problem, ...] = ()
    trace: str = ""


class Executor(Protocol):
    """Where tasks run."""

    def size(self, members: int) -> int:
        """Return the most members of a task of a run with this many."""

    @property
    def pack(self) -> Callable[[Order], bytes] | None:
        """Return what turns an order into bytes where tasks leave this process, else None.

        It raises EngineError for what cannot be found there.
        """

    def results(self, tasks: Iterator[Task]) -> Generator[Done | Failure, None, None]:
        """Yield what came of each task, in any order; stop all of them when closed."""


def even_size(members: int, workers: int) -> int:
    """Return members per task: four tasks for each worker, of 250 to 2,000 members."""
    return min(2000, max(250, -(-members // (4 * workers))))


def remember(compiled: Compiled) -> None:
    """Let the tasks of this process use a system that is compiled here."""
    key = (compiled.system.fingerprint, compiled.method, compiled.lanes)
    with _lock:
        _compiled[key] = compiled


def found_system(path: str) -> System:
    """Return the system that 'module:function' returns; raises EngineError where it does not."""
    system = loaded(path)
    system = system() if callable(system) else system
    if not isinstance(system, System):
        what = f"returns {type(system).__name__}"
        raise EngineError(Problem(path, what, "a System", "Name a function that returns it."))
    return system


def loaded(path: str) -> Any:
    """Return what 'module:name' names; raises EngineError where there is nothing."""
    module, _, name = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        expected = "'module:function' of a module that every worker can import"
        raise EngineError(
            Problem(f"'{path}'", str(error), expected, "Install the module, or correct the name.")
        ) from error
    return found


def _compiled_of(source: Source) -> Compiled:
    key = (source.fingerprint, source.method, source.lanes)
    with _lock:  # a kernel is loaded once, whatever the number of threads
        if key not in _compiled:
            named = source.system
            system = found_system(named) if isinstance(named, str) else named
            if system is None or system.fingerprint != source.fingerprint:
                what = "the worker finds other equations than this process"
                action = "Install the same version everywhere, and restart the workers."
                raise EngineError(Problem(f"system {named!r:.60}", what, "the same ones", action))
            _compiled[key] = compile_system(system, method=source.method, lanes=source.lanes)
        return _compiled[key]


@lru_cache(maxsize=4)
def _unpacked(order: bytes) -> Order:
    return pickle.loads(order)  # type: ignore[no-any-return]  # noqa: S301 - packed by run()


def on_this_processor(compiled: Compiled, ready: Prepared, settings: Settings) -> Results:
    """Run the kernel here."""
    with _lock:
        kernel = compiled.kernel()
    return run_kernel(kernel, ready, settings)


def work(task: Task, runner: Runner = on_this_processor) -> Done | Failure:
    """Return the reduced results of a task, or why there are none; nothing raises."""
    try:
        order = _unpacked(task.order) if isinstance(task.order, bytes) else task.order
        compiled = _compiled_of(order.source)
        ready = _ready(task, order, compiled)
        results = runner(compiled, ready, order.settings)
        found = trajectories_of(ready, results)
        return Done(task.number, order.reduce.of(found, task.members))
    except EngineError as error:
        return Failure(task.number, "", error.problems)
    except Exception as error:  # noqa: BLE001 - one chunk must not take the others with it
        what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        return Failure(task.number, what, (), traceback.format_exc())


def _ready(task: Task, order: Order, compiled: Compiled) -> Prepared:
    if task.part is not None:
        return ready_part(task.part, compiled.system)
    draw = loaded(order.draw) if isinstance(order.draw, str) else order.draw
    draws = Draws(seed=order.seed, first=int(task.members[0]), last=int(task.members[-1]) + 1)
    batch = draw(draws, **order.arguments)
    if batch.members != draws.members:
        what, expected = f"{batch.members} members drawn", f"{draws.members}"
        raise EngineError(Problem("cohort", what, expected, "Use draws.members.", "members"))
    return prepare(compiled, fitted(batch), order.settings)
