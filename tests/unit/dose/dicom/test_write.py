"""What is written comes back the same, is filed under its patient, and replaces nothing."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from abscope.dose.dicom import read_study
from abscope.dose.dicom.write import (
    Filing,
    Subject,
    decimal,
    new_uid,
    subject_of,
    synthetic_subject,
)
from abscope.dose.dicom.write_dose import DoseReferences, write_dose
from abscope.dose.dicom.write_image import write_image
from abscope.dose.dicom.write_plan import BeamGeometry, write_plan
from abscope.dose.dicom.write_structures import write_structures
from abscope.dose.geometry.grid import DoseGrid, Floats, Grid, ImageGrid
from abscope.dose.plans import Beam, FractionGroup, Level, Plan
from abscope.dose.structures import Contour, Roi, StructureSet
from abscope.errors import AbscopeError, DicomError, UsageError

FRAME, SET, PLAN = "1.2.3.1", "1.2.3.2", "1.2.3.3"
SUBJECT = synthetic_subject("WRITE", date="20000103")
REFERS = DoseReferences((PLAN,))
SQUARE = np.array([[-7.1234, -8, 4], [9, -8, 4], [9, 6.66667, 4], [-7, 6, 4]])


def grid(*, turn_deg: float = 0.0, sign: float = 1.0, offsets: Floats | None = None) -> Grid:
    """9 x 11 voxels of 2.5 x 3 mm, turned about z; ``sign`` -1 counts planes towards the feet."""
    turn = np.radians(turn_deg)
    affine = np.eye(4)
    affine[:3, 0] = np.array([np.cos(turn), np.sin(turn), 0.0]) * 2.5
    affine[:3, 1] = np.array([-np.sin(turn), np.cos(turn), 0.0]) * 3.0
    affine[:3, 2] = [0.0, 0.0, sign]
    affine[:3, 3] = [-12.345678, -14.0, -8.5 * sign]
    return Grid(affine, np.arange(7) * 3.0 if offsets is None else offsets, 11, 9)


GRIDS = {
    "plain": grid(),
    "rotated": grid(turn_deg=17.3),
    "towards the feet": grid(sign=-1.0),
    "uneven planes": grid(offsets=np.array([0.0, 2.0, 3.0, 7.0, 8.0, 11.0])),
}


def dose_of(where: Grid, *, top_gy: float = 21.7) -> DoseGrid:
    values = np.random.default_rng(1).uniform(0.001, 1.0, where.shape) * top_gy
    return DoseGrid(where, values, FRAME)


def regions(**changes: object) -> StructureSet:
    roi = Roi(3, "L01 größer", (Contour(SQUARE), Contour(SQUARE + np.array([0, 0, 3]))), "GTV")
    return replace(StructureSet(SET, FRAME, (roi, Roi(4, "empty", ()))), **changes)  # type: ignore[arg-type]


def plan() -> Plan:
    return Plan(
        PLAN, SET, (FractionGroup(1, 5, (1, 2)),),
        (Level(3, 22.5, "PTV"), Level(None, 25.0)),
        (Beam(1, 310.5, 600.0, "PHOTON"), Beam(2, 99.0, None, "PHOTON")),
    )  # fmt: skip


GEOMETRY = {
    1: BeamGeometry("arc", (1.0, 2.0, 3.0), (0.0, 90.0, 180.0), (-50.0, 50.0, -40.0, 40.0)),
    2: BeamGeometry("field", (1.0, 2.0, 3.0), (270.0,), (-50.0, 50.0, -40.0, 40.0)),
}


def write_all(folder: Path, dose: DoseGrid) -> float:
    written = write_dose(
        folder / "dose.dcm", dose, subject=SUBJECT, filing=Filing("dose"), refers=REFERS
    )
    write_structures(folder / "set.dcm", regions(), subject=SUBJECT, filing=Filing("set"))
    write_plan(
        folder / "plan.dcm", plan(), subject=SUBJECT, filing=Filing("plan"), geometry=GEOMETRY
    )
    assert written.max_error_gy is not None
    return written.max_error_gy


def placed(where: Grid) -> Floats:
    """Every voxel center in the patient, in the order planes, rows, columns."""
    k, j, i = np.meshgrid(
        where.offsets_mm, np.arange(where.rows), np.arange(where.columns), indexing="ij"
    )
    return where.points_mm(np.column_stack((i.ravel(), j.ravel(), k.ravel())).astype(float))


def by_place(dose: DoseGrid) -> tuple[Floats, Floats]:
    points = np.round(placed(dose.grid), 6) + 0.0
    order = np.lexsort(points.T)
    return points[order], np.asarray(dose.dose_gy, float).ravel()[order]


@pytest.mark.parametrize("name", GRIDS)
def test_a_dose_comes_back_at_every_point(tmp_path: Path, name: str) -> None:
    """Round trip: relative 1e-6 of the maximum, and no more than the error that was stated."""
    dose = dose_of(GRIDS[name])
    error = write_all(tmp_path, dose)
    assert error <= 21.7 / 2**32
    (found,) = read_study(tmp_path).doses
    points, values = by_place(found.dose)
    expected_points, expected = by_place(dose)
    assert points == pytest.approx(expected_points, abs=1e-6)
    assert np.abs(values - expected).max() <= max(1e-6 * 21.7, error)
    assert (found.summation, found.plan_uid) == ("PLAN", PLAN)
    assert not found.dose.effective


def test_the_stated_error_holds_for_what_pydicom_reads(tmp_path: Path) -> None:
    dose = dose_of(grid())
    error = write_all(tmp_path, dose)
    found = dcmread(tmp_path / "dose.dcm")
    values = found.pixel_array.astype(float) * float(found.DoseGridScaling)
    assert np.abs(values - dose.dose_gy).max() <= error * (1 + 1e-9)
    assert [float(v) for v in found.GridFrameOffsetVector] == [0, 3, 6, 9, 12, 15, 18]
    assert found.ImageOrientationPatient == [1, 0, 0, 0, 1, 0]


def test_regions_plan_and_labels_come_back(tmp_path: Path) -> None:
    write_all(tmp_path, dose_of(grid()))
    study = read_study(tmp_path)
    (found,) = study.structure_sets
    assert (found.uid, found.frame_uid) == (SET, FRAME)
    assert [(roi.number, roi.name, roi.role) for roi in found.rois] == [
        (3, "L01 größer", "GTV"), (4, "empty", ""),
    ]  # fmt: skip
    for contour, moved in zip(found.rois[0].contours, (0.0, 3.0), strict=True):
        assert contour.points_mm == pytest.approx(SQUARE + np.array([0, 0, moved]), abs=1e-3)
    (read,) = study.plans
    assert read.groups == plan().groups
    assert [(x.roi_number, x.dose_gy) for x in read.levels] == [(3, 22.5), (None, 25.0)]
    assert [(b.number, b.meterset_mu) for b in read.beams] == [(1, 310.5), (2, 99.0)]


def test_everything_says_where_it_comes_from(tmp_path: Path) -> None:
    write_all(tmp_path, dose_of(grid()))
    for path in tmp_path.iterdir():
        found = dcmread(path, stop_before_pixels=True)
        assert "(abscope, research use only)" in found.SeriesDescription
        assert found.PatientID == "SYNTHETIC-WRITE"
        assert str(found.PatientName).startswith("SYNTHETIC")
        assert found.Manufacturer == "abscope"
        assert "does not exist" in found.PatientComments


def test_objects_are_filed_under_the_patient_of_a_named_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    write_all(source, dose_of(grid()))
    changed = dcmread(source / "dose.dcm")
    changed.PatientName, changed.PatientID = "Nachname^Vorname", "4711"
    changed.StudyInstanceUID = "1.2.3.99"
    changed.save_as(source / "theirs.dcm")
    subject = subject_of(source / "theirs.dcm")
    assert not subject.synthetic
    out = tmp_path / "mine.dcm"
    write_dose(out, dose_of(grid()), subject=subject, filing=Filing("BED"), refers=REFERS)
    found = dcmread(out)
    assert (found.PatientID, found.StudyInstanceUID) == ("4711", "1.2.3.99")
    assert str(found.PatientName) == "Nachname^Vorname"
    assert found.SeriesInstanceUID != changed.SeriesInstanceUID
    assert found.SeriesDescription == "BED (abscope, research use only)"
    other = replace(dose_of(grid()), frame_uid="1.2.3.98")
    with pytest.raises(DicomError, match="another frame of reference"):
        write_dose(tmp_path / "b.dcm", other, subject=subject, filing=Filing("BED"), refers=REFERS)
    image = ImageGrid(grid(), np.zeros(grid().shape, np.int16), FRAME)
    with pytest.raises(DicomError, match="no images of patients"):
        write_image(tmp_path, image, subject=subject, filing=Filing("CT"))
    with pytest.raises(DicomError, match="no plans for patients"):
        write_plan(
            tmp_path / "b.dcm", plan(), subject=subject, filing=Filing("p"), geometry=GEOMETRY
        )
    assert not (tmp_path / "b.dcm").exists()


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "dose.dcm"
    out.write_bytes(b"theirs")
    with pytest.raises(UsageError, match="already exists"):
        write_dose(out, dose_of(grid()), subject=SUBJECT, filing=Filing("x"), refers=REFERS)
    assert out.read_bytes() == b"theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["dose.dcm"]


def bad_doses() -> dict[str, tuple[DoseGrid, DoseReferences, str, str]]:
    good = dose_of(grid())
    hole, below = good.dose_gy.copy(), good.dose_gy.copy()
    hole[0, 0, 0], below[0, 0, 0] = np.nan, -0.1
    skew = grid()
    skew.affine[:3, 1] = [1.0, 3.0, 0.0]
    none = DoseReferences()
    return {
        "unknown": (replace(good, dose_gy=hole), REFERS, "PLAN", "1 voxels have no number"),
        "negative": (replace(good, dose_gy=below), REFERS, "PLAN", "-0.1 Gy"),
        "zero": (
            replace(good, dose_gy=np.zeros(good.dose_gy.shape)),
            REFERS,
            "PLAN",
            "holds no dose",
        ),
        "no plan": (good, none, "PLAN", "names 0 plans"),
        "one plan": (good, REFERS, "MULTI_PLAN", "at least two plans"),
        "no group": (good, REFERS, "BEAM", "no fraction group"),
        "other": (good, REFERS, "OTHER", "the summation is OTHER"),
        "shape": (replace(good, dose_gy=hole[1:]), REFERS, "PLAN", "one dose per voxel"),
        "skew": (replace(good, grid=skew), REFERS, "PLAN", "right angles"),
    }


@pytest.mark.parametrize("name", bad_doses())
def test_what_dicom_cannot_say_is_refused(tmp_path: Path, name: str) -> None:
    dose, refers, summation, words = bad_doses()[name]
    with pytest.raises(DicomError, match=words):
        write_dose(
            tmp_path / "d.dcm", dose, subject=SUBJECT, filing=Filing("x"), refers=refers,
            summation=summation,  # type: ignore[arg-type]
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_regions_that_cannot_be_held_are_refused_together(tmp_path: Path) -> None:
    broken = Contour(np.array([[0.0, 0, 0], [np.nan, 0, 0], [1, 1, 0]]))
    two = Contour(np.zeros((2, 3)))
    rois = (Roi(1, "a", (broken, two)), Roi(1, "", ()), Roi(2, "x" * 65, ()))
    with pytest.raises(DicomError) as error:
        write_structures(
            tmp_path / "s.dcm", regions(rois=rois), subject=SUBJECT, filing=Filing("x")
        )
    text = str(error.value)
    assert len(error.value.problems) == 4
    for words in ("2 contours lack", "used twice", "0 characters", "65 characters"):
        assert words in text


@pytest.mark.parametrize("label", ["", " ", "x" * 60])
def test_a_label_has_to_fit_with_its_mark(tmp_path: Path, label: str) -> None:
    with pytest.raises(UsageError, match="characters"):
        write_dose(
            tmp_path / "d.dcm", dose_of(grid()), subject=SUBJECT, filing=Filing(label),
            refers=REFERS,
        )  # fmt: skip


def test_a_subject_needs_a_file_with_a_patient(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no DICOM")
    for name in ("text", "absent"):
        with pytest.raises(DicomError, match="cannot be read"):
            subject_of(tmp_path / name)
    write_all(tmp_path, dose_of(grid()))
    found = dcmread(tmp_path / "dose.dcm")
    del found.PatientID
    found.save_as(tmp_path / "nobody.dcm")
    with pytest.raises(DicomError, match="no PatientID"):
        subject_of(tmp_path / "nobody.dcm")
    assert subject_of(tmp_path / "set.dcm").frame_uid == FRAME


def test_uids_are_valid_and_repeat_for_a_name() -> None:
    assert new_uid("a") == new_uid("a") != new_uid("b")
    assert new_uid() != new_uid()
    assert all(len(uid) <= 64 and uid.startswith("2.25.") for uid in (new_uid(), new_uid("a")))


@settings(max_examples=200, derandomize=True)
@given(st.floats(-1e300, 1e300))
def test_decimal_strings_fit_and_keep_the_number(value: float) -> None:
    text = decimal(value)
    assert len(text) <= 16
    assert float(text) == pytest.approx(value, rel=1e-8, abs=1e-300)


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy (dicom3tools) not installed")
def test_dciodvfy_finds_no_error(tmp_path: Path) -> None:
    """Independent implementation: David Clunie's validator of DICOM modules.

    It stops at 32 bit pixels, so the dose is shown to it with 16.
    """
    write_all(tmp_path, dose_of(grid()))
    image = ImageGrid(grid(), np.zeros(grid().shape, np.int16), FRAME)
    write_image(tmp_path, image, subject=SUBJECT, filing=Filing("CT", date="20000103"))
    dose = dcmread(tmp_path / "dose.dcm")
    dose.BitsAllocated = dose.BitsStored = 16
    dose.HighBit = 15
    dose.PixelData = dose.PixelData[: len(dose.PixelData) // 2]
    dose.save_as(tmp_path / "dose.dcm")
    for name in ("dose.dcm", "set.dcm", "plan.dcm", "CT_0001.dcm"):
        done = subprocess.run(
            ["dciodvfy", str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        assert "Error" not in done.stderr, done.stderr


def test_a_subject_is_named_in_no_error(tmp_path: Path) -> None:
    subject = Subject({**SUBJECT.elements, "PatientName": "Nachname"}, "1.2.3.97")
    with pytest.raises(AbscopeError) as error:
        write_dose(
            tmp_path / "d.dcm", dose_of(grid()), subject=subject, filing=Filing("x"),
            refers=REFERS,
        )  # fmt: skip
    assert "Nachname" not in str(error.value)
