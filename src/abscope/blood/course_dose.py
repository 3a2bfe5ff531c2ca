"""The dose of blood and lymphocytes by course, and what EDIC says of the same doses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abscope.blood.circulation import network_for
from abscope.blood.delivery import Delivery, deliver_body
from abscope.blood.doses import BodyDose, Tier
from abscope.blood.edic import EdicRules, edic_gy, edic_rules
from abscope.blood.kill import Kill, LinearQuadratic, Saturating
from abscope.blood.network import Network
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.doses import pool_doses, pool_weighted_gy
from abscope.blood.pools.flowing import FROZEN_LEVELS
from abscope.blood.pools.traffic import traffic
from abscope.blood.sojourn import Transit
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import edic_parameter, lymphocyte_parameter

__all__ = ["BloodKill", "CourseDose", "EdicComparison", "course_doses", "edic_comparison"]


@dataclass(frozen=True, slots=True)
class BloodKill:
    """Share of the cells in blood that survives one fraction, for one survival curve.

    ``mixed_frac`` is for blood that mixes at once inside organs, ``frozen_frac`` for streamlines
    that never mix (None where only mean doses are known), ``chosen_frac`` for the mixing time that
    was asked for (None where none was). Curves are those of the catalog, alpha at its middle.
    """

    name: str
    mixed_frac: float
    frozen_frac: float | None
    chosen_frac: float | None


@dataclass(frozen=True, slots=True)
class CourseDose:
    """One kind of fraction: mean dose of blood and of all lymphocytes (Gy per fraction).

    ``pool_mean_gy`` has the mean dose of each pool; ``stands_in`` names pools whose dose is that
    of other organs. ``undosed_frac`` is the share of blood without dose after one fraction.
    """

    name: str
    tier: Tier
    n_fractions: float
    blood_mean_gy: float
    weighted_mean_gy: float
    pool_mean_gy: dict[str, float]
    stands_in: dict[str, str]
    undosed_frac: float
    beam_on_time_s: float
    beam_time_known: bool
    survival: tuple[BloodKill, ...]


@dataclass(frozen=True, slots=True)
class EdicComparison:
    """EDIC of all courses with its rules; ``guess`` where the integral dose is estimated."""

    lung_mean_gy: float
    heart_mean_gy: float
    body_mean_gy: float
    integral_dose_gy_ml: float
    rules: EdicRules
    guess: bool


def course_doses(
    planned: Sequence[PlannedDose],
    *,
    sex: Sex | Network,
    n_fractions: Sequence[float],
    tau_mix_s: float | None = None,
) -> tuple[CourseDose, ...]:
    """Return the doses per fraction of every course, of sure targets and preferred versions."""
    return tuple(
        _course(item, sex, n, tau_mix_s) for item, n in zip(planned, n_fractions, strict=True)
    )


def _course(item: PlannedDose, sex: Sex | Network, n: float, tau_mix_s: float | None) -> CourseDose:
    from abscope.blood.engines.transform import unirradiated_frac

    body = item.body
    parts = pool_weighted_gy(body, weight_frac=traffic().weight_frac, sex=sex)
    pools = pool_doses(body)
    seconds = body.beam_on_time_s or lymphocyte_parameter("beam_on_time").value
    fraction = deliver_body(network_for(sex), body, beam_on_time_s=seconds, n_levels=FROZEN_LEVELS)
    means = {pool.pool: pool.dose.mean_gy for pool in pools}
    blood = parts["blood"] / float(traffic().weight_frac[0])
    return CourseDose(
        name=item.name,
        tier=body.tier,
        n_fractions=n,
        blood_mean_gy=blood,
        weighted_mean_gy=sum(parts.values()),
        pool_mean_gy={"blood": blood, **means},
        stands_in={pool.pool: pool.stands_in for pool in pools if pool.stands_in},
        undosed_frac=unirradiated_frac(fraction, transit=Transit()),
        beam_on_time_s=seconds,
        beam_time_known=body.beam_on_time_s is not None,
        survival=tuple(
            _survival(fraction, name, kill, (tau_mix_s, body.tier != "means"))
            for name, kill in _kills().items()
        ),
    )


def _kills() -> dict[str, Kill]:
    p = lymphocyte_parameter
    return {
        "exponential": LinearQuadratic(p("alpha").value),
        "linear-quadratic": LinearQuadratic(p("blood_lq_alpha").value, p("blood_lq_beta").value),
        "saturating": Saturating(
            p("blood_saturating_mu").value, p("blood_saturating_plateau").value
        ),
    }


def _survival(
    fraction: Delivery, name: str, kill: Kill, mixing: tuple[float | None, bool]
) -> BloodKill:
    from abscope.blood.engines.transform import mean_survival_frac

    tau_mix_s, parts_known = mixing

    def at(tau: float) -> float:
        return mean_survival_frac(fraction, kill, transit=Transit(tau_mix_s=tau))

    return BloodKill(
        name,
        mixed_frac=at(0.0),
        frozen_frac=at(math.inf) if parts_known else None,
        chosen_frac=None if tau_mix_s is None or not parts_known else at(tau_mix_s),
    )


def edic_comparison(
    planned: Sequence[PlannedDose], *, n_fractions: Sequence[float]
) -> EdicComparison:
    """Return the EDIC of all courses together and what its published rules say.

    The integral dose is that of organs and remainder where all their volumes are known. Otherwise
    it is estimated: the mean dose of muscle, fat, skin and the compartment 'other', taken for the
    whole body, because the doses of compartments are shares of organs and have no volumes.
    """
    lung = heart = integral = total = 0.0
    volume = edic_parameter("body_volume").value
    for item, n in zip(planned, n_fractions, strict=True):
        lung += n * _mean(item.body, "lung")
        heart += n * (_mean(item.body, "left_heart") + _mean(item.body, "right_heart")) / 2
        parts = [_mean(item.body, name) for name in ("muscle", "fat", "skin", "other")]
        known = item.body.integral_gy_ml
        integral += n * (sum(parts) / len(parts) * volume if known is None else known)
        total += n
    edic = edic_gy(
        lung_mean_gy=lung,
        heart_mean_gy=heart,
        integral_dose_gy_ml=integral,
        n_fractions=max(1, round(total)),
    )
    guess = any(item.body.integral_gy_ml is None for item in planned)
    return EdicComparison(lung, heart, integral / volume, integral, edic_rules(edic), guess)


def _mean(body: BodyDose, name: str) -> float:
    return next((x.mean_gy for x in body.compartments if x.compartment == name), 0.0)
