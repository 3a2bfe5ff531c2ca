"""BED and EQD2 of voxels: against prescriptions, survival, and the limits of every option."""

import math

import numpy as np
import pytest

from abscope.dose.fractionation import bed_gy, eqd2_gy
from abscope.dose.radiobiology.bed import Repopulation, voxel_bed_gy, voxel_eqd2_gy
from abscope.dose.radiobiology.survival import CellSurvival, log_survival
from abscope.errors import ModelError


@pytest.mark.parametrize("ratio", [0.4, 3.0, 10.0])
@pytest.mark.parametrize(("total", "n"), [(22.5, 5), (20.0, 1), (45.0, 15)])
def test_a_voxel_is_its_prescription(total, n, ratio):
    options = {"dose_per_fraction_gy": total / n, "alpha_beta_gy": ratio}
    assert voxel_bed_gy(total, n_fractions=n, alpha_beta_gy=ratio) == pytest.approx(
        bed_gy(total, **options), rel=1e-14
    )
    assert voxel_eqd2_gy(total, n_fractions=n, alpha_beta_gy=ratio) == pytest.approx(
        eqd2_gy(total, **options), rel=1e-14
    )


def test_mean_of_a_ramp_is_not_the_value_of_its_mean():
    """Closed form: 0-25 Gy in 5 fractions at 3 Gy: 15.833 voxelwise, 13.750 of the mean."""
    ramp = np.linspace(0, 25, 10_001)
    voxels = voxel_eqd2_gy((ramp[1:] + ramp[:-1]) / 2, n_fractions=5, alpha_beta_gy=3.0)
    assert voxels.mean() == pytest.approx(15.8333, abs=5e-4)
    assert voxel_eqd2_gy(12.5, n_fractions=5, alpha_beta_gy=3.0) == pytest.approx(13.75)


def test_shape_is_kept_and_no_dose_is_no_effect():
    grid = np.zeros((2, 3, 4))
    assert voxel_eqd2_gy(grid, n_fractions=5, alpha_beta_gy=3.0).shape == (2, 3, 4)
    assert not voxel_eqd2_gy(grid, n_fractions=5, alpha_beta_gy=3.0).any()


@pytest.mark.parametrize("transition", [math.inf, 6.0, 1.5])
@pytest.mark.parametrize("factor", [1.0, 0.7])
def test_bed_is_the_log_kill_over_alpha(transition, factor):
    dose = np.array([0.0, 5.0, 30.0, 75.0])
    cell = CellSurvival.of_alpha_beta(0.2, alpha_beta_gy=4.0, transition_gy=transition)
    kill = -5 * log_survival(dose / 5, cell=cell, quadratic_factor=factor) / 0.2
    found = voxel_bed_gy(
        dose, n_fractions=5, alpha_beta_gy=4.0, transition_gy=transition, quadratic_factor=factor
    )
    assert found == pytest.approx(kill, rel=1e-13)


@pytest.mark.parametrize("transition", [math.inf, 6.0, 1.5])
def test_two_gray_fractions_are_their_own_equivalent(transition):
    found = voxel_eqd2_gy(40.0, n_fractions=20, alpha_beta_gy=3.0, transition_gy=transition)
    assert found == pytest.approx(40.0, rel=1e-14)


def test_straight_curve_is_below_and_meets_linear_quadratic_far_away():
    """LQ-L at d_T = 6 Gy, alpha/beta 10, 20 Gy in one: 6 (1.6) + (1 + 1.2) 14 = 40.4 Gy."""
    straight = voxel_bed_gy(20.0, n_fractions=1, alpha_beta_gy=10.0, transition_gy=6.0)
    assert straight == pytest.approx(40.4, rel=1e-14)
    far = voxel_bed_gy(20.0, n_fractions=1, alpha_beta_gy=10.0, transition_gy=1e9)
    assert far == pytest.approx(60.0, rel=1e-14)


def test_repopulation_takes_back_after_its_kick_off():
    """ln 2 (38 - 28) / (0.3 x 3) = 7.7016 Gy after day 28, nothing before."""
    slow = Repopulation(38.0, 28.0, 3.0, 0.3)
    assert slow.lost_bed_gy == pytest.approx(7.70164, abs=1e-5)
    assert Repopulation(28.0, 28.0, 3.0, 0.3).lost_bed_gy == 0.0
    plain = voxel_bed_gy(60.0, n_fractions=30, alpha_beta_gy=10.0)
    late = voxel_bed_gy(60.0, n_fractions=30, alpha_beta_gy=10.0, repopulation=slow)
    assert plain - late == pytest.approx(slow.lost_bed_gy, rel=1e-12)
    nothing = voxel_eqd2_gy(0.0, n_fractions=30, alpha_beta_gy=10.0, repopulation=slow)
    assert nothing == pytest.approx(-slow.lost_bed_gy / 1.2, rel=1e-12)


def test_splitting_a_dose_lowers_bed():
    beds = [
        float(voxel_bed_gy(24.0, n_fractions=n, alpha_beta_gy=3.0, transition_gy=5.0))
        for n in range(1, 25)
    ]
    assert beds == sorted(beds, reverse=True)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"dose_gy": -1.0}, "dose_gy"),
        ({"dose_gy": [1.0, math.nan]}, "dose_gy"),
        ({"n_fractions": 0}, "n_fractions"),
        ({"alpha_beta_gy": 0.0}, "alpha_beta_gy"),
        ({"alpha_beta_gy": -3.0}, "alpha_beta_gy"),
        ({"transition_gy": 0.0}, "transition_gy"),
        ({"quadratic_factor": -0.1}, "quadratic_factor"),
    ],
)
@pytest.mark.parametrize("function", [voxel_bed_gy, voxel_eqd2_gy])
def test_wrong_input_is_refused_by_name(function, changes, name):
    options = {"dose_gy": 10.0, "n_fractions": 5, "alpha_beta_gy": 3.0} | changes
    with pytest.raises(ModelError) as caught:
        function(options.pop("dose_gy"), **options)
    assert [problem.path for problem in caught.value.problems] == [name]


def test_unknown_doses_are_counted():
    with pytest.raises(ModelError, match="and 1 more"):
        voxel_bed_gy([1.0, math.nan, math.nan], n_fractions=1, alpha_beta_gy=3.0)


def test_wrong_repopulation_is_refused_with_every_fault():
    with pytest.raises(ModelError) as caught:
        Repopulation(-1.0, math.nan, 0.0, 0.0)
    assert len(caught.value.problems) == 4
