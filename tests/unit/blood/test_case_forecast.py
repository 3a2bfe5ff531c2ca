"""From a case to bands: the breast case, other cases, and records that say little."""

import math

import numpy as np
import pytest

from abscope.blood.alc.counts import counts_of_case, counts_of_days
from abscope.blood.case_forecast import case_forecast_or_none, forecast_case, planned_of_table
from abscope.blood.case_plan import case_plan
from abscope.blood.forecast import Forecast, ForecastOptions, forecast
from abscope.blood.result_rows import plain_forecast
from abscope.blood.study_organs import named_as_in_case
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.case.shelf import library_names, open_case
from abscope.dose.results import OrganDose
from abscope.errors import CaseError, DicomError, UsageError

FEW = ForecastOptions(n_draws=600)


def kim() -> Forecast:
    return forecast_case(open_case("kim2021-breast").case).forecast


def small_case(**more: object) -> Case:
    data = {
        "schema": "abscope-case/1", "id": "made-up", "title": "Made up",
        "default_missing": "not_reported", "lesions": [{"id": "L1", "site": "spine_thoracic"}],
        "rt_courses": [{"id": "RT1", "start": "2020-01-06", "phases": [
            {"id": "RT1a", "targets": ["L1"], "schedule": "5 x 4 Gy daily from 2020-01-06"}]}],
        **more,
    }  # fmt: skip
    return Case.model_validate(data)


def lab(when: str, value: object) -> dict[str, object]:
    return {"test": "lymphocytes", "when": when, "value": value}


def width(found: Forecast, day: float) -> float:
    """Width of the 95 % band at a day, as a ratio of its ends."""
    at = int(np.argmin(np.abs(found.band.time_d - day)))
    return float(found.band.count_per_ul[at, -1] / found.band.count_per_ul[at, 0])


def test_breast_case_from_prescription_and_sites_alone() -> None:
    """Issue 5, accuracy: the prior predictive covers 640 and 1150 in its 90 % band."""
    found = kim()
    assert found.tier == "guess"
    assert [item.count.values_per_ul for item in found.prior_counts] == [(640.0,), (1150.0,)]
    assert all(item.in_90 for item in found.prior_counts)
    assert all(0.05 < item.place_frac < 0.95 for item in found.prior_counts)


def test_breast_case_conditioned_on_its_counts() -> None:
    """Issue 5, accuracy: replicates cover both at 95 %, and the text names what is not told."""
    found = kim()
    assert all(item.in_95 for item in found.posterior_counts)
    assert found.posterior_counts[0].median_per_ul == pytest.approx(640, rel=0.15)
    assert found.posterior_counts[1].median_per_ul == pytest.approx(1150, rel=0.15)
    said = " ".join(found.identifiability.sentences)
    assert "cannot tell apart alpha (radiosensitivity), dose scale and recovery" in said
    assert any("guess" in text for text in found.warnings)
    assert found.lower_limit_per_ul is None
    assert all(item.none_frac is None for item in found.grades)
    assert found.posterior.trustworthy


def test_same_seed_same_numbers_and_another_seed_nearly() -> None:
    case = open_case("kim2021-breast").case
    first, again = plain_forecast(kim()), plain_forecast(forecast_case(case).forecast)
    assert first == again
    other = forecast_case(case, options=ForecastOptions(seed=2)).forecast
    pairs = zip(kim().posterior_counts, other.posterior_counts, strict=True)
    for a, b in pairs:
        assert math.log(a.median_per_ul / b.median_per_ul) == pytest.approx(0, abs=0.06)
        assert math.log(a.low_95_per_ul / b.low_95_per_ul) == pytest.approx(0, abs=0.15)


def test_every_version_of_the_breast_case_is_used() -> None:
    case = open_case("kim2021-breast").case
    plan = case_plan(case, Clock(case))
    first, second = plan.planned
    assert {round(x * 4.5, 6) for x in first.dose_factor_frac} == {4.5, 5.0, 6.0}
    assert set(first.n_fractions) == {4, 5}
    assert {round(x * 5, 6) for x in second.dose_factor_frac} == {5.0, 6.0}
    assert second.start_d == (4.0, 20.0)
    assert first.open_body is not None
    assert second.open_body is not None


@pytest.mark.parametrize("name", library_names())
def test_every_library_case_has_a_plan_or_a_reason(name: str) -> None:
    case = open_case(name).case
    plan = case_plan(case, Clock(case))
    assert plan.planned or plan.skipped
    assert all(math.isfinite(day) for item in plan.planned for day in item.start_d)


def test_no_dose_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(CaseError, match="no dose is on record"):
        forecast_case(open_case("chen2025-rcc").case)
    assert case_forecast_or_none(open_case("chen2025-rcc").case) is None


def test_fewer_counts_are_wider_and_none_is_widest() -> None:
    before, low = lab("2020-01-03", "2000 /mm3"), lab("2020-01-11", "700 /mm3")
    late = lab("2020-03-01", "1000 /mm3")
    all_three, one, none = (
        forecast_case(small_case(labs=labs), options=FEW).forecast
        for labs in ([before, low, late], [low], [])
    )
    assert width(all_three, 5) < width(none, 5)
    assert width(all_three, 60) < width(one, 60) < width(none, 60)
    assert "nothing is learned" in none.sentence
    assert any("No count before" in text for text in one.warnings)
    assert any("prior prediction" in text for text in none.warnings)


