"""The synthetic set of Kim 2021: what it says of itself, what it prescribes, what a report says."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from abscope.case.shelf import open_case
from abscope.dose.lesion_map import read_lesion_map
from abscope.dose.survey import DoseSurvey, SurveyOptions, survey_dose
from abscope.report.build import build_report
from abscope.report.dose_figures import dose_material
from kim2021_dicom import COARSE, make_kim2021


@pytest.fixture(scope="module")
def made(kim_coarse: Path) -> Path:
    return kim_coarse


@pytest.fixture(scope="module")
def survey(made: Path) -> DoseSurvey:
    return survey_dose(
        made / "dicom",
        case=open_case(str(made / "case.yaml")).case,
        chosen=read_lesion_map(made / "map.yaml"),
        options=SurveyOptions(images=True),
    )


def classes(survey: DoseSurvey) -> dict[tuple[str, str], str]:
    return {(row.lesion, row.course): row.exposure for row in survey.lesions}


def test_every_object_says_that_it_is_synthetic(made: Path) -> None:
    files = sorted((made / "dicom").iterdir())
    assert len(files) > 100
    assert sum(path.stat().st_size for path in files) < 30e6
    kinds = set()
    for path in files:
        found = dcmread(path, stop_before_pixels=True)
        kinds.add(found.Modality)
        assert str(found.PatientName).startswith("SYNTHETIC")
        assert found.PatientID.startswith("SYNTHETIC")
        assert found.SeriesDescription.startswith("SYNTHETIC")
        assert found.StudyDescription.startswith("SYNTHETIC")
        comments = [str(found.get(key, "")) for key in (
            "ImageComments", "DoseComment", "StructureSetDescription", "RTPlanDescription",
        )]  # fmt: skip
        assert any(text.startswith("SYNTHETIC") for text in comments)
    assert kinds == {"CT", "RTSTRUCT", "RTPLAN", "RTDOSE"}
    assert "SYNTHETIC" in open_case(str(made / "case.yaml")).case.title


def test_the_set_is_the_same_each_time(made: Path, tmp_path: Path) -> None:
    make_kim2021(tmp_path / "again", fineness=COARSE)
    for name in ("RS.dcm", "RD_RT1a.dcm", "RP_RT1b.dcm", "CT_0050.dcm"):
        again = (tmp_path / "again" / "dicom" / name).read_bytes()
        assert again == (made / "dicom" / name).read_bytes()


def test_the_plans_are_those_of_the_record(survey: DoseSurvey) -> None:
    """Published prescriptions: 22.5 Gy in 5; 25 Gy in 5 with a core of 30 Gy at the same time."""
    levels = [sorted({level.dose_gy for level in c.levels}) for c in survey.courses]
    assert levels == [[22.5], [25.0, 30.0]]
    assert [c.n_fractions_planned for c in survey.courses] == [5, 5]
    targets = {(r.course, r.roi_name): r for r in survey.regions if r.role == "PTV"}
    for course, name, dose in (
        ("C1", "PTV thoracic spine", 22.5), ("C1", "PTV pelvic bones", 22.5),
        ("C2", "PTV axilla", 25.0), ("C2", "PTV sternum", 25.0), ("C2", "PTV axilla core", 30.0),
    ):  # fmt: skip
        found = targets[course, name]
        assert found.d95_dose_gy == pytest.approx(dose, rel=0.06)
        assert found.max_dose_gy is not None
        assert found.max_dose_gy < 1.35 * dose


def test_irradiated_lesions_are_in_field_and_nodules_are_not(survey: DoseSurvey) -> None:
    found = classes(survey)
    for lesion, course in (("L02", "C1"), ("L04", "C1"), ("L06", "C2"), ("L07", "C2")):
        assert found[lesion, course] == "in_field"
    nodules = {
        key: value for key, value in found.items() if key[0][:3] == "L01" and key[0] != "L01"
    }
    assert len(nodules) == 27
    assert not {"in_field", "partial"} & set(nodules.values())


def test_only_the_nodules_at_the_bases_are_out_of_field_in_every_course(
    survey: DoseSurvey,
) -> None:
    """What the report would say: most nodules that shrank would have had low dose."""
    found = classes(survey)
    out = {k[0] for k, v in found.items() if k[1] == "all" and v == "out_of_field"}
    low = {k[0] for k, v in found.items() if k[1] == "all" and v == "low_dose"}
    assert {"L01e", "L01i"} == {name for name in out if name.startswith("L01")}
    assert {"L01b", "L01c", "L01g", "L01h"} <= low


def test_a_nodule_outside_a_grid_has_no_dose_there(survey: DoseSurvey) -> None:
    rows = {(row.lesion, row.course): row for row in survey.lesions}
    apex, cut = rows["L01a", "C1"], rows["L01f", "C1"]
    assert (apex.exposure, apex.in_grid_frac, apex.mean_dose_gy) == ("unknown", 0.0, None)
    assert cut.exposure == "unknown"
    assert cut.in_grid_frac is not None
    assert 0 < cut.in_grid_frac < 0.9


def test_dose_falls_with_the_distance_from_the_field(survey: DoseSurvey) -> None:
    """Property of the stated model: along the spine below the target the dose only falls."""
    dose = survey.courses[0].dose
    z = dose.grid.offsets_mm + dose.grid.affine[2, 3]
    column, row, _ = dose.grid.index_of(np.array([[0.0, 45.0, 0.0]]))[0].round().astype(int)
    below = dose.dose_gy[(z < 30) & (z > -90), row, column]
    assert below.size > 10
    assert (np.diff(below) > 0).all()
    assert 0.001 < below[0] / 22.5 < 0.02


def test_the_report_holds_table_curves_and_pictures(
    survey: DoseSurvey, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("abscope.report.dose_figures.MOST_PICTURES", 2)
    held = dose_material(survey)
    assert list(held.figures) == ["dvh", "dose-c2-l07", "dose-c2-l09"]
    assert held.notes == ("19 lesions without a picture; the table has all.",)
    page = build_report(open_case(str(made / "case.yaml")), (), dose=held)
    assert 'id="dvh-wide-title"' in page
    assert "no dose known" in page
    assert page.count("data:image/png;base64,") == 2 * 2 * 3
    assert len(page) < 2e6
