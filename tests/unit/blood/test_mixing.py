"""Blood between perfect mixing inside organs and frozen streamlines, in tables and in forecasts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from abscope.blood.alc.counts import CaseCounts
from abscope.blood.circulation import patient_network
from abscope.blood.course_dose import course_doses, edic_comparison
from abscope.blood.doses import BodyDose, CompartmentDose
from abscope.blood.edic import edic_gy
from abscope.blood.forecast import ForecastOptions, forecast
from abscope.blood.pools.doses import blood_mean_gy
from abscope.blood.pools.flowing import (
    flowing_blood_slopes,
    flowing_blood_survival,
    frozen_blood_survival,
)
from abscope.blood.pools.kill import KillTable
from abscope.catalog import lymphocyte_parameter
from abscope.errors import ModelError
from lymphocyte_cases import course, even_body

A = np.array([0.5])


def hot_lung(tier: str = "histograms") -> BodyDose:
    """A tenth of the lung at 20 Gy, nothing else: blood.md section 7 check 20."""
    body = even_body(0.0)
    hot = CompartmentDose("lung", np.array([0.0, 20.0]), np.array([0.9, 0.1]))
    parts = tuple(hot if x.compartment == "lung" else x for x in body.compartments)
    return replace(body, compartments=parts, tier=tier)


def test_both_limits_of_a_hot_tenth_of_the_lung() -> None:
    """Published here: S(0.5) is 0.9015 mixed and 0.9208 frozen (section 4 and check 20).

    The reference is the male; tolerance 2e-3 as there.
    """
    mixed = flowing_blood_survival("male")(hot_lung(), A, 120.0)[0]
    frozen = frozen_blood_survival("male")(hot_lung(), A, 120.0)[0]
    between = flowing_blood_survival("male", tau_mix_s=2.0)(hot_lung(), A, 120.0)[0]
    assert mixed == pytest.approx(0.9015, abs=2e-5)
    assert frozen == pytest.approx(0.9208, abs=2e-3)
    assert mixed < between < frozen


def test_a_table_lies_between_its_limits() -> None:
    body = hot_lung()
    table = KillTable(
        body, blood=flowing_blood_survival("male"), frozen=frozen_blood_survival("male")
    )
    time_s = np.array([120.0])
    losses = [table.loss(A, beam_on_time_s=time_s, frozen_frac=np.array([g]))[0, 0]
              for g in (0.0, 0.5, 1.0)]  # fmt: skip
    assert np.exp(-losses[0]) == pytest.approx(0.9015, abs=2e-3)
    assert np.exp(-losses[2]) == pytest.approx(0.9208, abs=3e-3)
    assert losses[1] == pytest.approx(math.sqrt(losses[0] * losses[2]), rel=1e-9)


def test_mean_doses_have_no_frozen_limit_and_an_assumed_one_in_the_draws() -> None:
    planned = (course(hot_lung("means")),)
    shown = course_doses(planned, sex="male", n_fractions=[5.0])[0].survival
    assert [x.frozen_frac for x in shown] == [None, None, None]
    known = course_doses((course(hot_lung()),), sex="male", n_fractions=[5.0])[0].survival
    assert all(x.frozen_frac is not None and x.frozen_frac > x.mixed_frac for x in known)
    mixed = flowing_blood_survival("male")(hot_lung("means"), A, 120.0)[0]
    frozen = frozen_blood_survival("male")(hot_lung("means"), A, 120.0)[0]
    ratio = lymphocyte_parameter("frozen_loss_ratio").value
    assert frozen == pytest.approx(mixed**ratio)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_slopes_between_the_limits_are_finite_differences(share: float) -> None:
    body = course().body
    slopes = flowing_blood_slopes("female", frozen_frac=share)
    base, found = slopes(body, 0.5, 120.0)
    for organ in ("lung", "large_arteries"):
        ends = []
        for factor in (1.01, 0.99):
            parts = tuple(
                replace(x, dose_per_fraction_gy=x.dose_per_fraction_gy * factor)
                if x.compartment == organ else x
                for x in body.compartments
            )  # fmt: skip
            ends.append(slopes(replace(body, compartments=parts), 0.5, 120.0)[0])
        assert found[organ] == pytest.approx((ends[0] - ends[1]) / 0.02, rel=2e-3)
    assert 0 < base < 1


def test_the_time_that_is_asked_for_is_shown_and_said() -> None:
    planned = (course(hot_lung()),)
    counts = CaseCounts((2000.0,), (), None, ())
    asked = ForecastOptions(n_draws=500, tau_mix_s=2.0)
    found = forecast(planned, counts=counts, sex="male", options=asked)
    first = found.courses[0].survival[0]
    assert first.chosen_frac is not None
    assert first.mixed_frac < first.chosen_frac < first.frozen_frac
    assert any("after 2 s" in note for note in found.notes)


def test_a_compartment_that_nobody_listed_is_refused_unless_its_dose_is_said() -> None:
    body = even_body(1.0)
    few = replace(body, compartments=body.compartments[:5])
    with pytest.raises(ModelError, match="no dose for"):
        flowing_blood_survival("female")(few, A, 120.0)
    with pytest.raises(ModelError, match="no dose for"):
        blood_mean_gy(few, sex="female")
    said = flowing_blood_survival("female", unlisted_gy=1.0)(few, A, 120.0)[0]
    assert said == pytest.approx(float(flowing_blood_survival("female")(body, A, 120.0)[0]))


def test_a_faster_circulation_spreads_the_dose_over_more_blood() -> None:
    """Half of all transit times: less blood without dose, and fewer cells survive (Jensen)."""
    fast = patient_network("male", cardiac_output_l_per_min=13.0)
    slow = course_doses((course(hot_lung()),), sex="male", n_fractions=[1.0])[0]
    quick = course_doses((course(hot_lung()),), sex=fast, n_fractions=[1.0])[0]
    assert quick.blood_mean_gy == pytest.approx(slow.blood_mean_gy)
    assert quick.undosed_frac < slow.undosed_frac
    assert quick.survival[0].mixed_frac < slow.survival[0].mixed_frac


def test_edic_uses_the_integral_dose_where_it_is_known() -> None:
    """Closed form of the rule with 185.4 Gy l, and the estimate where volumes are missing."""
    body = replace(even_body(0.4), integral_gy_ml=185_400 / 25)
    found = edic_comparison((course(body),), n_fractions=[25.0])
    expected = edic_gy(
        lung_mean_gy=10.0, heart_mean_gy=10.0, integral_dose_gy_ml=185_400, n_fractions=25
    )
    assert found.rules.edic_gy == pytest.approx(expected)
    assert not found.guess
    estimate = edic_comparison((course(even_body(0.4)),), n_fractions=[25.0])
    assert estimate.guess
    assert estimate.integral_dose_gy_ml == pytest.approx(10.0 * 61_800)


def test_coarse_levels_keep_the_mean_and_no_dose() -> None:
    dose = np.linspace(0.0, 3.0, 200)
    fine = CompartmentDose("lung", dose, np.full(200, 1 / 200))
    coarse = fine.coarse(12)
    assert len(coarse.dose_per_fraction_gy) <= 12
    assert coarse.mean_gy == pytest.approx(fine.mean_gy, rel=1e-12)
    assert coarse.dose_per_fraction_gy[0] == 0.0
    assert coarse.volume_frac[0] == pytest.approx(1 / 200)
    assert CompartmentDose("x", np.zeros(20), np.full(20, 0.05)).coarse(5).mean_gy == 0.0
