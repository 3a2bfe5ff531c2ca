"""The arrays that a kernel is given: members, stops, limits, memory, clock, results."""

from typing import Any, NamedTuple

__all__ = [
    "CAUSE", "COUNT", "END", "ERROR", "FLOOR", "GOOD", "LOW", "MEMBER", "OBSERVE", "OUTCOME",
    "PLACE", "SET_OWN", "SET_SHARED", "STEP", "STEPS",
    "TIME", "TOLERANCE", "UNTIL", "WISH", "Clock", "Limits",
    "Members", "Memory", "Results", "Stops",
]  # fmt: skip

#: kinds of a stop; zero and above is the number of an event
OBSERVE = -1
SET_SHARED = -2
SET_OWN = -3
END = -4

#: rows of the clock: numbers of each lane ...
TIME = 0
STEP = 1
WISH = 2
UNTIL = 3
ERROR = 4
GOOD = 5
LOW = 6

#: ... and whole numbers of each lane (MEMBER is -1 on an idle lane)
MEMBER = 0
PLACE = 1
COUNT = 2
STEPS = 3
OUTCOME = 4
CAUSE = 5

#: rows of the bounds of each state
TOLERANCE = 0
FLOOR = 1


class Members(NamedTuple):
    """The members of a batch: (members, rows, size) states, shared and own parameters.

    The last axis is the value and, for dual numbers, its slopes. ``order`` is the sequence in which
    they are run. Replicates that a member does not have are copies of its first.
    """

    order: Any
    count: Any
    start: Any
    states: Any
    shared: Any
    own: Any


class Stops(NamedTuple):
    """When a member stops: ``first[b]`` to ``first[b + 1]`` are its stops, in order of time.

    ``ref`` is the number of the observation, the row of the input, or the place of the fields of
    the event in ``data``; ``value`` is what the input is set to.
    """

    first: Any
    time: Any
    kind: Any
    ref: Any
    value: Any
    data: Any


class Limits(NamedTuple):
    """Tolerances and limits; ``bounds`` holds tolerance and lowest value of each state."""

    bounds: Any
    rtol: float
    first_step: float
    max_steps: int
    order: int
    body: int
    own: int


class Memory(NamedTuple):
    """The rows of all lanes: states, shared and own parameters, 1 where a replicate is there."""

    y: Any
    p: Any
    q: Any
    here: Any


class Clock(NamedTuple):
    """Numbers and whole numbers of the lanes, by the rows named above."""

    real: Any
    whole: Any


class Results(NamedTuple):
    """Where a kernel writes: observables, states, end states and how each member ended.

    ``ended`` is (members, 4): outcome, time, row of the state that caused it, steps.
    """

    observed: Any
    own_observed: Any
    states: Any
    final: Any
    ended: Any
