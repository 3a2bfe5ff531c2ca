"""What must hold for any region in any dose: check 7 of the dose notes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.dose.dicom.reading import read_study
from abscope.dose.dvh import (
    DvhSettings,
    cumulative_curve,
    dose_at_volume,
    dvh,
    mean_dose,
    total_volume,
)
from abscope.dose.geometry.grid import DoseGrid, Grid
from abscope.dose.structures import Contour, Roi
from analytic_doses import CENTER_MM, ball, linear_si, tube
from dicom_phantom import write_dose, write_structures
from phantom_shapes import centers_mm, circle, grid_of, roi_of

QUICK = settings(max_examples=30, deadline=None, derandomize=True)


def bumpy(grid):
    p = centers_mm(grid)
    return DoseGrid(grid, 20 + 3 * np.sin(p[..., 0] / 7) + 0.2 * p[..., 2] + 0.1 * p[..., 1], "f")


def moved(roi, matrix, shift):
    return Roi(
        roi.number,
        roi.name,
        tuple(Contour(c.points_mm @ matrix.T + shift, c.kind) for c in roi.contours),
    )


GRID = grid_of((25, 25, 25), origin_mm=(-30.0,) * 3)
LEVELS = (0.98, 0.5, 0.02)


def values(curve):
    return [total_volume(curve), curve.outside_ml, mean_dose(curve)] + [
        dose_at_volume(curve, volume_frac=v) for v in LEVELS
    ]


@given(k=st.integers(1, 9), kz=st.integers(1, 5), radius=st.floats(4.0, 25.0))
@QUICK
def test_the_volume_does_not_depend_on_the_cells(k, kz, radius):
    roi = ball(radius).roi(radius / 4)
    plain = dvh(roi, dose=bumpy(GRID), settings=DvhSettings(k=1, kz=1))
    fine = dvh(roi, dose=bumpy(GRID), settings=DvhSettings(k=k, kz=kz))
    assert total_volume(fine) == pytest.approx(total_volume(plain), rel=1e-9)
    assert fine.outside_ml == pytest.approx(plain.outside_ml, abs=1e-9)


@given(
    x=st.floats(-12, 12), y=st.floats(-12, 12), z=st.floats(-12, 12), radius=st.floats(3, 14)
)  # fmt: skip
@QUICK
def test_dose_falls_with_volume_and_the_mean_is_the_area_below_the_curve(x, y, z, radius):
    rings = [circle((x, y), radius, z + float(h)) for h in np.arange(-radius, radius, radius / 3)]
    curve = dvh(roi_of("r", rings), dose=bumpy(GRID))
    shares = np.linspace(0, 1, 101)
    doses = [dose_at_volume(curve, volume_frac=v) for v in shares]
    assert (np.diff(doses) <= 0).all()
    at = np.unique(np.concatenate([[0.0], curve.dose_gy]))
    above = cumulative_curve(curve, dose_gy=at)
    area = float((above[1:] * np.diff(at)).sum()) / curve.volume_ml.sum()
    assert area == pytest.approx(mean_dose(curve), rel=1e-9)


@given(
    shift=st.tuples(*[st.floats(-400, 400)] * 3),
    turn=st.floats(0, 2 * np.pi),
    tilt=st.floats(0, np.pi),
)
@QUICK
def test_region_and_dose_moved_together_change_nothing(shift, turn, tilt):
    c, s = np.cos(turn), np.sin(turn)
    ct, stl = np.cos(tilt), np.sin(tilt)
    matrix = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, ct, -stl], [0, stl, ct]]
    )
    dose, roi = bumpy(GRID), tube(12, 24).roi(3.0)
    affine = GRID.affine.copy()
    affine[:3, :3] = matrix @ affine[:3, :3]
    affine[:3, 3] = matrix @ affine[:3, 3] + shift
    there = DoseGrid(Grid(affine, GRID.offsets_mm, GRID.rows, GRID.columns), dose.dose_gy, "f")
    plain, same = dvh(roi, dose=dose), dvh(moved(roi, matrix, shift), dose=there)
    assert values(same) == pytest.approx(values(plain), rel=1e-9, abs=1e-8)


def flips():
    """Stacks that hold the same voxels in another order: prone, feet first, both."""
    for name, along, down in (
        ("prone", (-1, 0, 0), (0, -1, 0)),
        ("feet first", (-1, 0, 0), (0, 1, 0)),
        ("feet first, prone", (1, 0, 0), (0, -1, 0)),
        ("rows and columns swapped", (0, 1, 0), (1, 0, 0)),
    ):
        yield pytest.param((*along, *down), id=name)


@pytest.mark.parametrize("orientation", list(flips()))
def test_the_order_of_the_voxels_does_not_matter(orientation):
    edge = np.array([-30.0 if sum(orientation[i::3]) > 0 else 30.0 for i in range(2)] + [0.0])
    along, down = np.array(orientation[:3]), np.array(orientation[3:])
    edge[2] = -30.0 if np.cross(along, down)[2] > 0 else 30.0
    grid = grid_of((25, 25, 25), origin_mm=tuple(edge), orientation=orientation)
    roi = ball(12).roi(2.0)
    plain, other = dvh(roi, dose=bumpy(GRID)), dvh(roi, dose=bumpy(grid))
    assert values(other) == pytest.approx(values(plain), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("how", [{"absolute": True}, {"descending": True}])
def test_files_that_state_their_planes_differently_give_the_same(tmp_path, how):
    dose = bumpy(GRID)
    roi = ball(12).roi(2.0)
    found = []
    for name, options in (("plain", {}), ("other", how)):
        folder = tmp_path / name
        folder.mkdir()
        write_dose(folder / "dose.dcm", dose.dose_gy, GRID, plan_uid=None, **options)
        write_structures(folder / "structures.dcm", [roi])
        study = read_study(folder)
        found.append(values(dvh(study.structure_sets[0].rois[0], dose=study.doses[0].dose)))
    assert found[1] == pytest.approx(found[0], rel=1e-6, abs=1e-6)


def test_a_dose_grid_rotated_against_the_contours_is_sampled_where_it_lies():
    """Check 7: the grid turned by 5.7 degrees about x; its frames still carry 20 + z_index / 2.

    The closed form is the dose along the turned normal, which at the center of the region differs
    from the 20.00 that a reader gets who takes the grid for an axial one.
    """
    turn = np.deg2rad(5.7)
    normal = np.array([0, -np.sin(turn), np.cos(turn)])
    tilted = grid_of(
        (33, 33, 33),
        origin_mm=(-40.0, -40.0, -40.0),
        orientation=(1, 0, 0, 0, np.cos(turn), np.sin(turn)),
    )
    stored = 20 + 0.5 * (tilted.offsets_mm - 41.23)[:, None, None] * np.ones(tilted.shape)
    curve = dvh(
        tube(12, 24).roi(2.0),
        dose=DoseGrid(tilted, stored, "f"),
        settings=DvhSettings(cap="full"),
    )
    from_origin = np.array(CENTER_MM) + 40.0
    expected = 20 + 0.5 * (float(from_origin @ normal) - 41.23)
    assert total_volume(curve) == pytest.approx(tube(12, 24).volume_ml, rel=1e-6)
    assert mean_dose(curve) == pytest.approx(expected, abs=0.002)
    assert abs(expected - 20.0) > 1


@pytest.mark.parametrize("plane", ["sagittal", "coronal", "oblique"])
def test_contours_across_the_dose_planes_give_the_same_region(plane):
    dose = DoseGrid(GRID, linear_si(centers_mm(GRID) - CENTER_MM), "f")
    roi = tube(10, 20).roi(1.0)
    swap = {
        "sagittal": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], float),
        "coronal": np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]], float),
        "oblique": np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]),
    }[plane]
    center = np.array(CENTER_MM)
    turned = moved(moved(roi, np.eye(3), -center), swap, center)
    curve = dvh(turned, dose=dose, settings=DvhSettings(cap="full"))
    assert total_volume(curve) == pytest.approx(tube(10, 20).volume_ml, rel=1e-6)
    assert mean_dose(curve) == pytest.approx(20.0, abs=0.01)
    axis = swap @ (0, 0, 1)
    spread = np.sqrt(100 / 4 * (1 - axis[2] ** 2) + 400 / 12 * axis[2] ** 2) * 0.5
    found = np.sqrt(np.average((curve.dose_gy - 20) ** 2, weights=curve.volume_ml))
    assert found == pytest.approx(spread, rel=0.01)


@given(
    turns=st.lists(st.sampled_from([1, -1]), min_size=3, max_size=3),
    order=st.permutations(range(3)),
)
@QUICK
def test_neither_turn_nor_order_of_nested_contours_matters(turns, order):
    rings = [
        circle((0, 0), r, float(z))[:: turns[i]]
        for z in range(6)
        for i, r in enumerate((14.0, 9.0, 4.0))
    ]
    shuffled = [rings[3 * z + i] for z in range(6) for i in order]
    curve = dvh(roi_of("shell", shuffled), dose=bumpy(GRID), settings=DvhSettings(cap="full"))
    assert total_volume(curve) == pytest.approx(np.pi * 6 * (196 - 81 + 16) / 1000, rel=1e-6)


def test_holes_as_rings_or_keyholes_and_islands():
    """Check 4: full 33.93, ring 25.45 for opposite, same orientation and keyhole, islands 10.86."""
    dose = DoseGrid(GRID, np.full(GRID.shape, 20.0), "f")
    r, inner = 18.0, 9.0
    z = 0.0
    height = 33.93e3 / (np.pi * r * r)

    def volume(*rings):
        curve = dvh(roi_of("r", [*rings]), dose=dose, plane_spacing_mm=height)
        assert mean_dose(curve) == pytest.approx(20.0)
        return total_volume(curve)

    outer, hole = circle((0, 0), r, z), circle((0, 0), inner, z)
    key = np.concatenate([outer, outer[:1], hole[:1], hole[::-1], outer[:1]])
    islands = circle((-10, 0), 7.2, z), circle((10, 0), 7.2, z)
    assert volume(outer) == pytest.approx(33.93, abs=0.005)
    for rings in ((outer, hole), (outer, hole[::-1]), (key,)):
        assert volume(*rings) == pytest.approx(25.45, abs=0.005)
    assert volume(*islands) == pytest.approx(33.93 * 2 * 7.2**2 / r**2, abs=0.005)
