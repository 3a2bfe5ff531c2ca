"""Plans, records, registrations and CT: what each object says reaches its record."""

from types import SimpleNamespace

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from abscope.dose.dicom import read_study
from abscope.dose.plans import Beam, FractionGroup, Level, TreatmentRecord
from abscope.errors import DicomError
from dicom_case import case_dose_gy, case_grid, write_case
from dicom_phantom import (
    DEFLATED,
    RLE,
    grid_of,
    sphere,
    uid_of,
    write_ct,
    write_dose,
    write_plan,
    write_record,
    write_registration,
)


def plan_of(folder, **plan):
    (found,) = read_study(write_case(folder, plan=plan)).plans
    return found


@pytest.mark.parametrize("ion", [False, True])
def test_a_plan_says_what_it_prescribes(tmp_path, ion):
    plan = plan_of(
        tmp_path, ion=ion, beams={1: 100.5, 7: 60.0}, levels=((1, 20.0), (None, 16.0)),
        n_fractions=5,
    )  # fmt: skip
    radiation = "PROTON" if ion else "PHOTON"
    assert plan.beams == (Beam(1, 100.5, 600.0, radiation), Beam(7, 60.0, 600.0, radiation))
    assert plan.groups == (FractionGroup(1, 5, (1, 7)),)
    assert plan.levels == (Level(1, 20.0, "level 1"), Level(None, 16.0, "level 2"))
    assert plan.approved is True
    assert plan.uid == uid_of("plan")


def test_several_fraction_groups(tmp_path):
    groups = [(1, 5, [1]), (2, 3, [2, 3])]
    plan = plan_of(tmp_path, beams={1: 1.0, 2: 2.0, 3: 3.0}, groups=groups)
    assert plan.groups == (FractionGroup(1, 5, (1,)), FractionGroup(2, 3, (2, 3)))


@pytest.mark.parametrize("stated", [None, 0, -3])
def test_fractions_that_are_not_stated_are_unknown(tmp_path, stated):
    assert plan_of(tmp_path, n_fractions=stated).groups[0].n_fractions_planned is None


def test_a_beam_that_only_sets_up_is_left_out(tmp_path):
    def beam(number, purpose):
        made = Dataset()
        made.BeamNumber, made.TreatmentDeliveryType, made.RadiationType = number, purpose, "PHOTON"
        return made

    beams = Items([beam(1, "TREATMENT"), beam(9, "SETUP")])
    plan = plan_of(tmp_path, beams={1: 10.0, 9: 0.0}, BeamSequence=beams)
    assert [item.number for item in plan.beams] == [1]
    assert plan.groups[0].beams == (1,)
    assert plan.beams[0].dose_rate_mu_per_min is None


def test_monitor_units_are_only_taken_as_such(tmp_path):
    made = Dataset()
    made.BeamNumber, made.PrimaryDosimeterUnit, made.RadiationType = 1, "NP", "ION"
    plan = plan_of(tmp_path, IonBeamSequence=Items([made]), ion=True)
    assert plan.beams == (Beam(1, None, None, "ION"),)


def test_sessions_come_with_their_day(tmp_path):
    folder = write_case(tmp_path)
    for n, date in ((1, "20200110"), (2, "20200113")):
        write_record(folder / f"r{n}.dcm", uid=f"r{n}", fraction=n, date=date, beams={1: 99.5})
    assert read_study(folder).treatments == (
        TreatmentRecord(uid_of("plan"), 1, 8, 1, 99.5),
        TreatmentRecord(uid_of("plan"), 2, 11, 1, 99.5),
    )


def summary(delivered, *, listed=()):
    group = Dataset()
    group.ReferencedFractionGroupNumber, group.NumberOfFractionsDelivered = 1, delivered
    items = []
    for number in listed:
        item = Dataset()
        item.ReferencedFractionNumber = number
        items.append(item)
    group.FractionStatusSummarySequence = Items(items)
    return {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.7",
        "FractionGroupSummarySequence": Items([group]),
        "TreatmentSessionBeamSequence": None,
    }


