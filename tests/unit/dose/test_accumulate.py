"""Sums of courses voxel by voxel, and bounds where no registration joins them."""

import numpy as np
import pytest

from abscope.dose.accumulate import Reference, accumulate, quantile_bounds, voxel_effect
from abscope.dose.courses import courses_of
from abscope.dose.fractionation import bed_gy, eqd2_gy
from abscope.errors import UsageError
from dose_objects import box, dose_of, plan_of, rigid, study_of


def courses(*doses, n=5):
    pairs = [(dose, plan_of(f"P{i}", n=n, day=i)) for i, dose in enumerate(doses)]
    return courses_of(study_of(*pairs))


def reference(grid, made, *ways):
    to_frame = {c.name: way for c, way in zip(made, ways or [np.eye(4)] * len(made), strict=True)}
    return Reference(grid, "F1", to_frame)


def test_ramp_of_check_2():
    """Check 2: uniform 0-25 Gy in 5, alpha/beta 3: 15.833 by voxels, 13.750 of the mean dose.

    n equal shares of the ramp at their middles: the mean of D^2 is 625/3 - (25/n)^2 / 12.
    """
    n = 10_000
    ramp = (np.arange(n) + 0.5) / n * 25
    by_voxel = voxel_effect(ramp, n_fractions=5, effect="eqd2", alpha_beta_gy=3.0).mean()
    of_mean = voxel_effect(
        ramp.mean(keepdims=True), n_fractions=5, effect="eqd2", alpha_beta_gy=3.0
    )
    assert by_voxel == pytest.approx(95 / 6, abs=1e-6)
    assert of_mean[0] == pytest.approx(13.75)


@pytest.mark.parametrize(("total", "n"), [(22.5, 5), (25.0, 5), (30.0, 5), (10.0, 5), (8.0, 1)])
@pytest.mark.parametrize("alpha_beta", [3.0, 10.0])
def test_voxels_agree_with_the_scalar_formulas(total, n, alpha_beta):
    for effect, scalar in (("bed", bed_gy), ("eqd2", eqd2_gy)):
        found = voxel_effect(
            np.array([total, 0.0]), n_fractions=n, effect=effect, alpha_beta_gy=alpha_beta
        )
        expected = scalar(total, dose_per_fraction_gy=total / n, alpha_beta_gy=alpha_beta)
        assert found == pytest.approx([expected, 0.0], abs=1e-12)


def test_effects_need_fractions_and_alpha_beta():
    with pytest.raises(UsageError) as caught:
        voxel_effect(np.ones(1), n_fractions=None, effect="bed", alpha_beta_gy=None)
    assert len(caught.value.problems) == 2
    assert voxel_effect(np.ones(1), n_fractions=0, effect="bed", alpha_beta_gy=3.0)[0] > 1


def test_each_course_has_its_own_fractions():
    made = courses(dose_of(lambda x, y, z: 20 + 0 * x), dose_of(lambda x, y, z: 10 + 0 * x))
    grid = box((-10, -10, -10), (10, 10, 10))
    for effect, expected in (("physical", 30.0), ("bed", 20 * 1.4 + 10 * 1.2)):
        found = accumulate(made, reference=reference(grid, made), effect=effect, alpha_beta_gy=10.0)
        assert found.dose.dose_gy == pytest.approx(np.full(grid.shape, expected))
        assert found.covered_frac == 1
        assert found.courses == ("C1", "C2")
    assert found.alpha_beta_gy == 10.0


def test_a_voxel_that_one_course_does_not_cover_has_no_sum():
    left = dose_of(lambda x, y, z: 1 + 0 * x, grid=box((-40, -20, -20), (0, 20, 20)))
    right = dose_of(lambda x, y, z: 2 + 0 * x, grid=box((-20, -20, -20), (40, 20, 20)))
    made = courses(left, right)
    grid = box((-40, -20, -20), (40, 20, 20))
    found = accumulate(made, reference=reference(grid, made))
    column = found.dose.dose_gy[4, 4]
    counts = found.n_covering[4, 4]
    x_mm = -40 + 2.5 * np.arange(33)
    both = (x_mm > -21.5) & (x_mm < 1.5)
    np.testing.assert_array_equal(np.isfinite(column), both)
    np.testing.assert_array_equal(counts == 2, both)
    assert column[both] == pytest.approx(3.0)
    assert counts.min() == 1
    assert 0.2 < found.covered_frac < 0.4


def gaussian(x, y, z):
    return 20 * np.exp(-(x**2 + y**2 + z**2) / (2 * 12**2))


