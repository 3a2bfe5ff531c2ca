"""Each warning has its cause planted here; the clean case has none (test_reading)."""

import numpy as np
import pytest

from abscope.dose.dicom import read_study
from abscope.dose.dicom.tps_dvh import curve_max_gy, curve_mean_gy
from dicom_case import case_dose_gy, write_case
from dicom_phantom import Curve, circle, roi_of, sphere, write_registration

GTV = sphere("GTV", (0, 0, 0), 8.0)
LINE = circle((0, 0), 5.0, 0.0)


def warned(folder, **changes):
    study = read_study(write_case(folder, **changes))
    return study, {item.code: item for item in study.findings}


def test_effective_dose_is_told(tmp_path):
    study, found = warned(tmp_path, dose={"kind": "EFFECTIVE"})
    assert set(found) == {"effective-dose"}
    assert study.doses[0].dose.effective


@pytest.mark.parametrize(
    ("approval", "words"), [("UNAPPROVED", "not approved"), (None, "of unknown approval")]
)
def test_a_plan_that_is_not_approved(tmp_path, approval, words):
    study, found = warned(tmp_path, plan={"approval": approval})
    assert set(found) == {"approval"}
    assert words in found["approval"].what
    assert study.plans[0].approved is (False if approval else None)


def test_a_plan_younger_than_its_dose(tmp_path):
    _, found = warned(tmp_path, plan={"date": "20200105"})
    assert set(found) == {"plan-date"}
    assert "3 d younger" in found["plan-date"].what


@pytest.mark.parametrize(
    ("prescribed", "warns"), [(20.0, False), (23.0, False), (24.0, True), (12.0, True)]
)
def test_a_dose_level_at_the_edge(tmp_path, prescribed, warns):
    """21 Gy over 20, 23, 24 and 12 Gy are 1.05, 0.91, 0.875 and 1.75."""
    _, found = warned(tmp_path, plan={"levels": ((1, prescribed), (None, 1.0))})
    assert set(found) == ({"dose-level"} if warns else set())


def test_a_plan_without_a_prescribed_dose(tmp_path):
    _, found = warned(tmp_path, plan={"levels": ()})
    assert set(found) == {"prescription"}


ODD = [
    ("open-contour", [GTV, roi_of("line", [LINE, LINE + 3], number=2, kind="OPEN_PLANAR")]),
    ("short-contour", [GTV, roi_of("two", [LINE, LINE[:2]], number=2)]),
    ("empty-roi", [GTV, roi_of("nothing", [], number=2)]),
    ("duplicate-name", [GTV, sphere("GTV", (1, 1, 1), 5.0, number=2)]),
]


@pytest.mark.parametrize(("code", "rois"), ODD)
def test_odd_regions(tmp_path, code, rois):
    study, found = warned(tmp_path, structures={"rois": rois})
    assert code in found
    assert f"'{rois[1].name}'" in found[code].what
    assert set(found) <= {code, "empty-roi"}
    kept = study.structure_sets[0].rois[1].contours
    expected = {"open-contour": 0, "short-contour": 1, "empty-roi": 0, "duplicate-name": 10}
    assert len(kept) == expected[code]


def test_a_marker_is_no_open_contour(tmp_path):
    marker = roi_of("iso", [np.zeros((1, 3))], number=2, role="ISOCENTER", kind="POINT")
    study, found = warned(tmp_path, structures={"rois": [GTV, marker]})
    assert found == {}
    assert study.structure_sets[0].rois[1].contours == ()


def test_names_of_any_script_survive(tmp_path):
    names = ["Lymphknoten größer", "肺左", "Ω/β 'x'", "a" * 64]
    rois = [sphere(name, (0, 0, 0), 5.0, number=n) for n, name in enumerate(names, 1)]
    study, _ = warned(tmp_path, structures={"rois": rois})
    assert [roi.name for roi in study.structure_sets[0].rois] == names


def test_dose_without_its_plan_or_structures(tmp_path):
    folder = write_case(tmp_path)
    (folder / "rtplan.dcm").unlink()
    assert [item.code for item in read_study(folder).findings] == ["no-plan"]
    (folder / "rtss.dcm").unlink()
    found = read_study(folder).findings
    assert sorted(item.code for item in found) == ["no-plan", "no-structures"]


