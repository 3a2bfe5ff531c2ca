"""From DICOM to the count: the synthetic set of the breast case, coarse, through ``--dose``."""

from pathlib import Path

import pytest

from abscope.blood.case_forecast import forecast_case
from abscope.blood.forecast import Forecast, ForecastOptions
from abscope.blood.study_organs import organs_of_study
from abscope.case.shelf import open_case


@pytest.fixture(scope="module")
def found(kim_coarse: Path) -> Forecast:
    case = open_case(str(kim_coarse / "case.yaml")).case
    rows = organs_of_study(kim_coarse / "dicom", case=case)
    options = ForecastOptions(n_draws=600)
    return forecast_case(case, organs=rows, tier="dicom", options=options).forecast


def test_both_plans_reach_their_phases(found: Forecast) -> None:
    assert found.tier == "dicom"
    assert [item.name for item in found.courses] == ["RT1a", "RT1b"]
    assert all(item.beam_time_known for item in found.courses)
    assert found.courses[0].blood_mean_gy > found.courses[1].blood_mean_gy > 0


def test_no_guess_is_left_and_what_is_outside_the_grid_is_said(found: Forecast) -> None:
    said = " ".join(found.warnings)
    assert "guess" not in said
    assert "outside the dose grid" in said
    assert not any("versions of the source" in note for note in found.notes)


def test_counts_are_joined_to_computed_doses(found: Forecast) -> None:
    assert [item.count.values_per_ul for item in found.posterior_counts] == [(640.0,), (1150.0,)]
    assert all(item.in_95 for item in found.posterior_counts)
