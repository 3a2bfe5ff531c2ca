"""The distance of a lesion from the surface of half the prescription."""

import numpy as np
import pytest

from abscope.dose.field_edge import field_edge
from dose_objects import box, dose_of, rigid


def ball(x, y, z):
    """30 Gy in the middle, falling by 1 Gy per mm: 15 Gy at a radius of 15 mm."""
    return np.maximum(30 - np.sqrt(x**2 + y**2 + z**2), 0)


@pytest.mark.parametrize(
    ("points", "distance_mm"),
    [
        ([[25.0, 0, 0]], 10.0),
        ([[0, 12.0, 16.0]], 5.0),
        ([[100.0, 0, 0]], 85.0),
        ([[0, 0, 3.0]], -12.0),
        ([[14.0, 0, 0], [16.0, 0, 0]], 0.0),
        ([[25.0, 0, 0], [0, 0, 40.0]], 10.0),
    ],
)
def test_distance_to_a_sphere(points, distance_mm):
    edge = field_edge(dose_of(ball), edge_gy=15.0)
    assert edge.distance_mm(np.array(points)) == pytest.approx(distance_mm, abs=0.15)
    assert not edge.cut


def test_the_surface_lies_on_the_isodose_in_any_stack():
    """The crossings are found to second order, on a turned grid with planes at uneven distances."""
    grid = box((-40, -40, -40), (40, 40, 40))
    uneven = np.concatenate([grid.offsets_mm[:10], grid.offsets_mm[10::2]])
    turned = type(grid)(
        rigid(shift_mm=(3, -4, 5), about_z_deg=20) @ grid.affine, uneven, grid.rows, grid.columns
    )
    edge = field_edge(dose_of(ball, grid=turned), edge_gy=15.0)
    radius = np.linalg.norm(edge.surface_mm, axis=1)
    assert len(radius) > 300
    assert np.abs(radius - 15).max() < 0.3


def test_a_field_that_the_grid_cuts_is_marked():
    edge = field_edge(dose_of(ball, grid=box((-40, -40, -10), (40, 40, 40))), edge_gy=15.0)
    assert edge.cut
    assert edge.distance_mm(np.array([[0.0, 0, 30.0]])) == pytest.approx(15.0, abs=0.15)


def test_without_such_a_dose_there_is_no_edge():
    assert field_edge(dose_of(ball), edge_gy=31.0) is None
    everywhere = field_edge(dose_of(lambda x, y, z: 20 + 0 * x), edge_gy=10.0)
    assert everywhere.cut
    assert everywhere.distance_mm(np.zeros((1, 3))) is None
    assert field_edge(dose_of(ball), edge_gy=15.0).distance_mm(np.zeros((0, 3))) is None
