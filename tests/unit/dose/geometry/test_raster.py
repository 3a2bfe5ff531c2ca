"""Areas of polygons in cells: closed forms, and the sum that never depends on the cells."""

import numpy as np
import pytest

from abscope.dose.geometry.raster import (
    combined_coverage,
    polygon_area,
    polygon_coverage,
    pooled,
)

SQUARE = np.array([(0.25, 0.5), (2.25, 0.5), (2.25, 3.0), (0.25, 3.0)])


def test_the_share_of_each_cell_of_a_rectangle_is_its_overlap():
    cover = polygon_coverage(SQUARE, k=1, rows=5, columns=5)
    # cell j reaches from j - 1/2 to j + 1/2
    assert (cover.row, cover.column) == (1, 0)
    expected = np.outer([1, 1, 0.5], [0.25, 1, 0.75])
    assert cover.share_frac == pytest.approx(expected, abs=1e-12)
    assert cover.total_cells == pytest.approx(5.0)


def test_a_triangle_cuts_its_cells_along_the_diagonal():
    triangle = np.array([(-0.5, -0.5), (1.5, -0.5), (-0.5, 1.5)])
    cover = polygon_coverage(triangle, k=1, rows=2, columns=2)
    assert cover.share_frac == pytest.approx(np.array([[1, 0.5], [0.5, 0]]), abs=1e-12)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_the_area_does_not_depend_on_the_cells_or_the_turn(k, turn):
    angle = np.arange(77) * 2 * np.pi / 77
    wobbly = np.column_stack([np.cos(angle), np.sin(angle)]) * (4 + np.sin(5 * angle))[:, None] + 9
    cover = polygon_coverage(wobbly[::turn], k=k, rows=20, columns=20)
    assert cover.share_frac.sum() / k**2 == pytest.approx(abs(polygon_area(wobbly)), rel=1e-12)
    assert cover.share_frac.max() <= 1 + 1e-12
    assert cover.share_frac.min() == 0


def test_what_lies_beyond_the_grid_is_in_the_total_only():
    box = np.array([(-3.0, -2.0), (6.0, -2.0), (6.0, 8.0), (-3.0, 8.0)])
    cover = polygon_coverage(box, k=2, rows=4, columns=5)
    assert cover.share_frac == pytest.approx(np.ones((8, 10)))
    assert cover.total_cells == pytest.approx(90 * 4)


@pytest.mark.parametrize("shift", [(-20.0, 0.0), (20.0, 0.0), (0.0, -20.0), (0.0, 20.0)])
def test_a_polygon_beside_the_grid_covers_nothing_in_it(shift):
    cover = polygon_coverage(SQUARE + shift, k=1, rows=5, columns=5)
    assert cover.share_frac.sum() == 0
    assert cover.total_cells == pytest.approx(5.0)


def test_a_far_polygon_needs_no_more_memory_than_the_grid():
    wide = np.array([(-2000.0, -2000.0), (2000.0, -1999.0), (2000.0, 2000.0), (-2000.0, 1999.0)])
    assert polygon_coverage(wide, k=8, rows=10, columns=10).share_frac.shape == (80, 80)


def test_what_a_line_covers_twice_is_outside():
    twice = np.array([(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (2, 0), (2, 2), (0, 2)], float)
    cover = polygon_coverage(twice, k=2, rows=5, columns=5)
    assert cover.share_frac.sum() / 4 == pytest.approx(16 - 4)
    assert cover.overlap_cells / 4 == pytest.approx(8)


def test_both_lobes_of_an_eight_count():
    eight = np.array([(0, 0), (2, 2), (2, 0), (0, 2)], float)
    lobes = np.concatenate([eight, [(-1.0, 1.0)]])
    cover = polygon_coverage(lobes, k=4, rows=4, columns=4)
    assert cover.share_frac.min() >= 0
    assert cover.share_frac.sum() > 0


def test_a_hole_that_shares_cells_with_its_rim_is_exact():
    outer, hole = SQUARE, np.array([(0.3, 0.6), (2.2, 0.6), (2.2, 2.9), (0.3, 2.9)])
    cover = combined_coverage([outer, hole], signs=(1, -1), k=1, grid_rows_columns=(5, 5))
    assert cover.share_frac.sum() == pytest.approx(5.0 - 1.9 * 2.3)
    assert cover.total_cells == pytest.approx(5.0 - 1.9 * 2.3)
    assert cover.overlap_cells == 0


CROSS = (
    np.array([(0.5, 0.5), (3.5, 0.5), (3.5, 2.5), (0.5, 2.5)]),
    np.array([(2.5, 1.5), (5.5, 1.5), (5.5, 4.5), (2.5, 4.5)]),
)


def test_contours_that_cross_are_united():
    cover = combined_coverage(CROSS, signs=(1, 1), k=1, grid_rows_columns=(8, 8))
    assert cover.share_frac.sum() == pytest.approx(6 + 9 - 1)
    assert cover.overlap_cells == pytest.approx(1)


def test_contours_of_the_exclusive_kind_leave_out_what_both_cover():
    cover = combined_coverage(CROSS, signs=(1, 1), k=1, grid_rows_columns=(8, 8), exclusive=True)
    assert cover.share_frac.sum() == pytest.approx(6 + 9 - 2)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_fine_cells_pool_to_whole_voxels(k):
    """A polygon off the voxels: k x k cells summed are the exact area of each voxel."""
    polygon = np.array([(1.3, 2.1), (6.7, 1.6), (7.9, 5.2), (4.4, 8.3), (0.8, 6.0)])
    fine = pooled(polygon_coverage(polygon, k=k, rows=12, columns=12), k=k)
    whole = polygon_coverage(polygon, k=1, rows=12, columns=12)
    assert fine.total_cells == pytest.approx(whole.total_cells)
    both = []
    for cover in (fine, whole):
        field = np.zeros((16, 16))
        height, width = cover.share_frac.shape
        field[cover.row : cover.row + height, cover.column : cover.column + width] = (
            cover.share_frac
        )
        both.append(field)
    assert both[0] == pytest.approx(both[1], abs=1e-12)
