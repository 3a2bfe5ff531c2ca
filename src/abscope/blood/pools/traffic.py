"""How lymphocytes move between blood, spleen, nodes, marrow, gut and tissue: linear traffic."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["NODE_REGIONS", "POOLS", "Traffic", "traffic"]

NODE_REGIONS = ("neck", "axilla", "mediastinum", "abdomen", "pelvis")

#: The recirculating pools; blood is the first. The thymus does not recirculate and is not one.
POOLS: tuple[str, ...] = (
    "blood", "spleen", *(f"nodes_{region}" for region in NODE_REGIONS), "marrow", "gut", "tissue",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """The rates between the pools, and the shares of all cells that they hold at rest.

    ``rate_per_d`` (pools, pools) is the generator Q of dN/dt = Q N with N (pools,): column j holds
    where the cells of pool j go, and every column adds up to 0, so no cell is made or lost.
    ``weight_frac`` (pools,) is its resting state, Q w = 0.
    """

    rate_per_d: Floats
    weight_frac: Floats

    def step(self, time_d: float) -> Floats:
        """Return exp(Q t), the matrix that moves the pools by a time in days."""
        from scipy.linalg import expm

        return np.asarray(expm(self.rate_per_d * time_d), dtype=np.float64)


@cache
def traffic() -> Traffic:
    """Return the traffic of the catalog.

    A cell leaves pool i at rate 1/tau_i; from blood it enters pool j with probability p_j, from
    any other pool it returns to blood. At rest N_j is in proportion to p_j tau_j. With stays of
    30 min, 5 h and 12 h the weights are blood .05, spleen .24, nodes .54, tissue .13, marrow .04,
    and the relaxation rates run from 2 to 53 per day: the pools even out between daily fractions.
    Homing that changes with dose, and the delay between nodes in series, are neglected.
    """
    residence_d, entry = _stays()
    n = len(POOLS)
    rate = np.zeros((n, n))
    for index in range(1, n):
        rate[index, 0] = entry[index] / residence_d[0]
        rate[0, index] = 1.0 / residence_d[index]
    rate -= np.diag(rate.sum(axis=0))
    weight = entry * residence_d
    weight[0] = residence_d[0]
    return Traffic(rate, weight / weight.sum())


def _stays() -> tuple[Floats, Floats]:
    def value(name: str) -> float:
        return lymphocyte_parameter(name).value

    gut = value("gut_share_of_tissue")
    rows = {
        "blood": (value("residence_blood"), 0.0),
        "spleen": (value("residence_spleen"), value("route_spleen")),
        "marrow": (value("residence_marrow"), value("route_marrow")),
        "gut": (value("residence_tissue"), value("route_tissue") * gut),
        "tissue": (value("residence_tissue"), value("route_tissue") * (1.0 - gut)),
    }
    for region in NODE_REGIONS:
        share = value("route_nodes") * value(f"node_share_{region}")
        rows[f"nodes_{region}"] = (value("residence_node"), share)
    stays = np.array([rows[pool] for pool in POOLS])
    return stays[:, 0], stays[:, 1] / stays[1:, 1].sum()
