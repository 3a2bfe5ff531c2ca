"""Lines for drawing: the cut of a region by a plane."""

import numpy as np
import pytest

from abscope.dose.outlines import cut_outlines
from abscope.errors import UsageError
from phantom_shapes import box, circle, grid_of, roi_of

GRID = grid_of((21, 21, 21), origin_mm=(-25.0,) * 3)
AXIAL, CORONAL, SAGITTAL = (0, 0, 1), (0, 1, 0), (1, 0, 0)


def cut(roi, normal, at=(0.0, 0.0, 0.0), **options):
    return cut_outlines(roi, grid=GRID, point_mm=at, normal=normal, **options)


def length(lines):
    return sum(float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) for line in lines)


def test_an_axial_cut_is_the_contour_of_its_slab():
    roi = box("b", (-10, -5, -6), (10, 5, 6), spacing_mm=2.0)
    (line,) = cut(roi, AXIAL, (0, 0, 0.7))
    assert line[0].tolist() == line[-1].tolist()
    assert length([line]) == pytest.approx(60)
    assert set(line[:, 2]) == {1.0}
    assert cut(roi, AXIAL, (0, 0, 40)) == ()


def test_holes_are_lines_too():
    rings = [circle((0, 0), r, float(z)) for z in range(5) for r in (12.0, 6.0)]
    lines = cut(roi_of("ring", rings), AXIAL, (0, 0, 2.0))
    assert sorted(len(line) for line in lines) == [181, 181]
    assert length(lines) == pytest.approx(2 * np.pi * 18, rel=1e-3)


@pytest.mark.parametrize(
    ("normal", "across"), [(CORONAL, 20.0), (SAGITTAL, 10.0), ((0, -1, 0), 20.0)]
)
@pytest.mark.parametrize(("cap", "height"), [("half", 10.0), ("full", 12.0)])
def test_a_cut_along_the_axis_is_the_side_of_the_box(normal, across, cap, height):
    roi = box("b", (-10, -5, -6), (10, 5, 6), spacing_mm=2.0)
    lines = cut(roi, normal, cap=cap)
    points = np.concatenate(lines)
    assert np.abs(points @ normal).max() < 1e-9
    assert np.ptp(points[:, 2]) == pytest.approx(height)
    axis = 0 if normal[1] else 1
    assert np.ptp(points[:, axis]) == pytest.approx(across)
    assert length(lines) == pytest.approx(2 * (across + height))


def test_steps_between_slabs_are_drawn_once():
    rings = [circle((0, 0), r, z) for r, z in ((6.0, 0.0), (10.0, 2.0), (10.0, 4.0), (4.0, 6.0))]
    lines = cut(roi_of("top", rings), CORONAL, cap="full")
    # around: 8 mm of height twice; widths 12, 4 + 4, 6 + 6, 8
    assert length(lines) == pytest.approx(2 * 8 + 12 + 8 + 12 + 8, abs=0.05)


def test_both_sides_of_a_gap_are_closed():
    rings = [circle((0, 0), 5.0, float(z)) for z in (0, 2, 4, 12, 14, 16)]
    lines = cut(roi_of("two", rings), SAGITTAL)
    assert length(lines) == pytest.approx(2 * (2 * 10 + 2 * 4), abs=0.05)


def test_a_cut_that_misses_draws_nothing():
    assert cut(box("b", (-5, -5, -5), (5, 5, 5)), CORONAL, (0, 20, 0)) == ()
    assert cut(roi_of("none", []), CORONAL) == ()


@pytest.mark.parametrize("normal", [(0, 0, 0), (np.nan, 0, 1), (1, 0)])
def test_a_cut_needs_a_direction(normal):
    with pytest.raises(UsageError, match="a normal that is not 0"):
        cut(box("b", (-5, -5, -5), (5, 5, 5)), normal)
