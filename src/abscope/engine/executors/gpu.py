"""Members on a GPU: a team of threads for each, the same equations, double precision."""

import ast
import hashlib
from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from abscope.engine.cache import kept, kernel_key, load_kernel, load_unkept, write_kernel
from abscope.engine.compiling import Compiled
from abscope.engine.declaration import System
from abscope.engine.executors.tasks import Done, Failure, Order, Task, work
from abscope.engine.methods import METHODS
from abscope.engine.simulation import Prepared, Settings
from abscope.engine.tables import Results
from abscope.errors import EngineError, Problem

__all__ = ["Gpu", "kernel_source", "shared_bytes"]

_MARK = "# ---- the text below goes into the kernels"
_FOLDER = Path(__file__).resolve().parent
_ENGINE = _FOLDER.parent
#: shared memory that every device gives a block without being asked for more
_ROOM = 48 * 1024
_HEAD = """\
import math
from math import exp
from typing import Any

from numba import cuda, float64 as doubles, int64 as integers

from abscope.engine.tables import (
    CAUSE, COUNT, END, ERROR, FLOOR, GOOD, LOW, MEMBER, OBSERVE, OUTCOME, PLACE, SET_OWN,
    SET_SHARED, STEP, STEPS, TIME, TOLERANCE, UNTIL, WISH, Clock, Limits, Members, Memory, Results,
    Stops,
)

J = cuda.jit(device=True)
kernel = cuda.jit(cache=True)
ROW, LANES, TEAM = 1, 1, {threads}
VECTORS, BODY_FACTORS, SUMS, FRESH = {vectors}, {factors}, {sums}, 6


@J
def vectors(room, size):
    return ({slices},)
"""


class Gpu:
    """One CUDA device, a block of ``threads`` for each member, chunk after chunk.

    Needs the extra gpu (numba-cuda) and a driver; raises EngineError at once where either is
    missing. Not yet run on a card: what is known comes from the simulator of numba-cuda.
    """

    def __init__(self, *, threads: int = 16, chunk: int = 16_384) -> None:
        self.threads, self.chunk = threads, chunk
        self.pack: Callable[[Order], bytes] | None = None
        if find_spec("numba_cuda") is None:
            what, action = "the extra gpu is not installed", "pip install 'abscope[gpu]'"
            raise EngineError(Problem("executor gpu", what, "numba-cuda", action))
        from numba import cuda

        if not cuda.is_available():  # type: ignore[no-untyped-call]
            what, expected = "no CUDA device answers", "a device and its driver"
            action = "Use executor='processes', or install the driver."
            raise EngineError(Problem("executor gpu", what, expected, action))

    def size(self, members: int) -> int:  # noqa: ARG002
        """Return the most members of a task."""
        return self.chunk

    def results(self, tasks: Iterator[Task]) -> Generator[Done | Failure, None, None]:
        """Yield what came of each task."""
        for task in tasks:
            yield work(task, self._run)

    def _run(self, compiled: Compiled, ready: Prepared, settings: Settings) -> Results:
        """Integrate a prepared batch on the device."""
        module = _module(compiled.system, compiled.method, self.threads)
        arrays = ready.arrays
        room = shared_bytes(module, ready)
        if room > _ROOM:
            what = f"{arrays.most} replicates take {room} bytes of a block's memory"
            action = "Use executor='processes' for these members."
            raise EngineError(Problem("executor gpu", what, f"at most {_ROOM}", action))
        results = _room_for_results(ready, settings)
        rows = results.observed.shape[0] * results.observed.shape[1]
        flat = [
            results.observed.reshape(rows, results.observed.shape[2]),
            results.own_observed.reshape(rows, int(np.prod(results.own_observed.shape[2:]))),
            results.states, results.final, results.ended,
        ]  # fmt: skip
        _launch(module, ready, flat, room)
        return results


