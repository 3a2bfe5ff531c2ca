"""Survival curves: closed forms, limits, continuity and refused input."""

import math

import numpy as np
import pytest

from abscope.dose.radiobiology.survival import (
    CellSurvival,
    dose_of_log_survival_gy,
    log_survival,
    surviving_frac,
)
from abscope.errors import ModelError

LQ = CellSurvival(0.3, 0.03)
LQL = CellSurvival(0.3, 0.03, transition_gy=8.0)


def test_linear_quadratic_closed_form():
    dose = np.array([0.0, 0.5, 2.0, 20.0])
    assert log_survival(dose, cell=LQ) == pytest.approx(-(0.3 * dose + 0.03 * dose**2), rel=1e-15)
    assert surviving_frac(2.0, cell=LQ, n_fractions=30) == pytest.approx(math.exp(-30 * 0.72))


def test_straight_part_goes_on_with_value_and_slope():
    """-ln S(8) = 2.4 + 1.92 = 4.32 and the slope there is 0.3 + 0.48 = 0.78 per Gy."""
    assert log_survival(8.0, cell=LQL) == pytest.approx(-4.32, rel=1e-14)
    assert log_survival(20.0, cell=LQL) == pytest.approx(-4.32 - 0.78 * 12, rel=1e-14)
    step = 1e-6
    left = (log_survival(8.0, cell=LQL) - log_survival(8.0 - step, cell=LQL)) / step
    right = (log_survival(8.0 + step, cell=LQL) - log_survival(8.0, cell=LQL)) / step
    assert left == pytest.approx(-0.78, abs=1e-6)
    assert right == pytest.approx(-0.78, abs=1e-6)


def test_curve_is_linear_quadratic_when_the_transition_is_far():
    dose = np.linspace(0, 60, 61)
    far = CellSurvival(0.3, 0.03, transition_gy=1e6)
    assert np.array_equal(log_survival(dose, cell=far), log_survival(dose, cell=LQ))


def test_no_beta_is_a_straight_line():
    dose = np.linspace(0, 60, 61)
    for bent in (CellSurvival(0.3, 0.0), CellSurvival(0.3, 0.0, transition_gy=5.0)):
        assert log_survival(dose, cell=bent) == pytest.approx(-0.3 * dose, rel=1e-14)
    assert CellSurvival(0.3, 0.0).alpha_beta_gy == math.inf


def test_universal_curve_meets_its_straight_line():
    """Beyond d_T the curve is -ln S = (d - D_q) / D0, in value and slope (Park 2008)."""
    cell = CellSurvival.universal(0.33, d0_gy=1.25, dq_gy=1.8)
    for dose in (cell.transition_gy, 10.0, 34.0):
        assert log_survival(dose, cell=cell) == pytest.approx(-(dose - 1.8) / 1.25, rel=1e-12)
    assert log_survival(2.0, cell=cell) == pytest.approx(
        -(0.33 * 2 + cell.beta_per_gy2 * 4), rel=1e-12
    )


@pytest.mark.parametrize("cell", [LQ, LQL, CellSurvival(0.2, 0.0), CellSurvival(0.2, 1e-9, 3.0)])
@pytest.mark.parametrize("factor", [1.0, 0.4])
def test_inverse_finds_the_dose(cell, factor):
    dose = np.array([0.0, 1e-6, 1.0, 2.99, 7.999, 8.001, 25.0])
    logs = log_survival(dose, cell=cell, quadratic_factor=factor)
    back = dose_of_log_survival_gy(logs, cell=cell, quadratic_factor=factor)
    assert back == pytest.approx(dose, rel=1e-12)


def test_protraction_acts_on_the_quadratic_term_alone():
    assert log_survival(3.0, cell=LQ, quadratic_factor=0.5) == pytest.approx(-(0.9 + 0.135))
    assert log_survival(3.0, cell=LQ, quadratic_factor=0.0) == pytest.approx(-0.9)


def test_splitting_spares():
    whole = [surviving_frac(24.0 / n, cell=LQL, n_fractions=n) for n in range(1, 13)]
    assert whole == sorted(whole)


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf, [1.0, -2.0]])
def test_wrong_doses_are_refused(bad):
    with pytest.raises(ModelError, match="dose_per_fraction_gy"):
        log_survival(bad, cell=LQ)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((0.0, 0.03, math.inf), ["alpha_per_gy"]),
        ((math.nan, -0.1, 0.0), ["alpha_per_gy", "beta_per_gy2", "transition_gy"]),
        ((0.3, 0.03, math.nan), ["transition_gy"]),
    ],
)
def test_wrong_curves_are_refused_with_every_fault(values, names):
    with pytest.raises(ModelError) as caught:
        CellSurvival(*values)
    assert [problem.path for problem in caught.value.problems] == names


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_wrong_number_of_fractions(n):
    with pytest.raises(ModelError, match="n_fractions"):
        surviving_frac(2.0, cell=LQ, n_fractions=n)


def test_a_universal_curve_that_bends_upwards_is_refused():
    with pytest.raises(ModelError, match="1 - alpha D0"):
        CellSurvival.universal(0.9, d0_gy=1.25, dq_gy=1.8)
    with pytest.raises(ModelError, match="alpha_beta_gy"):
        CellSurvival.of_alpha_beta(0.3, alpha_beta_gy=0.0)
