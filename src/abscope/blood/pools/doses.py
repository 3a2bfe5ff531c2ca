"""The dose of each lymphocyte pool from the doses of the body, and what survives in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abscope.blood.circulation import network_for
from abscope.blood.doses import BodyDose, CompartmentDose
from abscope.blood.network import Network
from abscope.blood.pools.traffic import POOLS
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import marrow_shares
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem

__all__ = [
    "NODE_SURROUNDINGS", "PoolDose", "blood_mean_gy", "mixture", "pool_doses", "pool_weighted_gy",
    "static_survival_frac", "thymus_dose",
]  # fmt: skip

#: Organs around the nodes of a region, whose dose stands in for theirs.
NODE_SURROUNDINGS: dict[str, tuple[str, ...]] = {
    "neck": ("thyroid",),
    "axilla": ("muscle",),
    "mediastinum": ("stomach_esophagus", "left_heart", "lung"),
    "abdomen": ("small_intestine", "pancreas", "kidneys"),
    "pelvis": ("bladder", "gonads"),
}

#: Where a pool other than blood has its dose from: the first line of which a part is known.
_SOURCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "spleen": (("spleen",),),
    **{
        f"nodes_{region}": ((f"nodes_{region}",), ("lymph_nodes",), around)
        for region, around in NODE_SURROUNDINGS.items()
    },
    "gut": (("small_intestine", "large_intestine"),),
    "tissue": (("lung", "muscle", "skin", "fat", "other"),),
}  # fmt: skip

_EMPTY = CompartmentDose("not irradiated", np.zeros(1), np.ones(1))


@dataclass(frozen=True, slots=True, eq=False)
class PoolDose:
    """The dose of one fraction in one pool as parts, each with its share of the pool.

    ``stands_in`` names the organs whose dose is taken where the pool has none of its own, or ''.
    """

    pool: str
    parts: tuple[tuple[CompartmentDose, float], ...]
    stands_in: str = ""

    @property
    def dose(self) -> CompartmentDose:
        """One histogram of all parts."""
        return mixture(self.pool, self.parts)


def static_survival_frac(dose: CompartmentDose, *, sensitivity_per_gy: Floats) -> Floats:
    """Return the share of cells at rest that survives a fraction, per sensitivity (n,).

    S(a) = sum_i v_i exp(-a d_i) with volume shares v_i and doses d_i: no cell moves during the
    fraction, and the quadratic term of the dose is neglected.
    """
    return np.asarray(
        np.exp(-np.multiply.outer(sensitivity_per_gy, dose.dose_per_fraction_gy))
        @ dose.volume_frac,
        dtype=np.float64,
    )


def blood_mean_gy(body: BodyDose, *, sex: Sex | Network) -> float:
    """Return the mean blood dose of a fraction in Gy: sum V_i D_i / sum V_i over compartments.

    Exact for any beam timing. Raises ModelError where the body dose lacks a compartment: an organ
    that nobody looked at is not an organ without dose.
    """
    known = {item.compartment: item.mean_gy for item in body.compartments}
    network = network_for(sex)
    if missing := [name for name in network.names if name not in known]:
        what = f"no dose for {', '.join(missing)}"
        raise ModelError(Problem(body.course, what, "a dose per compartment", "Add them."))
    doses = np.array([known[name] for name in network.names])
    return float(network.volume_frac @ doses)


def pool_doses(body: BodyDose) -> tuple[PoolDose, ...]:
    """Return the dose of every pool but blood, in the order of POOLS.

    A node region without a dose of its own takes the organs around it, marrow the bones by their
    share of the active marrow; ``stands_in`` says so. Where nothing is known the pool takes the
    compartment 'other', and no dose where that is missing too.
    """
    known = {item.compartment: item for item in body.compartments}
    return tuple(
        _marrow(known) if pool == "marrow" else _pool(pool, known)
        for pool in POOLS
        if pool != "blood"
    )


def thymus_dose(body: BodyDose) -> PoolDose:
    """Return the dose of the thymus; without its own that of the mediastinum around it."""
    known = {item.compartment: item for item in body.compartments}
    if "thymus" in known:
        return PoolDose("thymus", ((known["thymus"], 1.0),))
    around = _pool("nodes_mediastinum", known)
    return PoolDose("thymus", around.parts, around.stands_in or "nodes_mediastinum")


def _pool(pool: str, known: Mapping[str, CompartmentDose]) -> PoolDose:
    for rank, names in enumerate((*_SOURCES[pool], ("other",))):
        found = [known[name] for name in names if name in known]
        if found:
            surrogate = ", ".join(item.compartment for item in found) if rank else ""
            parts = tuple((item, 1.0 / len(found)) for item in found)
            return PoolDose(pool, parts, surrogate)
    return PoolDose(pool, ((_EMPTY, 1.0),), "no organ")


def _marrow(known: Mapping[str, CompartmentDose]) -> PoolDose:
    rest = known.get("red_marrow") or known.get("spongy_bone") or known.get("other")
    bones = [name for name in marrow_shares() if f"marrow_{name}" in known]
    total = sum(entry.value for entry in marrow_shares().values())
    parts = tuple(
        (known.get(f"marrow_{name}") or rest or _EMPTY, entry.value / total)
        for name, entry in marrow_shares().items()
    )
    surrogate = "" if bones else rest.compartment if rest else "no organ"
    if not bones and rest is not None and rest.compartment == "red_marrow":
        surrogate = ""
    return PoolDose("marrow", parts, surrogate)


def mixture(name: str, parts: Sequence[tuple[CompartmentDose, float]]) -> CompartmentDose:
    """Return one histogram of several with weights; equal doses are joined."""
    total = sum(weight for _, weight in parts)
    dose = np.concatenate([item.dose_per_fraction_gy for item, _ in parts])
    share = np.concatenate([item.volume_frac * (weight / total) for item, weight in parts])
    levels, place = np.unique(dose, return_inverse=True)
    volume = np.bincount(place, share, len(levels)).astype(np.float64)
    return CompartmentDose(name, levels, volume)


def pool_weighted_gy(
    body: BodyDose, *, weight_frac: Floats, sex: Sex | Network
) -> dict[str, float]:
    """Return what each pool adds to the lymphocyte-weighted dose of a fraction (Gy), by pool.

    The parts w_p D_p add up exactly to the weighted mean dose, which is what a daily count sees
    where the pools even out between fractions.
    """
    means = {item.pool: item.dose.mean_gy for item in pool_doses(body)}
    means["blood"] = blood_mean_gy(body, sex=sex)
    return {pool: float(w) * means[pool] for pool, w in zip(POOLS, weight_frac, strict=True)}
