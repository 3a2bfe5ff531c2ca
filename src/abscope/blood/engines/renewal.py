"""Transforms of the blood dose with Rayleigh (Weibull, shape 2) transit times, exact."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.blood.delivery import Delivery
from abscope.blood.network import Network
from abscope.blood.sojourn import Transit

__all__ = ["renewal_gradient", "renewal_transform", "uniform_transforms"]

#: 2 M + 1 points; the error of the inversion is near 10^(-0.6 M), round-off near 10^(M/3 - 15).
_EULER_M = 16
_SQRT_PI = math.sqrt(math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class _Lanes:
    """Ways through the compartments: lane l of compartment ``compartment[l]`` (l,).

    A stay of length t in compartment i keeps the share sum over its lanes of
    ``weight exp(-kill t)``; ``weight`` and ``kill`` (s, l) are per point s of the transform.
    """

    compartment: NDArray[np.intp]
    weight: NDArray[np.complex128]
    kill: NDArray[np.complex128]


def _euler_weights() -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Return points b and weights w: f(T) = sum of w Re F(b / T) / T for a real f.

    Euler summation of the Fourier series of the Bromwich integral. Source: Abate and Whitt,
    INFORMS J Comput 2006;18:408, the unified framework, section 5.
    """
    order = np.arange(2 * _EULER_M + 1)
    points = (_EULER_M * math.log(10) / 3 + 1j * math.pi * order).astype(np.complex128)
    xi = np.ones(order.size)
    xi[0] = 0.5
    tail = np.cumsum([math.comb(_EULER_M, k) for k in range(_EULER_M)]) / 2.0**_EULER_M
    xi[_EULER_M + 1 :] = tail[::-1]
    return points, 10 ** (_EULER_M / 3) * (-1.0) ** order * xi


def _lanes_of(delivery: Delivery, s_per_gy: NDArray[np.complex128], *, transit: Transit) -> _Lanes:
    """Return the lanes of a fraction of one beam for each point s (1/Gy; infinite: no dose).

    Mixed: one lane at the mean dose rate. Frozen: one lane per part. Between: with A = (1 f' - 1)
    / tau - s R on the parts, f' exp(A t) 1 = sum of c_m exp(l_m t) over the eigenvalues l_m of A;
    f are the shares of the parts, R their dose rates.
    """
    used = delivery.mixed if transit.tau_mix_s == 0 else delivery
    rate = used.dose_gy[0] / used.duration_s[0]
    weight = np.repeat(used.part_frac[None].astype(complex), s_per_gy.size, axis=0)
    kill = np.zeros_like(weight)
    parts_of = [np.flatnonzero(used.part_compartment == i) for i in range(len(used.network.names))]
    for row, s in enumerate(s_per_gy):
        if np.isinf(s):
            weight[row, rate > 0] = 0
        else:
            kill[row] = s * rate
        if 0 < transit.tau_mix_s < np.inf:
            for parts in parts_of:
                if parts.size > 1:
                    weight[row, parts], kill[row, parts] = _eigenlanes(
                        used.part_frac[parts], s, rate[parts], transit.tau_mix_s
                    )
    return _Lanes(used.part_compartment, weight, kill)


def renewal_transform(
    delivery: Delivery, s_per_gy: NDArray[np.complex128], *, transit: Transit
) -> NDArray[np.complex128]:
    """Return E[exp(-s D)] for each s (1/Gy; infinite: the share of blood without dose).

    With f_i and S_i the density and the survivor function of the stay in compartment i, tau_i its
    mean, and rates r: u_i^(z) = S_i^(z + s r_i) + f_i^(z + s r_i) sum_j P_ij u_j^(z), started from
    the equilibrium remaining stay S_i / tau_i and inverted from z to the beam-on time. For
    Rayleigh stays f^(z) = 1 - sqrt(pi) x E(x), S^(z) = tau E(x) and the remaining stay has E(x),
    with x = tau z / sqrt(pi) and E(x) = exp(x^2) erfc(x). Error near 1e-8.
    """
    out = np.empty(s_per_gy.size, dtype=complex)
    real = s_per_gy.imag == 0
    if real.any():
        out[real] = _inverted(delivery, s_per_gy[real], transit)[0]
    if not real.all():
        # a complex function of time is two real ones: L(s) and its conjugate at conj(s)
        points = s_per_gy[~real]
        values = _inverted(delivery, points, transit)
        mirrored = _inverted(delivery, points.conj(), transit)
        out[~real] = (values[0] + mirrored[0]) / 2 + 0.5j * (values[1] - mirrored[1])
    return out


