"""How a team carries its member from stop to stop: the text below the mark goes into its kernel.

Thread 0 does what the processor's kernel does for a lane (plan, judge, stops), with the same text;
the threads share the work of a step. The functions that are only declared here are printed.
"""

import math
from typing import TYPE_CHECKING, Any

from abscope.engine.stepping import J, close, ill, judge, load, plan
from abscope.engine.tables import (
    COUNT,
    ERROR,
    GOOD,
    LOW,
    MEMBER,
    PLACE,
    STEP,
    TIME,
    UNTIL,
    WISH,
    Clock,
    Limits,
    Members,
    Memory,
    Results,
    Stops,
)

if TYPE_CHECKING:
    attempt: Any = None
    cuda: Any = None
    doubles: Any = None
    integers: Any = None
    keep: Any = None
    prepare: Any = None
    record: Any = None
    run_stops: Any = None
    vectors: Any = None
    BODY: int = 0
    BODY_FACTORS: int = 0
    FACTORS: int = 0
    OWN: int = 0
    SUMS: int = 0
    TEAM: int = 0
    VECTORS: int = 0

__all__ = [
    "FRESH", "absolute", "added", "finish", "kernel", "log", "lowered", "maximum", "minimum",
    "observe", "power", "rooms", "step", "team",
]  # fmt: skip

#: row of the clock that says whether a jump was just made
FRESH = 6


def kernel(function: Any) -> Any:
    """Return the function; a kernel has the compiling decorator of this name."""
    return function


# ---- the text below goes into the kernels ---------------------------------------------------


@J
def log(x: Any) -> Any:
    """Return the natural logarithm; NaN below zero."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


@J
def absolute(x: Any) -> Any:
    """Return the absolute value."""
    return math.fabs(x)


@J
def step(x: Any) -> Any:
    """Return 1 where x > 0, else 0."""
    return 1.0 if x > 0.0 else 0.0


@J
def power(x: Any, y: Any) -> Any:
    """Return x^y where x > 0, else 0."""
    return x**y if x > 0.0 else 0.0


@J
def maximum(x: Any, y: Any) -> Any:
    """Return the larger; y where either is NaN."""
    return x if x > y else y


@J
def minimum(x: Any, y: Any) -> Any:
    """Return the smaller; y where either is NaN."""
    return x if x < y else y


@J
def added(part: Any, lane: Any, red: Any) -> Any:
    """Return the sum over the team."""
    red[lane] = part
    cuda.syncthreads()
    whole = red[0]
    for other in range(1, TEAM):
        whole = whole + red[other]
    cuda.syncthreads()
    return whole


@J
def lowered(part: Any, lane: Any, red: Any) -> Any:
    """Return the least of the team."""
    red[lane] = part
    cuda.syncthreads()
    whole = red[0]
    for other in range(1, TEAM):
        whole = minimum(red[other], whole)
    cuda.syncthreads()
    return whole


@J
def observe(lane: Any, number: Any, memory: Any, clock: Any, results: Any) -> None:
    """Record the observables, and the states where they are asked for."""
    b, n = clock.whole[MEMBER, lane], clock.whole[COUNT, lane]
    at = b * (results.observed.shape[0] // results.ended.shape[0]) + number
    y, p, q = memory.y, memory.p, memory.q
    record(y, p, q, n, lane, results.observed[at], 0, results.own_observed[at], 0)
    if results.states.shape[0] > 0:
        for row in range(BODY + OWN * n):
            results.states[b, number, row] = y[row]


@J
def rooms(room: Any, shared: Any, own: Any, most: Any) -> Any:
    """Return the parts of the shared memory after the vectors of the method."""
    size = BODY + OWN * most
    at = VECTORS * size
    p = at + 3 * size
    q = p + shared
    here = q + own
    lu = here + most
    return (
        room[at : at + size],
        room[at + size : at + 2 * size],
        room[at + 2 * size : p],
        room[p:q],
        room[q:here],
        room[here:lu],
        room[lu : lu + most * FACTORS],
    )


@J
def finish(look: Any, rows: Any, memory: Any, clock: Any, case: Any, miss: Any) -> None:
    """Do what is due after a step: end the member, or go through its stops."""
    real, whole = clock.real, clock.whole
    whole[FRESH, 0] = 0
    if look != 0 or real[LOW, 0] < 0.0:
        if ill(0, rows, memory, clock, miss, case[2]):
            close(0, rows, clock, memory.y, case[3])
        elif real[TIME, 0] == real[UNTIL, 0]:
            run_stops(0, memory, clock, case)
            whole[FRESH, 0] = 1


@kernel
def team(  # noqa: PLR0913 - a device is given arrays, not records of arrays
    order: Any, count: Any, start: Any, states: Any, shared: Any, own: Any,
    first: Any, time: Any, kind: Any, ref: Any, value: Any, data: Any,
    bounds: Any, rtol: Any, first_step: Any, max_steps: Any, error_order: Any,
    observed: Any, own_observed: Any, kept: Any, final: Any, ended: Any, most: Any,
) -> None:  # fmt: skip
    """Integrate one member per block; ``most`` is the most replicates of a member."""
    lane, b = cuda.threadIdx.x, order[cuda.blockIdx.x]
    real = cuda.shared.array((7, 1), doubles)
    whole = cuda.shared.array((7, 1), integers)
    red = cuda.shared.array(SUMS, doubles)
    ls = cuda.shared.array(BODY_FACTORS, doubles)
    room = cuda.shared.array(0, doubles)
    work = vectors(room, BODY + OWN * most)
    y, trial, miss, p, q, here, lu = rooms(room, shared.shape[1], own.shape[1], most)
    case = (
        Members(order, count, start, states, shared, own),
        Stops(first, time, kind, ref, value, data),
        Limits(bounds, rtol, first_step, max_steps, error_order, BODY, OWN),
        Results(observed, own_observed, kept, final, ended),
    )
    memory, clock = Memory(y, p, q, here), Clock(real, whole)
    if lane == 0:
        load(0, b, case[0], memory, clock)
        whole[PLACE, 0] = first[b]
        real[WISH, 0] = first_step
        run_stops(0, memory, clock, case)
        whole[FRESH, 0] = 1
    cuda.syncthreads()
    while whole[MEMBER, 0] >= 0:
        n = whole[COUNT, 0]
        rows = BODY + OWN * n
        if whole[FRESH, 0] == 1:
            prepare(y, p, q, here, work, n, lane, red)
        cuda.syncthreads()
        if lane == 0:
            plan(clock)
        cuda.syncthreads()
        total = attempt(
            y, trial, miss, p, q, here, real[STEP], work, lu, ls, bounds, rtol, n, rows, lane, red
        )
        look = 0
        if lane == 0:
            real[ERROR, 0] = total
            look = judge(clock, case[2])
        cuda.syncthreads()
        keep(y, trial, real[GOOD], bounds, real[LOW], work, rows, lane, red)
        cuda.syncthreads()
        if lane == 0:
            finish(look, rows, memory, clock, case, miss)
        cuda.syncthreads()
