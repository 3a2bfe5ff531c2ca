"""What drives the fall of the count: the share of each organ, and the slope with its dose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.blood.alc.bodies import organ_groups, spared_plan
from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.prior import Draws
from abscope.blood.circulation import network_for
from abscope.blood.network import Network
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.doses import blood_mean_gy, pool_doses
from abscope.blood.pools.flowing import mixed_blood_survival
from abscope.blood.pools.kill import KillTable
from abscope.blood.pools.traffic import POOLS, traffic
from abscope.catalog.circulation import Sex

__all__ = ["OrganShare", "first_draws", "organ_shares"]


#: Organs below this share of both doses are not listed.
_SMALLEST = 0.002


@dataclass(frozen=True, slots=True)
class OrganShare:
    """What one organ adds to the fall of the count.

    ``mean_dose_gy`` is its mean dose over all fractions, ``blood_share_frac`` its part of the mean
    blood dose and ``weighted_share_frac`` its part of the lymphocyte-weighted dose (both exact
    sums, all organs make 1). ``left_out_frac`` is how much of the fall to the lowest count would
    not have happened without its dose; these need not make 1. ``slope_per_gy`` is the change of
    the count (cells per microliter, a day after the end) per Gy of that mean dose; None: not known.
    """

    organ: str
    mean_dose_gy: float
    blood_share_frac: float
    weighted_share_frac: float
    left_out_frac: float
    slope_per_gy: float | None = None


def organ_shares(
    model: LymphocyteModel, draws: Draws, *, sex: Sex | Network, n_fractions: Sequence[float]
) -> tuple[OrganShare, ...]:
    """Return the share of every organ with dose, the largest part of the fall first.

    ``n_fractions`` per course weights the doses. Leaving an organ out takes the median over the
    draws, for the sure targets and blood that mixes within a fraction (a twentieth of the cells).
    """
    groups = organ_groups(model.planned[0].body)
    blood, weighted, means = _additive(model.planned, sex, n_fractions)
    base = model.run(draws, tables=_tables(model.planned, sex)).count_frac.min(axis=1)
    out = []
    for group, names in groups.items():
        parts = [sum(table.get(name, 0.0) for name in names) for table in (blood, weighted)]
        if max(parts) < _SMALLEST:
            continue
        plan = spared_plan(model.planned, factors_frac={group: 0.0})
        lowest = model.run(draws, tables=_tables(plan, sex)).count_frac.min(axis=1)
        fall = np.maximum(1.0 - base, 1e-12)
        rows = [means[name] for name in names]
        out.append(
            OrganShare(
                group,
                max(rows),
                parts[0],
                parts[1],
                float(np.median((lowest - base) / fall)),
            )
        )
    return tuple(sorted(out, key=lambda item: -item.left_out_frac))


def first_draws(draws: Draws, n: int) -> Draws:
    """Return the first n draws."""
    return Draws(**{name: getattr(draws, name)[:n] for name in Draws.__dataclass_fields__})


def _tables(
    planned: Sequence[PlannedDose], sex: Sex | Network
) -> list[tuple[KillTable, KillTable | None]]:
    blood = mixed_blood_survival(sex)
    return [(KillTable(item.body, blood=blood), None) for item in planned]


def _additive(
    planned: Sequence[PlannedDose], sex: Sex | Network, n_fractions: Sequence[float]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Return shares of blood dose and weighted dose, and mean doses, by compartment or pool."""
    network = network_for(sex)
    weight = dict(zip(POOLS, traffic().weight_frac, strict=True))
    blood: dict[str, float] = {}
    weighted: dict[str, float] = {}
    means: dict[str, float] = {}
    whole_blood = 0.0
    for item, n in zip(planned, n_fractions, strict=True):
        known = {part.compartment: part.mean_gy for part in item.body.compartments}
        for name, mean in known.items():
            means[name] = means.get(name, 0.0) + n * mean
        whole_blood += n * blood_mean_gy(item.body, sex=sex)
        for name, share in zip(network.names, network.volume_frac.tolist(), strict=True):
            dose = n * share * known[name]
            blood[name] = blood.get(name, 0.0) + dose
            weighted[name] = weighted.get(name, 0.0) + float(weight["blood"]) * dose
        for pool in pool_doses(item.body):
            for part, share in pool.parts:
                dose = n * weight[pool.pool] * share * part.mean_gy
                name = part.compartment
                weighted[name] = weighted.get(name, 0.0) + float(dose)
    whole = sum(weighted.values())
    return (
        {name: part / whole_blood if whole_blood else 0.0 for name, part in blood.items()},
        {name: part / whole if whole else 0.0 for name, part in weighted.items()},
        means,
    )
