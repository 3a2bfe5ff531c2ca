"""Where the voxels lie: orientation, falling and absolute offsets, uneven planes, rotation."""

import numpy as np
import pytest

from abscope.dose.dicom import read_study
from dicom_case import write_case
from dicom_phantom import centers_mm, grid_of

TURNED = (
    np.cos(0.1), np.sin(0.1), 0.0, -np.sin(0.1), np.cos(0.1), 0.0,
)  # fmt: skip
ORIENTATIONS = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "FFP": (1, 0, 0, 0, -1, 0),
    "HFDR": (0, -1, 0, 1, 0, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "turned": TURNED,
}


def field_gy(points_mm):
    """A dose that tells every point of the patient from every other."""
    return 10.0 + points_mm @ np.array([0.11, 0.07, 0.13])


def read(folder, grid, **dose):
    made = field_gy(centers_mm(grid))
    write_case(folder, dose={"dose_gy": made, "grid": grid, **dose}, plan={"levels": ((1, 15.0),)})
    study = read_study(folder, accepted={"dose-level": "a made-up field"})
    return study, study.doses[0].dose


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ORIENTATIONS)
def test_every_voxel_has_the_dose_of_its_place(tmp_path, name, descending):
    """Closed form: the dose is a known function of the point, whatever the stack looks like."""
    grid = grid_of(
        (5, 6, 7),
        spacing_mm=(3.0, 2.5, 2.0),
        origin_mm=(4.0, -6.0, 8.0),
        orientation=ORIENTATIONS[name],
        offsets_mm=(0.0, 3.0, 5.0, 11.0, 12.5),
    )
    study, dose = read(tmp_path, grid, descending=descending)
    assert (np.diff(dose.grid.offsets_mm) > 0).all()
    assert np.abs(dose.dose_gy - field_gy(centers_mm(dose.grid))).max() < 1e-5
    assert sorted(map(tuple, centers_mm(dose.grid).reshape(-1, 3).round(6))) == sorted(
        map(tuple, centers_mm(grid).reshape(-1, 3).round(6))
    )
    assert [item.code for item in study.findings if item.code == "rotated-grid"] == (
        ["rotated-grid"] if name == "turned" else []
    )


@pytest.mark.parametrize("name", ["HFS", "HFP", "FFS", "FFP"])
@pytest.mark.parametrize("descending", [False, True])
def test_absolute_offsets_are_heights(tmp_path, name, descending):
    """Offsets that start at the z of the first frame are z coordinates (PS3.3 C.8.8.3.2)."""
    grid = grid_of(
        (4, 5, 6), origin_mm=(1.0, 2.0, -40.0), orientation=ORIENTATIONS[name],
        offsets_mm=(0.0, 3.0, 5.0, 11.0),
    )  # fmt: skip
    upright = np.sign(grid.affine[2, 2])
    offsets = grid.offsets_mm[::-1] if descending else grid.offsets_mm
    heights = [f"{-40.0 + upright * offset:g}" for offset in offsets]
    _, dose = read(tmp_path, grid, descending=descending, GridFrameOffsetVector=heights)
    assert np.abs(dose.dose_gy - field_gy(centers_mm(dose.grid))).max() < 1e-5


def test_row_spacing_comes_first(tmp_path):
    grid = grid_of((3, 4, 5), spacing_mm=(3.0, 2.0, 1.0))
    _, dose = read(tmp_path, grid)
    assert np.allclose(np.diag(dose.grid.affine)[:3], (1.0, 2.0, 1.0))
    assert dose.grid.affine[0, 0] == 1.0, "from column to column"
    assert dose.grid.affine[1, 1] == 2.0, "from row to row"


def test_one_frame_needs_no_offsets(tmp_path):
    grid = grid_of((1, 6, 7))
    _, dose = read(tmp_path, grid, GridFrameOffsetVector=None)
    assert dose.grid.offsets_mm.tolist() == [0.0]
