"""Mean blood dose in closed form."""

import numpy as np

from abscope.blood.delivery import Delivery

__all__ = ["contributions_gy", "mean_gy"]


def contributions_gy(delivery: Delivery) -> dict[str, float]:
    """Return what each compartment adds to the mean blood dose of the fraction (Gy).

    mean = sum over i of v_i D_i with the share v_i of the blood and the mean dose D_i of each
    compartment. Exact for blood in equilibrium, whatever the transit times and the beam times.
    """
    network = delivery.network
    means = network.volume_frac * delivery.organ_mean_gy.sum(axis=0)
    return {name: float(mean) for name, mean in zip(network.names, means, strict=True)}


def mean_gy(delivery: Delivery) -> float:
    """Return the mean blood dose of the fraction (Gy).

    >>> from abscope.blood.circulation import reference_network
    >>> from abscope.blood.delivery import deliver
    >>> body = reference_network("female")
    >>> round(mean_gy(deliver(body, {"liver": 2.0}, windows_s=[(0, 9)], unlisted_gy=0)), 6)
    0.20004
    """
    return float(np.sum(list(contributions_gy(delivery).values())))
