"""How one lane is loaded, judged and closed: the same for every system, compiled once per machine.

Each lane has a clock of its own: its member, time, step and next stop. The text below the mark goes
into a kernel of its own for each number type; run as Python, it works on plain doubles.
"""

from typing import Any

import numpy as np

from abscope.engine.floats import LANES, ROW
from abscope.engine.tables import (
    CAUSE,
    COUNT,
    ERROR,
    FLOOR,
    GOOD,
    LOW,
    MEMBER,
    OUTCOME,
    STEP,
    STEPS,
    TIME,
    TOLERANCE,
    UNTIL,
    WISH,
)

__all__ = [
    "J",
    "close",
    "copy_rows",
    "ill",
    "judge",
    "load",
    "lowest",
    "most",
    "plan",
    "shrink",
    "strange",
    "worst",
]


def J(function: Any) -> Any:  # noqa: N802 - the name of the decorator in every kernel
    """Return the function; a kernel has the compiling decorator of this name."""
    return function


# ---- the text below goes into the kernels ---------------------------------------------------


@J
def copy_rows(lane: Any, b: Any, table: Any, memory: Any) -> None:
    """Copy the rows of a member, with the slopes that follow the values of a dual number."""
    for row in range(table.shape[1]):
        for k in range(table.shape[2]):
            memory[row * ROW + lane + k] = table[b, row, k]


@J
def load(lane: Any, b: Any, members: Any, memory: Any, clock: Any) -> None:
    """Put a member on a lane, at its start."""
    copy_rows(lane, b, members.states, memory.y)
    copy_rows(lane, b, members.shared, memory.p)
    copy_rows(lane, b, members.own, memory.q)
    count = members.count
    for i in range(memory.here.size // ROW):
        memory.here[i * ROW + lane] = 1.0 if i < count[b] else 0.0
    clock.real[TIME, lane] = members.start[b]
    clock.whole[MEMBER, lane] = b
    clock.whole[COUNT, lane] = count[b]
    clock.whole[STEPS, lane] = 0


@J
def close(lane: Any, rows: Any, clock: Any, y: Any, results: Any) -> None:
    """Write how the member of a lane ended, with its states; free the lane."""
    whole = clock.whole
    b = whole[MEMBER, lane]
    results.ended[b, 0] = whole[OUTCOME, lane]
    results.ended[b, 1] = clock.real[TIME, lane]
    results.ended[b, 2] = whole[CAUSE, lane]
    results.ended[b, 3] = whole[STEPS, lane]
    for row in range(rows):
        results.final[b, row] = y[row * ROW + lane]
    whole[MEMBER, lane] = -1
    whole[COUNT, lane] = 0


@J
def strange(lane: Any, rows: Any, values: Any) -> Any:
    """Return the first row of a lane that is not finite, or -1."""
    for row in range(rows):
        if not np.isfinite(values[row * ROW + lane]):
            return row
    return -1


@J
def lowest(lane: Any, rows: Any, y: Any, bounds: Any) -> Any:
    """Return the first row of a lane that is below its lowest value, or -1."""
    for row in range(rows):
        if y[row * ROW + lane] < bounds[FLOOR, row]:
            return row
    return -1


@J
def worst(lane: Any, rows: Any, miss: Any, y: Any, limits: Any) -> Any:
    """Return the row with the largest error of the last attempt."""
    found, most = 0, -1.0
    for row in range(rows):
        at = row * ROW + lane
        part = abs(miss[at]) / (limits.bounds[TOLERANCE, row] + limits.rtol * abs(y[at]))
        if part > most:
            found, most = row, part
    return found


@J
def shrink(size: Any, order: Any) -> Any:
    """Return the factor on a step whose error is size times what is allowed."""
    size = max(size, 1e-10)
    if order == 4:
        return 0.9 / np.sqrt(np.sqrt(size))
    return 0.9 * size ** (-1.0 / order)


@J
def judge(clock: Any, limits: Any) -> Any:
    """Accept or reject the step of each lane and wish the next.

    Returns a bit for each lane that is at its stop or cannot go on.
    """
    real, whole = clock.real, clock.whole
    look = 0
    for lane in range(LANES):
        real[GOOD, lane] = 0.0
        if whole[MEMBER, lane] < 0:
            continue
        rows = limits.body + limits.own * whole[COUNT, lane]
        size = np.sqrt(real[ERROR, lane] / max(1.0, float(rows)))
        if not size < 1e6:
            size = 1e6
        change = min(5.0, max(0.2, shrink(size, limits.order)))
        step, wish, time = real[STEP, lane], real[WISH, lane], real[TIME, lane]
        whole[STEPS, lane] += 1
        if size > 1.0:
            real[WISH, lane] = min(change, 0.9) * step
            if real[WISH, lane] < 1e-13 * max(1.0, abs(time)):
                look |= 1 << lane
        else:
            real[GOOD, lane] = 1.0
            if not (step < 0.99 * wish and change * step < wish):
                real[WISH, lane] = change * step
            if step >= real[UNTIL, lane] - time:
                real[TIME, lane] = real[UNTIL, lane]
                look |= 1 << lane
            else:
                real[TIME, lane] = time + step
        if whole[STEPS, lane] >= limits.max_steps:
            look |= 1 << lane
    return look


@J
def ill(lane: Any, rows: Any, memory: Any, clock: Any, miss: Any, limits: Any) -> Any:
    """Return whether a lane cannot go on; its outcome and the row that caused it are noted."""
    real, whole, y = clock.real, clock.whole, memory.y
    whole[CAUSE, lane] = -1
    if real[LOW, lane] < 0.0:
        whole[OUTCOME, lane] = 3
        whole[CAUSE, lane] = lowest(lane, rows, y, limits.bounds)
    tiny = real[WISH, lane] < 1e-13 * max(1.0, abs(real[TIME, lane]))
    if whole[CAUSE, lane] < 0 and tiny:
        whole[OUTCOME, lane] = 2
        whole[CAUSE, lane] = strange(lane, rows, miss)
    if whole[CAUSE, lane] < 0 and (tiny or whole[STEPS, lane] >= limits.max_steps):
        whole[OUTCOME, lane] = 1
        whole[CAUSE, lane] = worst(lane, rows, miss, y, limits)
    return whole[CAUSE, lane] >= 0


@J
def most(clock: Any) -> Any:
    """Return the largest number of replicates on a lane, -1 where all lanes are idle."""
    found = -1
    for lane in range(LANES):
        if clock.whole[MEMBER, lane] >= 0:
            found = max(found, clock.whole[COUNT, lane])
    return found


@J
def plan(clock: Any) -> None:
    """Set the step of each lane: to its stop where the wished step reaches it, else as wished."""
    real = clock.real
    for lane in range(LANES):
        left, wish = real[UNTIL, lane] - real[TIME, lane], real[WISH, lane]
        real[STEP, lane] = left if wish * 1.000001 >= left else wish
        if clock.whole[MEMBER, lane] < 0:
            real[STEP, lane] = 1e-6
        real[LOW, lane] = 0.0