def test_a_dose_that_names_no_structures_among_several(tmp_path):
    from dicom_phantom import write_structures

    folder = write_case(tmp_path, plan={"structure_uid": None})
    assert read_study(folder).findings == (), "there is only one"
    write_structures(folder / "two.dcm", [GTV], uid="structures 2")
    assert [item.code for item in read_study(folder).findings] == ["unlinked-dose"]


def test_objects_without_a_patient(tmp_path):
    _, found = warned(tmp_path, plan={"patient": ""})
    assert set(found) == {"patient-unknown"}
    assert "1 of 3 objects" in found["patient-unknown"].what


def test_a_registration_that_is_not_rigid_is_not_used(tmp_path):
    folder = write_case(tmp_path)
    for name, matrix in (
        ("scale", np.diag([1.1, 1.1, 1.1, 1.0])),
        ("flip", np.diag([-1.0, 1, 1, 1])),
    ):
        write_registration(
            folder / f"{name}.dcm", matrix, source_frame="a", target_frame="b", uid=name
        )
    study = read_study(folder)
    assert study.registrations == ()
    assert [item.code for item in study.findings] == ["registration", "registration"]


RAMP = Curve(1, [0.0, 1.0, 2.0, 3.0], [10.0, 10.0, 5.0, 0.0])


def test_mean_and_maximum_of_a_curve():
    """Closed form: 10 ml up to 1 Gy, then a straight line to 0 ml at 3 Gy: mean 2 Gy."""
    dose_gy, volume_ml = np.array(RAMP.dose_gy), np.array(RAMP.volume_ml)
    assert curve_mean_gy(dose_gy, volume_ml) == pytest.approx(2.0)
    assert curve_max_gy(dose_gy, volume_ml) == 2.0


def curve(**changes):
    fine = np.arange(0.0, 21.0, 0.01)
    volume = np.clip((20.0 - fine) / 10.0, 0.0, 1.0) * 50.0
    return Curve(1, fine.tolist(), volume.tolist(), **changes)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"mean": 15.0, "maximum": 20.0}, (15.0, 20.0)),
        ({"mean": 75.0, "maximum": 100.0}, (None, None)),
        ({"mean": 15.0, "maximum": 100.0}, (15.0, None)),
        ({}, (None, None)),
    ],
)
def test_the_summary_counts_only_where_it_agrees_with_its_curve(tmp_path, changes, kept):
    study, found = warned(tmp_path, dose={"curves": [curve(**changes)]})
    (read,) = study.doses[0].dvhs
    assert (read.mean_dose_gy, read.max_dose_gy) == kept
    contradicted = {**changes} and kept != (changes.get("mean"), changes.get("maximum"))
    assert set(found) == ({"dvh-summary"} if contradicted else set())
    if changes.get("maximum") == 100.0:
        assert "percent of 20 Gy" in found["dvh-summary"].action
    assert read.volume_ml[0] == 50.0
    assert read.dose_gy[0] == 0.0


@pytest.mark.parametrize(
    "changes",
    [{"units": "RELATIVE"}, {"volume_units": "PERCENT"}, {"kind": "NATURAL"}],
)
def test_a_curve_in_other_units_is_not_used(tmp_path, changes):
    study, found = warned(tmp_path, dose={"curves": [curve(**changes)]})
    assert study.doses[0].dvhs == ()
    assert set(found) == {"dvh-curve"}


def test_a_differential_curve_is_added_up_and_scaled(tmp_path):
    made = Curve(1, [0.0, 1.0, 2.0], [2.0, 3.0, 5.0], kind="DIFFERENTIAL", scaling=2.0)
    study, _ = warned(tmp_path, dose={"curves": [made]})
    (read,) = study.doses[0].dvhs
    assert read.volume_ml.tolist() == [10.0, 8.0, 5.0, 0.0]
    assert read.dose_gy.tolist() == [0.0, 2.0, 4.0, 6.0]


def test_the_dose_is_not_scaled_by_what_is_accepted(tmp_path):
    folder = write_case(tmp_path, dose={"dose_gy": 100 * case_dose_gy()})
    study = read_study(folder, accepted={"dose-level": "a phantom"})
    assert float(study.doses[0].dose.dose_gy.max()) == pytest.approx(2100.0)
    assert study.findings[0].accepted == "a phantom"
