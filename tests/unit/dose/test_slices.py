"""Planes through a dose: values, lines and outlines against closed forms."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from abscope.dose.geometry.grid import DoseGrid, ImageGrid
from abscope.dose.isolines import isolines, joined_lines
from abscope.dose.slices import DoseSlice, dose_levels, dose_slices, inner_point
from abscope.dose.structures import Contour, Roi, StructureSet
from abscope.errors import DicomError
from dose_objects import box, dose_of


def ring(radius: float, z: float, *, x: float = 0.0, y: float = 0.0, n: int = 180) -> Contour:
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    points = np.column_stack(
        (x + radius * np.cos(angle), y + radius * np.sin(angle), angle * 0 + z)
    )
    return Contour(points)


def cylinder(name: str = "tube", role: str = "GTV") -> Roi:
    return Roi(1, name, tuple(ring(12.0, z) for z in np.arange(-15.0, 15.1, 3.0)), role)


def regions(*rois: Roi, frame: str = "F1") -> StructureSet:
    return StructureSet("S", frame, rois, 3.0)


def lengths(item: DoseSlice) -> tuple[float, float]:
    rows, columns = item.dose_gy.shape
    return columns * item.pixel_mm, rows * item.pixel_mm


def test_a_linear_dose_is_itself_on_every_plane() -> None:
    """Closed form: D = 10 + 0.1 x + 0.05 y - 0.02 z Gy; linear interpolation is exact."""
    dose = dose_of(lambda x, y, z: 10 + 0.1 * x + 0.05 * y - 0.02 * z)
    axial, coronal, sagittal = dose_slices((5.0, -7.0, 11.0), dose=dose, pixel_mm=2.0)
    for item, value in (
        (axial, lambda a, d: 10 + 0.1 * a + 0.05 * d - 0.22),
        (coronal, lambda a, d: 10 + 0.1 * a - 0.35 + 0.02 * d),
        (sagittal, lambda a, d: 10 + 0.5 + 0.05 * a + 0.02 * d),
    ):
        rows, columns = item.dose_gy.shape
        across = item.corner_mm[0] + item.pixel_mm * np.arange(columns)
        down = item.corner_mm[1] + item.pixel_mm * np.arange(rows)
        expected = value(across[None, :], down[:, None])
        # in the last half voxel the dose is that of the nearest center
        inner = (np.abs(across[None, :]) <= 40) & (np.abs(down[:, None]) <= 40)
        assert item.dose_gy[inner] == pytest.approx(expected[inner], abs=1e-9)
    assert (axial.letters, coronal.letters, sagittal.letters) == ("RLAP", "RLHF", "APHF")
    assert (axial.at_mm, coronal.at_mm, sagittal.at_mm) == (11.0, -7.0, 5.0)
    assert (axial.center_mm, coronal.center_mm) == ((5.0, -7.0), (5.0, -11.0))
    assert sagittal.center_mm == (-7.0, -11.0)


def test_outside_the_grid_no_dose_is_known() -> None:
    dose = dose_of(lambda x, y, z: 5.0 + 0 * x)
    body = Roi(2, "BODY", (ring(90.0, -40.0), ring(90.0, 40.0)), "EXTERNAL")
    axial, _, _ = dose_slices((0.0, 0.0, 0.0), dose=dose, structures=regions(body), pixel_mm=2.0)
    assert lengths(axial)[0] == pytest.approx(196, abs=2.1)
    known = np.isfinite(axial.dose_gy)
    share = known.mean() * lengths(axial)[0] * lengths(axial)[1]
    assert share == pytest.approx(82.5**2, rel=0.03)
    (line,) = axial.known_mm
    assert np.abs(line).max() == pytest.approx(41.25, abs=1.1)
    outside, _, _ = dose_slices((0.0, 0.0, 60.0), dose=dose, pixel_mm=4.0)
    assert np.isnan(outside.dose_gy).all()
    assert outside.known_mm == ()


def test_an_isoline_of_a_radial_dose_is_a_circle() -> None:
    """Closed form: D = 20 - r/2 Gy reaches 10 Gy at r = 20 mm."""
    dose = dose_of(lambda x, y, z: 20 - np.sqrt(x**2 + y**2) / 2 + 0 * z)
    axial, _, _ = dose_slices((0.0, 0.0, 0.0), dose=dose, pixel_mm=1.0, levels_gy=(10.0,))
    ((level, lines),) = axial.isolines_mm
    assert level == 10.0
    (line,) = lines
    assert np.hypot(line[:, 0], line[:, 1]) == pytest.approx(np.full(len(line), 20.0), abs=0.05)
    assert line[0] == pytest.approx(line[-1])


def test_outlines_of_a_cylinder_on_three_planes() -> None:
    """Closed form: radius 12 mm, from -15 to 15 mm between its outer contours."""
    dose = dose_of(lambda x, y, z: 5.0 + 0 * x)
    found = dose_slices((0.0, 0.0, 0.0), dose=dose, structures=regions(cylinder()))
    for item, height in zip(found, (12.0, 15.0, 15.0), strict=True):
        (outline,) = item.outlines
        assert outline.name == "tube"
        points = np.concatenate(outline.lines_mm)
        assert np.abs(points[:, 0]).max() == pytest.approx(12.0, abs=0.01)
        assert np.abs(points[:, 1]).max() == pytest.approx(height, abs=0.01)
        assert all(line[0] == pytest.approx(line[-1]) for line in outline.lines_mm)
        assert len(outline.lines_mm) == 1
    above = dose_slices((0.0, 0.0, 30.0), dose=dose, structures=regions(cylinder()))
    assert above[0].outlines == ()


def test_the_image_is_sampled_where_it_is_and_nowhere_else() -> None:
    dose = dose_of(lambda x, y, z: 5.0 + 0 * x)
    where = box((-20, -20, -20), (20, 20, 20), step_mm=2.0)
    k, j, i = np.meshgrid(*(np.arange(n) for n in where.shape), indexing="ij")
    image = ImageGrid(where, (10 * i + j * 0 + k * 0).astype(np.int16), "F1")
    axial, _, _ = dose_slices((0.0, 0.0, 0.0), dose=dose, image=image, pixel_mm=2.0)
    assert axial.ct_hu is not None
    column = round(-axial.corner_mm[0] / 2.0)
    row = axial.ct_hu.shape[0] // 2
    x = axial.corner_mm[0] + 2.0 * column
    assert axial.ct_hu[row, column] == pytest.approx(10 * (x + 20) / 2)
    assert np.isnan(axial.ct_hu[0, 0])


def test_image_and_regions_of_another_frame_are_refused_together() -> None:
    dose = dose_of(lambda x, y, z: 5.0 + 0 * x)
    image = ImageGrid(box(), np.zeros(box().shape, np.int16), "F2")
    with pytest.raises(DicomError) as error:
        dose_slices((0, 0, 0), dose=dose, image=image, structures=regions(cylinder(), frame="F3"))
    assert len(error.value.problems) == 2


def test_the_inner_point_of_a_bent_region_lies_in_it() -> None:
    """A horseshoe: its center of area lies in the gap."""
    outer = np.array([[-30, -30], [30, -30], [30, 30], [-30, 30], [-30, 10], [10, 10], [10, -10],
                      [-30, -10]], dtype=float)  # fmt: skip
    shape = Roi(1, "U", (Contour(np.column_stack((outer, np.zeros(len(outer))))), ring(1, 9)))
    point = inner_point(shape)
    assert point is not None
    assert 10 < point[0] < 30 or abs(point[1]) > 10
    assert point[2] == 0
    assert inner_point(Roi(1, "none", ())) is None
    assert inner_point(Roi(1, "open", (replace(ring(5, 0), kind="OPEN_PLANAR"),))) is None


@pytest.mark.parametrize("top", [0.4, 0.9, 1.3, 14.7, 24.6, 32.7, 55.0, 79.0, 260.0])
def test_levels_are_few_rising_and_hold_one_gray(top: float) -> None:
    levels = dose_levels(top)
    assert len(levels) <= 8
    assert list(levels) == sorted(set(levels))
    assert all(level < top for level in levels)
    assert (1.0 in levels) == (top > 1.0)


def test_saddles_gaps_and_borders_of_isolines() -> None:
    saddle = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert len(isolines(saddle, 0.4)) == 2
    assert len(isolines(saddle, 0.6)) == 2
    hole = np.ones((5, 5))
    hole[2, 2] = np.nan
    assert isolines(hole, 0.5) == []
    ramp = np.tile(np.arange(4.0), (3, 1))
    (line,) = isolines(ramp, 1.25)
    assert line[:, 0] == pytest.approx(1.25)
    assert sorted(line[:, 1].tolist()) == [0, 1, 2]


def test_pieces_are_joined_where_they_meet() -> None:
    square = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    pieces = [np.array(pair, float) for pair in itertools.pairwise(square)]
    whole = np.array([[9.0, 9], [8, 8], [7, 9]])
    found = joined_lines([pieces[2], whole, pieces[0], pieces[3], pieces[1]])
    assert [len(line) for line in found] == [3, 5]
    assert found[1][0] == pytest.approx(found[1][-1])


def test_the_dose_of_float32_grids_is_drawn_too() -> None:
    dose = dose_of(lambda x, y, z: 5.0 + 0 * x)
    single = DoseGrid(dose.grid, dose.dose_gy.astype(np.float32), "F1")
    axial, _, _ = dose_slices((0.0, 0.0, 0.0), dose=single, pixel_mm=5.0)
    assert np.nanmax(axial.dose_gy) == pytest.approx(5.0)