def test_a_summary_counts_where_there_is_no_record(tmp_path):
    folder = write_case(tmp_path)
    write_record(folder / "summary.dcm", uid="summary", **summary(3))
    assert [item.fraction for item in read_study(folder).treatments] == [1, 2, 3]
    write_record(folder / "summary.dcm", uid="summary", **summary(3, listed=(1, 2, 4)))
    assert [item.fraction for item in read_study(folder).treatments] == [1, 2, 4]
    write_record(folder / "record.dcm", fraction=2)
    assert [item.fraction for item in read_study(folder).treatments] == [2]


def test_matrices_apply_in_the_order_in_which_they_stand(tmp_path):
    """A turn by 90 degrees, then a shift: (1, 0, 0) goes to (10, 1, 0)."""
    turn = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    shift = np.eye(4)
    shift[0, 3] = 10.0

    def step(matrix):
        made = Dataset()
        made.FrameOfReferenceTransformationMatrix = [f"{v:g}" for v in matrix.ravel()]
        made.FrameOfReferenceTransformationMatrixType = "RIGID"
        return made

    inner, item = Dataset(), Dataset()
    inner.MatrixSequence = Items([step(turn), step(shift)])
    item.FrameOfReferenceUID = uid_of("source")
    item.MatrixRegistrationSequence = Items([inner])
    folder = write_case(tmp_path)
    write_registration(
        folder / "reg.dcm", turn, source_frame="source", target_frame="frame",
        RegistrationSequence=Items([item]),
    )  # fmt: skip
    (found,) = read_study(folder).registrations
    assert np.allclose(found.to_target @ (1, 0, 0, 1), (10, 1, 0, 1))
    assert (found.source_frame_uid, found.target_frame_uid) == (uid_of("source"), uid_of("frame"))


CT = grid_of(
    (5, 6, 7), spacing_mm=(3.0, 1.0, 2.0), origin_mm=(-3.0, 4.0, -50.0),
    orientation=(-1, 0, 0, 0, -1, 0), offsets_mm=(0, 3, 6, 9, 15),
)  # fmt: skip
CT_HU = np.arange(5 * 6 * 7).reshape(5, 6, 7) * 7 - 1000


def test_a_ct_is_put_in_order_and_scaled(tmp_path):
    folder = write_case(tmp_path / "case")
    paths = write_ct(folder / "ct", CT_HU, CT, RescaleSlope="2", RescaleIntercept="-24")
    for n, path in enumerate(reversed(paths)):
        path.rename(folder / f"{n}.dcm")
    (image,) = read_study(folder, images=True).images
    assert np.array_equal(image.ct_hu, 2 * CT_HU - 24)
    assert np.allclose(image.grid.affine, CT.affine)
    assert np.allclose(image.grid.offsets_mm, CT.offsets_mm)


CT_FAULTS = {
    "differ in size": {"Rows": 5},
    "differ in orientation": {"ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"]},
    "differ in pixel spacing": {"PixelSpacing": ["1.5", "1.5"]},
    "in the same place": {"ImagePositionPatient": ["-3", "4", "-50"]},
    "tilted": {"ImagePositionPatient": ["-4", "4", "-47"]},
    "does not state where": {"ImagePositionPatient": None},
    "does not state its pixel spacing": {"PixelSpacing": None},
    "of 16 bits": {"PixelData": b"\0\0"},
}


@pytest.mark.parametrize("words", CT_FAULTS)
def test_a_faulty_ct_gives_no_picture_and_no_error(tmp_path, words):
    folder = write_case(tmp_path / "case")
    write_ct(folder / "ct", CT_HU, CT)
    assert read_study(folder, images=True).findings == ()
    one = CT_HU[1:2]
    (path,) = write_ct(tmp_path / "one", one, CT, SOPInstanceUID=uid_of("ct 1"), **CT_FAULTS[words])
    path.rename(folder / "ct" / "ct001.dcm")
    study = read_study(folder, images=True)
    assert study.images == ()
    (finding,) = study.findings
    assert finding.code == "ct-geometry"
    assert words in finding.what


