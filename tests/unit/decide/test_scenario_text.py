"""The text of a scenario: what it says, and one clear line for what cannot be read."""

import pytest

from abscope.decide.scenario import (
    AddCourse,
    Drop,
    Prescription,
    SetPrescription,
    SetTargets,
    Shift,
    Spare,
)
from abscope.decide.scenario_text import (
    parse_add,
    parse_drop,
    parse_prescription,
    parse_scenario,
    parse_set,
    parse_shift,
)
from abscope.errors import UsageError


@pytest.mark.parametrize(
    ("text", "number", "dose", "interval", "start"),
    [
        ("3 x 8 Gy", 3, 8.0, None, None),
        ("20 Gy in 5", 5, 4.0, None, None),
        ("0.5 Gy x 4", 4, 0.5, None, None),
        ("3 x 8 Gy every 48 h", 3, 8.0, 2.0, None),
        ("3 x 8 Gy qod", 3, 8.0, 2.0, None),
        ("2 x 800 cGy bid", 2, 8.0, 0.5, None),
        ("5 x 6 Gy q7d from day 14", 5, 6.0, 7.0, 14.0),
    ],
)
def test_a_prescription_has_number_dose_spacing_and_first_day(text, number, dose, interval, start):
    found = parse_prescription(text, where="here")
    assert (found.n_fractions, found.dose_per_fraction_gy) == (number, dose)
    assert (found.interval_d, found.start_d) == (interval, start)
    assert parse_prescription(str(found), where="here") == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3 x -8 Gy", "a dose of -8 Gy"),
        ("-3 x 8 Gy", "negative number of fractions"),
        ("3 x 0 Gy", "a single dose is 0 Gy"),
        ("3 x 80 Gy", "Is the value in cGy"),
        ("8 Gy", "no number of fractions"),
        ("3 x 8 mg", "a dose in mg"),
        ("3 x 8 Gy then 2 x 2 Gy", "2 parts"),
        ("3 x 8 Gy every 36 h", "a spacing of 36 h"),
        ("3 x 8 Gy from 2023-07-01", "starts on 2023-07-01"),
        ("a few", "names no dose"),
    ],
)
def test_what_is_no_prescription_is_told_in_one_line(text, told):
    with pytest.raises(UsageError) as caught:
        parse_set(f"rt.RT2: {text}")
    assert told in str(caught.value)
    assert str(caught.value).startswith(f'--set "rt.RT2: {text}": ')


def test_each_option_has_its_change():
    assert parse_set("rt.RT2: 3 x 8 Gy") == SetPrescription(
        '--set "rt.RT2: 3 x 8 Gy"', "RT2", Prescription(3, 8.0)
    )
    assert parse_set("rt.RT2.targets: L03, L05") == SetTargets(
        '--set "rt.RT2.targets: L03, L05"', "RT2", ("L03", "L05")
    )
    assert parse_set("blood.spleen_dose: x0.5") == Spare(
        '--set "blood.spleen_dose: x0.5"', "spleen", 0.5
    )
    assert parse_set("blood.large_vessels_dose: x0").organ == "large_vessels"
    assert parse_drop("rt.RT1b") == Drop("--drop rt.RT1b", "RT1b")
    assert parse_add("rt liver 0.5 Gy x 4") == AddCourse(
        '--add "rt liver 0.5 Gy x 4"', ("liver",), Prescription(4, 0.5)
    )
    assert parse_add("rt L01, L02 4 x 0.5 Gy").where == ("L01", "L02")
    assert parse_shift("pembrolizumab", "-21d") == Shift(
        "--shift pembrolizumab -21d", "pembrolizumab", -21.0
    )
    assert parse_shift("drug.D5", "+2 w").by_d == 14.0


@pytest.mark.parametrize(
    "text", ["", "rt.RT2", "RT2: 3 x 8 Gy", "rt.RT2.targets:", "blood.spleen: x0.5",
             "blood.spleen_dose: 0.5", "blood.spleen_dose: x3", "blood.spleen_dose: x-1"]
)  # fmt: skip
def test_what_cannot_be_set_is_refused(text):
    with pytest.raises(UsageError):
        parse_set(text)


@pytest.mark.parametrize("delta", ["", "21", "0d", "-21 y", "99999d", "soon"])
def test_what_is_no_distance_in_time_is_refused(delta):
    with pytest.raises(UsageError):
        parse_shift("D5", delta)


def test_all_problems_come_at_once():
    with pytest.raises(UsageError) as caught:
        parse_scenario(sets=["x"], adds=["liver 3 x 8 Gy"], drops=["?"], shifts=[("D5", "soon")])
    assert len(caught.value.problems) == 4


def test_several_changes_are_one_scenario_with_a_name():
    found = parse_scenario(sets=["rt.RT2: 3 x 8 Gy"], shifts=[("D5", "-21d")])
    assert found.name == "rt.RT2: 3 x 8 Gy; D5 21 d earlier"
    assert parse_scenario(drops=["RT2"], name="nothing").name == "nothing"
    assert found.texts == ('--set "rt.RT2: 3 x 8 Gy"', "--shift D5 -21d")


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"sets": ["rt.RT2: 3 x 8 Gy", "rt.RT2: 5 x 1 Gy"]},
        {"sets": ["rt.RT2: 3 x 8 Gy"], "drops": ["rt.RT2"]},
        {"sets": ["rt.RT2: 3 x 8 Gy from day 4"], "shifts": [("RT2", "2d")]},
        {"drops": ["RT2", "RT2"]},
        {"sets": ["blood.spleen_dose: x0.5", "blood.spleen_dose: x0.4"]},
    ],
)
def test_changes_that_contradict_each_other_or_change_nothing_are_refused(lines):
    with pytest.raises(UsageError):
        parse_scenario(**lines)
