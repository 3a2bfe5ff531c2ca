"""Pauses, recorded ends, boosts, and organ doses of phases without a prescription."""

import numpy as np
import pytest

from abscope.blood.alc.schedule import schedule
from abscope.blood.case_forecast import forecast_case, plan_with_organs
from abscope.blood.case_plan import case_plan
from abscope.blood.forecast import ForecastOptions
from abscope.blood.tiers import body_doses
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.catalog import lymphocyte_parameter
from abscope.dose.results import OrganDose
from abscope.errors import UsageError
from lymphocyte_cases import course, middle_draws, model_of


def days_of(**more: object) -> list[float]:
    plan = course(**more)
    model = model_of(plan)
    found = schedule((plan,), middle_draws(model))
    grid = found.first_d + np.arange(found.n_days)
    return np.repeat(grid, found.fractions[0, 0]).tolist()


def case_of(phase: dict[str, object], **rest: object) -> Case:
    return Case.model_validate({
        "schema": "abscope-case/1", "id": "made-up", "title": "Made up",
        "default_missing": "not_reported",
        "lesions": [{"id": "L1", "site": "spine_thoracic"}, {"id": "L2", "site": "axilla"}],
        "rt_courses": [
            {"id": "RT1", "phases": [{"id": "RT1a", "targets": ["L1"], **phase}], **rest}
        ],
    })  # fmt: skip


def organ(name: str, dose: float, name_of_course: str = "RT1", **more: object) -> OrganDose:
    values = {
        "organ": name, "roi_name": name, "course": name_of_course, "n_fractions": 5,
        "beam_on_time_s": 90.0, "dose_per_fraction_gy": np.array([dose]),
        "volume_ml": np.array([1000.0]), "covered_frac": 1.0, "integral_dose_gy_ml": dose * 5000,
        **more,
    }  # fmt: skip
    return OrganDose(**values)


def test_a_pause_shifts_what_follows_it() -> None:
    assert days_of() == [0, 1, 2, 3, 4]
    assert days_of(pauses_d=((2, 10.0),)) == [0, 1, 11, 12, 13]
    assert days_of(pauses_d=((5, 10.0),)) == [0, 1, 2, 3, 4]  # after the last


def test_a_recorded_end_is_kept() -> None:
    assert days_of(end_d=(4.0, 4.0)) == [0, 1, 2, 3, 4]
    assert days_of(end_d=(3.0, 30.0)) == [0, 1, 2, 3, 4]  # inside its span: nothing moves
    assert days_of(end_d=(8.0, 8.0)) == [0, 2, 4, 6, 8]  # spread, the start is known
    assert days_of(end_d=(20.0, 20.0), start_d=(0.0, 30.0)) == [16, 17, 18, 19, 20]
    assert days_of(end_d=(-9.0, -9.0)) == [0, 1, 2, 3, 4]  # contradicts the start


def test_a_record_of_pauses_and_end_reaches_the_fractions() -> None:
    case = case_of(
        {"schedule": "10 x 3 Gy weekdays from 2020-01-06", "end": "2020-01-29",
         "pauses": [{"after_fraction": 5, "duration_d": "9 d"}, {"after_fraction": 7}]}
    )  # fmt: skip
    plan = case_plan(case, Clock(case))
    assert plan.planned[0].pauses_d == ((5, 9.0),)
    assert plan.planned[0].end_d is not None
    assert any("a pause has no length" in note for note in plan.notes)
    days = forecast_case(case, options=ForecastOptions(n_draws=500)).forecast.fraction_days_d
    assert max(days["RT1a"]) - min(days["RT1a"]) == pytest.approx(23, abs=1)


def test_a_start_is_reckoned_back_from_the_end() -> None:
    first = case_of({"schedule": "5 x 4 Gy daily from 2020-01-06"}).model_dump(mode="json")
    again = {"id": "RT2", "end": "2020-03-06", "phases": [
        {"id": "RT2a", "targets": ["L2"], "schedule": "5 x 4 Gy daily"}]}  # fmt: skip
    case = case_of(
        {}, phases=first["rt_courses"][0]["phases"], start="2020-01-06"
    ).model_dump(mode="json", exclude_none=True)  # fmt: skip
    case["rt_courses"].append(again)
    found = Case.model_validate(case)
    plan = case_plan(found, Clock(found))
    assert "RT2a: start not on record, reckoned back from its end" in plan.notes
    assert plan.planned[1].end_d == (60.0, 60.0)
    low, high = plan.planned[1].start_d
    assert low < 56.0 <= high