def test_two_series_are_two_volumes(tmp_path):
    folder = write_case(tmp_path / "case")
    write_ct(folder / "a", CT_HU, CT)
    for n, path in enumerate(write_ct(folder / "b", CT_HU, CT, SeriesInstanceUID="1.2")):
        write_ct(
            path.parent / "x", CT_HU[n : n + 1], CT, SeriesInstanceUID="1.2",
            SOPInstanceUID=f"1.2.{n}",
            ImagePositionPatient=[-3, 4, -50 + float(CT.offsets_mm[n])],
        )[0].rename(path)  # fmt: skip
    assert [image.ct_hu.shape for image in read_study(folder, images=True).images] == [CT.shape] * 2


def test_a_dose_of_several_plans(tmp_path):
    def reference(name):
        made = Dataset()
        made.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.5"
        made.ReferencedSOPInstanceUID = uid_of(name)
        return made

    both = Items([reference("plan"), reference("plan 2")])
    folder = write_case(
        tmp_path, dose={"summation": "MULTI_PLAN", "ReferencedRTPlanSequence": both}
    )
    write_plan(folder / "two.dcm", uid="plan 2")
    study = read_study(folder)
    assert study.doses[0].plan_uid is None
    (finding,) = study.findings
    assert (finding.code, finding.what) == ("no-plan", "it adds up several plans")


@pytest.mark.parametrize("syntax", [RLE, DEFLATED])
def test_signed_doses_below_zero_are_refused(tmp_path, syntax):
    folder = write_case(
        tmp_path, dose={"syntax": syntax, "bits": 16, "PixelRepresentation": 1},
        plan={"levels": ((1, 15.0),)},
    )  # fmt: skip
    with pytest.raises(DicomError, match="negative-dose: the lowest dose is -"):
        read_study(folder)


def test_a_file_that_changes_underneath_is_one_line(tmp_path):
    from abscope.dose.dicom.rtdose import stored_values

    path = write_dose(tmp_path / "dose.dcm", case_dose_gy(), case_grid())
    pixels = SimpleNamespace(
        big_endian=False, signed=False, bits=32, frames=12, rows=14, columns=16, counts=None,
        start=path.stat().st_size - 100,
    )  # fmt: skip
    with pytest.raises(DicomError, match="changed while it was read"):
        stored_values(pixels, path)
    with pytest.raises(DicomError, match="changed while it was read"):
        stored_values(pixels, tmp_path / "gone.dcm")


def test_regions_of_two_frames_are_refused(tmp_path):
    rois = []
    for number, frame in ((1, "frame"), (2, "other")):
        made = Dataset()
        made.ROINumber, made.ROIName = number, f"region {number}"
        made.ReferencedFrameOfReferenceUID = uid_of(frame)
        rois.append(made)
    folder = write_case(
        tmp_path,
        structures={
            "rois": [sphere("a", (0, 0, 0), 5.0), sphere("b", (0, 0, 0), 5.0, number=2)],
            "StructureSetROISequence": Items(rois),
        },
    )
    with pytest.raises(DicomError, match="in 2 frames of reference"):
        read_study(folder)


def test_an_rle_ct_is_unpacked_only_for_its_values(tmp_path):
    folder = write_case(tmp_path / "case")
    paths = write_ct(folder / "ct", CT_HU, CT, syntax=RLE)
    (image,) = read_study(folder, images=True).images
    assert np.array_equal(image.ct_hu, CT_HU)
    two_segments = b"\x02\0\0\0\x40\0\0\0"
    raw = paths[0].read_bytes()
    assert raw.count(two_segments) == 1
    paths[0].write_bytes(raw.replace(two_segments, b"\x03" + two_segments[1:]))
    assert read_study(folder).findings == ()
    with pytest.raises(DicomError, match="an RLE frame of 3 segments"):
        read_study(folder, images=True)


def test_nothing_is_on_the_allow_list_that_is_not_used():
    from pathlib import Path

    from abscope.dose.dicom import elements, parsing

    readers = Path(parsing.__file__).parent.glob("pars*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in readers)
    unused = [
        keyword
        for keyword in elements.TAGS
        if f'"{keyword}"' not in text and keyword not in elements.DATES
    ]
    assert unused == ["SpecificCharacterSet"], "pydicom itself asks for it"
    assert not [k for k in elements.TAGS if "Name" in k and k != "ROIName"]