def uniform_transforms(
    network: Network, log_kill: NDArray[np.float64], beam_on_time_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return E[exp(-s D)] of many fractions of one beam (k,), compartments at their mean dose.

    ``log_kill`` (k, n) is s times the dose that a cell would get in a compartment if it stayed
    there for the whole of ``beam_on_time_s`` (k,).
    """
    count = len(network.names)
    kill = (log_kill / beam_on_time_s[:, None]).astype(complex)
    lanes = _Lanes(np.arange(count), np.ones_like(kill), kill)
    points, weights = _euler_weights()
    z = points / beam_on_time_s[:, None]
    tau = network.mean_transit_s
    erfcx, x = _erfcx(tau * (z[:, :, None] + kill[:, None, :]) / _SQRT_PI)
    terms = _terms(network, lanes, z, erfcx, x)
    total = _total(network, terms, _solved(network, terms))
    return np.asarray(total.real @ weights / beam_on_time_s)


def renewal_gradient(
    delivery: Delivery, s_per_gy: float, *, transit: Transit
) -> tuple[float, NDArray[np.float64]]:
    """Return E[exp(-s D)] for a real s and its derivative by the dose of each part (p,), 1/Gy.

    One adjoint solve per point of the inversion; mixed and frozen limits. In the mixed limit the
    derivative by a part is its share times the one by the mean dose of its compartment.
    """
    lanes = _lanes_of(delivery, np.array([s_per_gy], dtype=complex), transit=transit)
    duration = float(delivery.duration_s[0])
    points, weights = _euler_weights()
    z = points / duration
    network = delivery.network
    tau = network.mean_transit_s[lanes.compartment]
    erfcx, x = _erfcx(tau * (z[:, None] + lanes.kill[0]) / _SQRT_PI)
    terms = _terms(network, lanes, z, erfcx[None], x[None])
    arrival = _solved(network, terms)
    adjoint = _adjoint(network, terms)
    slope = (2 * x * erfcx - 2 / _SQRT_PI) * tau / _SQRT_PI
    moved = z[:, None] + lanes.kill[0]
    first = -(slope + (1 - erfcx) / moved) / moved + slope * arrival[0][:, lanes.compartment]
    density = -_SQRT_PI * (erfcx * tau / _SQRT_PI + x * slope)
    later = tau * slope + density * arrival[0][:, lanes.compartment]
    start = network.volume_frac[lanes.compartment] * first
    change = lanes.weight[0] * (start + adjoint[:, lanes.compartment] * later)
    total = _total(network, terms, arrival)
    value = float(weights @ total[0].real) / duration
    per_lane = (weights @ change.real) / duration * s_per_gy / duration
    if transit.tau_mix_s == 0:
        per_lane = per_lane[delivery.part_compartment] * delivery.part_frac
    return value, per_lane


def _inverted(
    delivery: Delivery, s_per_gy: NDArray[np.complex128], transit: Transit
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lanes = _lanes_of(delivery, s_per_gy, transit=transit)
    duration = float(delivery.duration_s[0])
    points, weights = _euler_weights()
    z = points / duration
    network = delivery.network
    tau = network.mean_transit_s[lanes.compartment]
    moving = np.any(lanes.kill != 0, axis=0)
    shape = (s_per_gy.size, z.size, tau.size)
    erfcx, x = np.empty(shape, dtype=complex), np.empty(shape, dtype=complex)
    still = ~moving
    erfcx[:, :, still], x[:, :, still] = _erfcx(tau[still] * z[:, None] / _SQRT_PI)
    shifted = z[:, None] + lanes.kill[:, None, moving]
    erfcx[:, :, moving], x[:, :, moving] = _erfcx(tau[moving] * shifted / _SQRT_PI)
    terms = _terms(network, lanes, z, erfcx, x)
    arrival = _solved(network, terms)
    total = _total(network, terms, arrival)
    return total.real @ weights / duration, total.imag @ weights / duration


def _erfcx(x: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    from scipy.special import wofz

    return wofz(1j * x), x


_Terms = tuple[
    NDArray[np.complex128], NDArray[np.complex128], NDArray[np.complex128], NDArray[np.complex128]
]


def _terms(
    network: Network,
    lanes: _Lanes,
    z: NDArray[np.complex128],
    erfcx: NDArray[np.complex128],
    x: NDArray[np.complex128],
) -> _Terms:
    # per compartment: density and survivor of a stay, density and survivor of the remaining stay
    tau = network.mean_transit_s[lanes.compartment]
    weight = lanes.weight[:, None, :]
    moved = z[..., None] + lanes.kill[:, None, :]
    per_lane = (1 - _SQRT_PI * x * erfcx, tau * erfcx, erfcx, (1 - erfcx) / moved)
    starts = np.searchsorted(lanes.compartment, np.arange(len(network.names)))
    density, survivor, rest_density, rest_survivor = (
        np.add.reduceat(weight * lane, starts, axis=2) for lane in per_lane
    )
    return density, survivor, rest_density, rest_survivor


def _solved(network: Network, terms: _Terms) -> NDArray[np.complex128]:
    # what a cell that leaves each compartment meets next: routing . u
    from abscope.blood.engines.renewal_kernel import solve_many

    density, survivor, _, _ = terms
    count = len(network.names)
    u: NDArray[np.complex128] = solve_many(
        density.reshape(-1, count), survivor.reshape(-1, count), network.routing, _order(network)
    ).reshape(density.shape)
    return u @ network.routing.T


def _adjoint(network: Network, terms: _Terms) -> NDArray[np.complex128]:
    # a (1 - diag(f) P) = pi g P, so that u enters the result as a . S
    from abscope.blood.engines.renewal_kernel import solve_many_transposed

    density, _, rest_density, _ = terms
    start = (network.volume_frac * rest_density[0]) @ network.routing
    return np.asarray(solve_many_transposed(density[0], start, network.routing, _order(network)))


def _total(
    network: Network, terms: _Terms, arrival: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    _, _, rest_density, rest_survivor = terms
    return np.asarray((rest_survivor + rest_density * arrival) @ network.volume_frac)


def _order(network: Network) -> NDArray[np.intp]:
    # compartments with few neighbors first: elimination then fills in little
    links = (network.routing > 0).sum(axis=0) + (network.routing > 0).sum(axis=1)
    return np.argsort(links, kind="stable")


def _eigenlanes(
    frac: NDArray[np.float64], s: complex, rate: NDArray[np.float64], tau_mix_s: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    weight = np.zeros(frac.size, dtype=complex)
    kill = np.zeros(frac.size, dtype=complex)
    if np.isinf(s):
        free = float(frac[rate == 0].sum())
        weight[0], kill[0] = free, (1 - free) / tau_mix_s
        return weight, kill
    root = np.sqrt(frac)
    matrix = (np.outer(root, root) - np.eye(frac.size)) / tau_mix_s - np.diag(s * rate)
    if s.imag == 0:
        values, vectors = np.linalg.eigh(matrix.real)
        return (root @ vectors) ** 2 + 0j, -values + 0j
    values, vectors = np.linalg.eig(matrix)
    # the matrix is symmetric, not Hermitian: v'v, without conjugation, is the norm
    return (root @ vectors) ** 2 / (vectors * vectors).sum(axis=0), -values