def _room_for_results(ready: Prepared, settings: Settings) -> Results:
    arrays, system = ready.arrays, ready.arrays.system
    (members, times), rows = arrays.observe_at.shape, ready.members.states.shape[1]
    own = len(system.replicate.observables) if system.replicate else 0
    return Results(
        observed=np.full((members, times, len(system.body.observables), 1), np.nan),
        own_observed=np.full((members, times, arrays.most, own, 1), np.nan),
        states=np.full((members if settings.keep_states else 0, times, rows), np.nan),
        final=np.full((members, rows), np.nan),
        ended=np.zeros((members, 4)),
    )


def _launch(module: ModuleType, ready: Prepared, flat: list[Any], room: int) -> None:
    from numba import cuda

    limits = ready.limits
    there = [cuda.to_device(np.ascontiguousarray(table)) for table in flat]
    given = [
        cuda.to_device(np.ascontiguousarray(table)) for table in (*ready.members, *ready.stops)
    ]
    team = module.team[ready.arrays.members, int(module.TEAM), 0, room]
    team(
        *given, cuda.to_device(limits.bounds), limits.rtol, limits.first_step, limits.max_steps,
        limits.order, *there, ready.arrays.most,
    )  # fmt: skip
    for device, host in zip(there, flat, strict=True):
        if host.size:
            device.copy_to_host(host)


def shared_bytes(module: ModuleType, ready: Prepared) -> int:
    """Return the bytes of shared memory that a block needs."""
    members, most = ready.members, ready.arrays.most
    doubles = (int(module.VECTORS) + 3) * members.states.shape[1] + members.shared.shape[1]
    doubles += members.own.shape[1] + most * (1 + int(module.FACTORS))
    fixed = int(module.SUMS) + int(module.BODY_FACTORS) + 14
    return int(8 * (doubles + fixed))


def _module(system: System, method: str, threads: int) -> ModuleType:
    key = kernel_key(f"{system.fingerprint} {_own_mark()}", method, f"team{threads}")
    path = kept(key)
    if path is None:
        text = kernel_source(system, method, threads=threads)
        path = write_kernel(key, text)
        if path is None:
            return load_unkept(key, text)
    return load_kernel(key, path)


def _own_mark() -> str:
    digest = hashlib.sha256()
    for name in ("gpu.py", "team_text.py", "team_driving.py"):
        digest.update((_FOLDER / name).read_bytes())
    return digest.hexdigest()


def kernel_source(system: System, method: str, *, threads: int) -> str:
    """Return the text of the kernel of a team."""
    from abscope.engine.executors.team_text import team_text
    from abscope.engine.kernel_text import kernel_text

    chosen = METHODS[method]
    printed, factors = kernel_text(system, onto=chosen.onto, derived=False)
    rewritten, sums = team_text(printed, chosen.text, threads=threads)
    slices = ", ".join(f"room[{k}*size:{k + 1}*size]" for k in range(chosen.vectors))
    head = _HEAD.format(
        threads=threads, vectors=chosen.vectors, factors=max(1, factors), sums=sums, slices=slices
    )
    below = (_FOLDER / "team_driving.py").read_text(encoding="utf-8").split(_MARK)[1]
    functions, last = below.split("\n", 1)[1].split("@kernel", 1)
    before, after = functions.split("@J\ndef observe", 1)
    return "\n".join(
        [head, before, rewritten, _same_text(_ENGINE / "stepping.py", ""),
         "@J\ndef observe" + after,
         _same_text(_ENGINE / "driving.py", "run_stops"), "@kernel" + last]
    )  # fmt: skip


def _same_text(file: Path, only: str) -> str:
    """Return functions of the processor's kernel, on the functions that a device has."""
    text = file.read_text(encoding="utf-8").split(_MARK)[1].split("\n", 1)[1]
    chosen = [
        ast.unparse(part)
        for part in ast.parse(text).body
        if isinstance(part, ast.FunctionDef) and only in ("", part.name)
    ]
    return (
        "\n\n".join(chosen).replace("np.isfinite", "math.isfinite").replace("np.sqrt", "math.sqrt")
    )
