"""From DICOM files to the abscopal call: two courses, two frames of reference, one registration."""

import numpy as np
import pytest

from abscope.case.record import Case
from abscope.dose.course_matching import match_courses
from abscope.dose.courses import courses_of
from abscope.dose.dicom import read_study
from abscope.dose.exposure_table import exposure_table
from abscope.dose.matching import match_lesions
from abscope.dose.recorded import with_exposures
from abscope.errors import DicomError
from abscope.response.abscopal import abscopal_call
from dicom_phantom import (
    sphere,
    write_dose,
    write_plan,
    write_record,
    write_registration,
    write_structures,
)
from dose_objects import box, dose_of, rigid
from response_cases import patient

#: Points of the first frame in the second: the patient lies otherwise at the second planning.
TO_SECOND = rigid(shift_mm=(25, -10, 12), about_z_deg=10)
BACK = np.linalg.inv(TO_SECOND)
LUNG_MM = (60.0, 0.0, 20.0)


def first_dose(x, y, z):
    """30 Gy around the origin, 0.2 Gy far away."""
    return 0.2 + 29.8 / (1 + np.exp((np.sqrt(x**2 + y**2 + z**2) - 18) / 1.5))


def second_dose(x, y, z):
    """A slope of 0.2 Gy/mm along the first frame's x: 0.1 Gy in the middle of the lung lesion."""
    turned = BACK[:3, :3] @ np.stack([x, y, z]) + BACK[:3, 3:]
    return np.maximum(0.1 + 0.2 * (60 - turned[0]), 0)


def write_set(folder, *, matrix=None):
    grid = box((-90, -60, -60), (90, 60, 60), step_mm=3.0)
    rois = [
        sphere("B", (0, 0, 0), 12, number=1),
        sphere("L", LUNG_MM, 6, number=2),
    ]
    for place, function in enumerate((first_dose, second_dose), start=1):
        frame, name = f"frame {place}", f"plan {place}"
        write_dose(
            folder / f"d{place}.dcm", dose_of(function, grid=grid).dose_gy, grid,
            uid=f"dose {place}", plan_uid=name, frame_uid=frame, date=f"2020010{place}",
        )  # fmt: skip
        write_plan(
            folder / f"p{place}.dcm", uid=name, structure_uid="structures" if place == 1 else None,
            frame_uid=frame, levels=((None, 30.0 if place == 1 else 24.0),),
            n_fractions=5 if place == 1 else 3, date=f"2020010{place}",
        )  # fmt: skip
    write_structures(folder / "s.dcm", rois, frame_uid="frame 1")
    for fraction in range(1, 6):
        write_record(
            folder / f"r{fraction}.dcm", uid=f"record {fraction}", plan_uid="plan 1",
            fraction=fraction,
        )  # fmt: skip
    if matrix is not None:
        write_registration(
            folder / "reg.dcm", matrix, source_frame="frame 2", target_frame="frame 1"
        )


def case():
    data = patient()
    data["lesions"][0] = {"id": "B", "site": "node_mediastinal"}
    second = {
        "id": "RT2", "start": "2024-03-10", "end": "2024-03-12",
        "phases": [{"id": "P2", "targets": ["B"], "schedule": "24 Gy in 3"}],
    }  # fmt: skip
    data["rt_courses"].append(second)
    return Case.model_validate(data)


def table(folder, **keywords):
    study = read_study(folder, **keywords)
    courses = courses_of(study)
    lesions = match_lesions(study, lesions=case().lesions, courses=courses)
    which = match_courses(courses, recorded=case().rt_courses)
    assert lesions.questions == which.questions == ()
    rows = exposure_table(study, courses=courses, lesions=lesions.regions, alpha_beta_gy=3.0)
    return {(row.lesion, row.course): row for row in rows}, which.of_case


def test_the_registration_decides_which_dose_the_lesion_got(tmp_path):
    """Check 8, from files: the right way, its inverse and none give different calls."""
    write_set(tmp_path, matrix=BACK)
    rows, of_case = table(tmp_path)
    assert of_case == {"C1": "RT", "C2": "RT2"}
    assert rows["L", "C1"].d2_dose_gy == pytest.approx(0.2, abs=0.01)
    assert rows["L", "C1"].n_fractions_delivered == 5
    assert "planned used as delivered" in rows["L", "C2"].flags
    # 2 % of a sphere lies beyond 0.834 of its radius.
    assert rows["L", "C2"].d2_dose_gy == pytest.approx(0.1 + 0.2 * 0.834 * 6, abs=0.05)
    assert rows["L", "C2"].exposure == "unknown"
    assert rows["B", "C1"].exposure == "in_field"
    assert rows["L", "all"].d2_dose_gy == pytest.approx(
        rows["L", "C1"].mean_dose_gy + rows["L", "C2"].d2_dose_gy, abs=0.05
    )
    assert abscopal_call(with_exposures(case(), list(rows.values()), courses=of_case)).strict == (
        "possible_confounded"
    )
    inverse = tmp_path / "inverse"
    inverse.mkdir()
    write_set(inverse, matrix=TO_SECOND)
    wrong, _ = table(inverse)
    assert wrong["L", "C2"].mean_dose_gy > rows["L", "C2"].mean_dose_gy + 5
    assert wrong["L", "C2"].exposure == "low_dose"


def test_frames_that_nothing_joins_are_refused(tmp_path):
    """R10."""
    write_set(tmp_path)
    with pytest.raises(DicomError, match="frame"):
        read_study(tmp_path)


def test_registrations_that_contradict_each_other_are_refused(tmp_path):
    write_set(tmp_path, matrix=BACK)
    other = BACK.copy()
    other[0, 3] += 9
    write_registration(
        tmp_path / "reg2.dcm", other, source_frame="frame 2", target_frame="frame 1", uid="other"
    )
    with pytest.raises(DicomError, match=r"by up to 9\.0 mm"):
        read_study(tmp_path)
    rows, _ = table(tmp_path, accepted={"registrations-disagree": "the second is a test"})
    assert rows["L", "C2"].mean_dose_gy is not None
