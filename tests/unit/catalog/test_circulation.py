"""The circulation as data: what loads, and what each broken file is told."""

import pytest

from abscope.catalog.circulation import (
    blood_dose_limit,
    blood_volume_coefficient,
    circulation,
    edited_circulation,
    parse_circulation,
)
from abscope.catalog.entries import read_text
from abscope.errors import ModelError

MALE = read_text("circulation_male")


def refused(text):
    with pytest.raises(ModelError) as caught:
        parse_circulation(text, where="c.toml")
    return str(caught.value)


def refused_edits(text):
    with pytest.raises(ModelError) as caught:
        edited_circulation("male", edits=text, where="own.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("sex", "shares", "liver"), [("male", 1.0, 0.255), ("female", 0.9998, 0.275)]
)
def test_reference_adults(sex, shares, liver):
    found = circulation(sex)
    rows = {row.name: row for row in found.compartments}

    assert len(rows) == 28
    assert sum(row.volume_frac for row in rows.values()) == pytest.approx(shares, abs=1e-9)
    assert rows["liver"].flow_frac == pytest.approx(liver)
    assert rows["lung"].to_frac == {"left_heart": 0.975}
    assert rows["bronchial"].to_frac == {"left_heart": 0.025}
    assert found.source.startswith("url:https://github.com/mghro/hedos")
    assert found.blood_volume_l.unit == "l"


def test_both_adults_have_the_same_compartments():
    assert [row.name for row in circulation("male").compartments] == [
        row.name for row in circulation("female").compartments
    ]


def test_another_word_than_male_or_female():
    with pytest.raises(ModelError, match="'circulation_man' is not known"):
        circulation("man")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "[compartment.kidneys]\nvolume_percent = 2\nflow_percent = 19",
            "[compartment.kidneys]\nvolume_percent = 2\nflow_percent = 18",
            "compartment.kidneys: 19 % of the cardiac output flows in, 18 % flows out, "
            "flow_percent is 18 (imbalance +1 %); expected three equal numbers",
        ),
        ("volume_percent = 18\n", "volume_percent = 21\n", "the blood volumes add up to 103 %"),
        ("volume_percent = 18\n", "volume_percent = -18\n", "volume_percent is -18; expected 0 <"),
        ("volume_percent = 18\n", 'volume_percent = "18"\n', "volume_percent is '18'"),
        ("volume_percent = 18\n", "volume_percent = nan\n", "volume_percent is nan"),
        ('to = "lung"', 'to = "lungs"', "compartment.right_heart: flows to 'lungs'"),
        ('to = "lung"', 'to = "right_heart"', "flows to 'right_heart'; expected another"),
        ('to = "lung"', "to = 3", "compartment.right_heart: to is 3"),
        ("brain = 12\n", "brain = -12\n", "flow to brain is -12"),
        ("[compartment.lung]", '[compartment."lung "]', "name 'lung '; expected lower case"),
        ("[compartment.lung]", "[compartment.liver]", "not TOML: Cannot declare"),
        ('sex = "male"', 'sex = "m"', "sex is 'm'; expected 'male' or 'female'"),
        ('name = "reference adult male"', "", "no name"),
        ('unit = "l"', 'unit = "ml"', "blood_volume has unit 'ml'; expected 'l'"),
        ("value = 6.5\nlow = 4.55", "value = 6.5\nlow = 0", "cardiac_output can be 0"),
        ("value = 6.5", "value = 65", "cardiac_output: value, low, high are"),
        ('sex = "male"', 'sex = "male"\ncolor = "red"', "unknown key(s) color"),
        ("volume_percent = 18\n", "volume_percent = 18\nmtt = 3\n", "unknown key(s) mtt"),
        ('source = "url:https://github.com', 'source = "see github.com', 'source is "see github'),
    ],
)
def test_broken_files(old, new, told):
    assert old in MALE
    assert told in refused(MALE.replace(old, new, 1))


def test_two_circulations_in_one_file():
    text = """
name = "two rings"
sex = "male"
source = "assumed: a test"
[blood_volume]
value = 5.0
low = 5.0
high = 5.0
unit = "l"
source = "assumed: a test"
note = "a test"
[cardiac_output]
value = 5.0
low = 5.0
high = 5.0
unit = "l_per_min"
source = "assumed: a test"
note = "a test"
"""
    for name, to in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")):
        text += f'[compartment.{name}]\nvolume_percent = 25\nflow_percent = 50\nto = "{to}"\n'
    assert "no blood gets from a to c, d; expected one circulation" in refused(text)
    head = text.split("[compartment.a]")[0]
    assert "fewer than two compartments" in refused(head)
    assert "compartment.b: is 4; expected a table with" in refused(
        "compartment = {a = 3, b = 4}\n" + head
    )


def test_edits_change_only_what_they_name():
    edits = """
source = "doi:10.1000/own"
[compartment.fat]
volume_percent = 6
[compartment.skin]
volume_percent = 2
"""
    found = edited_circulation("male", edits=edits, where="own.toml")
    changed = {row.name: row for row in found.compartments}
    before = {row.name: row for row in circulation("male").compartments}

    assert changed["fat"].volume_frac == pytest.approx(0.06)
    assert found.source.endswith("; doi:10.1000/own")
    for name in set(before) - {"fat", "skin"}:
        assert changed[name] == before[name]


def test_a_flow_can_be_ended_by_an_edit():
    edits = """
source = "assumed: adrenals were removed"
[compartment.large_arteries.to]
muscle = 17.3
adrenals = 0
[compartment.muscle]
flow_percent = 17.3
"""
    told = refused_edits(edits)
    assert "compartment.adrenals: 0 % of the cardiac output flows in, 0.3 % flows out" in told
    assert "compartment.muscle" not in told


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ("[compartment.fat]\nvolume_percent = 5\n", "own.toml: source: no source"),
        ('source = "assumed: x"\n[compartment.fatt]\n', "there is no compartment 'fatt'"),
        ('source = "assumed: x"\n[compartment.fatt]\n', "Did you mean fat"),
        ('source = "assumed: x"\nsex = "female"\n', "unknown key(s) sex"),
        ('source = "assumed: x"\n[compartment]\nfat = 3\n', "compartment.fat: is 3"),
        ("source = ", "own.toml: not TOML"),
    ],
)
def test_broken_edits(edits, told):
    assert told in refused_edits(edits)


def test_small_numbers_of_the_catalog():
    assert blood_volume_coefficient("female_weight").value == 0.03308
    assert blood_dose_limit("largest_mean_dose").assumed
    with pytest.raises(ModelError, match="'male' is not known"):
        blood_volume_coefficient("male")
