"""The uniform doses of equal effect on blood, lymphoid tissue and draining nodes, per fraction.

With S_p the share of the cells of pool p that survives the dose histogram of the body and w_p the
share of the cells that rest in it, the dose of equal effect on a set of pools is

    d = -ln(sum of w_p S_p / sum of w_p) / a

for a linear sensitivity a (`abscope.blood`): d is below the mean dose where doses are uneven.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from abscope.blood.doses import BodyDose
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.flowing import mixed_blood_survival
from abscope.blood.pools.kill import KillTable
from abscope.blood.pools.traffic import NODE_REGIONS, POOLS, traffic
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats
from abscope.model.case_lesions import DrawnLesion
from abscope.model.compartments import node_region
from abscope.model.prior_draws import PriorDraws

__all__ = ["CellDoses", "CellDraws", "cell_doses", "node_weights_frac"]


@dataclass(frozen=True, slots=True, eq=False)
class CellDoses:
    """Doses of one fraction in Gy by draw, (n,) each."""

    blood_gy: Floats
    lymphoid_gy: Floats
    nodes_gy: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CellDraws:
    """What varies from draw to draw, (n,) each.

    ``factor_frac`` multiplies every dose of the body, ``treated_frac`` is 1 where the
    targets that the source leaves open were treated.
    """

    alpha_per_gy: Floats
    factor_frac: Floats
    treated_frac: Floats


def node_weights_frac(lesions: Sequence[DrawnLesion]) -> Floats:
    """Return how much of the priming a node region does, (regions,), by lesions that drain there.

    Lesions whose region is not known count for every region by its share of all nodes.
    """
    share = np.array([lymphocyte_parameter(f"node_share_{x}").value for x in NODE_REGIONS])
    total = np.zeros(len(NODE_REGIONS))
    for lesion in lesions:
        region = node_region(lesion.site) if lesion.site else None
        total += (
            share / share.sum()
            if region is None
            else np.array([float(name == region) for name in NODE_REGIONS])
        )
    return np.asarray(total / total.sum() if total.sum() > 0 else share / share.sum())


def cell_doses(
    plan: PlannedDose,
    *,
    sex: Sex,
    draws: CellDraws,
    node_weight_frac: Floats,
    prior: PriorDraws,
) -> CellDoses:
    """Return the doses of a plan.

    Blood is taken as mixed within the fraction, which is exact in the mean dose
    (`abscope.blood.pools.flowing`).
    """
    alpha_per_gy, factor_frac, treated = draws.alpha_per_gy, draws.factor_frac, draws.treated_frac
    time = lymphocyte_parameter("beam_on_time")
    known = plan.body.beam_on_time_s
    seconds = np.full(prior.n, known) if known else prior.log_spread("beam-on time", time)
    loss = _losses(plan.body, sex, alpha_per_gy * factor_frac, seconds)
    if plan.open_body is not None:
        more = _losses(plan.open_body, sex, alpha_per_gy * factor_frac, seconds)
        loss = np.where(treated[:, None] > 0.5, more, loss)
    weight = np.array(traffic().weight_frac)
    nodes = np.array(
        [node_weight_frac[NODE_REGIONS.index(name[6:])] if name.startswith("nodes_") else 0.0
         for name in POOLS]
    )  # fmt: skip
    weight[0] = 0.0
    return CellDoses(
        loss[:, 0] / alpha_per_gy,
        _equal_dose(loss, weight, alpha_per_gy),
        _equal_dose(loss, nodes, alpha_per_gy),
    )


def _losses(body: BodyDose, sex: Sex, sensitivity_per_gy: Floats, seconds: Floats) -> Floats:
    return _table(body, sex).loss(sensitivity_per_gy, beam_on_time_s=seconds)


@lru_cache(maxsize=64)
def _table(body: BodyDose, sex: Sex) -> KillTable:
    """Return the table of a body dose, which is made once for all draws of a plan."""
    return KillTable(body, blood=mixed_blood_survival(sex))


def _equal_dose(loss: Floats, weight: Floats, alpha_per_gy: Floats) -> Floats:
    left = np.exp(-loss) @ (weight / weight.sum())
    return np.asarray(-np.log(np.maximum(left, 1e-300)) / alpha_per_gy)
