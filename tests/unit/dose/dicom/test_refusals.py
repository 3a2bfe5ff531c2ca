"""Each refusal has its defect planted here, and a clean twin that passes."""

import shutil

import numpy as np
import pytest

from abscope.dose.dicom import read_study
from abscope.errors import DicomError, UsageError
from dicom_case import case_dose_gy, case_grid, write_case
from dicom_phantom import IMPLICIT, uid_of, write_dose, write_plan, write_registration


def refused(folder, **options):
    with pytest.raises(DicomError) as caught:
        read_study(folder, **options)
    assert all("\n" not in str(problem) for problem in caught.value.problems)
    return {problem.path: problem for problem in caught.value.problems}


def test_the_clean_twin_passes(tmp_path):
    assert read_study(write_case(tmp_path)).findings == ()


FIRM = [
    ("dose-units", {"units": "RELATIVE"}, "DoseUnits is RELATIVE"),
    ("dose-scaling", {"DoseGridScaling": None}, "DoseGridScaling is missing"),
    ("dose-scaling", {"DoseGridScaling": "0"}, "DoseGridScaling is 0"),
    ("dose-scaling", {"DoseGridScaling": "-1"}, "DoseGridScaling is -1"),
    ("dose-scaling", {"DoseGridScaling": "1e5"}, "DoseGridScaling is 100000"),
    ("frame-offsets", {"GridFrameOffsetVector": None}, "0 numbers for 12 frames"),
    ("frame-offsets", {"GridFrameOffsetVector": ["0", "3"]}, "2 numbers for 12 frames"),
    ("frame-offsets", {"GridFrameOffsetVector": [str(k % 5) for k in range(12)]}, "rise or fall"),
    ("frame-offsets", {"GridFrameOffsetVector": [str(k // 2) for k in range(12)]}, "rise or fall"),
    ("frame-offsets", {"GridFrameOffsetVector": [str(k + 1) for k in range(12)]}, "is 1 mm"),
    ("pixel-length", {"Rows": 13}, "the pixels say 10752 bytes"),
    ("pixel-length", {"Rows": 0}, "12 frames of 0 x 16 values of 32 bits"),
    ("pixel-length", {"BitsAllocated": 8}, "values of 8 bits"),
    ("pixel-length", {"PixelData": None}, "there are no pixels"),
    ("orientation", {"ImageOrientationPatient": ["1", "0", "0", "0.01", "1", "0"]}, "0.0100"),
    ("orientation", {"ImageOrientationPatient": ["1", "0", "0", "0", "1.01", "0"]}, "1.0100"),
    ("geometry", {"ImagePositionPatient": None}, "ImagePositionPatient has 0 numbers"),
    ("geometry", {"PixelSpacing": ["0", "2"]}, "PixelSpacing is 0 x 2 mm"),
    ("geometry", {"ImagePositionPatient": ["0", "9000", "0"]}, "starts at 9000 mm"),
    ("dose-type", {"kind": "ERROR"}, "DoseType is ERROR"),
]


@pytest.mark.parametrize(("code", "change", "words"), FIRM)
def test_without_these_there_is_no_number(tmp_path, code, change, words):
    """Firm: no reason can make a dose of it."""
    folder = write_case(tmp_path, dose=change)
    problems = refused(folder)
    assert words in problems[code].what
    assert "--accept" not in problems[code].action
    assert code in refused(folder, accepted={code: "I insist"})


OPEN = [
    ("dose-units", {"dose": {"DoseUnits": None}}, "DoseUnits is missing"),
    ("dose-type", {"dose": {"DoseType": None}}, "DoseType is missing"),
    ("patient", {"dose": {"patient": "another"}}, "objects of 2 different patients"),
    ("frame-of-reference", {"dose": {"frame_uid": "elsewhere"}}, "no registration joins"),
    ("frame-missing", {"dose": {"FrameOfReferenceUID": None}}, "no frame of reference"),
    ("dose-level", {"dose": {"dose_gy": 100 * case_dose_gy()}}, "are the numbers cGy?"),
    ("dose-level", {"dose": {"dose_gy": case_dose_gy() / 100}}, "is the unit wrong, 1/100?"),
    ("dose-level", {"dose": {"dose_gy": case_dose_gy() / 5}}, "the dose of one fraction?"),
    ("dose-level", {"plan": {"n_fractions": 1}}, "21.0 Gy per fraction"),
    ("dose-level", {"plan": {"levels": ((1, 50.0),)}}, "0.42 times the 50 Gy prescribed"),
]


@pytest.mark.parametrize(("code", "changes", "words"), OPEN)
def test_these_can_be_accepted_with_a_reason(tmp_path, code, changes, words):
    folder = write_case(tmp_path, **changes)
    problem = refused(folder)[code]
    assert words in problem.what
    assert f"--accept {code}=REASON" in problem.action
    accepted = {code: "checked with the physicist", "frame-of-reference": "checked"}
    study = read_study(folder, accepted=accepted)
    (kept,) = [item for item in study.findings if item.code == code]
    assert kept.accepted == accepted[code]
    assert "rtdose.dcm" not in kept.about, "a file name may hold a patient's name"


def test_an_empty_reason_is_no_reason(tmp_path):
    folder = write_case(tmp_path, dose={"patient": "another"})
    with pytest.raises(UsageError, match="no reason is given"):
        read_study(folder, accepted={"patient": " "})


def test_all_refusals_come_at_once(tmp_path):
    folder = write_case(tmp_path, dose={"patient": "another", "DoseGridScaling": None})
    write_dose(folder / "two.dcm", case_dose_gy(), case_grid(), uid="dose 2", units="RELATIVE")
    assert {"patient", "dose-scaling", "dose-units"} <= set(refused(folder))


def test_a_registration_joins_two_frames(tmp_path):
    folder = write_case(tmp_path, dose={"frame_uid": "planning"})
    refused(folder)
    shift = np.eye(4)
    shift[:3, 3] = 1.0, 2.0, 3.0
    write_registration(folder / "reg.dcm", shift, source_frame="planning", target_frame="somewhere")
    write_registration(
        folder / "reg2.dcm", np.eye(4), source_frame="frame", target_frame="somewhere", uid="reg 2"
    )
    study = read_study(folder)
    assert study.findings == ()
    assert len(study.registrations) == 2
    first = next(r for r in study.registrations if r.source_frame_uid == uid_of("planning"))
    assert first.target_frame_uid == uid_of("somewhere")
    assert np.array_equal(first.to_target, shift)


def test_an_accepted_frame_joins_the_two_as_the_same(tmp_path):
    folder = write_case(tmp_path, dose={"frame_uid": "elsewhere"})
    study = read_study(folder, accepted={"frame-of-reference": "one scan, exported twice"})
    (made,) = study.registrations
    assert made.uid == "accepted"
    assert (made.source_frame_uid, made.target_frame_uid) == (uid_of("elsewhere"), uid_of("frame"))
    assert np.array_equal(made.to_target, np.eye(4))


def test_one_uid_with_two_contents_is_refused_and_a_copy_is_dropped(tmp_path):
    folder = write_case(tmp_path)
    shutil.copy(folder / "rtdose.dcm", folder / "copy.dcm")
    study = read_study(folder)
    assert len(study.doses) == 1
    assert [(item.severity, item.code) for item in study.findings] == [("note", "identical-copy")]
    write_dose(folder / "copy.dcm", 0.9 * case_dose_gy(), case_grid())
    problem = refused(folder)["duplicate-instance"]
    assert "different content" in problem.what
    assert "rtdose.dcm" in problem.where
    assert "duplicate-instance" in refused(folder, accepted={"duplicate-instance": "no"})


def test_truncated_pixels_are_refused(tmp_path):
    path = write_case(tmp_path, dose={"syntax": IMPLICIT}) / "rtdose.dcm"
    path.write_bytes(path.read_bytes()[:-100])
    assert "the file holds 10652" in refused(tmp_path)["pixel-length"].what


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bytes": b""}, "there is no dose: 1 file, no DICOM at all"),
        ({"bytes": b"\xff\xd8\xff" * 100}, "there is no dose: 1 file, no DICOM at all"),
        ({"folder": True}, "there is no file"),
    ],
)
def test_a_source_without_a_dose_says_so_in_one_line(tmp_path, change, words):
    folder = tmp_path / "leer"
    folder.mkdir()
    if "bytes" in change:
        (folder / "x.dcm").write_bytes(change["bytes"])
    with pytest.raises(DicomError) as caught:
        read_study(folder)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_structures_alone_are_no_source(tmp_path):
    folder = write_case(tmp_path)
    (folder / "rtdose.dcm").unlink()
    with pytest.raises(DicomError, match="only plan, structures"):
        read_study(folder)


def test_a_missing_path_is_one_line(tmp_path):
    with pytest.raises(DicomError, match="does not exist"):
        read_study(tmp_path / "nirgends")


def test_other_files_are_a_note(tmp_path):
    folder = write_case(tmp_path)
    (folder / "Thumbs.db").write_bytes(b"x" * 400)
    (folder / "leer.dcm").write_bytes(b"")
    (finding,) = read_study(folder).findings
    assert (finding.severity, finding.code) == ("note", "not-dicom")
    assert finding.what.startswith("2 files")


def test_a_damaged_object_is_refused_and_can_be_left_out(tmp_path):
    folder = write_case(tmp_path)
    path = write_plan(folder / "plan2.dcm", uid="plan 2")
    path.write_bytes(path.read_bytes()[:-40])
    problem = refused(folder)["unreadable"]
    assert "plan2.dcm" in problem.where
    study = read_study(folder, accepted={"unreadable": "an old export"})
    (kept,) = study.findings
    assert kept.about == "a file"
    assert len(study.plans) == 1


def test_a_code_of_several_lines_is_told_on_one(tmp_path):
    """Found by fuzzing: a unit with a line break broke the message in two."""
    folder = write_case(tmp_path, dose={"units": "G Y X"})
    path = folder / "rtdose.dcm"
    path.write_bytes(path.read_bytes().replace(b"G Y X", b"G\nY\rX"))
    assert "DoseUnits is G Y X" in refused(folder)["dose-units"].what
