"""The distribution of dose in a region, and what is said about the region."""

import numpy as np
import pytest

from abscope.dose.dvh import (
    DvhSettings,
    cumulative_curve,
    dose_at_volume,
    dvh,
    dvh_of,
    histogram_per_fraction,
    max_dose,
    mean_dose,
    min_dose,
    quantile_table,
    top_dose,
    total_volume,
    volume_at_dose,
)
from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.study import SystemDvh
from abscope.dose.system_dvh import system_differences
from abscope.errors import DicomError, UsageError
from analytic_doses import ball, gaussian, grid_dose, linear_si, tube
from phantom_shapes import box, circle, grid_of, roi_of

FULL = DvhSettings(cap="full")


def uniform(gy=2.0, dtype=np.float32):
    return grid_dose(lambda p: np.full(p.shape[:-1], gy), dtype=dtype)


def codes(curve):
    return [finding.code for finding in curve.findings]


def hand():
    """1 ml at 1 Gy, 2 ml at 2 Gy, 1 ml at 4 Gy: values a reader can check."""
    return dvh_of(np.array([4.0, 1.0, 2.0]), volume_ml=np.array([1.0, 1.0, 2.0]), outside_ml=0.5)


def test_values_by_hand():
    curve = hand()
    assert curve.dose_gy.tolist() == [1, 2, 4]
    assert total_volume(curve) == 4.5
    assert mean_dose(curve) == pytest.approx((1 + 4 + 4) / 4)
    assert (min_dose(curve), max_dose(curve)) == (1, 4)
    # middles of the weights at 1/8, 1/2 and 7/8 of the volume
    assert dose_at_volume(curve, volume_frac=0.5) == pytest.approx(2.0)
    assert dose_at_volume(curve, volume_frac=7 / 8) == pytest.approx(1.0)
    assert dose_at_volume(curve, volume_frac=11 / 16) == pytest.approx(1.5)
    assert dose_at_volume(curve, volume_frac=1.0) == 1.0
    assert [volume_at_dose(curve, dose_gy=d) for d in (0, 1, 1.5, 2, 4, 4.1)] == [4, 4, 3, 3, 1, 0]
    assert cumulative_curve(curve, dose_gy=np.array([0, 1, 1.5, 4, 5])).tolist() == [4, 4, 3, 1, 0]


def test_the_hottest_part():
    curve = hand()
    assert top_dose(curve, volume_ml=0.5) == pytest.approx(4.0)
    assert top_dose(curve, volume_ml=2.0) == pytest.approx(2.0)
    assert top_dose(curve, volume_ml=9.0) == 4.0


def test_a_table_of_quantiles_keeps_the_mean():
    curve = dvh(ball(12).roi(1.0), dose=grid_dose(linear_si), settings=FULL)
    table = quantile_table(curve)
    assert len(table) == 4096
    assert (np.diff(table) >= 0).all()
    assert table.mean() == pytest.approx(mean_dose(curve), abs=1e-3)
    assert np.interp(0.02, (np.arange(4096) + 0.5) / 4096, table) == pytest.approx(
        dose_at_volume(curve, volume_frac=0.98), abs=1e-3
    )


def test_a_histogram_keeps_volume_and_integral_dose():
    curve = dvh(ball(12).roi(1.0), dose=grid_dose(linear_si))
    dose_gy, volume_ml = histogram_per_fraction(curve, n_fractions=5, n=50)
    assert len(dose_gy) <= 50
    assert volume_ml.sum() == pytest.approx(curve.volume_ml.sum())
    assert dose_gy @ volume_ml * 5 == pytest.approx(curve.dose_gy @ curve.volume_ml)
    with pytest.raises(UsageError, match="n_fractions is 0"):
        histogram_per_fraction(curve, n_fractions=0)


