"""What comes out of a source that has no faults, whatever it is packed in."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from abscope.dose.dicom import read_study
from abscope.errors import DicomError
from dicom_case import case_dose_gy, case_grid, write_case
from dicom_phantom import BIG, DEFLATED, EXPLICIT, IMPLICIT, RLE, uid_of, write_ct, write_dose

SHARED = Path(__file__).parents[5] / "shared" / "data" / "dicom"


def codes(study):
    return sorted((item.severity, item.code) for item in study.findings)


def unpacked(name: str, target: Path) -> Path:
    archive = SHARED / f"{name}.tar.xz"
    if not archive.exists():
        pytest.skip(f"{archive.name} is not here (../shared/data/dicom)")
    with tarfile.open(archive) as packed:
        packed.extractall(target, filter="data")
    return target


def test_a_clean_case_has_no_finding(tmp_path):
    study = read_study(write_case(tmp_path / "case"))
    assert study.findings == ()
    assert study.source == "case"
    assert len(study.patient) == 32
    (dose,) = study.doses
    assert dose.summation == "PLAN"
    assert dose.plan_uid == study.plans[0].uid == uid_of("plan")
    assert study.plans[0].structure_set_uid == study.structure_sets[0].uid
    assert dose.dose.frame_uid == study.structure_sets[0].frame_uid
    assert not dose.dose.effective
    assert np.abs(dose.dose.dose_gy - case_dose_gy()).max() < 1e-5
    assert np.allclose(dose.dose.grid.affine, case_grid().affine, atol=1e-9)
    assert np.allclose(dose.dose.grid.offsets_mm, case_grid().offsets_mm)


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE])
def test_every_transfer_syntax_gives_the_same_dose(tmp_path, syntax, bits):
    study = read_study(write_case(tmp_path, dose={"syntax": syntax, "bits": bits}))
    step = 21.0 / (2**bits - 2)
    assert np.abs(study.doses[0].dose.dose_gy - case_dose_gy()).max() < 0.51 * step + 3e-6


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG, DEFLATED])
def test_structures_and_plan_are_read_in_every_syntax(tmp_path, syntax):
    plain = read_study(write_case(tmp_path / "plain"))
    coded = write_case(tmp_path / "coded", structures={"syntax": syntax}, plan={"syntax": syntax})
    study = read_study(coded)
    assert study.plans == plain.plans
    for one, other in zip(study.structure_sets[0].rois, plain.structure_sets[0].rois, strict=True):
        assert (one.name, one.role) == (other.name, other.role) == ("GTV", "GTV")
        for a, b in zip(one.contours, other.contours, strict=True):
            assert np.array_equal(a.points_mm, b.points_mm)


def packed(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"Ordner/Fälle/{path.name}")
    return out.getvalue()


def test_zip_stream_and_bytes_give_what_the_folder_gives(tmp_path):
    folder = write_case(tmp_path / "case")
    raw = packed(folder)
    (tmp_path / "case.zip").write_bytes(raw)

    class Pipe(io.RawIOBase):
        """A stream that cannot be searched, as a network gives it."""

        def __init__(self):
            self.inner = io.BytesIO(raw)

        def read(self, size=-1):
            return self.inner.read(size)

        def seekable(self):
            return False

    expected = read_study(folder, salt=b"s" * 16)
    for source in (tmp_path / "case.zip", raw, io.BytesIO(raw), Pipe()):
        study = read_study(source, salt=b"s" * 16)
        assert study.patient == expected.patient
        assert study.plans == expected.plans
        assert study.findings == ()
        assert np.array_equal(study.doses[0].dose.dose_gy, expected.doses[0].dose.dose_gy)


def test_nothing_unpacked_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    folder = write_case(tmp_path / "case")
    read_study(packed(folder))
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_single_dose_file_is_a_source(tmp_path):
    write_case(tmp_path)
    study = read_study(tmp_path / "rtdose.dcm")
    assert len(study.doses) == 1
    assert codes(study) == [("warning", "no-plan"), ("warning", "no-structures")]


def test_file_names_do_not_matter(tmp_path):
    folder = write_case(tmp_path)
    (folder / "rtdose.dcm").rename(folder / "CT 1.jpg")
    (folder / "rtplan.dcm").rename(folder / "RTDOSE")
    (folder / "rtss.dcm").rename(folder / "Größe\udcff.dcm")
    study = read_study(folder)
    assert study.findings == ()
    assert study.structure_sets[0].rois[0].name == "GTV"


def test_days_count_from_the_first_dated_object(tmp_path):
    study = read_study(write_case(tmp_path, plan={"date": "20200101"}, dose={"date": "20200302"}))
    assert (study.plans[0].day, study.doses[0].day) == (0, 61)


def test_the_same_salt_gives_the_same_hash(tmp_path):
    folder = write_case(tmp_path)
    one, two = (read_study(folder, salt=b"one") for _ in range(2))
    assert one.patient == two.patient
    assert one.patient != read_study(folder, salt=b"two").patient
    assert read_study(folder).patient != read_study(folder).patient


def test_names_and_dates_stay_outside(tmp_path):
    folder = write_case(tmp_path, plan={"approval": None})
    (folder / "rtplan.dcm").rename(folder / "Synthetic^Phantom.dcm")
    text = repr(read_study(folder))
    assert "approval" in text
    for secret in ("Phantom", "synthetic", "2020", "20200101"):
        assert secret not in text, secret


def test_the_spacing_of_the_ct_reaches_the_structures(tmp_path):
    folder = write_case(tmp_path / "case", structures={"image_uids": ["ct 0", "ct 1"]})
    grid = case_grid()
    ct_hu = np.arange(np.prod(grid.shape)).reshape(grid.shape) % 3000 - 1000
    write_ct(folder / "ct", ct_hu, grid)
    study = read_study(folder)
    assert study.structure_sets[0].plane_spacing_mm == pytest.approx(3.0)
    assert study.images == ()
    (image,) = read_study(folder, images=True).images
    assert np.array_equal(image.ct_hu, ct_hu)
    assert np.allclose(image.grid.affine, grid.affine)
    assert np.allclose(image.grid.offsets_mm, grid.offsets_mm)


def test_the_breast_case_is_read_with_its_traps(tmp_path):
    """Science file dose.md section 2: 14.7 Gy for 14 prescribed, percent labeled GY, empty ROI."""
    folder = unpacked("breast_boost", tmp_path)
    study = read_study(folder)
    (dose,), (plan,), (structures,) = study.doses, study.plans, study.structure_sets
    assert dose.dose.grid.shape == (98, 129, 194)
    assert float(dose.dose.dose_gy.max()) == pytest.approx(14.70, abs=0.025)
    assert plan.groups[0].n_fractions_planned == 7
    assert max(level.dose_gy for level in plan.levels) == 14.0
    assert [beam.meterset_mu for beam in plan.beams[:2]] == [97.0, 87.0]
    assert plan.beams[0].dose_rate_mu_per_min == 400.0
    rois = {roi.name: roi for roi in structures.rois}
    assert len(rois) == 10
    assert len(rois["BODY"].contours) == 141
    assert sum(c.points_mm.size for roi in structures.rois for c in roi.contours) == 264_474
    assert codes(study) == [
        ("warning", "approval"), ("warning", "dvh-summary"), ("warning", "empty-roi"),
    ]  # fmt: skip
    (summary,) = [item for item in study.findings if item.code == "dvh-summary"]
    assert "of 9 regions" in summary.what
    assert "percent of 14 Gy" in summary.action
    by_roi = {curve.roi_number: curve for curve in dose.dvhs}
    breast = by_roi[rois["Breast"].number]
    assert breast.mean_dose_gy is None, "40.10 is percent of 14 Gy"
    assert breast.volume_ml[0] == pytest.approx(396.23, abs=0.005)


def test_the_ion_plan_of_another_patient_is_refused(tmp_path):
    folder = unpacked("proton_phantom", tmp_path)
    with pytest.raises(DicomError) as caught:
        read_study(folder)
    (problem,) = caught.value.problems
    assert problem.path == "patient"
    assert "2 different patients" in problem.what
    assert "WTR" not in str(caught.value)
    study = read_study(folder, accepted={"patient": "one phantom, renamed"})
    kept = {item.code: item.accepted for item in study.findings if item.accepted}
    assert kept == {"patient": "one phantom, renamed"}
    whole = next(dose for dose in study.doses if dose.summation == "PLAN")
    parts = [dose for dose in study.doses if dose.summation == "BEAM"]
    assert sorted(dose.beams for dose in parts) == [(1,), (2,)]
    assert all(dose.dose.effective for dose in study.doses)
    total = sum(dose.dose.dose_gy for dose in parts)
    assert np.abs(whole.dose.dose_gy - total).max() < 1e-4


@pytest.mark.parametrize("name", ["rtdose_expb.dcm", "rtdose_rle.dcm"])
def test_coded_pydicom_files_hold_what_the_plain_one_holds(name):
    from abscope.dose.dicom.limits import Limits
    from abscope.dose.dicom.rtdose import stored_values
    from abscope.dose.dicom.sandbox import Sandbox

    folder = SHARED / "pydicom_rt"
    if not folder.exists():
        pytest.skip("pydicom_rt is not here (../shared/data/dicom)")
    with Sandbox(Limits()) as sandbox:
        plain = sandbox.parse(folder / "rtdose.dcm").content.pixels
        coded = sandbox.parse(folder / name).content.pixels
    expected = stored_values(plain, folder / "rtdose.dcm")
    assert np.array_equal(stored_values(coded, folder / name), expected)


def test_two_doses_of_two_plans_stay_apart(tmp_path):
    folder = write_case(tmp_path)
    from dicom_phantom import write_plan

    write_dose(folder / "two.dcm", case_dose_gy(), case_grid(), uid="dose 2", plan_uid="plan 2")
    write_plan(folder / "plan2.dcm", uid="plan 2")
    study = read_study(folder)
    assert study.findings == ()
    assert {dose.plan_uid for dose in study.doses} == {uid_of("plan"), uid_of("plan 2")}


def test_a_file_without_preamble_is_read(tmp_path):
    """Some exports leave out the 128 bytes, some the meta information as well."""
    folder = write_case(tmp_path)
    plan = folder / "rtplan.dcm"
    raw = plan.read_bytes()
    plan.write_bytes(raw[132:])
    dose = folder / "rtdose.dcm"
    raw = dose.read_bytes()
    dose.write_bytes(raw[144 + int.from_bytes(raw[140:144], "little") :])
    assert read_study(folder).findings == ()


JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"


def test_compressed_doses_are_refused_and_compressed_slices_are_not_drawn(tmp_path):
    folder = write_case(tmp_path / "case")
    paths = write_ct(folder / "ct", np.zeros(case_grid().shape), case_grid())
    for path in (folder / "rtdose.dcm", *paths):
        raw = path.read_bytes()
        begin = 144 + int.from_bytes(raw[140:144], "little")
        place = raw.index(b"\x02\x00\x10\x00UI")
        old = int.from_bytes(raw[place + 6 : place + 8], "little")
        value = JPEG_LOSSLESS.encode()
        head = raw[:place] + b"\x02\x00\x10\x00UI" + len(value).to_bytes(2, "little") + value
        rest = raw[place + 8 + old :]
        path.write_bytes(head[:140] + (begin - 144 + len(value) - old).to_bytes(4, "little")
                         + head[144:] + rest)  # fmt: skip
    with pytest.raises(DicomError, match="compressed in a way that is not read|cannot be parsed"):
        read_study(folder)
    (folder / "rtdose.dcm").unlink()
    write_case(folder)
    assert read_study(folder).findings == ()
    (finding,) = read_study(folder, images=True).findings
    assert finding.code == "ct-geometry"
    assert "compressed" in finding.what


def test_other_objects_are_counted(tmp_path):
    folder = write_case(tmp_path)
    write_dose(
        folder / "seg.dcm", case_dose_gy(), case_grid(), uid="seg",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", patient="another",
    )  # fmt: skip
    (finding,) = read_study(folder).findings
    assert (finding.severity, finding.code) == ("note", "other-object")
    with pytest.raises(DicomError, match="1 file, objects of kinds that hold no dose"):
        read_study(folder / "seg.dcm")


def test_a_salt_has_a_length(tmp_path):
    from abscope.errors import UsageError

    folder = write_case(tmp_path)
    for salt in (b"", b"x" * 65):
        with pytest.raises(UsageError, match="1 to 64"):
            read_study(folder, salt=salt)
