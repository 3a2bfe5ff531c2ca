"""The loop over particles and their stays in compartments."""

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Tables", "follow"]

_TO_UNIT = 1.0 / 9007199254740992.0


class Tables(NamedTuple):
    """What the loop looks up.

    ``edges_s`` (k + 1,) are times, ``rates_gy_per_s`` (k, parts) the dose rates in between.
    Compartment i has the parts from ``part_start[i]`` to before ``part_start[i + 1]`` with
    cumulated shares ``part_share_frac``, stays of scale ``scale_s`` and Weibull ``shape``.
    ``accept_frac`` and ``other`` are alias tables of the routes, ``start_accept_frac`` and
    ``start_other`` of the first compartment.
    """

    edges_s: NDArray[np.float64]
    rates_gy_per_s: NDArray[np.float64]
    part_start: NDArray[np.intp]
    part_share_frac: NDArray[np.float64]
    scale_s: NDArray[np.float64]
    shape: float
    jump_per_s: float
    accept_frac: NDArray[np.float64]
    other: NDArray[np.int16]
    start_accept_frac: NDArray[np.float64]
    start_other: NDArray[np.int16]


@numba.njit(cache=True, nogil=True)
def follow(chunks, chunk, seed, dose, last, tables):  # type: ignore[no-untyped-def]
    """Write dose (Gy) and last compartment of the particles of the chunks (first, after last).

    Every chunk has its own stream of random numbers, made from the seed and its number.
    """
    edges, rates = tables.edges_s, tables.rates_gy_per_s
    part_start, part_share = tables.part_start, tables.part_share_frac
    scale, shape, jump_rate = tables.scale_s, tables.shape, tables.jump_per_s
    state = np.empty(4, dtype=np.uint64)
    end_time = edges[-1]
    for number in range(chunks[0], chunks[1]):
        _seed(state, seed, np.uint64(number))
        for particle in range(number * chunk, min((number + 1) * chunk, dose.size)):
            place = _pick(state, tables.start_accept_frac, tables.start_other)
            time = 0.0
            stop = _remaining(state, shape) * scale[place]
            segment = 0
            total = 0.0
            while True:
                leave = min(stop, end_time)
                first, after = part_start[place], part_start[place + 1]
                part = first
                if after - first > 1:
                    part = _part(state, part_share, first, after)
                while time < leave:
                    until = leave
                    if jump_rate > 0.0 and after - first > 1:
                        until = min(leave, time - math.log(_uniform(state)) / jump_rate)
                    while edges[segment + 1] < until:
                        total += rates[segment, part] * (edges[segment + 1] - time)
                        time = edges[segment + 1]
                        segment += 1
                    total += rates[segment, part] * (until - time)
                    time = until
                    if until < leave:
                        part = _part(state, part_share, first, after)
                if stop >= end_time:
                    break
                place = _pick(state, tables.accept_frac[place], tables.other[place])
                stop = time + _stay(state, shape) * scale[place]
            dose[particle] = total
            last[particle] = place


@numba.njit(cache=True, nogil=True, inline="always")
def _next(state):  # type: ignore[no-untyped-def]
    # xoshiro256++ (Blackman and Vigna 2019)
    sum_ = state[0] + state[3]
    out = ((sum_ << np.uint64(23)) | (sum_ >> np.uint64(41))) + state[0]
    shifted = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << np.uint64(45)) | (state[3] >> np.uint64(19))
    return out


@numba.njit(cache=True, nogil=True)
def _seed(state, seed, number):  # type: ignore[no-untyped-def]
    # splitmix64 fills the state from a hash of seed and number: streams of neighbors share nothing
    value = _mixed(_mixed(seed + np.uint64(0x9E3779B97F4A7C15)) + number)
    for place in range(4):
        value += np.uint64(0x9E3779B97F4A7C15)
        state[place] = _mixed(value)


@numba.njit(cache=True, nogil=True)
def _mixed(value):  # type: ignore[no-untyped-def]
    mixed = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def _uniform(state):  # type: ignore[no-untyped-def]
    # above 0 and at most 1, so that its logarithm is finite
    return (float(_next(state) >> np.uint64(11)) + 1.0) * _TO_UNIT


@numba.njit(cache=True, nogil=True, inline="always")
def _pick(state, accept, other):  # type: ignore[no-untyped-def]
    scaled = float(_next(state) >> np.uint64(11)) * _TO_UNIT * accept.size
    column = int(scaled)
    return column if scaled - column < accept[column] else int(other[column])


@numba.njit(cache=True, nogil=True)
def _part(state, part_share, first, after):  # type: ignore[no-untyped-def]
    value = _uniform(state)
    low, high = first, after - 1
    while low < high:
        middle = (low + high) // 2
        if part_share[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True, inline="always")
def _stay(state, shape):  # type: ignore[no-untyped-def]
    value = -math.log(_uniform(state))
    if shape == 2.0:
        return math.sqrt(value)
    if shape == 1.0:
        return value
    return value ** (1.0 / shape)


@numba.njit(cache=True, nogil=True)
def _remaining(state, shape):  # type: ignore[no-untyped-def]
    # in equilibrium a particle is a random way through a stay that was chosen by its length
    if shape == 1.0:
        return -math.log(_uniform(state))
    if shape == 2.0:
        angle = 2.0 * math.pi * _uniform(state)
        return math.sqrt(-math.log(_uniform(state))) * abs(math.cos(angle))
    return _uniform(state) * _gamma(state, 1.0 + 1.0 / shape) ** (1.0 / shape)


@numba.njit(cache=True, nogil=True)
def _gamma(state, order):  # type: ignore[no-untyped-def]
    # Marsaglia and Tsang 2000, order >= 1
    d = order - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        angle = 2.0 * math.pi * _uniform(state)
        normal = math.sqrt(-2.0 * math.log(_uniform(state))) * math.cos(angle)
        cube = (1.0 + c * normal) ** 3
        if cube <= 0.0:
            continue
        if math.log(_uniform(state)) < 0.5 * normal * normal + d - d * cube + d * math.log(cube):
            return d * cube
