"""The product of matrix exponentials on a vector, by uniformization of the sparse chain."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Chain", "propagate"]

#: Poisson weights start at exp(-mean); a longer time is cut into steps of at most this mean.
_LARGEST_MEAN = 400.0
_TAIL = 1e-17


class Chain(NamedTuple):
    """The chain of (part of a compartment, phase of the stay).

    Compartment i has the parts from ``part_start[i]`` to before ``part_start[i + 1]`` with shares
    ``part_frac``; its phases are left at ``rate_per_s[i]`` and entered by ``entry_frac``. From the
    last phase a cell goes to ``column`` with ``probability_frac``, those of i from
    ``row_start[i]`` on; at ``jump_per_s`` it goes to a random part of its compartment.
    ``initial_frac`` (parts, phases) is the equilibrium.
    """

    part_start: NDArray[np.intp]
    part_frac: NDArray[np.float64]
    rate_per_s: NDArray[np.float64]
    entry_frac: NDArray[np.float64]
    jump_per_s: float
    row_start: NDArray[np.intp]
    column: NDArray[np.intp]
    probability_frac: NDArray[np.float64]
    initial_frac: NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def propagate(duration, kill, dead, chain):  # type: ignore[no-untyped-def]
    """Return initial_frac . prod_w expm((K - kill_w) T_w) . 1, the last factor first.

    ``kill`` (windows, parts) is a rate in 1/s, real or complex; states of parts that are ``dead``
    in a window are left out. expm(A t) v = sum_k Poisson(k; q t) (1 + A / q)^k v.
    """
    n_parts, n_phases = chain.initial_frac.shape
    vector = np.ones((n_parts, n_phases), dtype=kill.dtype)
    power = np.empty_like(vector)
    after = np.empty_like(vector)
    for window in range(duration.size - 1, -1, -1):
        fastest = _fastest(kill[window], chain)
        for part in range(n_parts):
            if dead[window, part]:
                vector[part, :] = 0.0
        steps = int(np.ceil(fastest * duration[window] / _LARGEST_MEAN))
        mean = fastest * duration[window] / steps
        for _ in range(steps):
            weight = np.exp(-mean)
            power[:] = vector
            vector *= weight
            order = 0
            while weight > _TAIL or order < mean:
                order += 1
                _advance(power, after, kill[window], dead[window], fastest, chain)
                power, after = after, power
                weight *= mean / order
                for part in range(n_parts):
                    for phase in range(n_phases):
                        vector[part, phase] += weight * power[part, phase]
    out = 0.0 * vector[0, 0]
    for part in range(n_parts):
        for phase in range(n_phases):
            out += chain.initial_frac[part, phase] * vector[part, phase]
    return out


@numba.njit(cache=True, nogil=True)
def _fastest(kill, chain):  # type: ignore[no-untyped-def]
    fastest = 0.0
    for compartment in range(chain.rate_per_s.size):
        for part in range(chain.part_start[compartment], chain.part_start[compartment + 1]):
            leaving = chain.rate_per_s[compartment] + chain.jump_per_s + abs(kill[part])
            fastest = max(fastest, leaving)
    return fastest


@numba.njit(cache=True, nogil=True)
def _advance(old, new, kill, dead, fastest, chain):  # type: ignore[no-untyped-def]
    # one step of 1 + A / q, from the values after the step to those before it
    n_compartments = chain.rate_per_s.size
    n_phases = old.shape[1]
    entered = np.zeros(n_compartments, dtype=old.dtype)
    for compartment in range(n_compartments):
        for part in range(chain.part_start[compartment], chain.part_start[compartment + 1]):
            value = 0.0 * old[0, 0]
            for phase in range(n_phases):
                value += chain.entry_frac[phase] * old[part, phase]
            entered[compartment] += chain.part_frac[part] * value
    jump = chain.jump_per_s / fastest
    for compartment in range(n_compartments):
        arrival = 0.0 * old[0, 0]
        for place in range(chain.row_start[compartment], chain.row_start[compartment + 1]):
            arrival += chain.probability_frac[place] * entered[chain.column[place]]
        leave = chain.rate_per_s[compartment] / fastest
        first, last = chain.part_start[compartment], chain.part_start[compartment + 1]
        for phase in range(n_phases):
            average = 0.0 * old[0, 0]
            if jump > 0.0:
                for part in range(first, last):
                    average += chain.part_frac[part] * old[part, phase]
            for part in range(first, last):
                if dead[part]:
                    new[part, phase] = 0.0
                    continue
                onward = old[part, phase + 1] if phase + 1 < n_phases else arrival
                stay = 1.0 - leave - jump - kill[part] / fastest
                new[part, phase] = stay * old[part, phase] + leave * onward + jump * average
