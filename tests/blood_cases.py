"""Fractions on the reference adults that several tests of the blood dose look at."""

import numpy as np

from abscope.blood.circulation import reference_network
from abscope.blood.delivery import Delivery, deliver
from abscope.blood.network import Network

__all__ = ["FOUR_BEAMS", "THORAX", "fraction", "random_network", "uniform_delivery"]

THORAX = {
    "lung": 0.5,
    "bronchial": 0.5,
    "right_heart": 0.8,
    "left_heart": 0.8,
    "red_marrow": 0.3,
    "muscle": 0.1,
    "large_veins": 0.2,
}
FOUR_BEAMS = [(0.0, 20.0), (30.0, 20.0), (60.0, 20.0), (90.0, 20.0)]


def fraction(sex, doses, *windows_s):
    """One fraction with the other compartments without dose; a number is one window from 0."""
    if isinstance(doses, str):
        doses = {doses: 2.0}
    windows = [(0.0, window) if np.isscalar(window) else window for window in windows_s]
    return deliver(reference_network(sex), doses, windows_s=windows, unlisted_gy=0.0)


def random_network(rng, count=6):
    """A balanced circulation with random routes, volumes and transit times from 1 to 100 s."""
    names = tuple(f"c{number}" for number in range(count))
    flow = np.zeros((count, count))
    # every cycle carries the same flow into and out of each of its members
    for _ in range(3 * count):
        cycle = rng.permutation(count)[: rng.integers(2, count + 1)]
        flow[cycle, np.roll(cycle, -1)] += rng.uniform(0.1, 1)
    round_trip = rng.permutation(count)
    flow[round_trip, np.roll(round_trip, -1)] += 0.2
    through = flow.sum(axis=1)
    volume = through * np.exp(rng.uniform(0, 4.6, count))
    return Network(
        names=names,
        host=names,
        volume_frac=volume / volume.sum(),
        flow_frac=through / through.max(),
        routing=flow / through[:, None],
        blood_volume_l=float(volume.sum() / through.max()) * 5.0 / 60.0,
        cardiac_output_l_per_min=5.0,
    )


def uniform_delivery(network, dose_gy, duration_s) -> Delivery:
    """One beam with one dose per compartment of any network."""
    doses = dict(zip(network.names, map(float, dose_gy), strict=True))
    return deliver(network, doses, windows_s=[(0.0, duration_s)])