def test_a_uniform_dose_is_itself_everywhere():
    curve = dvh(tube(12, 24).roi(3.0), dose=uniform(2.0))
    for value in (mean_dose(curve), min_dose(curve), max_dose(curve), top_dose(curve)):
        assert value == pytest.approx(2.0, rel=1e-6)
    assert dose_at_volume(curve, volume_frac=0.98) == pytest.approx(2.0, rel=1e-6)


def test_half_and_full_ends_and_their_spread():
    roi = box("cube", (-10, -10, -10), (10, 10, 10), spacing_mm=2.0)
    half = dvh(roi, dose=grid_dose(linear_si))
    full = dvh(roi, dose=grid_dose(linear_si), settings=FULL)
    assert total_volume(half) == pytest.approx(7.2)
    assert total_volume(full) == pytest.approx(8.0)
    for curve in (half, full):
        assert curve.volume_spread_ml == pytest.approx(0.8)
        assert curve.d98_spread_gy == pytest.approx(
            abs(dose_at_volume(half, volume_frac=0.98) - dose_at_volume(full, volume_frac=0.98))
        )
    # 0.98 of 1 mm less at the cold end, in 0.5 Gy/mm
    assert half.d98_spread_gy == pytest.approx(0.48, abs=0.1)


def test_volume_beyond_the_grid_has_no_dose():
    grid = grid_of((20, 20, 20), spacing_mm=(2.0,) * 3)
    dose = DoseGrid(grid, np.full(grid.shape, 3.0), "f")
    roi = box("edge", (-11, 5, 5), (9, 25, 25), spacing_mm=1.0)
    curve = dvh(roi, dose=dose, settings=FULL)
    # the grid begins half a voxel before its first centers: at x = -1
    assert curve.outside_ml == pytest.approx(4.0)
    assert curve.volume_ml.sum() == pytest.approx(4.0)
    assert min_dose(curve) == pytest.approx(3.0)
    assert codes(curve) == ["roi-outside-grid"]
    assert "4.000 of 8.000 ml (50.0 %)" in curve.findings[0].what.replace("%", " %")


def test_volume_above_the_last_plane_is_outside_whatever_the_sub_slices():
    grid = grid_of((5, 20, 20), spacing_mm=(2.0,) * 3)
    dose = DoseGrid(grid, np.full(grid.shape, 3.0), "f")
    roi = box("tall", (5, 5, 1), (25, 25, 15), spacing_mm=1.0)
    for kz in (1, 3, 4):
        curve = dvh(roi, dose=dose, settings=DvhSettings(cap="full", k=2, kz=kz))
        assert curve.volume_ml.sum() == pytest.approx(8 * 0.4)
        assert curve.outside_ml == pytest.approx(6 * 0.4)


def test_a_region_wholly_outside_has_no_values():
    curve = dvh(box("far", (500, 0, 0), (520, 20, 20)), dose=uniform())
    assert curve.outside_ml == pytest.approx(0.4 * 19)
    assert mean_dose(curve) is dose_at_volume(curve, volume_frac=0.5) is None
    assert min_dose(curve) is max_dose(curve) is top_dose(curve) is None
    assert volume_at_dose(curve, dose_gy=0.0) == 0
    assert quantile_table(curve).size == 0
    assert histogram_per_fraction(curve, n_fractions=1)[0].size == 0


def test_an_empty_region_has_no_values_and_says_so():
    curve = dvh(roi_of("Areola", []), dose=uniform())
    assert total_volume(curve) == 0
    assert mean_dose(curve) is None
    assert codes(curve) == ["empty-roi"]


def test_one_plane_takes_the_thickness_of_the_image():
    roi = roi_of("node", [circle((0.0, 0.0), 10.0, 0.0)])
    with pytest.raises(DicomError, match="thickness of its slice is not known"):
        dvh(roi, dose=uniform())
    curve = dvh(roi, dose=uniform(), plane_spacing_mm=3.0)
    assert total_volume(curve) == pytest.approx(np.pi * 0.3, rel=1e-6)
    assert codes(curve) == ["few-planes"]


