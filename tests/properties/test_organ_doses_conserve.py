"""Property: whatever is drawn, the doses of organs and remainder add up to that of the body."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.dose.courses import courses_of
from abscope.dose.organs import organ_table
from abscope.dose.structures import Contour, Roi, StructureSet
from dose_objects import box, dose_of, plan_of, study_of

NAMES = ("Liver", "Lung_L", "Lung_R", "Lungs", "Heart", "Spleen", "Muscles", "Nodes", "PTV", "Skin")
GRID = box((-20, -20, -20), (20, 20, 20), step_mm=4.0)
DOSE = dose_of(lambda x, y, z: 5 + 0.1 * x + 0.05 * np.abs(y) + 0.02 * z, grid=GRID)


@st.composite
def regions(draw):
    """Triangles and quadrangles on planes 3 mm apart, some of them beyond body and grid."""
    found = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True))):
        middle = draw(st.tuples(st.floats(-15, 15), st.floats(-15, 15)))
        radius = draw(st.floats(1.0, 25.0))
        turn = draw(st.floats(0, 6))
        corners = draw(st.integers(3, 6))
        angle = turn + np.linspace(0, 2 * np.pi, corners, endpoint=False)
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius + middle
        first = draw(st.integers(-24, 15))
        planes = first + 3.0 * np.arange(draw(st.integers(2, 6)))
        contours = tuple(Contour(np.column_stack([ring, np.full(corners, z)])) for z in planes)
        found.append(Roi(number, name, contours))
    return found


def body():
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([17.3 * np.cos(angle), 15.1 * np.sin(angle)])
    planes = -18.0 + 3.0 * np.arange(13)
    contours = tuple(Contour(np.column_stack([ring, np.full(40, z)])) for z in planes)
    return Roi(99, "Outline", contours, "EXTERNAL")


def sums(rois):
    made = replace(
        study_of((DOSE, plan_of("P"))), structure_sets=(StructureSet("S", "F1", tuple(rois)),)
    )
    rows = organ_table(made, courses=courses_of(made))
    return (
        sum(row.integral_dose_gy_ml for row in rows),
        sum(float(row.volume_ml.sum()) for row in rows),
        rows,
    )


@settings(derandomize=True, max_examples=40, deadline=None)
@given(regions())
def test_nothing_is_lost_and_nothing_counted_twice(rois):
    whole = sums([body()])
    parts = sums([*rois, body()])
    assert parts[0] == pytest.approx(whole[0], rel=1e-6)
    assert parts[1] == pytest.approx(whole[1], rel=1e-6)
    assert all(np.all(row.volume_ml > 0) for row in parts[2])
    names = [row.organ for row in parts[2]]
    assert len(names) == len(set(names))
