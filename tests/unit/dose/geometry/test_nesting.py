"""Which contours are holes, whichever way they turn."""

import itertools

import numpy as np
import pytest

from abscope.dose.geometry.nesting import inside_polygon, nesting_signs


def square(low, high):
    return np.array([(low, low), (high, low), (high, high), (low, high)], float)


@pytest.mark.parametrize("turns", list(itertools.product([1, -1], repeat=3)))
def test_depth_decides_not_the_turn(turns):
    rings = [square(0, 10), square(2, 8), square(4, 6)]
    assert nesting_signs([r[::t] for r, t in zip(rings, turns, strict=True)]) == (1, -1, 1)


def test_the_order_of_the_contours_does_not_matter():
    assert nesting_signs([square(4, 6), square(0, 10), square(2, 8)]) == (1, 1, -1)


def test_islands_stand_side_by_side():
    assert nesting_signs([square(0, 2), square(3, 5), square(6, 9)]) == (1, 1, 1)


def test_a_hole_that_touches_its_rim_is_a_hole():
    assert nesting_signs([square(0, 10), square(0, 5)]) == (1, -1)


def test_crossing_contours_are_not_nested():
    assert nesting_signs([square(0, 10), square(8, 12)]) == (1, 1)


def test_a_ring_in_the_bay_of_a_horseshoe_is_an_island():
    shoe = np.array([(0, 0), (10, 0), (10, 10), (7, 10), (7, 3), (3, 3), (3, 10), (0, 10)], float)
    assert nesting_signs([shoe, square(4, 6)]) == (1, 1)


def test_points_inside_by_crossings():
    found = inside_polygon(
        np.array([(1.0, 1.0), (-1.0, 1.0), (3.0, 1.0), (1.0, 3.0)]), polygon=square(0, 2)
    )
    assert found.tolist() == [True, False, False, False]