@pytest.mark.parametrize(("method", "worst"), [("linear", 0.0163), ("cubic", 0.0005)])
def test_interpolation_error_of_check_9(method, worst):
    """Check 9: Gaussian of sigma 12 mm at 2.5 mm; 1.25 % (linear), 0.01 % (cubic) at its shift.

    Here at the worst place, half a voxel from the centers on every axis, where linear interpolation
    is off by at most 3 h^2 / (8 sigma^2) = 1.63 %.
    """
    made = courses(dose_of(gaussian, grid=box((-60, -60, -60), (60, 60, 60))))
    grid = box((-28.75, -28.75, -28.75), (30, 30, 30))
    found = accumulate(made, reference=reference(grid, made), method=method)
    exact = dose_of(gaussian, grid=grid).dose_gy
    assert np.abs(found.dose.dose_gy - exact).max() / 20 < worst
    assert found.dose.dose_gy.min() >= 0


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_the_total_is_conserved(method):
    """Check 9: to 1e-4, on a grid that is shifted and turned."""
    dose = dose_of(gaussian, grid=box((-60, -60, -60), (60, 60, 60)))
    made = courses(dose)
    way = rigid(shift_mm=(3.1, -4.2, 1.7), about_z_deg=17)
    grid = box((-70, -70, -65), (70, 70, 65))
    found = accumulate(made, reference=reference(grid, made, way), method=method)
    total = np.nansum(found.dose.dose_gy)
    assert total == pytest.approx(dose.dose_gy.sum(), rel=1e-4)


@pytest.mark.parametrize(("method", "worst"), [("linear", 0.02), ("cubic", 0.01)])
def test_two_frames_of_check_8(method, worst):
    """Check 8: sums and EQD2 sums within 2 % (linear) or 1 % (cubic) of the closed form.

    Without the registration, or with its inverse, the sum is off by more than a tenth.
    """
    way = rigid(shift_mm=(12, -9, 6), about_z_deg=25)
    back = np.linalg.inv(way)

    def moved(x, y, z):
        return gaussian(*(back[:3, :3] @ np.stack([x, y, z]) + back[:3, 3:]))

    wide = box((-70, -70, -60), (70, 70, 60))
    made = courses(dose_of(gaussian, grid=wide), dose_of(moved, grid=wide, frame="F2"))
    grid = box((-20, -20, -20), (20, 20, 20), step_mm=4)
    one = dose_of(gaussian, grid=grid).dose_gy
    for effect, exact in (("physical", 2 * one), ("eqd2", 2 * one * (one / 5 + 3) / 5)):
        found = {
            name: accumulate(
                made,
                reference=reference(grid, made, np.eye(4), matrix),
                effect=effect,
                alpha_beta_gy=3.0,
                method=method,
            ).dose.dose_gy
            for name, matrix in (("right", back), ("wrong", way), ("ignored", np.eye(4)))
        }
        error = {name: np.abs(x - exact).max() / exact.max() for name, x in found.items()}
        assert error["right"] < worst
        assert min(error["wrong"], error["ignored"]) > 0.1


def test_a_course_without_a_way_is_refused():
    made = courses(dose_of(gaussian))
    with pytest.raises(UsageError, match="no way to the grid for C1"):
        accumulate(made, reference=Reference(box(), "F1", {}))
    with pytest.raises(UsageError, match="no course"):
        accumulate((), reference=Reference(box(), "F1", {}))


def test_bounds_hold_for_every_way_to_pair_two_distributions():
    """The sum of two uniform doses on 0..1: 2 % quantile from 0.02 (comonotone: 0.04) to 1.02."""
    low, high = quantile_bounds([lambda share: share, lambda share: share], at_frac=0.02)
    assert low == pytest.approx(0.02)
    assert high == pytest.approx(1.02)
    rng = np.random.default_rng(4)
    one = np.sort(rng.gamma(2, size=500))
    other = np.sort(rng.normal(10, 2, size=500))

    def quantile(values):
        return lambda share: np.interp(share * len(values), np.arange(len(values)) + 0.5, values)

    for at in (0.02, 0.5, 0.98):
        low, high = quantile_bounds([quantile(one), quantile(other)], at_frac=at)
        for _ in range(20):
            total = np.sort(one + rng.permutation(other))
            assert low - 0.05 <= float(quantile(total)(np.array(at))) <= high + 0.05
        assert one[0] + other[0] - 1e-9 <= low <= high <= one[-1] + other[-1] + 1e-9


def test_bounds_of_one_course_are_its_own_dose():
    assert quantile_bounds([lambda share: 3 * share], at_frac=0.5) == (1.5, 1.5)
