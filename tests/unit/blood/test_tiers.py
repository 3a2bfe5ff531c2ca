"""Organ tables and guesses become body doses; what cannot be is refused, all at once."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.blood.guess import guessed_body
from abscope.blood.pools.doses import (
    blood_mean_gy,
    mixture,
    pool_doses,
    pool_weighted_gy,
    static_survival_frac,
)
from abscope.blood.pools.traffic import traffic
from abscope.blood.tiers import body_doses
from abscope.case.anatomy import SITES
from abscope.catalog import lymphocyte_parameter, marrow_shares, site_template, site_templates
from abscope.catalog.circulation import circulation
from abscope.catalog.organs import organ_catalog
from abscope.catalog.site_templates import parse_templates
from abscope.dose.results import OrganDose
from abscope.errors import ModelError


def row(organ: str, dose: float = 1.0, **more: object) -> OrganDose:
    volume = 65_000.0 if organ == "remainder" else 100.0
    found = OrganDose(
        organ=organ, roi_name=organ, course="C1", n_fractions=5, beam_on_time_s=None,
        dose_per_fraction_gy=np.array([dose]), volume_ml=np.array([volume]), covered_frac=1.0,
        integral_dose_gy_ml=dose * 500,
    )  # fmt: skip
    return replace(found, **more)


def body(*rows: OrganDose):
    return body_doses(rows, days_d={"C1": (0.0, 1.0)}, tier="means")[0]


def test_liver_of_2_gy_gives_the_mean_blood_dose_of_the_liver() -> None:
    """Oracle: blood.md section 7 check 1, 0.200000 and 0.200040 Gy."""
    found = body(row("liver", 2.0), row("remainder", 0.0))
    assert blood_mean_gy(found, sex="male") == pytest.approx(0.200000, abs=1e-6)
    assert blood_mean_gy(found, sex="female") == pytest.approx(0.200040, abs=1e-6)


def test_uniform_body_is_uniform_everywhere() -> None:
    found = body(row("lung", 1.5), row("remainder", 1.5))
    means = [item.mean_gy for item in found.compartments]
    assert means == pytest.approx([1.5] * len(means))
    assert blood_mean_gy(found, sex="male") == pytest.approx(1.5)
    parts = pool_weighted_gy(found, weight_frac=traffic().weight_frac, sex="male")
    assert sum(parts.values()) == pytest.approx(1.5, abs=1e-12)
    names = {item.compartment for item in found.compartments}
    assert names >= {part.name for part in circulation("male").compartments}


def test_merging_into_the_remainder_of_equal_dose_changes_nothing() -> None:
    """The integral dose has one home: design of blood.md section 6."""
    split = body(row("muscle", 0.4), row("fat", 0.4), row("liver", 2.0), row("remainder", 0.4))
    merged = body(row("liver", 2.0), row("remainder", 0.4))
    assert blood_mean_gy(split, sex="male") == pytest.approx(blood_mean_gy(merged, sex="male"))


def test_bones_weigh_by_their_active_marrow() -> None:
    assert sum(entry.value for entry in marrow_shares().values()) == pytest.approx(1, abs=2e-3)
    pools = {organ.pool for organ in organ_catalog().organs.values()}
    assert {f"marrow_{bone}" for bone in marrow_shares()} <= pools
    found = {
        item.pool: item
        for item in pool_doses(body(row("thoracic_spine", 4.0), row("remainder", 0)))
    }
    assert found["marrow"].dose.mean_gy == pytest.approx(4 * 0.199, rel=2e-3)


def test_missing_remainder_is_said_and_widens() -> None:
    with_rest, without = body(row("liver"), row("remainder", 0.1)), body(row("liver"))
    assert any("remainder" in note for note in without.notes)
    assert without.scale_sd_log > with_rest.scale_sd_log
    assert not any("remainder" in note for note in with_rest.notes)


def test_nodes_without_a_row_have_the_dose_of_organs_around_them() -> None:
    found = body(row("heart", 2.0), row("lung", 4.0), row("remainder", 0.1))
    means = {item.pool: item.dose.mean_gy for item in pool_doses(found)}
    assert means["nodes_mediastinum"] == pytest.approx(3.0)
    assert means["nodes_pelvis"] == pytest.approx(0.1)
    assert any("no node" in note for note in found.notes)
    listed = body(row("heart", 2.0), row("lymph_nodes", 0.5), row("remainder", 0.1))
    assert {x.dose.mean_gy for x in pool_doses(listed) if "node" in x.pool} == {0.5}
    assert not any("no node" in note for note in listed.notes)


def test_dose_outside_the_grid_is_named() -> None:
    found = body(row("liver", 2.0, covered_frac=0.75), row("remainder", 0.0))
    assert any("25%" in note for note in found.notes)
    liver = next(x for x in found.compartments if x.compartment == "liver")
    assert liver.mean_gy == pytest.approx(1.5)


def test_everything_wrong_is_told_at_once() -> None:
    rows = [
        row("liver"), row("liver"), row("livr"), row("spleen", -1.0), row("lung", 2000.0),
        row("heart", 1.0, beam_on_time_s=0.0), row("brain", volume_ml=np.array([0.0, 0.0]),
                                                   dose_per_fraction_gy=np.array([1.0, 1.0])),
    ]  # fmt: skip
    with pytest.raises(ModelError) as caught:
        body_doses(rows, days_d={"C1": (0.0,)}, tier="means")
    said = str(caught.value)
    for word in ("twice", "Did you mean liver", "-1 Gy", "cGy", "beam time 0 s", "no volume"):
        assert word in said


def test_no_rows_and_no_days() -> None:
    with pytest.raises(ModelError, match="no rows"):
        body_doses([], days_d={}, tier="means")
    with pytest.raises(ModelError, match="no days"):
        body_doses([row("liver")], days_d={}, tier="means")


def test_mean_without_volume_counts() -> None:
    rows = (row("liver", 2.0, volume_ml=np.array([np.nan])), row("remainder", 0.0))
    assert blood_mean_gy(body(*rows), sex="male") == pytest.approx(0.2, abs=1e-6)


def test_every_site_has_one_template_with_a_source() -> None:
    for site in SITES:
        assert site_template(site).source.startswith("assumed:")
    known = {part.name for part in circulation("female").compartments}
    known |= {f"marrow_{bone}" for bone in marrow_shares()} | {"thymus"}
    known |= {f"nodes_{x}" for x in ("neck", "axilla", "mediastinum", "abdomen", "pelvis")}
    for item in site_templates():
        assert set(item.organ_frac) <= known, item.name


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no templates"),
        ('[[template]]\nname = "x"', "keys"),
        ('[[template]]\nname = "x"\nsites = ["lung"]\ntarget_volume_ml = 0\nsource = "me"\n'
         'note = ""\norgan_frac = {lung = [2, 0]}', "volume 0"),
    ],
)  # fmt: skip
def test_broken_templates_do_not_load(text: str, word: str) -> None:
    with pytest.raises(ModelError, match=word):
        parse_templates(text)


def test_guess_goes_with_dose_and_volume_and_says_that_it_is_one() -> None:
    usual = guessed_body("x", sites=[("sternum", 1)], dose_per_fraction_gy=2.0)
    double = guessed_body("x", sites=[("sternum", 1)], dose_per_fraction_gy=4.0)
    small = guessed_body(
        "x", sites=[("sternum", 1)], dose_per_fraction_gy=2.0, target_volume_ml=20.0
    )
    assert usual.tier == "guess"
    assert "guess" in usual.notes[0]
    assert usual.scale_sd_log == lymphocyte_parameter("guess_scale_sd_log").value
    mean = blood_mean_gy(usual, sex="female")
    assert blood_mean_gy(double, sex="female") == pytest.approx(2 * mean)
    assert 0 < blood_mean_gy(small, sex="female") < 0.6 * mean
    assert all(item.mean_gy > 0 for item in usual.compartments)  # nothing far is exactly zero


@pytest.mark.parametrize(
    ("change", "word"),
    [({"dose_per_fraction_gy": 450.0}, "cGy"), ({"dose_per_fraction_gy": -1.0}, "-1"),
     ({"target_volume_ml": 0.0}, "0 ml"), ({"sites": []}, "no site"),
     ({"sites": [("moon", 1)]}, "moon")],
)  # fmt: skip
def test_guess_refuses(change: dict[str, object], word: str) -> None:
    good = {"sites": [("lung", 1)], "dose_per_fraction_gy": 2.0}
    with pytest.raises(ModelError, match=word):
        guessed_body("x", **{**good, **change})


def test_surrogates_are_named_and_static_survival_is_closed_form() -> None:
    found = {item.pool: item for item in pool_doses(body(row("liver"), row("remainder", 0.2)))}
    assert found["spleen"].stands_in == ""
    halves = mixture("x", [(found["spleen"].dose, 1.0), (found["gut"].dose, 1.0)])
    assert halves.volume_frac.sum() == pytest.approx(1)
    s = static_survival_frac(halves, sensitivity_per_gy=np.array([0.0, 0.5]))
    assert s == pytest.approx([1.0, np.exp(-0.1)])
    bare = guessed_body("x", sites=[("lung", 1)], dose_per_fraction_gy=2.0)
    few = replace(bare, compartments=tuple(
        x for x in bare.compartments if x.compartment in ("lung", "thyroid")))  # fmt: skip
    pools = {item.pool: item.stands_in for item in pool_doses(few)}
    assert pools["nodes_neck"] == "thyroid"
    assert pools["spleen"] == "no organ"


def test_a_side_that_was_not_drawn_has_the_dose_of_the_rest() -> None:
    """Left lung 2 Gy, rest 0.1 Gy: both lungs 1.05 Gy, and it is said."""
    found = body(row("lung", 2.0, sides="left"), row("remainder", 0.1))
    means = {item.compartment: item.mean_gy for item in found.compartments}
    assert means["lung"] == pytest.approx(1.05)
    assert means["bronchial"] == pytest.approx(1.05)
    assert any("only the left side" in note for note in found.notes)
