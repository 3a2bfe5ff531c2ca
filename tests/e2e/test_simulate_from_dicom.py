"""``abscope simulate`` and the report with the doses of plans: the synthetic set of Kim 2021."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.dose.lesion_map import read_lesion_map
from abscope.dose.survey import DoseSurvey, survey_dose
from abscope.model.case_draws import CaseDraws
from abscope.model.equal_effect import Sensitivity
from abscope.model.plan_of_survey import with_plan_doses
from abscope.model.prior_draws import PriorDraws
from ended import Call

FEW = ("--draws", "4")


@pytest.fixture(scope="module")
def survey(kim_coarse: Path) -> DoseSurvey:
    case = open_case(str(kim_coarse / "case.yaml")).case
    return survey_dose(
        kim_coarse / "dicom", case=case, chosen=read_lesion_map(kim_coarse / "map.yaml")
    )


@pytest.fixture(scope="module")
def prepared(kim_coarse: Path, survey: DoseSurvey) -> CaseDraws:
    case, doses = with_plan_doses(open_case(str(kim_coarse / "case.yaml")).case, survey)
    assert doses.problems == ()
    return CaseDraws(case, PriorDraws(5, seed=1), doses=doses)


def test_lesions_are_killed_as_their_histograms_say(
    prepared: CaseDraws, survey: DoseSurvey
) -> None:
    """Independent reckoning: survival over the curve of the region, not over its parts."""
    curves = {(x.course, x.roi_name): x.curve for x in survey.regions}
    compared = 0
    for course, number in (("C1", 0), ("C2", -1)):
        for row in survey.lesions:
            if row.course != course or row.in_grid_frac != 1.0:
                continue
            curve = curves[course, row.roi_name]
            share = curve.volume_ml / curve.volume_ml.sum()
            for patient in prepared.patients():
                mine = [x for x in patient.lesions if x.id.partition(".")[0] == row.lesion]
                for lesion in mine:
                    parts = patient.fractions[number].lesions[lesion.id]
                    own = {k: np.array([v]) for k, v in lesion.own.items()}
                    shared = {k: np.array([v]) for k, v in patient.parameters.items()}
                    cells = Sensitivity.of(own, shared, 1)
                    left = cells.survival_frac(parts.dose_gy[None]) @ parts.volume_frac
                    whole = cells.survival_frac(curve.dose_gy[None] / 5) @ share
                    assert left[0] == pytest.approx(whole[0], rel=2e-3)
                    compared += 1
    assert compared > 50


def test_doses_of_cells_come_from_the_organs_of_the_plan(prepared: CaseDraws) -> None:
    one = prepared.patients()[0]
    assert not any("guessed from the sites" in text for text in one.unknowns)
    assert one.fractions[0].blood_gy > 0.0
    assert {x.blood_gy for x in one.fractions[:5]} == {one.fractions[0].blood_gy}
    guessed = CaseDraws(prepared.case, PriorDraws(5, seed=1)).patients()[0]
    assert guessed.fractions[0].blood_gy != one.fractions[0].blood_gy


def test_what_the_plan_does_not_tell_is_said(prepared: CaseDraws) -> None:
    told = " ".join(prepared.patients()[0].unknowns)
    for words in (
        "L01: not simulated as a group, its members are: L01a",
        "no size on record, taken as that of its region in the plan",
        "the plan of RT1a tells no dose of it",
        "of it lies outside the dose grid of RT1a",
    ):
        assert words in told


def test_command_takes_dose_map_and_organs(inside: Call, kim_coarse: Path, tmp_path: Path) -> None:
    case, dicom = kim_coarse / "case.yaml", kim_coarse / "dicom"
    base = ("simulate", case, *FEW, "--json")
    plan = inside(*base, "--dose", dicom, "--map", kim_coarse / "map.yaml").json
    assert "L02" in plan["doses_from"]
    assert "histograms of organs" in plan["doses_from"]
    doses = {x["lesion"]: x["dose_gy"] for x in plan["lesions"]}
    assert doses["L02"]["median"] == pytest.approx(24.5, abs=1.0)
    assert doses["L02"]["high"] - doses["L02"]["low"] < 0.5
    table = tmp_path / "organs.csv"
    table.write_text(
        "course,organ,n_fractions,mean_gy\nRT1a,lung,5,6\nRT1b,lung,5,2\n", encoding="utf-8"
    )
    from_table: dict[str, Any] = inside(*base, "--organs", table).json
    assert "mean doses of organs" in from_table["doses_from"]
    guess = inside(*base).json
    assert from_table["alc_per_ul"] != guess["alc_per_ul"] != plan["alc_per_ul"]
    wrong = inside("simulate", case, "--map", kim_coarse / "map.yaml")
    assert wrong.status == 2
    assert "--dose DIR" in wrong.err


def test_report_expects_with_the_doses_of_the_plan(
    inside: Call, kim_coarse: Path, tmp_path: Path
) -> None:
    page = tmp_path / "kim.html"
    done = inside(
        "report", kim_coarse / "case.yaml", "-o", page, "--dose", kim_coarse / "dicom", "--map",
        kim_coarse / "map.yaml",
    )  # fmt: skip
    assert done.status == 0, done.err
    text = page.read_text(encoding="utf-8")
    assert "blood, nodes and lymphoid tissue from histograms of organs" in text
