"""The network that blood moves through: shares of volume and flow, routes, transit times."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abscope.catalog.circulation import Circulation
from abscope.errors import ModelError, Problem

__all__ = ["Network", "TumorCompartment", "network_of", "with_tumors"]

_S_PER_MIN = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A closed circulation in equilibrium, n compartments.

    ``volume_frac`` (n,) adds up to 1; ``flow_frac`` (n,) is the share of the cardiac output that
    passes; row i of ``routing`` (n, n) is the probability to go from i to each other compartment.
    ``host`` names the organ that a compartment lies in: itself, but for tumor compartments.
    """

    names: tuple[str, ...]
    host: tuple[str, ...]
    volume_frac: NDArray[np.float64]
    flow_frac: NDArray[np.float64]
    routing: NDArray[np.float64]
    blood_volume_l: float
    cardiac_output_l_per_min: float

    @property
    def mean_transit_s(self) -> NDArray[np.float64]:
        """Mean time from entering to leaving each compartment (n,) in s: volume / flow."""
        turnover_s = _S_PER_MIN * self.blood_volume_l / self.cardiac_output_l_per_min
        return turnover_s * self.volume_frac / self.flow_frac

    def position(self, name: str) -> int:
        """Return the row of a compartment; ModelError with the nearest names otherwise."""
        if name in self.names:
            return self.names.index(name)
        close = difflib.get_close_matches(name, self.names, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(self.names)}."
        what = f"there is no compartment '{name}'"
        raise ModelError(Problem("circulation", what, "a name of the circulation", hint))


@dataclass(frozen=True, slots=True)
class TumorCompartment:
    """Blood of a lesion, taken out of its host organ and put in parallel with it.

    The lesion fills ``volume_frac`` of the organ; its blood per volume and its flow per volume
    are ``relative_blood_density`` and ``relative_perfusion`` times those of the organ.
    """

    name: str
    host: str
    volume_frac: float
    relative_blood_density: float
    relative_perfusion: float


def network_of(
    circulation: Circulation,
    *,
    blood_volume_l: float | None = None,
    cardiac_output_l_per_min: float | None = None,
) -> Network:
    """Return the network of a circulation, scaled to a patient where totals are given.

    Shares of volume and flow stay; None keeps the total of the circulation. Only the ratio of the
    two totals moves the dose: every transit time goes with it. What rounding left out of the
    printed shares of the volume (0.02 % of the female) is in no compartment. Raises ModelError for
    totals that are not above 0.
    """
    totals = {
        "blood_volume_l": _given(blood_volume_l, circulation.blood_volume_l.value),
        "cardiac_output_l_per_min": _given(
            cardiac_output_l_per_min, circulation.cardiac_output_l_per_min.value
        ),
    }
    problems = [
        Problem("circulation", f"{key} is {value:g}", "a number above 0", "Correct it.")
        for key, value in totals.items()
        if not (np.isfinite(value) and value > 0)
    ]
    if problems:
        raise ModelError(problems)
    rows = circulation.compartments
    names = tuple(row.name for row in rows)
    flow = np.array([[row.to_frac.get(name, 0.0) for name in names] for row in rows])
    volume = np.array([row.volume_frac for row in rows])
    return Network(
        names=names,
        host=names,
        volume_frac=volume / volume.sum(),
        flow_frac=flow.sum(axis=1),
        routing=flow / flow.sum(axis=1, keepdims=True),
        blood_volume_l=totals["blood_volume_l"] * float(volume.sum()),
        cardiac_output_l_per_min=totals["cardiac_output_l_per_min"],
    )


def with_tumors(network: Network, tumors: Sequence[TumorCompartment]) -> Network:
    """Return the network with one compartment per tumor, in parallel with its host organ.

    v' = f d V, q' = f p Q for a share f of the organ with relative density d and perfusion p; the
    organ keeps (1 - f d) V and (1 - f p) Q, so that every flow stays balanced and the mean dose of
    a uniformly irradiated organ stays what it was. Several tumors of one organ are shares of the
    organ as it was. Raises ModelError where a name is taken or nothing is left to the organ.
    """
    if problems := _tumor_problems(network, tumors):
        raise ModelError(problems)
    hosts = [network.position(tumor.host) for tumor in tumors]
    blood = np.array([tumor.volume_frac * tumor.relative_blood_density for tumor in tumors])
    perfusion = np.array([tumor.volume_frac * tumor.relative_perfusion for tumor in tumors])
    count = len(network.names)
    # every new compartment is a share of the flow and volume of an old one
    source = np.array([*range(count), *hosts])
    volume_share = np.append(np.ones(count), blood)
    flow_share = np.append(np.ones(count), perfusion)
    np.subtract.at(volume_share, hosts, blood)
    np.subtract.at(flow_share, hosts, perfusion)
    return replace(
        network,
        names=(*network.names, *(tumor.name for tumor in tumors)),
        host=(*network.host, *(network.host[host] for host in hosts)),
        volume_frac=network.volume_frac[source] * volume_share,
        flow_frac=network.flow_frac[source] * flow_share,
        routing=network.routing[np.ix_(source, source)] * flow_share,
    )


def _tumor_problems(network: Network, tumors: Sequence[TumorCompartment]) -> list[Problem]:
    problems = []
    taken = list(network.names)
    left: dict[str, list[float]] = {}
    for tumor in tumors:
        where = f"tumor '{tumor.name}'"
        shares = (tumor.volume_frac, tumor.relative_blood_density, tumor.relative_perfusion)
        if tumor.name in taken:
            problems.append(Problem(where, "its name is taken", "a new name", "Rename it."))
        if tumor.host not in network.names:
            what = f"its host '{tumor.host}' is not a compartment"
            action = f"Choose one of {', '.join(network.names)}."
            problems.append(Problem(where, what, "a compartment", action))
        if not all(np.isfinite(share) and share > 0 for share in shares):
            what = f"volume, density and perfusion are {', '.join(f'{s:g}' for s in shares)}"
            problems.append(Problem(where, what, "numbers above 0", "Correct them."))
        taken.append(tumor.name)
        total = left.setdefault(tumor.host, [0.0, 0.0])
        total[0] += shares[0] * shares[1]
        total[1] += shares[0] * shares[2]
    for host, (blood, perfusion) in left.items():
        if max(blood, perfusion) >= 1:
            what = f"tumors take {blood:.3g} of the blood and {perfusion:.3g} of the flow of {host}"
            problems.append(Problem("tumors", what, "less than 1 of both", "Make them smaller."))
    return problems


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
