"""Spheres around center points, and the points that fill a region."""

import numpy as np
import pytest

from abscope.dose.dvh import DvhSettings, dose_at_volume, dvh, dvh_of, mean_dose, total_volume
from abscope.dose.geometry.interpolate import dose_at
from abscope.dose.lesion_region import LesionRegion, region_points, sphere_roi
from abscope.dose.sampling import Sampling
from abscope.errors import UsageError
from dose_objects import box, dose_of, region, rigid


@pytest.mark.parametrize("diameter_mm", [4.0, 12.0, 60.0])
def test_a_sphere_has_its_volume(diameter_mm):
    """pi d^3 / 6, with full end slabs."""
    roi = sphere_roi("L", center_mm=(1.3, -2.1, 4.7), diameter_mm=diameter_mm)
    curve = dvh(roi, dose=dose_of(lambda x, y, z: x), settings=DvhSettings(cap="full", k=2, kz=1))
    assert total_volume(curve) == pytest.approx(np.pi * diameter_mm**3 / 6000, rel=1e-6)


@pytest.mark.parametrize(
    ("center", "diameter"),
    [((0, 0), 5), ((0, 0, np.nan), 5), ((0, 0, 0), 0), ((0, 0, 0), np.inf), ((0, 0, 0), -1)],
)
def test_a_sphere_without_center_or_size_is_refused(center, diameter):
    with pytest.raises(UsageError, match="three finite coordinates"):
        sphere_roi("L", center_mm=center, diameter_mm=diameter)


@pytest.mark.parametrize("cap", ["half", "full"])
@pytest.mark.parametrize("turn", [0.0, 25.0])
def test_points_and_distribution_agree(cap, turn):
    """The points give the volume, mean and quantiles of the distribution of the same sampling."""
    made = region(center_mm=(2, 1, -3), diameter_mm=20)
    grid = box()
    turned = type(grid)(rigid(about_z_deg=turn) @ grid.affine, grid.offsets_mm, 33, 33)
    dose = dose_of(lambda x, y, z: 20 + 0.3 * x - 0.1 * z, grid=turned)
    curve = dvh(made.roi, dose=dose, settings=DvhSettings(cap=cap, k=4, kz=2, method="linear"))
    points, volume_ml = region_points(made, grid=turned, sampling=Sampling(4, 2, "linear"), cap=cap)
    again = dvh_of(dose_at(points, dose=dose), volume_ml=volume_ml)
    assert volume_ml.sum() == pytest.approx(total_volume(curve), rel=1e-9)
    assert mean_dose(again) == pytest.approx(mean_dose(curve), abs=1e-6)
    for share in (0.98, 0.5, 0.02):
        assert dose_at_volume(again, volume_frac=share) == pytest.approx(
            dose_at_volume(curve, volume_frac=share), abs=1e-6
        )


def test_a_region_without_contours_has_no_points():
    empty = LesionRegion(type(region().roi)(1, "empty", ()), "F1", "roi")
    points, volume_ml = region_points(
        empty, grid=box(), sampling=Sampling(2, 1, "linear"), cap="half"
    )
    assert points.shape == (0, 3)
    assert volume_ml.shape == (0,)