def test_a_sequential_boost_follows_and_one_within_is_named() -> None:
    boost = {"kind": "sequential", "lesions": ["L2"], "dose_per_fraction_gy": 2, "n_fractions": 3}
    phase = {"schedule": "5 x 4 Gy daily from 2020-01-06", "boost": boost}
    case = case_of(phase)
    first, second = case_plan(case, Clock(case)).planned
    assert (second.name, second.n_fractions) == ("RT1a boost", (3,))
    assert second.start_d[0] >= first.start_d[0] + 5
    within = case_of({**phase, "boost": {**boost, "kind": "simultaneous_integrated"}})
    plan = case_plan(within, Clock(within))
    assert len(plan.planned) == 1
    assert any("same fractions" in note for note in plan.notes)
    unknown = case_of({**phase, "boost": {"kind": "sequential", "lesions": ["L2"]}})
    plan = case_plan(unknown, Clock(unknown))
    assert any("is not counted" in note for note in plan.notes)


def test_organ_doses_need_no_prescription_on_record() -> None:
    case = case_of({"start": "2020-01-06"})
    rows = [organ("lung", 1.0), organ("remainder", 0.1, volume_ml=np.array([64_000.0]))]
    plan = plan_with_organs(case, Clock(case), organs=rows, tier="means")
    assert plan.planned[0].n_fractions == (5,)
    assert plan.skipped == ()
    assert any("no dose is on record; the organ doses" in note for note in plan.notes)
    with pytest.raises(UsageError, match="RT9"):
        plan_with_organs(
            case_of({}, phases=[{"id": "A"}, {"id": "B"}]), Clock(case),
            organs=[organ("lung", 1.0, "RT9")], tier="means",
        )  # fmt: skip


def test_the_dose_of_a_course_counts_once_for_all_its_phases() -> None:
    case = case_of({}, phases=[{"id": "A"}, {"id": "B"}])
    plan = plan_with_organs(case, Clock(case), organs=[organ("lung", 1.0)], tier="means")
    assert [item.name for item in plan.planned] == ["A"]
    assert any("all its phases" in note for note in plan.notes)


def test_the_remainder_of_a_scan_keeps_its_integral_dose() -> None:
    """20 l of chest at 2 Gy in an adult of 65 l: 40 Gy l, whatever is listed beside it."""
    whole_ml = lymphocyte_parameter("body_volume").value
    rows = [organ("lung", 3.0, volume_ml=np.array([3000.0])),
            organ("remainder", 2.0, volume_ml=np.array([20_000.0]))]  # fmt: skip
    body = body_doses(rows, days_d={"RT1": (0.0,)}, tier="means")[0]
    means = {item.compartment: item.mean_gy for item in body.compartments}
    assert means["muscle"] * (whole_ml - 3000) == pytest.approx(2.0 * 20_000)
    assert means["lung"] == 3.0
    assert any("23 of 65 liters" in note for note in body.notes)
    assert body.integral_gy_ml == pytest.approx(49_000)
    missing = body_doses(
        [organ("lung", 3.0), organ("remainder", 2.0, volume_ml=np.array([np.nan]))],
        days_d={"RT1": (0.0,)}, tier="means",
    )[0]  # fmt: skip
    assert missing.integral_gy_ml is None
    assert {x.compartment: x.mean_gy for x in missing.compartments}["muscle"] == 2.0


def test_what_is_not_known_of_a_table_widens() -> None:
    rows = [organ("lung", 3.0), organ("remainder", 2.0, volume_ml=np.array([64_000.0]))]

    def spread(*changed: OrganDose, tier: str = "histograms") -> float:
        return body_doses(changed, days_d={"RT1": (0.0,)}, tier=tier)[0].scale_sd_log

    plain = spread(*rows)
    assert spread(*rows, tier="means") > plain
    assert spread(organ("lung", 3.0, sides="left"), rows[1]) > plain
    assert spread(organ("lung", 3.0, covered_frac=0.5), rows[1]) > plain
    assert spread(rows[0]) > plain
