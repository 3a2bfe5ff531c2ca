"""How members are carried from stop to stop: the text of this file goes into every kernel.

Each lane has a clock of its own: its member, time, step and next stop. A lane at a stop jumps or
records; a lane at its end takes the next member of the chunk. A step is accepted lane by lane.
Run as Python (on doubles, without the printed functions) this module does nothing.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abscope.engine.floats import LANES, ROW, SIZE, fill, get, put, vec
from abscope.engine.tables import END, OBSERVE, SET_OWN, SET_SHARED

if TYPE_CHECKING:
    attempt: Any
    jump: Any
    keep: Any
    prepare: Any
    record: Any
    BODY: int
    OWN: int
    OWN_PARAMETERS: int
    FACTORS: int
    BODY_FACTORS: int
    VECTORS: int
    EXPONENT: float

__all__ = ["Clock", "J", "Memory", "chunk", "load", "run_stops"]


def J(function: Any) -> Any:  # noqa: N802 - the name of the decorator in every kernel
    """Return the function; a kernel has the compiling decorator of this name."""
    return function


# ---- the text below goes into every kernel ---------------------------------------------------


class Clock(NamedTuple):
    """The lanes: member (-1: idle), time, step, wished step, next stop and its place, steps."""

    member: Any
    time: Any
    step: Any
    wish: Any
    until: Any
    place: Any
    count: Any
    steps: Any


class Memory(NamedTuple):
    """The rows of all lanes: states, shared and own parameters, which replicates are there."""

    y: Any
    p: Any
    q: Any
    here: Any


@J
def load(lane: int, b: int, memory: Any, clock: Any, case: Any) -> None:
    """Put a member on a lane, at its start."""
    members, stops, rules = case[0], case[1], case[2]
    y, p, q, here = memory
    at = min(b, members.state_slopes.shape[0] - 1)
    for row in range(members.states.shape[1]):
        fill(y, row, lane, members.states[b, row], members.state_slopes[at, row])
    for row in range(members.shared.shape[1]):
        fill(p, row, lane, members.shared[b, row], members.shared_slopes[at, row])
    for row in range(members.own.shape[1]):
        fill(q, row, lane, members.own[b, row], members.own_slopes[at, row])
    for i in range(here.size // ROW):
        here[i * ROW + lane] = 1.0 if i < members.count[b] else 0.0
    clock.member[lane] = b
    clock.time[lane] = members.start[b]
    clock.wish[lane] = rules.first_step
    clock.place[lane] = stops.first[b]
    clock.count[lane] = members.count[b]
    clock.steps[lane] = 0


@J
def close(lane: int, clock: Any, memory: Any, results: Any, outcome: int, which: int) -> None:
    """Write how the member of a lane ended, and free the lane."""
    b = clock.member[lane]
    results.outcome[b] = outcome
    results.when[b] = clock.time[lane]
    results.which[b] = which
    results.steps[b] = clock.steps[lane]
    for row in range(BODY + OWN * clock.count[lane]):
        results.final[b, row] = memory.y[row * ROW + lane]
    clock.member[lane] = -1
    clock.count[lane] = 0


@J
def observe(lane: int, b: int, number: int, memory: Any, clock: Any, results: Any) -> None:
    """Record the observables, and the states where they are asked for."""
    observed, own_observed = results.observed, results.own_observed
    at = (b * observed.shape[1] + number) * observed.shape[2]
    own_at = (b * own_observed.shape[1] + number) * own_observed.shape[2] * own_observed.shape[3]
    y, p, q, _ = memory
    n = clock.count[lane]
    record(y, p, q, n, lane, observed.reshape(-1), at, own_observed.reshape(-1), own_at)
    if results.states.shape[0] > 0:
        for row in range(BODY + OWN * n):
            results.states[b, number, row] = y[row * ROW + lane]


@J
def strange(lane: int, count: int, values: Any) -> int:
    """Return the first row of a lane that is not finite, or -1."""
    for row in range(BODY + OWN * count):
        if not np.isfinite(values[row * ROW + lane]):
            return row
    return -1


@J
def run_stops(lane: int, memory: Any, clock: Any, case: Any) -> None:
    """Do what is due on a lane now; set when it stops next, or free it at its end."""
    stops, rules, results = case[1], case[2], case[3]
    b = clock.member[lane]
    while clock.place[lane] < stops.first[b + 1]:
        k = clock.place[lane]
        if stops.time[k] > clock.time[lane]:
            clock.until[lane] = stops.time[k]
            break
        kind, ref = stops.kind[k], stops.ref[k]
        if kind == OBSERVE:
            observe(lane, b, ref, memory, clock, results)
        elif kind == SET_SHARED:
            memory.p[ref * ROW + lane] = stops.value[k]
        elif kind == SET_OWN:
            memory.q[ref * ROW + lane] = stops.value[k]
        elif kind != END:
            y, p, q, _ = memory
            jump(kind, y, p, q, clock.count[lane], lane, stops.data, ref)
        if kind != OBSERVE and kind != END:
            clock.wish[lane] = min(clock.wish[lane], rules.first_step)
        clock.place[lane] = k + 1
        row = strange(lane, clock.count[lane], memory.y)
        if row >= 0:
            close(lane, clock, memory, results, 2, row)
            return
    if clock.place[lane] == stops.first[b + 1]:
        close(lane, clock, memory, results, 0, -1)


@J
def judge(lane: int, error: float, clock: Any, accepted: Any, rules: Any) -> bool:
    """Accept or reject the step of a lane and wish the next; return whether it is at its stop."""
    size = np.sqrt(error / max(1.0, float(BODY + OWN * clock.count[lane])))
    if not size < 1e6:
        size = 1e6
    change = min(5.0, max(0.2, 0.9 * max(size, 1e-10) ** EXPONENT))
    step, wish = clock.step[lane], clock.wish[lane]
    clock.steps[lane] += 1
    if size > 1.0:
        accepted[lane] = 0.0
        clock.wish[lane] = min(change, 0.9) * step
        return False
    accepted[lane] = 1.0
    if not (step < 0.99 * wish and change * step < wish):
        clock.wish[lane] = change * step
    if step >= clock.until[lane] - clock.time[lane]:
        clock.time[lane] = clock.until[lane]
        return True
    clock.time[lane] += step
    return False


@J
def worst(lane: int, count: int, miss: Any, y: Any, rules: Any) -> int:
    """Return the row with the largest error of the last attempt."""
    found, most = 0, -1.0
    for row in range(BODY + OWN * count):
        at = row * ROW + lane
        part = abs(miss[at]) / (rules.tolerance[row] + rules.rtol * abs(y[at]))
        if part > most:
            found, most = row, part
    return found


@J
def lowest(lane: int, count: int, y: Any, floor: Any) -> int:
    """Return the first row of a lane that is below its lowest value."""
    for row in range(BODY + OWN * count):
        if y[row * ROW + lane] < floor[row]:
            return row
    return -1


@J
def stopped(lane: int, scratch: Any, low: Any, memory: Any, clock: Any, case: Any) -> bool:
    """Close the member of a lane that cannot go on; return whether it did."""
    rules, results = case[2], case[3]
    count = clock.count[lane]
    tiny = clock.wish[lane] < 1e-13 * max(1.0, abs(clock.time[lane]))
    if low[lane] < 0.0:
        row = lowest(lane, count, memory.y, rules.floor)
        if row >= 0:
            close(lane, clock, memory, results, 3, row)
            return True
    if tiny or clock.steps[lane] >= rules.max_steps:
        row = strange(lane, count, scratch)
        if row >= 0 and tiny:
            close(lane, clock, memory, results, 2, row)
        else:
            row = worst(lane, count, scratch, memory.y, rules)
            close(lane, clock, memory, results, 1, row)
        return True
    return False


@J
def feed(lane: int, following: int, last: int, memory: Any, clock: Any, case: Any) -> int:
    """Give an idle lane the next member that does not end at once; return the one after it."""
    while clock.member[lane] < 0 and following < last:
        load(lane, case[0].order[following], memory, clock, case)
        following += 1
        run_stops(lane, memory, clock, case)
    return following


@J
def chunk(first: int, last: int, case: Any) -> None:
    """Run the members first to last of the order; ``case`` is members, stops, rules, results."""
    members, rules = case[0], case[2]
    size, most = members.states.shape[1], (members.states.shape[1] - BODY) // max(1, OWN)
    memory = Memory(
        np.zeros(size * ROW), np.zeros(members.shared.shape[1] * ROW),
        np.zeros(members.own.shape[1] * ROW), np.zeros(most * ROW),
    )  # fmt: skip
    trial, miss, work = np.zeros(size * ROW), np.zeros(size * ROW), np.zeros((VECTORS, size * ROW))
    lu, ls = np.zeros(most * FACTORS * ROW), np.zeros(BODY_FACTORS * ROW)
    error, accepted, low = np.zeros(ROW), np.zeros(ROW), np.zeros(ROW)
    clock = Clock(
        np.full(LANES, -1), np.zeros(LANES), np.zeros(ROW), np.zeros(LANES), np.zeros(LANES),
        np.zeros(LANES, np.int64), np.zeros(LANES, np.int64), np.zeros(LANES, np.int64),
    )  # fmt: skip
    for lane in range(LANES):
        load(lane, members.order[first], memory, clock, case)
        clock.member[lane] = -1
    following, changed = first, True
    while True:
        if changed:
            for lane in range(LANES):
                following = feed(lane, following, last, memory, clock, case)
            if clock.member.max() < 0:
                return
            n = clock.count.max()
            prepare(memory.y, memory.p, memory.q, memory.here, work, n)
            changed = False
        for lane in range(LANES):
            left = clock.until[lane] - clock.time[lane]
            clock.step[lane] = left if clock.wish[lane] * 1.000001 >= left else clock.wish[lane]
            if clock.member[lane] < 0:
                clock.step[lane] = 1e-6
            low[lane] = 0.0
        put(error, 0, attempt(
            memory.y, trial, miss, memory.p, memory.q, memory.here, clock.step, work, lu, ls,
            rules.tolerance, rules.rtol, n, BODY + OWN * n,
        ))  # fmt: skip
        at_stop = 0
        for lane in range(LANES):
            accepted[lane] = 0.0
            if clock.member[lane] >= 0 and judge(lane, error[lane], clock, accepted, rules):
                at_stop += 1 << lane
        keep(memory.y, trial, accepted, rules.floor, low, work, BODY + OWN * n)
        for lane in range(LANES):
            if clock.member[lane] >= 0:
                if stopped(lane, miss, low, memory, clock, case):
                    changed = True
                elif at_stop & (1 << lane):
                    run_stops(lane, memory, clock, case)
                    changed = True
