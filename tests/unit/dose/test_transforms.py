"""Ways between frames of reference: chains, inverses, what is no rigid transform, files."""

import json

import numpy as np
import pytest

from abscope.dose.matrix_file import read_registration
from abscope.dose.plans import Registration
from abscope.dose.transforms import (
    frame_to_frame,
    move_dose,
    registration_findings,
    rigid_faults,
)
from abscope.errors import TableError
from dose_objects import dose_of, rigid

A_TO_B = rigid(shift_mm=(10, 0, -5), about_z_deg=30)
B_TO_C = rigid(shift_mm=(-3, 7, 2), about_z_deg=-50)
CHAIN = (Registration("A", "B", A_TO_B), Registration("C", "B", np.linalg.inv(B_TO_C)))


def test_a_way_may_lead_over_inverses():
    way = frame_to_frame(CHAIN, source_uid="A", target_uid="C")
    np.testing.assert_allclose(way, B_TO_C @ A_TO_B, atol=1e-12)
    back = frame_to_frame(CHAIN, source_uid="C", target_uid="A")
    np.testing.assert_allclose(back @ way, np.eye(4), atol=1e-12)
    assert frame_to_frame(CHAIN, source_uid="A", target_uid="D") is None


def test_the_shortest_way_is_taken():
    direct = rigid(shift_mm=(1, 2, 3))
    ways = (*CHAIN, Registration("A", "C", direct))
    np.testing.assert_array_equal(frame_to_frame(ways, source_uid="A", target_uid="C"), direct)


def test_ways_that_disagree_are_reported_and_refused():
    """Proposal of check 9: warn above 2 mm, refuse above 5 mm."""
    right = B_TO_C @ A_TO_B
    for shift_mm, severity in ((0.5, None), (3.0, "warning"), (8.0, "refused")):
        other = right.copy()
        other[0, 3] += shift_mm
        found = registration_findings((*CHAIN, Registration("A", "C", other)))
        assert [item.severity for item in found] == ([severity] if severity else [])
    assert "up to 8.0 mm" in found[0].what


def test_a_small_turn_is_seen_far_from_the_axis():
    first = Registration("A", "B", np.eye(4))
    turned = Registration("A", "B", rigid(about_z_deg=2.0))
    (finding,) = registration_findings((first, turned))
    assert finding.severity == "refused"
    assert registration_findings((first, turned), center_mm=np.array([900.0, 0, 0]))[0].what > ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m * 1.01, "the last row"),
        (lambda m: np.diag([1.01, 1, 1, 1]) @ m, "orthonormal"),
        (lambda m: np.diag([-1, 1, 1, 1]) @ m, "reflection"),
        (lambda m: m.T, "transposed"),
        (lambda m: m * np.nan, "NaN"),
        (lambda m: m[:3], "shape"),
    ],
)
def test_what_is_no_rigid_transform(change, words):
    faults = rigid_faults(change(rigid(shift_mm=(1, 2, 3), about_z_deg=20)))
    assert words in " ".join(part for fault in faults for part in fault)


def test_rounded_decimals_are_let_pass():
    assert rigid_faults(np.round(rigid(shift_mm=(1, 2, 3), about_z_deg=20), 4)) == []


def test_a_matrix_that_is_not_rigid_refuses_the_registration():
    (finding,) = registration_findings((Registration("A", "B", 2 * np.eye(4)),))[:1]
    assert (finding.code, finding.severity) == ("registration-not-rigid", "refused")


def test_a_moved_grid_keeps_its_doses():
    dose = dose_of(lambda x, y, z: x + 100)
    moved = move_dose(dose, A_TO_B, frame_uid="B")
    index = np.array([[3.0, 4.0, 5.0]])
    points = dose.grid.points_mm(index)
    np.testing.assert_allclose(
        moved.grid.points_mm(index), points @ A_TO_B[:3, :3].T + A_TO_B[:3, 3], atol=1e-12
    )
    assert moved.dose_gy is dose.dose_gy
    assert moved.frame_uid == "B"


def test_a_matrix_from_a_file(tmp_path):
    path = tmp_path / "way.txt"
    path.write_text(
        "# CT2 to CT1\n" + "\n".join(",".join(map(repr, map(float, row))) for row in A_TO_B)
    )
    found = read_registration(path, source_frame_uid="A", target_frame_uid="B")
    np.testing.assert_array_equal(found.to_target, A_TO_B)
    assert (found.source_frame_uid, found.target_frame_uid) == ("A", "B")
    for data in (A_TO_B.tolist(), {"matrix": A_TO_B.tolist()}):
        path.write_text(json.dumps(data))
        found = read_registration(path, source_frame_uid="A", target_frame_uid="B")
        np.testing.assert_array_equal(found.to_target, A_TO_B)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 0 0 0\n0 1 0 0\n0 0 1 0\n", "12 numbers"),
        ("1 0 0 0\n0 one 0 0\n", ":2: 'one'"),
        ("[[1, 0], [0, 1]]", "no 4 x 4 matrix"),
        ('{"matrix": 3}', "no 4 x 4 matrix"),
        ("[[1,", "not JSON"),
        ("2 0 0 0\n0 2 0 0\n0 0 2 0\n0 0 0 1\n", "orthonormal"),
        ("nan 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", "NaN"),
        ("", "0 numbers"),
    ],
)
def test_a_file_without_a_rigid_transform_is_refused(tmp_path, text, words):
    path = tmp_path / "way.txt"
    path.write_text(text)
    with pytest.raises(TableError) as caught:
        read_registration(path, source_frame_uid="A", target_frame_uid="B")
    assert words in str(caught.value)
