"""The voxels that a region covers."""

import numpy as np
import pytest

from abscope.dose.dvh import DvhSettings, dvh, mean_dose
from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.regions import covered_voxels
from analytic_doses import ball, grid_dose, linear_ap, tube
from phantom_shapes import box, grid_of, roi_of

UNEVEN = (0.0, 2.0, 3.0, 6.0, 7.5, 9.0, 12.0)


def cube_of(covered, grid):
    volume = np.zeros(int(np.prod(grid.shape)))
    volume[covered.voxel] = covered.volume_ml
    return volume.reshape(grid.shape) * 1000


def test_each_voxel_has_its_overlap_with_a_box():
    grid = grid_of((4, 4, 4), spacing_mm=(2.0, 2.0, 2.0))
    covered = covered_voxels(box("b", (0, 2, 1), (3, 5, 4), spacing_mm=1.0), grid=grid, cap="full")
    # voxel j reaches from 2 j - 1 to 2 j + 1 mm; the box has 3 mm along each axis
    along = {"x": [1, 2, 0, 0], "y": [0, 1, 2, 0], "z": [0, 2, 1, 0]}
    expected = np.einsum("k,j,i->kji", along["z"], along["y"], along["x"])
    assert cube_of(covered, grid) == pytest.approx(expected.astype(float), abs=1e-9)
    assert (np.diff(covered.voxel) > 0).all()
    assert covered.outside_ml == 0


def test_slabs_are_split_over_uneven_planes():
    grid = grid_of((7, 9, 9), offsets_mm=UNEVEN)
    roi = box("b", (5, 5, 1), (15, 15, 11), spacing_mm=1.0)
    covered = covered_voxels(roi, grid=grid, cap="full")
    per_plane = cube_of(covered, grid).sum(axis=(1, 2))
    # edges at -1, 1, 2.5, 4.5, 6.75, 8.25, 10.5, 13.5; the box from 1 to 11
    assert per_plane == pytest.approx(100 * np.array([0, 1.5, 2, 2.25, 1.5, 2.25, 0.5]))


@pytest.mark.parametrize("cap", ["half", "full"])
def test_volumes_and_mean_are_those_of_the_dvh(cap):
    dose = grid_dose(linear_ap)
    roi = ball(12).roi(3.0)
    covered = covered_voxels(roi, grid=dose.grid, cap=cap)
    curve = dvh(roi, dose=dose, settings=DvhSettings(cap=cap))
    assert covered.volume_ml.sum() == pytest.approx(curve.volume_ml.sum(), rel=1e-12)
    mean = dose.dose_gy.reshape(-1)[covered.voxel] @ covered.volume_ml / covered.volume_ml.sum()
    assert mean == pytest.approx(mean_dose(curve), abs=0.02)


def test_what_lies_outside_is_kept_apart():
    grid = grid_of((10, 10, 10), spacing_mm=(2.0,) * 3)
    covered = covered_voxels(
        box("b", (-11, 3, -6), (9, 13, 4), spacing_mm=1.0), grid=grid, cap="full"
    )
    assert covered.volume_ml.sum() == pytest.approx(10 * 10 * 5 / 1000)
    assert covered.volume_ml.sum() + covered.outside_ml == pytest.approx(2.0)
    far = covered_voxels(box("b", (500, 0, 0), (510, 10, 10)), grid=grid, cap="full")
    assert (far.voxel.size, far.outside_ml) == (0, pytest.approx(1.0))


def test_an_oblique_region_keeps_its_volume():
    grid = grid_of((25, 25, 25), origin_mm=(-30.0,) * 3, orientation=(1, 0, 0, 0, 0.8, 0.6))
    roi = tube(8, 16).roi(1.0)
    shift = grid.points_mm(np.array([(12.0, 12.0, 30.0)]))[0] - (3.37, -2.61, 1.23)
    roi = roi_of("t", [c.points_mm + shift for c in roi.contours])
    covered = covered_voxels(roi, grid=grid, cap="full")
    assert covered.volume_ml.sum() == pytest.approx(tube(8, 16).volume_ml, rel=1e-6)
    assert covered.outside_ml == 0
    centers = grid.points_mm(
        np.stack(
            [
                covered.voxel % 25,
                covered.voxel // 25 % 25,
                grid.offsets_mm[covered.voxel // 625],
            ],
            axis=1,
        ).astype(float)
    )
    middle = covered.volume_ml @ centers / covered.volume_ml.sum()
    assert middle == pytest.approx(shift + np.array((3.37, -2.61, 1.23)), abs=0.05)
    # voxels wholly inside are full
    assert covered.volume_ml.max() == pytest.approx(2.5**3 / 1000, rel=0.02)


def test_an_empty_region_covers_nothing():
    grid = grid_of((4, 4, 4))
    covered = covered_voxels(roi_of("none", []), grid=grid)
    assert covered.voxel.size == covered.volume_ml.size == covered.outside_ml == 0


def test_remainder_of_a_body_is_what_its_organs_leave():
    grid = grid_of((25, 25, 25), origin_mm=(-30.0,) * 3)
    body, organ = tube(25, 40).roi(2.5), ball(10).roi(2.5)
    left = np.zeros(int(np.prod(grid.shape)))
    for roi, sign in ((body, 1), (organ, -1)):
        covered = covered_voxels(roi, grid=grid)
        left[covered.voxel] += sign * covered.volume_ml
    assert left.min() >= -1e-12
    dose = DoseGrid(grid, np.ones(grid.shape), "f")
    rest = sum(s * dvh(r, dose=dose).volume_ml.sum() for r, s in ((body, 1), (organ, -1)))
    assert left.sum() == pytest.approx(rest)