def test_small_regions_and_uncertain_ends_are_told():
    curve = dvh(ball(5).roi(2.5), dose=grid_dose(linear_si))
    assert codes(curve) == ["few-planes", "few-dose-voxels", "cap-spread"][: len(codes(curve))]
    assert "few-dose-voxels" in codes(curve)
    steep = grid_dose(lambda p: np.maximum(10 + 0.9 * p[..., 2], 0))
    assert "cap-spread" in codes(dvh(tube(12, 20).roi(2.0), dose=steep))


def test_contours_that_cross_are_united_and_told():
    rings = [circle((x, 0.0), 10.0, float(z)) for z in range(6) for x in (-3.0, 3.0)]
    curve = dvh(roi_of("two", rings), dose=uniform(), settings=FULL)
    lens = 2 * 100 * np.arccos(0.3) - 6 * np.sqrt(400 - 36) / 2
    assert total_volume(curve) == pytest.approx(6 * (2 * np.pi * 100 - lens) / 1000, rel=2e-3)
    assert codes(curve) == ["overlapping-contours"]


def test_many_samples_are_merged_without_a_change(monkeypatch):
    # doses that hardly ever repeat; where they do, merging puts the middle of all at their dose
    dose = grid_dose(gaussian, dtype=np.float32)
    roi = ball(12).roi(1.0)
    exact = dvh(roi, dose=dose)
    monkeypatch.setattr("abscope.dose.collecting._SORTED_UP_TO", 10)
    monkeypatch.setattr("abscope.dose.collecting._FLUSH", 5000)
    merged = dvh(roi, dose=dose)
    assert len(merged.dose_gy) <= len(exact.dose_gy)
    assert merged.volume_ml.sum() == pytest.approx(exact.volume_ml.sum(), rel=1e-12)
    assert mean_dose(merged) == pytest.approx(mean_dose(exact), rel=1e-8)
    step = 2e-4  # the doses of neighboring samples are about that far apart
    for v in (0.98, 0.95, 0.5, 0.02):
        assert dose_at_volume(merged, volume_frac=v) == pytest.approx(
            dose_at_volume(exact, volume_frac=v), abs=step
        )
    assert merged.d98_spread_gy == pytest.approx(exact.d98_spread_gy, abs=2 * step)
    assert codes(merged) == codes(exact)


@pytest.mark.parametrize("wrong", [{"cap": "round"}, {"k": 0}, {"kz": 65}, {"method": "nearest"}])
def test_settings_that_do_not_exist_are_refused(wrong):
    with pytest.raises(UsageError, match=str(next(iter(wrong.values())))):
        DvhSettings(**wrong)


def test_the_dose_may_be_single_or_double():
    roi = ball(12).roi(2.0)
    single = dvh(roi, dose=grid_dose(linear_si, dtype=np.float32))
    double = dvh(roi, dose=grid_dose(linear_si))
    assert mean_dose(single) == pytest.approx(mean_dose(double), rel=1e-6)


def system_of(volume, mean):
    return SystemDvh(1, np.array([0.0, 2 * mean]), np.array([volume, 0.0]), None, None)


def test_a_planning_system_that_agrees_draws_no_warning():
    curve = dvh(ball(12).roi(1.0), dose=grid_dose(linear_si), settings=FULL)
    assert system_differences(curve, system=system_of(7.24, 20.0), roi_name="a") == ()


@pytest.mark.parametrize(
    ("volume", "mean", "rx", "code"),
    [
        (7.24 * 1.07, 20.0, None, "system-volume"),
        (7.24, 20.9, None, "system-mean"),
        (7.24, 20.5, 20.0, "system-mean"),
    ],
)
def test_a_planning_system_that_differs_is_told(volume, mean, rx, code):
    curve = dvh(ball(12).roi(1.0), dose=grid_dose(linear_si), settings=FULL)
    found = system_differences(
        curve, system=system_of(volume, mean), roi_name="GTV", prescribed_dose_gy=rx
    )
    assert [f.code for f in found] == [code]
    assert found[0].about == "region GTV"
