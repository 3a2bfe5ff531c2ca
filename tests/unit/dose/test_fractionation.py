"""BED and EQD2: properties of the formula and refused input."""

import math

import pytest

from abscope.dose.fractionation import bed_gy, eqd2_gy
from abscope.errors import ModelError


@pytest.mark.parametrize("ratio", [0.4, 1.5, 3.0, 10.0, 30.0])
def test_two_gray_fractions_are_their_own_equivalent(ratio):
    assert eqd2_gy(50.0, dose_per_fraction_gy=2.0, alpha_beta_gy=ratio) == 50.0


def test_splitting_a_dose_lowers_bed():
    beds = [bed_gy(24.0, dose_per_fraction_gy=24.0 / n, alpha_beta_gy=10.0) for n in range(1, 20)]
    assert beds == sorted(beds, reverse=True)
    assert beds[0] > beds[-1] > 24.0


def test_courses_add():
    whole = bed_gy(30.0, dose_per_fraction_gy=6.0, alpha_beta_gy=3.0)
    parts = sum(bed_gy(x, dose_per_fraction_gy=6.0, alpha_beta_gy=3.0) for x in (12.0, 18.0))
    assert parts == pytest.approx(whole, rel=1e-12)


def test_bed_is_the_log_kill_over_alpha():
    alpha, ratio, n, d = 0.12, 4.0, 5, 4.5
    log_kill = n * (alpha * d + alpha / ratio * d * d)
    assert bed_gy(n * d, dose_per_fraction_gy=d, alpha_beta_gy=ratio) == pytest.approx(
        log_kill / alpha, rel=1e-12
    )


def test_single_fraction_survives_rounding():
    total = 0.1 + 0.2
    assert bed_gy(total, dose_per_fraction_gy=math.nextafter(total, 1), alpha_beta_gy=10.0) > 0.3


@pytest.mark.parametrize("function", [bed_gy, eqd2_gy])
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_all_bad_numbers_are_named_at_once(function, bad):
    with pytest.raises(ModelError) as caught:
        function(bad, dose_per_fraction_gy=bad, alpha_beta_gy=bad)
    assert [p.path for p in caught.value.problems] == [
        "total_dose_gy", "dose_per_fraction_gy", "alpha_beta_gy",
    ]  # fmt: skip


def test_fraction_above_total_is_refused():
    with pytest.raises(ModelError, match="cGy"):
        bed_gy(22.5, dose_per_fraction_gy=450.0, alpha_beta_gy=10.0)
