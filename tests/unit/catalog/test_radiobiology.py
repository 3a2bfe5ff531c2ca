"""Radiosensitivity in the catalog: complete, consistent, and refused by name where unknown."""

import pytest

from abscope.catalog import (
    alpha,
    alpha_beta,
    growth_times,
    load,
    logistic_set,
    lyman_set,
    repair_half_time,
)
from abscope.errors import ModelError


def test_every_tumor_type_has_an_alpha():
    normal = {"late_normal_tissue", "early_normal_tissue"}
    assert set(load("alpha")) == set(load("alpha_beta")) - normal
    for tumor_type in load("alpha"):
        assert alpha(tumor_type).unit == "per_Gy"
        assert alpha(tumor_type).low > 0
        assert alpha_beta(tumor_type).unit == "Gy"


def test_growth_is_known_as_a_pair_or_not_at_all():
    names = load("repopulation")
    assert {name.removesuffix("_kick_off") for name in names if name.endswith("_kick_off")} == {
        name.removesuffix("_doubling_time") for name in names if name.endswith("_doubling_time")
    }
    times = growth_times("hnscc")
    assert times is not None
    assert (times.kick_off.value, times.doubling_time.value) == (19.2, 3.5)
    assert (times.kick_off.unit, times.doubling_time.unit) == ("d", "d")
    assert growth_times("melanoma") is None


def test_sets_are_whole():
    """Each entry of the file belongs to a set that loads."""
    entries = set(load("ntcp"))
    lyman = [name.removesuffix("_td50") for name in entries if name.endswith("_td50")]
    logistic = [name.removesuffix("_d50") for name in entries if name.endswith("_d50")]
    found = set()
    for endpoint in lyman:
        item = lyman_set(endpoint)
        found |= {item.n.name, item.m.name, item.td50.name, item.alpha_beta.name}
        assert item.td50.unit == item.alpha_beta.unit == "Gy"
        assert item.m.low > 0
        assert item.n.low > 0
    for endpoint in logistic:
        steep = logistic_set(endpoint)
        found |= {steep.d50.name, steep.gamma50.name, steep.alpha_beta.name}
    assert found == entries
    assert len(lyman) >= 4
    assert logistic == ["myelopathy"]


def test_half_times_are_in_minutes():
    assert repair_half_time("prostate").value == 16
    assert all(item.unit == "min" and item.low > 0 for item in load("repair").values())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: alpha("brest"), "breast"),
        (lambda: repair_half_time("cord"), "catalog/repair.toml"),
        (lambda: lyman_set("myelopathy"), "Known: liver_metastases, pneumonitis"),
        (lambda: logistic_set("pneumonitis"), "Known: myelopathy"),
    ],
)
def test_unknown_names_are_refused(call, words):
    with pytest.raises(ModelError, match=words):
        call()
