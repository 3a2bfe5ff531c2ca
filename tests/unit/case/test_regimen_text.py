"""One-line regimens give the fractions and infusions that a calendar gives (counted by hand)."""

from typing import Any

import pytest

from abscope.case.regimen import MAX_DOSES, expand_regimen, parse_regimen, regimen_totals
from abscope.case.shorthand import read_drug, read_radiotherapy


def dates(text: str) -> list[str]:
    return [str(dose.date) for dose in expand_regimen(parse_regimen(text))]


def days(text: str) -> list[float | None]:
    return [dose.day_d for dose in expand_regimen(parse_regimen(text))]


def test_five_fractions_from_a_friday_skip_the_weekend() -> None:
    assert dates("5 x 4.5 Gy daily from 2018-04-20 skip weekends") == [
        "2018-04-20", "2018-04-23", "2018-04-24", "2018-04-25", "2018-04-26",
    ]  # fmt: skip


def test_twice_daily_keeps_two_fractions_a_day_over_a_weekend() -> None:
    assert dates("6 x 1.5 Gy twice daily from 2018-04-20 skip weekends") == [
        "2018-04-20", "2018-04-20", "2018-04-23", "2018-04-23", "2018-04-24", "2018-04-24",
    ]  # fmt: skip


def test_a_start_on_a_weekend_moves_to_monday() -> None:
    assert dates("2 x 3 Gy weekdays from 2018-04-21") == ["2018-04-23", "2018-04-24"]


def test_alternate_days_over_a_weekend() -> None:
    # Friday 20, then Sunday moves to Monday 23, Wednesday 25.
    assert dates("3 x 8 Gy alternate days from 2018-04-20 skip weekends") == [
        "2018-04-20", "2018-04-23", "2018-04-25",
    ]  # fmt: skip


def test_hours_add_up_to_days_exactly() -> None:
    assert dates("7 x 1 Gy q8h from 2020-01-01") == ["2020-01-01"] * 3 + ["2020-01-02"] * 3 + [
        "2020-01-03"
    ]


def test_then_starts_one_interval_later_and_after_adds_to_it() -> None:
    assert days("3 x 2 Gy daily from d0 then 2 x 5 Gy daily") == [0, 1, 2, 3, 4]
    assert days("3 x 2 Gy daily from d0 then 2 x 5 Gy daily after 14 d") == [0, 1, 2, 17, 18]


def test_parts_joined_by_and_keep_their_own_times() -> None:
    text = "ipilimumab 3 mg/kg q21d x 2 from d0 & nivolumab 1 mg/kg q14d x 2 from d7"
    doses = expand_regimen(parse_regimen(text))
    assert [(dose.label, dose.day_d) for dose in doses] == [
        ("ipilimumab", 0), ("ipilimumab", 21), ("nivolumab", 7), ("nivolumab", 21),
    ]  # fmt: skip


def test_what_the_text_does_not_say_is_not_invented() -> None:
    assert days("22.5 Gy in 5") == [None] * 5
    assert [dose.amount for dose in expand_regimen(parse_regimen("22,5 Gy in 5"))] == [4.5] * 5
    assert regimen_totals(parse_regimen("200 mg q21d"))[0].n_doses is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("450 Gy in 5", "a single dose is 90 Gy in '450 Gy in 5'; expected 0 < dose <= 40 Gy. "
         "Is the value in cGy?"),
        ("5 x 450 Gy", "Is the value in cGy?"),
        ("0 Gy", "a single dose is 0 Gy in '0 Gy'; expected 0 < dose <= 40 Gy. Correct the dose."),
        ("200 mg/kg q21d", "Is it 200 mg?"),
        ("0 x 2 Gy", "0 doses in '0 x 2 Gy'; expected 1 to 10000. Check the number."),
        (f"{MAX_DOSES + 1} x 2 Gy", f"{MAX_DOSES + 1} doses in"),
        ("5 x 2 parsec", "'5 x 2 parsec' in regimen '5 x 2 parsec' cannot be read"),
        ("daily", "regimen 'daily' names no dose"),
        ("", "regimen '' names no dose"),
        ("5 x 2 Gy daily daily", "'daily' in regimen '5 x 2 Gy daily daily' cannot be read"),
        ("2 Gy after 3 d", "'after' in '2 Gy after 3 d' follows nothing"),
        ("2 Gy from 2018-02-30", "'2018-02-30' is no date"),
        ("2 Gy from d0 from 2018-02-20", "starts twice"),
        ("600 mg in 3", "cannot be read"),
        ("2 Gy " * 100, "a regimen of 500 characters; expected at most 300."),
    ],
)  # fmt: skip
def test_regimens_that_cannot_be_meant_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        parse_regimen(text)
    assert message in str(caught.value)


def test_doses_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(ValueError, match="doses run beyond the calendar"):
        dates("10000 x 1 Gy weekly from 9999-01-01")
    with pytest.raises(ValueError, match="weekends cannot be skipped without a start date"):
        days("5 x 1 Gy daily from d0 skip weekends")


def test_a_schedule_says_which_of_its_numbers_is_derived() -> None:
    counted: dict[str, Any] = read_radiotherapy({"schedule": "5 x 4.5 Gy"})
    assert counted["dose_per_fraction_gy"] == 4.5
    assert counted["total_dose_gy"] == {"value": 22.5, "status": "derived"}
    total: dict[str, Any] = read_radiotherapy({"schedule": "22.5 Gy in 5"})
    assert total["total_dose_gy"] == 22.5
    assert total["dose_per_fraction_gy"] == {"value": 4.5, "status": "derived"}


def test_a_stated_end_wins_over_the_derived_one() -> None:
    phase = read_radiotherapy({"schedule": "2 x 8 Gy daily from d0", "end": "day 4"})
    assert (phase["start"], phase["end"]) == ("day 0", "day 4")


def test_a_drug_named_twice_alike_is_one_drug() -> None:
    agent = read_drug({"name": "Pembrolizumab", "regimen": "pembrolizumab 200 mg q21d x 6"})
    assert agent == {"name": "Pembrolizumab", "dose_mg": 200.0, "interval_d": 21.0, "n_cycles": 6}


@pytest.mark.parametrize(
    ("text", "offsets"),
    [
        ("200 mg q21d x 3", [0.0, 21.0, 42.0]),
        ("80 mg q21d x 2 then 200 mg q42d x 2 after 7 d", [0.0, 21.0, 49.0, 91.0]),
        ("5 x 4.5 Gy daily from 2018-04-20 skip weekends", [0.0, 3.0, 4.0, 5.0, 6.0]),
        ("22.5 Gy in 3", [0.0, None, None]),
        ("2 x 2 Gy daily skip weekends", [0.0, None]),
        ("2 x 2 Gy daily & 200 mg q21d x 2", [0.0, 1.0, None, None]),
        ("2 x 2 Gy daily from d0 & 200 mg q21d x 2 from d7", [0.0, 1.0, 7.0, 28.0]),
    ],
)
def test_time_since_the_first_dose(text: str, offsets: list[float | None]) -> None:
    assert [dose.offset_d for dose in expand_regimen(parse_regimen(text))] == offsets
