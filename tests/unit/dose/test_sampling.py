"""How finely a region is sampled, and that its samples are its volume."""

import numpy as np
import pytest

from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.geometry.planes import plane_stack
from abscope.dose.sampling import (
    Sampling,
    region_samples,
    resolved,
    rough_volume_ml,
    sub_slices,
    voxel_ml,
)
from analytic_doses import ball, grid_dose, linear_si
from phantom_shapes import circle, grid_of, roi_of


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, Sampling(8, 4, "cubic")),
        (463, Sampling(6, 4, "cubic")),  # (80000 / 463)^(1/3) = 5.57
        (19_999, Sampling(2, 2, "cubic")),
        (20_000, Sampling(2, 2, "linear")),
        (80_000, Sampling(1, 1, "linear")),
        (10**9, Sampling(1, 1, "linear")),
    ],
)
def test_small_regions_are_sampled_more_finely(n, expected):
    assert resolved(n) == expected


def test_what_is_given_is_kept():
    assert resolved(463, k=2, kz=7, method="linear") == Sampling(2, 7, "linear")
    assert resolved(463, k=2) == Sampling(2, 2, "cubic")


def test_a_slab_has_a_sub_slice_for_each_dose_plane():
    assert resolved(10**6, slab_planes=3).kz == 3
    assert resolved(100, slab_planes=3).kz == 4
    assert resolved(10**6, slab_planes=3, kz=1).kz == 1


def test_the_volume_of_a_voxel():
    assert voxel_ml(grid_of((4, 5, 6), spacing_mm=(3.0, 2.5, 2.0))) == pytest.approx(0.015)
    uneven = grid_of((4, 5, 6), spacing_mm=(0, 2.0, 2.0), offsets_mm=(0.0, 2.0, 4.0, 9.0))
    assert voxel_ml(uneven) == pytest.approx(0.008)


def test_sub_slices_fill_a_slab():
    at, thickness = sub_slices(2.0, 5.0, 3)
    assert at.tolist() == [2.5, 3.5, 4.5]
    assert thickness == 1.0


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_the_samples_are_the_volume_of_the_region(method):
    dose = grid_dose(linear_si, dtype=np.float32)
    stack = plane_stack(ball(12).roi(2.0), grid=dose.grid)
    parts = list(region_samples(stack, dose=dose, sampling=Sampling(3, 2, method)))
    inner = sum(float(p.volume_ml.sum()) for p in parts if not p.outer)
    assert inner == pytest.approx(rough_volume_ml(stack), rel=1e-9)
    assert sum(p.outer for p in parts) == 2
    assert all(p.outside_ml == p.overlap_ml == 0 for p in parts)


def test_the_rough_volume_leaves_holes_out():
    grid = grid_of((21, 21, 21), origin_mm=(-25.0,) * 3)
    rings = [circle((0, 0), r, float(z)) for z in range(3) for r in (10.0, 5.0)]
    stack = plane_stack(roi_of("ring", rings), grid=grid)
    assert rough_volume_ml(stack) == pytest.approx(2 * np.pi * 75 / 1000)


def test_a_huge_oblique_plane_is_sampled_coarsely_instead_of_filling_the_memory():
    grid = grid_of((21, 21, 21), origin_mm=(-25.0,) * 3)
    dose = DoseGrid(grid, np.ones(grid.shape), "f")
    plate = [circle((0.0, 0.0), 4000.0, float(x), n=30)[:, [2, 0, 1]] for x in (0, 2)]
    stack = plane_stack(roi_of("plate", plate), grid=grid)
    parts = list(region_samples(stack, dose=dose, sampling=Sampling(8, 1, "linear")))
    known = sum(float(p.volume_ml.sum()) for p in parts)
    unknown = sum(p.outside_ml for p in parts)
    assert known + unknown == pytest.approx(4 * np.pi * 16e6 / 1000, rel=1e-6)
    assert known == pytest.approx(4 * 52.5**2 / 1000, rel=0.05)
