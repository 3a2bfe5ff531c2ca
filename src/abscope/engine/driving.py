"""How members are carried from stop to stop: the text below the mark goes into every kernel.

A lane at a stop jumps or records; a lane at its end takes the next member of the chunk. A step is
accepted lane by lane. The functions that are only declared here are printed from the system.
"""

from typing import TYPE_CHECKING, Any

from abscope.engine.floats import LANES, ROW, put
from abscope.engine.stepping import J, close, ill, judge, load, most, plan, strange
from abscope.engine.tables import (
    CAUSE,
    COUNT,
    END,
    ERROR,
    GOOD,
    LOW,
    MEMBER,
    OBSERVE,
    OUTCOME,
    PLACE,
    SET_OWN,
    SET_SHARED,
    STEP,
    TIME,
    UNTIL,
    WISH,
)

if TYPE_CHECKING:
    attempt: Any = None
    derive: Any = None
    jump: Any = None
    keep: Any = None
    prepare: Any = None
    record: Any = None
    BODY: int = 0
    OWN: int = 0

__all__ = ["chunk", "feed", "observe", "run_stops"]


# ---- the text below goes into the kernels ---------------------------------------------------


@J
def observe(lane: Any, number: Any, memory: Any, clock: Any, results: Any) -> None:
    """Record the observables, and the states where they are asked for."""
    observed, own_observed = results.observed, results.own_observed
    b, n = clock.whole[MEMBER, lane], clock.whole[COUNT, lane]
    at = (b * observed.shape[1] + number) * observed.shape[2]
    own_at = (b * own_observed.shape[1] + number) * own_observed.shape[2] * own_observed.shape[3]
    y, p, q, _ = memory
    record(y, p, q, n, lane, observed.reshape(-1), at, own_observed.reshape(-1), own_at)
    if results.states.shape[0] > 0:
        for row in range(BODY + OWN * n):
            results.states[b, number, row] = y[row * ROW + lane]


@J
def run_stops(lane: Any, memory: Any, clock: Any, case: Any) -> None:
    """Do what is due on a lane now; set when it stops next, or free it at its end."""
    stops, limits, results = case[1], case[2], case[3]
    real, whole = clock.real, clock.whole
    b, n = whole[MEMBER, lane], whole[COUNT, lane]
    rows = BODY + OWN * n
    whole[OUTCOME, lane], whole[CAUSE, lane] = 0, -1
    while whole[PLACE, lane] < stops.first[b + 1]:
        k = whole[PLACE, lane]
        if stops.time[k] > real[TIME, lane]:
            real[UNTIL, lane] = stops.time[k]
            return
        kind, ref = stops.kind[k], stops.ref[k]
        if kind == OBSERVE:
            observe(lane, ref, memory, clock, results)
        elif kind == SET_SHARED:
            memory.p[ref * ROW + lane] = stops.value[k]
        elif kind == SET_OWN:
            memory.q[ref * ROW + lane] = stops.value[k]
        elif kind != END:
            jump(kind, memory.y, memory.p, memory.q, n, lane, stops.data, ref)
            whole[CAUSE, lane] = strange(lane, rows, memory.y)
            if whole[CAUSE, lane] >= 0:
                whole[OUTCOME, lane] = 2
                break
        if kind != OBSERVE and kind != END:
            real[WISH, lane] = min(real[WISH, lane], limits.first_step)
        whole[PLACE, lane] = k + 1
    close(lane, rows, clock, memory.y, results)


@J
def feed(following: Any, last: Any, memory: Any, clock: Any, case: Any) -> Any:
    """Give idle lanes the next members that do not end at once; return which comes after them."""
    members, stops, limits = case[0], case[1], case[2]
    for lane in range(LANES):
        while clock.whole[MEMBER, lane] < 0 and following < last:
            b = members.order[following]
            following += 1
            load(lane, b, members, memory, clock)
            derive(memory.p, memory.q, memory.here.size // ROW, lane)
            clock.whole[PLACE, lane] = stops.first[b]
            clock.real[WISH, lane] = limits.first_step
            run_stops(lane, memory, clock, case)
    return following


@J
def chunk(first: Any, last: Any, case: Any, memory: Any, clock: Any, scratch: Any) -> None:
    """Run the members first to last of the order; ``case`` is members, stops, limits, results."""
    members, limits, results = case[0], case[2], case[3]
    trial, miss, work, lu, ls = scratch
    real, whole = clock.real, clock.whole
    for lane in range(LANES):
        load(lane, members.order[first], members, memory, clock)
        derive(memory.p, memory.q, memory.here.size // ROW, lane)
        whole[MEMBER, lane] = -1
        whole[COUNT, lane] = 0
    following = feed(first, last, memory, clock, case)
    changed = True
    while True:
        if changed:
            following = feed(following, last, memory, clock, case)
            n = most(clock)
            if n < 0:
                return
            prepare(memory.y, memory.p, memory.q, memory.here, work, n)
            changed = False
        plan(clock)
        rows = BODY + OWN * n
        total = attempt(
            memory.y, trial, miss, memory.p, memory.q, memory.here, real[STEP], work, lu, ls,
            limits.bounds, limits.rtol, n, rows,
        )  # fmt: skip
        put(real[ERROR], 0, 0, total)
        look = judge(clock, limits)
        keep(memory.y, trial, real[GOOD], limits.bounds, real[LOW], work, rows)
        for lane in range(LANES):
            if whole[MEMBER, lane] >= 0 and (look & (1 << lane) or real[LOW, lane] < 0.0):
                own_rows = BODY + OWN * whole[COUNT, lane]
                if ill(lane, own_rows, memory, clock, miss, limits):
                    close(lane, own_rows, clock, memory.y, results)
                    changed = True
                elif real[TIME, lane] == real[UNTIL, lane]:
                    run_stops(lane, memory, clock, case)
                    changed = True
