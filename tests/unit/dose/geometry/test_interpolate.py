"""Dose between voxel centers, and the end of the grid."""

import numpy as np
import pytest

from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.geometry.interpolate import DoseWindow, dose_at, inside_grid, plane_edges_mm
from abscope.errors import DicomError
from analytic_doses import SIGMA_MM, gaussian, grid_dose
from phantom_shapes import centers_mm, grid_of

UNEVEN = (0.0, 2.0, 3.0, 6.0, 7.5, 9.0, 12.0)
TILTED = (0.96, 0.28, 0.0, -0.28, 0.96, 0.0)


def sloped(grid, dtype=float):
    p = centers_mm(grid)
    return DoseGrid(grid, (50 + p @ (0.3, -0.2, 0.5)).astype(dtype), "f")


@pytest.mark.parametrize("method", ["linear", "cubic"])
@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), TILTED])
@pytest.mark.parametrize("offsets", [None, UNEVEN])
def test_a_linear_dose_comes_back_exactly(method, orientation, offsets):
    grid = grid_of((7, 9, 8), offsets_mm=offsets, orientation=orientation)
    chance = np.random.default_rng(1)
    index = np.column_stack(
        [chance.uniform(0, 7, 200), chance.uniform(0, 8, 200),
         chance.uniform(0, grid.offsets_mm[-1], 200)]
    )  # fmt: skip
    points = grid.points_mm(index)
    expected = 50 + points @ (0.3, -0.2, 0.5)
    # the scattered spline forgets the end of the grid only up to 0.27^8
    tolerance = 1e-10 if method == "linear" else 1e-3
    assert dose_at(points, dose=sloped(grid), method=method) == pytest.approx(
        expected, abs=tolerance
    )


def test_there_is_no_dose_outside_the_grid():
    grid = grid_of((4, 4, 4), spacing_mm=(2.0, 2.0, 2.0))
    points = np.array([(-0.99, 0, 0), (-1.01, 0, 0), (0, 7.01, 0), (0, 0, 7.01), (0, 0, 6.99)])
    found = dose_at(points, dose=sloped(grid))
    assert np.isnan(found).tolist() == [False, True, True, True, False]


def test_the_last_half_voxel_has_the_dose_of_its_center():
    grid = grid_of((4, 4, 4), spacing_mm=(2.0, 2.0, 2.0))
    dose = sloped(grid)
    assert dose_at(np.array([(-0.9, 2.0, 2.0)]), dose=dose)[0] == pytest.approx(
        dose.dose_gy[1, 1, 0]
    )


def test_planes_end_half_a_step_beyond_the_outer_ones():
    grid = grid_of((4, 4, 4), offsets_mm=(0.0, 2.0, 3.0, 6.0))
    assert plane_edges_mm(grid).tolist() == [-1.0, 1.0, 2.5, 4.5, 7.5]
    assert inside_grid(np.array([(0, 0, -1.0), (0, 0, 7.6)]), grid=grid).tolist() == [True, False]


def test_one_plane_of_dose_is_refused():
    with pytest.raises(DicomError, match="1 x 4 x 4 planes x rows x columns"):
        plane_edges_mm(grid_of((1, 4, 4)))


@pytest.mark.parametrize(
    ("spacing", "linear", "cubic"), [(2.5, 0.0125, 0.0002), (4.0, 0.039, 0.001)]
)
def test_error_between_centers_of_a_gaussian(spacing, linear, cubic):
    """Check 9 of the dose notes: 1.25 % and 0.01 % of the maximum at 2.5 mm, 3.9 and 0.03 % at 4.

    The linear error must also be there (at least half of it), and stay below the closed bound of
    3 h^2 / (8 sigma^2), which 1.25 % (found at random points) does not reach.
    """
    dose = grid_dose(gaussian, spacing_mm=spacing)
    chance = np.random.default_rng(2)
    points = chance.uniform(-15, 15, (4000, 3))
    truth = gaussian(points - np.array((3.37, -2.61, 1.23)))
    worst = {
        m: np.abs(dose_at(points, dose=dose, method=m) - truth).max() / 20
        for m in ("linear", "cubic")
    }
    assert linear / 2 < worst["linear"] < 3 * spacing**2 / (8 * SIGMA_MM**2)
    assert worst["cubic"] < cubic


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_window_is_the_dose_at_its_cell_centers(k):
    grid = grid_of((7, 9, 8), offsets_mm=UNEVEN, orientation=TILTED)
    chance = np.random.default_rng(3)
    dose = DoseGrid(grid, chance.uniform(0, 9, grid.shape), "f")
    window = DoseWindow(dose, k=k, row=2 * k, column=k, cells=(4 * k, 5 * k))
    rows = (np.arange(2 * k, 6 * k) + 0.5) / k - 0.5
    columns = (np.arange(k, 6 * k) + 0.5) / k - 0.5
    offsets = np.array([0.3, 3.0, 8.9])
    z, y, x = np.meshgrid(offsets, rows, columns, indexing="ij")
    points = grid.points_mm(np.column_stack([x.ravel(), y.ravel(), z.ravel()]))
    assert window.linear(offsets).ravel() == pytest.approx(dose_at(points, dose=dose), abs=1e-12)


def test_the_spline_of_a_window_goes_through_the_centers_and_stays_above_zero():
    grid = grid_of((7, 9, 8))
    dose = DoseGrid(grid, np.random.default_rng(4).uniform(0, 9, grid.shape), "f")
    window = DoseWindow(dose, k=1, row=0, column=0, cells=(9, 8))
    assert window.cubic(grid.offsets_mm) == pytest.approx(dose.dose_gy, abs=1e-9)
    spike = np.zeros(grid.shape)
    spike[3, 4, 4] = 50
    fine = DoseWindow(DoseGrid(grid, spike, "f"), k=4, row=0, column=0, cells=(36, 32))
    assert fine.cubic(np.linspace(0, 15, 40)).min() == 0