def test_counts_out_of_order_are_put_in_order_by_their_times() -> None:
    labs = [lab("2020-03-01", "1000 /mm3"), lab("2020-01-03", "2 10^9/L"),
            lab("2020-01-11", "700 /mm3")]  # fmt: skip
    case = small_case(labs=labs)
    found = counts_of_case(case, Clock(case))
    assert found.baseline_per_ul == (2000.0,)
    assert sorted(item.low_d for item in found.counts) == [5.0, 55.0]
    mixed = forecast_case(case, options=FEW).forecast
    straight = forecast_case(small_case(labs=[labs[1], labs[2], labs[0]]), options=FEW).forecast
    assert width(mixed, 10) == pytest.approx(width(straight, 10), rel=0.35)


def test_count_without_a_time_is_named_and_conflicting_counts_are_kept() -> None:
    labs = [
        lab("2020-01-03", "2000 /mm3"),
        {"test": "lymphocytes", "value": "500 /mm3"},
        lab("2020-01-11", {"versions": ["700 /mm3", "900 /mm3"]}),
        lab("2020-01-12", "0 /mm3"),
    ]
    case = small_case(labs=labs)
    found = counts_of_case(case, Clock(case))
    assert any("no place in time" in text for text in found.notes)
    assert found.counts[0].values_per_ul == (700.0, 900.0)
    assert found.counts[1].values_per_ul == (10.0,)


def test_unknown_number_of_fractions_and_drugs_are_said() -> None:
    phase = {"id": "RT1a", "targets": ["L1"], "total_dose_gy": 20}
    case = small_case(
        rt_courses=[{"id": "RT1", "start": "2020-01-06", "phases": [phase]}],
        medications=[{"kind": "steroid", "given": True}],
        systemic_therapy=[{"id": "S1", "agents": [{"name": "x", "drug_class": "chemotherapy"}]}],
    )
    found = forecast_case(case, options=FEW).forecast
    said = " ".join(found.notes)
    for word in ("1, 5 or 10", "steroid", "chemotherapy", "sex not on record"):
        assert word in said


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["5=640", "20=0.9"], "10^9/L"),
        (["-1=3300", "5=3.3"], "differ 1000 times"),
        (["5=-3"], "-3"),
        (["5=640", "5=700"], "two counts on day 5"),
        (["x=3"], "no count"),
        (["5=nan"], "not finite"),
        (["5=3.3e9"], "per liter"),
    ],
)
def test_impossible_counts(texts: list[str], word: str) -> None:
    with pytest.raises(UsageError) as caught:
        counts_of_days(texts)
    assert word in str(caught.value)


def test_counts_of_a_case_in_two_units_are_refused() -> None:
    labs = [lab("2020-01-03", "3300 /mm3"), lab("2020-01-11", "3.1 /mm3")]
    with pytest.raises(CaseError, match="differ 1065 times"):
        forecast_case(small_case(labs=labs))
    assert case_forecast_or_none(small_case(labs=labs)) is None


def test_counts_of_days_in_any_order() -> None:
    found = counts_of_days(["20=900", "-4=2000", "6=640", "-30=1500"])
    assert found.baseline_per_ul == (2000.0,)
    assert [item.low_d for item in found.counts] == [6.0, 20.0]


def organ(name: str, dose: float, course: str = "C1", n: int = 5) -> OrganDose:
    return OrganDose(
        organ=name, roi_name=name, course=course, n_fractions=n, beam_on_time_s=90.0,
        dose_per_fraction_gy=np.array([dose]), volume_ml=np.array([100.0]), covered_frac=1.0,
        integral_dose_gy_ml=dose * n * 100,
    )  # fmt: skip


def test_organ_table_alone_and_with_a_case() -> None:
    rows = [organ("lung", 1.0), organ("spleen", 0.5), organ("remainder", 0.1)]
    counts = counts_of_days(["-3=2000", "7=1200"])
    alone = forecast(planned_of_table(rows), counts=counts, sex="female", options=FEW)
    assert alone.tier == "means"
    assert alone.courses[0].beam_on_time_s == 90.0
    assert not any("guess" in text for text in alone.warnings)
    joined = forecast_case(small_case(), organs=rows, options=FEW).forecast
    assert joined.courses[0].blood_mean_gy == pytest.approx(alone.courses[0].blood_mean_gy)
    assert joined.tier == "means"


def test_courses_of_a_table_are_put_one_after_the_other() -> None:
    rows = [organ("lung", 1.0, "C1", 6), organ("lung", 1.0, "C2", 3)]
    first, second = planned_of_table(rows)
    assert first.start_d == (0.0, 0.0)
    assert second.start_d[0] >= 8


def test_courses_of_the_doses_find_their_phases() -> None:
    case = open_case("kim2021-breast").case
    rows = [organ("lung", 1.0, "C1"), organ("lung", 0.3, "C2")]
    named = named_as_in_case(rows, of_case={"C1": "RT1", "C2": "RT1"}, case=case)
    assert [row.course for row in named] == ["RT1a", "RT1b"]
    with pytest.raises(DicomError, match="not clear which phase"):
        named_as_in_case(rows[:1], of_case={"C1": "RT1"}, case=case)
    with pytest.raises(UsageError, match="C1"):
        forecast_case(case, organs=rows, options=FEW)


def test_shares_of_doses_are_exact_sums() -> None:
    found = kim()
    assert sum(item.weighted_share_frac for item in found.shares) == pytest.approx(1, abs=0.02)
    assert sum(item.blood_share_frac for item in found.shares) == pytest.approx(1, abs=0.02)
    assert all(item.slope_per_gy is None or item.slope_per_gy < 0 for item in found.shares)


def test_subsets_have_a_range_and_more_sensitive_cells_fall_deeper() -> None:
    options = ForecastOptions(n_draws=600, subsets=True)
    falls = {x.name: x for x in forecast_case(small_case(), options=options).forecast.subsets}
    assert falls["CD8 T"].lowest_frac < falls["CD4 T"].lowest_frac < falls["NK"].lowest_frac
    for item in falls.values():
        assert item.low_frac <= item.lowest_frac <= item.high_frac
