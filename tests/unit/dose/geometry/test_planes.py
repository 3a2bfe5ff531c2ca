"""Contours become planes, and planes become slabs."""

import numpy as np
import pytest

from abscope.dose.geometry.planes import plane_stack
from abscope.dose.structures import Contour, Roi
from abscope.errors import DicomError
from phantom_shapes import circle, grid_of, roi_of

GRID = grid_of((21, 21, 21), origin_mm=(-25.0, -25.0, -25.0))


def disc(z, *, r=10.0, at=(0.0, 0.0)):
    return circle(at, r, z, n=40)


def extents(stack, cap):
    return [tuple(round(v, 6) for v in plane.extent_mm(cap)) for plane in stack.planes]


def codes(stack):
    return [finding.code for finding in stack.findings]


def offset(z):
    return z + 25.0


def test_slabs_meet_in_the_middle_and_end_by_the_cap():
    stack = plane_stack(roi_of("a", [disc(z) for z in (0, 3, 6, 9, 12)]), grid=GRID)
    half = [(25, 26.5), (26.5, 29.5), (29.5, 32.5), (32.5, 35.5), (35.5, 37)]
    assert extents(stack, "half") == half
    assert extents(stack, "full") == [(23.5, 26.5), *half[1:-1], (35.5, 38.5)]
    assert stack.spacing_mm == pytest.approx(3)
    assert codes(stack) == []


def test_contours_within_a_hundredth_of_a_mm_are_one_plane():
    rois = [disc(0.0, r=3, at=(-9, 0)), disc(0.008, r=3, at=(9, 0)), disc(3.0), disc(6.0)]
    assert [len(p.polygons) for p in plane_stack(roi_of("a", rois), grid=GRID).planes] == [2, 1, 1]


def test_a_gap_is_not_bridged_and_is_told():
    stack = plane_stack(roi_of("a", [disc(z) for z in (0, 2, 4, 12, 14, 16)]), grid=GRID)
    assert extents(stack, "half")[2:4] == [(28, 29), (37, 38)]
    assert extents(stack, "full")[2:4] == [(28, 30), (36, 38)]
    found = next(f for f in stack.findings if f.code == "gap-in-planes")
    assert "8.00 mm" in found.what
    assert found.severity == "warning"


def test_a_gap_of_one_and_a_half_spacings_is_bridged():
    stack = plane_stack(roi_of("a", [disc(z) for z in (0, 2, 4, 7, 9, 11)]), grid=GRID)
    assert codes(stack) == []


def test_a_plane_between_gaps_stands_for_one_spacing():
    stack = plane_stack(roi_of("a", [disc(z) for z in (0, 2, 4, 12, 20, 22)]), grid=GRID)
    assert extents(stack, "half")[3] == extents(stack, "full")[3] == (36, 38)


def test_one_plane_needs_the_thickness_of_its_slice():
    roi = roi_of("small", [disc(0.0)])
    with pytest.raises(DicomError, match=r"small: has contours on one plane only.*thickness"):
        plane_stack(roi, grid=GRID)
    stack = plane_stack(roi, grid=GRID, plane_spacing_mm=2.0)
    assert extents(stack, "half") == extents(stack, "full") == [(24, 26)]
    assert codes(stack) == ["few-planes"]


@pytest.mark.parametrize(
    ("contour", "code"),
    [
        (Contour(np.zeros((2, 3))), "short-contour"),
        (Contour(np.array([(0, 0, 0), (1, np.nan, 0), (1, 1, 0)])), "contour-not-finite"),
        (Contour(np.array([(0, 0, 0), (np.inf, 0, 0), (1, 1, 0)])), "contour-not-finite"),
        (Contour(np.array([(0, 0, 0), (1, 1, 0), (2, 2, 0)], float)), "contour-without-area"),
        (Contour(disc(9.0), "OPEN_PLANAR"), "open-contour"),
        (Contour(np.zeros((1, 3)), "POINT"), "open-contour"),
        (Contour(disc(9.0) * (1e5, 1e5, 1.0)), "contour-too-long"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_told(contour, code):
    good = tuple(Contour(disc(z)) for z in (0.0, 1, 2, 3, 4))
    stack = plane_stack(Roi(1, "a", (*good, contour)), grid=GRID)
    assert codes(stack) == [code]
    assert len(stack.planes) == 5


def test_a_region_without_contours_has_no_planes():
    stack = plane_stack(roi_of("Areola", []), grid=GRID)
    assert stack.planes == ()
    assert codes(stack) == ["empty-roi"]


def test_a_repeated_contour_counts_once():
    rings = [disc(z) for z in (0.0, 1, 2, 3, 4)]
    stack = plane_stack(roi_of("a", [*rings, np.roll(rings[2], 7, axis=0)[::-1]]), grid=GRID)
    assert codes(stack) == ["repeated-contour"]
    assert [len(p.polygons) for p in stack.planes] == [1] * 5


def test_contours_across_each_other_are_refused():
    upright = disc(0.0)[:, [0, 2, 1]]
    with pytest.raises(DicomError, match=r"1 of 4 contours leave the plane of the others"):
        plane_stack(roi_of("a", [disc(0.0), disc(1), disc(2), upright * 0.5]), grid=GRID)


def test_more_contours_than_a_region_has_are_refused():
    tiny = Contour(np.array([(0.0, 0, 0), (1, 0, 0), (0, 1, 0)]))
    with pytest.raises(DicomError, match="has 100001 contours; expected at most 100000"):
        plane_stack(Roi(1, "a", (tiny,) * 100_001), grid=GRID)


def test_many_islands_are_sorted_in_time():
    rings = [
        disc(z, r=0.4, at=(x, y)) for z in (0, 1) for x in range(-10, 11) for y in range(-10, 11)
    ]
    stack = plane_stack(roi_of("islands", [*rings, disc(0, r=40), disc(1, r=40)]), grid=GRID)
    assert [sum(plane.signs) for plane in stack.planes] == [1 - 21**2] * 2


def test_a_region_drawn_on_sagittal_planes_keeps_its_own_planes():
    rings = [disc(float(x))[:, [2, 0, 1]] for x in range(-3, 4)]
    stack = plane_stack(roi_of("a", rings), grid=GRID)
    assert not stack.aligned
    assert len(stack.planes) == 7
    assert stack.spacing_mm == pytest.approx(1.0)
    normal = np.cross(stack.affine[:3, 0], stack.affine[:3, 1])
    assert abs(normal[0]) / np.linalg.norm(normal) == pytest.approx(1)
