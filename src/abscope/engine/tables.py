"""The arrays that a kernel is given: members, stops, tolerances, results."""

from typing import NamedTuple

from numpy.typing import NDArray

__all__ = ["END", "OBSERVE", "SET_OWN", "SET_SHARED", "Members", "Results", "Rules", "Stops"]

#: kinds of a stop; zero and above is the number of an event
OBSERVE, SET_SHARED, SET_OWN, END = -1, -2, -3, -4


class Members(NamedTuple):
    """The members of a batch in arrays of rows: states, shared and own parameters, slopes of all.

    ``order`` is the sequence in which they are run. Replicates that a member does not have are
    copies of its first. Slopes are (1 or members, rows, directions), empty without directions.
    """

    order: NDArray
    start: NDArray
    count: NDArray
    states: NDArray
    shared: NDArray
    own: NDArray
    state_slopes: NDArray
    shared_slopes: NDArray
    own_slopes: NDArray


class Stops(NamedTuple):
    """When a member stops: ``first[b]`` to ``first[b + 1]`` are its stops, in order of time.

    ``ref`` is the number of the observation, the row of the input, or the place of the fields of
    the event in ``data``; ``value`` is what the input is set to.
    """

    first: NDArray
    time: NDArray
    kind: NDArray
    ref: NDArray
    value: NDArray
    data: NDArray


class Rules(NamedTuple):
    """Tolerances and limits: absolute tolerance and lowest value of each row of the states."""

    tolerance: NDArray
    floor: NDArray
    rtol: float
    first_step: float
    max_steps: int


class Results(NamedTuple):
    """Where a kernel writes: observables (flat), states, the end state and how it ended."""

    observed: NDArray
    own_observed: NDArray
    states: NDArray
    final: NDArray
    outcome: NDArray
    when: NDArray
    which: NDArray
    steps: NDArray
