"""EDIC, the ALC recursion and the relaxation against numbers computed elsewhere."""

import math

import pytest

from abscope.blood.alc.recursion import daily_recursion_frac, relaxed_count_per_ul
from abscope.blood.edic import edic_gy, edic_rules
from abscope.errors import ModelError


def test_edic_of_two_plans() -> None:
    """Oracle: formula of the breast abstract by hand, blood.md section 7 check 21."""
    first = edic_gy(lung_mean_gy=10, heart_mean_gy=5, integral_dose_gy_ml=185400, n_fractions=25)
    second = edic_gy(lung_mean_gy=2, heart_mean_gy=1.5, integral_dose_gy_ml=92700, n_fractions=5)
    assert first == pytest.approx(3.615230, abs=1e-6)
    assert second == pytest.approx(1.183750, abs=1e-6)


@pytest.mark.parametrize(("n", "bracket"), [(5, 0.549), (25, 0.672)])
def test_edic_bracket(n: int, bracket: float) -> None:
    """Oracle: coefficients in models.md 3.3, three decimals."""
    part = edic_gy(lung_mean_gy=0, heart_mean_gy=0, integral_dose_gy_ml=61800, n_fractions=n)
    assert part == pytest.approx(bracket, abs=5e-4)


def test_five_liters_at_22_5_gy() -> None:
    """Oracle: models.md 3.3, 5 L at 22.5 Gy in 5 fractions is 1.00 Gy."""
    edic = edic_gy(lung_mean_gy=0, heart_mean_gy=0, integral_dose_gy_ml=5000 * 22.5, n_fractions=5)
    assert edic == pytest.approx(1.00, abs=5e-3)


def test_liver_variant_is_closed_form() -> None:
    edic = edic_gy(lung_mean_gy=1, heart_mean_gy=1, integral_dose_gy_ml=62000, n_fractions=45,
                   liver_mean_gy=10)  # fmt: skip
    assert edic == pytest.approx(0.12 + 0.08 + 0.45 + 0.35 * 0.85 + 0.15 * 0.85 * 10, abs=1e-12)


def test_rules_of_the_breast_series() -> None:
    """Published: 0.90 - 0.16 EDIC, 1.05 - 0.17 EDIC; 50 % grade 1/2/3 at 1.2/2.1/3.7 Gy."""
    assert edic_rules(1.0).ratio_frac == pytest.approx(0.74)
    assert edic_rules(1.0, lymphopenia_before=True).ratio_frac == pytest.approx(0.88)
    assert edic_rules(1.7).ratio_frac == pytest.approx(0.66, abs=0.04)  # mean of the series
    grades = [edic_rules(x).worst_even_grade for x in (1.19, 1.2, 2.09, 2.1, 3.69, 3.7)]
    assert grades == [0, 1, 1, 2, 2, 3]
    assert edic_rules(20.0).ratio_frac == 0.0


@pytest.mark.parametrize(
    "wrong",
    [{"lung_mean_gy": -1}, {"heart_mean_gy": math.nan}, {"n_fractions": 0},
     {"integral_dose_gy_ml": -5}, {"liver_mean_gy": math.inf}],
)  # fmt: skip
def test_edic_refuses_impossible_numbers(wrong: dict[str, float]) -> None:
    good = {"lung_mean_gy": 1, "heart_mean_gy": 1, "integral_dose_gy_ml": 1, "n_fractions": 1}
    with pytest.raises(ModelError):
        edic_gy(**{**good, **wrong})


def test_recursion_of_ten_fractions() -> None:
    """Oracle: blood.md section 7 check 22; K .85 on weekdays, recovery .02 to the full count."""
    days = [day for day in range(14) if day % 7 < 5]
    found = daily_recursion_frac(days, survival_frac=0.85, recovery_per_d=0.02, n_days=60)
    expected = {5: 0.472520, 7: 0.493203, 12: 0.269050, 14: 0.297711, 42: 0.598846}
    for day, count in expected.items():
        assert found[day] == pytest.approx(count, abs=1e-6)


def test_recursion_refuses_a_day_outside_and_a_share_above_one() -> None:
    with pytest.raises(ModelError) as caught:
        daily_recursion_frac([5], survival_frac=1.2, recovery_per_d=0.02, n_days=5)
    assert len(caught.value.problems) == 2


def test_relaxation() -> None:
    """Oracle: blood.md section 7 check 23, 640 after 30 days."""
    slow = relaxed_count_per_ul(640, plateau_per_ul=0.67 * 3300, recovery_per_d=0.0186, time_d=30)
    fast = relaxed_count_per_ul(640, plateau_per_ul=3300, recovery_per_d=0.02, time_d=30)
    assert (slow, fast) == (pytest.approx(1311.8, abs=0.1), pytest.approx(1840.2, abs=0.1))
