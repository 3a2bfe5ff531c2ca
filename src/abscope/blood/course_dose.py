"""The dose of blood and lymphocytes by course, and what EDIC says of the same doses."""

from collections.abc import Sequence
from dataclasses import dataclass

from abscope.blood.doses import BodyDose, Tier
from abscope.blood.edic import EdicRules, edic_gy, edic_rules
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.doses import pool_doses, pool_weighted_gy
from abscope.blood.pools.traffic import traffic
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter

__all__ = ["CourseDose", "EdicComparison", "course_doses", "edic_comparison"]


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


@dataclass(frozen=True, slots=True)
class EdicComparison:
    """EDIC of all courses with its rules; ``guess`` where the integral dose is estimated."""

    lung_mean_gy: float
    heart_mean_gy: float
    body_mean_gy: float
    rules: EdicRules
    guess: bool


def course_doses(
    planned: Sequence[PlannedDose], *, sex: Sex, n_fractions: Sequence[float]
) -> tuple[CourseDose, ...]:
    """Return the doses per fraction of every course, of sure targets and preferred versions."""
    return tuple(_course(item, sex, n) for item, n in zip(planned, n_fractions, strict=True))


def _course(item: PlannedDose, sex: Sex, n: float) -> CourseDose:
    from abscope.blood.circulation import reference_network
    from abscope.blood.delivery import deliver
    from abscope.blood.engines.transform import unirradiated_frac
    from abscope.blood.sojourn import Transit

    parts = pool_weighted_gy(item.body, weight_frac=traffic().weight_frac, sex=sex)
    pools = pool_doses(item.body)
    network = reference_network(sex)
    seconds = item.body.beam_on_time_s or lymphocyte_parameter("beam_on_time").value
    doses = [part for part in item.body.compartments if part.compartment in network.names]
    fraction = deliver(network, doses, windows_s=[(0.0, seconds)], unlisted_gy=0.0)
    means = {pool.pool: pool.dose.mean_gy for pool in pools}
    blood = parts["blood"] / float(traffic().weight_frac[0])
    return CourseDose(
        name=item.name,
        tier=item.body.tier,
        n_fractions=n,
        blood_mean_gy=blood,
        weighted_mean_gy=sum(parts.values()),
        pool_mean_gy={"blood": blood, **means},
        stands_in={pool.pool: pool.stands_in for pool in pools if pool.stands_in},
        undosed_frac=unirradiated_frac(fraction, transit=Transit()),
        beam_on_time_s=seconds,
        beam_time_known=item.body.beam_on_time_s is not None,
    )


def edic_comparison(
    planned: Sequence[PlannedDose], *, n_fractions: Sequence[float]
) -> EdicComparison:
    """Return the EDIC of all courses together and what its published rules say.

    The integral dose is the mean dose of muscle, fat, skin and the compartment 'other', taken for
    the whole body: an estimate, because body doses hold shares of organs and no volumes.
    """
    lung = heart = body = total = 0.0
    for item, n in zip(planned, n_fractions, strict=True):
        lung += n * _mean(item.body, "lung")
        heart += n * (_mean(item.body, "left_heart") + _mean(item.body, "right_heart")) / 2
        parts = [_mean(item.body, name) for name in ("muscle", "fat", "skin", "other")]
        body += n * sum(parts) / len(parts)
        total += n
    from abscope.catalog.lymphocytes import edic_parameter

    volume = edic_parameter("body_volume").value
    edic = edic_gy(
        lung_mean_gy=lung,
        heart_mean_gy=heart,
        integral_dose_gy_ml=body * volume,
        n_fractions=max(1, round(total)),
    )
    return EdicComparison(lung, heart, body, edic_rules(edic), guess=True)


def _mean(body: BodyDose, name: str) -> float:
    return next((x.mean_gy for x in body.compartments if x.compartment == name), 0.0)
